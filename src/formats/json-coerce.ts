/**
 * What a JSON value means for a column: the coercion rules, all of them here.
 *
 *   integers      JSON numbers without a fraction (1.0 and 1E2 count), strings that are valid integers
 *   numeric       JSON numbers with all their digits, strings that are valid numbers
 *   double, real  the same; out of range is refused
 *   boolean       true, false, and the strings "true" and "false"
 *   text          strings; any other value as its JSON text, as it was written
 *   json, jsonb   any value
 *   date, time, timestamp, interval, uuid   strings only, in PostgreSQL's input forms (ISO 8601 among them)
 *   bytea         strings: base64, or \x and hexadecimal digits
 *   array, row, map   arrays; objects by field name (exact spelling); objects
 *
 * null is NULL everywhere. Whatever else is refused with a reason.
 */

import { SqlError } from '../base/errors.ts';
import { SqlArray, SqlMap } from '../types/array.ts';
import type { Datum } from '../types/datum.ts';
import { JsonbValue } from '../types/jsonb.ts';
import { fieldKey, types, type MapType, type RowType, type SqlType } from '../types/sql-type.ts';
import { parseText } from '../types/text-io.ts';
import { Refused, type JsonNode, type JsonParser } from './json-parse.ts';

const utc = { timeZone: 'UTC' } as const;
type Node<K extends JsonNode['kind']> = Extract<JsonNode, { kind: K }>;

/** The value of `node` for a column of `type`; throws `Refused`. */
export function coerceJson(node: JsonNode, type: SqlType, parser: JsonParser): Datum | null {
  if (node.kind === 'null') return null;
  switch (type.kind) {
    case 'text':
    case 'varchar':
    case 'char':
    case 'name':
    case 'pgchar':
    case 'unknown':
      return readText(node.kind === 'string' ? parser.text(node) : parser.raw(node), type);
    case 'json':
      return parser.raw(node);
    case 'jsonb':
      return guarded(() => JsonbValue.parse(parser.raw(node)));
    case 'boolean':
      return coerceBoolean(node, parser);
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'oid':
    case 'xid':
      return readText(integerText(node, type, parser), type);
    case 'numeric':
    case 'real':
    case 'double':
      return readText(numberText(node, type, parser), type);
    case 'bytea':
      return coerceBytes(stringOf(node, type, parser), type);
    case 'array':
      return coerceArray(node, type.element, parser);
    case 'row':
      return coerceRow(node, type, parser);
    case 'map':
      return coerceMap(node, type, parser);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return coerceMoment(stringOf(node, type, parser), type);
    default:
      return readText(stringOf(node, type, parser), type);
  }
}

/** PostgreSQL's input function; its message becomes the reason. */
export function readText(text: string, type: SqlType): Datum {
  return guarded(() => parseText(text, type, utc));
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SqlError) throw new Refused(shorten(error.message));
    throw error;
  }
}

const reasonMax = 300;

/** Reasons are kept and shown: bounded, whatever the value was. */
export function shorten(reason: string): string {
  return reason.length <= reasonMax ? reason : `${reason.slice(0, reasonMax)}…`;
}

/** Why a value of this kind is none of the type. */
export function mismatch(node: JsonNode, type: SqlType): Refused {
  const what = node.kind === 'true' || node.kind === 'false' ? 'boolean' : node.kind;
  return new Refused(`a JSON ${what} cannot become a value of type ${type.kind}`);
}

function stringOf(node: JsonNode, type: SqlType, parser: JsonParser): string {
  if (node.kind !== 'string') throw mismatch(node, type);
  return parser.text(node);
}

function coerceBoolean(node: JsonNode, parser: JsonParser): boolean {
  if (node.kind === 'true') return true;
  if (node.kind === 'false') return false;
  const text = node.kind === 'string' ? parser.text(node).toLowerCase() : '';
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw mismatch(node, types.boolean);
}

function numberText(node: JsonNode, type: SqlType, parser: JsonParser): string {
  if (node.kind === 'number') return parser.raw(node);
  return stringOf(node, type, parser);
}

function integerText(node: JsonNode, type: SqlType, parser: JsonParser): string {
  if (node.kind !== 'number') return stringOf(node, type, parser);
  const text = parser.raw(node);
  const whole = wholeNumber(text);
  if (whole === null) {
    throw new Refused(shorten(`invalid input syntax for type ${type.kind}: "${text}"`));
  }
  return whole;
}

/** Digits beyond every integer type: the value is out of range whatever they are. */
const digitsMax = 40;

/** A JSON number's digits without fraction and exponent, or null when it is not whole. */
function wholeNumber(text: string): string | null {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return null;
  const [, sign = '', int = '', fraction = '', exponentText = '0'] = parts;
  const digits = (int + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  const shift = Number(exponentText) - fraction.length + (digits.length - significant.length);
  if (shift < 0) return null;
  if (significant.length + shift > digitsMax) return `${sign}${'9'.repeat(digitsMax)}`;
  return sign + significant + '0'.repeat(shift);
}

/** A stored record means the same at every replay: no words that depend on the clock. */
function coerceMoment(text: string, type: SqlType): Datum {
  if (/now|today|tomorrow|yesterday/i.test(text)) {
    throw new Refused(shorten(`invalid input syntax for type ${type.kind}: "${text}"`));
  }
  return readText(text, type);
}

function coerceBytes(text: string, type: SqlType): Datum {
  if (text.startsWith('\\')) return readText(text, type);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 === 1) {
    throw new Refused('a string for bytea must be base64 or start with \\x');
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function coerceArray(node: JsonNode, elementType: SqlType, parser: JsonParser): SqlArray {
  if (node.kind !== 'array') throw mismatch(node, { kind: 'array', element: elementType });
  const elements: (Datum | null)[] = [];
  let base = elementType;
  while (base.kind === 'array') base = base.element;
  const dimensions = dimensionsOf(node);
  collect(node, dimensions, 0, (item) => elements.push(coerceJson(item, base, parser)));
  return elements.length === 0 ? SqlArray.empty : new SqlArray(elements, dimensions);
}

function dimensionsOf(node: Node<'array'>): number[] {
  const dimensions: number[] = [];
  for (let level: JsonNode | undefined = node; level?.kind === 'array'; level = level.items[0]) {
    dimensions.push(level.items.length);
  }
  return dimensions;
}

function collect(
  node: JsonNode,
  dimensions: readonly number[],
  depth: number,
  leaf: (node: JsonNode) => void,
): void {
  if (depth === dimensions.length) {
    if (node.kind === 'array') throw new Refused('a JSON array of arrays is not rectangular');
    return leaf(node);
  }
  if (node.kind !== 'array' || node.items.length !== dimensions[depth]) {
    throw new Refused('a JSON array of arrays is not rectangular');
  }
  for (const item of node.items) collect(item, dimensions, depth + 1, leaf);
}

function coerceRow(node: JsonNode, type: RowType, parser: JsonParser): (Datum | null)[] {
  if (node.kind !== 'object') throw mismatch(node, type);
  const members = new Map(node.members);
  return type.fields.map((field) => {
    const member = members.get(fieldKey(field));
    return member === undefined ? null : coerceJson(member, field.type, parser);
  });
}

function coerceMap(node: JsonNode, type: MapType, parser: JsonParser): SqlMap {
  if (node.kind !== 'object') throw mismatch(node, type);
  const members = new Map(node.members);
  return new SqlMap(
    [...members].map(
      ([key, value]) => [readText(key, type.key), coerceJson(value, type.value, parser)] as const,
    ),
  );
}
