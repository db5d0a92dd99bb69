/**
 * Aggregation before the exchange: against hot keys, the rows of a group that one shard meets in one stage are
 * brought down to at most two, which mean the same to the aggregate behind the exchange. Of n rows
 *
 *   one has weight 1, the sum of the values in each column that is summed,
 *   one has weight n − 1 and 0 there (left out where nothing is summed: then the first has weight n),
 *
 * and both have the extreme in each column whose minimum or maximum is asked. Counts, sums, averages and
 * extremes of insert-only input come out equal, so the aggregate, its state and its checkpoints stay what they
 * are. Where groups turn out to be nearly as many as rows, rows go through as they are for a while.
 */

import type { Output } from '../dataflow/operator.ts';
import type { AggregateSpec, ColumnSpec } from '../plan/dataflow-plan.ts';
import { gatherRows } from '../state/gather.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import { outputRowsMax } from '../operators/outlet.ts';
import { narrowKind, type SqlType } from '../types/sql-type.ts';

interface Kept {
  readonly column: number;
  readonly how: 'sum' | 'min' | 'max' | 'count';
  readonly type: SqlType;
  /** Greatest absolute value of a sum. */
  readonly limit: number;
}

export interface PreAggregation {
  readonly keys: readonly number[];
  readonly kept: readonly Kept[];
  readonly columns: readonly ColumnSpec[];
  /** Of a window aggregate: input column of the window's end, and how long after it rows are taken. */
  readonly window: { readonly end: number; readonly lateness: number } | null;
}

const summed: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'numeric']);
const ordered: ReadonlySet<string> = new Set([
  ...summed,
  ...['date', 'time', 'timestamp', 'timestamptz'],
]);

/** How to aggregate the input of `spec` beforehand; null where its calls do not allow it. */
export function planPreAggregation(
  spec: AggregateSpec,
  columns: readonly ColumnSpec[],
): PreAggregation | null {
  if (!spec.insertOnly) return null;
  const kept = new Map<number, Kept>();
  for (const { fn, args, distinct, filter, orderBy } of spec.calls) {
    if (distinct || filter !== null || orderBy.length > 0 || args.length > 1) return null;
    const [column] = args;
    if (column === undefined) {
      if (fn.name !== 'count') return null;
      continue;
    }
    const { type } = columns[column]!;
    const how = waysOf(fn.name, type);
    if (how === null || narrowKind(type) === 'any' || spec.keys.includes(column)) return null;
    const known = kept.get(column);
    if (known === undefined || known.how === 'count') kept.set(column, keptOf(column, how, type));
    else if (how !== 'count' && known.how !== how) return null;
  }
  const { window } = spec;
  return {
    keys: spec.keys,
    kept: [...kept.values()],
    columns,
    window: window === null ? null : { end: spec.keys[window.end]!, lateness: window.lateness },
  };
}

function waysOf(name: string, type: SqlType): Kept['how'] | null {
  if (name === 'count') return 'count';
  if (name === 'sum' || name === 'avg') return summed.has(type.kind) ? 'sum' : null;
  if (name === 'min' || name === 'max') return ordered.has(type.kind) ? name : null;
  return null;
}

function keptOf(column: number, how: Kept['how'], type: SqlType): Kept {
  const limit = narrowKind(type) === 'i32' ? 0x7fff_ffff : Number.MAX_SAFE_INTEGER;
  return { column, how, type, limit };
}

/** Groups held at the most before they are sent on. */
const groupsMax = 65_536;
/** Stages that rows go through as they are after aggregating them has not paid. */
const restStages = 32;
const judgedRowsMin = 256;

export class PreAggregate implements Output {
  readonly #plan: PreAggregation;
  readonly #output: Output;
  /** Keys: the group's, then for each kept column whether it is NULL. Values: rows, then what is kept. */
  readonly #groups: KeyedTable;
  readonly #sums: boolean;
  /** By kept column: a bound of all sums now, and with the batch that was looked at. */
  #largest: number[] = [];
  #next: number[] = [];
  #entries = new Int32Array(64);
  #watermark = -Infinity;
  #rowsTaken = 0;
  #resting = 0;

