/**
 * Views keep their queries as text, so renaming a relation or schema rewrites the texts that name it. The
 * new text means the same: columns stay reachable under the old name, which becomes an alias.
 */

import { must } from '../base/assert.ts';
import type {
  CatalogObject,
  MaterializedViewObject,
  PlainViewObject,
  SinkObject,
} from '../catalog/objects.ts';
import { parseStatements } from '../syntax/parse.ts';
import { printStatement } from '../syntax/print.ts';
import type * as ast from '../syntax/ast.ts';
import { writtenName } from './written-name.ts';

export interface FullName {
  readonly schema: string;
  readonly name: string;
}

/** The full name that takes another's place, or null when it stays. */
export type Rename = (name: FullName) => FullName | null;

/** The views and sinks whose text changes, with their new texts. */
export function renameInViews(
  objects: readonly CatalogObject[],
  rename: Rename,
): readonly (PlainViewObject | MaterializedViewObject | SinkObject)[] {
  return objects.flatMap(
    (object): readonly (PlainViewObject | MaterializedViewObject | SinkObject)[] => {
      if (object.kind === 'view' || object.kind === 'materialized-view') {
        const querySql = renamedText(object.querySql, rename);
        if (querySql === object.querySql) return [];
        return [{ ...object, querySql, sql: renamedText(object.sql, rename) }];
      }
      if (object.kind !== 'sink') return [];
      const querySql = renamedText(object.querySql, rename);
      const inlined = mapSame(object.inlined, (view) => {
        const changed = renamedText(view.querySql, rename);
        return changed === view.querySql ? view : { ...view, querySql: changed };
      });
      if (querySql === object.querySql && inlined === object.inlined) return [];
      return [{ ...object, querySql, inlined, sql: renamedText(object.sql, rename) }];
    },
  );
}

/** The same text where no name changes. */
function renamedText(sql: string, rename: Rename): string {
  const statement = must(parseStatements(sql)[0], 'stored statement');
  const renamed = withNewNames(statement, rename) as ast.Statement;
  return renamed === statement ? sql : printStatement(renamed);
}

function withNewNames(node: unknown, rename: Rename): unknown {
  if (Array.isArray(node)) return mapSame(node, (item) => withNewNames(item, rename));
  if (typeof node !== 'object' || node === null) return node;
  if (isTable(node)) return renameTable(node, rename);
  if (isName(node)) return renameName(node, rename);
  if (isColumn(node)) return renameColumn(node, rename);
  const entries = Object.entries(node);
  const changed = mapSame(entries, (entry) => {
    const value = withNewNames(entry[1], rename);
    return value === entry[1] ? entry : ([entry[0], value] as [string, unknown]);
  });
  return changed === entries ? node : Object.fromEntries(changed);
}

function isTable(node: object): node is ast.TableRef {
  return 'kind' in node && node.kind === 'table' && 'systemTime' in node;
}

function isName(node: object): node is ast.QualifiedName {
  return 'kind' in node && node.kind === 'name' && 'parts' in node;
}

function isColumn(node: object): node is ast.ColumnRef {
  return 'kind' in node && node.kind === 'column' && 'parts' in node;
}

/** `schema.table.column` loses its schema: the table is there under its old name. */
function renameColumn(column: ast.ColumnRef, rename: Rename): ast.ColumnRef {
  const [schema, relation, ...rest] = column.parts;
  if (schema === undefined || relation === undefined || rest.length === 0) return column;
  if (rename({ schema: schema.name, name: relation.name }) === null) return column;
  return { ...column, parts: [relation, ...rest] };
}

function renameTable(table: ast.TableRef, rename: Rename): ast.TableRef {
  const name = renameName(table.name, rename);
  if (name === table.name) return table;
  const old = table.name.parts.at(-1)!;
  if (table.alias !== null || name.parts.at(-1)!.name === old.name) return { ...table, name };
  return { ...table, name, alias: { name: old, columns: [], span: table.span } };
}

function renameName(name: ast.QualifiedName, rename: Rename): ast.QualifiedName {
  const [schema, relation, more] = name.parts;
  if (schema === undefined || relation === undefined || more !== undefined) return name;
  const to = rename({ schema: schema.name, name: relation.name });
  if (to === null) return name;
  return { ...name, parts: [identifier(to.schema, schema), identifier(to.name, relation)] };
}

function identifier(name: string, before: ast.Identifier): ast.Identifier {
  return name === before.name ? before : writtenName(name, before.span);
}

function mapSame<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = list.map(change);
  return changed.every((item, i) => item === list[i]) ? list : changed;
}
