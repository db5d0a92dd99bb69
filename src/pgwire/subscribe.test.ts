/** SUBSCRIBE over a socket: rows as they are made, COPY, portals with a row limit, and every way it can end. */

import { spawn, spawnSync } from 'node:child_process';
import pg from 'pg';
import { serialize } from 'pg-protocol';
import type { DataRowMessage } from 'pg-protocol/dist/messages.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Message, WireClient } from '../testing/wire-client.ts';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

let server: WireServer;
let writer: pg.Client;
let reader: WireClient;

async function start(subscriptionBytesMax = 1 << 26): Promise<void> {
  server = await startWireServer({ database: { subscriptionBytesMax } });
  writer = await server.client();
  await writer.query('CREATE TABLE items (id int PRIMARY KEY, name text)');
  reader = await WireClient.login(server.port);
}

async function stop(): Promise<void> {
  reader.close();
  await writer.end();
  await server.close();
  expect(server.faults).toEqual([]);
}

beforeEach(() => start());
afterEach(stop);

const open = (): number => [...server.open.database.engine.subscriptions.all()].length;

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Rows of messages without their ticks, cells joined. */
function rowsOf(messages: readonly Message[]): string[] {
  return messages
    .filter((message) => message.name === 'dataRow')
    .map((message) => (message as DataRowMessage).fields.slice(1).join('|'));
}

const insert = (id: number, name = 'x'): Promise<unknown> =>
  writer.query('INSERT INTO items VALUES ($1, $2)', [id, name]);

describe('rows', () => {
  test('come as they are made', async () => {
    await insert(1, 'a');
    reader.send(serialize.query('SUBSCRIBE items'));
    expect(rowsOf(await reader.until('dataRow'))).toEqual(['1|1|a']);
    await writer.query("UPDATE items SET name = 'b'");
    expect(rowsOf(await reader.until('dataRow', 2)).sort()).toEqual(['-1|1|a', '1|1|b']);
  });

  test('of a tick come in one write', async () => {
    reader.send(serialize.query('SUBSCRIBE items'));
    await reader.until('rowDescription');
    let writes = 0;
    reader.socket.on('data', () => writes++);
    await writer.query("INSERT INTO items SELECT n, 'x' FROM generate_series(1, 200) AS g (n)");
    expect(await reader.until('dataRow', 200)).toHaveLength(200);
    expect(writes).toBe(1);
  });

  test('of a portal come as many as are asked for', async () => {
    await writer.query("INSERT INTO items VALUES (1, 'a'), (2, 'b')");
    reader.send(
      serialize.query('BEGIN'),
      serialize.parse({ text: 'SUBSCRIBE items' }),
      serialize.bind({}),
      serialize.execute({ rows: 1 }),
      serialize.flush(),
    );
    expect(rowsOf(await reader.until('portalSuspended'))).toEqual(['1|1|a']);
    reader.send(serialize.execute({ rows: 2 }), serialize.sync());
    expect(rowsOf(await reader.until('dataRow'))).toEqual(['1|2|b']);
    await insert(3, 'c');
    expect(rowsOf(await reader.until('portalSuspended'))).toEqual(['1|3|c']);
    expect(open()).toBe(1);
    await reader.until('readyForQuery');
    await reader.query('COMMIT');
    expect(open()).toBe(0);
  });

  test('a suspended portal outside a transaction ends at Sync', async () => {
    await insert(1);
    reader.send(
      serialize.parse({ text: 'SUBSCRIBE items' }),
      serialize.bind({}),
      serialize.execute({ rows: 1 }),
      serialize.sync(),
    );
    await reader.until('readyForQuery');
    expect(open()).toBe(0);
  });

  test('binary rows', async () => {
    await insert(5, 'a');
    const query = { text: 'SUBSCRIBE items', rowMode: 'array', binary: true };
    const rows: unknown[][] = [];
    const other = await server.client();
    const running = new pg.Query(query as pg.QueryConfig);
    running.on('row', (row) => rows.push(row as unknown[]));
    running.on('error', () => undefined);
    other.query(running);
    await until(() => rows.length === 1);
    expect(rows[0]!.slice(1)).toEqual(['1', 5, 'a']);
    await other.end();
    await until(() => open() === 0);
  });
});

describe('the end', () => {
  test('by a cancel, after which the session goes on', async () => {
    reader.send(serialize.query('SUBSCRIBE items'));
    await until(() => open() === 1);
    await writer.query('SELECT pg_cancel_backend(pid) FROM millrace.subscriptions');
    const messages = await reader.until('readyForQuery');
    expect(messages.at(-2)).toMatchObject({ name: 'error', code: '57014' });
    expect(open()).toBe(0);
    expect(rowsOf(await reader.query("SELECT '', 1"))).toEqual(['1']);
  });

  test.each(['SUBSCRIBE items', 'COPY (SUBSCRIBE items) TO STDOUT'])(
    'by a socket that closes, or a client that says good-bye: %s',
    async (sql) => {
      for (const bye of [true, false]) {
        const other = await WireClient.login(server.port);
        other.send(serialize.query(sql));
        await until(() => open() === 1);
        if (bye) other.send(serialize.end());
        else other.close();
        await until(() => open() === 0);
        if (bye) await other.untilClosed();
      }
    },
  );

  test('a reader that does not read is told so, and holds up nobody', async () => {
    await stop();
    await start(1 << 20);
    reader.send(serialize.query('SUBSCRIBE items'));
    await reader.until('rowDescription');
    reader.socket.pause();
    const rows = 12_000;
    for (let from = 0; from < rows; from += 500) {
      await writer.query(
        `INSERT INTO items SELECT ${from} + n, repeat('x', 2000) FROM generate_series(1, 500) AS g (n)`,
      );
    }
    reader.socket.resume();
    const messages = await reader.until('readyForQuery');
    expect(messages.at(-2)).toMatchObject({
      name: 'error',
      code: '53400',
      message: 'subscription ended because its reader is too slow',
    });
    expect(rowsOf(messages).length).toBeLessThan(rows);
    expect(open()).toBe(0);
  });

  test('by a shut-down of the server', async () => {
    reader.send(serialize.query('SUBSCRIBE items'));
    await until(() => open() === 1);
    await server.listener.close();
    const messages = await reader.untilClosed();
    expect(messages.some((message) => message.code === '57P01')).toBe(true);
    expect(open()).toBe(0);
    await stop();
    await start();
  });
});

const psql = spawnSync('psql', ['--version'], { encoding: 'utf8' }).stdout ?? '';

describe.runIf(psql.startsWith('psql') || process.env['MILLRACE_REQUIRE_PSQL'])('psql', () => {
  test('COPY (SUBSCRIBE …) TO STDOUT, until it is interrupted', async () => {
    await insert(1, 'a');
    const connection = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'millrace', '-X'];
    const copy = 'COPY (SUBSCRIBE items) TO STDOUT (FORMAT csv, HEADER)';
    const child = spawn('psql', [...connection, '-c', copy], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until(() => open() === 1);
    await insert(2, 'b,c');
    await until(
      () =>
        server.open.database.engine.subscriptions.all()[Symbol.iterator]().next().value!
          .rowsRead === 2,
    );
    child.kill('SIGINT');
    await ended;
    const lines = out.trim().split('\n');
    expect(lines[0]).toBe('tick,weight,id,name');
    expect(lines.slice(1).map((line) => line.replace(/^\d+,/, ''))).toEqual(['1,1,a', '1,2,"b,c"']);
    expect(error).toContain('canceling statement due to user request');
    await until(() => open() === 0);
  });
});