  constructor(plan: PreAggregation, output: Output) {
    this.#plan = plan;
    this.#output = output;
    this.#sums = plan.kept.some(({ how }) => how === 'sum');
    const flag: SqlType = { kind: 'boolean' };
    this.#groups = new KeyedTable({
      name: 'partial',
      keys: [...plan.keys.map((key) => plan.columns[key]!.type), ...plan.kept.map(() => flag)],
      values: [{ kind: 'f64' }, ...plan.kept.map(() => ({ kind: 'f64' }) as const)],
      tracked: false,
    });
  }

  emit(batch: Batch): void {
    if (this.#resting > 0 || batch.weights !== null || !this.#isPlain(batch)) {
      this.#output.emit(batch);
      return;
    }
    if (!this.#staysBelowLimits(batch)) this.flush();
    if (!this.#staysBelowLimits(batch)) {
      this.#output.emit(batch);
      return;
    }
    this.#add(batch);
    if (this.#groups.rows > groupsMax) this.flush();
  }

  /** Values are in narrow form, and no row can be late behind the exchange, where it is reported by itself. */
  #isPlain({ columns, count }: Batch): boolean {
    const { kept, window } = this.#plan;
    if (kept.some(({ column }) => columns[column]!.kind === 'any')) return false;
    if (window === null) return true;
    const ends = columns[window.end]!;
    if (ends.kind !== 'f64' || ends.nulls !== null) return false;
    const closed = this.#watermark - window.lateness;
    for (let i = 0; i < count; i++) if (!(ends.values[i]! > closed)) return false;
    return true;
  }

  /** Even if all rows were of one group and sign. */
  #staysBelowLimits({ columns, count }: Batch): boolean {
    for (const [k, { column, how, limit }] of this.#plan.kept.entries()) {
      if (how !== 'sum') continue;
      const { values, nulls } = columns[column] as NumberColumn;
      let most = this.#largest[k] ?? 0;
      for (let i = 0; i < count; i++) {
        if (nulls === null || nulls[i] === 0) most += Math.abs(values[i]!);
      }
      if (!(most <= limit)) return false;
      this.#next[k] = most;
    }
    return true;
  }

  #add({ columns, count }: Batch): void {
    const { keys, kept } = this.#plan;
    if (this.#entries.length < count) this.#entries = new Int32Array(count * 2);
    const entries = this.#entries;
    const flags = kept.map(({ column }): Column => {
      const { nulls } = columns[column] as NumberColumn;
      return { kind: 'bool', values: nulls ?? noNulls(count), nulls: null };
    });
    this.#groups.findOrAdd([...keys.map((key) => columns[key]!), ...flags], count, entries);
    for (const [k, { column, how }] of kept.entries()) {
      if (how === 'count') continue;
      const { values } = columns[column] as NumberColumn;
      fold(how, this.#groups.values[k + 1]!.f64, this.#groups.values[0]!.f64, values, {
        entries,
        count,
      });
    }
    const rows = this.#groups.values[0]!.f64;
    for (let i = 0; i < count; i++) rows[entries[i]!] = rows[entries[i]!]! + 1;
    this.#largest = [...this.#next];
    this.#rowsTaken += count;
  }

  watermark(micros: number): void {
    this.flush();
    this.#watermark = micros;
    this.#output.watermark(micros);
  }

  /** Ends a stage: what was gathered goes on. */
  endStage(): void {
    if (this.#resting > 0) this.#resting--;
    this.flush();
  }

  flush(): void {
    const groups = this.#groups;
    if (groups.rows === 0) return;
    if (this.#rowsTaken >= judgedRowsMin && groups.rows * 2 > this.#rowsTaken) {
      this.#resting = restStages;
    }
    const entries = groups.entries();
    const rows = groups.values[0]!.f64;
    if (this.#sums) {
      this.#send(entries, () => 1, false);
      const more = entries.filter((entry) => rows[entry]! > 1);
      this.#send(more, (entry) => rows[entry]! - 1, true);
    } else {
      this.#send(entries, (entry) => rows[entry]!, false);
    }
    for (const entry of entries) groups.remove(entry);
    this.#rowsTaken = 0;
    this.#largest = [];
  }

  /** `zero`: what is summed is 0. */
  #send(all: Int32Array, weightOf: (entry: number) => number, zero: boolean): void {
    for (let at = 0; at < all.length; at += outputRowsMax) {
      const entries = all.subarray(at, at + outputRowsMax);
      this.#output.emit({
        count: entries.length,
        columns: this.#columns(entries, zero),
        weights: Int32Array.from(entries, weightOf),
        rowWatermarks: null,
        origin: null,
      });
    }
  }

  #columns(entries: Int32Array, zero: boolean): Column[] {
    const { keys, kept, columns } = this.#plan;
    const count = entries.length;
    // The aggregate looks at no other columns.
    const values = new Array<null>(count).fill(null);
    const output = columns.map((): Column => ({ kind: 'any', values, nulls: null }));
    const stored = this.#groups.keys.map((key) => key.stored.column);
    for (const [k, key] of keys.entries()) {
      output[key] = gatherRows(stored[k]!, entries, count, null);
    }
    for (const [k, { column, how, type }] of kept.entries()) {
      const flags = stored[keys.length + k] as { readonly values: Uint8Array };
      const nulls = Uint8Array.from(entries, (entry) => flags.values[entry]!);
      const results = this.#groups.values[k + 1]!.f64;
      const constant = how === 'count' || (how === 'sum' && zero);
      output[column] = narrow(type, nulls, (i) => (constant ? 0 : results[entries[i]!]!));
    }
    return output;
  }
}

