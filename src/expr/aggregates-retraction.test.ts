/** Retraction leaves no trace: after any history an aggregate equals a fresh computation over what is left. */

import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { evaluateAggregate } from './evaluate-for-test.ts';
import { createRegistry } from './functions/builtin.ts';

type Row = readonly (string | null)[];

describe('sums of doubles are exact', () => {
  const registry = createRegistry();
  const rows: Row[] = [['1']];

  it('forgets a large value that is taken back', () => {
    const changes = [
      [['1e20'], 1],
      [['1e20'], -1],
    ] as const;
    expect(
      evaluateAggregate(registry, { name: 'sum', types: ['double precision'], rows, changes }),
    ).toBe('1');
  });

  it('forgets NaN and infinities', () => {
    const changes = [
      [['NaN'], 1],
      [['Infinity'], 1],
      [['NaN'], -1],
      [['Infinity'], -1],
    ] as const;
    expect(
      evaluateAggregate(registry, { name: 'sum', types: ['double precision'], rows, changes }),
    ).toBe('1');
  });

  it('rounds once, whatever the order', () => {
    const values: Row[] = [['0.1'], ['1e16'], ['0.2'], ['-1e16'], ['0.3']];
    expect(
      evaluateAggregate(registry, { name: 'sum', types: ['double precision'], rows: values }),
    ).toBe('0.6');
  });

  it('sums subnormals', () => {
    const values: Row[] = [['5e-324'], ['5e-324'], ['5e-324']];
    expect(
      evaluateAggregate(registry, { name: 'sum', types: ['double precision'], rows: values }),
    ).toBe('1.5e-323');
  });
});

describe('the scale of a numeric sum', () => {
  it('is that of the values that are left', () => {
    const registry = createRegistry();
    const changes = [
      [['2.3456'], 1],
      [['2.3456'], -1],
    ] as const;
    expect(
      evaluateAggregate(registry, { name: 'sum', types: ['numeric'], rows: [['1.5']], changes }),
    ).toBe('1.5');
  });
});

describe('retraction', () => {
  const registry = createRegistry();
  const random = new SeededRandom(7);
  const pick = (list: readonly string[]): string => list[random.below(list.length)]!;
  const numbers = ['1', '2', '3', '-4', '100', '7'];
  const doubles = ['0.1', '1e10', '-3.25', 'NaN', 'Infinity', '1e-9'];
  const plain: readonly (readonly [string, readonly string[], readonly (readonly string[])[]])[] = [
    ...[
      'count',
      'sum',
      'avg',
      'min',
      'max',
      'bit_and',
      'bit_or',
      'bit_xor',
      'stddev',
      'var_pop',
      'approx_count_distinct',
    ].map((name) => [name, ['integer'], [numbers]] as const),
    ...['sum', 'avg', 'stddev_pop', 'variance', 'min'].map(
      (name) => [name, ['numeric'], [['1.50', '2.125', '-7', '0.001']]] as const,
    ),
    ...['sum', 'avg', 'stddev', 'max'].map(
      (name) => [name, ['double precision'], [doubles]] as const,
    ),
    ...['bool_and', 'bool_or', 'every'].map((name) => [name, ['boolean'], [['t', 'f']]] as const),
    ...['arg_min', 'arg_max'].map(
      (name) => [name, ['text', 'integer'], [['a', 'b', 'c'], numbers]] as const,
    ),
    ...['corr', 'covar_samp', 'regr_slope'].map(
      (name) => [name, ['double precision', 'double precision'], [numbers, numbers]] as const,
    ),
    ['string_agg', ['text', 'text'], [['a', 'b'], [',']]],
    ['array_agg', ['integer'], [numbers]],
    ['jsonb_agg', ['integer'], [numbers]],
    ['mode', ['text'], [['x']]],
  ];

  it.each(plain)('of %s %j equals a fresh computation', (name, types, values) => {
    for (let round = 0; round < 20; round++) {
      const row = (): Row => values.map(pick);
      const kept = Array.from({ length: random.below(5) }, row);
      const gone = Array.from({ length: random.below(5) }, row);
      const changes = [
        ...gone.map((each) => [each, 1] as const),
        ...[...gone].reverse().map((each) => [each, -1] as const),
      ];
      const changed = evaluateAggregate(registry, { name, types, rows: kept, changes });
      expect(changed).toBe(evaluateAggregate(registry, { name, types, rows: kept }));
    }
  });

  it('may come before its addition', () => {
    const changes = [
      [['9'], -1],
      [['9'], 1],
    ] as const;
    for (const name of ['sum', 'min', 'array_agg', 'count', 'stddev']) {
      const test = { name, types: ['integer'], rows: [['1'], ['2']] };
      expect(evaluateAggregate(registry, { ...test, changes })).toBe(
        evaluateAggregate(registry, test),
      );
    }
  });
});

describe('aggregates beyond PostgreSQL 15', () => {
  const registry = createRegistry();
  it.each([
    [
      'arg_max',
      ['text', 'integer'],
      [
        ['a', '1'],
        ['b', '5'],
        ['c', null],
      ],
      'b',
    ],
    [
      'arg_min',
      ['text', 'integer'],
      [
        ['z', '1'],
        ['b', '5'],
        ['a', '1'],
      ],
      'a',
    ],
    ['approx_count_distinct', ['integer'], [['1'], ['1'], ['2'], [null]], '2'],
    ['first_value', ['integer'], [[null], ['1']], '~'],
    ['last_value', ['integer'], [['2'], ['1']], '1'],
    ['listagg', ['text'], [['a'], ['b']], 'a,b'],
  ] as const)('%s %j over %j is %s', (name, types, rows, expected) => {
    expect(evaluateAggregate(registry, { name, types, rows })).toBe(expected);
  });
});
