/** Enum types within other types and within data that was written as text or bytes. */

import type { EnumRegistry } from './enum-labels.ts';
import { enumOf, type SqlType } from './sql-type.ts';

/** Oids of the enum types that a type is made of. */
export function enumsIn(type: SqlType): readonly number[] {
  switch (type.kind) {
    case 'enum':
      return [type.oid];
    case 'array':
      return enumsIn(type.element);
    case 'row':
      return type.fields.flatMap((field) => enumsIn(field.type));
    case 'map':
      return [...enumsIn(type.key), ...enumsIn(type.value)];
    default:
      return [];
  }
}

/** Plain data with the types in it as they were before they were written: enums have their labels again. */
export function withEnums<T>(value: T, enums: EnumRegistry): T {
  return revived(value, enums) as T;
}

function revived(value: unknown, enums: EnumRegistry): unknown {
  if (Array.isArray(value)) return value.map((each) => revived(each, enums));
  if (!isPlainObject(value)) return value;
  const { kind, oid } = value as { readonly kind?: unknown; readonly oid?: unknown };
  if (kind === 'enum' && typeof oid === 'number') return enumOf(enums.of(oid));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, revived(each, enums)]),
  );
}

function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
