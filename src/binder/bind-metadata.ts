/** Metadata columns: Flink's METADATA FROM and RisingWave's INCLUDE. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { ColumnDefinition } from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { bindType } from './bind-type.ts';
import type { Binding } from './binding.ts';
import { didYouMean } from './closest-name.ts';
import { plainColumn } from './column-list.ts';

interface MetadataOptions {
  readonly relation: string;
  readonly metadata: readonly string[] | null;
}

/** What a key holds when no type is declared. */
const keyTypes: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['topic', types.text],
  ['file', types.text],
  ['partition', types.integer],
  ['offset', types.bigint],
  ['timestamp', types.timestamptz],
  ['key', types.bytea],
]);

/** `name type METADATA [FROM 'key']`; without FROM the name is the key. */
export function metadataColumn(
  written: ast.ColumnDefinition,
  type: SqlType,
  options: MetadataOptions,
): ColumnDefinition {
  const key = written.metadata?.key ?? written.name.name;
  const position = written.name.span.start;
  return column(written.name.name, type, checkKey(key, options, position));
}

/** `INCLUDE key AS k`: a column of the item's name unless there is an alias. */
export function includeColumns(
  items: readonly ast.IncludeItem[],
  options: MetadataOptions,
  binding: Binding,
): readonly ColumnDefinition[] {
  return items.map((item) => {
    const written = item.header === null ? item.what : `header:${item.header}`;
    const key = checkKey(written, options, item.span.start);
    const type =
      item.type === null ? (keyTypes.get(key) ?? types.bytea) : bindType(item.type, binding);
    const name = item.alias?.name ?? item.header ?? item.what;
    return { ...column(name, type, key), declaredName: item.alias?.spelling ?? name };
  });
}

function column(name: string, type: SqlType, metadataKey: string): ColumnDefinition {
  return plainColumn(name, type, { source: 'metadata', metadataKey });
}

function checkKey(key: string, options: MetadataOptions, position: number): string {
  const known = options.metadata;
  if (known === null) {
    throw new SqlError(
      sqlstate.invalidTableDefinition,
      `table "${options.relation}" has no connector, so it has no metadata`,
      { position },
    );
  }
  if (known.includes(key)) return key;
  if (known.includes('headers') && key.startsWith('header:')) return key;
  throw new SqlError(sqlstate.undefinedColumn, `metadata key "${key}" does not exist`, {
    hint:
      didYouMean(key, known) ??
      (known.length === 0 ? 'This connector has none.' : `The keys are: ${known.join(', ')}.`),
    position,
  });
}
