/** Ends of a graph: the rows of an ad-hoc result, and the stored rows of a materialized view. */

import { Consolidator } from '../dataflow/consolidate.ts';
import type { Output } from '../dataflow/operator.ts';
import type { RelationStore } from '../state/relation-store.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Gathers everything that is emitted; for queries that run once over a snapshot. */
export class CollectOutput implements Output {
  readonly #rows: Consolidator;
  #watermark = -Infinity;
  #total = 0;

  constructor(types: readonly SqlType[]) {
    this.#rows = new Consolidator(types);
  }

  emit(batch: Batch): void {
    this.#rows.add(batch);
    this.#total += totalWeight(batch);
  }

  watermark(micros: number): void {
    this.#watermark = micros;
  }

  /** Rows so far, each as often as it is there. */
  get total(): number {
    return this.#total;
  }

  get lastWatermark(): number {
    return this.#watermark;
  }

  /** All rows as one consolidated batch, in order of first appearance; null when there are none. */
  take(): Batch | null {
    return this.#rows.take();
  }
}

function totalWeight(batch: Batch): number {
  if (batch.weights === null) return batch.count;
  let total = 0;
  for (let i = 0; i < batch.count; i++) total += batch.weights[i]!;
  return total;
}

/**
 * Applies what is emitted to a relation store and, at the end of the tick, hands the tick's net change to
 * `changed`, as subscribers and sinks want it. Call `endTick` after the graph's tick.
 */
export class MaterializeOutput implements Output {
  readonly #store: RelationStore;
  readonly #changes: Consolidator;
  readonly #changed: (changes: Batch) => void;
  #touched = false;
  #watermark = -Infinity;

  constructor(store: RelationStore, changed: (changes: Batch) => void) {
    this.#store = store;
    this.#changes = new Consolidator(store.types);
    this.#changed = changed;
  }

  emit(batch: Batch): void {
    this.#touched = true;
    this.#store.add(batch);
    this.#changes.add(batch);
  }

  watermark(micros: number): void {
    this.#watermark = micros;
  }

  get lastWatermark(): number {
    return this.#watermark;
  }

  endTick(): void {
    if (!this.#touched) return;
    this.#touched = false;
    this.#store.endStep();
    const changes = this.#changes.take();
    if (changes !== null) this.#changed(changes);
  }
}
