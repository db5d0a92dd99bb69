/**
 * Chance that depends only on a seed, a stream and a row number, so that any row can be made again on its
 * own. The mixing function is the finisher of MurmurHash3 applied twice over.
 */

/** A 32-bit number, as signed integer, for one row of one stream (a column, a purpose). */
export function rowHash(seed: number, stream: number, row: number): number {
  const high = (row / 0x1_0000_0000) | 0;
  return mix(
    mix((row | 0) ^ seed) ^ Math.imul(stream + 1, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77),
  );
}

function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A whole number in [0, bound), bound at most 2^32. */
export function rowBelow(seed: number, stream: number, row: number, bound: number): number {
  return Math.floor(((rowHash(seed, stream, row) >>> 0) / 0x1_0000_0000) * bound);
}

/** A number in [0, 1) with 53 bits. */
export function rowFraction(seed: number, stream: number, row: number): number {
  const high = rowHash(seed, stream, row) >>> 5;
  const low = rowHash(seed ^ 0x5bd1e995, stream, row) >>> 6;
  return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
}
