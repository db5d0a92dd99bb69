/**
 * DISTINCT, INTERSECT and EXCEPT: a row's multiplicity in the output is a function of its multiplicities
 * in the inputs. Rows are equal as SQL says, NULLs included; the first spelling met is the one given.
 * Keeps each distinct row with its count per input, and forgets it when all counts are 0.
 */

import { fault } from '../base/assert.ts';
import type { Operator, Output } from '../dataflow/operator.ts';
import type { SetSpec } from '../plan/dataflow-plan.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import type { StateTable } from '../state/state-table.ts';
import { TouchList } from '../state/touch-list.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { EntryOutput, Outlet, Times } from './outlet.ts';

/** How often a row is in the output, by how often it is in the left and the right input. */
export type Multiplicity = (left: number, right: number) => number;

export const distinctMultiplicity: Multiplicity = (left) => (left > 0 ? 1 : 0);

export function setMultiplicity(spec: Pick<SetSpec, 'op' | 'all'>): Multiplicity {
  if (spec.op === 'intersect') {
    return spec.all ? Math.min : (left, right) => (left > 0 && right > 0 ? 1 : 0);
  }
  return spec.all
    ? (left, right) => Math.max(left - right, 0)
    : (left, right) => (left > 0 && right === 0 ? 1 : 0);
}

export class WeightedRows implements Operator {
  readonly stateTables: readonly StateTable[];
  readonly #inputTypes: readonly (readonly SqlType[])[];
  readonly #multiplicity: Multiplicity;
  readonly #rows: KeyedTable;
  readonly #times: Times;
  readonly #touched = new TouchList();
  readonly #outlet = new Outlet();
  readonly #output = new EntryOutput();
  #entries = new Int32Array(64);

  constructor(options: {
    readonly types: readonly SqlType[];
    readonly inputTypes: readonly (readonly SqlType[])[];
    readonly multiplicity: Multiplicity;
  }) {
    this.#inputTypes = options.inputTypes;
    this.#multiplicity = options.multiplicity;
    this.#times = new Times(options.inputTypes.length);
    this.#rows = new KeyedTable({
      name: 'rows',
      keys: options.types,
      values: [{ kind: 'f64' }, { kind: 'f64' }],
    });
    this.stateTables = [this.#rows, this.#times.table];
  }

  get counters() {
    return this.#outlet.counters;
  }

  connect(output: Output): void {
    this.#outlet.connect(output);
  }

  push(batch: Batch, input: number): void {
    this.counters.rowsIn += batch.count;
    if (this.#entries.length < batch.count) this.#entries = new Int32Array(batch.count * 2);
    const entries = this.#entries;
    this.#rows.findOrAdd(batch.columns, batch.count, entries, this.#inputTypes[input]);
    const left = this.#rows.values[0]!.f64;
    const right = this.#rows.values[1]!.f64;
    const counts = input === 0 ? left : right;
    if (input === 0 && this.#inputTypes.length > 1) this.#spellLeft(batch);
    for (let i = 0; i < batch.count; i++) {
      const entry = entries[i]!;
      if (!this.#touched.has(entry)) {
        this.#touched.touch(entry, this.#multiplicity(left[entry]!, right[entry]!));
      }
      counts[entry] = counts[entry]! + (batch.weights === null ? 1 : batch.weights[i]!);
    }
  }

  /** What only the right input had is spelled as the left one has it: 1 and 1.00 are equal, and the left is shown. */
  #spellLeft(batch: Batch): void {
    const wide = this.#rows.keys.flatMap((key, k) => (key.stored.kind === 'any' ? [k] : []));
    if (wide.length === 0) return;
    const left = this.#rows.values[0]!.f64;
    for (let i = 0; i < batch.count; i++) {
      const entry = this.#entries[i]!;
      if (left[entry] !== 0) continue;
      // What was sent as it is spelled has to be taken back so.
      if (this.#touched.has(entry) && this.#touched.before(entry) !== 0) continue;
      for (const k of wide) this.#rows.keys[k]!.respell(entry, this.#rows.datumOf(k, i));
    }
  }

  watermark(micros: number, input: number): void {
    this.#times.advance(input, micros);
  }

  flush(): void {
    const left = this.#rows.values[0]!.f64;
    const right = this.#rows.values[1]!.f64;
    const gone: number[] = [];
    for (let i = 0; i < this.#touched.count; i++) {
      const entry = this.#touched.entries[i]!;
      const l = left[entry]!;
      const r = right[entry]!;
      if (!(l >= 0 && r >= 0)) fault(`a row has multiplicities ${l} and ${r}`);
      this.#output.add(entry, this.#multiplicity(l, r) - this.#touched.before(entry));
      if (l === 0 && r === 0) gone.push(entry);
      else this.#rows.markDirty(entry);
    }
    const columns = this.#rows.keys.map((key) => key.stored.column);
    this.#output.send(this.#outlet, columns);
    for (const entry of gone) this.#rows.remove(entry);
    this.#touched.clear();
    this.#times.pass(this.#outlet);
  }

  restored(): void {
    // No caches.
  }
}
