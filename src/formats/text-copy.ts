/**
 * Copying text four bytes at a time while looking for those that a format writes in another way. Most texts have
 * none, and then one pass over their words is all they cost.
 */

import type { ByteWriter } from '../base/bytes.ts';
import type { TextColumn } from '../types/column.ts';

/** Repeats a byte in each byte of a word. */
const ones = 0x01010101;
const highs = 0x80808080 | 0;
const lows = 0x7f7f7f7f;

/** The bytes to look for, each repeated in a word: those below one, and two others. All are ASCII. */
export interface Wanted {
  readonly below: number;
  readonly first: number;
  readonly second: number;
}

export function wantedBytes(below: number, first: number, second: number): Wanted {
  return { below: below * ones, first: first * ones, second: second * ones };
}

/** Copies the text of row `row` to `at`, and says whether it may hold a wanted byte; false is certain. */
export type CopyText = (out: ByteWriter, at: number, row: number) => boolean;

/** The caller makes room for the text and three bytes more. */
export function textCopier(column: TextColumn, { below, first, second }: Wanted): CopyText {
  const { bytes, offsets, lengths } = column;
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (out, at, row) => {
    const target = out.words;
    const from = offsets[row]!;
    const length = lengths[row]!;
    let met = 0;
    for (let i = 0; i < length; i += 4) {
      // Columns may be read past their end.
      let word = source.getInt32(from + i, true);
      target.setInt32(at + i, word, true);
      const beyond = i + 4 - length;
      // What lies beyond the end becomes a byte that is looked for only in vain.
      if (beyond > 0) word = (word & (-1 >>> (beyond * 8))) | (lows & ~(-1 >>> (beyond * 8)));
      const a = word ^ first;
      const b = word ^ second;
      // The classic test for a byte below n in a word, n being 1 for those made 0 by the exclusive or.
      met |= ((word - below) & ~word) | ((a - ones) & ~a) | ((b - ones) & ~b);
    }
    return (met & highs) !== 0;
  };
}
