/**
 * Partitions as directories: `dt=2024-01-01/hm=10%3A05`, escaped as Hive and Flink do it. A value can never leave
 * its directory: slashes and control characters are escaped, and each part begins with its column's name.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Row } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { formatText } from '../../types/text-io.ts';

export interface PartitionColumn {
  readonly ordinal: number;
  /** As it was declared. */
  readonly key: string;
  readonly type: SqlType;
}

/** File systems take names of 255 bytes. */
const nameBytesMax = 255;

/** Relative to the sink's directory; empty without partition columns. Throws 22001 when a name is too long. */
export function partitionPath(
  columns: readonly PartitionColumn[],
  row: Row,
  defaultName: string,
): string {
  return columns
    .map((column) => {
      const text = partitionText(column, row);
      const value = text === null || text === '' ? defaultName : text;
      const name = `${escapeName(column.key)}=${escapeName(value)}`;
      if (Buffer.byteLength(name) <= nameBytesMax) return name;
      throw new SqlError(
        sqlstate.stringDataRightTruncation,
        `the value of partition column "${column.key}" is too long for the name of a directory`,
      );
    })
    .join('/');
}

export function partitionText(column: PartitionColumn, row: Row): string | null {
  const value = row[column.ordinal]!;
  return value === null ? null : formatText(value, column.type, { timeZone: 'UTC' });
}

/** The characters that Hive escapes, as % and two hexadecimal digits. */
const special = /[\u0000-\u001f"#%'*/:=?\\\u007f{}[\]^]/g;

export function escapeName(text: string): string {
  return text.replace(
    special,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
