/**
 * PostgreSQL's type categories and preferred types (pg_type.typcategory, typispreferred), which decide
 * among overloads; and small facts about types that resolution and casts share.
 */

import type { SqlKind, SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';

/** B boolean, N number, S string, D date/time, T interval, A array, C composite, P pseudo, U other, X unknown, E enum, Z internal. */
export type TypeCategory = 'B' | 'N' | 'S' | 'D' | 'T' | 'A' | 'C' | 'P' | 'U' | 'X' | 'E' | 'Z';

const categories: ReadonlyMap<SqlKind, TypeCategory> = new Map<SqlKind, TypeCategory>([
  ['boolean', 'B'],
  ['smallint', 'N'],
  ['integer', 'N'],
  ['bigint', 'N'],
  ['real', 'N'],
  ['double', 'N'],
  ['numeric', 'N'],
  ['oid', 'N'],
  ['regclass', 'N'],
  ['regtype', 'N'],
  ['regproc', 'N'],
  ['regprocedure', 'N'],
  ['regnamespace', 'N'],
  ['regrole', 'N'],
  ['regoper', 'N'],
  ['regoperator', 'N'],
  ['text', 'S'],
  ['varchar', 'S'],
  ['char', 'S'],
  ['name', 'S'],
  ['pgchar', 'Z'],
  ['date', 'D'],
  ['time', 'D'],
  ['timetz', 'D'],
  ['timestamp', 'D'],
  ['timestamptz', 'D'],
  ['interval', 'T'],
  ['array', 'A'],
  ['int2vector', 'A'],
  ['oidvector', 'A'],
  ['row', 'C'],
  ['record', 'P'],
  ['anyarray', 'P'],
  ['void', 'P'],
  ['unknown', 'X'],
  ['enum', 'E'],
]);

export function categoryOf(type: SqlType): TypeCategory {
  return categories.get(type.kind) ?? 'U';
}

const preferredKinds = new Set<SqlKind>([
  'boolean',
  'double',
  'oid',
  'text',
  'timestamptz',
  'interval',
]);

export function isPreferred(type: SqlType): boolean {
  return preferredKinds.has(type.kind);
}

/** A string literal (or NULL) whose type the context decides. */
export function isUnknown(type: SqlType): boolean {
  return type.kind === 'unknown';
}

/** char, varchar, text, name: the kinds whose datum is a JavaScript string in category S. */
export function isStringType(type: SqlType): boolean {
  return categoryOf(type) === 'S';
}

/** reg* types: oids that print and read as names. */
export function isRegType(type: SqlType): boolean {
  return type.kind.startsWith('reg');
}

/** The type without precision, length or scale. */
export function withoutModifiers(type: SqlType): SqlType {
  switch (type.kind) {
    case 'numeric':
      return types.numeric;
    case 'varchar':
      return types.varchar;
    case 'char':
      return { kind: 'char', length: null };
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return { kind: type.kind, precision: null };
    case 'array':
      return { kind: 'array', element: withoutModifiers(type.element) };
    default:
      return type;
  }
}

/** The element type that array functions see: int2vector and oidvector are arrays too. Null: no array. */
export function elementOf(type: SqlType): SqlType | null {
  switch (type.kind) {
    case 'array':
      return type.element;
    case 'int2vector':
      return types.smallint;
    case 'oidvector':
      return types.oid;
    default:
      return null;
  }
}
