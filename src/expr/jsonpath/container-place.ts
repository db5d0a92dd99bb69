/**
 * Where PostgreSQL stores a container within its document: the offset in bytes that .keyvalue() shows as the
 * id of an object. A container is a header, an entry of four bytes a child, and the children's bytes (keys
 * before values); numbers and containers are aligned to four bytes.
 */

import { Decimal } from '../../types/decimal.ts';
import { isJsonArray, isJsonObject, type JsonTree } from '../../types/jsonb.ts';

export type ContainerPlaces = ReadonlyMap<JsonTree, number>;

/** The offsets of all containers in `document`, by identity; `count` is called for every value in it. */
export function containerPlaces(document: JsonTree, count: () => void): ContainerPlaces {
  const places = new Map<JsonTree, number>();
  place(document, 0, places, count);
  return places;
}

/** Gives the offset behind the value. */
function place(
  tree: JsonTree,
  from: number,
  places: Map<JsonTree, number>,
  count: () => void,
): number {
  count();
  if (isJsonArray(tree)) {
    const start = aligned(from);
    if (!places.has(tree)) places.set(tree, start);
    let at = start + 4 + 4 * tree.length;
    for (const value of tree) at = place(value, at, places, count);
    return at;
  }
  if (isJsonObject(tree)) {
    const start = aligned(from);
    if (!places.has(tree)) places.set(tree, start);
    let at = start + 4 + 8 * tree.size;
    for (const key of tree.keys()) at += Buffer.byteLength(key);
    for (const value of tree.values()) at = place(value, at, places, count);
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
