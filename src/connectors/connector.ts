/**
 * The outside world, seen from the engine. A reader fills a bounded queue of blocks at its own pace; the
 * engine takes blocks when it ticks and never waits. A block holds raw records of one partition, or
 * finished columns from connectors that make rows themselves.
 *
 * Positions belong to the engine: they are committed with operator state, and a reader starts from them.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { OptionValues } from '../formats/options.ts';
import type { Batch } from '../types/batch.ts';
import type { Schema } from '../types/schema.ts';

/**
 * Next offset to read, by partition name. Offsets are safe integers. Names that begin with `@` are facts
 * that a connector keeps beside its offsets (`@origin`: the time base of generated rows; `@topic`: which
 * topic of that name the offsets belong to; `@mark …`: see `markName`). They are stored and handed back like
 * partitions.
 */
export type Positions = ReadonlyMap<string, number>;

/**
 * The name under which the mark of a partition's position travels: a checksum of all that stands before it,
 * for connectors whose blocks have `markAt`. It always belongs to the very position beside it.
 */
export function markName(partition: string): string {
  return `@mark ${partition}`;
}

/** Undecoded records of one partition, in offset order. Record i is bytes[start[i] .. end[i]). */
export interface RecordBlock {
  readonly kind: 'records';
  /** Topic or file. */
  readonly stream: string;
  readonly partition: string;
  readonly count: number;
  /** Has at least 16 readable bytes after the last record. */
  readonly bytes: Uint8Array;
  readonly valueStart: Int32Array;
  /** -1: the value is null (a tombstone). */
  readonly valueEnd: Int32Array;
  readonly keyStart: Int32Array;
  /** -1: no key. */
  readonly keyEnd: Int32Array;
  readonly offsets: Float64Array;
  /** Milliseconds since 1970; -1: none. */
  readonly timestampsMs: Float64Array;
  /** Headers of record i, parsed only when asked for. */
  readonly headers: ((index: number) => readonly (readonly [string, Uint8Array | null])[]) | null;
  /**
   * Position after the whole block. A block may have no records at all and only move the position (when
   * all that was fetched was aborted, control or compacted away). It may lie beyond the last offset + 1.
   */
  readonly nextOffset: number;
  /** The header record of their file, which names the fields; absent: fields go by the declared order. */
  readonly header?: Uint8Array;
  /** The mark of a position from that of the block's first record to `nextOffset`; see `markName`. */
  readonly markAt?: (offset: number) => number;
  /** Records that never became one (a CSV line cut short…), each with a reason. */
  readonly bad: readonly BadRecord[];
  /** Call once when done; the bytes may be reused after it. */
  release(): void;
}

/** Rows in final columns, in the order of `SourceOptions.columns`. */
export interface ColumnBlock {
  readonly kind: 'columns';
  readonly stream: string;
  readonly partition: string;
  readonly batch: Batch;
  /** Offset of the first row; row i has offset + i. */
  readonly firstOffset: number;
  readonly nextOffset: number;
  /** Microseconds: the source itself states that after this block no row before that time follows. */
  readonly watermark?: number;
  release(): void;
}

export type SourceBlock = RecordBlock | ColumnBlock;

/** A record that cannot become a row; it goes to the dead-letter relation. */
export interface BadRecord {
  readonly stream: string;
  readonly partition: string;
  readonly offset: number;
  readonly timestampMs: number | null;
  readonly reason: string;
  readonly raw: Uint8Array | null;
  readonly key: Uint8Array | null;
}

export interface SourceReader {
  /**
   * Partitions and where to begin, asked once when the source is created and kept in the catalog, so that
   * every view that reads it later starts from the same place ("latest" is resolved here).
   */
  startPositions(): Promise<Positions>;
  /** Starts fetching from `from`. New partitions found later begin at their first record. */
  open(from: Positions): Promise<void>;
  /** The next block, or null when none is there now. Never blocks. Blocks of one partition come in order. */
  poll(): SourceBlock | null;
  /** Called when poll may have something again, from any turn of the event loop. */
  onReady: (() => void) | null;
  /** State for millrace.sources and error messages; cheap. */
  status(): ReaderStatus;
  /** True when a bounded source has handed out everything. */
  readonly finished: boolean;
  close(): Promise<void>;
}

export interface ReaderStatus {
  readonly state: 'starting' | 'running' | 'retrying' | 'failed' | 'finished' | 'closed';
  /** The last error, or null. No secrets. */
  readonly error: string | null;
  readonly partitions: readonly {
    readonly partition: string;
    /** Next offset to hand out. */
    readonly position: number;
    /** End of the partition as last seen; null when not known. */
    readonly end: number | null;
    /** Records before `end` that an open transaction holds back; absent when none. */
    readonly heldBack?: number;
  }[];
}

/** A checked option of a connector or format, for binder, errors and docs. */
export interface OptionSpec {
  /** Canonical name, e.g. `topic`, `scan.startup.mode`. */
  readonly name: string;
  /** Other accepted spellings (Flink's, RisingWave's). */
  readonly aliases: readonly string[];
  readonly type: 'text' | 'integer' | 'boolean' | 'duration' | readonly string[];
  readonly required: boolean;
  readonly default: string | null;
  readonly secret: boolean;
  readonly help: string;
}

export interface SourceContext {
  /** Schema-qualified name of the relation. */
  readonly source: string;
  readonly options: OptionValues;
  /** The physical (not computed, not metadata) columns, in declared order. */
  readonly columns: Schema;
  readonly environment: ConnectorEnvironment;
  /** Most records a block may hold. */
  readonly blockRowsMax: number;
}

/** What connectors may reach; injected, so that tests can replace it. */
export interface ConnectorEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Directories (absolute) that file connectors may touch; empty: none. */
  readonly allowedDirectories: readonly string[];
}

export interface SourceConnector {
  /** `kafka`, `file`, `datagen`… and other names for it. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Option names that begin with one of these are passed through unchecked (`properties.`). */
  readonly passThrough: readonly string[];
  /** Whether records need a format (`format = 'json'`), or rows come as columns. */
  readonly needsFormat: boolean;
  /** Metadata columns it can give (`METADATA FROM 'partition'`, INCLUDE offset). */
  readonly metadata: readonly string[];
  /** Fixed columns of a connector that knows its own schema (the auction generator), or null. */
  readonly columns: ((options: OptionValues) => Schema) | null;
  /** Checks across options; throws SqlError. */
  validate(options: OptionValues): void;
  /** Whether its readers come to an end by themselves (`SourceReader.finished`); absent: they never do. */
  readonly isBounded?: (options: OptionValues) => boolean;
  create(context: SourceContext): SourceReader;
}
