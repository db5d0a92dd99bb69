import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import type { SessionSpec, WindowNodeSpec } from '../plan/dataflow-plan.ts';
import { SessionWindow } from './session.ts';
import type { Heard, OperatorCase } from './testing/history.ts';
import {
  Multiset,
  Running,
  Segments,
  batchOf,
  checkHistory,
  columnsOf,
  randomHistory,
} from './testing/history.ts';
import { TimeWindow } from './window.ts';

const second = 1_000_000;
const inputTypes: SqlType[] = [types.integer, types.timestamp];
const outputTypes: SqlType[] = [...inputTypes, types.timestamp, types.timestamp, types.timestamp];
const base = {
  id: 1,
  inputs: [0],
  columns: columnsOf(outputTypes),
  appendOnly: false,
  key: null,
  timeColumn: 1,
};

const at = (seconds: number): bigint => BigInt(Math.round(seconds * second));

function windowCase(
  window: WindowNodeSpec['window'],
  lateness: number | null = null,
  merged: readonly number[] | null = null,
): OperatorCase {
  const spec: WindowNodeSpec = { ...base, kind: 'window', byClock: false, window, lateness };
  return {
    inputTypes: [inputTypes],
    outputTypes,
    make: (context) => new TimeWindow(spec, columnsOf(inputTypes), context, merged),
    expected: () => [],
    consolidated: false,
  };
}

/** [start, end) in seconds of the windows that times (in seconds) fall into. */
function windowsOf(window: WindowNodeSpec['window'], times: readonly number[]): string[] {
  const running = new Running(windowCase(window));
  const rows = times.map((time, i) => ({ input: 0, row: [i, at(time)] as Row, weight: 1 }));
  running.tick(rows, 100);
  return running.output
    .rows()
    .sort((a, b) => Number(a[0]) - Number(b[0]) || Number((a[2] as bigint) - (b[2] as bigint)))
    .map((row) => {
      expect(row[4]).toBe((row[3] as bigint) - 1000n);
      return `${times[row[0] as number]}: ${Number(row[2]) / second}..${Number(row[3]) / second}`;
    });
}

