/**
 * A database with its Postgres listener inside the test's process: the real engine on the system clock, with
 * stores in memory and any free port of the loopback interface.
 */

import pg from 'pg';
import { SystemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { Listener } from '../pgwire/listener.ts';
import { makeVerifier, type ScramVerifier } from '../pgwire/scram.ts';
import { inProcessWorld } from '../server/in-process.ts';
import {
  type DatabaseOptions,
  defaultDatabaseOptions,
  type OpenDatabase,
  openDatabase,
} from '../server/open-database.ts';

export interface WireServerOptions {
  readonly database?: Partial<DatabaseOptions>;
  /** The password of user `millrace`; null: nobody needs one. */
  readonly password?: string | null;
  readonly connectionsMax?: number;
  readonly messageBytesMax?: number;
}

export class WireServer {
  readonly port: number;
  readonly open: OpenDatabase;
  readonly listener: Listener;
  /** What the engine held to be fatal; a test that expects none looks here. */
  readonly faults: readonly unknown[];

  constructor(port: number, open: OpenDatabase, listener: Listener, faults: readonly unknown[]) {
    this.port = port;
    this.open = open;
    this.listener = listener;
    this.faults = faults;
  }

  /** A connected node-postgres client; the caller ends it. */
  async client(options: pg.ClientConfig = {}): Promise<pg.Client> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: 'millrace',
      database: 'millrace',
      ...options,
    });
    // A server that goes away on purpose must not fail the whole run.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    await this.listener.close();
    await this.open.close();
  }
}

export async function startWireServer(options: WireServerOptions = {}): Promise<WireServer> {
  const faults: unknown[] = [];
  const clock = new SystemClock();
  const open = await openDatabase(
    inProcessWorld({
      clock,
      fatal: (error) => {
        faults.push(error);
      },
    }),
    { ...defaultDatabaseOptions, ...options.database },
  );
  const listener = new Listener({
    host: '127.0.0.1',
    port: 0,
    sessions: open.sessions,
    clock,
    log: silentLog,
    verifiers: await verifiers(options.password ?? null),
    connectionsMax: options.connectionsMax ?? 50,
    messageBytesMax: options.messageBytesMax ?? 1 << 24,
  });
  open.setSignal((pid, how) => listener.signal(pid, how));
  const port = await listener.listen();
  return new WireServer(port, open, listener, faults);
}

async function verifiers(password: string | null): Promise<ReadonlyMap<string, ScramVerifier>> {
  if (password === null) return new Map();
  return new Map([['millrace', await makeVerifier(password)]]);
}
