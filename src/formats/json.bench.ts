/**
 * Measures the JSON decoder on auction bids of about 256 bytes: all seven columns and three of them,
 * generated and plain. Run it with `npx tsx` or after a build; it prints ns a record.
 */

import { performance } from 'node:perf_hooks';
import { emptyBatch } from '../types/batch.ts';
import type { Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import type { EncodedRecords } from './format.ts';
import { jsonFormat } from './json.ts';

const rows = 1024;

const schema: Schema = [
  { name: 'auction', type: types.bigint, nullable: true },
  { name: 'bidder', type: types.bigint, nullable: true },
  { name: 'price', type: types.bigint, nullable: true },
  { name: 'channel', type: types.text, nullable: true },
  { name: 'url', type: types.text, nullable: true },
  { name: 'dateTime', type: types.timestamp, nullable: true },
  { name: 'extra', type: types.text, nullable: true },
];

function bids(): EncodedRecords {
  const texts = Array.from({ length: rows }, (_, index) =>
    JSON.stringify({
      auction: 1000 + ((index * 7919) % 50_000),
      bidder: 2000 + ((index * 104_729) % 90_000),
      price: 100 + ((index * 15_485_863) % 1_000_000),
      channel: ['Google', 'Apple', 'Facebook', 'Baidu'][index % 4],
      url: `https://www.nexmark.com/${'abcdefgh'.repeat(3)}/item.htm?query=1&channel_id=${index}`,
      dateTime: `2024-05-0${1 + (index % 3 === 0 ? 1 : 0)} 12:34:${String(index % 60).padStart(2, '0')}.${String(index % 1000).padStart(3, '0')}`,
      extra: 'x'.repeat(40 + (index % 30)),
    }),
  );
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  let at = 0;
  texts.forEach((text, index) => {
    starts[index] = at;
    ends[index] = at += text.length;
  });
  const bytes = Buffer.alloc(at + 16);
  bytes.write(texts.join(''), 'latin1');
  return { bytes, valueStart: starts, valueEnd: ends };
}

function measure(columns: readonly number[], codegen: boolean, strict: boolean): number {
  const records = bids();
  const decoder = jsonFormat.createDecoder({
    schema,
    keys: schema.map((field) => field.name),
    columns,
    options: new Map([['json.strict', String(strict)]]),
    codegen,
  });
  const sink = { rows: () => undefined, refused: () => undefined };
  const batch = emptyBatch([]);
  const times: number[] = [];
  for (let round = 0; round < (codegen ? 2000 : 100); round++) {
    batch.count = 0;
    const start = performance.now();
    decoder.decode(records, 0, rows, batch, sink);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return (times[times.length >> 1]! * 1e6) / rows;
}

const cases: readonly (readonly [string, readonly number[]])[] = [
  ['7 columns', [0, 1, 2, 3, 4, 5, 6]],
  ['auction, price, dateTime', [0, 2, 5]],
  ['auction, bidder, price', [0, 1, 2]],
];
for (const [name, columns] of cases) {
  const strict = measure(columns, true, true).toFixed(0);
  const early = measure(columns, true, false).toFixed(0);
  const plain = measure(columns, false, true).toFixed(0);
  process.stdout.write(`${name}: ${strict} ns, not strict ${early} ns, plain ${plain} ns\n`);
}
