/**
 * Hash and equality of byte ranges, for text keys and encoded keys. Both read whole words and then single
 * bytes, never past the range, so that they are safe on any buffer.
 */

export function hashBytes(view: DataView, offset: number, length: number): number {
  let hash = length ^ 0x2f0b4a27;
  let at = offset;
  const end = offset + length;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  return hash ^ (hash >>> 13);
}

export function equalBytes(
  a: DataView,
  aOffset: number,
  b: DataView,
  bOffset: number,
  length: number,
): boolean {
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    if (a.getInt32(aOffset + at, true) !== b.getInt32(bOffset + at, true)) return false;
  }
  for (; at < length; at++) {
    if (a.getUint8(aOffset + at) !== b.getUint8(bOffset + at)) return false;
  }
  return true;
}

/** A view from the start of `bytes` to the end of its buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