describe('time windows', () => {
  it('tumble with floor division, also before 1970', () => {
    const window = { fn: 'tumble', size: 600 * second, offset: 0 } as const;
    expect(windowsOf(window, [0, 599.999999, 600, -1])).toEqual([
      '0: 0..600',
      '599.999999: 0..600',
      '600: 600..1200',
      '-1: -600..0',
    ]);
  });

  it('tumble with offsets of either sign', () => {
    const day = 86_400;
    const wednesday = Date.UTC(2024, 0, 3) / 1000;
    const monday = Date.UTC(2024, 0, 1) / 1000;
    for (const offset of [4, -3]) {
      const window = {
        fn: 'tumble',
        size: 7 * day * second,
        offset: offset * day * second,
      } as const;
      expect(windowsOf(window, [wednesday])).toEqual([
        `${wednesday}: ${monday}..${monday + 7 * day}`,
      ]);
    }
    const thursday = { fn: 'tumble', size: 7 * day * second, offset: 0 } as const;
    const start = Date.UTC(2023, 11, 28) / 1000;
    expect(windowsOf(thursday, [wednesday])).toEqual([
      `${wednesday}: ${start}..${start + 7 * day}`,
    ]);
  });

  it('hop with a size that is no multiple of the slide', () => {
    const window = { fn: 'hop', size: 10 * second, slide: 3 * second, offset: 0 } as const;
    expect(windowsOf(window, [9])).toEqual(['9: 0..10', '9: 3..13', '9: 6..16', '9: 9..19']);
    expect(windowsOf(window, [10])).toEqual(['10: 3..13', '10: 6..16', '10: 9..19']);
    expect(windowsOf(window, [0])).toEqual(['0: -9..1', '0: -6..4', '0: -3..7', '0: 0..10']);
  });

  it.each([
    { fn: 'hop', size: 10 * second, slide: 3 * second, offset: second },
    { fn: 'hop', size: 2 * second, slide: 5 * second, offset: 0 },
    { fn: 'cumulate', size: 12 * second, step: 4 * second, offset: 0 },
  ] as const)('give the same rows when equal ones are merged: %o', (window) => {
    const random = new SeededRandom(8);
    const lateness = 2 * second;
    const plain = new Running(windowCase(window, lateness));
    const merging = new Running(windowCase(window, lateness, [0]));
    // The time is not read where rows are merged.
    const withoutTime = (rows: readonly Row[]): string[] =>
      rows.map((row) => row.filter((_, column) => column !== 1).join(' ')).sort();
    for (let tick = 0; tick < 60; tick++) {
      const rows = Array.from({ length: 100 }, () => ({
        input: 0,
        row: [random.below(3), at(tick + random.below(60) / 10 - 3)] as Row,
        weight: 1 + random.below(2),
      }));
      for (const each of [plain, merging]) {
        each.tick(rows, 50);
        each.operator.watermark((tick - 2) * second, 0);
      }
      expect(withoutTime(merging.output.rows())).toEqual(withoutTime(plain.output.rows()));
    }
    expect(merging.operator.counters.rowsOut).toBeLessThan(plain.operator.counters.rowsOut * 0.6);
    expect(merging.operator.counters.rowsLate).toBe(plain.operator.counters.rowsLate);
  });

  it('hop with gaps leaves rows out', () => {
    const window = { fn: 'hop', size: 2 * second, slide: 5 * second, offset: 0 } as const;
    expect(windowsOf(window, [0, 1, 2, 4, 5, 6])).toEqual([
      '0: 0..2',
      '1: 0..2',
      '5: 5..7',
      '6: 5..7',
    ]);
  });

  it('cumulate', () => {
    const window = { fn: 'cumulate', size: 6 * second, step: 2 * second, offset: 0 } as const;
    expect(windowsOf(window, [1, 5])).toEqual(['1: 0..2', '1: 0..4', '1: 0..6', '5: 0..6']);
  });

  it('judges lateness by the watermark before each row', () => {
    const heard: Heard = { late: [], errors: [] };
    const window = { fn: 'tumble', size: 10 * second, offset: 0 } as const;
    const running = new Running(windowCase(window, 2 * second), heard);
    const batch = batchOf(inputTypes, [
      { row: [1, at(1)], weight: 1 },
      { row: [2, at(2)], weight: 1 },
      { row: [3, at(12)], weight: 1 },
    ]);
    batch.rowWatermarks = Float64Array.of(11.999999 * second, 12 * second, 12 * second);
    running.operator.push(batch, 0);
    expect(running.output.rows().map((row) => row[0])).toEqual([1, 3]);
    expect(heard.late.map((late) => [late.values[0], late.windowStart, late.windowEnd])).toEqual([
      [2, 0, 10 * second],
    ]);
    expect(running.operator.counters.rowsLate).toBe(1);
  });

  it('falls back to its own watermark, which survives a restart', () => {
    const heard: Heard = { late: [], errors: [] };
    const window = { fn: 'tumble', size: 10 * second, offset: 0 } as const;
    const test = windowCase(window, 0);
    const before = new Running(test, heard);
    before.operator.watermark(10 * second, 0);
    expect(before.watermark).toBe(10 * second);
    const segments = new Segments();
    segments.write(before.operator, true);
    const after = new Running(test, heard);
    segments.load(after.operator);
    after.tick(
      [
        { input: 0, row: [1, at(9)], weight: 1 },
        { input: 0, row: [2, at(10)], weight: 1 },
      ],
      9,
    );
    expect(after.output.rows().map((row) => row[0])).toEqual([2]);
    expect(heard.late).toHaveLength(1);
  });

  it('refuses and counts rows without a usable time', () => {
    const heard: Heard = { late: [], errors: [] };
    const running = new Running(windowCase({ fn: 'tumble', size: second, offset: 0 }), heard);
    const infinity = 9223372036854775807n;
    running.tick(
      [null, infinity, 10n ** 17n, 5n].map((time, i) => ({ input: 0, row: [i, time], weight: 1 })),
      10,
    );
    expect(running.output.rows().map((row) => row[0])).toEqual([3]);
    expect(heard.errors.map((error) => error.code)).toEqual(['22004', '22008', '22008']);
    expect(running.operator.counters.rowsFailed).toBe(3);
  });
});

const gap = 10 * second;

function sessionCase(lateness: number | null, appendOnly = false): OperatorCase {
  const spec: SessionSpec = { ...base, kind: 'session', gap, partitionBy: [0], lateness };
  return {
    inputTypes: [inputTypes],
    outputTypes,
    make: (context) => new SessionWindow(spec, columnsOf(inputTypes), context),
    expected: ([rows]) => {
      const output: Row[] = [];
      for (const key of new Set(rows!.map((row) => row[0]))) {
        const sorted = rows!
          .filter((row) => row[0] === key && row[1] !== null)
          .sort((a, b) => Number((a[1] as bigint) - (b[1] as bigint)));
        for (let from = 0; from < sorted.length;) {
          let to = from + 1;
          while (to < sorted.length && Number(sorted[to]![1]) - Number(sorted[to - 1]![1]) <= gap)
            to++;
          const start = sorted[from]![1] as bigint;
          const end = (sorted[to - 1]![1] as bigint) + BigInt(gap);
          for (; from < to; from++) output.push([...sorted[from]!, start, end, end - 1000n]);
        }
      }
      return output;
    },
    consolidated: true,
    appendOnly,
  };
}

