/**
 * Views keep their queries as text, tables their defaults and checks, so renaming a relation, column,
 * type or schema rewrites the texts that name it. The new text means the same: what is renamed stays reachable under the
 * old name, which becomes an alias.
 */

import { must } from '../base/assert.ts';
import { numberOf } from '../catalog/column-numbers.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  MaterializedViewObject,
  PlainViewObject,
  SinkObject,
  TableObject,
} from '../catalog/objects.ts';
import { parseExpression, parseStatements } from '../syntax/parse.ts';
import { printExpression, printStatement } from '../syntax/print.ts';
import type * as ast from '../syntax/ast.ts';
import { numberedFields } from './relation-lookup.ts';
import { writtenName } from './written-name.ts';

export interface FullName {
  readonly schema: string;
  readonly name: string;
}

/** The full name that takes another's place, or null when it stays. */
export type Rename = (name: FullName) => FullName | null;

type Stored = PlainViewObject | MaterializedViewObject | SinkObject;

/** What takes the place of a node; undefined: it stays, and what is in it is asked for. */
type Change = (node: object) => object | undefined;

/** Everything whose texts change, with its new texts. */
export function renameInDefinitions(
  objects: readonly CatalogObject[],
  rename: Rename,
): readonly CatalogObject[] {
  return objects.flatMap((object) => {
    const renamed = renameIn(object, rename);
    return renamed === object ? [] : [renamed];
  });
}

/** The object itself where nothing changes. */
function renameIn(object: CatalogObject, rename: Rename): CatalogObject {
  switch (object.kind) {
    case 'view':
    case 'materialized-view': {
      const querySql = renamedText(object.querySql, rename);
      if (querySql === object.querySql) return object;
      return { ...object, querySql, sql: renamedText(object.sql, rename) };
    }
    case 'sink': {
      const querySql = renamedText(object.querySql, rename);
      const inlined = mapSame(object.inlined, (view) => {
        const changed = renamedText(view.querySql, rename);
        return changed === view.querySql ? view : { ...view, querySql: changed };
      });
      if (querySql === object.querySql && inlined === object.inlined) return object;
      return { ...object, querySql, inlined, sql: renamedText(object.sql, rename) };
    }
    case 'table': {
      const columns = mapSame(object.columns, (column) => renameInColumn(column, rename));
      const checks = mapSame(object.checks, (check) => renameInSql(check, rename));
      if (columns === object.columns && checks === object.checks) return object;
      return { ...object, columns, checks };
    }
    case 'source': {
      const columns = mapSame(object.columns, (column) => renameInColumn(column, rename));
      const watermark = object.watermark === null ? null : renameInSql(object.watermark, rename);
      if (columns === object.columns && watermark === object.watermark) return object;
      return { ...object, columns, watermark };
    }
    case 'index':
    case 'sequence':
    case 'type':
    case 'virtual':
      return object;
  }
}

/** Types are named in defaults, computed columns, checks and watermarks; relations are not. */
function renameInColumn(column: ColumnDefinition, rename: Rename): ColumnDefinition {
  const defaultSql = renamedExpression(column.defaultSql, rename);
  const computedSql = renamedExpression(column.computedSql, rename);
  if (defaultSql === column.defaultSql && computedSql === column.computedSql) return column;
  return { ...column, defaultSql, computedSql };
}

function renameInSql<T extends { readonly sql: string }>(part: T, rename: Rename): T {
  const sql = renamedExpression(part.sql, rename) ?? part.sql;
  return sql === part.sql ? part : { ...part, sql };
}

function renamedExpression(sql: string | null, rename: Rename): string | null {
  if (sql === null) return null;
  const expression = parseExpression(sql);
  const renamed = withNewNames(expression, rename) as ast.Expression;
  return renamed === expression ? sql : printExpression(renamed);
}

/** Whether a string in the texts that the object is made from again holds `text`. */
export function namedInSql(object: CatalogObject, text: string): boolean {
  const holds = (node: unknown): boolean => {
    if (Array.isArray(node)) return node.some(holds);
    if (typeof node !== 'object' || node === null) return false;
    const { value } = node as { readonly value?: unknown };
    if (typeof value === 'string' && value.includes(text)) return true;
    return Object.values(node).some(holds);
  };
  switch (object.kind) {
    case 'view':
    case 'materialized-view':
      return holds(parseStatements(object.querySql));
    case 'sink':
      return [object, ...object.inlined].some((each) => holds(parseStatements(each.querySql)));
    case 'table':
    case 'source': {
      const parts = [
        ...object.columns.flatMap((column) => [column.defaultSql, column.computedSql]),
        ...(object.kind === 'table' ? object.checks.map((check) => check.sql) : []),
        object.watermark?.sql ?? null,
      ];
      return parts.some((sql) => sql !== null && holds(parseExpression(sql)));
    }
    case 'index':
    case 'sequence':
    case 'type':
    case 'virtual':
      return false;
  }
}

