/**
 * From a SELECT's gathered aggregates and GROUP BY keys to an aggregate plan, and its expressions from
 * columns of FROM to columns of that plan. Expressions are rewritten first, which may add keys that depend
 * on a primary key; only then is it known where each aggregate's column is.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnExpr, Expr } from '../expr/expr.ts';
import { isConstant, mapChildren, mapExpr } from '../expr/walk.ts';
import { isNullable, mapOuter } from '../plan/expressions.ts';
import type { AggregatePlan, LogicalPlan, SortKey, UnionPlan } from '../plan/logical.ts';
import type { Field } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import type { Grouping } from './group-by.ts';
import { markOf, type QueryLevel } from './query-level.ts';
import { project } from './query-result.ts';
import { sameExpr } from './same-expr.ts';
import type { Scope, ScopeItem } from './scope.ts';

export class Aggregation {
  readonly #input: LogicalPlan;
  readonly #scope: Scope;
  readonly #level: QueryLevel;
  readonly #sets: Grouping['sets'];
  readonly #keys: Expr[];
  /** Keys that GROUP BY names; further ones depend on them. */
  readonly #named: number;

  constructor(input: LogicalPlan, scope: Scope, grouping: Grouping) {
    this.#input = input;
    this.#scope = scope;
    this.#level = scope.level;
    this.#sets = grouping.sets;
    this.#keys = [...grouping.keys];
    this.#named = grouping.keys.length;
  }

  /** An expression over FROM as one over keys and marks. 42803 for a column that is not grouped. */
  regroup(expr: Expr): Expr {
    if (!isConstant(expr) && expr.kind !== 'parameter') {
      const key = this.#keys.findIndex((each) => sameExpr(each, expr));
      if (key >= 0) return this.#keyColumn(key, expr.at);
    }
    if (expr.kind === 'column') return markOf(expr.index) === null ? this.#free(expr) : expr;
    if (expr.kind === 'subquery') {
      const args = expr.args.map((arg) => this.regroup(arg));
      return { ...expr, args, plan: this.#regroupPlan(expr.plan as LogicalPlan) };
    }
    return mapChildren(expr, (child) => this.regroup(child));
  }

  /**
   * A column of the select list. A constant that is a key of grouping sets is NULL in the rows of the sets without
   * it, as in PostgreSQL, only where the whole column is the key, and of two such columns in the first alone.
   */
  regroupColumn(expr: Expr, columns: readonly Expr[]): Expr {
    const key = this.#constantKey(expr);
    if (key === null) return this.regroup(expr);
    const named = columns.find((each) => each === this.#keys[key]);
    const first = named ?? columns.find((each) => sameExpr(each, expr));
    return first === expr ? this.#keyColumn(key, expr.at) : expr;
  }

  /** A key of ORDER BY or DISTINCT ON, which stands for the column that says the same. */
  regroupOrder(expr: Expr): Expr {
    const key = this.#constantKey(expr);
    return key === null ? this.regroup(expr) : this.#keyColumn(key, expr.at);
  }

  #constantKey(expr: Expr): number | null {
    if (this.#sets === null || !isConstant(expr)) return null;
    const key = this.#keys.findIndex((each) => sameExpr(each, expr));
    return key < 0 ? null : key;
  }

  /** 42803 where a direct argument of an ordered-set aggregate does not have one value a group. */
  checkDirect(arg: Expr): void {
    try {
      this.regroup(arg);
    } catch (error) {
      if (!(error instanceof SqlError) || error.code !== sqlstate.groupingError) throw error;
      const detail = 'Direct arguments of an ordered-set aggregate must use only grouped columns.';
      throw new SqlError(error.code, error.message, { ...error.fields, detail });
    }
  }

  regroupKey(key: SortKey): SortKey {
    return { ...key, expr: this.regroup(key.expr) };
  }

  #regroupPlan(plan: LogicalPlan): LogicalPlan {
    return mapOuter(plan, (outer, depth) => {
      if (depth !== 1 || markOf(outer.index) !== null) return outer;
      const column: Expr = { kind: 'column', index: outer.index, type: outer.type, at: outer.at };
      const key = this.#keys.findIndex((each) => sameExpr(each, column));
      const found = key >= 0 ? key : this.#dependentKey(column);
      if (found === null) throw this.#ungrouped(column, 'subquery');
      return { ...outer, index: found };
    });
  }

  #keyColumn(index: number, at: number | undefined): ColumnExpr {
    return { kind: 'column', index, type: this.#keys[index]!.type, at };
  }

  #free(column: ColumnExpr): Expr {
    const key = this.#dependentKey(column);
    if (key === null) throw this.#ungrouped(column, 'plain');
    return this.#keyColumn(key, column.at);
  }

  /** A column that is settled by the keys: the rest of a row whose primary key is grouped by. */
  #dependentKey(column: ColumnExpr): number | null {
    if (this.#sets !== null) return null;
    const settled = this.#isWindowColumn(column) || this.#hasGroupedKey(column);
    return settled ? this.#keys.push({ ...column, at: undefined }) - 1 : null;
  }

  #isWindowColumn(column: ColumnExpr): boolean {
    const start = this.#level.groupWindow?.startColumn;
    return start !== undefined && column.index >= start && column.index < start + 3;
  }

  #hasGroupedKey(column: ColumnExpr): boolean {
    const item = this.#itemOf(column.index);
    const relation = item?.relation;
    if (relation?.kind !== 'table' && relation?.kind !== 'source') return false;
    const { primaryKey } = relation;
    return (
      primaryKey.length > 0 &&
      primaryKey.every((ordinal) => {
        const part = item!.columns[ordinal]?.expr;
        return (
          part !== undefined && this.#keys.slice(0, this.#named).some((k) => sameExpr(k, part))
        );
      })
    );
  }

  #itemOf(index: number): ScopeItem | undefined {
    return this.#scope.items.find((item) =>
      item.columns.some(
        (column) =>
          item.name !== null && column.expr.kind === 'column' && column.expr.index === index,
      ),
    );
  }

  #ungrouped(column: ColumnExpr, where: 'plain' | 'subquery'): SqlError {
    const item = this.#itemOf(column.index);
    const name = item?.columns.find(
      (each) => each.expr.kind === 'column' && each.expr.index === column.index,
    )?.name;
    const shown = item === undefined ? (name ?? '?') : `${item.name!}.${name ?? '?'}`;
    const message =
      where === 'subquery'
        ? `subquery uses ungrouped column "${shown}" from outer query`
        : `column "${shown}" must appear in the GROUP BY clause or be used in an aggregate function`;
    return new SqlError(sqlstate.groupingError, message, { position: column.at });
  }

  /** Once everything is regrouped: marks of aggregates and GROUPING become columns of the plan. */
  settle(expr: Expr): Expr {
    const at = (index: number): number | null => {
      const mark = markOf(index);
      if (mark?.kind === 'aggregate') return this.#keys.length + mark.position;
      if (mark?.kind !== 'grouping') return null;
      return this.#keys.length + this.#level.aggregates.length + mark.position;
    };
    return mapExpr(expr, (part) => {
      if (part.kind === 'column') {
        const index = at(part.index);
        return index === null ? part : { ...part, index };
      }
      if (part.kind !== 'subquery') return part;
      const plan = mapOuter(part.plan as LogicalPlan, (outer, depth) => {
        const index = depth === 1 ? at(outer.index) : null;
        return index === null ? outer : { ...outer, index };
      });
      return { ...part, plan };
    });
  }

  settleKey(key: SortKey): SortKey {
    return { ...key, expr: this.settle(key.expr) };
  }

  /** The plan: keys, then aggregates, then GROUPING values when there are any. */
  plan(): LogicalPlan {
    if (this.#level.groupings.length === 0) return this.#aggregate(this.#sets);
    const groupings = this.#level.groupings.map((args) =>
      args.map((arg) => this.#groupingKey(arg)),
    );
    const sets = this.#sets ?? [this.#keys.map((_, i) => i)];
    const parts = sets.map((set) => this.#labelled(set, groupings));
    if (parts.length === 1) return parts[0]!;
    // What one set lacks is NULL there.
    const schema = parts[0]!.schema.map((field, i) => ({
      ...field,
      nullable: parts.some((part) => part.schema[i]!.nullable),
    }));
    const union: UnionPlan = { kind: 'union', inputs: parts, schema };
    return union;
  }

  #groupingKey(arg: Expr): number {
    const key = this.#keys.findIndex((each) => sameExpr(each, arg));
    if (key >= 0) return key;
    throw new SqlError(
      sqlstate.groupingError,
      'arguments to GROUPING must be grouping expressions of the associated query level',
      { position: arg.at },
    );
  }

  /** One grouping set with its GROUPING values: bit i is set where argument i is not in the set. */
  #labelled(set: readonly number[], groupings: readonly (readonly number[])[]): LogicalPlan {
    const plain = this.#sets === null;
    const plan = this.#aggregate(plain ? null : [set]);
    const columns = plan.schema.map((field, index) => ({
      name: field.name,
      expr: { kind: 'column', index, type: field.type } as Expr,
    }));
    for (const args of groupings) {
      const value = args.reduce((bits, key) => bits * 2 + (set.includes(key) ? 0 : 1), 0);
      columns.push({ name: 'grouping', expr: { kind: 'constant', value, type: types.integer } });
    }
    return project(plan, columns);
  }

  #aggregate(groupingSets: Grouping['sets']): AggregatePlan {
    const input = this.#input;
    const everywhere = (key: number): boolean =>
      groupingSets === null || groupingSets.every((set) => set.includes(key));
    const keys = this.#keys.map((key, i): Field => {
      const field = key.kind === 'column' ? input.schema[key.index] : undefined;
      const nullable = !everywhere(i) || (field?.nullable ?? isNullable(key, input.schema));
      if (field === undefined) return { name: `key${i + 1}`, type: key.type, nullable };
      if (everywhere(i)) return { ...field, nullable };
      return { name: field.name, type: field.type, nullable };
    });
    const aggregates = this.#level.aggregates.map(({ call, type }): Field => ({
      name: call.fn.name,
      type,
      nullable: call.fn.name !== 'count',
    }));
    return {
      kind: 'aggregate',
      input,
      keys: this.#keys,
      aggregates: this.#level.aggregates.map((each) => each.call),
      groupingSets,
      schema: [...keys, ...aggregates],
    };
  }
}
