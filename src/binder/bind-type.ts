/** Type names as written, in all dialects, to types. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import { arrayOf, enumOf, types, type SqlType } from '../types/sql-type.ts';
import { resolveTypeName } from '../types/type-names.ts';
import type { Binding } from './binding.ts';
import { findType } from './relation-lookup.ts';

/** The type of that name; users' own are known with a binding alone. 42704 for a type that does not exist, 22023 for modifiers it does not take. */
export function bindType(type: ast.TypeName, binding: Binding | null): SqlType {
  switch (type.kind) {
    case 'named-type':
      return bindNamed(type, binding);
    case 'array-type':
      // Dimensions are not part of a type: int[] and int[][] are one.
      return arrayOf(elementType(bindType(type.element, binding)));
    case 'map-type':
      return {
        kind: 'map',
        key: bindType(type.key, binding),
        value: bindType(type.value, binding),
      };
    case 'row-type':
      return {
        kind: 'row',
        fields: type.fields.map(({ name: { name, spelling }, type: fieldType }) => ({
          name,
          ...(spelling === name ? {} : { declaredName: spelling }),
          type: bindType(fieldType, binding),
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

function bindNamed(type: ast.NamedType, binding: Binding | null): SqlType {
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
  if (found !== null) return found;
  const made = binding === null ? undefined : findType(binding, type.name);
  if (binding === null || made === undefined) {
    throw new SqlError(sqlstate.undefinedObject, `type "${parts.join('.')}" does not exist`, {
      position,
    });
  }
  if (made.array === true) return arrayOf(enumOf(binding.catalog.enums.of(made.type.oid)));
  if (modifiers.length > 0) {
    throw new SqlError(
      sqlstate.syntaxError,
      `type modifier is not allowed for type "${made.type.name}"`,
      { position },
    );
  }
  // Stored SQL names it in full.
  binding.named.set(type.name, made.type);
  binding.relations.add(made.type.oid);
  return enumOf(binding.catalog.enums.of(made.type.oid));
}

function modifierValue(modifier: ast.Expression): number {
  if (modifier.kind === 'number' && /^-?\d{1,9}$/.test(modifier.text)) return Number(modifier.text);
  throw new SqlError(sqlstate.invalidParameterValue, 'type modifiers must be simple constants', {
    position: modifier.span.start,
  });
}