/** The same text where no name changes. */
function renamedText(sql: string, rename: Rename): string {
  return changedText(sql, renaming(rename));
}

function withNewNames(node: unknown, rename: Rename): unknown {
  return changedTree(node, renaming(rename));
}

function renaming(rename: Rename): Change {
  return (node) => {
    if (isTable(node)) return renameTable(node, rename);
    if (isName(node)) return renameName(node, rename);
    if (isColumn(node)) return renameColumn(node, rename);
    return undefined;
  };
}

/**
 * The views and sinks that name a table, with texts in which the table's column goes on under its present name,
 * which is about to change: `FROM t AS t (a, b)`.
 */
export function keepColumnName(
  objects: readonly CatalogObject[],
  table: TableObject,
  ordinal: number,
): readonly Stored[] {
  const isIt: Rename = (name) =>
    name.schema === table.schema && name.name === table.name ? name : null;
  return changeTexts(objects, ({ oid, made = oid }) => {
    const fields = numberedFields(table, made);
    const place = fields.findIndex(({ number }) => number === numberOf(table.columns, ordinal));
    // It came after the view was made.
    if (place < 0) return () => undefined;
    const names = fields.slice(0, place + 1).map(({ field }) => field.name);
    return (node) => {
      if (isTable(node)) return withColumnNames(node, names, isIt);
      // `schema.table.column` does not see an alias.
      if (isColumn(node)) return renameColumn(node, isIt);
      return undefined;
    };
  });
}

function withColumnNames(
  table: ast.TableRef,
  names: readonly string[],
  isIt: Rename,
): ast.TableRef {
  const [schema, relation, more] = table.name.parts;
  if (schema === undefined || relation === undefined || more !== undefined) return table;
  if (isIt({ schema: schema.name, name: relation.name }) === null) return table;
  const { alias, span } = table;
  const given = alias?.columns ?? [];
  if (given.length >= names.length) return table;
  const missing = names.slice(given.length).map((name) => writtenName(name, span));
  const name = alias?.name ?? relation;
  return { ...table, alias: { name, columns: [...given, ...missing], span } };
}

/** `changeOf` gives what changes in the texts of one view. */
function changeTexts(
  objects: readonly CatalogObject[],
  changeOf: (stored: { readonly oid: number; readonly made?: number }) => Change,
): readonly Stored[] {
  return objects.flatMap((object): readonly Stored[] => {
    if (object.kind === 'view' || object.kind === 'materialized-view') {
      const change = changeOf(object);
      const querySql = changedText(object.querySql, change);
      if (querySql === object.querySql) return [];
      return [{ ...object, querySql, sql: changedText(object.sql, change) }];
    }
    if (object.kind !== 'sink') return [];
    const change = changeOf(object);
    const querySql = changedText(object.querySql, change);
    const inlined = mapSame(object.inlined, (view) => {
      const changed = changedText(view.querySql, changeOf(view));
      return changed === view.querySql ? view : { ...view, querySql: changed };
    });
    if (querySql === object.querySql && inlined === object.inlined) return [];
    return [{ ...object, querySql, inlined, sql: changedText(object.sql, change) }];
  });
}

/** The same text where nothing changes. */
function changedText(sql: string, change: Change): string {
  const statement = must(parseStatements(sql)[0], 'stored statement');
  const changed = changedTree(statement, change) as ast.Statement;
  return changed === statement ? sql : printStatement(changed);
}

function changedTree(node: unknown, change: Change): unknown {
  if (Array.isArray(node)) return mapSame(node, (item) => changedTree(item, change));
  if (typeof node !== 'object' || node === null) return node;
  const other = change(node);
  if (other !== undefined) return other;
  const entries = Object.entries(node);
  const changed = mapSame(entries, (entry) => {
    const value = changedTree(entry[1], change);
    return value === entry[1] ? entry : ([entry[0], value] as [string, unknown]);
  });
  return changed === entries ? node : Object.fromEntries(changed);
}

/**
 * An expression over the columns of one relation, as the catalog keeps it, with another name for one of them.
 * `relation` is the relation's own name.
 */
export function renameInExpression(
  sql: string,
  relation: string,
  from: string,
  to: string,
): string {
  const tree = parseExpression(sql);
  const changed = changedTree(tree, (node) => {
    if (!isColumn(node)) return undefined;
    const at = node.parts.length > 1 && node.parts[0]!.name === relation ? 1 : 0;
    const part = node.parts[at]!;
    if (part.name !== from) return node;
    const parts = node.parts.map((each, i) => (i === at ? writtenName(to, part.span) : each));
    return { ...node, parts };
  });
  return changed === tree ? sql : printExpression(changed as ast.Expression);
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
