/**
 * Pushes the dependent join of a subquery down until nothing depends on the outer row any more, after
 * Neumann and Kemper, "Unnesting Arbitrary Queries" (2015). Lazily: an item of the domain becomes a column
 * only where the subquery needs it, and `inner.x = item` binds the item to x without joining the domain.
 *
 * The result holds for every value of the items: where the bound columns are NULL-safely equal to an outer
 * row's items, the rest of the row is a row of the subquery for that outer row. It may hold rows for
 * values which no outer row has.
 */

import { assert, unreachable } from '../../base/assert.ts';
import { notSupported } from '../../base/errors.ts';
import type { Expr } from '../../expr/expr.ts';
import type { EvalContext } from '../../expr/functions/registry.ts';
import { mapExpr } from '../../expr/walk.ts';
import {
  booleanConstant,
  columnExpr,
  columnsFor,
  conjunction,
  conjuncts,
  isNull,
  isNullable,
  notDistinct,
  substitute,
} from '../../plan/expressions.ts';
import { expandGroupingSets } from '../../plan/grouping-sets.ts';
import type {
  AggregatePlan,
  FlatMapPlan,
  JoinPlan,
  LogicalPlan,
  OverPlan,
  SortPlan,
  WindowPlan,
} from '../../plan/logical.ts';
import {
  appendColumns,
  filterBy,
  makeDistinct,
  makeFilter,
  makeJoin,
  makeProject,
  makeSingleRow,
  makeUnion,
  oneRow,
  pickColumns,
} from '../../plan/make.ts';
import { isUniqueOn } from '../../plan/properties.ts';
import type { Domain } from './domain.ts';
import { hasItems, isItem, itemsOf } from './domain.ts';
import {
  bind,
  bindingOf,
  boundColumns,
  moveBound,
  nameOfItem,
  orElse,
  range,
  resolve,
  widthOf,
  withFields,
} from './unnested.ts';
import type { Unnested } from './unnested.ts';

export class Unnesting {
  readonly #domain: Domain;
  readonly #evaluation: EvalContext;

  constructor(domain: Domain, evaluation: EvalContext) {
    this.#domain = domain;
    this.#evaluation = evaluation;
  }

  unnest(plan: LogicalPlan): Unnested {
    if (!hasItems(plan)) return { plan, bound: new Map(), missing: null };
    switch (plan.kind) {
      case 'scan':
        return { plan, bound: new Map(), missing: null };
      case 'values': {
        const rows = plan.rows.map((row) => makeProject(oneRow(), row, plan.schema));
        return this.unnest(
          rows.length === 1 ? rows[0]! : { ...makeUnion(rows), schema: plan.schema },
        );
      }
      case 'filter':
        return this.filter(this.unnest(plan.input), conjuncts(plan.predicate));
      case 'project':
        return this.#project(this.unnest(plan.input), plan.exprs, plan.schema);
      case 'window':
        return this.#window(plan);
      case 'aggregate':
        return this.#aggregate(plan);
      case 'join':
        return this.#join(plan);
      case 'union': {
        const inputs = this.#alike(plan.inputs);
        const union = makeUnion(inputs.map((input) => input.plan));
        return { ...inputs[0]!, plan: withFields(union, plan.schema) };
      }
      case 'set': {
        const [left, right] = this.#alike([plan.left, plan.right]);
        assert(left !== undefined && right !== undefined, 'a set operation of two inputs');
        const schema = [...plan.schema, ...left.plan.schema.slice(plan.schema.length)];
        return { ...left, plan: { ...plan, left: left.plan, right: right.plan, schema } };
      }
      case 'distinct': {
        const input = this.materialize(this.unnest(plan.input));
        return { ...input, plan: makeDistinct(input.plan) };
      }
      case 'sort':
        return this.#sort(plan);
      case 'over':
        return this.#over(plan);
      case 'flat-map':
        return this.#flatMap(plan);
      case 'single-row': {
        const input = this.exact(this.materialize(this.unnest(plan.input)));
        return this.single(input, plan.keys);
      }
      case 'recursion':
        throw notSupported('a recursive query that refers to the row of a query around it', {
          hint: 'Let the recursive query give the rows for all of them, and join it.',
        });
      case 'self':
        return { plan, bound: new Map(), missing: null };
      default:
        return unreachable(plan, 'plan');
    }
  }

