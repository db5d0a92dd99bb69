/** What writes rows as records from columns: one function for a batch, called for each of its rows. */

import type { ByteWriter } from '../base/bytes.ts';
import type { Column } from '../types/column.ts';

/** Appends row `row` of the batch. When it throws, what it has written already is for the caller to take back. */
export type RecordWriter = (out: ByteWriter, row: number) => void;

/** Makes the writer of a batch with these columns. */
export type RecordEncoder = (columns: readonly Column[]) => RecordWriter;

/** Appends a few bytes; copying them one by one is cheaper than a call that copies many. */
export function appendShort(out: ByteWriter, bytes: Uint8Array): void {
  const { length } = bytes;
  const at = out.room(length);
  const { buffer } = out;
  for (let i = 0; i < length; i++) buffer[at + i] = bytes[i]!;
  out.length = at + length;
}
