/**
 * State of a dataflow that ran in one graph, divided over shards: every entry goes to the shard to which rows
 * with its key go. What has no key (watermarks) goes to all.
 */

import { assert, must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import { KeyedTable } from '../state/keyed-table.ts';
import { RowTable } from '../state/row-table.ts';
import { SlotTable } from '../state/slot-table.ts';
import type { StateTable } from '../state/state-table.ts';
import { type PlacedNode, placeNodes } from './placement.ts';
import { rowShards } from './row-hash.ts';
import type { ShardNode } from './shard-group.ts';

/** `merged`: tables by `<node>.<table>`. The shards' tables must be empty. */
export function splitState(
  plan: DataflowPlan,
  merged: ReadonlyMap<string, StateTable>,
  nodes: Iterable<ShardNode>,
  { shards }: { readonly shards: number },
): void {
  const placed = placeNodes(plan);
  for (const node of nodes) {
    for (const table of node.tables) {
      const name = `${node.id}.${table.name}`;
      const source = must(merged.get(name), `state ${name}`);
      const writer = new ByteWriter(4096);
      const columns = dividedBy(must(placed[node.id], `node ${node.id}`), table.name);
      if (columns === null) source.writeBase(writer);
      else writePart(writer, source, columns, { shard: node.shard, shards });
      table.load(new ByteReader(writer.take()));
    }
  }
}

/** Columns of a table by whose hash its entries are divided; null where all shards have it whole. */
function dividedBy(node: PlacedNode, table: string): readonly number[] | null {
  if (table === 'watermarks' || node.place.kind === 'first') return null;
  const { spec, inputs } = node;
  const columns = inputs[table === 'right' ? 1 : 0]?.divided ?? null;
  assert(columns !== null, `state ${table} of a ${spec.kind} cannot be divided`);
  // Tables of an aggregate begin with the group's key; all others hold rows of the input.
  if (spec.kind === 'aggregate') return columns.map((column) => spec.keys.indexOf(column));
  if (spec.kind !== 'session-aggregate') return columns;
  return columns.map((column) => spec.partitionBy.indexOf(column));
}

function writePart(
  writer: ByteWriter,
  source: StateTable,
  columns: readonly number[],
  { shard, shards }: { readonly shard: number; readonly shards: number },
): void {
  const table = source instanceof RowTable ? source.table : source;
  assert(
    table instanceof KeyedTable || table instanceof SlotTable,
    `state ${source.name} cannot be divided`,
  );
  const shardOf = new Int32Array(table.high);
  const stored = table instanceof SlotTable ? table.stored : table.keys.map((key) => key.stored);
  const keys = columns.map((column) => must(stored[column], 'key column'));
  rowShards(
    keys.map((key) => key.column),
    keys.map((key) => key.type),
    table.high,
    shards,
    shardOf,
  );
  table.writePart(
    writer,
    table.entries().filter((entry) => shardOf[entry] === shard),
  );
}
