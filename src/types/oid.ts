/**
 * SqlType to and from PostgreSQL's OID and typmod, and the printed names of types. The rows of pg_type
 * are in pg-types.ts. An anonymous row goes as `record`; an array of arrays is, as in PostgreSQL, an
 * array of the innermost element with more dimensions.
 */

import { must } from '../base/assert.ts';
import { mapOid, pgTypeByName, pgTypeByOid } from './pg-types.ts';
import { arrayOf, numeric, types, type SqlKind, type SqlType } from './sql-type.ts';

/** pg_type.typname of each kind; arrays are found through their element. */
const typeNames: Record<Exclude<SqlKind, 'array' | 'enum'>, string> = {
  boolean: 'bool',
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  double: 'float8',
  numeric: 'numeric',
  text: 'text',
  varchar: 'varchar',
  char: 'bpchar',
  name: 'name',
  pgchar: 'char',
  bytea: 'bytea',
  date: 'date',
  time: 'time',
  timetz: 'timetz',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'interval',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'jsonb',
  jsonpath: 'jsonpath',
  oid: 'oid',
  xid: 'xid',
  regclass: 'regclass',
  regtype: 'regtype',
  regproc: 'regproc',
  regprocedure: 'regprocedure',
  regnamespace: 'regnamespace',
  regrole: 'regrole',
  regoper: 'regoper',
  regoperator: 'regoperator',
  int2vector: 'int2vector',
  oidvector: 'oidvector',
  unknown: 'unknown',
  void: 'void',
  record: 'record',
  row: 'record',
  anyarray: 'anyarray',
  map: 'map',
};

const kindByName: ReadonlyMap<string, SqlKind> = new Map(
  Object.entries(typeNames)
    .filter(([kind]) => kind !== 'row')
    .map(([kind, name]) => [name, kind as SqlKind]),
);

/** The OID that clients see. */
export function oidOf(type: SqlType): number {
  if (type.kind === 'enum') return type.oid;
  const element = innermostElement(type);
  if (element?.kind === 'enum') return element.labels.definition.arrayOid;
  return must(pgTypeByName(typeName(type)), `no pg_type row for ${type.kind}`).oid;
}

/** pg_type.typname: int4, timestamptz, _text. */
export function typeName(type: SqlType): string {
  if (type.kind === 'enum') return type.labels.definition.name;
  if (type.kind !== 'array') return typeNames[type.kind];
  return type.element.kind === 'array' ? typeName(type.element) : `_${typeName(type.element)}`;
}

/** typlen: bytes of a fixed-size type, −1 for a variable one, −2 for a C string. */
export function typeLength(type: SqlType): number {
  if (type.kind === 'enum') return 4;
  if (innermostElement(type)?.kind === 'enum') return -1;
  return must(pgTypeByName(typeName(type)), `no pg_type row for ${type.kind}`).length;
}

/** The innermost element of an array; null when it is none. */
function innermostElement(type: SqlType): SqlType | null {
  if (type.kind !== 'array') return null;
  return innermostElement(type.element) ?? type.element;
}

/** atttypmod of the type; −1 when it has no modifiers. */
export function typmodOf(type: SqlType): number {
  switch (type.kind) {
    case 'varchar':
    case 'char':
      return type.length === null ? -1 : type.length + 4;
    case 'numeric':
      if (type.precision === null) return -1;
      return ((type.precision << 16) | ((type.scale ?? 0) & 0x7ff)) + 4;
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return type.precision ?? -1;
    case 'array':
      return typmodOf(type.element);
    default:
      return -1;
  }
}

/** The type of an OID, or null when it is none of ours or cannot be a value's type. */
export function typeFromOid(oid: number, typmod = -1): SqlType | null {
  const row = pgTypeByOid(oid);
  if (row === undefined) return null;
  if (row.input === 'array_in') {
    const element = typeFromOid(row.elementOid, typmod);
    return element === null ? null : arrayOf(element);
  }
  const kind = kindByName.get(row.name);
  return kind === undefined ? null : withTypmod(kind, typmod);
}

