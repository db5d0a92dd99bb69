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
  /** Those of its columns, by which all who read it name them. */
  readonly numbers: readonly number[];
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
  #numbers: readonly number[];
  #kept = true;
  readonly #history: History;
  readonly #tick: () => number;
  /** With the places of their columns in a row; null: one of them is gone, and so will be who listens. */
  readonly #listeners = new Map<ChangeListener, readonly number[] | null>();
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
    this.#numbers = description.numbers;
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

  /** Of its columns; those of a row come in the same order. */
  get numbers(): readonly number[] {
    return this.#numbers;
  }

  /**
   * The same rows with other columns. Those who listen named theirs by number and go on; a scan that is open gives
   * what it began with.
   */
  rewrite(store: RelationStore, storage: number, numbers: readonly number[]): void {
    assert(store.types.length === numbers.length, `${this.name}: a number for each column`);
    this.#store = store;
    this.#storage = storage;
    this.#numbers = numbers;
    for (const listener of this.#listeners.keys()) {
      this.#listeners.set(listener, this.#placesOf(listener.ordinals));
    }
  }

  #placesOf(numbers: readonly number[]): readonly number[] | null {
    const places = numbers.map((number) => this.#numbers.indexOf(number));
    return places.includes(-1) ? null : places;
  }

  /** Where columns that somebody names by number stand in a row. */
  places(numbers: readonly number[]): readonly number[] {
    const places = this.#placesOf(numbers);
    if (places !== null) return places;
    throw new SqlError(
      sqlstate.serializationFailure,
      `could not serialize access: table "${this.name}" was altered by another session`,
      { hint: 'Run the transaction again.' },
    );
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
    for (const [listener, places] of this.#listeners) {
      if (places !== null) listener.push(projectBatch(batch, places));
    }
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
    for (const listener of this.#listeners.keys()) listener.watermark(micros);
  }

  /**
   * The columns of those numbers of the rows as of `snapshot` (null: now), as batches whose weights sum to the
   * contents. With `asked` (by number, too) at least the rows that have those values, and all changes that are undone.
   */
  *scan(
    numbers: readonly number[],
    snapshot: Snapshot | null,
    asked: Lookup | null = null,
  ): Iterable<Batch> {
    if (this.failure !== null) {
      throw new SqlError(sqlstate.dataCorrupted, `materialized view "${this.name}" has failed`, {
        detail: this.failure,
        hint: 'Drop it and create it again.',
      });
    }
    const ordinals = this.places(numbers);
    // The store's scan gives the rows of this moment, so later changes must not be undone again.
    const undo = snapshot === null ? [] : [...this.#history.undo(this.oid, snapshot)];
    const lookup =
      asked === null
        ? null
        : this.store.narrowed({ ...asked, columns: this.places(asked.columns) });
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
    const places = this.places(listener.ordinals);
    if (fill) for (const batch of this.store.scan(places)) listener.push(batch);
    if (this.#watermark !== -Infinity) listener.watermark(this.#watermark);
    this.#listeners.set(listener, places);
  }

  unlisten(listener: ChangeListener): void {
    this.#listeners.delete(listener);
  }
}
