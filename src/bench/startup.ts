/** Start-up as a user sees it: from starting the process to "ready", to the first answer, and its memory. */

import { formatTable } from '../base/text-layout.ts';
import { PgClient } from '../client/pg-client.ts';
import { ServerChild } from './server-child.ts';

interface StartupTimes {
  readonly readyMs: number;
  readonly answeredMs: number;
  /** Null where the system does not tell. */
  readonly residentBytes: number | null;
}

/** Starts `runs` times and prints the least and the median. */
export async function benchStartup(runs: number): Promise<void> {
  const times: StartupTimes[] = [];
  for (let run = 0; run < runs; run++) times.push(await measureStartup());
  const line = (name: string, values: readonly number[]): string[] => {
    const sorted = [...values].sort((a, b) => a - b);
    return [
      name,
      ...[sorted[0], sorted[sorted.length >> 1]].map((each) => (each ?? NaN).toFixed(0)),
    ];
  };
  const megabytes = times.flatMap(({ residentBytes }) =>
    residentBytes === null ? [] : [residentBytes / 1024 / 1024],
  );
  const ready = times.map((each) => each.readyMs);
  const answered = times.map((each) => each.answeredMs);
  const rows = [
    line('ms to ready', ready),
    line('ms to the first answer', answered),
    line('MB resident after it', megabytes),
  ];
  const table = formatTable(['start-up', 'least', 'median'], rows, {
    align: ['left', 'right', 'right'],
  });
  process.stdout.write(`${table}\n`);
}

/** Starts this program as a server on an empty data directory, asks one query, and ends it. */
async function measureStartup(): Promise<StartupTimes> {
  const started = performance.now();
  const server = await ServerChild.start();
  try {
    const readyMs = performance.now() - started;
    const client = await PgClient.connect({
      host: '127.0.0.1',
      port: server.port,
      user: 'millrace',
      database: 'millrace',
      applicationName: 'bench',
    });
    const [result] = await client.query('SELECT 1 + 1');
    const answeredMs = performance.now() - started;
    if (result?.rows[0]?.[0] !== '2') throw new Error('the first query has another answer');
    const residentBytes = server.residentBytes();
    await client.close();
    return { readyMs, answeredMs, residentBytes };
  } finally {
    await server.stop();
  }
}