interface NumberColumn {
  readonly values: Int32Array | Float64Array;
  readonly nulls: Uint8Array | null;
}

/** Takes values into what is kept; a group without rows has nothing yet. NULLs are in groups of their own. */
function fold(
  how: 'sum' | 'min' | 'max',
  kept: Float64Array,
  rows: Float64Array,
  values: Int32Array | Float64Array,
  { entries, count }: { readonly entries: Int32Array; readonly count: number },
): void {
  if (how === 'sum') {
    for (let i = 0; i < count; i++) kept[entries[i]!] = kept[entries[i]!]! + values[i]!;
    return;
  }
  const none = how === 'min' ? Infinity : -Infinity;
  for (let i = 0; i < count; i++) if (rows[entries[i]!] === 0) kept[entries[i]!] = none;
  if (how === 'min') {
    for (let i = 0; i < count; i++) {
      if (values[i]! < kept[entries[i]!]!) kept[entries[i]!] = values[i]!;
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    if (values[i]! > kept[entries[i]!]!) kept[entries[i]!] = values[i]!;
  }
}

function narrow(type: SqlType, nulls: Uint8Array, valueAt: (i: number) => number): Column {
  const some = nulls.includes(1) ? nulls : null;
  const value = (_: number, i: number): number => valueAt(i);
  switch (narrowKind(type)) {
    case 'i32':
      return { kind: 'i32', values: Int32Array.from(nulls, value), nulls: some };
    case 'f64':
      return { kind: 'f64', values: Float64Array.from(nulls, value), nulls: some };
    default:
      // Only counted: any value that is not NULL.
      return {
        kind: 'any',
        values: Array.from(nulls, (flag) =>
          flag === 1 ? null : type.kind === 'boolean' ? false : '',
        ),
        nulls: null,
      };
  }
}

let zeros = new Uint8Array(0);

function noNulls(count: number): Uint8Array {
  if (zeros.length < count) zeros = new Uint8Array(count * 2);
  return zeros;
}
