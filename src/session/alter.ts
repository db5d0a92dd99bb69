/**
 * ALTER and COMMENT: the new definitions take the place of the old ones, checked against the rows that there are.
 * Where a table gets columns, its rows are written anew and become durable together with the definition.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { BoundAlter } from '../binder/bound-statement.ts';
import type {
  CatalogObject,
  IndexObject,
  SchemaObject,
  SequenceObject,
  TableObject,
} from '../catalog/objects.ts';
import { nextValueSql } from '../catalog/sequences.ts';
import type { SessionContext } from './session-context.ts';
import { checkStoredRows, checkUnique, storedRows } from './stored-checks.ts';
import { meaningsOver, requireMeanings } from './stored-meaning.ts';
import { widenRows } from './widen-rows.ts';

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
  const change = numbered(bound, session);
  const widened = change.objects.find((object) => isWidened(object, session));
  if (widened?.kind === 'table') await widen(widened, change, session);
  else {
    checkRows(change, session);
    const before = catalog.snapshot();
    const renamed = change.objects.filter((object) => hasOtherNames(object, session));
    const meanings = renamed.map((object) => meaningsOver(object.oid, session.database));
    try {
      const { put, removed } = install(change, session);
      for (const each of meanings) requireMeanings(each, session.database);
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

function isWidened(object: CatalogObject, { database }: SessionContext): boolean {
  if (object.kind !== 'table') return false;
  return object.columns.length > must(database.engine.relation(object.oid), 'table').types.length;
}

/** Whether a column of the table has got another name. */
function hasOtherNames(object: CatalogObject, { database }: SessionContext): boolean {
  const before = database.catalog.byOid(object.oid);
  if (before?.kind !== 'table' || object.kind !== 'table') return false;
  return before.columns.some((column, ordinal) => object.columns[ordinal]?.name !== column.name);
}

/** New objects get their oids, and new columns the mark by which stored queries know not to see them. */
function numbered(bound: BoundAlter, session: SessionContext): Alteration {
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
    if (!isWidened(object, session) || object.kind !== 'table') return object;
    const before = must(catalog.byOid(object.oid), 'altered table').columns.length;
    const storage = catalog.allocateOid();
    const columns = object.columns.map((column, ordinal) => {
      if (ordinal < before) return column;
      const own = owned.get(ordinal);
      const added = { ...column, added: storage };
      return own === undefined ? added : { ...added, sequence: own, defaultSql: nextValueSql(own) };
    });
    return { ...object, columns, storage };
  });
  const sequences = made.map(({ object }) => object);
  return { objects, schemas: bound.schemas, indexes, sequences, dropped: bound.dropped ?? [] };
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
async function widen(
  table: TableObject,
  change: Alteration,
  session: SessionContext,
): Promise<void> {
  const { catalog, catalogStore, engine } = session.database;
  let saved: Saved | null = null;
  await engine.widenTable(
    () => {
      refuseWhileRead(table, session);
      const before = catalog.snapshot();
      const old = must(catalog.byOid(table.oid), 'altered table') as TableObject;
      const relation = must(engine.relation(table.oid), 'altered table');
      try {
        saved = install(change, session);
        const rows = widenRows(table, relation, session);
        checkStoredRows(old, table, session, rows);
        for (const index of change.indexes) checkUnique(index, rows);
        return { table, rows, pending: catalogStore.pending(saved.put, saved.removed) };
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

/** A snapshot undoes changes of rows that have no value for a new column. */
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
