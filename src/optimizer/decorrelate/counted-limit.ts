/**
 * LIMIT and OFFSET that are known only when rows are there, as numbers of rows:
 *
 *   sort by o limit l offset k over q  →  sort by o over
 *                                          filter k < n and m <= k + l over
 *                                           over(row_number() as n, row_number() as m order by o) over q
 *
 * WITH TIES compares rank() instead of the second number. A count of NULL is no limit, and none is negative.
 */

import type { Expr } from '../../expr/expr.ts';
import type { FunctionRegistry } from '../../expr/functions/registry.ts';
import { resolveOperator } from '../../expr/resolve.ts';
import { columnExpr, isNull } from '../../plan/expressions.ts';
import type { LogicalPlan, OverPlan, SortPlan, WindowFunctionCall } from '../../plan/logical.ts';
import { filterBy, firstColumns } from '../../plan/make.ts';
import { types } from '../../types/sql-type.ts';

export function countedLimit(sort: SortPlan, functions: FunctionRegistry): LogicalPlan {
  const width = sort.input.schema.length;
  const numbered: OverPlan = {
    kind: 'over',
    input: sort.input,
    partitionBy: sort.partitionBy,
    order: sort.order,
    calls: [numbering('row_number'), numbering(sort.withTies ? 'rank' : 'row_number')],
    schema: [
      ...sort.input.schema,
      { name: 'number', type: types.bigint, nullable: false },
      { name: 'rank', type: types.bigint, nullable: false },
    ],
  };
  const counts = new Counts(functions);
  const offset = sort.offset === null ? null : counts.checked(sort.offset, 'OFFSET');
  const limit = sort.limit === null ? null : counts.checked(sort.limit, 'LIMIT');
  const kept = filterBy(numbered, [
    ...(offset === null ? [] : [counts.after(columnExpr(width, types.bigint), offset)]),
    ...(limit === null ? [] : [counts.upTo(columnExpr(width + 1, types.bigint), limit, offset)]),
  ]);
  const plain = firstColumns(kept, width);
  if (sort.order.length === 0) return plain;
  return { ...sort, input: plain, limit: null, offset: null, withTies: false };
}

function numbering(name: string): WindowFunctionCall {
  return {
    name,
    aggregate: null,
    args: [],
    filter: null,
    frame: {
      mode: 'range',
      start: { kind: 'unbounded-preceding', offset: null },
      end: { kind: 'current-row', offset: null },
      exclude: 'no others',
    },
  };
}

class Counts {
  readonly #functions: FunctionRegistry;

  constructor(functions: FunctionRegistry) {
    this.#functions = functions;
  }

  /** The count itself; it fails with PostgreSQL's error where it is negative. */
  checked(count: Expr, clause: 'LIMIT' | 'OFFSET'): Expr {
    const { fn } = resolveOperator(this.#functions, clause, null, types.bigint);
    return { kind: 'call', fn, args: [count], type: types.bigint };
  }

  after(number: Expr, offset: Expr): Expr {
    return this.#unlessNull(offset, this.#call('>', number, offset, types.boolean));
  }

  upTo(number: Expr, limit: Expr, offset: Expr | null): Expr {
    const last =
      offset === null ? limit : this.#call('+', limit, this.#orZero(offset), types.bigint);
    return this.#unlessNull(limit, this.#call('<=', number, last, types.boolean));
  }

  #unlessNull(count: Expr, condition: Expr): Expr {
    return { kind: 'or', args: [isNull(count), condition], type: types.boolean };
  }

  #orZero(count: Expr): Expr {
    const zero: Expr = { kind: 'constant', value: 0n, type: types.bigint };
    return { kind: 'coalesce', args: [count, zero], type: types.bigint };
  }

  #call(
    operator: string,
    left: Expr,
    right: Expr,
    type: typeof types.boolean | typeof types.bigint,
  ): Expr {
    const { fn } = resolveOperator(this.#functions, operator, types.bigint, types.bigint);
    return { kind: 'call', fn, args: [left, right], type };
  }
}
