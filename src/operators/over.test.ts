import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { createRegistry } from '../expr/functions/builtin.ts';
import { resolveAggregate } from '../expr/resolve.ts';
import type { OverSpec } from '../plan/dataflow-plan.ts';
import type { FrameBound, WindowFrame } from '../plan/logical.ts';
import type { Row } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { Over } from './over.ts';
import { RowNumbers } from './row-numbers.ts';
import type { Change, Heard } from './testing/history.ts';
import { Multiset, Running, columnsOf } from './testing/history.ts';

/** Number of a partition, order, value, a small number, numeric, text. */
const rowTypes = [
  types.integer,
  types.bigint,
  types.bigint,
  types.integer,
  types.numeric,
  types.text,
] as const;
const registry = createRegistry();

type Call = OverSpec['calls'][number];
type Frame = Partial<WindowFrame>;

const start: FrameBound = { kind: 'unbounded-preceding', offset: null };
const end: FrameBound = { kind: 'unbounded-following', offset: null };
const current: FrameBound = { kind: 'current-row', offset: null };
const by = (kind: 'preceding' | 'following', value: number): FrameBound => ({
  kind,
  offset: { kind: 'constant', value: BigInt(value), type: types.bigint },
});

const running: WindowFrame = { mode: 'range', start, end: current, exclude: 'no others' };
const whole: WindowFrame = { mode: 'rows', start, end, exclude: 'no others' };

function call(name: string, args: number[], frame: Frame = {}, filter?: number): Call {
  const given = args.map((arg) => rowTypes[arg]!);
  const isAggregate = !name.endsWith('_value') && registry.aggregates(name).length > 0;
  const resolved = isAggregate ? resolveAggregate(registry, name, given) : null;
  const type = (): SqlType => {
    if (resolved !== null) return resolved.returns;
    if (['row_number', 'rank', 'dense_rank'].includes(name)) return types.bigint;
    if (['percent_rank', 'cume_dist'].includes(name)) return types.double;
    return name === 'ntile' ? types.integer : given[0]!;
  };
  return {
    name,
    aggregate: resolved !== null ? resolved.fn : null,
    args,
    filter: filter ?? null,
    frame: { ...running, ...frame },
    type: type(),
  };
}

const orderBy = (column: number, descending = false) => ({
  column,
  descending,
  nullsFirst: descending,
});

function specOf(
  calls: readonly Call[],
  options: { ordered?: boolean; desc?: boolean } = {},
): OverSpec {
  const outputTypes = [...rowTypes, ...calls.map(({ type }) => type)];
  return {
    kind: 'over',
    id: 1,
    inputs: [0],
    columns: columnsOf(outputTypes),
    appendOnly: false,
    key: null,
    partitionBy: [0],
    order: options.ordered === false ? [] : [orderBy(1, options.desc)],
    calls,
  };
}

function caseOf(calls: readonly Call[], options: { ordered?: boolean; desc?: boolean } = {}) {
  const spec = specOf(calls, options);
  const outputTypes = spec.columns.map((column) => column.type);
  return {
    inputTypes: [rowTypes],
    outputTypes,
    make: (context: ConstructorParameters<typeof Over>[2]) => new Over(spec, rowTypes, context),
    expected: () => [],
    consolidated: true,
  };
}

function randomRow(random: SeededRandom): Row {
  return [
    random.below(10) === 0 ? 1 : 0,
    random.below(12) === 0 ? null : BigInt(random.below(300)),
    random.below(8) === 0 ? null : BigInt(random.below(50)),
    random.below(300) === 0 ? 0 : 1 + random.below(4),
    Decimal.fromBigInt(BigInt(random.below(30)) * 10n, random.below(2) + 1),
    ['a', 'b', 'c'][random.below(3)]!,
  ];
}

