/**
 * Copying some dozens of bytes between buffers four at a time: cheaper than a loop over bytes, and than a native
 * copy, whose call and whose view of the source cost more than the bytes.
 */

/** Beyond so many bytes a native copy is cheaper. */
export const copyWordsMax = 256;

/** Copies source[from .. from + length) to `at`; reads and writes nothing beyond. */
export function copyWords(
  source: DataView,
  from: number,
  target: DataView,
  at: number,
  length: number,
): void {
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) target.setInt32(at + i, source.getInt32(from + i, true), true);
  for (let i = words; i < length; i++) target.setUint8(at + i, source.getUint8(from + i));
}
