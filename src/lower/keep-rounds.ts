/**
 * The recursive term of WITH RECURSIVE over the rows of all rounds at once: every row carries the number of its
 * round as a last column, and whatever looks at several rows together (groups, limits, window functions, joins of
 * one round with itself) does so round by round. A part that does not read the recursive query is there in every
 * round.
 *
 *   filter p over self              →  filter p over self
 *   aggregate by k over self        →  aggregate by k, round over self
 *   aggregate (no keys) over self   →  the same by round, with a row for every round that began
 *   self join e on c                →  self join e on c           (e is the same in every round)
 *   self join (… over self) on c    →  … on c and round = round
 *   self union all e                →  self union all (e cross join rounds)
 */

import { assert, unreachable } from '../base/assert.ts';
import { notSupported } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { children } from '../plan/children.ts';
import {
  booleanConstant,
  columnExpr,
  conjunction,
  conjuncts,
  moveColumns,
  notDistinct,
  replaceColumns,
} from '../plan/expressions.ts';
import { expandGroupingSets } from '../plan/grouping-sets.ts';
import type {
  AggregatePlan,
  JoinPlan,
  LogicalPlan,
  RecursionPlan,
  RecursionRef,
} from '../plan/logical.ts';
import {
  appendColumns,
  joinSchema,
  makeDistinct,
  makeJoin,
  makeUnion,
  pickColumns,
} from '../plan/make.ts';
import type { Field } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';

/** The column that tells the rounds apart; last in every row. */
export const roundField: Field = { name: 'round', type: types.integer, nullable: false };

/** The step of a recursion with the round as a last column. */
export function keepRounds(recursion: RecursionPlan): LogicalPlan {
  const self: LogicalPlan = {
    kind: 'self',
    ref: recursion.ref,
    schema: [...recursion.schema, roundField],
  };
  return new RoundKeeper(self).carry(recursion.step);
}

class RoundKeeper {
  readonly #self: LogicalPlan & { readonly kind: 'self' };
  /** Recursions inside of the step that are made of its rows. */
  readonly #inner = new Set<RecursionRef>();
  readonly #reads = new Map<LogicalPlan, boolean>();
  #rounds: LogicalPlan | null = null;

  constructor(self: LogicalPlan & { readonly kind: 'self' }) {
    this.#self = self;
  }

