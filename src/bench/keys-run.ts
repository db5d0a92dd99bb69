/**
 * One view of a count and a sum for each of many keys, in an engine of its own with checkpoints on: the keys come in
 * one after the other, then known ones at random; or the engine is opened on what such a run left and asked for a
 * row. Keys do not follow each other, as ids from elsewhere.
 */

import { readFileSync } from 'node:fs';
import type {
  ColumnBlock,
  Positions,
  ReaderStatus,
  SourceConnector,
  SourceReader,
} from '../connectors/connector.ts';
import { emptyBatch } from '../types/batch.ts';
import { EngineRun } from './engine-run.ts';

export interface KeysOrder {
  readonly keys: number;
  readonly updates: number;
  /** Where the data are kept. */
  readonly directory: string;
}

export interface KeysOutcome {
  readonly addNs: number;
  readonly updateNs: number;
  /** Longest times in ms from one turn of the event loop to the next, of the main thread's CPU. */
  readonly addPauseMs: number;
  readonly updatePauseMs: number;
  /** Of the state tables, a key. */
  readonly bytesPerKey: number;
  /** Memory of the process, without the pages of its files where the system tells. */
  readonly residentMb: number;
}

const batchRows = 1024;
const partition = '0';

/** Rows 0 to `keys` − 1 have a new key each, the others one of these. */
function keyOf(row: number, keys: number): number {
  const key = row < keys ? row : Math.floor(fraction(row) * keys);
  return (key * 2_654_435_761) % 4_294_967_291;
}

/** A number from 0 to 1 for each row. */
function fraction(row: number): number {
  let mixed = Math.imul(row ^ 0x2545_f491, 0x9e37_79b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca6b);
  return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
}

class KeysReader implements SourceReader {
  readonly #source: string;
  readonly #order: KeysOrder;
  #running = false;
  #position = 0;
  /** Rows up to here are handed out. */
  limit: number;
  onReady: (() => void) | null = null;

  constructor(source: string, order: KeysOrder) {
    this.#source = source;
    this.#order = order;
    this.limit = order.keys;
  }

  startPositions(): Promise<Positions> {
    return Promise.resolve(new Map([[partition, 0]]));
  }

  open(from: Positions): Promise<void> {
    this.#position = from.get(partition) ?? 0;
    this.#running = true;
    setImmediate(() => this.onReady?.());
    return Promise.resolve();
  }

  poll(): ColumnBlock | null {
    const count = Math.min(batchRows, this.limit - this.#position);
    if (!this.#running || count <= 0) return null;
    const firstOffset = this.#position;
    const ids = new Float64Array(count);
    for (let i = 0; i < count; i++) ids[i] = keyOf(firstOffset + i, this.#order.keys);
    const batch = emptyBatch([
      { kind: 'f64', values: ids, nulls: null },
      { kind: 'f64', values: new Float64Array(count).fill(3), nulls: null },
    ]);
    batch.count = count;
    this.#position += count;
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
    const state = this.#running ? 'running' : 'closed';
    return {
      state,
      error: null,
      partitions: [{ partition, position: this.#position, end: null }],
    };
  }

  readonly finished = false;

  close(): Promise<void> {
    this.#running = false;
    return Promise.resolve();
  }
}

/** Connector `keys`, and the readers that it has made. */
function keysConnector(order: KeysOrder): {
  readonly connector: SourceConnector;
  readonly readers: KeysReader[];
} {
  const readers: KeysReader[] = [];
  const connector: SourceConnector = {
    name: 'keys',
    aliases: [],
    options: [],
    passThrough: [],
    needsFormat: false,
    metadata: [],
    columns: null,
    validate: () => undefined,
    create: ({ source }) => {
      const reader = new KeysReader(source, order);
      readers.push(reader);
      return reader;
    },
  };
  return { connector, readers };
}

function open(order: KeysOrder, connector: SourceConnector): Promise<EngineRun> {
  return EngineRun.open({
    checkpointIntervalMs: 1000,
    allowedDirectories: [],
    extraConnectors: [connector],
    directory: order.directory,
    tickMsMax: 4,
  });
}

interface Times {
  /** Of all threads. */
  readonly cpuMs: number;
  /** Of the main thread, or time that passed where the system does not tell. */
  readonly mainMs: number;
  readonly passedMs: number;
}

function times(): Times {
  const { user, system } = process.cpuUsage();
  const passedMs = performance.now();
  return { cpuMs: (user + system) / 1000, mainMs: mainThreadMs() ?? passedMs, passedMs };
}

function mainThreadMs(): number | null {
  try {
    const told = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8');
    return Number(told.split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

/** Follows the engine up to a number of rows: CPU time a row, and the longest turn. */
async function measure(
  run: EngineRun,
  rows: number,
): Promise<{ readonly ns: number; readonly pauseMs: number }> {
  const first = run.rowsRead();
  const start = times();
  let last = start;
  let pauseMs = 0;
  await run.follow(() => {
    const now = times();
    // What passes without CPU time belongs to others on the machine.
    pauseMs = Math.max(pauseMs, now.mainMs - last.mainMs);
    last = now;
    return run.rowsRead() >= rows;
  });
  return { ns: ((times().cpuMs - start.cpuMs) * 1e6) / (rows - first), pauseMs };
}

export async function runKeys(order: KeysOrder): Promise<KeysOutcome> {
  const { connector, readers } = keysConnector(order);
  const run = await open(order, connector);
  try {
    await run.execute(`
      CREATE SOURCE events (k BIGINT, v BIGINT) WITH (connector = 'keys');
      CREATE MATERIALIZED VIEW totals AS
        SELECT k, count(*) AS n, sum(v) AS total FROM events GROUP BY k;`);
    const adding = await measure(run, order.keys);
    for (const reader of readers) {
      reader.limit = order.keys + order.updates;
      reader.onReady?.();
    }
    const updating = await measure(run, order.keys + order.updates);
    const [[bytes] = []] = await run.rows('SELECT memory_bytes FROM millrace.views');
    return {
      addNs: adding.ns,
      updateNs: updating.ns,
      addPauseMs: adding.pauseMs,
      updatePauseMs: updating.pauseMs,
      bytesPerKey: Number(bytes ?? 0) / order.keys,
      residentMb: residentMb(),
    };
  } finally {
    await run.close();
  }
}

/** Seconds of time and of CPU from opening what `runKeys` left to the first answer. */
export async function reopenKeys(
  order: KeysOrder,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const { connector } = keysConnector({ ...order, keys: 0, updates: 0 });
  const start = times();
  const run = await open(order, connector);
  try {
    const rows = await run.rows(`SELECT n FROM totals WHERE k = ${keyOf(0, order.keys)}`);
    const now = times();
    if (rows.length !== 1) throw new Error('a key did not come back');
    const [[count] = []] = await run.rows('SELECT sum(n) FROM totals');
    if (Number(count) !== order.keys + order.updates) {
      throw new Error(`${count} rows came back of ${order.keys + order.updates}`);
    }
    return {
      seconds: (now.passedMs - start.passedMs) / 1000,
      cpuSeconds: (now.cpuMs - start.cpuMs) / 1000,
    };
  } finally {
    await run.close();
  }
}

function residentMb(): number {
  try {
    const own = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    const shared = /^RssShmem:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (own !== undefined) return (Number(own) + Number(shared ?? 0)) / 1024;
  } catch {
    // Not every system has the file.
  }
  return process.memoryUsage().rss / 2 ** 20;
}
