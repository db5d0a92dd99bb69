/**
 * The oracle: evaluates a LogicalPlan over whole tables in the dullest way possible. Rows are datums,
 * relations are lists, every operator is a loop. Correlated subqueries and lateral joins run once for each
 * outer row, with the outer rows on a stack. It shares nothing with the optimizer, lowering or the
 * operators, and everything with the expression interpreter and the accumulators, which define meaning.
 */

import { assert, must, unreachable } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr, SubqueryExpr } from '../expr/expr.ts';
import type { EvalContext, ScalarFunction } from '../expr/functions/registry.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { Interpreter } from '../expr/interpret.ts';
import { mapExpr } from '../expr/walk.ts';
import type {
  AggregateCall,
  AggregatePlan,
  LogicalPlan,
  RecursionPlan,
  RecursionRef,
  SortKey,
} from '../plan/logical.ts';
import { SqlArray } from '../types/array.ts';
import { compareNullable } from '../types/compare.ts';
import type { Datum, Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { overRows } from './model-over.ts';
import { windowRows } from './model-windows.ts';

/** All rows of a relation, by oid, with all its columns. */
export type Relations = (oid: number) => readonly Row[];

/** The rows of a plan; in order where the plan ends in a sort. */
export function evaluatePlan(plan: LogicalPlan, relations: Relations, context: EvalContext): Row[] {
  return new Model(relations, context).rows(plan, []);
}

const roundsMax = 100_000;

/** Rows of the enclosing queries, innermost first. */
type Outer = readonly Row[];

export class Model {
  readonly #relations: Relations;
  /** Rows of the last round of each recursive query. */
  readonly #working = new Map<RecursionRef, readonly Row[]>();
  readonly #compiled = new Map<Expr, Interpreter>();
  readonly context: EvalContext;

  constructor(relations: Relations, context: EvalContext) {
    this.#relations = relations;
    this.context = context;
  }

  rows(plan: LogicalPlan, outer: Outer): Row[] {
    switch (plan.kind) {
      case 'scan': {
        const rows = this.#relations(plan.relation.oid);
        return rows.map((row) => plan.columns.map((column) => row[column]!));
      }
      case 'values':
        return plan.rows.map((row) => row.map((expr) => this.value(expr, [], outer)));
      case 'filter':
        return this.rows(plan.input, outer).filter(
          (row) => this.value(plan.predicate, row, outer) === true,
        );
      case 'project':
        return this.rows(plan.input, outer).map((row) =>
          plan.exprs.map((expr) => this.value(expr, row, outer)),
        );
      case 'window':
        return windowRows(plan, this.rows(plan.input, outer));
      case 'aggregate':
        return this.#aggregate(plan, this.rows(plan.input, outer), outer);
      case 'join':
        return this.#join(plan, outer);
      case 'union':
        return plan.inputs.flatMap((input) => this.rows(input, outer));
      case 'set':
        return this.#set(plan, outer);
      case 'distinct': {
        const seen = new Set<string>();
        return this.rows(plan.input, outer).filter((row) => isNew(seen, keyOf(row, plan.schema)));
      }
      case 'sort':
        return this.#sort(plan, outer);
      case 'over':
        return overRows(plan, this.rows(plan.input, outer), {
          value: (expr, row) => this.value(expr, row, outer),
          context: this.context,
        });
      case 'flat-map': {
        const width = plan.input.schema.length;
        const types = plan.args.map((arg) => arg.type);
        const run = plan.fn.specialize?.(types) ?? plan.fn.evaluate;
        return this.rows(plan.input, outer).flatMap((row) => {
          const args = plan.args.map((arg) => this.value(arg, row, outer));
          const none = plan.fn.strict && args.includes(null);
          const results = none ? [] : [...run(args, this.context)];
          if (results.length === 0 && plan.outer) {
            return [[...row, ...plan.schema.slice(width).map(() => null)]];
          }
          return results.map((result, i) => [
            ...row,
            ...result,
            ...(plan.ordinality ? [BigInt(i + 1)] : []),
          ]);
        });
      }
      case 'recursion':
        return this.#recursion(plan, outer);
      case 'self':
        return [...must(this.#working.get(plan.ref), 'the rows of the round before')];
      case 'single-row': {
        const seen = new Set<string>();
        const rows = this.rows(plan.input, outer);
        for (const row of rows) {
          const key = keyOf(
            plan.keys.map((column) => row[column]!),
            plan.keys.map((column) => plan.schema[column]!),
          );
          if (!isNew(seen, key)) throw severalRows();
        }
        return rows;
      }
      default:
        return unreachable(plan, 'plan');
    }
  }

  /** Round by round; after the first, one without rows is the last. */
  #recursion(plan: RecursionPlan, outer: Outer): Row[] {
    const seen = new Set<string>();
    const fresh = (rows: Row[]): Row[] =>
      plan.all ? rows : rows.filter((row) => isNew(seen, keyOf(row, plan.schema)));
    const all: Row[] = [];
    let round = fresh(this.rows(plan.base, outer));
    for (let rounds = 0; rounds === 0 || round.length > 0; rounds++) {
      assert(rounds < roundsMax, 'a recursive query comes to an end');
      all.push(...round);
      this.#working.set(plan.ref, round);
      round = fresh(this.rows(plan.step, outer));
    }
    return [...all, ...round];
  }

  /** The value of an expression: outer references and subqueries become constants first. */
  value(expr: Expr, row: Row, outer: Outer): Datum | null {
    const plain = mapExpr(expr, (part) => {
      if (part.kind === 'outer') {
        return { kind: 'constant', value: outer[part.depth - 1]![part.index]!, type: part.type };
      }
      if (part.kind !== 'subquery') return part;
      return { kind: 'constant', value: this.#subquery(part, row, outer), type: part.type };
    });
    if (plain !== expr) return compileInterpreter(plain)(row, this.context);
    const known = this.#compiled.get(expr) ?? compileInterpreter(expr);
    this.#compiled.set(expr, known);
    return known(row, this.context);
  }

  #subquery(expr: SubqueryExpr, row: Row, outer: Outer): Datum | null {
    const rows = this.rows(expr.plan as LogicalPlan, [row, ...outer]);
    switch (expr.mode) {
      case 'exists':
        return rows.length > 0;
      case 'scalar':
        if (rows.length > 1) throw severalRows();
        return rows[0]?.[0] ?? null;
      case 'array': {
        const values = rows.map((each) => each[0]!);
        if (expr.type.kind !== 'array' || !values.every(isArray) || values.length === 0) {
          return SqlArray.of(values);
        }
        const parts = values.map((value) => value as SqlArray);
        const first = parts[0]!;
        return new SqlArray(
          parts.flatMap((part) => part.elements),
          [parts.length, ...first.dimensions],
        );
      }
      case 'any':
      case 'all':
        return this.#quantified(expr, row, outer, rows);
    }
  }

  #quantified(expr: SubqueryExpr, row: Row, outer: Outer, rows: readonly Row[]): boolean | null {
    const args = expr.args.map((arg) => this.value(arg, row, outer));
    const any = expr.mode === 'any';
    let result: boolean | null = !any;
    for (const each of rows) {
      const parts = expr.fns.map((fn, i) => this.#call(fn, [args[i]!, each[i]!]));
      const unequal = expr.fns.every((fn) => fn.name === '<>');
      const truth = unequal ? orAll(parts) : andAll(parts);
      if (truth === any) return any;
      if (truth === null) result = null;
    }
    return result;
  }

  #call(fn: ScalarFunction, args: readonly (Datum | null)[]): boolean | null {
    if (fn.strict && args.includes(null)) return null;
    return fn.evaluate(args, this.context) as boolean | null;
  }

  #aggregate(plan: AggregatePlan, rows: readonly Row[], outer: Outer): Row[] {
    const all = [...plan.keys.keys()];
    const sets = plan.groupingSets ?? [all];
    return sets.flatMap((set) => {
      const groups = new Map<string, { key: Row; rows: Row[] }>();
      if (set.length === 0) groups.set('', { key: plan.keys.map(() => null), rows: [] });
      for (const row of rows) {
        const key = plan.keys.map((expr, i) =>
          set.includes(i) ? this.value(expr, row, outer) : null,
        );
        const text = set.length === 0 ? '' : keyOf(key, plan.schema.slice(0, plan.keys.length));
        const group = groups.get(text) ?? { key, rows: [] };
        group.rows.push(row);
        groups.set(text, group);
      }
      return [...groups.values()].map((group) => [
        ...group.key,
        ...plan.aggregates.map((call) => this.#fold(call, group.rows, outer)),
      ]);
    });
  }

  #fold(call: AggregateCall, rows: readonly Row[], outer: Outer): Datum | null {
    const types = call.args.map((arg) => arg.type);
    const accumulator = call.fn.accumulator(types, this.context);
    const kept = rows.filter(
      (row) => call.filter === null || this.value(call.filter, row, outer) === true,
    );
    const seen = new Set<string>();
    const ordered = this.#ordered(kept, call.orderBy, outer);
    const all = ordered.map((row) => call.args.map((arg) => this.value(arg, row, outer)));
    // DISTINCT without an order of its own gives the values in their own order, as PostgreSQL does.
    const sorted = call.distinct && call.orderBy.length === 0 ? sortedBy(all, types) : all;
    for (const args of sorted) {
      if (call.fn.skipsNull && args.length > 0 && args[0] === null) continue;
      if (call.distinct && !isNew(seen, rowKeyString(args, types))) continue;
      accumulator.add(args, 1);
    }
    return accumulator.finish();
  }

  #join(plan: LogicalPlan & { kind: 'join' }, outer: Outer): Row[] {
    const left = this.rows(plan.left, outer);
    const once = plan.lateral ? null : this.rows(plan.right, outer);
    const matchedRight = new Set<Row>();
    const result: Row[] = [];
    const noLeft = plan.left.schema.map(() => null);
    const noRight = plan.right.schema.map(() => null);
    for (const row of left) {
      const right = once ?? this.rows(plan.right, [row, ...outer]);
      const matches = right.filter(
        (other) => this.value(plan.on, [...row, ...other], outer) === true,
      );
      for (const match of matches) matchedRight.add(match);
      switch (plan.type) {
        case 'semi':
          if (matches.length > 0) result.push(row);
          break;
        case 'anti':
          if (matches.length === 0) result.push(row);
          break;
        case 'left':
        case 'full':
          if (matches.length === 0) result.push([...row, ...noRight]);
          result.push(...matches.map((match) => [...row, ...match]));
          break;
        case 'inner':
        case 'right':
          result.push(...matches.map((match) => [...row, ...match]));
          break;
      }
    }
    if (plan.type === 'right' || plan.type === 'full') {
      for (const row of once ?? []) if (!matchedRight.has(row)) result.push([...noLeft, ...row]);
    }
    return result;
  }

  #set(plan: LogicalPlan & { kind: 'set' }, outer: Outer): Row[] {
    const right = new Map<string, number>();
    for (const row of this.rows(plan.right, outer)) {
      const key = keyOf(row, plan.schema);
      right.set(key, (right.get(key) ?? 0) + 1);
    }
    const seen = new Set<string>();
    return this.rows(plan.left, outer).filter((row) => {
      const key = keyOf(row, plan.schema);
      const count = right.get(key) ?? 0;
      const inBoth = count > 0;
      if (!plan.all) return isNew(seen, key) && inBoth === (plan.op === 'intersect');
      right.set(key, count - 1);
      return inBoth === (plan.op === 'intersect');
    });
  }

  #sort(plan: LogicalPlan & { kind: 'sort' }, outer: Outer): Row[] {
    const rows = this.#ordered(this.rows(plan.input, outer), plan.order, outer);
    const count = (expr: Expr | null): number | null => {
      const value = expr === null ? null : this.value(expr, [], outer);
      return value === null ? null : Number(value);
    };
    const limit = count(plan.limit);
    const offset = count(plan.offset) ?? 0;
    const partitions = new Map<string, Row[]>();
    for (const row of rows) {
      const values = plan.partitionBy.map((expr) => this.value(expr, row, outer));
      const key = rowKeyString(
        values,
        plan.partitionBy.map((expr) => expr.type),
      );
      const partition = partitions.get(key) ?? [];
      partition.push(row);
      partitions.set(key, partition);
    }
    return [...partitions.values()].flatMap((partition) => {
      let end = limit === null ? partition.length : offset + limit;
      if (plan.withTies && limit !== null && limit > 0) {
        const last = partition[end - 1];
        while (
          last !== undefined &&
          end < partition.length &&
          this.#compare(last, partition[end]!, plan.order, outer) === 0
        ) {
          end++;
        }
      }
      return partition.slice(offset, end);
    });
  }

  #ordered(rows: readonly Row[], order: readonly SortKey[], outer: Outer): Row[] {
    return [...rows].sort((a, b) => this.#compare(a, b, order, outer));
  }

  #compare(a: Row, b: Row, order: readonly SortKey[], outer: Outer): number {
    for (const key of order) {
      const result = compareNullable(
        this.value(key.expr, a, outer),
        this.value(key.expr, b, outer),
        key.expr.type,
        key,
      );
      if (result !== 0) return result;
    }
    return 0;
  }
}

function keyOf(row: Row, schema: Schema): string {
  return rowKeyString(
    row,
    schema.map((field) => field.type),
  );
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function sortedBy(rows: readonly Row[], types: readonly SqlType[]): Row[] {
  const options = { descending: false, nullsFirst: false };
  return [...rows].sort((a, b) => {
    for (const [i, type] of types.entries()) {
      const result = compareNullable(a[i]!, b[i]!, type, options);
      if (result !== 0) return result;
    }
    return 0;
  });
}

function isArray(value: Datum | null): boolean {
  return value instanceof SqlArray;
}

function andAll(parts: readonly (boolean | null)[]): boolean | null {
  if (parts.includes(false)) return false;
  return parts.includes(null) ? null : true;
}

function orAll(parts: readonly (boolean | null)[]): boolean | null {
  if (parts.includes(true)) return true;
  return parts.includes(null) ? null : false;
}

function severalRows(): SqlError {
  return new SqlError(
    sqlstate.cardinalityViolation,
    'more than one row returned by a subquery used as an expression',
  );
}
