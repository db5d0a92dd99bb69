/** A view's dataflow divided into shards, as its job sees it. */

import type { OperatorCounters, Output } from '../dataflow/operator.ts';
import type {
  DataflowContext,
  DataflowNode,
  TableSize,
  ViewDataflow,
} from '../jobs/view-dataflow.ts';
import type { DataflowPlan, ScanSpec } from '../plan/dataflow-plan.ts';
import type { StateTable } from '../state/state-table.ts';
import type { ShardGroup } from './shard-group.ts';
import { splitState } from './split-state.ts';

export class ShardedDataflow implements ViewDataflow {
  readonly scans: ViewDataflow['scans'];
  /** What the clock closes is not divided (`isDivisible`). */
  readonly clocks = [];
  readonly #id: number;
  readonly #plan: DataflowPlan;
  readonly #group: ShardGroup;
  /** Something came since the last tick; the first one carries constants and empty totals. */
  #heard = true;

  constructor(context: DataflowContext, group: ShardGroup) {
    this.#id = context.id;
    this.#plan = context.plan;
    this.#group = group;
    group.addView(context);
    this.scans = context.plan.nodes
      .filter((node): node is ScanSpec => node.kind === 'scan')
      .map((spec, scan) => ({
        id: spec.id,
        relation: spec.relation,
        ordinals: spec.ordinals,
        input: this.#input(spec, scan),
        remote: { view: context.id, scan, heard: () => (this.#heard = true) },
      }));
  }

  #input(spec: ScanSpec, scan: number): Output {
    const types = spec.columns.map((column) => column.type);
    return {
      emit: (batch) => {
        if (batch.count === 0) return;
        this.#heard = true;
        this.#group.pushRows(this.#id, scan, batch, types);
      },
      watermark: (micros) => {
        this.#heard = true;
        this.#group.pushWatermark(this.#id, scan, micros);
      },
    };
  }

  /** Costs a round of messages, so a view that heard nothing has none. */
  tick(): void {
    if (!this.#heard) return;
    this.#heard = false;
    this.#group.tick(this.#id);
  }

  restored(): void {
    this.#group.restored(this.#id);
  }

  *stateTables(): Iterable<readonly [name: string, table: StateTable]> {
    const { shards } = this.#group;
    for (const { shard, id, tables } of this.#group.nodes(this.#id)) {
      for (const table of tables) yield [`${id}.${table.name}@${shard}of${shards}`, table];
    }
  }

  adopt(merged: ViewDataflow): void {
    splitState(this.#plan, new Map(merged.stateTables()), this.#group.nodes(this.#id), {
      shards: this.#group.shards,
    });
  }

  *nodes(): Iterable<DataflowNode> {
    const merged = new Map<number, DataflowNode & { readonly tables: TableSize[] }>();
    for (const { id, kind, counters, tables } of this.#group.nodes(this.#id)) {
      let node = merged.get(id);
      if (node === undefined) {
        const none = { rowsIn: 0, rowsOut: 0, rowsLate: 0, rowsFailed: 0 };
        merged.set(id, (node = { id, kind, counters: none, tables: [] }));
      }
      addCounters(node.counters, counters);
      tables.forEach((table, index) => addSize(node.tables, index, table));
    }
    yield* [...merged.values()].sort((a, b) => a.id - b.id);
  }

  close(): void {
    this.#group.removeView(this.#id);
  }
}

function addCounters(total: OperatorCounters, part: OperatorCounters): void {
  total.rowsIn += part.rowsIn;
  total.rowsOut += part.rowsOut;
  total.rowsLate += part.rowsLate;
  total.rowsFailed += part.rowsFailed;
}

/** Watermarks are the same in every shard and count once. */
function addSize(sizes: TableSize[], index: number, { name, rows, bytes }: TableSize): void {
  const before = sizes[index];
  const shared = name === 'watermarks';
  sizes[index] = {
    name,
    rows: shared || before === undefined ? rows : before.rows + rows,
    bytes: bytes + (before?.bytes ?? 0),
  };
}
