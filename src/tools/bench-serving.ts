/**
 * How dear answers are: point queries by key over a socket (prepared, parsed each time, and as plain text), and a
 * SELECT of all rows in text and binary, on Millrace and, with `--peer PORT`, on a PostgreSQL on this machine that
 * lets anybody in. Told are microseconds of the server's CPU, since the machine may be busy with other things.
 *
 *   node bench-serving.js [--rows 1000000] [--queries 20000] [--peer 5432 --peer-user postgres]
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { must } from '../base/assert.ts';
import { formatTable } from '../base/text-layout.ts';

/** A client that only counts: sends messages and waits for ReadyForQuery. */
class CountingClient {
  readonly #socket: Socket;
  #left = 0;
  #header = Buffer.alloc(0);
  #done: (() => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #error: string | null = null;
  /** Bytes of the last answer, and its first row as text. */
  bytes = 0;
  rows = 0;
  firstRow: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#failed?.(error));
  }

  async start(user: string, database: string): Promise<void> {
    const text = `user\0${user}\0database\0${database}\0\0`;
    const body = Buffer.concat([int32(0x30000), Buffer.from(text)]);
    await this.send(Buffer.concat([int32(body.length + 4), body]));
  }

  /** Resolves at ReadyForQuery. */
  async send(bytes: Buffer): Promise<void> {
    this.bytes = 0;
    this.rows = 0;
    const done = new Promise<void>((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
    });
    this.#socket.write(bytes);
    await done;
    if (this.#error !== null) throw new Error(this.#error);
  }

  async query(sql: string): Promise<void> {
    await this.send(message('Q', Buffer.from(`${sql}\0`)));
  }

  #read(chunk: Buffer): void {
    this.bytes += chunk.length;
    let at = 0;
    if (this.#left > 0) {
      at = Math.min(this.#left, chunk.length);
      this.#left -= at;
    }
    const data = this.#header.length > 0 ? Buffer.concat([this.#header, chunk]) : chunk;
    this.#header = Buffer.alloc(0);
    while (at < data.length) {
      if (data.length - at < 6) {
        this.#header = Buffer.from(data.subarray(at));
        return;
      }
      const type = data[at]!;
      const end = at + 1 + data.readInt32BE(at + 1);
      if (type === 68 && ++this.rows === 1) this.firstRow = Buffer.from(data.subarray(at, end));
      if (type === 69) this.#error = data.subarray(at + 5, end).toString('latin1');
      if (type === 90) this.#done?.();
      this.#left = Math.max(0, end - data.length);
      at = end;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

const columns = 'id, name, price, at, n, active';
const pointSql = `SELECT ${columns} FROM bench_v WHERE id = $1`;

function parseMessage(name: string): Buffer {
  return message('P', Buffer.from(`${name}\0${pointSql}\0\0\0`));
}

/** Bind, Execute and Sync, as drivers send them with a text parameter. */
function run(name: string, id: number): Buffer {
  const value = Buffer.from(String(id));
  const head = Buffer.from(`\0${name}\0\0\0\0\x01`);
  const bind = Buffer.concat([head, int32(value.length), value, Buffer.from('\0\0')]);
  const sync = message('S', Buffer.alloc(0));
  const execute = message('E', Buffer.concat([Buffer.from('\0'), int32(0)]));
  const describe = message('D', Buffer.from('P\0'));
  return Buffer.concat([message('B', bind), describe, execute, sync]);
}

/** All rows in binary. */
const allBinary = Buffer.concat([
  message('P', Buffer.from(`\0SELECT ${columns} FROM bench_v\0\0\0`)),
  message('B', Buffer.from('\0\0\0\0\0\0\0\x01\0\x01')),
  message('E', Buffer.concat([Buffer.from('\0'), int32(0)])),
  message('S', Buffer.alloc(0)),
]);

/** Microseconds of CPU that a process has used. */
function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

interface Options {
  readonly rows: number;
  readonly queries: number;
}

interface Figures {
  readonly name: string;
  readonly values: ReadonlyMap<string, number>;
}

async function measure(
  name: string,
  client: CountingClient,
  pid: number,
  { rows, queries }: Options,
): Promise<Figures> {
  const values = new Map<string, number>();
  const timed = async (what: string, count: number, work: () => Promise<void>): Promise<void> => {
    const before = cpuMicros(pid);
    await work();
    values.set(what, (cpuMicros(pid) - before) / count);
  };
  const each = (send: (id: number) => Promise<void>) => async (): Promise<void> => {
    for (let i = 0; i < queries; i++) await send(((i * 7919) % rows) + 1);
  };
  await client.send(Buffer.concat([parseMessage('p'), message('S', Buffer.alloc(0))]));
  const prepared = each((id) => client.send(run('p', id)));
  await prepared();
  await timed('prepared', queries, prepared);
  const unnamed = parseMessage('');
  await timed(
    'parsed each time',
    queries,
    each((id) => client.send(Buffer.concat([unnamed, run('', id)]))),
  );
  await timed(
    'plain text',
    queries,
    each((id) => client.query(pointSql.replace('$1', String(id)))),
  );
  for (const what of ['all rows, text', 'all rows, binary']) {
    await timed(what, rows, () =>
      what.endsWith('binary')
        ? client.send(allBinary)
        : client.query(`SELECT ${columns} FROM bench_v`),
    );
    if (client.rows !== rows) throw new Error(`${client.rows} rows of ${rows}`);
  }
  return { name, values };
}

async function fill(client: CountingClient, rows: number, unique: boolean): Promise<void> {
  await client.query(
    'CREATE TABLE bench_items (id int PRIMARY KEY, name text, price numeric(12,2), at timestamp, n bigint, active boolean)',
  );
  await client.query(
    `CREATE MATERIALIZED VIEW bench_v AS SELECT ${columns} FROM bench_items${unique ? ' WITH NO DATA' : ''}`,
  );
  const step = 20_000;
  for (let from = 1; from <= rows; from += step) {
    const to = Math.min(rows, from + step - 1);
    await client.query(
      `INSERT INTO bench_items SELECT g, 'item ' || g, (g % 100000) / 100.0, timestamp '2026-01-01' + g * interval '1 second', g * 1000003::bigint, g % 3 = 0 FROM generate_series(${from}, ${to}) g`,
    );
  }
  if (!unique) return;
  await client.query('REFRESH MATERIALIZED VIEW bench_v');
  await client.query('CREATE UNIQUE INDEX bench_v_id ON bench_v (id)');
  await client.query('ANALYZE bench_v');
}

async function measureMillrace(options: Options): Promise<Figures> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const args = ['bin/millrace.js', 'serve', '--listen', '127.0.0.1:0', '--data-dir', directory];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  try {
    const port = await new Promise<number>((found) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const ready = /^millrace ready on .*:(\d+)$/m.exec(said);
        if (ready !== null) found(Number(ready[1]));
      });
    });
    const client = new CountingClient(port);
    await client.start('millrace', 'millrace');
    await fill(client, options.rows, false);
    const figures = await measure('Millrace', client, must(child.pid, 'process id'), options);
    client.close();
    return figures;
  } finally {
    child.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measurePeer(port: number, user: string, options: Options): Promise<Figures> {
  const client = new CountingClient(port);
  await client.start(user, 'postgres');
  const drop = 'DROP MATERIALIZED VIEW IF EXISTS bench_v; DROP TABLE IF EXISTS bench_items';
  await client.query(drop);
  try {
    await fill(client, options.rows, true);
    await client.query('SELECT pg_backend_pid()');
    const pid = Number(client.firstRow.subarray(11).toString('latin1'));
    return await measure('PostgreSQL', client, pid, options);
  } finally {
    await client.query(drop);
    client.close();
  }
}

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    queries: { type: 'string', default: '20000' },
    peer: { type: 'string' },
    'peer-user': { type: 'string', default: 'postgres' },
  },
});
const options: Options = { rows: Number(given.rows), queries: Number(given.queries) };
const all = [await measureMillrace(options)];
if (given.peer !== undefined) {
  all.push(await measurePeer(Number(given.peer), given['peer-user'], options));
}
const [ours, peer] = all;
const table = formatTable(
  ['µs of CPU', ...all.map((each) => each.name), ...(peer === undefined ? [] : ['ratio'])],
  [...ours!.values].map(([what, value]) => {
    const theirs = peer?.values.get(what);
    const figures = theirs === undefined ? [value] : [value, theirs, value / theirs];
    return [what, ...figures.map((each) => each.toFixed(2))];
  }),
  { align: ['left', 'right', 'right', 'right'] },
);
process.stdout.write(`${table}\n`);
