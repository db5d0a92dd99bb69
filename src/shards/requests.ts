/**
 * What the coordinator asks of a shard in another thread, one at a time and waiting for the answer: to make
 * and drop views, how large state is, to write and to load it.
 */

import { AssertionFailed, fault, must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { OperatorCounters } from '../dataflow/operator.ts';
import type { FunctionRegistry } from '../expr/functions/registry.ts';
import { decodePlan } from '../plan/decode.ts';
import type { StateTable } from '../state/state-table.ts';
import type { EnumDefinition } from '../types/enum-labels.ts';
import { frames } from './frames.ts';
import { decodeSource } from './source-codec.ts';
import type { Shard } from './shard.ts';

export const requests = {
  /** view, name, plan */
  addView: 1,
  /** view */
  removeView: 2,
  /** view → nodes as JSON */
  nodes: 3,
  /** view */
  restored: 4,
  /** view, node, table, 1 for a base → segment */
  writeTable: 5,
  /** view, node, table, segment */
  loadTable: 6,
  /** feed, source (source-codec.ts) */
  setSource: 7,
  /** feed */
  removeSource: 8,
  /** definitions of enum types as JSON */
  defineEnums: 9,
} as const;

export interface NodeStatus {
  readonly id: number;
  readonly kind: string;
  readonly counters: OperatorCounters;
  readonly tables: readonly TableStatus[];
}

export type TableStatus = Pick<StateTable, 'name' | 'rows' | 'bytes' | 'dirty'>;

export function beginRequest(kind: number, view: number): ByteWriter {
  return new ByteWriter(256).uint8(frames.request).uint8(kind).varint(view);
}

/** Does what a request says and returns the frame of the answer. */
export function answerRequest(
  shard: Shard,
  frame: Uint8Array,
  functions: FunctionRegistry,
): Uint8Array {
  const reader = new ByteReader(frame, 1);
  const writer = new ByteWriter(1024).uint8(frames.answer);
  try {
    answer(shard, reader, writer.uint8(1), functions);
    return writer.view();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new ByteWriter(1024).uint8(frames.answer).uint8(0).text(text).view();
  }
}

function answer(
  shard: Shard,
  reader: ByteReader,
  writer: ByteWriter,
  functions: FunctionRegistry,
): void {
  const kind = reader.uint8();
  const view = reader.varint();
  switch (kind) {
    case requests.addView:
      shard.addView(view, reader.text(), decodePlan(reader.text(), functions, shard.enums));
      return;
    case requests.removeView:
      shard.removeView(view);
      return;
    case requests.nodes:
      writer.text(JSON.stringify([...statusOf(shard, view)]));
      return;
    case requests.restored:
      shard.view(view).restored();
      return;
    case requests.writeTable: {
      const table = tableOf(shard, view, reader);
      if (reader.uint8() === 1) table.writeBase(writer);
      else table.writeDelta(writer);
      return;
    }
    case requests.loadTable: {
      const table = tableOf(shard, view, reader);
      table.load(new ByteReader(reader.bytes(reader.remaining)));
      return;
    }
    case requests.setSource:
      shard.setSource(view, decodeSource(reader.bytes(reader.remaining), functions, shard.enums));
      return;
    case requests.removeSource:
      shard.removeSource(view);
      return;
    case requests.defineEnums:
      for (const each of JSON.parse(reader.text()) as EnumDefinition[]) shard.enums.define(each);
      return;
    default:
      fault(`request of kind ${kind}`);
  }
}

function* statusOf(shard: Shard, view: number): Iterable<NodeStatus> {
  for (const { id, kind, operator } of shard.view(view).nodes()) {
    const { counters, stateTables } = operator;
    const tables = stateTables.map(({ name, rows, bytes, dirty }) => ({
      name,
      rows,
      bytes,
      dirty,
    }));
    yield { id, kind, counters, tables };
  }
}

function tableOf(shard: Shard, view: number, reader: ByteReader): StateTable {
  const id = reader.varint();
  const index = reader.varint();
  for (const { id: node, operator } of shard.view(view).nodes()) {
    if (node === id) return must(operator.stateTables[index], `table ${index} of node ${id}`);
  }
  return fault(`node ${id} of view ${view}`);
}

/** What an answer carries. Throws when the request failed. */
export function readAnswer(frame: Uint8Array): ByteReader {
  const reader = new ByteReader(frame, 1);
  if (reader.uint8() === 0) throw new AssertionFailed(`a worker failed: ${reader.text()}`);
  return reader;
}