  /** Keeps the rows for which all conditions, over columns and items, are TRUE. */
  filter(before: Unnested, conditions: readonly Expr[]): Unnested {
    const input = this.materialize(before);
    const width = widthOf(input);
    const plain = conditions.filter((condition) => itemsOf(condition).size === 0);
    let current: Unnested = { ...input, plan: filterBy(input.plan, plain) };
    const rest: Expr[] = [];
    for (const condition of conditions) {
      if (itemsOf(condition).size === 0) continue;
      const binding = bindingOf(condition, current, width);
      if (binding === null) rest.push(condition);
      else {
        current = bind(current, binding.item, binding.value);
        const column = widthOf(current) + current.bound.size - 1;
        const field = current.plan.schema[column]!;
        if (binding.dropsNull && field.nullable) {
          rest.push(isNull(columnExpr(column, field.type), true));
        }
      }
    }
    if (rest.length === 0) return current;
    const bound = this.attach(current, rest);
    return {
      ...bound,
      plan: makeFilter(bound.plan, conjunction(rest.map((e) => resolve(e, bound)))),
    };
  }

  /** With all items of `exprs` bound, by joining the domain where they are not. */
  attach(input: Unnested, exprs: readonly Expr[]): Unnested {
    const needed = new Set<number>();
    for (const expr of exprs) itemsOf(expr, needed);
    return this.attachItems(input, needed);
  }

  attachItems(input: Unnested, needed: Iterable<number>): Unnested {
    const lacking = [...new Set(needed)].filter((item) => !input.bound.has(item));
    if (lacking.length === 0) return input;
    const width = widthOf(input);
    const items = [...input.bound.keys(), ...lacking];
    const domain = this.#domain.rows(items);
    const all = width + input.bound.size;
    const conditions = [...input.bound.values()].map((column, i) =>
      notDistinct(
        columnExpr(column, input.plan.schema[column]!.type),
        columnExpr(all + i, domain.schema[i]!.type),
      ),
    );
    const joined = makeJoin('inner', input.plan, domain, conjunction(conditions));
    const kept = [...range(0, width), ...range(all, all + items.length)];
    return {
      plan: pickColumns(joined, kept),
      bound: new Map(items.map((item, i) => [item, width + i])),
      missing: input.missing,
    };
  }

