/**
 * What a type's name means: PostgreSQL's names and aliases, and those that files from Flink and
 * RisingWave bring (STRING, BYTES, TIMESTAMP_LTZ…). ROW, MAP and ARRAY are composed by the caller.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { arrayOf, numeric, types, type SimpleKind, type SqlType } from './sql-type.ts';

const simpleNames: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['bool', types.boolean],
  ['boolean', types.boolean],
  ['tinyint', types.smallint],
  ['int2', types.smallint],
  ['smallint', types.smallint],
  ['int', types.integer],
  ['int4', types.integer],
  ['integer', types.integer],
  ['int8', types.bigint],
  ['bigint', types.bigint],
  ['float4', types.real],
  ['real', types.real],
  ['float8', types.double],
  ['double', types.double],
  ['double precision', types.double],
  ['text', types.text],
  ['string', types.text],
  ['"char"', types.pgchar],
  ['bytea', types.bytea],
  ['bytes', types.bytea],
  ...(
    [
      'name',
      'date',
      'uuid',
      'json',
      'jsonb',
      'jsonpath',
      'oid',
      'xid',
      'regclass',
      'regtype',
      'regproc',
      'regprocedure',
      'regnamespace',
      'regrole',
      'regoper',
      'regoperator',
      'int2vector',
      'oidvector',
      'unknown',
      'void',
      'record',
      'anyarray',
    ] satisfies SimpleKind[]
  ).map((kind): [string, SqlType] => [kind, { kind }]),
]);

const timeNames: ReadonlyMap<string, 'time' | 'timetz' | 'timestamp' | 'timestamptz'> = new Map([
  ['time', 'time'],
  ['time without time zone', 'time'],
  ['timetz', 'timetz'],
  ['time with time zone', 'timetz'],
  ['timestamp', 'timestamp'],
  ['timestamp without time zone', 'timestamp'],
  ['timestamptz', 'timestamptz'],
  ['timestamp with time zone', 'timestamptz'],
  ['timestamp_ltz', 'timestamptz'],
  ['timestamp with local time zone', 'timestamptz'],
]);

const lengthNames: ReadonlyMap<string, 'varchar' | 'char'> = new Map([
  ['varchar', 'varchar'],
  ['character varying', 'varchar'],
  ['char varying', 'varchar'],
  ['national character varying', 'varchar'],
  ['national char varying', 'varchar'],
  ['nchar varying', 'varchar'],
  ['bpchar', 'char'],
  ['char', 'char'],
  ['character', 'char'],
  ['nchar', 'char'],
  ['national character', 'char'],
  ['national char', 'char'],
]);

const lengthMax = 10485760;
/** Timestamps keep microseconds; more digits are accepted and cut, as PostgreSQL does. */
const timePrecisionMax = 6;
const numericPrecisionMax = 1000;

/**
 * The type that a name means, with its modifiers; null when there is no such type. The name is in lower
 * case, words parted by one space; `pg_catalog.` before it is accepted, and `_int4` is an array. The
 * type "char" is spelled with its quotes, to tell it from char.
 */
export function resolveTypeName(name: string, modifiers: readonly number[] = []): SqlType | null {
  if (name.startsWith('pg_catalog.')) {
    const plain = name.slice('pg_catalog.'.length);
    return resolveTypeName(plain === 'char' ? '"char"' : plain, modifiers);
  }
  if (name.startsWith('_')) {
    const element = resolveTypeName(name === '_char' ? '"char"' : name.slice(1), modifiers);
    return element === null ? null : arrayOf(element);
  }
  const time = timeNames.get(name);
  if (time !== undefined) return timeType(time, name, modifiers);
  const length = lengthNames.get(name);
  if (length !== undefined) return lengthType(length, name, modifiers);
  switch (name) {
    case 'numeric':
    case 'decimal':
    case 'dec':
      return numericType(modifiers);
    case 'float':
      return floatType(modifiers);
    case 'interval':
      if (modifiers.length > 1) throw invalidModifier(name);
      return types.interval;
    case 'binary':
    case 'varbinary':
      return types.bytea;
    default:
      break;
  }
  const simple = simpleNames.get(name);
  if (simple === undefined) return null;
  if (modifiers.length > 0) {
    throw new SqlError(
      sqlstate.syntaxError,
      `type modifier is not allowed for type "${name.replaceAll('"', '')}"`,
    );
  }
  return simple;
}

