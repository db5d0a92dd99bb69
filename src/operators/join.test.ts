import { describe, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import type { Expr } from '../expr/expr.ts';
import { comparatorOf } from '../types/compare.ts';
import type { Datum, Row } from '../types/datum.ts';
import { types } from '../types/sql-type.ts';
import type { JoinSpec } from '../plan/dataflow-plan.ts';
import { AppendJoin } from './append-join.ts';
import { Join } from './join.ts';
import type { OperatorCase } from './testing/history.ts';
import { checkHistory, columnsOf, randomHistory } from './testing/history.ts';

const leftTypes = [types.bigint, types.text, types.integer];
const rightTypes = [types.bigint, types.text];

type JoinType = JoinSpec['type'];

/** left.c2 is not NULL and even: a condition that needs no function. */
const residual: Expr = {
  kind: 'is-truth',
  arg: {
    kind: 'is-null',
    arg: { kind: 'column', index: 2, type: types.integer },
    negated: true,
    type: types.boolean,
  },
  truth: true,
  negated: false,
  type: types.boolean,
};

function joinCase(
  type: JoinType,
  keys: number,
  options: { nullSafe: boolean; residual: boolean; appendOnly?: boolean },
): OperatorCase {
  const semi = type === 'semi' || type === 'anti';
  const outputTypes = semi ? leftTypes : [...leftTypes, ...rightTypes];
  const positions = [0, 1].slice(0, keys);
  const spec: JoinSpec = {
    kind: 'join',
    id: 2,
    inputs: [0, 1],
    columns: columnsOf(outputTypes),
    appendOnly: false,
    key: null,
    type,
    leftKeys: positions,
    rightKeys: positions,
    nullSafe: positions.map(() => options.nullSafe),
    residual: options.residual ? residual : null,
    time: null,
  };
  const appendOnly = options.appendOnly ?? false;
  const matches = (l: Row, r: Row): boolean =>
    (!options.residual || l[2] !== null) &&
    positions.every((k) => {
      if (l[k] === null || r[k] === null) return options.nullSafe && l[k] === r[k];
      return comparatorOf(leftTypes[k]!)(l[k] as Datum, r[k] as Datum) === 0;
    });
  return {
    inputTypes: [leftTypes, rightTypes],
    outputTypes,
    make: (context) =>
      appendOnly
        ? new AppendJoin(spec, [columnsOf(leftTypes), columnsOf(rightTypes)], context)
        : new Join(
            spec,
            {
              left: columnsOf(leftTypes),
              right: columnsOf(rightTypes),
              leftAppendOnly: false,
              rightAppendOnly: false,
            },
            context,
          ),
    expected: ([left, right]) => {
      const output: Row[] = [];
      const noLeft = leftTypes.map(() => null);
      const noRight = rightTypes.map(() => null);
      for (const l of left!) {
        const matched = right!.filter((r) => matches(l, r));
        if (type === 'semi') output.push(...(matched.length > 0 ? [l] : []));
        else if (type === 'anti') output.push(...(matched.length > 0 ? [] : [l]));
        else for (const r of matched) output.push([...l, ...r]);
        if ((type === 'left' || type === 'full') && matched.length === 0) {
          output.push([...l, ...noRight]);
        }
      }
      if (type === 'right' || type === 'full') {
        for (const r of right!) {
          if (!left!.some((l) => matches(l, r))) output.push([...noLeft, ...r]);
        }
      }
      return output;
    },
    // A row of NULLs that matches NULL-safely looks like the padding that it replaces.
    consolidated: !appendOnly && !options.nullSafe,
    appendOnly,
  };
}

const makeRow =
  (random: SeededRandom) =>
  (input: number, tick: number): Row => {
    const wide = tick > 15 && random.below(5) === 0;
    const key = BigInt(random.below(3)) * (wide ? 9007199254740993n : 1n);
    const row: (Datum | null)[] = [
      random.below(6) === 0 ? null : key,
      random.below(6) === 0 ? null : ['a', 'b', '__proto__'][random.below(3)]!,
    ];
    if (input === 0) row.push(random.below(3) === 0 ? null : random.below(2));
    return row;
  };

describe('joins on random histories', () => {
  for (const type of ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const) {
    for (const keys of [0, 1, 2]) {
      for (const nullSafe of [false, true]) {
        for (const withResidual of [false, true]) {
          if (keys === 0 && nullSafe) continue;
          const name = `${type}, ${keys} keys${nullSafe ? ', null-safe' : ''}${withResidual ? ', residual' : ''}`;
          it(name, () => {
            for (const appendOnly of type === 'inner' ? [false, true] : [false]) {
              const test = joinCase(type, keys, { nullSafe, residual: withResidual, appendOnly });
              for (let seed = 0; seed < 2; seed++) {
                const random = new SeededRandom(seed * 100 + keys);
                const row = makeRow(random);
                const options = { inputs: 2, ticks: 25, changesMax: 8, row, appendOnly };
                checkHistory(test, randomHistory(random, options));
              }
            }
          });
        }
      }
    }
  }
});
