/**
 * Where the shards' results come together: changes go to the view's output as they come, its watermark when
 * all shards have reached it. `ReportWriter` is the shard's end of it where frames are sent; the shard in the
 * coordinator's own thread reports directly.
 */

import { fault, must } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { InputWatermarks } from '../dataflow/watermark.ts';
import { lateRowColumns } from '../jobs/ledger.ts';
import type { PieceResult } from '../jobs/remote-decoding.ts';
import type { DataflowContext } from '../jobs/view-dataflow.ts';
import type { Batch } from '../types/batch.ts';
import type { Row } from '../types/datum.ts';
import { decodeRow, encodeRow } from '../types/row-codec.ts';
import type { SqlType } from '../types/sql-type.ts';
import { readBatch, writeBatch } from './batch-codec.ts';
import { frames } from './frames.ts';
import { readResult, writeResult } from './piece-codec.ts';
import { placeNodes } from './placement.ts';
import type { ShardReport } from './report.ts';

export type ViewSink = Omit<DataflowContext, 'codegen' | 'evaluation'>;

/** Of a late row without its arrival time. */
const lateTypes: readonly SqlType[] = lateRowColumns.slice(0, -1).map((column) => column.type);

interface Result {
  readonly sink: ViewSink;
  readonly types: readonly SqlType[];
  readonly times: InputWatermarks;
  /** Shards that have ended the tick under way. */
  ended: number;
}

export class Coordinator implements ShardReport {
  readonly #shards: number;
  readonly #results = new Map<number, Result>();
  /** By feed: what became of its pieces since that was last taken. */
  readonly #pieces = new Map<number, PieceResult[]>();

  constructor(shards: number) {
    this.#shards = shards;
  }

  add(sink: ViewSink): void {
    const nodes = placeNodes(sink.plan);
    const root = must(nodes[sink.plan.root], 'root of the plan');
    this.#results.set(sink.id, {
      sink,
      types: root.spec.columns.map((column) => column.type),
      times: new InputWatermarks(root.place.kind === 'first' ? 1 : this.#shards),
      ended: 0,
    });
  }

  remove(view: number): void {
    this.#results.delete(view);
  }

  /** Whether all shards have ended the view's tick; if so, the next one may begin. */
  takeEnded(view: number): boolean {
    const result = this.#result(view);
    if (result.ended < this.#shards) return false;
    result.ended = 0;
    return true;
  }

  #result(view: number): Result {
    return must(this.#results.get(view), `result of view ${view}`);
  }

  rows(view: number, batch: Batch): void {
    this.#result(view).sink.output.emit(batch);
  }

  watermark(view: number, shard: number, micros: number): void {
    const { sink, times } = this.#result(view);
    if (times.advance(shard, micros)) sink.output.watermark(times.least);
  }

  late(view: number, row: Row): void {
    const { sink } = this.#result(view);
    // Its name may have changed since the shard was told.
    sink.late([sink.name(), ...row.slice(1)]);
  }

  rowError(view: number, code: string, message: string, row: string, weight: number): void {
    this.#result(view).sink.rowError(code, message, row, weight);
  }

  failed(view: number, message: string): void {
    this.#result(view).sink.failed(new Error(message));
  }

  ended(view: number): void {
    this.#result(view).ended++;
  }

  pieceDone(feed: number, result: PieceResult): void {
    const results = this.#pieces.get(feed);
    if (results === undefined) this.#pieces.set(feed, [result]);
    else results.push(result);
  }

  piecesDone(feed: number): number {
    return this.#pieces.get(feed)?.length ?? 0;
  }

  takePieces(feed: number): readonly PieceResult[] {
    const results = this.#pieces.get(feed) ?? [];
    this.#pieces.delete(feed);
    return results;
  }

  /** A frame of a ReportWriter. */
  accept(frame: Uint8Array): void {
    const reader = new ByteReader(frame);
    const kind = reader.uint8();
    const view = reader.varint();
    if (kind === frames.pieceDone) {
      this.pieceDone(view, readResult(reader));
      return;
    }
    if (!this.#results.has(view)) return;
    switch (kind) {
      case frames.resultRows:
        this.rows(view, readBatch(reader, this.#result(view).types));
        return;
      case frames.resultWatermark:
        this.watermark(view, reader.varint(), reader.float64());
        return;
      case frames.late:
        this.late(view, decodeRow(reader, lateTypes));
        return;
      case frames.rowError:
        this.rowError(view, reader.text(), reader.text(), reader.text(), reader.float64());
        return;
      case frames.failed:
        this.failed(view, reader.text());
        return;
      case frames.tickEnded:
        this.ended(view);
        return;
      default:
        fault(`frame of kind ${kind}`);
    }
  }
}

/** Reports as frames. */
export class ReportWriter implements ShardReport {
  readonly #send: (frame: Uint8Array) => void;
  readonly #writer = new ByteWriter(4096);
  readonly #typesOf: (view: number) => readonly SqlType[];

  /** `typesOf` gives the types of a view's result. */
  constructor(send: (frame: Uint8Array) => void, typesOf: (view: number) => readonly SqlType[]) {
    this.#send = send;
    this.#typesOf = typesOf;
  }

  #begin(kind: number, view: number): ByteWriter {
    this.#writer.clear();
    return this.#writer.uint8(kind).varint(view);
  }

  #end(): void {
    this.#send(this.#writer.view());
  }

  rows(view: number, batch: Batch): void {
    const carried = { rowWatermarks: false, origin: false };
    writeBatch(this.#begin(frames.resultRows, view), batch, this.#typesOf(view), carried);
    this.#end();
  }

  watermark(view: number, shard: number, micros: number): void {
    this.#begin(frames.resultWatermark, view).varint(shard).float64(micros);
    this.#end();
  }

  late(view: number, row: Row): void {
    encodeRow(this.#begin(frames.late, view), row, lateTypes);
    this.#end();
  }

  rowError(view: number, code: string, message: string, row: string, weight: number): void {
    this.#begin(frames.rowError, view).text(code).text(message).text(row).float64(weight);
    this.#end();
  }

  failed(view: number, message: string): void {
    this.#begin(frames.failed, view).text(message);
    this.#end();
  }

  ended(view: number): void {
    this.#begin(frames.tickEnded, view);
    this.#end();
  }

  pieceDone(feed: number, result: PieceResult): void {
    writeResult(this.#begin(frames.pieceDone, feed), result);
    this.#end();
  }
}
