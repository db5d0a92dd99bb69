import { describe, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import type { Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';
import { types } from '../types/sql-type.ts';
import type { OperatorCase } from './testing/history.ts';
import { checkHistory, randomHistory } from './testing/history.ts';
import { Union } from './union.ts';
import type { Multiplicity } from './weighted-rows.ts';
import { WeightedRows, distinctMultiplicity, setMultiplicity } from './weighted-rows.ts';

const rowTypes = [types.bigint, types.text];

function counts(rows: readonly Row[]): Map<string, { row: Row; count: number }> {
  const map = new Map<string, { row: Row; count: number }>();
  for (const row of rows) {
    const key = rowKeyString(row, rowTypes);
    const known = map.get(key);
    if (known === undefined) map.set(key, { row, count: 1 });
    else known.count++;
  }
  return map;
}

function byCounts(inputs: number, multiplicity: Multiplicity): OperatorCase {
  return {
    inputTypes: Array.from({ length: inputs }, () => rowTypes),
    outputTypes: rowTypes,
    make: () =>
      new WeightedRows({
        types: rowTypes,
        inputTypes: Array.from({ length: inputs }, () => rowTypes),
        multiplicity,
      }),
    expected: (all) => {
      const left = counts(all[0]!);
      const right = counts(all[1] ?? []);
      const output: Row[] = [];
      for (const key of new Set([...left.keys(), ...right.keys()])) {
        const l = left.get(key);
        const r = right.get(key);
        const times = multiplicity(l?.count ?? 0, r?.count ?? 0);
        for (let i = 0; i < times; i++) output.push((l ?? r)!.row);
      }
      return output;
    },
    consolidated: true,
  };
}

const makeRow =
  (random: SeededRandom) =>
  (_: number, tick: number): Row => {
    const wide = tick > 20 && random.below(4) === 0;
    const number = BigInt(random.below(4)) * (wide ? 9007199254740993n : 1n);
    return [
      random.below(5) === 0 ? null : number,
      random.below(5) === 0 ? null : ['', 'a', '__proto__'][random.below(3)]!,
    ];
  };

describe('set operators on random histories', () => {
  const cases: [string, OperatorCase][] = [
    ['distinct', byCounts(1, distinctMultiplicity)],
    ['intersect', byCounts(2, setMultiplicity({ op: 'intersect', all: false }))],
    ['intersect all', byCounts(2, setMultiplicity({ op: 'intersect', all: true }))],
    ['except', byCounts(2, setMultiplicity({ op: 'except', all: false }))],
    ['except all', byCounts(2, setMultiplicity({ op: 'except', all: true }))],
    [
      'union all',
      {
        inputTypes: [rowTypes, rowTypes],
        outputTypes: rowTypes,
        make: () => new Union(rowTypes, [rowTypes, rowTypes]),
        expected: (inputs) => inputs.flat(),
        consolidated: false,
      },
    ],
  ];
  for (const [name, test] of cases) {
    it(name, () => {
      for (let seed = 0; seed < 4; seed++) {
        const random = new SeededRandom(seed);
        const inputs = test.inputTypes.length;
        checkHistory(
          test,
          randomHistory(random, { inputs, ticks: 40, changesMax: 12, row: makeRow(random) }),
        );
      }
    });
  }
});