describe('session windows', () => {
  const makeRow = (random: SeededRandom) => (): Row => [
    random.below(7) === 0 ? null : random.below(3),
    random.below(12) === 0 ? null : at(random.below(60) * 2.5 - 40),
  ];

  it('agree with a plain computation on random histories', () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = new SeededRandom(seed);
      checkHistory(
        sessionCase(null),
        randomHistory(random, { inputs: 1, ticks: 30, changesMax: 8, row: makeRow(random) }),
      );
    }
  });

  const sessionsOf = (running: Multiset): string[] =>
    running
      .rows()
      .map(
        (row) =>
          `${Number(row[1]) / second}: ${Number(row[2]) / second}..${Number(row[3]) / second}`,
      )
      .sort();

  it('merge what lies exactly the gap apart, and no more', () => {
    for (const batchRows of [1, 10]) {
      const running = new Running(sessionCase(null));
      running.tick(
        [0, 10, 20.000001].map((t) => ({ input: 0, row: [1, at(t)], weight: 1 })),
        batchRows,
      );
      expect(sessionsOf(running.output)).toEqual([
        '0: 0..20',
        '10: 0..20',
        '20.000001: 20.000001..30.000001',
      ]);
    }
  });

  it('split when the row between goes', () => {
    const running = new Running(sessionCase(null));
    running.tick(
      [0, 9, 18].map((t) => ({ input: 0, row: [1, at(t)], weight: 1 })),
      10,
    );
    running.tick([{ input: 0, row: [1, at(9)], weight: -1 }], 10);
    expect(running.output.print()).toBe(
      [
        '-1 x 1 | 0 | 0 | 28000000 | 27999000',
        '-1 x 1 | 18000000 | 0 | 28000000 | 27999000',
        '-1 x 1 | 9000000 | 0 | 28000000 | 27999000',
        '1 x 1 | 0 | 0 | 10000000 | 9999000',
        '1 x 1 | 18000000 | 18000000 | 28000000 | 27999000',
      ].join('\n'),
    );
  });

  it('give the same with event time, whatever the batches', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new SeededRandom(seed);
      let clock = 0;
      const rows = Array.from({ length: 60 }, (): { row: Row; watermark: number } => {
        const time = Math.max(0, clock - random.below(30));
        const watermark = (clock - 12) * second;
        clock += random.below(6);
        return { row: [random.below(2), at(time)], watermark };
      });
      const outcomes = [1, 5, 60].map((batchRows) => {
        const heard: Heard = { late: [], errors: [] };
        let running = new Running(sessionCase(3 * second, true), heard);
        const total = new Multiset(outputTypes);
        for (let from = 0; from < rows.length; from += batchRows) {
          const part = rows.slice(from, from + batchRows);
          const batch = batchOf(
            inputTypes,
            part.map(({ row }) => ({ row, weight: 1 })),
          );
          batch.rowWatermarks = Float64Array.from(part, ({ watermark }) => watermark);
          running.operator.push(batch, 0);
          running.operator.watermark(part.at(-1)!.watermark, 0);
          running.output = new Multiset(outputTypes);
          running.operator.flush();
          for (const { row, weight } of running.output.weighted()) total.add(row, weight);
          // Every fifth step goes on from the state alone.
          if (from % (5 * batchRows) !== 0) continue;
          const segments = new Segments();
          segments.write(running.operator, true);
          running = new Running(sessionCase(3 * second, true), heard);
          segments.load(running.operator);
        }
        const late = heard.late.map((each) => each.values.join(' ')).join(',');
        return `${total.print()}\nlate: ${late}`;
      });
      expect(outcomes[1]).toBe(outcomes[0]);
      expect(outcomes[2]).toBe(outcomes[0]);
    }
  });

  it('forget closed sessions without touching the output', () => {
    const running = new Running(sessionCase(0, true));
    running.tick(
      [
        { input: 0, row: [1, at(0)], weight: 1 },
        { input: 0, row: [1, at(50)], weight: 1 },
      ],
      10,
    );
    expect(running.operator.stateTables[0]!.rows).toBe(2);
    running.operator.watermark(30 * second, 0);
    running.output = new Multiset(outputTypes);
    running.operator.flush();
    expect(running.output.print()).toBe('');
    expect(running.operator.stateTables[0]!.rows).toBe(1);
    expect(running.watermark).toBe(30 * second);
  });
});
