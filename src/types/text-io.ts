/**
 * PostgreSQL's input and output functions of every type, in one place for sessions, COPY, casts and
 * files. Input applies the type's modifiers (numeric(p,s), varchar(n), timestamp(p)). A map, which
 * PostgreSQL lacks, reads and prints as a JSON object.
 */

import { unreachable } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { formatArray, parseArray } from './array-text.ts';
import { SqlArray, SqlMap } from './array.ts';
import {
  formatDate,
  formatTime,
  formatTimestamp,
  formatTimestamptz,
  formatTimetz,
  parseDate,
  parseTime,
  parseTimestamp,
  parseTimestamptz,
  parseTimetz,
  type DateTimeTextOptions,
} from './datetime-text.ts';
import { roundTime, roundTimestamp } from './datetime.ts';
import type { Datum, RowDatum } from './datum.ts';
import { Decimal } from './decimal.ts';
import { formatDouble, formatReal, parseDouble, parseReal } from './float-text.ts';
import { formatInterval, parseInterval, type IntervalStyle } from './interval-text.ts';
import { TimeTz, type Interval } from './interval.ts';
import { validateJson } from './json-parse.ts';
import { parseJsonPath } from './jsonpath-parse.ts';
import { printJsonPath } from './jsonpath-print.ts';
import { formatJsonTree, isJsonObject, JsonbValue, quoteJson, type JsonTree } from './jsonb.ts';
import { formatTypeOid, oidOf } from './oid.ts';
import { formatRecord, parseRecord } from './record-text.ts';
import { missingRegName, nothingOf, type RegKind } from './reg-names.ts';
import { typeOfDatum } from './runtime-type.ts';
import {
  checkText,
  cutName,
  formatBytea,
  integerRange,
  invalidText,
  limitVarchar,
  padChar,
  parseBigint,
  parseBoolean,
  parseBytea,
  parseInteger,
  parseOid,
  parseSingleChar,
  parseUuid,
  smallintRange,
} from './scalar-text.ts';
import type { SqlKind, SqlType } from './sql-type.ts';
import { parseTypeText } from './type-names.ts';

export interface TextIoOptions extends DateTimeTextOptions {
  readonly intervalStyle?: IntervalStyle;
  readonly extraFloatDigits?: number;
  readonly byteaOutput?: 'hex' | 'escape';
  /** What reg* types print and read by name; without them they go as numbers (regtype: built-in types). */
  readonly nameOfOid?: (kind: SqlKind, oid: number) => string | null;
  readonly lookupOid?: (kind: SqlKind, name: string) => number | null;
}

/** The datum that a text means; throws SqlError with PostgreSQL's code and message. */
export function parseText(text: string, type: SqlType, io: TextIoOptions = {}): Datum {
  switch (type.kind) {
    case 'boolean':
      return parseBoolean(text);
    case 'smallint':
      return parseInteger(text, smallintRange);
    case 'integer':
      return parseInteger(text, integerRange);
    case 'bigint':
      return parseBigint(text);
    case 'numeric': {
      const value = Decimal.parse(text);
      return type.precision === null ? value : value.coerce(type.precision, type.scale ?? 0);
    }
    case 'real':
      return parseReal(text);
    case 'double':
      return parseDouble(text);
    case 'text':
    case 'unknown':
      return checkText(text);
    case 'varchar':
      return limitVarchar(checkText(text), type.length);
    case 'char':
      return padChar(checkText(text), type.length);
    case 'name':
      return cutName(checkText(text));
    case 'pgchar':
      return parseSingleChar(text);
    case 'bytea':
      return parseBytea(text);
    case 'date':
      return parseDate(text, io);
    case 'time':
      return roundTime(parseTime(text, io), type.precision);
    case 'timetz': {
      const value = parseTimetz(text, io);
      return new TimeTz(roundTime(value.micros, type.precision), value.zoneSeconds);
    }
    case 'timestamp':
      return roundTimestamp(parseTimestamp(text, io), type.precision);
    case 'timestamptz':
      return roundTimestamp(parseTimestamptz(text, io), type.precision);
    case 'interval':
      return parseInterval(text, '', io.intervalStyle ?? 'postgres');
    case 'uuid':
      return parseUuid(text);
    case 'json':
      validateJson(checkText(text));
      return text;
    case 'jsonb':
      return JsonbValue.parse(checkText(text));
    case 'jsonpath':
      return printJsonPath(parseJsonPath(checkText(text)));
    case 'oid':
    case 'xid':
      return parseOid(text, type.kind);
    case 'regclass':
    case 'regtype':
    case 'regproc':
    case 'regprocedure':
    case 'regnamespace':
    case 'regrole':
    case 'regoper':
    case 'regoperator':
      return parseReg(text, type.kind, io);
    case 'int2vector':
      return parseVector(text, (word) => parseInteger(word, smallintRange));
    case 'oidvector':
      return parseVector(text, (word) => parseOid(word));
    case 'enum':
      return type.labels.orderOf(text);
    case 'array': {
      const { element } = type;
      return parseArray(text, (each) => parseText(each, innermost(element), io));
    }
    case 'row': {
      const fields = parseRecord(text, type.fields.length);
      return fields.map((field, index) =>
        field === null ? null : parseText(field, type.fields[index]!.type, io),
      );
    }
    case 'map':
      return parseMap(text, type.key, type.value, io);
    case 'void':
      return '';
    case 'record':
      throw notImplemented('input of anonymous composite types is not implemented');
    case 'anyarray':
      throw notImplemented('cannot accept a value of type anyarray');
    default:
      return unreachable(type, 'type');
  }
}

