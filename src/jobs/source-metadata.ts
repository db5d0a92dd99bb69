/** Metadata columns: what a record says besides its value (METADATA FROM, INCLUDE). */

import type { RecordBlock, SourceBlock } from '../connectors/connector.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';

const utf8 = new TextDecoder('utf-8');

/** One value for each of the first `count` entries of `records`, as a column of `type`. */
export function metadataColumn(
  block: SourceBlock,
  key: string,
  type: SqlType,
  records: Int32Array,
  count: number,
): Column {
  const builder = new BatchBuilder([type], count);
  for (let row = 0; row < count; row++) {
    builder.append([coerce(metadataValue(block, key, records[row]!), type)]);
  }
  return builder.batch().columns[0]!;
}

function metadataValue(block: SourceBlock, key: string, index: number): Datum | null {
  if (key === 'partition' || key === 'file') return block.partition;
  if (key === 'topic') return block.stream;
  if (key === 'offset') {
    const offset = block.kind === 'columns' ? block.firstOffset + index : block.offsets[index]!;
    return BigInt(offset);
  }
  // A connector that makes columns has no more than the place of a row.
  if (block.kind === 'columns') return null;
  if (key === 'key') return bytesOf(block, index);
  if (key === 'timestamp') {
    const ms = block.timestampsMs[index]!;
    return ms < 0 ? null : BigInt(ms) * 1000n;
  }
  const name = key.slice('header:'.length);
  return block.headers?.(index).findLast(([each]) => each === name)?.[1] ?? null;
}

function bytesOf(block: RecordBlock, index: number): Uint8Array | null {
  const end = block.keyEnd[index]!;
  if (end < 0) return null;
  return Uint8Array.prototype.slice.call(block.bytes, block.keyStart[index], end);
}

/** Metadata to the declared type, where it is another: the few that users declare. */
function coerce(value: Datum | null, type: SqlType): Datum | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return type.kind === 'bytea' ? value : utf8.decode(value);
  switch (type.kind) {
    case 'bigint':
      return typeof value === 'string' ? integerOf(value, BigInt) : value;
    case 'integer':
    case 'smallint':
      return typeof value === 'string' ? integerOf(value, Number) : Number(value);
    case 'text':
    case 'varchar':
      return typeof value === 'string' ? value : String(value);
    default:
      return value;
  }
}

/** A partition by number; null where partitions have names, as files do. */
function integerOf<T>(text: string, convert: (text: string) => T): T | null {
  return /^\d{1,9}$/.test(text) ? convert(text) : null;
}