function withTypmod(kind: SqlKind, typmod: number): SqlType {
  switch (kind) {
    case 'varchar':
    case 'char':
      return { kind, length: typmod < 4 ? null : typmod - 4 };
    case 'numeric': {
      if (typmod < 4) return types.numeric;
      const packed = typmod - 4;
      // The scale is a signed number of 11 bits.
      return numeric((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024);
    }
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return { kind, precision: typmod < 0 ? null : typmod };
    case 'map':
      return { kind, key: types.text, value: types.text };
    case 'array':
    case 'row':
    case 'enum':
      return types.record;
    default:
      return { kind };
  }
}

/** The names format_type prints that are not the typname. */
const printedNames: ReadonlyMap<string, string> = new Map([
  ['bool', 'boolean'],
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bpchar', 'character'],
  ['varchar', 'character varying'],
  ['char', '"char"'],
  ['any', '"any"'],
  ['time', 'time without time zone'],
  ['timetz', 'time with time zone'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
]);

/** PostgreSQL's text of a type: integer, character varying(10), numeric(10,2)[], map(text,bigint). */
export function formatType(type: SqlType): string {
  switch (type.kind) {
    case 'array':
      return type.element.kind === 'array'
        ? formatType(type.element)
        : `${formatType(type.element)}[]`;
    case 'map':
      return `map(${formatType(type.key)},${formatType(type.value)})`;
    case 'enum':
      return type.labels.shownName;
    default:
      return formatTypeOid(oidOf(type), typmodOf(type));
  }
}

/** format_type(oid, typmod); a null typmod means that none was given. */
export function formatTypeOid(oid: number, typmod: number | null): string {
  if (oid === 0) return '-';
  const row = pgTypeByOid(oid);
  if (row === undefined) return '???';
  if (row.input === 'array_in') return `${formatTypeOid(row.elementOid, typmod)}[]`;
  // A bpchar declared without length is not char(1), so it goes by its own name.
  if (row.name === 'bpchar' && typmod === -1) return 'bpchar';
  const name = printedNames.get(row.name) ?? row.name;
  return typmod === null || typmod < 0 ? name : withModifiers(row.name, name, typmod);
}

function withModifiers(typname: string, name: string, typmod: number): string {
  switch (typname) {
    case 'varchar':
    case 'bpchar':
      return typmod > 4 ? `${name}(${typmod - 4})` : name;
    case 'numeric': {
      if (typmod < 4) return name;
      const packed = typmod - 4;
      return `numeric(${(packed >> 16) & 0xffff},${((packed & 0x7ff) ^ 1024) - 1024})`;
    }
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz': {
      const space = name.indexOf(' ');
      return `${name.slice(0, space)}(${typmod})${name.slice(space)}`;
    }
    case 'interval': {
      const precision = typmod & 0xffff;
      return precision > 6 ? name : `${name}(${precision})`;
    }
    default:
      return name;
  }
}

/** Same type for the choice of functions and casts: modifiers and fixedScale do not count. */
export function sameType(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'array' && b.kind === 'array') return sameType(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') {
    return sameType(a.key, b.key) && sameType(a.value, b.value);
  }
  if (a.kind === 'row' && b.kind === 'row') {
    return (
      a.fields.length === b.fields.length &&
      a.fields.every((field, index) => sameType(field.type, b.fields[index]!.type))
    );
  }
  if (a.kind === 'enum' && b.kind === 'enum') return a.oid === b.oid;
  return a.kind === b.kind;
}

/** The same type with the same modifiers and field names; fixedScale does not count. */
export function identicalType(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'array' && b.kind === 'array') return identicalType(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') {
    return identicalType(a.key, b.key) && identicalType(a.value, b.value);
  }
  if (a.kind === 'row' && b.kind === 'row') {
    return (
      a.fields.length === b.fields.length &&
      a.fields.every((field, index) => {
        const other = b.fields[index]!;
        return field.name === other.name && identicalType(field.type, other.type);
      })
    );
  }
  if (a.kind === 'enum' && b.kind === 'enum') return a.oid === b.oid;
  return a.kind === b.kind && typmodOf(a) === typmodOf(b);
}

/** Whether values of the type travel in the text form only. */
export function isTextOnly(type: SqlType): boolean {
  return oidOf(type) === mapOid || oidOf(type) === mapOid + 1;
}
