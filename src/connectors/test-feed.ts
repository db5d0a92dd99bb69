/**
 * The `test` connector: rows and watermarks are pushed from outside (the SQL test runner, unit tests) and
 * come out as blocks. Everything pushed is kept, so that a reader opened again at an offset, after a
 * pretended crash, hands out the same rows again. Each row and each watermark takes one offset.
 */

import { assert } from '../base/assert.ts';
import { BatchBuilder } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import type {
  ColumnBlock,
  Positions,
  ReaderStatus,
  SourceBlock,
  SourceConnector,
  SourceContext,
  SourceReader,
} from './connector.ts';
import { option } from './option-reading.ts';

type FeedEvent =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'watermark'; readonly micros: number };

/** All streams of a test by name; hand one feed to `testConnector` for the life of the test. */
export class TestFeed {
  readonly #streams = new Map<string, TestStream>();

  /** The stream of that name: option `feed` of the source, or else the source's qualified name. */
  stream(name: string): TestStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new TestStream();
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** One stream, with everything that was ever pushed to it. */
export class TestStream {
  readonly #partitions = new Map<string, FeedEvent[]>([['0', []]]);
  readonly #readers = new Set<() => void>();
  #finished = false;

  /** Appends rows, each in the order of the relation's physical columns. */
  push(rows: readonly Row[], partition = '0'): void {
    const events = this.#eventsOf(partition);
    for (const row of rows) events.push({ kind: 'row', row });
    this.#wake();
  }

  /** States that no row before `micros` follows in this partition. */
  watermark(micros: number, partition = '0'): void {
    this.#eventsOf(partition).push({ kind: 'watermark', micros });
    this.#wake();
  }

  /** Makes the stream bounded: readers finish after the last row. */
  finish(): void {
    this.#finished = true;
    this.#wake();
  }

  get finished(): boolean {
    return this.#finished;
  }

  get partitions(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  /** What was pushed to one partition, by offset. */
  events(partition: string): readonly FeedEvent[] {
    return this.#partitions.get(partition) ?? [];
  }

  /** Makes partitions 0 to `count` − 1 known, as those of a topic are before they have a record. */
  addPartitions(count: number): void {
    for (let index = 0; index < count; index++) this.#eventsOf(String(index));
  }

  /** Calls `wake` after each push until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => this.#readers.delete(wake);
  }

  #eventsOf(partition: string): FeedEvent[] {
    let events = this.#partitions.get(partition);
    if (events === undefined) {
      events = [];
      this.#partitions.set(partition, events);
    }
    return events;
  }

  #wake(): void {
    for (const wake of this.#readers) wake();
  }
}

/** The connector over one feed. */
export function testConnector(feed: TestFeed): SourceConnector {
  return {
    name: 'test',
    aliases: [],
    options: [
      option('feed', "Name of the stream to read; by default the source's qualified name."),
      option('partitions', 'How many partitions there are from the start; by default 1.'),
    ],
    passThrough: [],
    needsFormat: false,
    metadata: ['partition', 'offset'],
    columns: null,
    validate: () => undefined,
    // A test ends its streams when it likes.
    isBounded: () => true,
    create: (context) => new TestReader(context, feed),
  };
}

class TestReader implements SourceReader {
  readonly #context: SourceContext;
  readonly #stream: TestStream;
  readonly #types: readonly SqlType[];
  readonly #positions = new Map<string, number>();
  #turn = 0;
  #state: 'starting' | 'running' | 'closed' = 'starting';
  #unwatch: () => void = () => undefined;
  onReady: (() => void) | null = null;

  constructor(context: SourceContext, feed: TestFeed) {
    this.#context = context;
    this.#stream = feed.stream(context.options.get('feed') ?? context.source);
    this.#stream.addPartitions(Number(context.options.get('partitions') ?? 1));
    this.#types = context.columns.map((column) => column.type);
  }

  startPositions(): Promise<Positions> {
    return Promise.resolve(new Map(this.#stream.partitions.map((name) => [name, 0])));
  }

  open(from: Positions): Promise<void> {
    assert(this.#state === 'starting', `the test reader is opened while ${this.#state}`);
    for (const [partition, offset] of from) this.#positions.set(partition, offset);
    this.#state = 'running';
    this.#unwatch = this.#stream.watch(() => this.onReady?.());
    return Promise.resolve();
  }

  poll(): SourceBlock | null {
    if (this.#state !== 'running') return null;
    const partitions = this.#stream.partitions;
    for (let tried = 0; tried < partitions.length; tried++) {
      const partition = partitions[this.#turn++ % partitions.length]!;
      const block = this.#pollPartition(partition);
      if (block !== null) return block;
    }
    return null;
  }

  #pollPartition(partition: string): ColumnBlock | null {
    const events = this.#stream.events(partition);
    const first = this.#positions.get(partition) ?? 0;
    if (first >= events.length) return null;
    const builder = new BatchBuilder(this.#types, this.#context.blockRowsMax);
    let next = first;
    let watermark: number | null = null;
    while (next < events.length && next - first < this.#context.blockRowsMax) {
      const event = events[next]!;
      if (event.kind === 'watermark') {
        // A watermark has an offset of its own and ends the block, so that rows keep theirs.
        watermark = event.micros;
        next += 1;
        break;
      }
      builder.append(event.row);
      next += 1;
    }
    this.#positions.set(partition, next);
    const block: ColumnBlock = {
      kind: 'columns',
      stream: this.#context.options.get('feed') ?? this.#context.source,
      partition,
      batch: builder.batch(),
      firstOffset: first,
      nextOffset: next,
      release: () => undefined,
    };
    return watermark === null ? block : { ...block, watermark };
  }

  status(): ReaderStatus {
    return {
      state: this.finished ? 'finished' : this.#state,
      error: null,
      partitions: this.#stream.partitions.map((partition) => ({
        partition,
        position: this.#positions.get(partition) ?? 0,
        end: this.#stream.events(partition).length,
      })),
    };
  }

  get finished(): boolean {
    return (
      this.#stream.finished &&
      this.#state === 'running' &&
      this.#stream.partitions.every(
        (each) => (this.#positions.get(each) ?? 0) >= this.#stream.events(each).length,
      )
    );
  }

  close(): Promise<void> {
    this.#state = 'closed';
    this.#unwatch();
    return Promise.resolve();
  }
}