  /** Without `missing`: the row for values that have none is joined in. */
  materialize(input: Unnested): Unnested {
    const { missing } = input;
    if (missing === null) return input;
    const needed = new Set(input.bound.keys());
    for (const expr of missing) itemsOf(expr, needed);
    const items = [...needed];
    const domain = this.#domain.rows(items);
    const width = missing.length;
    const right = appendColumns(input.plan, [booleanConstant(true)], ['found']);
    const conditions = [...input.bound].map(([item, column]) =>
      notDistinct(
        columnExpr(items.indexOf(item), this.#domain.item(item).type),
        columnExpr(items.length + column, input.plan.schema[column]!.type),
      ),
    );
    const joined = makeJoin('left', domain, right, conjunction(conditions));
    const found = columnExpr(joined.schema.length - 1, booleanConstant(true).type);
    const inDomain = (expr: Expr): Expr =>
      mapExpr(expr, (part) =>
        isItem(part) ? columnExpr(items.indexOf(part.index), part.type) : part,
      );
    const values = missing.map((expr, i) =>
      orElse(found, columnExpr(items.length + i, expr.type), inDomain(expr)),
    );
    const exprs = [...values, ...columnsFor(domain.schema)];
    const schema = [
      ...input.plan.schema.slice(0, width).map((field) => ({ ...field, nullable: true })),
      ...domain.schema,
    ];
    return {
      plan: makeProject(joined, exprs, schema),
      bound: new Map(items.map((item, i) => [item, width + i])),
      missing: null,
    };
  }

  /** Only rows for values that some row of `source` (the outer rows) has; none when it has no row. */
  exact(input: Unnested, source: LogicalPlan = this.#domain.source): Unnested {
    const items = [...input.bound.keys()];
    const domain = this.#domain.rows(items, source);
    const all = input.plan.schema.length;
    const conditions = items.map((item, i) => {
      const column = input.bound.get(item)!;
      const { type } = input.plan.schema[column]!;
      return notDistinct(columnExpr(column, type), columnExpr(all + i, type));
    });
    return { ...input, plan: makeJoin('semi', input.plan, domain, conjunction(conditions)) };
  }

  /** Fails where more than one row has the same keys for the same outer row. */
  single(input: Unnested, keys: readonly number[]): Unnested {
    const all = [...keys, ...input.bound.values()];
    if (isUniqueOn(input.plan, new Set(all))) return input;
    return { ...input, plan: makeSingleRow(input.plan, all) };
  }

  #project(before: Unnested, exprs: readonly Expr[], schema: LogicalPlan['schema']): Unnested {
    const input = this.attach(before, exprs);
    const bound = [...input.bound.values()];
    const boundFields = bound.map((column) => input.plan.schema[column]!);
    const plan = makeProject(
      input.plan,
      [
        ...exprs.map((expr) => resolve(expr, input)),
        ...bound.map((column) => columnExpr(column, input.plan.schema[column]!.type)),
      ],
      [...schema, ...boundFields],
    );
    const { missing } = input;
    return {
      plan,
      bound: new Map([...input.bound.keys()].map((item, i) => [item, exprs.length + i])),
      missing: missing === null ? null : exprs.map((expr) => substitute(expr, missing)),
    };
  }

