/**
 * ALTER and COMMENT: the new definitions take the place of the old ones, checked against the rows that there are.
 * Where a table gets other columns, its rows are written anew and become durable together with the definition.
 */

import { must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { BoundAlter } from '../binder/bound-statement.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  IndexObject,
  SchemaObject,
  SequenceObject,
  TableObject,
} from '../catalog/objects.ts';
import { numberOf, numbersOf } from '../catalog/column-numbers.ts';
import { indexesOf, primaryKeyName } from '../catalog/indexes.ts';
import { nextValueSql } from '../catalog/sequences.ts';
import type { Expr } from '../expr/expr.ts';
import type { Batch } from '../types/batch.ts';
import type { SessionContext } from './session-context.ts';
import { checkStoredRows, checkUnique, storedRows } from './stored-checks.ts';
import { meaningsOver, requireMeanings, runningOver } from './stored-meaning.ts';
import { isRewritten, type RowRewrite, rewriteRows } from './rewrite-rows.ts';

/** What an ALTER changes, with oids. */
interface Alteration {
  readonly objects: readonly CatalogObject[];
  readonly schemas: readonly SchemaObject[];
  readonly indexes: readonly IndexObject[];
  readonly sequences: readonly SequenceObject[];
  readonly dropped: readonly CatalogObject[];
}

interface Saved {
  readonly put: readonly (CatalogObject | SchemaObject)[];
  readonly removed: readonly number[];
}

/** Resolves when everything is durable; when it throws, nothing has changed. */
export async function alter(bound: BoundAlter, session: SessionContext): Promise<void> {
  const { catalog, catalogStore, engine } = session.database;
  checkSequences(bound, session);
  const rewrite = rewriteOf(bound, session);
  const change = numbered(bound, rewrite, session);
  await engine.finishSinks(change.dropped.map((object) => object.oid));
  if (rewrite !== null) await rewriteTable(rewrite, change, session);
  else {
    checkRows(change, session);
    const before = catalog.snapshot();
    const renamed = change.objects.filter((object) => hasOtherNames(object, session));
    const looser = change.objects.filter((object) => losesNotNull(object, session));
    const meanings = renamed.map((object) => meaningsOver(object.oid, session.database));
    const running = looser.map((object) => runningOver(object.oid, session.database));
    try {
      const { put, removed } = install(change, session);
      for (const each of meanings) {
        requireMeanings(each, session.database, {
          what: 'renaming this column',
          detail: 'names it in a way that cannot be kept.',
          hint: 'Drop it, rename the column, and create it again.',
        });
      }
      for (const each of running) {
        requireMeanings(each, session.database, {
          what: 'DROP NOT NULL of this column',
          detail: 'relies on it.',
          hint: 'Drop it, change the table, and create it again.',
        });
      }
      await catalogStore.save(put, removed);
    } catch (error) {
      catalog.restore(before);
      throw error;
    }
  }
  for (const index of change.indexes) engine.addIndex(index);
  for (const object of change.dropped) await engine.remove(object.oid);
  const restarted = bound.sequences?.filter((each) => each.restart !== null) ?? [];
  for (const { oid, restart } of restarted) {
    engine.sequences.set(oid, { last: restart!, called: false });
  }
  if (restarted.length > 0) await engine.write([], { wait: true });
  await engine.rename(catalog.objects());
}

/** What becomes of the rows of the table that is altered; null: they stay as they are. */
function rewriteOf(bound: BoundAlter, { database }: SessionContext): RowRewrite | null {
  for (const after of bound.objects) {
    const before = database.catalog.byOid(after.oid);
    if (before?.kind !== 'table' || after.kind !== 'table') continue;
    const rewrite = { before, after, values: bound.values ?? new Map<number, Expr>() };
    if (isRewritten(rewrite)) return rewrite;
  }
  return null;
}

/** Whether a column of the table has got another name. */
function hasOtherNames(object: CatalogObject, { database }: SessionContext): boolean {
  const before = database.catalog.byOid(object.oid);
  if (before?.kind !== 'table' || object.kind !== 'table') return false;
  return before.columns.some((column, ordinal) => object.columns[ordinal]?.name !== column.name);
}

/** Whether a column of the table may be NULL from now on. */
function losesNotNull(object: CatalogObject, { database }: SessionContext): boolean {
  const before = database.catalog.byOid(object.oid);
  if (before?.kind !== 'table' || object.kind !== 'table') return false;
  const nullable = new Set(
    numbersOf(object.columns).filter((_, ordinal) => !object.columns[ordinal]!.notNull),
  );
  return before.columns.some(
    ({ notNull }, ordinal) => notNull && nullable.has(numberOf(before.columns, ordinal)),
  );
}

/**
 * New objects get their oids. New columns get the mark by which stored queries know not to see them, and those that go
 * the mark by which they know that they are older.
 */
