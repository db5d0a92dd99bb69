/**
 * The outside world that is written to. A tick hands a writer rows; the writer copies what it keeps, never
 * waits, and does slow work by itself. What is written becomes visible outside only when a checkpoint that
 * covers it is durable:
 *
 *   cut       between two ticks: the state to go on from, committed with source positions and operator state
 *   synced    before that commit: everything up to the cut is on stable storage
 *   committed after it: what the cut covers may be shown
 *
 * After a crash the writer is opened with the state of the last commit and undoes what came later.
 */

import type { SqlError } from '../base/errors.ts';
import type { OptionValues } from '../formats/options.ts';
import type { Batch } from '../types/batch.ts';
import type { Schema } from '../types/schema.ts';
import type { ConnectorEnvironment, OptionSpec } from './connector.ts';

export interface SinkContext {
  /** Schema-qualified name of the sink, for messages. */
  readonly sink: string;
  /** The same for the life of the sink and for no other: sixteen hexadecimal digits. */
  readonly uid: string;
  readonly options: OptionValues;
  readonly format: string | null;
  readonly formatOptions: OptionValues;
  readonly columns: Schema;
  /** The key that each column has outside, as it was declared. */
  readonly keys: readonly string[];
  /** Ordinals of the columns that choose the partition. */
  readonly partitionedBy: readonly number[];
  readonly environment: ConnectorEnvironment;
  readonly events: SinkEvents;
}

/** What a writer tells of itself, from any turn of the event loop. */
export interface SinkEvents {
  /** There is something for the next checkpoint, or room for rows again. */
  readonly changed: () => void;
  /** A row that cannot be written, as JSON; the others go on. */
  readonly refused: (error: SqlError, row: string) => void;
  /** It cannot go on. Nothing is called on it after this but `close`. */
  readonly failed: (error: Error) => void;
}

export interface SinkWriter {
  /** Takes changes during a tick. An append-only writer never gets a negative weight. */
  write(batch: Batch): void;
  /** Event time of the rows to come, in microseconds. */
  watermark(micros: number): void;
  /** Whether so much waits that its sources should be read no further. */
  readonly full: boolean;
  /** Whether anything changed since the last cut. */
  readonly dirty: boolean;
  /** The state to go on from. */
  cut(): Uint8Array;
  synced(): Promise<void>;
  committed(): void;
  /** Starts, with the state of the last commit or null for a new sink. Rejects when it cannot be. */
  open(state: Uint8Array | null): Promise<void>;
  /** Ends what is half done, so that the next checkpoint shows every row. */
  finish(): void;
  status(): SinkStatus;
  /** Ends. `drop`: the sink is gone, and what no commit covers with it; `crash`: nothing more is written. */
  close(how: 'stop' | 'drop' | 'crash'): Promise<void>;
}

export interface SinkStatus {
  /** Rows that a commit covers and that stand outside. */
  readonly rowsCommitted: number;
  /** Rows taken, committed or not. */
  readonly rowsWritten: number;
  readonly bytesWritten: number;
  /** Bytes that wait to be written. */
  readonly bytesWaiting: number;
  /** Files that readers see, and those that are still being written; null where there are no files. */
  readonly filesCommitted: number | null;
  readonly filesOpen: number | null;
}

export interface SinkConnector {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Formats that it writes, the first being the default; empty: it takes none. */
  readonly formats: readonly SinkFormat[];
  /** Whether it takes rows only, or changes too. */
  readonly appendOnly: boolean;
  readonly partitions: boolean;
  /** Checks across options; throws SqlError. */
  validate(options: OptionValues): void;
  create(context: SinkContext): SinkWriter;
}

/** A format as a sink knows it. */
export interface SinkFormat {
  readonly name: string;
  readonly options: readonly OptionSpec[];
  /** Throws SqlError where a column or an option cannot be written. */
  validate(options: OptionValues, columns: Schema): void;
}
