/** SHOW TABLES and its family, SHOW CREATE …, DESCRIBE: short answers from the catalog. */

import { SqlError, notSupported, sqlstate } from '../base/errors.ts';
import { closestNames } from '../binder/closest-name.ts';
import { columnRows } from '../catalog/pg-catalog.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import type { DescribeStatement, QualifiedName, ShowObjectsStatement } from '../syntax/ast.ts';
import { listSources } from '../observe/source-list.ts';
import { formatType } from '../types/oid.ts';
import type { Schema } from '../types/schema.ts';
import { searchPathOf } from './evaluation.ts';
import { rowsResult, textFields } from './result-cursor.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';

/** The columns of each answer, known before it is made. */
export function showFields(statement: ShowObjectsStatement | DescribeStatement): Schema {
  if (statement.kind === 'describe' || statement.what === 'columns') {
    return textFields('column', 'type', 'nullable', 'default', 'comment');
  }
  if (statement.what === 'sources') {
    return textFields('schema', 'name', 'connector', 'state', 'lag', 'error');
  }
  if (statement.what.startsWith('create')) return textFields('name', 'create_sql');
  const single = statement.what === 'schemas' || statement.what === 'databases';
  return single ? textFields('name') : textFields('schema', 'name');
}

const kindsShown: ReadonlyMap<string, readonly CatalogObject['kind'][]> = new Map([
  ['tables', ['table']],
  ['sources', ['source']],
  ['views', ['view']],
  ['materialized views', ['materialized-view']],
  ['sinks', ['sink']],
]);

export function showObjects(
  statement: ShowObjectsStatement,
  session: SessionContext,
): StatementResult {
  const { what } = statement;
  const matches = likeFilter(statement.like);
  const kinds = kindsShown.get(what);
  if (what === 'sources') return showSources(session, matches);
  if (kinds !== undefined) {
    const rows = visibleObjects(session, statement.from)
      .filter((object) => kinds.includes(object.kind) && matches(object.name))
      .map((object) => [object.schema, object.name]);
    return rowsResult(textFields('schema', 'name'), rows, 'SHOW');
  }
  if (what === 'schemas') {
    const rows = session.database.catalog.schemas().map((schema) => [schema.name]);
    return rowsResult(
      textFields('name'),
      rows.filter(([name]) => matches(name!)),
      'SHOW',
    );
  }
  if (what === 'databases')
    return rowsResult(textFields('name'), [[session.database.name]], 'SHOW');
  if (what === 'columns' && statement.from !== null) {
    return columnsOf(findObject(statement.from, session));
  }
  if (what.startsWith('create') && statement.from !== null) {
    const object = findObject(statement.from, session);
    return rowsResult(textFields('name', 'create_sql'), [[object.name, object.sql]], 'SHOW');
  }
  throw notSupported(`SHOW ${what.toUpperCase()}`, {
    hint: showHint(what) ?? `What can be listed: ${listed.join(', ')}.`,
    position: statement.span.start,
  });
}

const listed = [...kindsShown.keys(), 'schemas', 'databases', 'columns'];

/** What SHOW could have meant by a word that is neither a list nor a setting, e.g. `SHOW SOURCE`. */
export function showHint(word: string): string | undefined {
  const [closest] = closestNames(word.toLowerCase(), listed);
  return closest === undefined ? undefined : `Did you mean SHOW ${closest.toUpperCase()}?`;
}

function showSources(session: SessionContext, matches: (name: string) => boolean): StatementResult {
  const rows = [...listSources(session.database.engine)]
    .filter(({ source }) => matches(source.name))
    .map(({ source, feed, state, error, partitions }) => {
      const lag = partitions.reduce(
        (sum, { position, end }) => sum + Math.max(0, (end ?? position) - position),
        0,
      );
      return [
        source.schema,
        source.name,
        source.connector,
        state,
        feed === null ? null : String(lag),
        error,
      ];
    });
  return rowsResult(
    textFields('schema', 'name', 'connector', 'state', 'lag', 'error'),
    rows,
    'SHOW',
  );
}

export function describeRelation(
  statement: DescribeStatement,
  session: SessionContext,
): StatementResult {
  return columnsOf(findObject(statement.name, session));
}

function columnsOf(object: CatalogObject): StatementResult {
  const rows = columnRows(object).map((column) => [
    column.name,
    formatType(column.type),
    column.notNull ? 'NO' : 'YES',
    column.defaultSql,
    column.comment,
  ]);
  return rowsResult(textFields('column', 'type', 'nullable', 'default', 'comment'), rows, 'SHOW');
}

function visibleObjects(
  session: SessionContext,
  from: QualifiedName | null,
): readonly CatalogObject[] {
  const { catalog } = session.database;
  if (from === null) return catalog.objects().filter((object) => object.kind !== 'virtual');
  return catalog.objectsIn(from.parts.at(-1)!.name);
}

function findObject(name: QualifiedName, session: SessionContext): CatalogObject {
  const { catalog } = session.database;
  const parts = name.parts.map((part) => part.name);
  const path = parts.length > 1 ? [parts.at(-2)!] : searchPathOf(session);
  const found = catalog.findInPath(path, parts.at(-1)!);
  if (found !== undefined) return found;
  throw new SqlError(sqlstate.undefinedTable, `relation "${parts.join('.')}" does not exist`, {
    position: name.span.start,
  });
}

/** A LIKE pattern over names, or everything. */
function likeFilter(pattern: string | null): (name: string) => boolean {
  if (pattern === null) return () => true;
  const expression = [...pattern]
    .map((c) => (c === '%' ? '.*' : c === '_' ? '.' : c.replace(/[.*+?^${}()|[\]\\]/, '\\$&')))
    .join('');
  const regex = new RegExp(`^${expression}$`, 's');
  return (name) => regex.test(name);
}
