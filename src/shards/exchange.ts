/**
 * The two ends of an exchange in one shard. The sender spreads what a node emits over the shards by the hash
 * of its key; rows that stay go on at once. The receiver hands rows on as they come, and passes a watermark
 * on when all senders have reached it.
 */

import { must } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Output } from '../dataflow/operator.ts';
import { InputWatermarks } from '../dataflow/watermark.ts';
import { gather } from '../types/column-access.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { writeRows } from './batch-codec.ts';
import { frames } from './frames.ts';
import { rowShards } from './row-hash.ts';
import type { Exchange } from './shard-plan.ts';

export interface SenderOptions {
  readonly view: number;
  readonly exchange: Exchange;
  readonly shard: number;
  readonly shards: number;
  readonly send: (to: number, frame: Uint8Array) => void;
  /** The receiving end in this shard; null where it has none. */
  readonly own: ExchangeReceiver | null;
}

export class ExchangeSender implements Output {
  readonly #options: SenderOptions;
  readonly #types: readonly SqlType[];
  readonly #keys: readonly number[];
  readonly #keyTypes: readonly SqlType[];
  readonly #writer = new ByteWriter(4096);
  #shardOf = new Int32Array(64);
  #rows = new Int32Array(64);

  constructor(options: SenderOptions) {
    this.#options = options;
    const { route, from } = options.exchange;
    this.#types = from.spec.columns.map((column) => column.type);
    this.#keys = route.kind === 'hashed' ? route.columns : [];
    this.#keyTypes = this.#keys.map((key) => this.#types[key]!);
  }

  emit(batch: Batch): void {
    const { shards, exchange } = this.#options;
    const { count } = batch;
    if (this.#shardOf.length < count) {
      this.#shardOf = new Int32Array(count * 2);
      this.#rows = new Int32Array(count * 2);
    }
    if (exchange.toFirst) {
      this.#shardOf.fill(0, 0, count);
    } else {
      const columns = this.#keys.map((key): Column => batch.columns[key]!);
      rowShards(columns, this.#keyTypes, count, shards, this.#shardOf);
    }
    for (let shard = 0; shard < shards; shard++) this.#sendTo(shard, batch);
  }

  #sendTo(shard: number, batch: Batch): void {
    const shardOf = this.#shardOf;
    const rows = this.#rows;
    let count = 0;
    for (let i = 0; i < batch.count; i++) if (shardOf[i] === shard) rows[count++] = i;
    if (count === 0) return;
    const { view, exchange, send, own } = this.#options;
    if (shard === this.#options.shard) {
      const receiver = must(own, 'rows for a shard that takes none');
      receiver.rows(count === batch.count ? batch : gather(batch, rows, count));
      return;
    }
    const writer = this.#writer;
    writer.clear();
    writer.uint8(frames.exchangeRows).varint(view).varint(exchange.id);
    writeRows(writer, batch, this.#types, rows, count, exchange.carries);
    send(shard, writer.view());
  }

  watermark(micros: number): void {
    const { view, exchange, shard, shards, send, own } = this.#options;
    own?.watermark(shard, micros);
    const writer = this.#writer;
    writer.clear();
    writer.uint8(frames.exchangeWatermark).varint(view).varint(exchange.id).float64(micros);
    for (let to = 0; to < (exchange.toFirst ? 1 : shards); to++) {
      if (to !== shard) send(to, writer.view());
    }
  }
}

export class ExchangeReceiver {
  readonly types: readonly SqlType[];
  readonly #output: Output;
  readonly #times: InputWatermarks;

  constructor(exchange: Exchange, shards: number, output: Output) {
    this.types = exchange.from.spec.columns.map((column) => column.type);
    this.#output = output;
    this.#times = new InputWatermarks(exchange.fromFirst ? 1 : shards);
  }

  rows(batch: Batch): void {
    this.#output.emit(batch);
  }

  watermark(from: number, micros: number): void {
    if (this.#times.advance(from, micros)) this.#output.watermark(this.#times.least);
  }
}
