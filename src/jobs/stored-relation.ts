/**
 * A relation whose rows are kept: a table or a materialized view. Changes go into its store, into the history
 * for open snapshots, and on to whoever reads it, all within one tick.
 */

import { assert } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { type Lookup, RelationStore } from '../state/relation-store.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { History, Snapshot } from './history.ts';
import { type ChangeListener, projectBatch } from './relation.ts';

export interface RelationDescription {
  readonly oid: number;
  /** Under which number its rows are kept. */
  readonly storage: number;
  /** Schema-qualified name, for messages. */
  readonly name: string;
  readonly types: readonly SqlType[];
  readonly store: RelationStore;
  /** No row of it is ever taken back. */
  readonly appendOnly: boolean;
  readonly history: History;
  readonly tick: () => number;
}

export class StoredRelation {
  readonly oid: number;
  name: string;
  #storage: number;
  readonly appendOnly: boolean;
  #store: RelationStore;
  #kept = true;
  readonly #history: History;
  readonly #tick: () => number;
  readonly #listeners = new Set<ChangeListener>();
  #watermark = -Infinity;
  /** Changes came since the last endStep. */
  #open = false;
  /** Why its rows cannot be trusted any more, or null. */
  failure: string | null = null;
  /** The tick of its last change, or of its making in this process. */
  changedAt: number;

  constructor(description: RelationDescription) {
    this.oid = description.oid;
    this.name = description.name;
    this.#storage = description.storage;
    this.appendOnly = description.appendOnly;
    this.#store = description.store;
    this.#history = description.history;
    this.#tick = description.tick;
    this.changedAt = description.tick();
  }

  get store(): RelationStore {
    return this.#store;
  }

  /** Under which number its rows are kept. */
  get storage(): number {
    return this.#storage;
  }

  get types(): readonly SqlType[] {
    return this.#store.types;
  }

  /**
   * The same rows with more columns at the end. Those who listen named their columns by ordinals and go on; a scan
   * that is open gives what it began with.
   */
  widen(store: RelationStore, storage: number): void {
    assert(store.types.length >= this.types.length, `${this.name} would lose columns`);
    this.#store = store;
    this.#storage = storage;
  }

  /**
   * From now on rows are not kept, only passed on to those who listen. A scan that is open still gives what it
   * began with.
   */
  passOn(): void {
    this.#kept = false;
    this.#store = new RelationStore('rows', this.types);
  }

  get watermark(): number {
    return this.#watermark;
  }

  /** Weighted changes over all columns. */
  apply(batch: Batch): void {
    if (batch.count === 0) return;
    this.changedAt = this.#tick();
    if (this.#kept) {
      this.#store.add(batch);
      this.#open = true;
      this.#history.record(this.oid, this.changedAt, batch);
    }
    for (const listener of this.#listeners) listener.push(projectBatch(batch, listener.ordinals));
  }

  /** Ends the tick's changes: by now no row may have a negative multiplicity. */
  endStep(): void {
    if (!this.#open) return;
    this.#open = false;
    this.store.endStep();
  }

  /** Event time of the rows to come is at or after `micros`. */
  advance(micros: number): void {
    if (micros <= this.#watermark) return;
    this.#watermark = micros;
    for (const listener of this.#listeners) listener.watermark(micros);
  }

  /**
   * The rows as of `snapshot` (null: now), as batches whose weights sum to the contents. With `asked` at least
   * the rows that have those values, and all changes that are undone.
   */
  *scan(
    ordinals: readonly number[],
    snapshot: Snapshot | null,
    asked: Lookup | null = null,
  ): Iterable<Batch> {
    if (this.failure !== null) {
      throw new SqlError(sqlstate.dataCorrupted, `materialized view "${this.name}" has failed`, {
        detail: this.failure,
        hint: 'Drop it and create it again.',
      });
    }
    // The store's scan gives the rows of this moment, so later changes must not be undone again.
    const undo = snapshot === null ? [] : [...this.#history.undo(this.oid, snapshot)];
    const lookup = asked === null ? null : this.store.narrowed(asked);
    if (lookup !== null && this.store.worthLookup(lookup.columns)) {
      // All at once: a lookup does not keep to its beginning as a scan does.
      yield* [...this.store.lookup(lookup.columns, lookup.values, ordinals)];
    } else {
      yield* this.store.scan(ordinals);
    }
    for (const batch of undo) yield projectBatch(batch, ordinals);
  }

  /** From now on the listener gets every change. `fill`: it gets the present rows first. */
  listen(listener: ChangeListener, fill: boolean): void {
    if (fill) for (const batch of this.store.scan(listener.ordinals)) listener.push(batch);
    if (this.#watermark !== -Infinity) listener.watermark(this.#watermark);
    this.#listeners.add(listener);
  }

  unlisten(listener: ChangeListener): void {
    this.#listeners.delete(listener);
  }
}