function timeType(
  kind: 'time' | 'timetz' | 'timestamp' | 'timestamptz',
  name: string,
  modifiers: readonly number[],
): SqlType {
  if (modifiers.length > 1) throw invalidModifier(name);
  const precision = modifiers[0];
  if (precision === undefined) return { kind, precision: null };
  if (precision < 0) {
    const zone = kind.endsWith('tz') ? ' WITH TIME ZONE' : '';
    const base = kind.startsWith('timestamp') ? 'TIMESTAMP' : 'TIME';
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `${base}(${precision})${zone} precision must not be negative`,
    );
  }
  return { kind, precision: Math.min(precision, timePrecisionMax) };
}

function lengthType(kind: 'varchar' | 'char', name: string, modifiers: readonly number[]): SqlType {
  if (modifiers.length > 1) throw invalidModifier(name);
  const length = modifiers[0];
  // bpchar without a length has no limit; char means char(1).
  if (length === undefined) {
    return { kind, length: kind === 'char' && name !== 'bpchar' ? 1 : null };
  }
  if (length < 1) {
    throw invalidParameter(`length for type ${kind} must be at least 1`);
  }
  // Flink writes VARCHAR(2147483647) for a string without limit.
  if (kind === 'varchar' && length === 2147483647) return { kind, length: null };
  if (length > lengthMax) {
    throw invalidParameter(`length for type ${kind} cannot exceed ${lengthMax}`);
  }
  return { kind, length };
}

function numericType(modifiers: readonly number[]): SqlType {
  if (modifiers.length > 2) throw invalidModifier('NUMERIC');
  const [precision, scale = 0] = modifiers;
  if (precision === undefined) return types.numeric;
  if (precision < 1 || precision > numericPrecisionMax) {
    throw invalidParameter(
      `NUMERIC precision ${precision} must be between 1 and ${numericPrecisionMax}`,
    );
  }
  if (Math.abs(scale) > numericPrecisionMax) {
    throw invalidParameter(
      `NUMERIC scale ${scale} must be between -${numericPrecisionMax} and ${numericPrecisionMax}`,
    );
  }
  return numeric(precision, scale);
}

function floatType(modifiers: readonly number[]): SqlType {
  const bits = modifiers[0];
  if (bits === undefined) return types.double;
  if (bits < 1) throw invalidParameter('precision for type float must be at least 1 bit');
  if (bits > 53) throw invalidParameter('precision for type float must be less than 54 bits');
  return bits <= 24 ? types.real : types.double;
}

/** Name, modifiers, the rest of the name, array brackets. */
const typeText = /^([^()[\]]+?)\s*(?:\(([-\d\s,]+)\))?(\s[^()[\]]*?)?\s*((?:\s*\[\d*\])*)\s*$/;

/** A whole type as format_type prints it or a cast spells it: 'numeric(10,2)[]'; null when unknown. */
export function parseTypeText(text: string): SqlType | null {
  const match = typeText.exec(text.trim());
  if (match === null) return null;
  const [, name = '', modifiers, rest = '', brackets = ''] = match;
  const words = `${name} ${rest}`.trim().toLowerCase().replace(/\s+/g, ' ');
  const numbers = modifiers === undefined ? [] : modifiers.split(',').map(Number);
  if (!numbers.every(Number.isInteger)) return null;
  const type = resolveTypeName(words, numbers);
  return type !== null && brackets !== '' ? arrayOf(type) : type;
}

function invalidModifier(name: string): SqlError {
  return invalidParameter(`invalid ${name.toUpperCase()} type modifier`);
}

function invalidParameter(message: string): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, message);
}
