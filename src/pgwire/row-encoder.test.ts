/** Rows on the wire: what is written straight from columns is what the general text and binary forms give. */

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { encodeBinary } from '../types/binary-io.ts';
import { BatchBuilder } from '../types/column-access.ts';
import { timestampInfinity, timestampNegativeInfinity } from '../types/datetime.ts';
import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { type SqlType, numeric, types } from '../types/sql-type.ts';
import { formatText, type TextIoOptions } from '../types/text-io.ts';
import { MessageWriter } from './message-writer.ts';
import { RowEncoder } from './row-encoder.ts';

const random = new SeededRandom(7);
const io: TextIoOptions = { timeZone: 'UTC', dateStyle: 'ISO, MDY' };

/** Of all magnitudes. */
function integer(limit: number): number {
  const value = Math.floor(limit ** random.float());
  return random.float() < 0.5 ? -value : value;
}

const big = (): bigint => BigInt(integer(Number.MAX_SAFE_INTEGER));
const text = (): string =>
  Array.from({ length: Math.floor(random.float() * 80) }, () =>
    String.fromCodePoint(Math.floor(0x20 + 0x3000 ** random.float())),
  ).join('');

const micros = (): bigint => {
  const chance = random.float();
  if (chance < 0.05) return timestampInfinity;
  if (chance < 0.1) return timestampNegativeInfinity;
  return BigInt(Math.floor((random.float() * 2 - 1) * 1e17 ** random.float()));
};

const cases: readonly [string, SqlType, () => Datum][] = [
  ['boolean', types.boolean, () => random.float() < 0.5],
  ['smallint', types.smallint, () => integer(32767)],
  ['integer', types.integer, () => integer(2147483647)],
  ['bigint', types.bigint, big],
  ['bigint beyond 2^53', types.bigint, () => big() * 1000n],
  ['oid', types.oid, () => Math.abs(integer(4294967295))],
  ['double', types.double, () => (random.float() - 0.5) * 10 ** integer(300)],
  ['real', types.real, () => Math.fround(random.float() * 1000)],
  ['text', types.text, text],
  ['varchar', types.varchar, text],
  ['date', types.date, () => integer(3_000_000)],
  ['time', types.time, () => BigInt(Math.abs(integer(86_399_999_999)))],
  ['timestamp', types.timestamp, micros],
  ['timestamptz', types.timestamptz, micros],
  ['bytea', types.bytea, () => Buffer.from(text())],
  ['numeric', types.numeric, () => Decimal.fromBigInt(big(), Math.floor(random.float() * 20))],
  ...[0, 1, 2, 6, 15].map((scale): [string, SqlType, () => Datum] => [
    `numeric(15,${scale})`,
    numeric(15, scale),
    () => Decimal.fromBigInt(BigInt(integer(999_999_999_999_999)), scale),
  ]),
];

/** The fields of the DataRow messages. */
function rowsOf(bytes: Buffer): (Buffer | null)[][] {
  const rows: (Buffer | null)[][] = [];
  let at = 0;
  while (at < bytes.length) {
    expect(bytes[at]).toBe(68);
    const end = at + 1 + bytes.readInt32BE(at + 1);
    const count = bytes.readInt16BE(at + 5);
    at += 7;
    const row = Array.from({ length: count }, () => {
      const length = bytes.readInt32BE(at);
      at += 4 + Math.max(0, length);
      return length < 0 ? null : bytes.subarray(at - length, at);
    });
    expect(at).toBe(end);
    rows.push(row);
  }
  return rows;
}

describe.each([
  ['text', 0],
  ['binary', 1],
] as const)('%s', (_, format) => {
  test.each(cases)('%s', (_name, type, value) => {
    const edges: Datum[] = type.kind === 'bigint' ? [0n, -1n, 9007199254740991n, 2147483648n] : [];
    const values = [
      ...edges,
      ...Array.from({ length: 400 }, () => (random.float() < 0.1 ? null : value())),
    ];
    const builder = new BatchBuilder([type]);
    for (const each of values) builder.append([each]);
    const batch = builder.batch();
    // Otherwise the quick forms would not be what is tested.
    if (type.kind === 'numeric' && type.fixedScale !== undefined) {
      expect(batch.columns[0]!.kind).toBe('f64');
    }
    const fields = [{ name: 'x', type, nullable: true }];
    const writer = new MessageWriter();
    const encode = new RowEncoder(fields, [format], io).prepare(batch);
    for (let row = 0; row < batch.count; row++) encode(writer, row);
    const expected = values.map((each) => {
      if (each === null) return null;
      return format === 1
        ? Buffer.from(encodeBinary(each, type)).toString('hex')
        : formatText(each, type, io);
    });
    const encoding = format === 1 ? 'hex' : 'utf8';
    const found = rowsOf(writer.take()).map(([field]) => field?.toString(encoding) ?? null);
    expect(found).toEqual(expected);
  });
});
