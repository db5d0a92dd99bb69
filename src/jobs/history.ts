/**
 * Snapshots: reading as of an earlier tick. While a snapshot is open, every change of a kept relation is
 * remembered; the relation as of tick T is what it holds now minus the changes since T. Z-sets make this
 * exact: the scan gives the current rows and then the later changes with their weights negated, and the
 * operators that read them sum the two.
 *
 * The memory is bounded (DESIGN, promise P6): past `rowsMax` remembered rows the oldest snapshot is given
 * up, and its next read fails with 72000.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { type Batch, negated } from '../types/batch.ts';
import { copyBatch } from '../types/column-access.ts';

interface Change {
  readonly tick: number;
  readonly batch: Batch;
}

export interface Snapshot {
  /** The last tick that it sees. */
  readonly tick: number;
  /** False once its history was given up. */
  valid: boolean;
}

export class History {
  readonly #rowsMax: number;
  readonly #snapshots = new Set<Snapshot>();
  readonly #changes = new Map<number, Change[]>();
  #rows = 0;

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  get openSnapshots(): number {
    return this.#snapshots.size;
  }

  open(tick: number): Snapshot {
    const snapshot: Snapshot = { tick, valid: true };
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  release(snapshot: Snapshot): void {
    this.#snapshots.delete(snapshot);
    this.#prune();
  }

  /** A kept relation changed in `tick`. Costs nothing while no snapshot is open. */
  record(oid: number, tick: number, batch: Batch): void {
    if (this.#snapshots.size === 0 || batch.count === 0) return;
    const changes = this.#changes.get(oid);
    const change = { tick, batch: negated(copyBatch(batch)) };
    if (changes === undefined) this.#changes.set(oid, [change]);
    else changes.push(change);
    this.#rows += batch.count;
    while (this.#rows > this.#rowsMax && this.#snapshots.size > 0) this.#giveUpOldest();
  }

  /** Whether an open snapshot needs changes of this relation to be undone. */
  has(oid: number): boolean {
    return this.#changes.has(oid);
  }

  /** What undoes the changes of a relation since the snapshot. */
  *undo(oid: number, snapshot: Snapshot): Iterable<Batch> {
    if (!snapshot.valid) {
      throw new SqlError(sqlstate.snapshotTooOld, 'snapshot too old', {
        detail: 'The transaction was open while more rows changed than are remembered.',
        hint: 'Use shorter transactions.',
      });
    }
    for (const { tick, batch } of this.#changes.get(oid) ?? []) {
      if (tick > snapshot.tick) yield batch;
    }
  }

  #giveUpOldest(): void {
    let oldest: Snapshot | null = null;
    for (const each of this.#snapshots)
      if (oldest === null || each.tick < oldest.tick) oldest = each;
    if (oldest === null) return;
    oldest.valid = false;
    this.release(oldest);
  }

  #prune(): void {
    let oldest = Infinity;
    for (const { tick } of this.#snapshots) oldest = Math.min(oldest, tick);
    this.#rows = 0;
    for (const [oid, changes] of this.#changes) {
      const kept = changes.filter((change) => change.tick > oldest);
      for (const { batch } of kept) this.#rows += batch.count;
      if (kept.length === 0) this.#changes.delete(oid);
      else this.#changes.set(oid, kept);
    }
  }
}
