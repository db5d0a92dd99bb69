/**
 * The watermark of one source: made per partition, combined by minimum over the partitions that are not
 * idle, never stepping back (DESIGN section 4).
 *
 * A partition is idle when it has been read to its end and had no row for the idle timeout; one that never
 * had a row counts the same way. When all are idle, the clock moves the watermark on, so that windows close
 * although nothing comes. A row whose time lies more than `maxAheadMicros` after the clock does not move
 * the watermark; such rows are counted.
 */

import { assert, must } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';

export interface WatermarkOptions {
  /** Microseconds without a row after which a partition is idle; null: never. */
  readonly idleTimeoutMicros: number | null;
  /** Null: no bound. */
  readonly maxAheadMicros: number | null;
}

interface PartitionClock {
  /** Highest watermark its rows have given; -Infinity before the first. */
  watermark: number;
  /** When its last row came, or when it was first seen; monotonic milliseconds. */
  activeMs: number;
  idle: boolean;
}

export class SourceWatermark {
  readonly #options: WatermarkOptions;
  readonly #partitions = new Map<string, PartitionClock>();
  /** What the dataflow has been told. */
  #emitted = -Infinity;
  #allIdleSinceMs: number | null = null;
  #idleBase = -Infinity;
  /** Rows kept out of the watermark because they lie too far in the future. */
  rowsAhead = 0;

  constructor(options: WatermarkOptions) {
    this.#options = options;
  }

  get current(): number {
    return this.#emitted;
  }

  /** For system tables. */
  *partitions(): Iterable<readonly [name: string, watermark: number, idle: boolean]> {
    for (const [name, each] of this.#partitions) yield [name, each.watermark, each.idle];
  }

  /** Makes a partition known, so that it holds the minimum back until it speaks or is idle. */
  addPartition(name: string, nowMs: number): void {
    if (this.#partitions.has(name)) return;
    this.#partitions.set(name, { watermark: -Infinity, activeMs: nowMs, idle: false });
  }

  /**
   * Takes the candidates of `count` rows of one partition in order (NaN: the row has none) and writes the
   * combined watermark as it stood before each row into `before`.
   */
  advance(
    partition: string,
    candidates: Float64Array,
    count: number,
    before: Float64Array,
    now: { readonly micros: number; readonly monotonicMs: number },
  ): void {
    this.addPartition(partition, now.monotonicMs);
    const own = this.#partitions.get(partition)!;
    own.activeMs = now.monotonicMs;
    own.idle = false;
    this.#allIdleSinceMs = null;
    const others = this.#minimumWithout(own);
    const ceiling =
      this.#options.maxAheadMicros === null ? Infinity : now.micros + this.#options.maxAheadMicros;
    let mine = own.watermark;
    let emitted = Math.max(this.#emitted, Math.min(others, mine));
    for (let row = 0; row < count; row++) {
      before[row] = emitted;
      const candidate = candidates[row]!;
      if (!(candidate > mine)) continue;
      if (candidate > ceiling || candidate === Infinity) {
        this.rowsAhead++;
        continue;
      }
      mine = candidate;
      const combined = others < mine ? others : mine;
      if (combined > emitted) emitted = combined;
    }
    own.watermark = mine;
    this.#raise(emitted);
  }

  /** What `advance` needs to know of one partition and of the others, to be read in a worker. */
  writeFor(partition: string, writer: ByteWriter, nowMs: number): void {
    this.addPartition(partition, nowMs);
    const own = this.#partitions.get(partition)!;
    writer.float64(this.#emitted).float64(0).varint(2);
    writer.text(partition).float64(own.watermark);
    writer.text('@others').float64(this.#minimumWithout(own));
  }

  /** Takes over how far a worker has brought the partition. */
  settle(partition: string, watermark: number, rowsAhead: number, nowMs: number): void {
    const own = must(this.#partitions.get(partition), `partition ${partition}`);
    own.activeMs = nowMs;
    own.idle = false;
    this.#allIdleSinceMs = null;
    own.watermark = Math.max(own.watermark, watermark);
    this.rowsAhead += rowsAhead;
    this.#raise(Math.min(own.watermark, this.#minimumWithout(own)));
  }

  /** The source itself states that no row before `micros` follows in this partition. */
  raisePartition(name: string, micros: number, nowMs: number): void {
    this.addPartition(name, nowMs);
    const own = this.#partitions.get(name)!;
    own.watermark = Math.max(own.watermark, micros);
    this.#raise(Math.min(own.watermark, this.#minimumWithout(own)));
  }

  /** An explicit watermark for all partitions (tests, and the end of a bounded source: Infinity). */
  raiseTo(micros: number): void {
    for (const each of this.#partitions.values()) {
      each.watermark = Math.max(each.watermark, micros);
    }
    this.#raise(micros);
  }

  /** Declares idle what is; `caughtUp` says whether a partition has been read to its end. */
  heartbeat(nowMs: number, caughtUp: (partition: string) => boolean): void {
    const timeout = this.#options.idleTimeoutMicros;
    if (timeout === null || this.#partitions.size === 0) return;
    for (const [name, each] of this.#partitions) {
      if (!each.idle && (nowMs - each.activeMs) * 1000 >= timeout && caughtUp(name)) {
        each.idle = true;
      }
    }
    this.#raise(this.#combined(nowMs));
  }

  /** Forces every partition idle at once (the `idle` step of SQL test files). */
  markIdle(nowMs: number): void {
    for (const each of this.#partitions.values()) each.idle = true;
    this.#raise(this.#combined(nowMs));
  }

  #combined(nowMs: number): number {
    let minimum = Infinity;
    let maximum = -Infinity;
    for (const each of this.#partitions.values()) {
      if (!each.idle) minimum = Math.min(minimum, each.watermark);
      maximum = Math.max(maximum, each.watermark);
    }
    if (minimum !== Infinity || maximum === -Infinity) {
      this.#allIdleSinceMs = null;
      return minimum === Infinity ? maximum : minimum;
    }
    if (this.#allIdleSinceMs === null) {
      this.#allIdleSinceMs = nowMs;
      this.#idleBase = maximum;
    }
    return this.#idleBase + (nowMs - this.#allIdleSinceMs) * 1000;
  }

  #minimumWithout(own: PartitionClock): number {
    let minimum = Infinity;
    for (const each of this.#partitions.values()) {
      if (each !== own && !each.idle && each.watermark < minimum) minimum = each.watermark;
    }
    return minimum;
  }

  #raise(micros: number): void {
    assert(!Number.isNaN(micros), 'watermark is not a number');
    if (micros > this.#emitted) this.#emitted = micros;
  }

  write(writer: ByteWriter): void {
    writer.float64(this.#emitted).float64(this.rowsAhead).varint(this.#partitions.size);
    for (const [name, { watermark }] of this.#partitions) writer.text(name).float64(watermark);
  }

  read(reader: ByteReader, nowMs: number): void {
    this.#emitted = reader.float64();
    this.rowsAhead = reader.float64();
    this.#partitions.clear();
    for (let left = reader.varint(); left > 0; left--) {
      const name = reader.text();
      this.#partitions.set(name, { watermark: reader.float64(), activeMs: nowMs, idle: false });
    }
  }
}
