/**
 * The reader behind connectors that make rows up. Rows depend on nothing but their number and the origin,
 * the time at which the source was created; the origin travels with the positions as `@origin`
 * (microseconds), so that a source opened again at an offset makes the same rows. Pace comes from the clock.
 */

import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { emptyBatch } from '../types/batch.ts';
import type { Batch } from '../types/batch.ts';
import type { Column } from '../types/column.ts';
import type {
  ColumnBlock,
  Positions,
  ReaderStatus,
  SourceBlock,
  SourceContext,
  SourceReader,
} from './connector.ts';

/** Makes rows by number into columns of its own kind. */
export interface RowGenerator {
  /** Fresh columns with room for `capacity` rows. */
  makeColumns(capacity: number): Column[];
  /** Fills rows first .. first + count − 1 into rows 0 .. count − 1 of the columns. */
  fill(columns: Column[], first: number, count: number, originMicros: number): void;
}

export interface GeneratorPace {
  /** Null: as fast as rows are taken. */
  readonly rowsPerSecond: number | null;
  /** Null: endless. */
  readonly rowsMax: number | null;
}

const originMark = '@origin';
const partition = '0';
/** Rows are made at least this far apart in time, so that a slow pace does not mean a timer a row. */
const tickMs = 10;
const poolMax = 16;

export class GeneratorReader implements SourceReader {
  readonly #context: SourceContext;
  readonly #generator: RowGenerator;
  readonly #pace: GeneratorPace;
  readonly #clock: Clock;
  readonly #pool: Batch[] = [];
  #state: 'starting' | 'running' | 'closed' = 'starting';
  #next = 0;
  #originMicros = 0;
  #timer: Timer | null = null;
  onReady: (() => void) | null = null;

  constructor(context: SourceContext, generator: RowGenerator, pace: GeneratorPace) {
    this.#context = context;
    this.#generator = generator;
    this.#pace = pace;
    this.#clock = context.environment.clock;
  }

  startPositions(): Promise<Positions> {
    return Promise.resolve(
      new Map([
        [partition, 0],
        [originMark, this.#clock.nowMicros()],
      ]),
    );
  }

  open(from: Positions): Promise<void> {
    assert(this.#state === 'starting', `the generator is opened while ${this.#state}`);
    this.#next = from.get(partition) ?? 0;
    this.#originMicros = from.get(originMark) ?? this.#clock.nowMicros();
    this.#state = 'running';
    this.#schedule();
    return Promise.resolve();
  }

  /** Row number before which rows may be handed out now. */
  #limit(): number {
    const { rowsPerSecond, rowsMax } = this.#pace;
    const end = rowsMax ?? Number.MAX_SAFE_INTEGER;
    if (rowsPerSecond === null) return end;
    // Counted from the origin, not from when this reader was opened: what fell due before is there at once,
    // as in a topic, so that a view made later can catch up.
    const elapsedMicros = this.#clock.nowMicros() - this.#originMicros;
    return Math.min(end, Math.floor((elapsedMicros * rowsPerSecond) / 1e6));
  }

  /** Wakes the engine at the source's pace; without one, once, since poll then always has more. */
  #schedule(): void {
    const { rowsPerSecond } = this.#pace;
    const waitMs = rowsPerSecond === null ? 0 : Math.max(tickMs, 1000 / rowsPerSecond);
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = null;
      if (this.#state !== 'running' || this.finished) return;
      if (rowsPerSecond !== null) this.#schedule();
      if (this.#limit() > this.#next) this.onReady?.();
    });
  }

  poll(): SourceBlock | null {
    if (this.#state !== 'running') return null;
    const first = this.#next;
    const count = Math.min(this.#limit() - first, this.#context.blockRowsMax);
    if (count <= 0) return null;
    const rowsMax = this.#context.blockRowsMax;
    const batch = this.#pool.pop() ?? emptyBatch(this.#generator.makeColumns(rowsMax));
    this.#generator.fill(batch.columns, first, count, this.#originMicros);
    batch.count = count;
    this.#next = first + count;
    return this.#block(batch, first);
  }

  #block(batch: Batch, first: number): ColumnBlock {
    return {
      kind: 'columns',
      stream: this.#context.source,
      partition,
      batch,
      firstOffset: first,
      nextOffset: first + batch.count,
      release: () => {
        if (this.#pool.length < poolMax) this.#pool.push(batch);
      },
    };
  }

  status(): ReaderStatus {
    return {
      state: this.finished ? 'finished' : this.#state,
      error: null,
      partitions: [{ partition, position: this.#next, end: this.#pace.rowsMax }],
    };
  }

  get finished(): boolean {
    const { rowsMax } = this.#pace;
    return this.#state === 'running' && rowsMax !== null && this.#next >= rowsMax;
  }

  close(): Promise<void> {
    this.#state = 'closed';
    this.#timer?.cancel();
    return Promise.resolve();
  }
}
