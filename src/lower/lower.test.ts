/** What plans become: fused maps, keys, windows that forget, and the queries that are refused. */

import { describe, expect, it } from 'vitest';
import type { LogicalPlan } from '../plan/logical.ts';
import { makeUnion } from '../plan/make.ts';
import { printDataflow } from '../plan/print-dataflow.ts';
import { stateOfPlan } from '../plan/state-words.ts';
import {
  aggregate,
  aggregateCall,
  and,
  ascending,
  col,
  constant,
  field,
  filter,
  int,
  join,
  op,
  project,
  scan,
  sort,
  windowed,
} from '../testing/plan-builder.ts';
import type { TestTable } from '../testing/plan-builder.ts';
import { types } from '../types/sql-type.ts';
import { lower } from './lower.ts';
import { lowerQuery } from './lower-query.ts';

const minute = 60_000_000;

const clicks: TestTable = {
  name: 'clicks',
  oid: 1,
  schema: [field('user_id', types.integer), field('at', types.timestamptz, { time: 'event' })],
  rows: [],
  appendOnly: true,
  keys: [],
};
const users: TestTable = {
  name: 'users',
  oid: 2,
  schema: [field('id', types.integer), field('age', types.bigint)],
  rows: [],
  appendOnly: false,
  keys: [[0]],
};
const c = scan(clicks);
const u = scan(users);
const count = ['clicks', aggregateCall('count', [])] as const;
const tumble = windowed(c, 1, { fn: 'tumble', size: minute, offset: 0 });

function lines(plan: LogicalPlan, options: Parameters<typeof lower>[1] = {}): string[] {
  return printDataflow(lower(plan, options)).split('\n');
}

function by(input: LogicalPlan, ...names: readonly string[]): LogicalPlan {
  return aggregate(
    input,
    names.map((name) => [name, col(input, name)] as const),
    [count],
  );
}

