/**
 * INSERT, UPDATE, DELETE and TRUNCATE. A statement computes old and new rows over what its transaction
 * sees, checks constraints, and hands the change to the transaction; commit makes it one tick of the engine.
 */

import { must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type {
  BoundCopyFrom,
  BoundDelete,
  BoundInsert,
  BoundOnConflict,
  BoundReturning,
  BoundTruncate,
  BoundUpdate,
} from '../binder/bound-statement.ts';
import type { TableObject } from '../catalog/objects.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { StoredRelation } from '../jobs/stored-relation.ts';
import { hasSubquery } from '../plan/expressions.ts';
import type { LogicalPlan, RelationRef } from '../plan/logical.ts';
import type { Batch } from '../types/batch.ts';
import { readRow } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { bindChecks } from './bind-stored.ts';
import { CopyRows } from './copy-in.ts';
import { copyOptions } from './copy.ts';
import { sessionTextOptions } from './evaluation.ts';
import { hasNull, TableConstraints, uniqueKeys } from './constraints.ts';
import type { ParameterValues } from './session-context.ts';
import type { Queries } from './queries.ts';
import { rowsResult } from './result-cursor.ts';
import { inOrder, returnedPlan } from './returned-rows.ts';
import type { PendingRows } from './pending-rows.ts';
import { RowSet, type WeightedRow } from './row-set.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';

interface Target {
  readonly table: TableObject;
  readonly relation: StoredRelation;
  /** Of the relation when the statement began. */
  readonly storage: number;
  readonly constraints: TableConstraints;
  /** The catalog's version that the constraints are of. */
  readonly version: number;
}

export class Writes {
  readonly #session: SessionContext;
  readonly #queries: Queries;
  /** The oldest version of the catalog that rows of the open transaction were checked against. */
  #checkedAgainst = 0;
  /** By table: the tick of its last change when the open transaction first wrote to it. */
  readonly #writtenAt = new Map<number, number>();

  /** Sequences that begin again with the commit. */
  #restarted: readonly number[] = [];

  constructor(session: SessionContext, queries: Queries) {
    this.#session = session;
    this.#queries = queries;
  }

  insert(bound: BoundInsert, parameters: ParameterValues): StatementResult {
    this.#requireWritable('INSERT');
    const target = this.#target(bound.table);
    const context = this.#queries.context(parameters);
    const proposed = allRows(this.#queries.collect(bound.plan, parameters), bound.plan);
    const changes: WeightedRow[] = [];
    const returned: Row[] = [];
    const pending = new PendingKeys(
      target,
      bound.onConflict?.keys ?? [],
      this.#session.transaction.pending(target.table.oid),
    );
    for (const row of proposed) {
      const outcome = this.#place(row, bound.onConflict, pending, context);
      if (outcome === null) continue;
      if (outcome.old !== null) changes.push({ row: outcome.old, weight: -1 });
      changes.push({ row: outcome.new, weight: 1 });
      returned.push(outcome.new);
    }
    const tag = `INSERT 0 ${returned.length}`;
    const result = this.#result(tag, bound.returning, returned, parameters);
    this.#apply(target, changes, context);
    return result;
  }

  /** COPY FROM STDIN: rows of one statement, however many there are. */
  copyFrom(bound: BoundCopyFrom): StatementResult {
    this.#requireWritable('COPY FROM');
    const copy = copyOptions(bound.options, 'from');
    if (copy.format === 'binary') {
      throw notSupported('COPY FROM in binary form', { hint: 'Send text or CSV.' });
    }
    const target = this.#target(bound.table);
    const context = this.#queries.context([]);
    const exprs = bound.row.map(compileInterpreter);
    return {
      kind: 'copy-in',
      copy: new CopyRows({
        table: target.table,
        columns: bound.columns,
        copy,
        io: sessionTextOptions(this.#session),
        row: (values) => {
          const row = exprs.map((evaluate) => evaluate(values, context));
          target.constraints.checkRow(row, context);
          return row;
        },
        insert: (rows) => {
          const changes = rows.map((row) => ({ row, weight: 1 }));
          this.#record(target, changes);
        },
        checkCancel: () => this.#session.checkCancel(),
      }),
    };
  }

  /** What becomes of one proposed row; null: nothing (ON CONFLICT DO NOTHING). */
  #place(
    row: Row,
    onConflict: BoundOnConflict | null,
    pending: PendingKeys,
    context: EvalContext,
  ): { readonly old: Row | null; readonly new: Row } | null {
    if (onConflict === null) return { old: null, new: row };
    const existing = pending.current(row);
    if (existing === null) {
      pending.put(row, null);
      return { old: null, new: row };
    }
    if (onConflict.action === 'nothing') return null;
    if (pending.wasTouched(row)) {
      throw new SqlError(
        sqlstate.cardinalityViolation,
        'ON CONFLICT DO UPDATE command cannot affect row a second time',
        {
          hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
        },
      );
    }
    const both = [...existing, ...row];
    if (onConflict.where !== null) {
      if (compileInterpreter(onConflict.where)(both, context) !== true) return null;
    }
    const updated = onConflict.row.map((expr) => compileInterpreter(expr)(both, context));
    pending.put(updated, existing);
    return { old: existing, new: updated };
  }

  update(bound: BoundUpdate, parameters: ParameterValues): StatementResult {
    this.#requireWritable('UPDATE');
    const target = this.#target(bound.table);
    const context = this.#queries.context(parameters);
    const rows = allRows(this.#queries.collect(bound.plan, parameters), bound.plan);
    const seen = new Set<string>();
    const changes: WeightedRow[] = [];
    const returned: Row[] = [];
    for (const row of rows) {
      const old = row.slice(0, bound.width);
      if (bound.joined) {
        // Several matches: the first decides, once for every stored copy of the row.
        const key = target.constraints.identityOf(old);
        if (seen.has(key)) continue;
        seen.add(key);
        for (let copies = this.#copies(target, old); copies > 0; copies--) {
          changes.push(
            { row: old, weight: -1 },
            { row: row.slice(bound.width, bound.width * 2), weight: 1 },
          );
          returned.push(row);
        }
        continue;
      }
      changes.push(
        { row: old, weight: -1 },
        { row: row.slice(bound.width, bound.width * 2), weight: 1 },
      );
      returned.push(row);
    }
    const tag = `UPDATE ${returned.length}`;
    const result = this.#result(tag, bound.returning, returned, parameters);
    this.#apply(target, changes, context);
    return result;
  }

  delete(bound: BoundDelete, parameters: ParameterValues): StatementResult {
    this.#requireWritable('DELETE');
    const target = this.#target(bound.table);
    const context = this.#queries.context(parameters);
    const rows = allRows(this.#queries.collect(bound.plan, parameters), bound.plan);
    const seen = new Set<string>();
    const changes: WeightedRow[] = [];
    const returned: Row[] = [];
    for (const row of rows) {
      const old = row.slice(0, bound.width);
      let copies = 1;
      if (bound.joined) {
        const key = target.constraints.identityOf(old);
        if (seen.has(key)) continue;
        seen.add(key);
        copies = this.#copies(target, old);
      }
      for (; copies > 0; copies--) {
        changes.push({ row: old, weight: -1 });
        returned.push(row);
      }
    }
    const tag = `DELETE ${returned.length}`;
    const result = this.#result(tag, bound.returning, returned, parameters);
    this.#apply(target, changes, context);
    return result;
  }

  truncate(bound: BoundTruncate): StatementResult {
    this.#requireWritable('TRUNCATE TABLE');
    for (const ref of bound.tables) {
      const target = this.#target(ref);
      const set = new RowSet(target.relation.types);
      for (const batch of this.#session.transaction.scan(ref.oid, target.relation.numbers)) {
        for (let row = 0; row < batch.count; row++) {
          set.add(readRow(batch, row, target.relation.types), -(batch.weights?.[row] ?? 1));
        }
      }
      this.#session.transaction.change(ref.oid, target.storage, set.entries());
    }
    return { kind: 'done', tag: 'TRUNCATE TABLE' };
  }

  /** With the next commit, or not at all if that fails. */
  restartAtCommit(sequences: readonly number[]): void {
    this.#restarted = sequences;
    this.#session.sequenceValues.used = true;
  }

  /** How often a row stands in its table, as the transaction sees it. */
  #copies(target: Target, row: Row): number {
    const { types } = target.relation;
    const ordinals = types.map((_, index) => index);
    let copies = 0;
    for (const batch of target.relation.store.lookup(ordinals, row, ordinals)) {
      for (let index = 0; index < batch.count; index++) copies += batch.weights?.[index] ?? 1;
    }
    const identity = target.constraints.identityOf(row);
    const pending = this.#session.transaction.pending(target.table.oid);
    for (const each of pending?.matching(row, ordinals) ?? []) {
      if (target.constraints.identityOf(each.row) === identity) copies += each.weight;
    }
    return copies;
  }

  #requireWritable(command: string): void {
    if (!this.#session.readOnly) return;
    throw new SqlError(
      sqlstate.readOnlySqlTransaction,
      `cannot execute ${command} in a read-only transaction`,
    );
  }

  #target(ref: RelationRef): Target {
    const { catalog, engine } = this.#session.database;
    const table = catalog.byOid(ref.oid);
    if (table?.kind !== 'table') {
      throw new SqlError(sqlstate.wrongObjectType, `cannot change "${ref.name}"`, {
        detail: 'Only tables can be written.',
      });
    }
    const relation = must(engine.relation(ref.oid), `table ${ref.name}`);
    const checks = bindChecks(table, this.#session);
    return {
      table,
      relation,
      storage: relation.storage,
      constraints: new TableConstraints(table, uniqueKeys(table, catalog), checks),
      version: catalog.version,
    };
  }

  #apply(target: Target, changes: readonly WeightedRow[], context: EvalContext): void {
    for (const { row, weight } of changes) {
      if (weight > 0) target.constraints.checkRow(row, context);
    }
    this.#record(target, changes);
  }

  /** Rows that were checked by themselves. */
  #record(target: Target, changes: readonly WeightedRow[]): void {
    this.#session.transaction.checkStorage({ oid: target.table.oid, storage: target.storage });
    this.#checkedAgainst = this.#session.transaction.hasChanges
      ? Math.min(this.#checkedAgainst, target.version)
      : target.version;
    if (!this.#session.transaction.hasChanges) this.#writtenAt.clear();
    const { oid } = target.table;
    if (!this.#writtenAt.has(oid)) this.#writtenAt.set(oid, target.relation.changedAt);
    const earlier = this.#session.transaction.pending(target.table.oid);
    target.constraints.checkKeys(target.relation, earlier, changes);
    this.#session.transaction.change(target.table.oid, target.storage, changes);
  }

  #result(
    tag: string,
    returning: BoundReturning | null,
    rows: readonly Row[],
    parameters: ParameterValues,
  ): StatementResult {
    if (returning === null) {
      return { kind: 'done', tag };
    }
    if (returning.exprs.some(hasSubquery)) {
      const values = this.#queries.collect(returnedPlan(returning, rows), parameters);
      return rowsResult(returning.fields, inOrder(values, returning), tag);
    }
    const context = this.#queries.context(parameters);
    const compiled = returning.exprs.map(compileInterpreter);
    const values = rows.map((row) => compiled.map((evaluate) => evaluate(row, context)));
    return rowsResult(returning.fields, values, tag);
  }

  /**
   * Makes the transaction's net changes real: checked once more against what others have committed since,
   * applied as one tick, and durable when this resolves (unless synchronous_commit is off).
   */
  async commit(): Promise<void> {
    const { transaction, database, settings } = this.#session;
    const restarted = this.#restarted;
    this.#restarted = [];
    const changes = transaction.netChanges();
    for (const { oid, rows } of changes) this.#recheck(oid, rows);
    for (const oid of restarted) {
      const sequence = database.catalog.byOid(oid);
      if (sequence?.kind !== 'sequence') continue;
      database.engine.sequences.set(oid, { last: BigInt(sequence.start), called: false });
    }
    const wait = settings.get('synchronous_commit') === 'on';
    await database.engine.write(changes, { wait });
  }

  #recheck(oid: number, rows: readonly WeightedRow[]): void {
    const { catalog } = this.#session.database;
    const table = catalog.byOid(oid);
    if (table?.kind !== 'table') return;
    const target = this.#target({
      oid,
      schemaName: table.schema,
      name: table.name,
      kind: 'table',
      appendOnly: false,
    });
    // A statement by itself has read what is there, and nothing has changed since: it was checked against just that.
    if (
      !this.#session.transaction.explicit &&
      this.#writtenAt.get(oid) === target.relation.changedAt &&
      this.#checkedAgainst === catalog.version
    ) {
      return;
    }
    const ordinals = target.relation.types.map((_, index) => index);
    // A constraint that came since then has not seen these rows.
    if (this.#checkedAgainst !== this.#session.database.catalog.version) {
      const context = this.#queries.context([]);
      for (const { row, weight } of rows) {
        if (weight > 0) target.constraints.checkRow(row, context);
      }
    }
    for (const { row, weight } of rows) {
      if (weight > 0) continue;
      let stored = 0;
      for (const batch of target.relation.store.lookup(ordinals, row, ordinals)) {
        for (let index = 0; index < batch.count; index++) stored += batch.weights?.[index] ?? 1;
      }
      if (stored + weight < 0) {
        throw new SqlError(
          sqlstate.serializationFailure,
          'could not serialize access due to concurrent update',
          { hint: 'Run the transaction again.' },
        );
      }
    }
    target.constraints.checkKeys(target.relation, null, rows);
  }
}

