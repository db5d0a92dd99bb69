/**
 * A source whose rows lie ready as columns in memory, so that what is measured is the work on them and not
 * their making. Each block is handed out once, in order, as fast as the engine takes them.
 */

import { must } from '../base/assert.ts';
import type {
  ColumnBlock,
  Positions,
  ReaderStatus,
  SourceConnector,
  SourceReader,
} from '../connectors/connector.ts';
import { option, OptionReader } from '../connectors/option-reading.ts';
import type { Batch } from '../types/batch.ts';

const partition = '0';

/** Connector `prepared`; its option `name` says which of the lists of batches a source reads. */
export function preparedConnector(
  prepared: ReadonlyMap<string, readonly Batch[]>,
): SourceConnector {
  const specs = [option('name', 'Which rows.', { required: true, type: 'text' })];
  return {
    name: 'prepared',
    aliases: [],
    options: specs,
    passThrough: [],
    needsFormat: false,
    metadata: [],
    columns: null,
    validate: () => undefined,
    create: ({ options, source }) => {
      const name = new OptionReader(options, specs).required('name');
      return new PreparedReader(source, must(prepared.get(name), `rows named ${name}`));
    },
  };
}

class PreparedReader implements SourceReader {
  readonly #source: string;
  readonly #batches: readonly Batch[];
  #state: 'starting' | 'running' | 'closed' = 'starting';
  #next = 0;
  #position = 0;
  onReady: (() => void) | null = null;

  constructor(source: string, batches: readonly Batch[]) {
    this.#source = source;
    this.#batches = batches;
  }

  startPositions(): Promise<Positions> {
    return Promise.resolve(new Map([[partition, 0]]));
  }

  open(): Promise<void> {
    this.#state = 'running';
    setImmediate(() => this.onReady?.());
    return Promise.resolve();
  }

  poll(): ColumnBlock | null {
    const batch = this.#batches[this.#next];
    if (this.#state !== 'running' || batch === undefined) return null;
    this.#next++;
    const firstOffset = this.#position;
    this.#position += batch.count;
    return {
      kind: 'columns',
      stream: this.#source,
      partition,
      batch,
      firstOffset,
      nextOffset: this.#position,
      release: () => undefined,
    };
  }

  status(): ReaderStatus {
    const state = this.finished ? 'finished' : this.#state;
    return {
      state,
      error: null,
      partitions: [{ partition, position: this.#position, end: null }],
    };
  }

  get finished(): boolean {
    return this.#state === 'running' && this.#next === this.#batches.length;
  }

  close(): Promise<void> {
    this.#state = 'closed';
    return Promise.resolve();
  }
}
