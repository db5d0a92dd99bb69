/**
 * One measured run, in a process of its own so that time and memory are its own: the real engine on the real
 * clock, an LMDB store, checkpoints on; a source is read to its end through a filter and a tumbling aggregation.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../base/assert.ts';
import { LmdbStore } from '../checkpoint/lmdb-store.ts';
import type { SourceRuntime } from '../jobs/source-runtime.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import type { Session } from '../session/session-api.ts';
import { readRow } from '../types/column-access.ts';
import { bidOptions, priceAbove } from './bench-bids.ts';
import { profiled } from './bench-profile.ts';

/** What a run is told. */
export interface RunOrder {
  readonly bids: number;
  /** Null: from the generator. */
  readonly topic: { readonly bootstrap: string; readonly name: string } | null;
  /** Where to write a CPU profile, or null. */
  readonly profile: string | null;
}

export interface RunOutcome {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly checkpoints: number;
  /** Time base of the generator's rows; 0 for a topic. */
  readonly originMicros: number;
  /** Rows of the view, as `Recount` writes them. */
  readonly rows: readonly string[];
}

/** What a run says: how far it is, and at the end what came out. */
export type RunMessage =
  | { readonly kind: 'progress'; readonly rows: number }
  | { readonly kind: 'done'; readonly outcome: RunOutcome };

const progressMs = 50;

const viewSql = `
  CREATE MATERIALIZED VIEW totals AS
  SELECT window_start, channel, count(*) AS bids, sum(price) AS total, max(price) AS highest
  FROM TUMBLE(bids, date_time, INTERVAL '10 seconds')
  WHERE price > ${priceAbove}
  GROUP BY window_start, channel;`;

/** Runs the order, tells of progress, and gives what came out. */
export async function runOrder(
  order: RunOrder,
  progress: (rows: number) => void,
): Promise<RunOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const open = await openIn(directory);
  try {
    const session = openSession(open);
    await execute(session, sourceSql(order));
    const measure = (): Promise<Measured> => readToEnd(open, session, order.bids, progress);
    const measured = await (order.profile === null ? measure() : profiled(order.profile, measure));
    const source = must([...open.database.engine.sources][0], 'source');
    return {
      ...measured,
      originMicros: source.shared?.positions.get('@origin') ?? 0,
      rows: await resultRows(session),
    };
  } finally {
    await open.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function openIn(directory: string): Promise<OpenDatabase> {
  return openDatabase(
    inProcessWorld({
      stores: {
        catalog: new LmdbStore(join(directory, 'catalog.mdb')),
        state: new LmdbStore(join(directory, 'state.mdb')),
      },
    }),
    defaultDatabaseOptions,
  );
}

function openSession(open: OpenDatabase): Session {
  return open.sessions.open(inProcessSession());
}

async function execute(session: Session, sql: string): Promise<void> {
  await session.simpleQuery(sql, () => Promise.resolve());
}

function sourceSql({ bids, topic }: RunOrder): string {
  const options =
    topic === null
      ? new Map([['connector', 'nexmark'], ...bidOptions(bids)])
      : new Map([
          ['connector', 'kafka'],
          ['topic', topic.name],
          ['properties.bootstrap.servers', topic.bootstrap],
          ['scan.startup.mode', 'earliest-offset'],
          ['format', 'json'],
        ]);
  const list = [...options].map(([name, value]) => `'${name}' = '${value}'`).join(', ');
  return `
    CREATE SOURCE bids (
      auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR,
      date_time TIMESTAMP(3), extra VARCHAR,
      WATERMARK FOR date_time AS date_time - INTERVAL '5 seconds'
    ) WITH (${list});`;
}

type Measured = Pick<RunOutcome, 'wallMs' | 'cpuMs' | 'peakBytes' | 'checkpoints'>;

/** Makes the view and waits until it has read `bids` rows. */
async function readToEnd(
  open: OpenDatabase,
  session: Session,
  bids: number,
  progress: (rows: number) => void,
): Promise<Measured> {
  const { engine } = open.database;
  const wall = performance.now();
  const cpu = process.cpuUsage();
  await execute(session, viewSql);
  const source = must([...engine.sources][0], 'source');
  for (let rows = rowsOf(source); rows < bids; rows = rowsOf(source)) {
    progress(rows);
    await new Promise((resolve) => setTimeout(resolve, progressMs));
    const { error } = source.shared?.status() ?? { error: null };
    if (error !== null) throw new Error(error);
  }
  const finished = performance.now();
  const used = process.cpuUsage(cpu);
  return {
    wallMs: finished - wall,
    cpuMs: (used.user + used.system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    checkpoints: engine.checkpoints.count,
  };
}

function rowsOf(source: SourceRuntime): number {
  return source.shared?.rowsRead ?? 0;
}

async function resultRows(session: Session): Promise<string[]> {
  const rows: string[] = [];
  await session.simpleQuery('SELECT * FROM totals', async (result) => {
    if (result.kind !== 'rows') return;
    const types = result.fields.map((field) => field.type);
    for (
      let batch = await result.cursor.next(1000);
      batch !== null;
      batch = await result.cursor.next(1000)
    ) {
      for (let row = 0; row < batch.count; row++) {
        rows.push(readRow(batch, row, types).map(String).join('|'));
      }
    }
  });
  return rows;
}