function numbered(
  bound: BoundAlter,
  rewrite: RowRewrite | null,
  session: SessionContext,
): Alteration {
  const { catalog } = session.database;
  const indexes = (bound.newIndexes ?? []).map((index) => ({
    ...index,
    oid: catalog.allocateOid(),
  }));
  const made = (bound.newSequences ?? []).map(({ ordinal, object }) => ({
    ordinal,
    object: { ...object, oid: catalog.allocateOid() },
  }));
  const owned = new Map(made.map(({ ordinal, object }) => [ordinal, object.oid]));
  const objects = bound.objects.map((object): CatalogObject => {
    const before = catalog.byOid(object.oid);
    if (before?.kind !== 'table' || object.kind !== 'table') return object;
    const mark = catalog.allocateOid();
    const table = marked(before, object, mark);
    if (rewrite === null || object.oid !== rewrite.after.oid) return table;
    const columns = table.columns.map((column, ordinal) => {
      const own = column.added === mark ? owned.get(ordinal) : undefined;
      if (own === undefined) return column;
      return { ...column, sequence: own, defaultSql: nextValueSql(own) };
    });
    return { ...table, columns, storage: mark };
  });
  const sequences = made.map(({ object }) => object);
  return { objects, schemas: bound.schemas, indexes, sequences, dropped: bound.dropped ?? [] };
}

/** What is new of a table says since when, by an oid that is given to nothing else. */
function marked(before: TableObject, after: TableObject, mark: number): TableObject {
  const old = new Map(before.columns.map((each, i) => [numberOf(before.columns, i), each]));
  const columns = after.columns.map((column, ordinal): ColumnDefinition => {
    const known = old.get(numberOf(after.columns, ordinal));
    if (known === undefined) return { ...column, added: mark };
    return column.notNull && !known.notNull ? { ...column, notNullMade: mark } : column;
  });
  const dropped = after.dropped?.map((column) =>
    column.dropped === 0 ? { ...column, dropped: mark } : column,
  );
  return {
    ...after,
    columns,
    ...(dropped === undefined ? {} : { dropped }),
    ...(after.primaryKey.length > 0 && !sameKey(before, after) ? { keyMade: mark } : {}),
  };
}

function sameKey(before: TableObject, after: TableObject): boolean {
  const key = (table: TableObject): readonly number[] =>
    table.primaryKey.map((ordinal) => numberOf(table.columns, ordinal));
  return key(before).join() === key(after).join();
}

/** Changes the catalog in memory. */
function install(change: Alteration, { database: { catalog } }: SessionContext): Saved {
  const { objects, schemas, indexes, sequences, dropped } = change;
  for (const object of objects) catalog.replace(object);
  catalog.drop({ objects: dropped, schemas: [], cascaded: [] });
  for (const object of [...sequences, ...indexes]) catalog.create(object);
  for (const schema of schemas) catalog.replaceSchema(schema);
  // The objects of a renamed schema moved along, those that were just replaced too.
  const moved = schemas.flatMap((schema) => [...catalog.objectsIn(schema.name)]);
  const oids = new Set([...objects, ...moved].map((object) => object.oid));
  const changed = [...oids].map((oid) => must(catalog.byOid(oid), `object ${oid}`));
  return {
    put: [...changed, ...sequences, ...indexes, ...schemas],
    removed: dropped.map((object) => object.oid),
  };
}

/** The table gets its columns in one instant between two ticks, checked against the rows of that instant. */
async function rewriteTable(
  rewrite: RowRewrite,
  change: Alteration,
  session: SessionContext,
): Promise<void> {
  const { catalog, catalogStore, engine } = session.database;
  const { before: old } = rewrite;
  let saved: Saved | null = null;
  await engine.rewriteTable(
    () => {
      refuseWhileRead(old, session);
      const lost = lostColumns(rewrite);
      requireUnread(old, lost, change, session);
      const before = catalog.snapshot();
      const relation = must(engine.relation(old.oid), 'altered table');
      const held =
        lost.size > 0 ? meaningsOver : losesNotNull(rewrite.after, session) ? runningOver : null;
      const meanings = held?.(old.oid, session.database);
      try {
        saved = install(change, session);
        const after = must(catalog.byOid(old.oid), 'altered table') as TableObject;
        if (meanings !== undefined) {
          requireMeanings(meanings, session.database, {
            what: 'this change of columns',
            detail: 'would mean something else.',
            hint: 'Drop it, change the table, and create it again.',
          });
        }
        const rows = rewriteRows({ ...rewrite, after }, relation, session);
        const indexes = indexesOf(catalog, old.oid);
        checkRewritten({ ...rewrite, after }, indexes, rows, session);
        return {
          table: after,
          rows,
          indexes,
          readersEnd: lost.size > 0,
          pending: catalogStore.pending(saved.put, saved.removed),
        };
      } catch (error) {
        catalog.restore(before);
        for (const { oid } of change.sequences) engine.sequences.remove(oid);
        throw error;
      }
    },
    async () => {
      const { put, removed } = must<Saved>(saved, 'definition');
      await catalogStore.save(put, removed);
    },
  );
}

