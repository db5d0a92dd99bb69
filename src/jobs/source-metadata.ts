/** Metadata columns: what a record says besides its value (METADATA FROM, INCLUDE). */

import { unreachable } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { RecordBlock } from '../connectors/connector.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { types, type SqlType } from '../types/sql-type.ts';

/** Canonical metadata keys; a single header is `header:<name>`. */
export const metadataKeys = ['topic', 'partition', 'offset', 'timestamp', 'key'] as const;

type MetadataKey = (typeof metadataKeys)[number];

/** The type a metadata column has when its declaration gives none, and the one it is cast from. */
export function metadataType(key: string): SqlType {
  if (key.startsWith('header:')) return types.bytea;
  if (!isKey(key)) {
    throw new SqlError(sqlstate.undefinedColumn, `metadata key "${key}" does not exist`, {
      hint: `The keys are: ${metadataKeys.join(', ')}, header:<name>.`,
    });
  }
  switch (key) {
    case 'topic':
      return types.text;
    case 'partition':
      return types.integer;
    case 'offset':
      return types.bigint;
    case 'timestamp':
      return types.timestamptz;
    case 'key':
      return types.bytea;
    default:
      return unreachable(key);
  }
}

function isKey(key: string): key is MetadataKey {
  return (metadataKeys as readonly string[]).includes(key);
}

const utf8 = new TextDecoder('utf-8');

/** One value for each of the first `count` entries of `records`, as a column of `type`. */
export function metadataColumn(
  block: RecordBlock,
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

function metadataValue(block: RecordBlock, key: string, index: number): Datum | null {
  if (key === 'partition') return Number(block.partition);
  if (key === 'offset') return BigInt(block.offsets[index]!);
  if (key === 'topic') return block.stream;
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
      return typeof value === 'number' ? BigInt(value) : value;
    case 'integer':
    case 'smallint':
      return Number(value);
    case 'text':
    case 'varchar':
      return typeof value === 'string' ? value : String(value);
    default:
      return value;
  }
}
