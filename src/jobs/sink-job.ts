/**
 * One sink while it runs: a dataflow whose result goes to a writer of a connector. The writer's state is part of
 * each checkpoint. A sink that has failed stays failed, also after a restart: the sources have gone on without
 * it, so that rows would be missing from what it writes.
 */

import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { SinkObject } from '../catalog/objects.ts';
import type { SinkContext, SinkStatus, SinkWriter } from '../connectors/sink.ts';
import type { StateTable } from '../state/state-table.ts';
import type { StoreChange } from '../state/store.ts';
import { DataflowJob, type JobOptions } from './dataflow-job.ts';

export interface SinkJobOptions extends JobOptions {
  readonly sink: SinkObject;
  readonly makeWriter: (sink: SinkObject, events: SinkContext['events']) => SinkWriter;
  /** A checkpoint is wanted, or rows may come again. */
  readonly changed: () => void;
}

export class SinkJob extends DataflowJob {
  readonly sink: SinkObject;
  readonly #writer: SinkWriter;
  readonly #state: WriterState;
  #failureStored = false;

  constructor(options: SinkJobOptions) {
    const { sink } = options;
    const writer = options.makeWriter(sink, {
      changed: options.changed,
      refused: (error, row) => options.rowError(error.code, error.message, row, 1),
      failed: (error) => {
        this.fail(error);
        options.changed();
      },
    });
    const state = new WriterState(writer);
    super(
      sink,
      {
        apply: (batch) => writer.write(batch),
        advance: (micros) => writer.watermark(micros),
        endStep: () => undefined,
        fail: () => undefined,
        tables: [['sink', state]],
      },
      options,
    );
    this.sink = sink;
    this.#writer = writer;
    this.#state = state;
  }

  get full(): boolean {
    return this.failure === null && this.#writer.full;
  }

  status(): SinkStatus {
    return this.#writer.status();
  }

  /** Starts the writer, after the state tables were loaded. Rejects when what it wrote before is not there. */
  async open(): Promise<void> {
    await this.#writer.open(this.#state.loaded);
  }

  /** Resolves when all up to the last cut is on stable storage; a writer that cannot do that fails. */
  async synced(): Promise<void> {
    if (this.failure !== null) return;
    try {
      await this.#writer.synced();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  committed(): void {
    if (this.failure === null) this.#writer.committed();
  }

  finish(): void {
    if (this.failure === null) this.#writer.finish();
  }

  async close(how: 'stop' | 'drop' | 'crash'): Promise<void> {
    await this.#writer.close(how);
  }

  // Failures that outlive the process --------------------------------------------------------------

  /** For the next transaction, once. */
  failureChanges(): StoreChange[] {
    if (this.failure === null || this.#failureStored) return [];
    this.#failureStored = true;
    const value = Buffer.from(this.failure.message, 'utf8');
    return [{ key: failureKey(this.sink.oid), value }];
  }

  /** It had failed before the restart. */
  restoreFailure(stored: Uint8Array): void {
    this.#failureStored = true;
    this.fail(new Error(Buffer.from(stored).toString('utf8')));
  }
}

export function failureKey(oid: number): string {
  return `sink-failure/${oid}`;
}

/** A writer's state as a state table; it is small and always written whole. */
class WriterState implements StateTable {
  readonly name = 'sink';
  readonly rows = 1;
  readonly #writer: SinkWriter;
  loaded: Uint8Array | null = null;

  constructor(writer: SinkWriter) {
    this.#writer = writer;
  }

  get bytes(): number {
    return this.#writer.status().bytesWaiting;
  }

  get dirty(): boolean {
    return this.#writer.dirty;
  }

  writeDelta(writer: ByteWriter): void {
    this.writeBase(writer);
  }

  writeBase(writer: ByteWriter): void {
    writer.lengthPrefixed(this.#writer.cut());
  }

  load(reader: ByteReader): void {
    // A copy: the store reads the next segment into the same memory. (A Buffer's own slice is none.)
    this.loaded = Uint8Array.from(reader.lengthPrefixed());
  }
}
