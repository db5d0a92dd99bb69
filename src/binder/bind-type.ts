/** Type names as written, in all dialects, to types. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import { arrayOf, types, type SqlType } from '../types/sql-type.ts';
import { resolveTypeName } from '../types/type-names.ts';

/** 42704 for a type that does not exist, 22023 for modifiers it does not take. */
export function bindType(type: ast.TypeName): SqlType {
  switch (type.kind) {
    case 'named-type':
      return bindNamed(type);
    case 'array-type':
      // Dimensions are not part of a type: int[] and int[][] are one.
      return arrayOf(elementType(bindType(type.element)));
    case 'map-type':
      return { kind: 'map', key: bindType(type.key), value: bindType(type.value) };
    case 'row-type':
      return {
        kind: 'row',
        fields: type.fields.map(({ name: { name, spelling }, type: fieldType }) => ({
          name,
          ...(spelling === name ? {} : { declaredName: spelling }),
          type: bindType(fieldType),
        })),
      };
  }
}

function elementType(type: SqlType): SqlType {
  return type.kind === 'array' ? type.element : type;
}

/** Domains of information_schema, by the types under them. */
const domains: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['sql_identifier', types.name],
  ['character_data', types.varchar],
  ['cardinal_number', types.integer],
  ['yes_or_no', { kind: 'varchar', length: 3 }],
  ['time_stamp', { kind: 'timestamptz', precision: 2 }],
]);

function bindNamed(type: ast.NamedType): SqlType {
  const parts = type.name.parts.map((part) => part.name);
  // "char" in quotes is PostgreSQL's one-byte type; char without is character(1).
  const oneByte = parts.at(-1) === 'char' && type.name.parts.at(-1)!.quoted;
  const name = oneByte ? '"char"' : parts.at(-1)!;
  const schema = parts.at(-2) ?? null;
  const position = type.span.start;
  if (schema === 'information_schema' && domains.has(name)) return domains.get(name)!;
  const modifiers = type.modifiers.map((modifier) => modifierValue(modifier));
  let found: SqlType | null = null;
  try {
    if (schema === null || schema === 'pg_catalog') found = resolveTypeName(name, modifiers);
  } catch (error) {
    throw error instanceof SqlError ? error.at(position) : error;
  }
  if (found === null) {
    throw new SqlError(sqlstate.undefinedObject, `type "${parts.join('.')}" does not exist`, {
      position,
    });
  }
  return found;
}

function modifierValue(modifier: ast.Expression): number {
  if (modifier.kind === 'number' && /^-?\d{1,9}$/.test(modifier.text)) return Number(modifier.text);
  throw new SqlError(sqlstate.invalidParameterValue, 'type modifiers must be simple constants', {
    position: modifier.span.start,
  });
}