const frames: readonly (readonly [string, Frame])[] = [
  ['running', {}],
  ['running by rows', { mode: 'rows' }],
  ['whole', whole],
  ['rest', { mode: 'rows', start: current, end }],
  ['rest of the range', { start: current, end }],
  ['rows before', { mode: 'rows', start: by('preceding', 3), end: current }],
  ['rows around', { mode: 'rows', start: by('preceding', 2), end: by('following', 3) }],
  ['rows behind', { mode: 'rows', start: by('preceding', 5), end: by('preceding', 2) }],
  ['rows ahead', { mode: 'rows', start: by('following', 2), end: by('following', 4) }],
  ['all but the last rows', { mode: 'rows', end: by('preceding', 3) }],
  ['all and more rows', { mode: 'rows', end: by('following', 3) }],
  ['rows from afar', { mode: 'rows', start: by('following', 3), end }],
  ['range before', { start: by('preceding', 4), end: current }],
  ['range around', { start: by('preceding', 4), end: by('following', 2) }],
  ['range behind', { start: by('preceding', 9), end: by('preceding', 4) }],
  ['range ahead', { start: by('following', 4), end: by('following', 9) }],
  ['range to afar', { end: by('following', 4) }],
  ['groups around', { mode: 'groups', start: by('preceding', 2), end: by('following', 1) }],
  ['groups behind', { mode: 'groups', start: by('preceding', 4), end: by('preceding', 2) }],
  ['without itself', { mode: 'rows', start: by('preceding', 3), exclude: 'current row' }],
  ['without peers', { start: by('preceding', 3), exclude: 'group' }],
  ['without ties', { mode: 'rows', start, end: by('following', 2), exclude: 'ties' }],
];

const cases: readonly (readonly [string, Call])[] = [
  ...['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist'].map(
    (name) => [name, call(name, [])] as const,
  ),
  ['ntile', call('ntile', [3])],
  ['lag', call('lag', [2])],
  ['lead by a column', call('lead', [2, 3])],
  ['lag with a default', call('lag', [2, 3, 1])],
  ...frames.flatMap(([what, frame]) => [
    [`sum, ${what}`, call('sum', [2], frame)] as const,
    [`max, ${what}`, call('max', [4], frame)] as const,
    [`first_value, ${what}`, call('first_value', [2], frame)] as const,
    [`last_value, ${what}`, call('last_value', [2], frame)] as const,
    [`nth_value, ${what}`, call('nth_value', [2, 3], frame)] as const,
  ]),
  ['count', call('count', [])],
  ['min of integers', call('min', [2])],
  ['avg of numerics', call('avg', [4])],
  ['array_agg, around', call('array_agg', [5], frames[6]![1])],
];

/** A history of one partition with some hundred rows and one with a few. */
function history(random: SeededRandom): Change[][] {
  const present: Row[] = [];
  const add = (): Change => {
    const row = present.length > 0 && random.below(9) === 0 ? present[0]! : randomRow(random);
    present.push(row);
    return { input: 0, row, weight: 1 };
  };
  const remove = (): Change => {
    const [row] = present.splice(random.below(present.length), 1);
    return { input: 0, row: row!, weight: -1 };
  };
  const ticks = [Array.from({ length: 300 }, add)];
  for (let t = 0; t < 7; t++) {
    const tick: Change[] = [];
    const changes = 1 + random.below(t % 5 === 4 ? 12 : 3);
    for (let c = 0; c < changes; c++) {
      const kind = random.below(3);
      if (kind !== 0) tick.push(remove());
      if (kind !== 1) tick.push(add());
    }
    ticks.push(tick);
  }
  ticks.push(Array.from({ length: present.length - 20 }, remove), [add(), remove(), add()]);
  return ticks;
}

function reportsOf({ errors }: Heard): Map<string, number> {
  const net = new Map<string, number>();
  for (const { code, message, values, weight } of errors) {
    const key = `${code} ${message} ${values.map(String).join()}`;
    const sum = (net.get(key) ?? 0) + weight;
    if (sum === 0) net.delete(key);
    else net.set(key, sum);
  }
  return net;
}

