/**
 * An engine of its own in this process for one measured run: the real clock, an LMDB store in a temporary
 * directory, checkpoints on. It tells after every turn how many source rows are visible.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { SeededRandom } from '../base/random.ts';
import { LmdbStore } from '../checkpoint/lmdb-store.ts';
import type { SourceConnector } from '../connectors/connector.ts';
import type { Engine } from '../jobs/engine.ts';
import type { SourceRuntime } from '../jobs/source-runtime.ts';
import { deadLetterColumns } from '../jobs/ledger.ts';
import { makeThreadShards } from '../server/shard-thread.ts';
import {
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import type { Session } from '../session/session-api.ts';
import { readRow } from '../types/column-access.ts';
import { formatText } from '../types/text-io.ts';

const reasonColumn = deadLetterColumns.findIndex(({ name }) => name === 'reason');

export interface EngineRunOptions {
  /** 1 when not given. */
  readonly workers?: number;
  readonly checkpointIntervalMs: number;
  /** Directories that file sources may read. */
  readonly allowedDirectories: readonly string[];
  readonly extraConnectors?: readonly SourceConnector[];
  /** Where the data are kept; absent: in a directory that goes with the run. */
  readonly directory?: string;
  /** Ends a tick after so many milliseconds; absent: never, so that counts of rows are the same in every run. */
  readonly tickMsMax?: number;
}

export class EngineRun {
  readonly directory: string;
  readonly #open: OpenDatabase;
  readonly #session: Session;
  readonly #failed: Promise<never>;
  readonly #beside = new Set<string>();
  #afterTurn: (() => void) | null = null;
  #keepsDirectory = false;

  private constructor(directory: string, open: OpenDatabase, failed: Promise<never>) {
    this.directory = directory;
    this.#open = open;
    this.#failed = failed;
    this.#session = open.sessions.open({
      user: 'millrace',
      database: 'millrace',
      parameters: new Map(),
      remoteAddress: '',
      backendPid: 1,
      notice: () => undefined,
      parameterChanged: () => undefined,
    });
  }

  static async open(options: EngineRunOptions): Promise<EngineRun> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'millrace-bench-'));
    let fail: (error: unknown) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => undefined);
    let run: EngineRun | null = null;
    const open = await openDatabase(
      {
        clock: new SystemClock(),
        random: new SeededRandom(1),
        log: silentLog,
        stores: {
          catalog: new LmdbStore(join(directory, 'catalog.mdb')),
          state: new LmdbStore(join(directory, 'state.mdb')),
        },
        defer: (turn) =>
          setImmediate(() => {
            turn();
            if (run !== null) run.#turnOver();
          }),
        allowedDirectories: options.allowedDirectories,
        extraConnectors: options.extraConnectors ?? [],
        makeShards: (shards) => makeThreadShards(shards, fail),
        fatal: fail,
      },
      {
        ...defaultDatabaseOptions,
        workers: options.workers ?? 1,
        checkpointIntervalMs: options.checkpointIntervalMs,
        tickMsMax: options.tickMsMax ?? Infinity,
      },
    );
    run = new EngineRun(directory, open, failed);
    run.#keepsDirectory = options.directory !== undefined;
    return run;
  }

  get engine(): Engine {
    return this.#open.database.engine;
  }

  #turnOver(): void {
    this.#afterTurn?.();
  }

  async execute(sql: string): Promise<void> {
    await this.#session.simpleQuery(sql, () => Promise.resolve());
  }

  /** Rows that sources of events have handed out and that every view shows. */
  rowsRead(): number {
    let rows = 0;
    for (const { source, shared } of this.engine.sources) {
      if (!this.#beside.has(source.name)) rows += shared?.rowsRead ?? 0;
    }
    return rows;
  }

  /** Runs statements, waits until the sources they read are at their ends, and counts those no more. */
  async load(sql: string): Promise<void> {
    await this.execute(sql);
    const read = [...this.engine.sources].filter(({ shared }) => shared !== null);
    await this.follow(() => read.every(({ shared }) => shared !== null && atEnd(shared)));
    for (const { source } of read) this.#beside.add(source.name);
  }

  /** Calls `reached` after each turn until it gives true. Fails when the engine, a source or a view does. */
  async follow(reached: () => boolean): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      let ended = false;
      const end = (how: () => void): void => {
        ended = true;
        this.#afterTurn = null;
        clearInterval(watch);
        how();
      };
      const look = (): void => {
        if (!ended && reached()) end(resolve);
      };
      // Failures come without a turn of the engine.
      const watch = setInterval(() => {
        const trouble = this.#trouble();
        if (trouble !== null) end(() => reject(new Error(trouble)));
        else look();
      }, 250);
      this.#afterTurn = look;
      look();
    });
    await Promise.race([done, this.#failed]);
  }

  #trouble(): string | null {
    for (const { source, shared } of this.engine.sources) {
      if (shared === null) continue;
      const { error } = shared.reader.status();
      if (error !== null) return error;
      if (shared.rowsRefused > 0) {
        const reason = String(this.engine.deadLetters.entries[0]?.[reasonColumn]);
        return `${shared.rowsRefused} records of ${source.name} are refused, the first: ${reason}`;
      }
    }
    for (const job of this.engine.jobs) {
      if (job.failure !== null) return `the view failed: ${String(job.failure)}`;
    }
    return null;
  }

  /** All rows of a query, their cells as PostgreSQL writes them. */
  async rows(sql: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = [];
    await this.#session.simpleQuery(sql, async (result) => {
      if (result.kind !== 'rows') return;
      const types = result.fields.map((field) => field.type);
      let batch = await result.cursor.next(1000);
      for (; batch !== null; batch = await result.cursor.next(1000)) {
        for (let row = 0; row < batch.count; row++) {
          const cells = readRow(batch, row, types);
          rows.push(cells.map((cell, at) => (cell === null ? null : formatText(cell, types[at]!))));
        }
      }
    });
    return rows;
  }

  async close(): Promise<void> {
    await this.#open.close();
    if (!this.#keepsDirectory) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** True when every row that its partitions have now is in the views. */
function atEnd(feed: NonNullable<SourceRuntime['shared']>): boolean {
  const { partitions } = feed.reader.status();
  return (
    partitions.length > 0 &&
    partitions.every(({ partition, end }) => {
      const position = feed.positions.get(partition) ?? 0;
      return end !== null && end > 0 && position >= end;
    })
  );
}
