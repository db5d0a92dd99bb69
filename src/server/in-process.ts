/**
 * A database and its sessions inside one process, without a network: what start-up files, the test runner,
 * the benchmark and tests of the engine open. Time, stores and connectors are theirs to choose.
 */

import { SystemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { SeededRandom } from '../base/random.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import type { SessionOptions } from '../session/session-api.ts';
import { LocalShards } from '../shards/local-shards.ts';
import type { World } from './open-database.ts';

/** A session of the only user; its notices go nowhere unless told otherwise. */
export function inProcessSession(options: Partial<SessionOptions> = {}): SessionOptions {
  return {
    user: 'millrace',
    database: 'millrace',
    parameters: new Map(),
    remoteAddress: '',
    backendPid: 1,
    notice: () => undefined,
    parameterChanged: () => undefined,
    ...options,
  };
}

/** A world in memory on the system's clock, seeded and silent, where a fault of the engine is thrown. */
export function inProcessWorld(world: Partial<World> = {}): World {
  return {
    clock: new SystemClock(),
    random: new SeededRandom(1),
    log: silentLog,
    stores: world.stores ?? { catalog: new MemoryStore(), state: new MemoryStore() },
    defer: (run) => setImmediate(run),
    allowedDirectories: [],
    extraConnectors: [],
    makeShards: (options) => new LocalShards(options, new SeededRandom(2)),
    fatal: (error) => {
      throw error;
    },
    ...world,
  };
}
