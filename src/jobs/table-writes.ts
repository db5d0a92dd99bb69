/**
 * Writes of tables and their log. A transaction's changes are applied at once, in a tick of their own, and logged;
 * they are acknowledged when the log is on stable storage, and so is every read that saw them. A checkpoint takes over
 * what it contains from the log; a restart applies the rest again.
 */

import { must } from '../base/assert.ts';
import type { Store, StoreChange } from '../state/store.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Running } from './running.ts';
import type { StoredRelation } from './stored-relation.ts';
import type { Ticks } from './ticks.ts';
import {
  decodeWrite,
  encodeWrite,
  type TableChange,
  writeLogFrom,
  writeLogKey,
  writeLogSequence,
  writeLogTo,
} from './write-log.ts';

export interface TableWritesParts {
  readonly running: Running;
  readonly ticks: Ticks;
  /** Resolves when the changes are durable. */
  readonly commit: (changes: readonly StoreChange[]) => Promise<void>;
  /** Resolves when no sink is full. */
  readonly room: () => Promise<void>;
  /** A failure that no answer can be trusted after: the process must end. */
  readonly fatal: (error: unknown) => void;
}

export class TableWrites {
  readonly #parts: TableWritesParts;
  #sequence = 0;
  /** Log entries up to here are in a checkpoint. */
  #checkpointed = 0;
  /** Durability of the last write that must be durable before it is shown. */
  #last: Promise<void> = Promise.resolve();
  #pending = 0;

  constructor(parts: TableWritesParts) {
    this.#parts = parts;
  }

  /**
   * Applies one transaction's changes of tables, checked by the caller, in a tick of its own, before this
   * returns. The promise resolves when they are durable.
   */
  write(changes: readonly TableChange[], options: { readonly wait: boolean }): Promise<void> {
    const { commit, room, fatal } = this.#parts;
    const durable = commit(this.#log(changes));
    this.#pending++;
    const done = durable.then(room).finally(() => this.#pending--);
    done.catch(fatal);
    if (!options.wait) return Promise.resolve();
    this.#last = done;
    return done;
  }

  /** Makes the changes, and gives their entry of the log. */
  #log(changes: readonly TableChange[]): StoreChange[] {
    if (changes.length === 0) return [];
    this.#sequence++;
    const key = writeLogKey(this.#sequence);
    const { relations } = this.#parts.running;
    const value = encodeWrite(changes, (oid) => must(relations.get(oid), `table ${oid}`));
    this.#apply(changes);
    return [{ key, value }];
  }

  #apply(changes: readonly TableChange[]): void {
    const { ticks, running } = this.#parts;
    ticks.inside(() => {
      for (const { oid, rows } of changes) {
        const relation = must(running.relations.get(oid), `table ${oid}`);
        relation.apply(toBatch(rows, relation.types));
        relation.endStep();
      }
      ticks.flush();
    });
  }

  /** Resolves when everything that a read could have seen by now is durable. */
  settled(): Promise<void> | null {
    return this.#pending === 0 ? null : this.#last;
  }

  /**
   * Something else is shown already that must become durable: reads wait until the function that is given back is
   * called.
   */
  hold(): () => void {
    this.#pending++;
    let shown = (): void => undefined;
    this.#last = new Promise((resolve) => {
      shown = resolve;
    });
    return () => {
      this.#pending--;
      shown();
    };
  }

  /** The log entries that a checkpoint of this instant contains go with it. */
  covered(): { readonly changes: StoreChange[]; readonly committed: () => void } {
    const changes: StoreChange[] = [];
    const upTo = this.#sequence;
    for (let entry = this.#checkpointed + 1; entry <= upTo; entry++) {
      changes.push({ key: writeLogKey(entry), value: null });
    }
    const committed = (): void => {
      this.#checkpointed = upTo;
    };
    return { changes, committed };
  }

  /** In recovery: applies what was logged since the last checkpoint. */
  replay(store: Store): void {
    const kept = new Map<number, StoredRelation>();
    for (const relation of this.#parts.running.relations.values()) {
      kept.set(relation.storage, relation);
    }
    const relationOf = (storage: number): StoredRelation =>
      must(kept.get(storage), `table of storage ${storage}`);
    for (const [key, value] of store.range(writeLogFrom, writeLogTo)) {
      const sequence = writeLogSequence(key);
      if (this.#sequence === 0) this.#checkpointed = sequence - 1;
      this.#sequence = sequence;
      const written = decodeWrite(value, (storage) => kept.get(storage)?.types ?? null);
      this.#apply(written.map(({ oid, rows }) => ({ oid: relationOf(oid).oid, rows })));
    }
  }
}

function toBatch(rows: TableChange['rows'], types: readonly SqlType[]): Batch {
  const builder = new BatchBuilder(types, rows.length);
  for (const { row, weight } of rows) builder.append(row, weight);
  return builder.batch();
}
