/** The benchmark's events and queries: made alike from equal seeds, and taken by the engine. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  defaultOriginMicros,
  eventBlocks,
  eventCounts,
  type EventSettings,
} from './nexmark-events.ts';
import { writeSideInput } from './side-input.ts';
import { namedQueries, nexmarkQueries, sinkName, viewSql } from './nexmark-queries.ts';
import { runNexmark, type NexmarkOrder, type NexmarkOutcome } from './nexmark-run.ts';

const settings: EventSettings = {
  events: 10_130,
  seed: 5,
  gapMicros: 100,
  outOfOrderMs: 0,
  originMicros: defaultOriginMicros,
};

function allEvents(changed: Partial<EventSettings> = {}): string[] {
  return [...eventBlocks({ ...settings, ...changed })].flat();
}

interface Event {
  readonly event_type: number;
  readonly person: Record<string, unknown> | null;
  readonly auction: Record<string, unknown> | null;
  readonly bid: Record<string, unknown> | null;
}

test('events depend on the seed and nothing else', () => {
  const events = allEvents();
  expect(events).toHaveLength(settings.events);
  expect(allEvents()).toEqual(events);
  expect(allEvents({ seed: 6 })).not.toEqual(events);
  // A shorter run is the beginning of a longer one.
  expect(allEvents({ events: 77 })).toEqual(events.slice(0, 77));
});

test('an event has one of three rows, in the proportion 1 : 3 : 46, and its time in order', () => {
  const events = allEvents().map((text) => JSON.parse(text) as Event);
  const counts = [0, 0, 0];
  let last = '';
  for (const { event_type, person, auction, bid } of events) {
    counts[event_type]!++;
    const rows = [person, auction, bid];
    expect(rows.map((row) => row !== null)).toEqual([0, 1, 2].map((kind) => kind === event_type));
    const time = rows[event_type]!['customTime'] as string;
    expect(time).toMatch(/^2026-01-05 08:00:\d\d\.\d{3}$/);
    expect(time >= last).toBe(true);
    last = time;
  }
  const { person, auction, bid } = eventCounts(settings.events);
  expect(counts).toEqual([person, auction, bid]);
  expect(counts).toEqual([203, 609, 9318]);
});

test('queries are found by name', () => {
  expect(namedQueries([])).toHaveLength(24);
  expect(namedQueries(['q7', 'q1']).map(({ name }) => name)).toEqual(['q1', 'q7']);
  expect(() => namedQueries(['q23'])).toThrow(/no Nexmark query "q23"/);
});

test('a query becomes a view of the name of its sink', () => {
  for (const query of nexmarkQueries) {
    const sql = viewSql(query, '/files');
    expect(sinkName(query)).toBe(`nexmark_${query.name}`);
    expect(sql).toContain(`CREATE MATERIALIZED VIEW nexmark_${query.name} AS\n`);
    expect(sql).not.toMatch(/INSERT INTO|blackhole|\$\{/);
  }
});

const directory = mkdtempSync(join(tmpdir(), 'millrace-nexmark-test-'));

beforeAll(() => writeSideInput(directory));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function order(query: string, changed: Partial<NexmarkOrder> = {}): NexmarkOrder {
  return {
    query,
    source: { kind: 'generator' },
    events: 5000,
    seed: 3,
    gapMicros: 2000,
    workers: 1,
    checkpointIntervalMs: 1000,
    warmUp: 0,
    directory,
    into: 'view',
    keepRows: false,
    profile: null,
    ...changed,
  };
}

function run(query: string, changed: Partial<NexmarkOrder> = {}): Promise<NexmarkOutcome> {
  return runNexmark(order(query, changed), () => undefined);
}

test.each(nexmarkQueries.map(({ name }) => name))(
  '%s runs, into a view and into its sink',
  async (name) => {
    const view = await run(name);
    expect(view.resultRows).toBeGreaterThan(0);
    const sink = await run(name, { into: 'sink' });
    if (name === 'q12') {
      // Windows by the clock give nothing to a sink before they close; until then all bids stand in groups.
      const groups = sink.operators.find(({ kind }) => kind === 'aggregate');
      expect(groups?.rowsIn).toBe(eventCounts(order(name).events).bid);
    } else {
      // Changes that take rows back are counted, too.
      expect(sink.resultRows).toBeGreaterThanOrEqual(view.resultRows);
    }
  },
);

/** Windows by the clock close when they close. */
const counted = nexmarkQueries.filter(({ name }) => name !== 'q12');

test('the rows through each operator are those written down', async () => {
  const lines: string[] = [];
  for (const { name } of counted) {
    const { operators } = await run(name, { events: 20_000 });
    lines.push(name, ...operators.map((each) => `  ${each.kind} ${each.rowsIn} ${each.rowsOut}`));
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('./nexmark-rows.txt');
}, 120_000);

test('a run that is over before it is warm is no measurement', async () => {
  await expect(run('q2', { events: 500, warmUp: 0.2 })).rejects.toThrow(/--events/);
});

test.each(['q0', 'q3', 'q5', 'q9', 'q17'])(
  '%s has the same rows from the generator and from a file of its events',
  async (name) => {
    const { events, seed, gapMicros } = order(name);
    const path = join(directory, `${name}.json`);
    const texts = [...eventBlocks({ ...settings, events, seed, gapMicros })].flat();
    writeFileSync(path, texts.map((text) => `${text}\n`).join(''));
    const made = await run(name, { keepRows: true });
    const read = await run(name, { keepRows: true, source: { kind: 'file', path } });
    expect(made.resultRows).toBeGreaterThan(0);
    expect(sorted(read)).toEqual(sorted(made));
  },
);

function sorted({ result }: NexmarkOutcome): string[] {
  return (result ?? []).map((row) => row.join('|')).sort();
}
