/** `millrace demo`: a server with a live auction, and one of its views moving in the terminal. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../base/text-layout.ts';
import { PgClient } from '../client/pg-client.ts';
import type { Address } from '../server/config.ts';
import type { RunningServer } from '../server/serve.ts';
import { demoPipeline, demoQuery } from './demo-pipeline.ts';
import { start } from './serve-command.ts';

export interface DemoOptions {
  readonly address: Address;
  readonly dataDir?: string;
  readonly seconds?: number;
  readonly rate: number;
}

export async function demo(options: DemoOptions): Promise<void> {
  const temporary = options.dataDir === undefined;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'millrace-demo-'));
  const { server } = await start({
    address: options.address,
    dataDir,
    allowDir: [],
    logLevel: 'warn',
    connections: 100,
    checkpointInterval: 1000,
    batchRows: 1024,
    workers: 1,
    codegen: true,
  });
  const stopped = stopRequested(options.seconds);
  try {
    await show(server, options, stopped);
  } finally {
    await server.stop();
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  }
  process.exit(0);
}

async function show(
  server: RunningServer,
  options: DemoOptions,
  stopped: StopRequest,
): Promise<void> {
  const { host } = options.address;
  const client = await PgClient.connect({
    host,
    port: server.port,
    user: 'millrace',
    database: 'millrace',
    password: process.env['MILLRACE_PASSWORD'],
    applicationName: 'millrace demo',
  });
  const [existing] = await client.query(`SELECT 1 FROM pg_class WHERE relname = 'bids'`);
  if (existing?.rows.length === 0) await client.query(demoPipeline(options.rate));
  process.stdout.write(`millrace ready on ${host}:${server.port}\n`);
  process.stdout.write(invitation(host, server.port));
  await watch(client, stopped);
  await client.close();
}

function invitation(host: string, port: number): string {
  return `
A live auction is running. In another terminal:

  psql -h ${host} -p ${port} -U millrace          (or, without psql: npx millrace sql --server ${host}:${port})

  SELECT * FROM channels ORDER BY window_start DESC, bids DESC LIMIT 5;
  SELECT * FROM busiest;
  \\d

This view is changing right now (Ctrl-C stops):

`;
}

interface StopRequest {
  readonly done: () => boolean;
  /** Resolves after `ms`, or at once when a stop is asked for. */
  readonly sleep: (ms: number) => Promise<void>;
}

function stopRequested(seconds: number | undefined): StopRequest {
  let stop = false;
  let wake: (() => void) | null = null;
  const end = (): void => {
    stop = true;
    wake?.();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  if (seconds !== undefined) setTimeout(end, seconds * 1000).unref();
  return {
    done: () => stop,
    sleep: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}

/** On a terminal the table is painted over itself; elsewhere one line a second says how far it is. */
async function watch(client: PgClient, stopped: StopRequest): Promise<void> {
  let painted = 0;
  while (!stopped.done()) {
    const [result] = await client.query(demoQuery);
    const rows = result?.rows ?? [];
    if (process.stdout.isTTY) {
      const lines = formatTable(['window_start', 'bids', 'highest'], rows, {
        align: ['left', 'right', 'right'],
      }).split('\n');
      process.stdout.write(painted > 0 ? `\u001b[${painted}A` : '');
      process.stdout.write(`${lines.map((line) => `\u001b[K  ${line}\n`).join('')}\u001b[J`);
      painted = lines.length;
    } else {
      const [newest] = rows;
      if (newest !== undefined) {
        process.stdout.write(`${newest[0]}  bids ${newest[1]}  highest ${newest[2]}\n`);
      }
    }
    await stopped.sleep(process.stdout.isTTY ? 250 : 1000);
  }
}