describe('a change of a window gives what the window gives anew', () => {
  for (const [index, [name, each]] of cases.entries()) {
    it(name, () => {
      const unordered = index % 7 === 3 && each.frame.mode === 'rows';
      const test = caseOf([each], { ordered: !unordered, desc: index % 2 === 1 });
      const random = new SeededRandom(index);
      const heard: Heard = { late: [], errors: [] };
      const steady = new Running(test, heard);
      const rows = new Multiset(rowTypes);
      const total = new Multiset(test.outputTypes);
      for (const tick of history(random)) {
        for (const { row, weight } of tick) rows.add(row, weight);
        for (const { row, weight } of steady.tick(tick, 100).weighted()) total.add(row, weight);
        expect(steady.emitted.length).toBe([...steady.output.weighted()].length);
        const anewHeard: Heard = { late: [], errors: [] };
        const anew = new Running(test, anewHeard);
        const all = [...rows.weighted()].map(({ row, weight }) => ({ input: 0, row, weight }));
        expect(total.print()).toBe(anew.tick(all, 100).print());
        expect(reportsOf(heard)).toEqual(reportsOf(anewHeard));
      }
    });
  }
});

describe('a change of one row in ten thousand computes', () => {
  const count = 10_000;

  function computedBy(each: Call, change: (i: number) => Change[]): number {
    const test = caseOf([each]);
    let operator: Over | null = null;
    const steady = new Running({ ...test, make: (context) => (operator = test.make(context)) });
    const all = Array.from({ length: count }, (_, i) => rowAt(i, BigInt(i % 50)));
    steady.tick(
      all.map((row) => ({ input: 0, row, weight: 1 })),
      1000,
    );
    const before = operator!.computed;
    steady.tick(change(count / 2), 1000);
    return operator!.computed - before;
  }

  const rowAt = (i: number, value: bigint): Row => [
    0,
    BigInt(i),
    value,
    2,
    Decimal.parse('1'),
    'a',
  ];
  const update = (value: bigint) => (i: number) => [
    { input: 0, row: rowAt(i, BigInt(i % 50)), weight: -1 },
    { input: 0, row: rowAt(i, value), weight: 1 },
  ];

  const few: readonly (readonly [string, Call])[] = [
    ['row_number', call('row_number', [])],
    ['rank', call('rank', [])],
    ['dense_rank', call('dense_rank', [])],
    ['ntile', call('ntile', [3])],
    ['lag', call('lag', [2])],
    ['lead', call('lead', [2, 3])],
    ['first_value', call('first_value', [2])],
    ['nth_value', call('nth_value', [2, 3])],
    ['last_value', call('last_value', [2])],
    ['sum of three rows', call('sum', [2], frames[5]![1])],
    ['sum of a range', call('sum', [2], frames[13]![1])],
    ['max of groups', call('max', [2], frames[17]![1])],
    ['running max', call('max', [2])],
    ['running count', call('count', [2])],
    ['whole count', call('count', [], whole)],
    ['whole max', call('max', [2], whole)],
  ];
  for (const [name, each] of few) {
    it(`a few values of ${name}`, () => {
      expect(computedBy(each, update(7n))).toBeLessThan(40);
    });
  }

  it('the numbers of the rows between two places', () => {
    const spec = { ...specOf([call('row_number', [])]), order: [orderBy(1)] };
    const numbers = new RowNumbers(spec, rowTypes);
    const steady = new Running({ ...caseOf(spec.calls), make: () => numbers });
    const all = Array.from({ length: count }, (_, i) => rowAt(i, 1n));
    steady.tick(
      all.map((row) => ({ input: 0, row, weight: 1 })),
      1000,
    );
    const walkedBy = (from: number, to: number): number => {
      const before = numbers.walked;
      const tick = [
        { input: 0, row: rowAt(from, 1n), weight: -1 },
        { input: 0, row: rowAt(to, 2n), weight: 1 },
      ];
      steady.tick(tick, 10);
      return numbers.walked - before;
    };
    expect(walkedBy(5000, 5010)).toBeLessThan(15);
    expect(walkedBy(9000, 8000)).toBeLessThan(1010);
    expect(steady.emitted.length).toBe(2000);
  });

  it('no value before the row for a running sum', () => {
    const computed = computedBy(call('sum', [2]), update(7n));
    expect(computed).toBeGreaterThanOrEqual(count);
    expect(computed).toBeLessThan(count + 10);
  });

  it('the values of all rows where the value of all is another', () => {
    expect(computedBy(call('max', [2], whole), update(1000n))).toBeGreaterThanOrEqual(2 * count);
  });
});
