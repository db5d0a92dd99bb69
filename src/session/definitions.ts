/**
 * CREATE, ALTER, DROP and COMMENT: the change of the catalog and the change of what runs, as one. A
 * definition that fails leaves nothing behind: the name is free and no state is kept.
 */

import { must, unreachable } from '../base/assert.ts';
import { SqlError, notSupported, sqlstate } from '../base/errors.ts';
import type {
  BoundAlter,
  BoundCreateIndex,
  BoundCreateMaterializedView,
  BoundCreateSchema,
  BoundCreateSequence,
  BoundCreateSink,
  BoundCreateSource,
  BoundCreateTable,
  BoundCreateType,
  BoundCreateView,
  BoundDrop,
} from '../binder/bound-statement.ts';
import { newEnum } from '../binder/bind-enum.ts';
import type { Random } from '../base/random.ts';
import type { DropPlan } from '../catalog/catalog.ts';
import type {
  CatalogObject,
  MaterializedViewObject,
  SequenceObject,
  SinkObject,
  SourceObject,
} from '../catalog/objects.ts';
import { nextValueSql } from '../catalog/sequences.ts';
import { ConnectorError } from '../base/errors.ts';
import { readRow } from '../types/column-access.ts';
import { alter } from './alter.ts';
import type { ParameterValues } from './session-context.ts';
import { planSink } from './sinks.ts';
import { checkUnique, storedRows } from './stored-checks.ts';
import { planView, typedByPlan } from './plan-view.ts';
import type { Queries } from './queries.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';
import { createReader } from './source-feeds.ts';

export type Definition =
  | BoundCreateTable
  | BoundCreateSource
  | BoundCreateView
  | BoundCreateMaterializedView
  | BoundCreateSink
  | BoundCreateIndex
  | BoundCreateSequence
  | BoundCreateSchema
  | BoundCreateType
  | BoundDrop
  | BoundAlter;

const done = (tag: string): StatementResult => ({ kind: 'done', tag });

export class Definitions {
  readonly #session: SessionContext;
  readonly #queries: Queries;

  constructor(session: SessionContext, queries: Queries) {
    this.#session = session;
    this.#queries = queries;
  }

  async run(bound: Definition, parameters: ParameterValues): Promise<StatementResult> {
    const { database } = this.#session;
    const before = database.catalog.version;
    return await database.definitionLock(async () => {
      // Another session's definition ran while this one waited: what was bound may be gone.
      if (database.catalog.version !== before) {
        throw new SqlError(
          sqlstate.serializationFailure,
          'the catalog was changed by another session at the same time',
          { hint: 'Run the statement again.' },
        );
      }
      return await this.#carryOut(bound, parameters);
    });
  }

  async #carryOut(bound: Definition, parameters: ParameterValues): Promise<StatementResult> {
    switch (bound.kind) {
      case 'create-table':
        return await this.#createTable(bound, parameters);
      case 'create-source':
        return await this.#createSource(bound);
      case 'create-view':
        return await this.#createView(bound);
      case 'create-materialized-view':
        return await this.#createMaterializedView(bound);
      case 'create-sink':
        return await this.#createSink(bound);
      case 'create-index':
        return await this.#createIndex(bound);
      case 'create-sequence':
        return await this.#createSequence(bound);
      case 'create-schema':
        return await this.#createSchema(bound);
      case 'create-type': {
        const { catalog } = this.#session.database;
        const type = newEnum(bound, () => catalog.allocateOid());
        catalog.create(type);
        await this.#saveOrUndo([type]);
        return done('CREATE TYPE');
      }
      case 'drop':
        return await this.#drop(bound);
      case 'alter':
        await alter(bound, this.#session);
        return done(bound.tag);
      default:
        return unreachable(bound);
    }
  }