  #window(plan: WindowPlan): Unnested {
    const input = this.materialize(this.unnest(plan.input));
    const { window } = plan;
    const spec =
      window.fn === 'session'
        ? { ...window, partitionBy: [...window.partitionBy, ...input.bound.values()] }
        : window;
    const made = plan.schema.slice(plan.input.schema.length);
    const schema = [...input.plan.schema, ...made];
    return moveBound(input, { ...plan, input: input.plan, window: spec, schema }, made.length);
  }

  #aggregate(plan: AggregatePlan): Unnested {
    if (plan.groupingSets?.some((set) => set.length === 0) === true) {
      return this.unnest(expandGroupingSets(plan));
    }
    const parts = [
      ...plan.keys,
      ...plan.aggregates.flatMap((call) => [
        ...call.args,
        ...(call.filter === null ? [] : [call.filter]),
        ...call.orderBy.map((key) => key.expr),
      ]),
    ];
    const input = this.attach(this.materialize(this.unnest(plan.input)), parts);
    const over = (expr: Expr): Expr => resolve(expr, input);
    const boundColumns = [...input.bound.values()];
    const keys = [
      ...plan.keys.map(over),
      ...boundColumns.map((column) => columnExpr(column, input.plan.schema[column]!.type)),
    ];
    const keyCount = plan.keys.length;
    const boundFields = boundColumns.map((column) => input.plan.schema[column]!);
    const aggregate: AggregatePlan = {
      kind: 'aggregate',
      input: input.plan,
      keys,
      aggregates: plan.aggregates.map((call) => ({
        ...call,
        args: call.args.map(over),
        filter: call.filter === null ? null : over(call.filter),
        orderBy: call.orderBy.map((key) => ({ ...key, expr: over(key.expr) })),
      })),
      groupingSets:
        plan.groupingSets?.map((set) => [...set, ...range(keyCount, keys.length)]) ?? null,
      schema: [...plan.schema.slice(0, keyCount), ...boundFields, ...plan.schema.slice(keyCount)],
    };
    const values = range(keys.length, aggregate.schema.length);
    const kept = [...range(0, keyCount), ...values, ...range(keyCount, keys.length)];
    const global = keyCount === 0 && plan.groupingSets === null && boundColumns.length > 0;
    return {
      plan: pickColumns(aggregate, kept),
      bound: new Map([...input.bound.keys()].map((item, i) => [item, plan.schema.length + i])),
      missing: global ? plan.aggregates.map((_, i) => this.#overNothing(plan, i)) : null,
    };
  }

  /** What an aggregate is when it has seen no row: 0 for a count, NULL for most. */
  #overNothing(plan: AggregatePlan, position: number): Expr {
    const call = plan.aggregates[position]!;
    const types = call.args.map((arg) => arg.type);
    const value = call.fn.accumulator(types, this.#evaluation).finish();
    return { kind: 'constant', value, type: plan.schema[plan.keys.length + position]!.type };
  }

  #join(plan: JoinPlan): Unnested {
    assert(!plan.lateral, 'an inner lateral join is gone before the outer one');
    const conditions = conjuncts(plan.on);
    const correlated = conditions.filter((condition) => itemsOf(condition).size > 0);
    if (plan.type === 'inner' && correlated.length > 0) {
      const plain = conditions.filter((condition) => itemsOf(condition).size === 0);
      const joined = this.unnest({ ...plan, on: conjunction(plain) });
      return this.filter(joined, correlated);
    }
    let left = this.materialize(this.unnest(plan.left));
    let right = this.materialize(this.unnest(plan.right));
    const inOn = new Set<number>();
    for (const condition of correlated) itemsOf(condition, inOn);
    // The side whose rows survive without a match must know the values that the other side depends on.
    if (plan.type !== 'inner' && plan.type !== 'right') {
      left = this.attachItems(left, [...right.bound.keys(), ...inOn]);
    }
    if (plan.type === 'right' || plan.type === 'full') {
      right = this.attachItems(right, [...left.bound.keys(), ...inOn]);
    }
    return this.#joinBound(plan, left, right);
  }

  /** Joins two sides whose items are bound as the join needs them, equal where both have them. */
  #joinBound(plan: JoinPlan, left: Unnested, right: Unnested): Unnested {
    const leftWidth = widthOf(left);
    const rightWidth = widthOf(right);
    const leftAll = left.plan.schema.length;
    const inRight = (column: number): number => leftAll + column;
    const place = (item: number): number => left.bound.get(item) ?? inRight(right.bound.get(item)!);
    const typeOf = (item: number) => this.#domain.item(item).type;
    const on = mapExpr(plan.on, (part) => {
      if (isItem(part)) return columnExpr(place(part.index), part.type);
      if (part.kind !== 'column' || part.index < leftWidth) return part;
      return columnExpr(inRight(part.index - leftWidth), part.type);
    });
    const common = [...left.bound.keys()].filter((item) => right.bound.has(item));
    const equal = common.map((item) =>
      notDistinct(
        columnExpr(left.bound.get(item)!, typeOf(item)),
        columnExpr(inRight(right.bound.get(item)!), typeOf(item)),
      ),
    );
    const condition = conjunction([...equal, ...conjuncts(on)]);
    const joined = makeJoin(plan.type, left.plan, right.plan, condition);
    if (plan.type === 'semi' || plan.type === 'anti') return { ...left, plan: joined };
    const items = [...new Set([...left.bound.keys(), ...right.bound.keys()])];
    const width = leftWidth + rightWidth;
    const values = [...range(0, leftWidth), ...range(leftAll, leftAll + rightWidth)].map(
      (column): Expr => columnExpr(column, joined.schema[column]!.type),
    );
    const itemExprs = items.map((item): Expr => {
      const type = typeOf(item);
      const fromRight = right.bound.has(item)
        ? columnExpr(inRight(right.bound.get(item)!), type)
        : null;
      const fromLeft = left.bound.has(item) ? columnExpr(left.bound.get(item)!, type) : null;
      if (plan.type === 'right' && fromRight !== null) return fromRight;
      // A row of a full join has the item on the side it came from; both agree where both have it.
      if (plan.type === 'full' && fromLeft !== null && fromRight !== null) {
        return { kind: 'coalesce', args: [fromLeft, fromRight], type };
      }
      return fromLeft ?? fromRight!;
    });
    const fields = itemExprs.map((expr, i) => ({
      name: nameOfItem(this.#domain, items[i]!),
      type: expr.type,
      nullable: isNullable(expr, joined.schema) || plan.type === 'full',
    }));
    return {
      plan: makeProject(joined, [...values, ...itemExprs], [...plan.schema, ...fields]),
      bound: new Map(items.map((item, i) => [item, width + i])),
      missing: null,
    };
  }

  /** Several inputs with the same items bound in the same columns. */
  #alike(inputs: readonly LogicalPlan[]): Unnested[] {
    const unnested = inputs.map((input) => this.materialize(this.unnest(input)));
    const items = [...new Set(unnested.flatMap((input) => [...input.bound.keys()]))];
    return unnested.map((input): Unnested => {
      const full = this.attachItems(input, items);
      const width = widthOf(full);
      const columns = items.map((item) => full.bound.get(item)!);
      return {
        plan: pickColumns(full.plan, [...range(0, width), ...columns]),
        bound: new Map(items.map((item, i) => [item, width + i])),
        missing: null,
      };
    });
  }

  #sort(plan: SortPlan): Unnested {
    const before = this.materialize(this.unnest(plan.input));
    if (plan.limit === null && plan.offset === null) return before;
    assert(
      [plan.limit, plan.offset].every((count) => count === null || itemsOf(count).size === 0),
      'counts that depend on rows were replaced before',
    );
    const parts = [...plan.partitionBy, ...plan.order.map((key) => key.expr)];
    const input = this.attach(before, parts);
    const sorted: SortPlan = {
      ...plan,
      input: input.plan,
      partitionBy: [
        ...plan.partitionBy.map((expr) => resolve(expr, input)),
        ...boundColumns(input),
      ],
      order: plan.order.map((key) => ({ ...key, expr: resolve(key.expr, input) })),
      schema: input.plan.schema,
    };
    return { ...input, plan: sorted };
  }

  #over(plan: OverPlan): Unnested {
    const parts = [
      ...plan.partitionBy,
      ...plan.order.map((key) => key.expr),
      ...plan.calls.flatMap((call) => [
        ...call.args,
        ...(call.filter === null ? [] : [call.filter]),
        ...[call.frame.start.offset, call.frame.end.offset].filter((e) => e !== null),
      ]),
    ];
    const input = this.attach(this.materialize(this.unnest(plan.input)), parts);
    const over = (expr: Expr): Expr => resolve(expr, input);
    const optional = (expr: Expr | null): Expr | null => (expr === null ? null : over(expr));
    const made = plan.schema.slice(plan.input.schema.length);
    const node: OverPlan = {
      ...plan,
      input: input.plan,
      partitionBy: [...plan.partitionBy.map(over), ...boundColumns(input)],
      order: plan.order.map((key) => ({ ...key, expr: over(key.expr) })),
      calls: plan.calls.map((call) => ({
        ...call,
        args: call.args.map(over),
        filter: optional(call.filter),
        frame: {
          ...call.frame,
          start: { ...call.frame.start, offset: optional(call.frame.start.offset) },
          end: { ...call.frame.end, offset: optional(call.frame.end.offset) },
        },
      })),
      schema: [...input.plan.schema, ...made],
    };
    return moveBound(input, node, made.length);
  }

  #flatMap(plan: FlatMapPlan): Unnested {
    const input = this.attach(this.materialize(this.unnest(plan.input)), plan.args);
    const made = plan.schema.slice(plan.input.schema.length);
    const node: FlatMapPlan = {
      ...plan,
      input: input.plan,
      args: plan.args.map((arg) => resolve(arg, input)),
      schema: [...input.plan.schema, ...made],
    };
    return moveBound(input, node, made.length);
  }
}
