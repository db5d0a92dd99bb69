/** A PostgreSQL server of the machine's packages as the judge, on a directory of its own under the temporary one. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { must } from '../../base/assert.ts';
import { type Answer, type Judge, SqlJudge } from './judge.ts';

const versions = ['15', '16', '17', '18', '14'];

/** The programs of an installed server, the version that Millrace behaves as first; null when there is none. */
export function installedServer(): string | null {
  const places = versions.flatMap((version) => [
    `/usr/lib/postgresql/${version}/bin`,
    `/usr/pgsql-${version}/bin`,
    `/opt/homebrew/opt/postgresql@${version}/bin`,
  ]);
  return places.find((place) => existsSync(join(place, 'initdb'))) ?? null;
}

/** Starts a server that listens on a socket in its own directory only. */
export async function openServer(programs: string): Promise<Judge> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
  const owner = serverOwner();
  if (owner !== null) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const account = owner ?? {};
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '--locale=C.UTF-8', '--encoding=UTF8', '--auth=trust'].concat([
      '--no-sync',
    ]),
    { stdio: 'ignore', cwd: directory, ...account },
  );
  const settings = [
    'fsync=off',
    'timezone=UTC',
    'listen_addresses=',
    'jit=off',
    'max_connections=5',
  ];
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-k', directory, ...settings.flatMap((setting) => ['-c', setting])],
    { stdio: 'ignore', cwd: directory, ...account },
  );
  const stop = async (): Promise<void> => {
    await ended(server);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const client = await connected(directory);
    const version = await versionOf(client);
    return new SqlJudge({
      name: `PostgreSQL ${version}`,
      version: parseInt(version),
      exec: (sql) => execute(client, sql),
      close: async () => {
        await client.end();
        await stop();
      },
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** PostgreSQL refuses to run as root; its packages make an account for it. */
function serverOwner(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const done = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGINT');
  await done;
}

async function connected(socketDirectory: string): Promise<pg.Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({
      host: socketDirectory,
      user: 'postgres',
      database: 'postgres',
      types: { getTypeParser: () => (text: string) => text },
    });
    try {
      await client.connect();
      client.on('error', () => undefined);
      return client;
    } catch (error) {
      if (attempt === 100) throw error;
      await wait(100);
    }
  }
}

async function versionOf(client: pg.Client): Promise<string> {
  const [result] = await execute(client, 'SHOW server_version');
  return must(result?.rows[0]?.[0], 'a server tells its version').split(' ')[0]!;
}

async function execute(client: pg.Client, sql: string): Promise<(Answer & { kind: 'rows' })[]> {
  const given = (await client.query({ text: sql, rowMode: 'array' })) as unknown;
  const results = (Array.isArray(given) ? given : [given]) as pg.QueryArrayResult<
    (string | null)[]
  >[];
  return results
    .filter((result) => result.fields.length > 0)
    .map((result) => ({
      kind: 'rows',
      names: result.fields.map((field) => field.name),
      oids: result.fields.map((field) => field.dataTypeID),
      rows: result.rows,
    }));
}