describe('lower', () => {
  it('fuses filters and projections into one map', () => {
    const older = filter(u, op('>', col(u, 'age'), int(18)));
    const next = project(older, [['n', op('+', col(u, 'age'), int(1))]]);
    const plan = filter(next, op('<', col(next, 'n'), int(100)));
    expect(lines(plan)).toEqual([
      '2 map n := age + 1 where age > 18 AND (age + 1) < 100',
      '└─ 1 scan table public.users (id, age)',
      '      key id',
    ]);
  });

  it('makes keys of equalities, with casts where types differ, and a residual of the rest', () => {
    const on = and(
      op('=', col(c, 'user_id'), col(u, 'id', 2)),
      op('>', col(u, 'age', 2), col(c, 'user_id')),
    );
    const plan = lower(join('left', c, u, on));
    const node = plan.nodes[plan.root]!;
    expect(node).toMatchObject({ kind: 'join', leftKeys: [0], rightKeys: [0], nullSafe: [false] });
    expect(node.kind === 'join' && node.residual !== null).toBe(true);
    const cross = lower(join('inner', c, u, constant(true, types.boolean)));
    expect(cross.nodes[cross.root]).toMatchObject({ leftKeys: [], residual: null });
  });

  it('computes a key that is no column below the join and drops it above', () => {
    const on = op('=', op('+', col(c, 'user_id'), int(1)), col(u, 'id', 2));
    const plan = lower(join('inner', c, u, on));
    expect(plan.nodes.map((node) => node.kind)).toEqual(['scan', 'scan', 'map', 'join', 'map']);
    expect(plan.nodes[plan.root]!.columns).toHaveLength(4);
  });

  it('makes equal subplans once', () => {
    const once = () => by(filter(c, op('>', col(c, 'user_id'), int(1))), 'user_id');
    const plan = lower(makeUnion([once(), once()]));
    expect(plan.nodes.map((node) => node.kind)).toEqual(['scan', 'map', 'aggregate', 'union']);
    expect(plan.nodes.at(-1)!.inputs).toEqual([2, 2]);
  });

  it('knows when an aggregate hears of no retraction', () => {
    const over = (plan: LogicalPlan) => {
      const lowered = lower(plan);
      return lowered.nodes.find((node) => node.kind === 'aggregate');
    };
    expect(over(by(c, 'user_id'))).toMatchObject({ insertOnly: true, window: null, global: false });
    expect(over(by(u, 'age'))).toMatchObject({ insertOnly: false });
    expect(over(by(c))).toMatchObject({ global: true, key: [] });
  });

  it('expands grouping sets into a union of aggregates', () => {
    const rollup = aggregate(c, [['user_id', col(c, 'user_id')]], [count], [[0], []]);
    const plan = lower(rollup);
    expect(plan.nodes.filter((node) => node.kind === 'aggregate')).toHaveLength(2);
    expect(plan.nodes[plan.root]!.kind).toBe('union');
  });

  it('forgets the groups of a window by its end, found through projections', () => {
    const renamed = project(tumble, [
      ['who', col(tumble, 'user_id')],
      ['begin', col(tumble, 'window_start')],
      ['finish', col(tumble, 'window_end')],
    ]);
    const plan = lower(by(renamed, 'who', 'begin', 'finish'), { lateness: 7 });
    expect(plan.nodes[plan.root]).toMatchObject({
      kind: 'aggregate',
      window: { start: 1, end: 2, lateness: 7 },
      emit: 'update',
    });
  });

  it('adds the end of a tumbling window when only its start is grouped by', () => {
    const plan = lower(by(tumble, 'window_start'), { emit: 'window-close' });
    const node = plan.nodes.find((each) => each.kind === 'aggregate');
    expect(node).toMatchObject({ window: { start: 0, end: 1 }, emit: 'window-close' });
    expect(plan.nodes[plan.root]).toMatchObject({ kind: 'map', appendOnly: true });
    expect(plan.nodes[plan.root]!.columns.map((column) => column.name)).toEqual([
      'window_start',
      'clicks',
    ]);
  });

  it('does not take the start of a cumulating window or a session for its end', () => {
    const cumulate = windowed(c, 1, { fn: 'cumulate', size: minute, step: minute / 2, offset: 0 });
    const session = windowed(c, 1, { fn: 'session', gap: minute, partitionBy: [0] });
    for (const window of [cumulate, session]) {
      const plan = lower(by(window, 'window_start'), { fusesSessions: false });
      expect(plan.nodes[plan.root]).toMatchObject({ kind: 'aggregate', window: null });
    }
    const ended = lower(by(session, 'user_id', 'window_start', 'window_end'), {
      fusesSessions: false,
    });
    expect(ended.nodes[ended.root]).toMatchObject({
      insertOnly: false,
      window: { start: 1, end: 2 },
    });
  });

  it('aggregates by session in one operator where a group is a session', () => {
    const session = windowed(c, 1, { fn: 'session', gap: minute, partitionBy: [0] });
    expect(lines(by(session, 'window_end', 'user_id'), { emit: 'window-close' })).toEqual([
      '3 map window_end, user_id, clicks',
      '│  append-only, key user_id, window_end',
      '└─ 2 aggregate by window session(at, 1 minute) partition by user_id: count(*), emits when the window closes, drops late rows',
      '   │  append-only, key user_id, window_end',
      '   └─ 1 scan table public.clicks (user_id, at)',
      '         append-only',
    ]);
    const kept = stateOfPlan(lower(by(session, 'user_id', 'window_start', 'window_end')));
    expect(kept).toMatchObject([
      {
        table: 'sessions',
        holds: 'user_id, session → first and last time, count(*)',
        bounded: true,
      },
    ]);
  });

  it('keeps the rows of sessions where it needs them', () => {
    const partitioned = { fn: 'session', gap: minute, partitionBy: [0] } as const;
    const session = windowed(c, 1, partitioned);
    const keys = ['user_id', 'window_start', 'window_end'];
    const calling = (input: LogicalPlan, call: ReturnType<typeof aggregateCall>): LogicalPlan =>
      aggregate(
        input,
        keys.map((name) => [name, col(input, name)] as const),
        [['n', call]],
      );
    const user = col(session, 'user_id');
    const retracting = windowed(scan({ ...clicks, oid: 3, appendOnly: false }), 1, partitioned);
    const general: LogicalPlan[] = [
      by(session, 'window_start', 'window_end'),
      by(session, 'user_id'),
      by(session, 'user_id', 'at', 'window_end'),
      by(retracting, ...keys),
      by(filter(session, op('>', col(session, 'window_end'), col(session, 'at'))), ...keys),
      by(windowed(c, 1, { ...partitioned, partitionBy: [] }), ...keys),
      calling(session, aggregateCall('count', [user], { distinct: true })),
      calling(session, aggregateCall('stddev', [user])),
      calling(session, aggregateCall('max', [col(session, 'window_end')])),
      calling(session, aggregateCall('sum', [op('-', col(session, 'at'), col(session, 'at'))])),
    ];
    for (const plan of general) {
      const kinds = lower(plan).nodes.map((node) => node.kind);
      expect(kinds).toContain('session');
      expect(kinds).not.toContain('session-aggregate');
    }
    const most = calling(session, aggregateCall('max', [op('-', user, int(1))]));
    expect(lower(most).nodes.map((node) => node.kind)).toEqual(['scan', 'session-aggregate']);
  });

  it('never forgets windows over a table without event time', () => {
    const plain: TestTable = { ...clicks, oid: 3, appendOnly: false };
    const window = windowed(scan(plain), 1, { fn: 'tumble', size: minute, offset: 0 });
    const plan = lower(by(window, 'window_start', 'window_end'));
    expect(plan.nodes[plan.root]).toMatchObject({ window: null });
    expect(plan.nodes.find((node) => node.kind === 'window')).toMatchObject({ lateness: null });
  });

  it('closes the windows of a second aggregation over the first', () => {
    const first = by(tumble, 'user_id', 'window_start', 'window_end');
    const second = aggregate(
      first,
      [['window_end', col(first, 'window_end')]],
      [['most', aggregateCall('max', [col(first, 'clicks')])]],
    );
    const plan = lower(second, { emit: 'window-close' });
    const closing = plan.nodes.filter((node) => node.kind === 'aggregate');
    expect(closing.map((node) => node.emit)).toEqual(['window-close', 'window-close']);
    expect(plan.nodes[plan.root]!.appendOnly).toBe(true);
  });

  it('refuses EMIT ON WINDOW CLOSE where nothing is final', () => {
    const emit = 'window-close' as const;
    const refused = expect.objectContaining({ code: '0A000' });
    expect(() => lower(c, { emit })).toThrow(refused);
    expect(() => lower(by(c, 'user_id'), { emit })).toThrow(refused);
    const windows = by(tumble, 'user_id', 'window_end');
    expect(() => lower(by(windows, 'user_id'), { emit })).toThrow(refused);
  });

  it('gives the order of a query back with hidden columns to sort by', () => {
    const ordered = sort(u, {
      order: [ascending(op('+', col(u, 'age'), int(1)))],
      limit: constant(5n, types.bigint),
    });
    const query = lowerQuery(project(ordered, [['id', col(u, 'id')]]));
    expect(query).toMatchObject({
      order: [{ column: 1, descending: false, nullsFirst: false }],
      limit: 5,
      offset: 0,
      visibleColumns: 1,
    });
    expect(query.plan.nodes.map((node) => node.kind)).toEqual(['scan', 'map']);
    const view = lower(ordered);
    expect(view.nodes.some((node) => node.kind === 'top-n')).toBe(true);
  });

  it('refuses a negative LIMIT as PostgreSQL does', () => {
    const plan = sort(u, { limit: constant(-1n, types.bigint) });
    expect(() => lower(plan)).toThrow(expect.objectContaining({ code: '2201W' }));
  });

  it('gives equal fingerprints to equal meanings only', () => {
    const print = (plan: LogicalPlan, salt = ''): string =>
      lower(plan, { fingerprintSalt: salt }).fingerprint;
    const plan = by(tumble, 'window_end');
    const named = project(plan, [
      ['other', col(plan, 'window_end')],
      ['name', col(plan, 'clicks')],
    ]);
    expect(print(named)).toBe(print(plan));
    expect(print(plan, '2')).not.toBe(print(plan));
    const longer = windowed(c, 1, { fn: 'tumble', size: 2 * minute, offset: 0 });
    expect(print(by(longer, 'window_end'))).not.toBe(print(plan));
  });

  it('says what state grows and what forgets', () => {
    const words = (plan: LogicalPlan): string[] =>
      stateOfPlan(lower(plan)).map(({ table, holds, forgets }) => `${table}: ${holds}; ${forgets}`);
    expect(words(by(tumble, 'window_start', 'window_end'))).toEqual([
      'groups: window_start, window_end → rows, count(*); forgets windows ended before the watermark',
    ]);
    expect(words(by(c, 'user_id'))).toEqual([
      'groups: user_id → rows, count(*); never forgets a group',
    ]);
    expect(words(join('inner', c, u, op('=', col(c, 'user_id'), col(u, 'id', 2))))).toEqual([
      'left: user_id → rows of the left side; never forgets: its input is append-only',
      'right: id → rows of the right side; forgets a row when it is deleted',
    ]);
  });
});
