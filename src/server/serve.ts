/** A running server: data directory, database and listener, started and stopped in order. */

import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { SystemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { SeededRandom } from '../base/random.ts';
import { LmdbStore } from '../checkpoint/lmdb-store.ts';
import { Listener } from '../pgwire/listener.ts';
import { makeVerifier, type ScramVerifier } from '../pgwire/scram.ts';
import type { ServerConfig } from './config.ts';
import { lockDirectory } from './lock.ts';
import { defaultDatabaseOptions, openDatabase, type OpenDatabase } from './open-database.ts';
import { makeThreadShards } from './shard-thread.ts';

export interface RunningServer {
  readonly port: number;
  readonly open: OpenDatabase;
  stop(): Promise<void>;
}

/** The user that the password belongs to. */
const userName = 'millrace';
const messageBytesMax = 256 * 1024 * 1024;

/** Starts everything; on failure what was started is stopped again. */
export async function startServer(
  config: ServerConfig,
  log: Log,
  fatal: (error: unknown) => void,
): Promise<RunningServer> {
  const directory = resolve(config.dataDirectory);
  const lock = lockDirectory(directory);
  try {
    const open = await openDatabase(
      {
        clock: new SystemClock(),
        random: new SeededRandom(randomBytes(4).readUInt32LE()),
        log,
        stores: {
          catalog: new LmdbStore(join(directory, 'catalog.mdb')),
          state: new LmdbStore(join(directory, 'state.mdb')),
        },
        defer: (run) => setImmediate(run),
        allowedDirectories: config.allowedDirectories.map((each) => resolve(each)),
        extraConnectors: [],
        makeShards: (options) => makeThreadShards(options, fatal),
        fatal,
      },
      {
        ...defaultDatabaseOptions,
        workers: config.workers,
        batchRowsMax: config.batchRowsMax,
        checkpointIntervalMs: config.checkpointIntervalMs,
        codegen: config.codegen,
      },
    );
    const listener = new Listener({
      host: config.host,
      port: config.port,
      sessions: open.sessions,
      clock: open.database.clock,
      log,
      verifiers: await verifiers(config.password),
      connectionsMax: config.connectionsMax,
      messageBytesMax,
    });
    open.setSignal((pid, how) => listener.signal(pid, how));
    const port = await listener.listen().catch(async (error: unknown) => {
      await open.close();
      throw error;
    });
    return {
      port,
      open,
      stop: async () => {
        await listener.close();
        await open.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function verifiers(password: string | null): Promise<ReadonlyMap<string, ScramVerifier>> {
  if (password === null) return new Map();
  return new Map([[userName, await makeVerifier(password)]]);
}
