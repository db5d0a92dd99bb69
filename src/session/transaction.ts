/**
 * One session's transaction: the snapshot it reads and the changes it has made but not committed. Its own
 * changes are seen by its reads of the tables; everybody else, and every view, sees them at commit, all at
 * once. A transaction that reads keeps one snapshot to its end, whatever its isolation level.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Engine } from '../jobs/engine.ts';
import type { Snapshot } from '../jobs/history.ts';
import type { PointLookup } from '../serving/point-lookup.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import type { TableChange } from '../jobs/write-log.ts';
import { PendingRows } from './pending-rows.ts';
import { RowSet, type WeightedRow } from './row-set.ts';

interface PendingChange {
  readonly oid: number;
  /** Of the table when the rows were made: under another they may have other columns. */
  readonly storage: number;
  readonly rows: readonly WeightedRow[];
}

interface Savepoint {
  readonly name: string;
  readonly changes: number;
}

export interface ScanOptions {
  /** The instant at which a statement that has given up turns began; for a transaction without snapshot. */
  readonly statement: Snapshot | null;
  readonly lookup: PointLookup | null;
}

export class Transaction {
  readonly #engine: Engine;
  #snapshot: Snapshot | null = null;
  #changes: PendingChange[] = [];
  /** The same by table. */
  readonly #pending = new Map<number, { readonly storage: number; readonly rows: PendingRows }>();
  #savepoints: Savepoint[] = [];
  /** BEGIN was given; otherwise it ends with the statement (or at Sync). */
  explicit = false;
  failed = false;
  readOnly = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get started(): boolean {
    return this.explicit || this.#changes.length > 0 || this.#snapshot !== null;
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  /** Tables with uncommitted changes. */
  changedTables(): ReadonlySet<number> {
    return new Set(this.#changes.map((change) => change.oid));
  }

  /** The instant that this transaction reads; null: now (a single statement). */
  snapshot(): Snapshot | null {
    if (this.explicit) this.#snapshot ??= this.#engine.openSnapshot();
    return this.#snapshot;
  }

  /** Rows of a relation as this transaction sees them; with `lookup` at least those that it asks for. */
  *scan(
    oid: number,
    numbers: readonly number[],
    { statement, lookup }: ScanOptions = { statement: null, lookup: null },
  ): Iterable<Batch> {
    const relation = this.#engine.relation(oid);
    if (relation === undefined) {
      throw new SqlError(sqlstate.undefinedTable, `relation with OID ${oid} is not running`, {
        hint: 'It may have been dropped, or could not be started again; the log says why.',
      });
    }
    yield* relation.scan(numbers, this.snapshot() ?? statement, lookup);
    const pending = this.pending(oid);
    if (pending === null) return;
    const rows =
      lookup === null
        ? pending.rows
        : matching(pending, relation.places(lookup.columns), lookup.values);
    if (rows.length === 0) return;
    const ordinals = relation.places(numbers);
    const builder = new BatchBuilder(
      ordinals.map((ordinal) => relation.types[ordinal]!),
      rows.length,
    );
    for (const { row, weight } of rows) {
      builder.append(
        ordinals.map((ordinal) => row[ordinal]!),
        weight,
      );
    }
    yield builder.batch();
  }

  /** What this transaction has done to a table so far; null: nothing. */
  pending(oid: number): PendingRows | null {
    const pending = this.#pending.get(oid);
    if (pending === undefined) return null;
    this.checkStorage({ oid, storage: pending.storage });
    return pending.rows;
  }

  /** Rows that were made before their table got other columns do not fit them. */
  checkStorage({ oid, storage }: Pick<PendingChange, 'oid' | 'storage'>): void {
    const relation = this.#engine.relation(oid);
    if (relation === undefined || storage === relation.storage) return;
    throw new SqlError(
      sqlstate.serializationFailure,
      `could not serialize access: table "${relation.name}" was altered by another session`,
      { hint: 'Run the transaction again.' },
    );
  }

  /** `storage`: of the table that the rows were made for. */
  change(oid: number, storage: number, rows: readonly WeightedRow[]): void {
    if (rows.length === 0) return;
    // A statement checks before it changes anything, so all rows of a table are of one storage.
    this.checkStorage({ oid, storage });
    this.#changes.push({ oid, storage, rows });
    let pending = this.#pending.get(oid);
    if (pending === undefined) {
      pending = { storage, rows: new PendingRows(this.#engine.relation(oid)?.types ?? []) };
      this.#pending.set(oid, pending);
    }
    pending.rows.add(rows);
  }

  /** How far the changes go, to undo one statement. */
  mark(): number {
    return this.#changes.length;
  }

  undoTo(mark: number): void {
    for (const { oid, rows } of this.#changes.splice(mark).reverse()) {
      const pending = this.#pending.get(oid)!.rows;
      const left = pending.rows.length - rows.length;
      if (left === 0) this.#pending.delete(oid);
      else pending.truncate(left);
    }
  }

  savepoint(name: string): void {
    this.#savepoints.push({ name, changes: this.#changes.length });
  }

  rollbackTo(name: string): void {
    const at = this.#find(name);
    this.undoTo(this.#savepoints[at]!.changes);
    this.#savepoints.length = at + 1;
    this.failed = false;
  }

  release(name: string): void {
    this.#savepoints.length = this.#find(name);
  }

  #find(name: string): number {
    const at = this.#savepoints.findLastIndex((each) => each.name === name);
    if (at < 0) throw new SqlError(sqlstate.invalidSavepoint, `savepoint "${name}" does not exist`);
    return at;
  }

  /** The net changes, equal rows summed where one may undo another. */
  netChanges(): TableChange[] {
    const [only, ...more] = this.#changes;
    if (only !== undefined && more.length === 0 && only.rows.every(({ weight }) => weight > 0)) {
      this.pending(only.oid);
      if (this.#engine.relation(only.oid) !== undefined) return [only];
    }
    const sets = new Map<number, RowSet>();
    for (const change of this.#changes) {
      const { oid, rows } = change;
      const relation = this.#engine.relation(oid);
      if (relation === undefined) {
        throw new SqlError(
          sqlstate.serializationFailure,
          'could not serialize access: a changed table was dropped by another session',
        );
      }
      this.checkStorage(change);
      const set = sets.get(oid) ?? new RowSet(relation.types);
      sets.set(oid, set);
      for (const { row, weight } of rows) set.add(row, weight);
    }
    return [...sets]
      .map(([oid, set]) => ({ oid, rows: set.entries() }))
      .filter((change) => change.rows.length > 0);
  }

  /** Forgets everything and starts afresh. */
  end(): void {
    if (this.#snapshot !== null) this.#engine.releaseSnapshot(this.#snapshot);
    this.#snapshot = null;
    this.#changes = [];
    this.#pending.clear();
    this.#savepoints = [];
    this.explicit = false;
    this.failed = false;
    this.readOnly = false;
  }
}

/** At least the rows with these values, none of them NULL, in some columns. */
function matching(
  pending: PendingRows,
  columns: readonly number[],
  values: readonly Datum[],
): readonly WeightedRow[] {
  const row: (Datum | null)[] = [];
  for (const [i, column] of columns.entries()) row[column] = values[i]!;
  return pending.matching(row, columns);
}