  async #createTable(
    bound: BoundCreateTable,
    parameters: ParameterValues,
  ): Promise<StatementResult> {
    if (bound.skip) return done('CREATE TABLE');
    this.#refuseReplace(bound.replaces, 'tables');
    const { catalog, engine } = this.#session.database;
    const oid = catalog.allocateOid();
    const sequences = bound.sequences.map(({ ordinal, object }) => ({
      ordinal,
      object: ownedBy({ ...object, oid: catalog.allocateOid() }, oid),
    }));
    const table = {
      ...bound.object,
      oid,
      columns: bound.object.columns.map((column, i) => {
        const own = sequences.find((each) => each.ordinal === i)?.object;
        if (own === undefined) return column;
        return { ...column, sequence: own.oid, defaultSql: nextValueSql(own.oid) };
      }),
    };
    const rows = bound.query === null ? null : this.#queries.collect(bound.query.plan, parameters);
    const indexes = bound.indexes.map((index) => ({
      ...index,
      oid: catalog.allocateOid(),
      relation: table.oid,
    }));
    const parts = [...sequences.map((each) => each.object), ...indexes];
    for (const object of [table, ...parts]) catalog.create(object);
    engine.addTable(table);
    for (const index of indexes) engine.addIndex(index);
    await this.#saveOrUndo([table, ...parts]);
    if (rows === null) return done('CREATE TABLE');
    const types = table.columns.map((column) => column.type);
    const changes = rows.flatMap((batch) =>
      Array.from({ length: batch.count }, (_, row) => ({
        row: readRow(batch, row, types),
        weight: 1,
      })),
    );
    if (changes.length > 0) await engine.write([{ oid: table.oid, rows: changes }], { wait: true });
    return done(`SELECT ${changes.length}`);
  }

  async #createSource(bound: BoundCreateSource): Promise<StatementResult> {
    const tag = `CREATE ${bound.relation.toUpperCase()}`;
    if (bound.skip) return done(tag);
    this.#refuseReplace(bound.replaces, 'sources');
    const { database } = this.#session;
    if (bound.object.primaryKey.length > 0) {
      throw notSupported('PRIMARY KEY on a source', {
        detail: 'Every record would be a new row, although the key says that it replaces one.',
        hint: 'Leave the key out. Topics of keyed changes (upsert) are not supported yet.',
      });
    }
    const draft: SourceObject = { ...bound.object, oid: database.catalog.allocateOid() };
    const written = draft.unreadable !== undefined;
    const startPositions = written ? new Map() : await this.#startPositions(draft, bound.relation);
    const source: SourceObject = { ...draft, startPositions };
    database.catalog.create(source);
    if (!written) database.engine.addSource(source);
    await this.#saveOrUndo([source]);
    return done(tag);
  }

  /** Where every reader of the source will begin. Asked now, so that "latest" means the time of creation. */
  async #startPositions(
    source: SourceObject,
    made: BoundCreateSource['relation'],
  ): Promise<ReadonlyMap<string, number>> {
    const reader = createReader(source, this.#session.database);
    try {
      return await reader.startPositions();
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      const writable = this.#session.database.sinks(source.connector) !== undefined;
      if (error.missing && writable && made === 'table') {
        // A table may be there to be written to; whoever reads it waits for what comes.
        this.#session.options.notice({ severity: 'NOTICE', code: '00000', message: error.message });
        return new Map();
      }
      throw new SqlError(
        sqlstate.fdwError,
        `could not read from ${source.connector}: ${error.message}`,
        {
          hint: 'Check the address and the options in the WITH clause.',
        },
      );
    } finally {
      await reader.close();
    }
  }

  async #createView(bound: BoundCreateView): Promise<StatementResult> {
    if (bound.skip) return done('CREATE VIEW');
    const { catalog } = this.#session.database;
    if (bound.replaces !== null) {
      const view = { ...bound.object, oid: bound.replaces.oid, made: catalog.allocateOid() };
      this.#checkReplace(bound.replaces, view);
      catalog.replace(view);
      await this.#saveOrUndo([view]);
      return done('CREATE VIEW');
    }
    const view = { ...bound.object, oid: catalog.allocateOid() };
    catalog.create(view);
    await this.#saveOrUndo([view]);
    return done('CREATE VIEW');
  }

  /** PostgreSQL's rule: columns may be added at the end, but neither dropped, renamed nor retyped. */
  #checkReplace(before: CatalogObject, after: CatalogObject): void {
    before.columns.forEach((column, index) => {
      const now = after.columns[index];
      if (now === undefined) {
        throw new SqlError(sqlstate.invalidTableDefinition, 'cannot drop columns from view');
      }
      if (now.name !== column.name) {
        throw new SqlError(
          sqlstate.invalidTableDefinition,
          `cannot change name of view column "${column.name}" to "${now.name}"`,
        );
      }
    });
  }

  async #createMaterializedView(bound: BoundCreateMaterializedView): Promise<StatementResult> {
    const tag = 'CREATE MATERIALIZED VIEW';
    if (bound.skip) return done(tag);
    const { catalog, engine } = this.#session.database;
    const plan = planView(bound.plan, bound.object.emit, this.#session.database);
    const root = plan.nodes[plan.root]!;
    const replaced = this.#replaced(bound.replaces);
    const view: MaterializedViewObject = {
      ...bound.object,
      columns: typedByPlan(bound.object.columns, plan),
      oid: catalog.allocateOid(),
      appendOnly: root.appendOnly,
      key: root.key,
      fingerprint: plan.fingerprint,
    };
    // Nobody sees the view before it shows all of what it reads, and one that it replaces until then.
    await engine.addView(view, plan);
    const before = catalog.snapshot();
    try {
      if (replaced !== null) catalog.drop(replaced);
      catalog.create(view);
      const gone = replaced?.objects.map((object) => object.oid) ?? [];
      await this.#session.database.catalogStore.save([view], gone);
    } catch (error) {
      catalog.restore(before);
      await engine.remove(view.oid);
      throw error;
    }
    if (replaced !== null) await this.#dropObjects(replaced.objects);
    return done(tag);
  }

  async #createSink(bound: BoundCreateSink): Promise<StatementResult> {
    if (bound.skip) return done(bound.tag);
    this.#refuseReplace(bound.replaces, 'sinks');
    const { catalog, engine, random } = this.#session.database;
    const { plan, emit } = planSink(bound, this.#session.database);
    const sink: SinkObject = {
      ...bound.object,
      emit,
      oid: catalog.allocateOid(),
      uid: newUid(random),
      fingerprint: plan.fingerprint,
    };
    await engine.addSink(sink, plan);
    try {
      catalog.create(sink);
      await this.#session.database.catalogStore.save([sink]);
    } catch (error) {
      if (catalog.byOid(sink.oid) !== undefined) this.#forget(sink);
      await engine.remove(sink.oid);
      throw error;
    }
    if (bound.object.target !== null) {
      this.#session.options.notice({
        severity: 'NOTICE',
        code: '00000',
        message: `the rows flow on as sink "${sink.name}" until it is dropped`,
      });
    }
    return done(bound.tag);
  }

  /** OR REPLACE of a materialized view: only when nothing else reads it. */
  #replaced(object: CatalogObject | null): DropPlan | null {
    if (object === null) return null;
    return this.#session.database.catalog.planDrop([object], false, () => true);
  }

  async #createIndex(bound: BoundCreateIndex): Promise<StatementResult> {
    if (bound.skip) return done('CREATE INDEX');
    const { catalog, engine } = this.#session.database;
    const index = { ...bound.object, oid: catalog.allocateOid() };
    if (index.unique) {
      checkUnique(index, storedRows(must(engine.relation(index.relation), 'indexed table')));
    }
    catalog.create(index);
    engine.addIndex(index);
    await this.#saveOrUndo([index]);
    return done('CREATE INDEX');
  }

  async #createSequence(bound: BoundCreateSequence): Promise<StatementResult> {
    if (bound.skip) return done('CREATE SEQUENCE');
    const { catalog } = this.#session.database;
    const sequence = { ...bound.object, oid: catalog.allocateOid() };
    catalog.create(sequence);
    await this.#saveOrUndo([sequence]);
    return done('CREATE SEQUENCE');
  }

  async #createSchema(bound: BoundCreateSchema): Promise<StatementResult> {
    if (bound.skip) return done('CREATE SCHEMA');
    const { catalog, catalogStore } = this.#session.database;
    const schema = {
      kind: 'schema',
      oid: catalog.allocateOid(),
      name: bound.name,
      comment: null,
    } as const;
    catalog.createSchema(schema);
    await catalogStore.save([schema]);
    return done('CREATE SCHEMA');
  }

  async #drop(bound: BoundDrop): Promise<StatementResult> {
    const { catalog, catalogStore } = this.#session.database;
    const { objects, schemas } = bound.plan;
    await this.#session.database.engine.finishSinks(objects.map((object) => object.oid));
    const before = catalog.snapshot();
    try {
      catalog.drop(bound.plan);
      await catalogStore.save(
        [],
        [...objects, ...schemas].map((each) => each.oid),
      );
    } catch (error) {
      catalog.restore(before);
      throw error;
    }
    await this.#dropObjects(objects);
    return done(bound.tag);
  }

  async #dropObjects(objects: readonly CatalogObject[]): Promise<void> {
    for (const object of objects) await this.#session.database.engine.remove(object.oid);
  }

  async #saveOrUndo(objects: readonly CatalogObject[]): Promise<void> {
    try {
      await this.#session.database.catalogStore.save(objects);
    } catch (error) {
      for (const object of objects) {
        this.#forget(object);
        await this.#session.database.engine.remove(object.oid);
      }
      throw error;
    }
  }

  #forget(object: CatalogObject): void {
    this.#session.database.catalog.drop({ objects: [object], schemas: [], cascaded: [] });
  }

  #refuseReplace(replaces: CatalogObject | null, what: string): void {
    if (replaces === null) return;
    throw notSupported(`OR REPLACE for ${what}`, {
      hint: `Drop "${replaces.name}" first; its rows and every view over it would be lost.`,
    });
  }
}

function ownedBy(sequence: SequenceObject, relation: number): SequenceObject {
  const owner = must(sequence.owner, 'owner of the sequence of a column');
  return { ...sequence, owner: { ...owner, relation } };
}

/** Sixteen hexadecimal digits, for names outside that must not meet those of another sink. */
function newUid(random: Random): string {
  const part = (): string => random.uint32().toString(16).padStart(8, '0');
  return part() + part();
}
