/**
 * The write-ahead log: changes of tables that were acknowledged but are not in a checkpoint yet. One entry a
 * transaction, under a key that sorts by its sequence number; tables go by the numbers of their storage, under
 * which all rows have the same columns. Recovery replays them, each as a tick of its
 * own; a checkpoint deletes what it contains.
 */

import { assert } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { decodeRow, encodeRow } from '../types/row-codec.ts';
import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Weighted rows of one table: −1 takes a row away, +1 adds one. Retractions come first. */
export interface TableChange {
  readonly oid: number;
  readonly rows: readonly { readonly row: Row; readonly weight: number }[];
}

const version = 1;

export const writeLogFrom = 'wal/';
export const writeLogTo = 'wal0';

export function writeLogKey(sequence: number): string {
  return `${writeLogFrom}${String(sequence).padStart(16, '0')}`;
}

export function writeLogSequence(key: string): number {
  return Number(key.slice(writeLogFrom.length));
}

export function encodeWrite(
  changes: readonly TableChange[],
  relationOf: (oid: number) => { readonly storage: number; readonly types: readonly SqlType[] },
): Uint8Array {
  const writer = new ByteWriter();
  writer.uint8(version).varint(changes.length);
  for (const { oid, rows } of changes) {
    const { storage, types } = relationOf(oid);
    const body = new ByteWriter();
    body.varint(rows.length);
    for (const { row, weight } of rows) {
      body.int32(weight);
      encodeRow(body, row, types);
    }
    // With its length, so that the rows of a table that is gone can be stepped over.
    const bytes = body.take();
    writer.uint32(storage).varint(bytes.length).bytes(bytes);
  }
  return writer.take();
}

/**
 * Tables by the numbers of their storage. `typesOf` gives null for a table that was dropped since; its changes are
 * left out.
 */
export function decodeWrite(
  bytes: Uint8Array,
  typesOf: (storage: number) => readonly SqlType[] | null,
): TableChange[] {
  const reader = new ByteReader(bytes);
  const found = reader.uint8();
  assert(found === version, `write-log entry has version ${found}, not ${version}`);
  const changes: TableChange[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const oid = reader.uint32();
    const body = new ByteReader(reader.bytes(reader.varint()));
    const types = typesOf(oid);
    if (types === null) continue;
    const rows: { row: Row; weight: number }[] = [];
    for (let count = body.varint(); count > 0; count--) {
      const weight = body.int32();
      rows.push({ row: decodeRow(body, types), weight });
    }
    changes.push({ oid, rows });
  }
  return changes;
}
