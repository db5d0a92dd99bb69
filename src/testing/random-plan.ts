/**
 * Random logical plans over small tables, with subqueries of every kind correlated over several levels.
 * Plans are deterministic in their result: limits come with an order over all columns. The same seed gives
 * the same plan.
 */

import type { Random } from '../base/random.ts';
import type { Expr } from '../expr/expr.ts';
import { columnExpr, columnsFor } from '../plan/expressions.ts';
import type { JoinType, LogicalPlan, SortKey } from '../plan/logical.ts';
import { makeUnion, oneRow } from '../plan/make.ts';
import type { Datum, Row } from '../types/datum.ts';
import type { Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import {
  aggregate,
  aggregateCall,
  and,
  ascending,
  constant,
  field,
  filter,
  flatMap,
  fn,
  int,
  join,
  not,
  op,
  or,
  over,
  project,
  scan,
  sort,
  subquery,
} from './plan-builder.ts';
import type { TestTable } from './plan-builder.ts';

/** Three tables of two or three integer columns with NULLs and repeated rows. */
export function randomTables(random: Random): readonly TestTable[] {
  return ['r', 's', 't'].map((name, i): TestTable => {
    const width = i === 1 ? 3 : 2;
    const count = random.below(6);
    const rows = Array.from({ length: count }, (): Row =>
      Array.from({ length: width }, (): Datum | null => {
        const value = random.below(5);
        return value === 4 ? null : value;
      }),
    );
    const schema = Array.from({ length: width }, (_, c) => field(`${name}${c + 1}`, types.integer));
    return { name, oid: 100 + i, schema, rows, appendOnly: false, keys: [] };
  });
}

export class PlanGenerator {
  readonly #random: Random;
  readonly #tables: readonly TestTable[];

  constructor(random: Random, tables: readonly TestTable[]) {
    this.#random = random;
    this.#tables = tables;
  }

  /** A plan with subqueries at its top. */
  query(size: number): LogicalPlan {
    const input = this.plan(this.#random.below(2));
    const asked = this.#chance(2)
      ? filter(input, this.#condition(input.schema, [], size))
      : project(input, [
          ['a', this.#number(input.schema, [], size)],
          ['b', this.#number(input.schema, [], size)],
        ]);
    return this.#chance(2) ? asked : project(asked, [['c', this.#number(asked.schema, [], 2)]]);
  }

  /** A plan whose columns are all integers. `outer` holds the rows it may refer to, innermost first. */
  plan(size: number, outer: readonly Schema[] = []): LogicalPlan {
    if (size <= 0) return scan(this.#pick(this.#tables));
    switch (this.#random.below(13)) {
      case 0:
      case 1:
      case 2: {
        const input = this.plan(size - 1, outer);
        return filter(input, this.#condition(input.schema, outer, size - 1));
      }
      case 3:
      case 4: {
        const input = this.plan(size - 1, outer);
        const count = 1 + this.#random.below(2);
        return project(
          input,
          Array.from({ length: count }, (_, i) => [
            `p${i + 1}`,
            this.#number(input.schema, outer, size - 1),
          ]),
        );
      }
      case 5: {
        const left = this.plan(size - 2, outer);
        const right = this.plan(size - 2, outer);
        const type = this.#pick<JoinType>(['inner', 'left', 'right', 'full', 'semi', 'anti']);
        const row = [...left.schema, ...right.schema];
        // Subqueries in the ON of an outer join over both sides are refused, so none are made.
        return join(type, left, right, this.#comparison(row, outer, 0));
      }
      case 6: {
        const left = this.plan(size - 2, outer);
        const right = this.plan(size - 2, [left.schema, ...outer]);
        const type = this.#pick<JoinType>(['inner', 'left']);
        const row = [...left.schema, ...right.schema];
        const on = this.#chance(2)
          ? constant(true, types.boolean)
          : this.#comparison(row, outer, 0);
        return join(type, left, right, on, true);
      }
      case 7: {
        const input = this.plan(size - 1, outer);
        return this.#aggregated(input, outer, size - 1, this.#random.below(3));
      }
      case 8: {
        const left = narrowed(this.plan(size - 2, outer), 1);
        const right = narrowed(this.plan(size - 2, outer), 1);
        if (this.#chance(2)) return makeUnion([left, right]);
        const op = this.#pick(['intersect', 'except'] as const);
        return { kind: 'set', op, all: this.#chance(2), left, right, schema: left.schema };
      }
      case 9: {
        const input = this.plan(size - 1, outer);
        return { kind: 'distinct', input, schema: input.schema };
      }
      case 10: {
        const input = this.plan(size - 1, outer);
        const partition = this.#chance(2) ? [this.#column(input.schema)] : [];
        return sort(input, {
          partitionBy: partition,
          order: everyColumn(input),
          limit: constant(BigInt(1 + this.#random.below(3)), types.bigint),
          offset: this.#chance(3) ? constant(1n, types.bigint) : null,
        });
      }
      case 11: {
        const input = this.plan(size - 1, outer);
        const call = aggregateCall('count', [this.#number(input.schema, outer, 0)]).call;
        const made = over(
          input,
          { partitionBy: [this.#column(input.schema)], order: everyColumn(input) },
          [
            { name: 'row_number', type: types.bigint },
            { name: 'count', type: types.bigint, call },
          ],
        );
        return toIntegers(made);
      }
      default: {
        const input = this.#chance(3) ? oneRow() : this.plan(size - 1, outer);
        const upTo = this.#number(input.schema, outer, 0);
        return flatMap(input, 'generate_series', [int(1), upTo], this.#chance(3));
      }
    }
  }

  #aggregated(
    input: LogicalPlan,
    outer: readonly Schema[],
    size: number,
    keyCount: number,
  ): LogicalPlan {
    const keys = Array.from({ length: keyCount }, (_, i): readonly [string, Expr] => [
      `k${i + 1}`,
      this.#number(input.schema, outer, size),
    ]);
    const arg = this.#number(input.schema, outer, size);
    const condition = this.#chance(3) ? this.#comparison(input.schema, outer, 0) : null;
    const made = aggregate(
      input,
      keys,
      [
        ['n', aggregateCall('count', [])],
        ['c', aggregateCall('count', [arg], { distinct: this.#chance(2), filter: condition })],
        ['s', aggregateCall('sum', [arg])],
        ['m', aggregateCall('max', [arg])],
      ],
      keyCount > 0 && this.#chance(4) ? [[0], []] : null,
    );
    return toIntegers(made);
  }

  #condition(row: Schema, outer: readonly Schema[], size: number): Expr {
    switch (this.#random.below(9)) {
      case 0:
        return and(this.#condition(row, outer, size - 1), this.#condition(row, outer, size - 1));
      case 1:
        return or(this.#condition(row, outer, size - 1), this.#comparison(row, outer, size - 1));
      case 2:
        return not(this.#condition(row, outer, size - 1));
      case 3:
      case 4:
        if (size <= 0) return this.#comparison(row, outer, 0);
        return subquery('exists', this.plan(size, [row, ...outer]));
      case 5:
      case 6: {
        if (size <= 0) return this.#comparison(row, outer, 0);
        const count = this.#chance(4) ? 2 : 1;
        const plan = narrowed(this.plan(size, [row, ...outer]), count);
        const args = plan.schema.map(() => this.#number(row, outer, 0));
        const symbol = plan.schema.length > 1 ? '=' : this.#pick(['=', '=', '<', '<>', '>=']);
        const mode = symbol === '=' || this.#chance(2) ? 'any' : 'all';
        return subquery(plan.schema.length === 1 && this.#chance(5) ? 'all' : mode, plan, {
          args,
          symbol,
        });
      }
      case 7:
        return {
          kind: 'is-null',
          arg: this.#number(row, outer, size),
          negated: this.#chance(2),
          type: types.boolean,
        };
      default:
        return this.#comparison(row, outer, size);
    }
  }

  #comparison(row: Schema, outer: readonly Schema[], size: number): Expr {
    const symbol = this.#pick(['=', '=', '=', '<', '<>', '>=']);
    return op(symbol, this.#number(row, outer, size), this.#number(row, outer, size));
  }

  #number(row: Schema, outer: readonly Schema[], size: number): Expr {
    switch (this.#random.below(8)) {
      case 0:
        return int(this.#random.below(4));
      case 1:
      case 2: {
        if (outer.length === 0) return this.#column(row);
        const depth = 1 + this.#random.below(outer.length);
        const schema = outer[depth - 1]!;
        if (schema.length === 0) return int(1);
        const index = this.#random.below(schema.length);
        return { kind: 'outer', depth, index, type: schema[index]!.type };
      }
      case 3:
        return op('+', this.#column(row), int(1));
      case 4: {
        if (size <= 1) return this.#column(row);
        const inner = this.plan(size - 2, [row, ...outer]);
        if (this.#chance(4)) return countOf(inner, this.#chance(2), this.#column(inner.schema));
        const plan = narrowed(this.#aggregated(inner, [row, ...outer], 0, 0), 1);
        return subquery('scalar', plan);
      }
      default:
        return this.#column(row);
    }
  }

  #column(row: Schema): Expr {
    if (row.length === 0) return int(2);
    const index = this.#random.below(row.length);
    return columnExpr(index, row[index]!.type);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]!;
  }

  #chance(oneIn: number): boolean {
    return this.#random.below(oneIn) === 0;
  }
}

/** A number from a subquery that is no aggregate: the length of ARRAY(…), or its one row after LIMIT 1. */
function countOf(inner: LogicalPlan, asArray: boolean, column: Expr): Expr {
  if (inner.schema.length === 0) return int(0);
  if (!asArray) {
    const one = sort(inner, {
      order: everyColumn(inner),
      limit: constant(1n, types.bigint),
    });
    return subquery('scalar', project(one, [['v', column]]));
  }
  const values = subquery('array', project(inner, [['v', column]]));
  return integer(fn('cardinality', values));
}

function everyColumn(plan: LogicalPlan): SortKey[] {
  return columnsFor(plan.schema).map(ascending);
}

function narrowed(plan: LogicalPlan, count: number): LogicalPlan {
  if (plan.schema.length === 0) return project(plan, [['v', int(1)]]);
  return project(
    plan,
    columnsFor(plan.schema)
      .slice(0, count)
      .map((column, i) => [`v${i + 1}`, column]),
  );
}

/** Counters are bigint; everything here stays integer. */
function toIntegers(plan: LogicalPlan): LogicalPlan {
  return project(
    plan,
    columnsFor(plan.schema).map((column, i) => [plan.schema[i]!.name, integer(column)]),
  );
}

function integer(arg: Expr): Expr {
  if (arg.type.kind === 'integer') return arg;
  return { kind: 'cast', arg, type: types.integer, mode: 'explicit' };
}
