/**
 * The shape of a record: what stands between its values, byte for byte. A record whose bytes between the
 * values equal those of a record that the strict parser accepted has the same keys in the same order, so
 * the generated decoder compares them and parses only the values. Shapes are learned from records that
 * took the slow path; whitespace, unknown keys, escaped keys and a byte-order mark are part of them.
 */

import type { DecodedColumn } from './decoded-column.ts';
import type { JsonNode } from './json-parse.ts';

/** One member of the record's object. */
export interface ShapeSlot {
  /** Bytes before the value: from the end of the previous value (or the record's start). */
  readonly before: Uint8Array;
  /** Position in the decoder's columns; -1: nobody needs the value. */
  readonly column: number;
  /** A number or boolean written as a string: its quotes are part of the bytes around it. */
  readonly quoted: boolean;
  /** What the value was when the shape was learned; a guess for values that nobody needs. */
  readonly seen: JsonNode['kind'];
}

export interface Shape {
  readonly slots: readonly ShapeSlot[];
  readonly after: Uint8Array;
  /** Columns without a member: NULL in every row of this shape. */
  readonly missing: readonly number[];
}

/** One member as the slow path saw it. */
export interface SeenMember {
  readonly start: number;
  readonly end: number;
  readonly column: number;
  readonly kind: JsonNode['kind'];
}

const membersMax = 400;
const literalBytesMax = 16_384;

/** The shape of an accepted record, or null when it is too large to be worth compiling. */
export function shapeOf(
  bytes: Uint8Array,
  record: { readonly start: number; readonly end: number },
  members: readonly SeenMember[],
  columns: readonly DecodedColumn[],
): Shape | null {
  if (members.length > membersMax) return null;
  const last = new Map<number, number>();
  members.forEach((member, index) => last.set(member.column, index));
  const slots: ShapeSlot[] = [];
  let at = record.start;
  let size = 0;
  members.forEach((member, index) => {
    // The last of equal keys counts; the earlier ones are only checked for their form.
    const column = last.get(member.column) === index ? member.column : -1;
    const quoted = column >= 0 && member.kind === 'string' && quotable(columns[column]!);
    const edge = quoted ? 1 : 0;
    const before = bytes.slice(at, member.start + edge);
    size += before.length;
    slots.push({ before, column, quoted, seen: member.kind });
    at = member.end - edge;
  });
  const after = bytes.slice(at, record.end);
  if (size + after.length > literalBytesMax) return null;
  const missing = columns.map((_, index) => index).filter((index) => !last.has(index));
  return { slots, after, missing };
}

function quotable(column: DecodedColumn): boolean {
  const { kind } = column.type;
  if (column.kind === 'bool') return true;
  return column.kind === 'i32' ? kind !== 'date' : kind === 'bigint' || kind === 'numeric';
}

/** Equal text, equal shape. */
export function shapeSignature(shape: Shape): string {
  const parts = shape.slots.map((slot) => `${slot.column}:${latin1(slot.before)}`);
  return `${parts.join('\u0000')}\u0000${latin1(shape.after)}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
