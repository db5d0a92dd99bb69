import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import type { Expr } from '../expr/expr.ts';
import type { TableFunction } from '../expr/functions/registry.ts';
import type { FlatMapSpec } from '../plan/dataflow-plan.ts';
import type { Row } from '../types/datum.ts';
import { types } from '../types/sql-type.ts';
import { FlatMap } from './flat-map.ts';
import type { Heard, OperatorCase } from './testing/history.ts';
import { Running, checkHistory, columnsOf, randomHistory } from './testing/history.ts';

/** 1 to n; fails for negative n. */
const series: TableFunction = {
  id: 'series(integer)',
  name: 'series',
  parameters: [types.integer],
  variadic: false,
  optional: 0,
  columns: () => [{ name: 'series', type: types.integer }],
  strict: true,
  evaluate: function* ([n]) {
    if ((n as number) < 0) throw new SqlError('22023', 'negative');
    for (let i = 1; i <= (n as number); i++) yield [i];
  },
};

const inputTypes = [types.text, types.integer];
const argument: Expr = { kind: 'column', index: 1, type: types.integer };

function flatCase(ordinality: boolean, outer: boolean): OperatorCase {
  const outputTypes = [...inputTypes, types.integer, ...(ordinality ? [types.bigint] : [])];
  const spec: FlatMapSpec = {
    kind: 'flat-map',
    id: 1,
    inputs: [0],
    columns: columnsOf(outputTypes),
    appendOnly: false,
    key: null,
    fn: series,
    args: [argument],
    ordinality,
    outer,
  };
  return {
    inputTypes: [inputTypes],
    outputTypes,
    make: (context) => new FlatMap(spec, inputTypes, context),
    expected: ([rows]) =>
      rows!.flatMap((row) => {
        const count = row[1] === null ? 0 : (row[1] as number);
        const output: Row[] = [];
        for (let i = 1; i <= count; i++)
          output.push([...row, i, ...(ordinality ? [BigInt(i)] : [])]);
        if (count === 0 && outer) output.push([...row, null, ...(ordinality ? [null] : [])]);
        return output;
      }),
    consolidated: false,
  };
}

describe('flat-map', () => {
  for (const ordinality of [false, true]) {
    for (const outer of [false, true]) {
      it(`on random histories, ordinality ${ordinality}, outer ${outer}`, () => {
        const random = new SeededRandom(5);
        const row = (): Row => [
          'abc'[random.below(3)]!,
          random.below(5) === 0 ? null : random.below(4),
        ];
        const options = { inputs: 1, ticks: 30, changesMax: 9, row };
        checkHistory(flatCase(ordinality, outer), randomHistory(random, options));
      });
    }
  }

  it('gives long results in several batches', () => {
    const running = new Running(flatCase(false, false));
    running.tick([{ input: 0, row: ['a', 2500], weight: 1 }], 1);
    expect(running.emitted).toHaveLength(2500);
  });

  it('reports a function that fails, and takes it back', () => {
    const heard: Heard = { late: [], errors: [] };
    const running = new Running(flatCase(false, false), heard);
    const row: Row = ['a', -1];
    running.tick([{ input: 0, row, weight: 1 }], 1);
    running.tick([{ input: 0, row, weight: -1 }], 1);
    expect(heard.errors.map((error) => [error.code, error.weight])).toEqual([
      ['22023', 1],
      ['22023', -1],
    ]);
    expect(running.emitted).toEqual([]);
  });
});