/** The text of a datum as PostgreSQL prints it. */
export function formatText(value: Datum, type: SqlType, io: TextIoOptions = {}): string {
  switch (type.kind) {
    case 'boolean':
      return value === true ? 't' : 'f';
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'oid':
    case 'xid':
      return String(value as number | bigint | Decimal);
    case 'real':
      return formatReal(value as number, io.extraFloatDigits);
    case 'double':
      return formatDouble(value as number, io.extraFloatDigits);
    case 'text':
    case 'varchar':
    case 'char':
    case 'name':
    case 'pgchar':
    case 'uuid':
    case 'json':
    case 'jsonpath':
    case 'unknown':
    case 'void':
      return value as string;
    case 'bytea':
      return formatBytea(value as Uint8Array, io.byteaOutput ?? 'hex');
    case 'date':
      return formatDate(value as number, io);
    case 'time':
      return formatTime(value as bigint);
    case 'timetz':
      return formatTimetz(value as TimeTz);
    case 'timestamp':
      return formatTimestamp(value as bigint, io);
    case 'timestamptz':
      return formatTimestamptz(value as bigint, io);
    case 'interval':
      return formatInterval(value as Interval, io.intervalStyle ?? 'postgres');
    case 'jsonb':
      return (value as JsonbValue).toString();
    case 'regclass':
    case 'regtype':
    case 'regproc':
    case 'regprocedure':
    case 'regnamespace':
    case 'regrole':
    case 'regoper':
    case 'regoperator':
      return formatReg(value as number, type.kind, io);
    case 'int2vector':
    case 'oidvector':
      return (value as SqlArray).elements.join(' ');
    case 'enum':
      return type.labels.labelOf(value as number);
    case 'array': {
      const element = innermost(type.element);
      return formatArray(value as SqlArray, (each) => formatText(each, element, io));
    }
    case 'row':
      return formatRecord(
        (value as RowDatum).map((field, index) =>
          field === null ? null : formatText(field, type.fields[index]!.type, io),
        ),
      );
    case 'map':
      return formatMap(value as SqlMap, type.key, type.value, io);
    case 'record':
      return formatRecord((value as RowDatum).map((field) => formatUntyped(field, io)));
    case 'anyarray':
      return formatText(value, typeOfDatum(value), io);
    default:
      return unreachable(type, 'type');
  }
}

/** An array of arrays is one array of more dimensions. */
function innermost(type: SqlType): SqlType {
  return type.kind === 'array' ? innermost(type.element) : type;
}

function parseVector(text: string, parseWord: (word: string) => number): SqlArray {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return SqlArray.empty;
  return new SqlArray(words.map(parseWord), [words.length], [0]);
}

function parseReg(text: string, kind: RegKind, io: TextIoOptions): number {
  if (text === nothingOf(kind)) return 0;
  if (/^[0-9]+$/.test(text)) return parseOid(text);
  const known = io.lookupOid?.(kind, text) ?? null;
  if (known !== null) return known;
  const type = kind === 'regtype' ? parseTypeText(text) : null;
  if (type !== null) return oidOf(type);
  throw missingRegName(kind, text);
}

function formatReg(oid: number, kind: RegKind, io: TextIoOptions): string {
  if (oid === 0) return nothingOf(kind);
  const known = io.nameOfOid?.(kind, oid) ?? null;
  if (known !== null) return known;
  const name = kind === 'regtype' ? formatTypeOid(oid, null) : '???';
  return name === '???' ? String(oid) : name;
}

function formatUntyped(value: Datum | null, io: TextIoOptions): string | null {
  return value === null ? null : formatText(value, typeOfDatum(value), io);
}

/** {"a": 1, "b": null}: keys as text, numbers and booleans bare, the rest in quotes. */
function formatMap(map: SqlMap, keyType: SqlType, valueType: SqlType, io: TextIoOptions): string {
  const entries = map.entries.map(([key, value]) => {
    const name = quoteJson(formatText(key, keyType, io));
    return `${name}: ${value === null ? 'null' : formatMapValue(value, valueType, io)}`;
  });
  return `{${entries.join(', ')}}`;
}

function formatMapValue(value: Datum, type: SqlType, io: TextIoOptions): string {
  const text = formatText(value, type, io);
  switch (type.kind) {
    case 'boolean':
      return value === true ? 'true' : 'false';
    case 'jsonb':
    case 'json':
    case 'map':
      return text;
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'real':
    case 'double':
      return /^[-0-9]/.test(text) && !text.endsWith('y') ? text : quoteJson(text);
    default:
      return quoteJson(text);
  }
}

function parseMap(text: string, keyType: SqlType, valueType: SqlType, io: TextIoOptions): SqlMap {
  const { tree } = JsonbValue.parse(checkText(text));
  if (!isJsonObject(tree)) throw invalidText('map', text);
  return new SqlMap(
    [...tree].map(([key, value]) => [
      parseText(key, keyType, io),
      value === null ? null : parseText(mapValueText(value, valueType), valueType, io),
    ]),
  );
}

function mapValueText(value: JsonTree, type: SqlType): string {
  if (typeof value !== 'string' || type.kind === 'jsonb' || type.kind === 'json') {
    return formatJsonTree(value);
  }
  return value;
}

function notImplemented(message: string): SqlError {
  return new SqlError(sqlstate.featureNotSupported, message);
}
