/**
 * Where PostgreSQL stores a container within its document: the offset in bytes that .keyvalue() shows as the
 * id of an object. A container is a header, an entry of four bytes a child, and the children's bytes (keys
 * before values); numbers and containers are aligned to four bytes.
 */

import { Decimal } from '../../types/decimal.ts';
import { isJsonArray, isJsonObject, type JsonTree } from '../../types/jsonb.ts';

/** The offset of `wanted` (found by identity) in `document`; null when it is not in there. */
export function containerPlace(document: JsonTree, wanted: JsonTree): number | null {
  const search: Search = { wanted, found: null };
  place(document, 0, search);
  return search.found;
}

interface Search {
  readonly wanted: JsonTree;
  found: number | null;
}

/** Gives the offset behind the value. */
function place(tree: JsonTree, from: number, search: Search): number {
  if (isJsonArray(tree)) {
    const start = aligned(from);
    if (tree === search.wanted) search.found ??= start;
    return tree.reduce((at: number, each) => place(each, at, search), start + 4 + 4 * tree.length);
  }
  if (isJsonObject(tree)) {
    const start = aligned(from);
    if (tree === search.wanted) search.found ??= start;
    let at = start + 4 + 8 * tree.size;
    for (const key of tree.keys()) at += Buffer.byteLength(key);
    for (const value of tree.values()) at = place(value, at, search);
    return at;
  }
  if (tree instanceof Decimal) return aligned(from) + numericSize(tree);
  return typeof tree === 'string' ? from + Buffer.byteLength(tree) : from;
}

function aligned(offset: number): number {
  return (offset + 3) & ~3;
}

/** Bytes of a stored numeric: lengths, sign and scale, and two bytes for every four digits. */
function numericSize(value: Decimal): number {
  const digits = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString();
  const padded = digits.padStart(value.scale + 1, '0');
  const whole = padded.slice(0, padded.length - value.scale);
  const fraction = value.scale === 0 ? '' : padded.slice(-value.scale);
  const groups = [
    ...(whole.padStart(Math.ceil(whole.length / 4) * 4, '0').match(/.{4}/g) ?? []),
    ...(fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0').match(/.{4}/g) ?? []),
  ];
  const first = groups.findIndex((group) => group !== '0000');
  const last = groups.findLastIndex((group) => group !== '0000');
  const weight = first < 0 ? 0 : Math.ceil(whole.length / 4) - 1 - first;
  const short = value.scale <= 63 && weight <= 63 && weight >= -64;
  return 4 + (short ? 2 : 4) + 2 * (first < 0 ? 0 : last - first + 1);
}