  carry(plan: LogicalPlan): LogicalPlan {
    if (!this.#dependsOnRound(plan)) return makeJoin('inner', plan, this.#allRounds());
    const width = plan.schema.length;
    switch (plan.kind) {
      case 'self':
        return plan.ref === this.#self.ref
          ? this.#self
          : { ...plan, schema: [...plan.schema, roundField] };
      case 'filter': {
        const input = this.carry(plan.input);
        return { ...plan, input, schema: input.schema };
      }
      case 'project': {
        const input = this.carry(plan.input);
        const exprs = [...plan.exprs, roundOf(input)];
        return { ...plan, input, exprs, schema: [...plan.schema, roundField] };
      }
      case 'distinct': {
        return makeDistinct(this.carry(plan.input));
      }
      case 'union':
        return {
          ...plan,
          inputs: plan.inputs.map((input) => this.carry(input)),
          schema: [...plan.schema, roundField],
        };
      case 'set':
        return {
          ...plan,
          left: this.carry(plan.left),
          right: this.carry(plan.right),
          schema: [...plan.schema, roundField],
        };
      case 'sort': {
        const input = this.carry(plan.input);
        const partitionBy = [...plan.partitionBy, roundOf(input)];
        return { ...plan, input, partitionBy, schema: input.schema };
      }
      case 'single-row': {
        const input = this.carry(plan.input);
        return { ...plan, input, keys: [...plan.keys, width], schema: input.schema };
      }
      case 'window': {
        const input = this.carry(plan.input);
        const own = plan.input.schema.length;
        const { window } = plan;
        const carried: LogicalPlan = {
          ...plan,
          input,
          window:
            window.fn === 'session'
              ? { ...window, partitionBy: [...window.partitionBy, own] }
              : window,
          schema: [...input.schema, ...plan.schema.slice(own)],
        };
        return roundLast(carried, own);
      }
      case 'over': {
        const input = this.carry(plan.input);
        const own = plan.input.schema.length;
        const carried: LogicalPlan = {
          ...plan,
          input,
          partitionBy: [...plan.partitionBy, roundOf(input)],
          schema: [...input.schema, ...plan.schema.slice(own)],
        };
        return roundLast(carried, own);
      }
      case 'flat-map': {
        const input = this.carry(plan.input);
        const own = plan.input.schema.length;
        const schema = [...input.schema, ...plan.schema.slice(own)];
        return roundLast({ ...plan, input, schema }, own);
      }
      case 'aggregate':
        return this.#aggregate(plan);
      case 'join':
        return this.#join(plan);
      case 'recursion':
        return this.#recursion(plan);
      case 'scan':
      case 'values':
        throw new TypeError(`a ${plan.kind} depends on no round`);
      default:
        return unreachable(plan, 'plan');
    }
  }

  #dependsOnRound(plan: LogicalPlan): boolean {
    const known = this.#reads.get(plan);
    if (known !== undefined) return known;
    const reads =
      plan.kind === 'self'
        ? plan.ref === this.#self.ref || this.#inner.has(plan.ref)
        : children(plan).some((input) => this.#dependsOnRound(input));
    this.#reads.set(plan, reads);
    return reads;
  }

  /** The rounds that are gone through: the first, rows or no rows, and each that rows came from. */
  #allRounds(): LogicalPlan {
    if (this.#self.schema.at(-2) === roundField) {
      throw notSupported('this recursive term inside of another recursive term', {
        detail: 'Part of it gives rows, or the absence of rows, without reading its own query.',
        hint: 'Compute that part before, in a query of its own.',
      });
    }
    const first: LogicalPlan = {
      kind: 'values',
      rows: [[{ kind: 'constant', value: 0, type: roundField.type }]],
      schema: [roundField],
    };
    const read = pickColumns(this.#self, [this.#self.schema.length - 1]);
    return (this.#rounds ??= makeDistinct(makeUnion([first, read])));
  }

  #aggregate(plan: AggregatePlan): LogicalPlan {
    const expanded = expandGroupingSets(plan);
    if (expanded.kind !== 'aggregate') return this.carry(expanded);
    if (expanded.keys.length === 0) return this.#global(expanded);
    const input = this.carry(expanded.input);
    const count = expanded.keys.length;
    const schema = [
      ...expanded.schema.slice(0, count),
      roundField,
      ...expanded.schema.slice(count),
    ];
    return roundLast(
      { ...expanded, input, keys: [...expanded.keys, roundOf(input)], schema },
      count,
    );
  }

  /** A round without rows for it has its one row as well: the round is joined to what there is of them. */
  #global(plan: AggregatePlan): LogicalPlan {
    const input = appendColumns(this.carry(plan.input), [booleanConstant(true)], ['present']);
    const width = plan.input.schema.length;
    const same = notDistinct(
      columnExpr(0, roundField.type),
      columnExpr(1 + width, roundField.type),
    );
    const joined = makeJoin('left', this.#allRounds(), input, same);
    const present: Expr = {
      kind: 'is-null',
      arg: columnExpr(joined.schema.length - 1, types.boolean),
      negated: true,
      type: types.boolean,
    };
    const move = (expr: Expr): Expr => moveColumns(expr, 1);
    const grouped: AggregatePlan = {
      ...plan,
      input: joined,
      keys: [columnExpr(0, roundField.type)],
      aggregates: plan.aggregates.map((call) => ({
        ...call,
        args: call.args.map(move),
        filter: conjunction([
          present,
          ...(call.filter === null ? [] : conjuncts(move(call.filter))),
        ]),
        orderBy: call.orderBy.map((key) => ({ ...key, expr: move(key.expr) })),
      })),
      schema: [roundField, ...plan.schema],
    };
    return roundLast(grouped, 0);
  }

  #join(plan: JoinPlan): LogicalPlan {
    assert(!plan.lateral, 'a lateral join is left to lower');
    if (plan.lookup === true) {
      throw notSupported('FOR SYSTEM_TIME AS OF in the recursive term of a query', {
        detail: 'What a round gives is computed anew when the rows before it change.',
        hint: 'Use an ordinary join.',
      });
    }
    const { type } = plan;
    const keepsLeft = type !== 'inner' && type !== 'right';
    const keepsRight = type === 'right' || type === 'full';
    const inLeft = keepsLeft || this.#dependsOnRound(plan.left);
    const inRight = keepsRight || this.#dependsOnRound(plan.right);
    const left = inLeft ? this.carry(plan.left) : plan.left;
    const right = inRight ? this.carry(plan.right) : plan.right;
    const leftWidth = plan.left.schema.length;
    const rightWidth = plan.right.schema.length;
    const shift = inLeft ? 1 : 0;
    const on = replaceColumns(plan.on, (column) =>
      column.index < leftWidth ? column : { ...column, index: column.index + shift },
    );
    const rightRound = leftWidth + shift + rightWidth;
    const sameRound = notDistinct(
      columnExpr(leftWidth, roundField.type),
      columnExpr(rightRound, roundField.type),
    );
    const joined: JoinPlan = {
      ...plan,
      left,
      right,
      on: inLeft && inRight ? conjunction([...conjuncts(on), sameRound]) : on,
      schema: joinSchema(type, left.schema, right.schema),
    };
    if (type === 'semi' || type === 'anti') return joined;
    const rows = [...range(0, leftWidth), ...range(leftWidth + shift, rightWidth)];
    if (type !== 'full') {
      return pickColumns(joined, [...rows, inLeft && type !== 'right' ? leftWidth : rightRound]);
    }
    const round: Expr = {
      kind: 'coalesce',
      args: [columnExpr(leftWidth, roundField.type), columnExpr(rightRound, roundField.type)],
      type: roundField.type,
    };
    const wide = appendColumns(joined, [round], ['round']);
    return pickColumns(wide, [...rows, joined.schema.length]);
  }

  /** A recursive query that begins with rows of this one goes through its own rounds in each of ours. */
  #recursion(plan: RecursionPlan): LogicalPlan {
    if (!this.#dependsOnRound(plan.base) || this.#dependsOnRound(plan.step)) {
      throw notSupported('a recursive query whose recursive term reads another one around it', {
        hint: 'Read the outer one in the non-recursive term.',
      });
    }
    const base = this.carry(plan.base);
    this.#inner.add(plan.ref);
    this.#reads.clear();
    const step = this.carry(plan.step);
    return { ...plan, base, step, schema: [...plan.schema, roundField] };
  }
}

function roundOf(input: LogicalPlan): Expr {
  return columnExpr(input.schema.length - 1, roundField.type);
}

/** The plan with its column `round` moved to the end. */
function roundLast(plan: LogicalPlan, round: number): LogicalPlan {
  const rest = range(0, plan.schema.length).filter((column) => column !== round);
  return pickColumns(plan, [...rest, round]);
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
