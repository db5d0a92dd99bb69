/** A view's dataflow in a test: what it has given so far, shards for it, and changes for its scans. */

import { ManualClock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { createFormats } from '../formats/registry.ts';
import type { DataflowContext, ViewDataflow } from '../jobs/view-dataflow.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import { evaluation, type TestTable } from './plan-builder.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { LocalShards } from '../shards/local-shards.ts';
import { EnumRegistry } from '../types/enum-labels.ts';

/** What a dataflow has given, as counts. */
export class Outcome {
  readonly #counts = new Map<string, number>();
  readonly #types: readonly SqlType[];
  readonly #plan: DataflowPlan;

  constructor(plan: DataflowPlan) {
    this.#plan = plan;
    this.#types = plan.nodes[plan.root]!.columns.map((column) => column.type);
  }

  #add(line: string, weight: number): void {
    const count = (this.#counts.get(line) ?? 0) + weight;
    if (count === 0) this.#counts.delete(line);
    else this.#counts.set(line, count);
  }

  get context(): DataflowContext {
    return {
      id: 1,
      name: () => 'public.v',
      plan: this.#plan,
      codegen: true,
      evaluation,
      output: {
        emit: (batch: Batch) => {
          for (const { row, weight } of readRows(batch, this.#types)) {
            this.#add(`row ${rowKeyString(row, this.#types)} ${row.map(String).join(' ')}`, weight);
          }
        },
        watermark: () => undefined,
      },
      late: () => undefined,
      rowError: (code, message, _row, weight) => this.#add(`error ${code} ${message}`, weight),
      failed: (error) => {
        throw error;
      },
    };
  }

  lines(): string[] {
    return [...this.#counts].map(([line, count]) => `${line} × ${count}`).sort();
  }
}

/** Shards in this thread whose messages come in random order. */
export function shardsOf(shards: number, random: Random): LocalShards {
  const world = {
    clock: new ManualClock(0),
    sourceEvaluation: () => evaluation,
    formats: createFormats(),
    codegen: true,
    batchRowsMax: 1024,
  };
  return new LocalShards(
    { shards, evaluation, codegen: true, world, enums: new EnumRegistry() },
    random,
  );
}

/** Pushes changes of a table into the scans that read it. */
export function push(
  dataflow: ViewDataflow,
  table: TestTable,
  changes: readonly { readonly row: Row; readonly weight: number }[],
): void {
  if (changes.length === 0) return;
  for (const { relation, ordinals, input } of dataflow.scans) {
    if (relation.oid !== table.oid) continue;
    const builder = new BatchBuilder(ordinals.map((column) => table.schema[column]!.type));
    for (const { row, weight } of changes) {
      builder.append(
        ordinals.map((column) => row[column]!),
        weight,
      );
    }
    input.emit(builder.batch());
  }
}
