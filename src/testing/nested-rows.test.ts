/** Records with objects inside, read field by field, whole, and both at once: all views must agree. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { TestFeed } from '../connectors/test-feed.ts';
import { TestWorld } from './test-world.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-nested-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const records = [
  { event_type: 0, person: { id: 1, name: 'Ann', at: '2026-01-05 08:00:00.125' } },
  {
    event_type: 2,
    person: null,
    bid: { price: 5, inner: { tagName: 'a' }, at: '2026-01-05 08:00:01' },
  },
  { event_type: 2, bid: { price: 7, inner: null, at: '2026-01-05 08:00:02' } },
  {
    event_type: 2,
    bid: { price: 9, inner: { tagName: 'é"\n' }, at: '2026-01-05 08:00:03' },
    more: 1,
  },
  { event_type: 2, bid: { inner: {}, at: '2026-01-05 08:00:04' } },
  // Refused, although few views read the price.
  { event_type: 2, bid: { price: 'x', inner: {}, at: '2026-01-05 08:00:05' } },
  { event_type: 2, bid: [] },
  { event_type: 2, bid: { price: 1 } },
];

const source = (path: string, option: string): string => `
  CREATE TABLE events (
    event_type INT,
    person ROW<id BIGINT, name VARCHAR, at TIMESTAMP(3)>,
    bid ROW<price BIGINT, inner ROW<tagName VARCHAR>, at TIMESTAMP(3)>,
    at AS CASE WHEN event_type = 0 THEN (person).at ELSE (bid).at END,
    WATERMARK FOR at AS at - INTERVAL '4' SECOND
  ) WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'json' ${option});
  CREATE VIEW bids AS SELECT (bid).price, (bid).inner.tagName AS tag, at FROM events WHERE event_type = 2;`;

describe('records with objects inside', () => {
  for (const [name, option] of [
    ['by default', ''],
    ['with json.strict off', `, 'json.strict' = 'false'`],
  ] as const) {
    it(`are read by field and whole alike, ${name}`, async () => {
      const path = join(directory, `${name.replaceAll(/\W/g, '-')}.json`);
      writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      const world = await TestWorld.open({
        catalog: new MemoryStore(),
        state: new MemoryStore(),
        feed: new TestFeed(),
        allowedDirectories: [directory],
      });
      await world.sql(source(path, option));
      await world.sql('CREATE MATERIALIZED VIEW fields AS SELECT * FROM bids');
      await read(world);
      const byField = await world.sql('SELECT * FROM fields');
      expect(byField.filter((row) => !row.startsWith('1 '))).toEqual(
        [
          '5 | a | 2026-01-05 08:00:01',
          '7 | NULL | 2026-01-05 08:00:02',
          '9 | é"\\n | 2026-01-05 08:00:03',
          'NULL | NULL | 2026-01-05 08:00:04',
        ].map((row) => row.replace('\\n', '\n')),
      );
      const refused = await world.sql('SELECT record_offset FROM millrace.dead_letters');
      expect(refused).toHaveLength(3);
      // A second view brings the whole value in, and the first goes on reading its fields.
      await world.sql('CREATE MATERIALIZED VIEW wholes AS SELECT bid, person FROM events');
      await world.sql(`CREATE MATERIALIZED VIEW mixed AS
        SELECT (bid).price, bid FROM events WHERE (person).name IS NULL AND event_type = 2`);
      await read(world);
      expect(await world.sql('SELECT * FROM fields')).toEqual(byField);
      expect(await world.sql('SELECT price FROM mixed')).toEqual(['5', '7', '9', 'NULL']);
      expect(await world.sql('SELECT (bid).inner FROM wholes WHERE (bid).price = 9')).toHaveLength(
        1,
      );
      expect(await world.sql('SELECT (person).name FROM wholes WHERE bid IS NULL')).toEqual([
        'Ann',
      ]);
      await world.crash();
    });
  }
});

/** Lets the file be read to its end. */
async function read(world: TestWorld): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    world.engine.settle();
  }
}