/** Numbers of columns that are no more what they were. */
function lostColumns({ before, after, values }: RowRewrite): ReadonlySet<number> {
  const kept = new Set(numbersOf(after.columns));
  return new Set([
    ...numbersOf(before.columns).filter((number) => !kept.has(number)),
    ...values.keys(),
  ]);
}

/** What runs over the table goes on as it is, so it must not be handed such a column, even if nothing comes of it. */
function requireUnread(
  table: TableObject,
  lost: ReadonlySet<number>,
  change: Alteration,
  { database }: SessionContext,
): void {
  const gone = new Set(change.dropped.map((object) => object.oid));
  for (const { object, plan } of database.engine.jobs) {
    if (gone.has(object.oid)) continue;
    const reads = plan.nodes.some(
      (node) =>
        node.kind === 'scan' &&
        node.relation.oid === table.oid &&
        node.ordinals.some((number) => lost.has(number)),
    );
    if (!reads) continue;
    throw notSupported('this change of columns', {
      detail: `The dataflow of "${object.name}" carries a column that is to change, although its query does not use it.`,
      hint: 'Drop it, change the table, and create it again.',
    });
  }
}

/** The new rows must keep to what is new, and all of it where values have changed. */
function checkRewritten(
  { before, after, values }: RowRewrite,
  indexes: readonly IndexObject[],
  rows: readonly Batch[],
  session: SessionContext,
): void {
  const columns = new Map(before.columns.map((each, i) => [numberOf(before.columns, i), each]));
  const known = after.columns.map((each, i) => {
    const number = numberOf(after.columns, i);
    const old = values.has(number) ? undefined : columns.get(number);
    return old ?? { ...each, notNull: false };
  });
  const checks = values.size > 0 ? [] : before.checks;
  checkStoredRows({ ...before, columns: known, checks }, after, session, rows);
  const changed = new Set(after.columns.keys());
  known.forEach((column, ordinal) => {
    if (columns.get(numberOf(after.columns, ordinal)) === column) changed.delete(ordinal);
  });
  const keyed = after.primaryKey.some((ordinal) => changed.has(ordinal));
  if (keyed || !sameKey(before, after)) checkPrimaryKey(after, rows);
  for (const index of indexes) {
    const isNew = session.database.engine.hasIndex(index.oid) === false;
    if (!index.unique) continue;
    if (isNew || index.key.some((ordinal) => changed.has(ordinal))) checkUnique(index, rows);
  }
}

/** NULL is another matter: PostgreSQL tells of equal rows first. */
function checkPrimaryKey(table: TableObject, rows: Iterable<Batch>): void {
  const { columns, primaryKey } = table;
  if (primaryKey.length === 0) return;
  const key = primaryKey.map((ordinal) => ({
    name: columns[ordinal]!.name,
    type: columns[ordinal]!.type,
    nullable: false,
    comment: null,
  }));
  checkUnique({ name: primaryKeyName(table), key: primaryKey, columns: key }, rows);
}

/** A snapshot undoes changes of rows that have other columns. */
function refuseWhileRead(table: TableObject, { database }: SessionContext): void {
  if (!database.engine.isReadAsBefore(table.oid)) return;
  throw new SqlError(
    sqlstate.objectInUse,
    `cannot ALTER TABLE "${table.name}" because an open transaction reads it as it was before later changes`,
    { hint: 'Wait until the transaction has ended, and run the statement again.' },
  );
}

/** The rows that there are must keep to constraints that come to be. */
function checkRows(change: Alteration, session: SessionContext): void {
  const { catalog, engine } = session.database;
  for (const after of change.objects) {
    const before = catalog.byOid(after.oid);
    if (before?.kind !== 'table' || after.kind !== 'table') continue;
    const relation = must(engine.relation(after.oid), 'altered table');
    if (!sameKey(before, after)) checkPrimaryKey(after, storedRows(relation));
    checkStoredRows(before, after, session, storedRows(relation));
  }
  for (const index of change.indexes) {
    checkUnique(index, storedRows(must(engine.relation(index.relation), 'indexed table')));
  }
}

/** Where a sequence stands must be within its new limits. */
function checkSequences(bound: BoundAlter, session: SessionContext): void {
  for (const { oid, restart } of bound.sequences ?? []) {
    const sequence = bound.objects.find((object) => object.oid === oid);
    if (sequence?.kind !== 'sequence' || restart !== null) continue;
    const { last } = session.database.engine.sequences.value(sequence);
    const [word, limit] =
      last < BigInt(sequence.min)
        ? ['less than MINVALUE', sequence.min]
        : ['greater than MAXVALUE', sequence.max];
    if (last >= BigInt(sequence.min) && last <= BigInt(sequence.max)) continue;
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `RESTART value (${last}) cannot be ${word} (${limit})`,
    );
  }
}