/** The keyed rows of a table as they stand while one INSERT … ON CONFLICT runs. */
class PendingKeys {
  readonly #target: Target;
  readonly #keys: readonly PendingKey[];
  readonly #pending: PendingRows | null;

  /** `keys`: columns of each key that a proposed row may conflict in. */
  constructor(target: Target, keys: readonly (readonly number[])[], pending: PendingRows | null) {
    this.#target = target;
    this.#keys = keys.map((columns) => ({ columns, rows: new Map(), touched: new Set() }));
    this.#pending = pending;
  }

  #set(row: Row, now: Row | null): void {
    for (const { columns, rows } of this.#keys) {
      if (hasNull(row, columns)) continue;
      rows.set(this.#target.constraints.keyOf(row, columns), now);
    }
  }

  /** The row that `row` conflicts with, or null. */
  current(row: Row): Row | null {
    const { constraints, relation } = this.#target;
    for (const { columns, rows } of this.#keys) {
      if (hasNull(row, columns)) continue;
      const known = rows.get(constraints.keyOf(row, columns));
      const found =
        known !== undefined
          ? known
          : (this.#earlier(row, columns) ?? { row: constraints.storedRow(relation, row, columns) })
              .row;
      if (found !== null) return found;
    }
    return null;
  }

  /** What the statements before have left under a key; null: it stands as it is stored. */
  #earlier(row: Row, columns: readonly number[]): { readonly row: Row | null } | null {
    // Net, and what left before what came: UPDATE … SET id = id + 1 has -1 +2 -2 +3.
    const net = new RowSet(this.#target.relation.types);
    for (const each of this.#pending?.matching(row, columns) ?? []) net.add(each.row, each.weight);
    const last = net.entries().at(-1);
    if (last === undefined) return null;
    return { row: last.weight > 0 ? last.row : null };
  }

  wasTouched(row: Row): boolean {
    return this.#keys.some(
      ({ columns, touched }) =>
        !hasNull(row, columns) && touched.has(this.#target.constraints.keyOf(row, columns)),
    );
  }

  /** `old` gave way to `row`, or there was none. */
  put(row: Row, old: Row | null): void {
    if (old !== null) this.#set(old, null);
    this.#set(row, row);
    for (const { columns, touched } of this.#keys) {
      if (!hasNull(row, columns)) touched.add(this.#target.constraints.keyOf(row, columns));
    }
  }
}

interface PendingKey {
  readonly columns: readonly number[];
  readonly rows: Map<string, Row | null>;
  readonly touched: Set<string>;
}

/** Every row of a plan's result, repeated by its weight. */
function allRows(batches: readonly Batch[], plan: LogicalPlan): Row[] {
  const types = plan.schema.map((field) => field.type);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, row) => readRow(batch, row, types)),
  );
}
