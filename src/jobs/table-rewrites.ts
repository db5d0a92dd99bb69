/**
 * Tables that get other columns. The rows change between two ticks, and a checkpoint of that instant holds them
 * together with the definition, so that a crash finds the table as it was or as it is, and never in between.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { numbersOf } from '../catalog/column-numbers.ts';
import { type IndexObject, storageOf, type TableObject } from '../catalog/objects.ts';
import type { CommitQueue } from '../checkpoint/commit-queue.ts';
import type { Segments } from '../checkpoint/segments.ts';
import { RelationStore } from '../state/relation-store.ts';
import type { StoreChange } from '../state/store.ts';
import type { Batch } from '../types/batch.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { QueryJobs } from './query-jobs.ts';
import type { Running } from './running.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TableWrites } from './table-writes.ts';

/** A table with other columns, its rows with their values, and what brings its definition back after a crash. */
export interface Rewritten {
  readonly table: TableObject;
  readonly rows: readonly Batch[];
  /** Indexes of it whose columns stand elsewhere now. */
  readonly indexes: readonly IndexObject[];
  /** Queries that are subscribed to may read what is no more, or has another type. */
  readonly readersEnd: boolean;
  readonly pending: StoreChange;
}

export interface TableRewritesParts {
  readonly running: Running;
  readonly segments: Segments;
  readonly checkpointer: Checkpointer;
  readonly commits: CommitQueue;
  readonly writes: TableWrites;
  readonly subscriptions: Subscriptions;
  readonly queries: QueryJobs;
  /** A failure that no answer can be trusted after: the process must end. */
  readonly fatal: (error: unknown) => void;
}

export class TableRewrites {
  readonly #parts: TableRewritesParts;
  #changes: StoreChange[] = [];

  constructor(parts: TableRewritesParts) {
    this.#parts = parts;
  }

  /** What must be in the next checkpoint, before anything that is written later. */
  takeChanges(): StoreChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /**
   * A table gets other columns. `rewrite` is called between two ticks and gives the new rows, or throws, and
   * then nothing has happened. From that instant on the table has the columns; `pending` of them, a change of the
   * store, is durable together with the rows and everything before, or none of it is. Then `save` makes the
   * definition durable, and `pending` is undone.
   */
  async rewrite(rewrite: () => Rewritten, save: () => Promise<void>): Promise<void> {
    const { checkpointer, commits, writes, fatal } = this.#parts;
    let key: string | null = null;
    let shown = (): void => undefined;
    try {
      await checkpointer.take(() => {
        const rewritten = rewrite();
        key = rewritten.pending.key;
        this.#changes = [...this.#replaceRows(rewritten), rewritten.pending];
        // Whoever sees the new columns answers only when they are there to stay.
        shown = writes.hold();
      });
      shown();
      await save();
      await commits.submit([{ key: must<string>(key, 'pending definition'), value: null }]);
    } catch (error) {
      // What a restart will find is not what is in memory.
      if (key !== null) fatal(error);
      throw error;
    }
  }

  /** The changes forget the old rows. */
  #replaceRows({ table, rows, indexes, readersEnd }: Rewritten): StoreChange[] {
    const { running, segments, subscriptions, queries } = this.#parts;
    const relation = must(running.relations.get(table.oid), `table ${table.name}`);
    const forgotten = segments.remove(String(relation.storage));
    const types = table.columns.map((column) => column.type);
    const store = new RelationStore('rows', types);
    for (const batch of rows) store.add(batch);
    store.endStep();
    for (const index of indexes) running.declareIndex(index);
    running.applyIndexes(table.oid, store);
    relation.rewrite(store, storageOf(table), numbersOf(table.columns));
    segments.add(String(relation.storage), store.name, store);
    const error = altered(table.name);
    subscriptions.fail(table.oid, error);
    if (readersEnd) queries.failReaders(table.oid, error);
    return forgotten;
  }
}

function altered(name: string): SqlError {
  return new SqlError(
    sqlstate.objectNotInPrerequisiteState,
    `subscription ended because the columns of table "${name}" have changed`,
    { hint: 'Subscribe again.' },
  );
}
