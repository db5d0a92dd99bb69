/**
 * Brings one database up: catalog, functions, connectors, engine and recovery. Everything of the outside
 * world comes in as `World`, so that tests run the real thing on a manual clock and a store of their own.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { Catalog } from '../catalog/catalog.ts';
import { provideInformationSchema } from '../catalog/information-schema.ts';
import { providePgCatalog } from '../catalog/pg-catalog.ts';
import { ProcTable } from '../catalog/proc-table.ts';
import type { SystemContext } from '../catalog/system-context.ts';
import { SystemRelations } from '../catalog/system-relations.ts';
import type { SourceConnector } from '../connectors/connector.ts';
import { createConnectors } from '../connectors/registry.ts';
import { createSinkConnectors } from '../connectors/sinks.ts';
import { createRegistry } from '../expr/functions/builtin.ts';
import { createFormats } from '../formats/registry.ts';
import { Engine } from '../jobs/engine.ts';
import { LocalDataflow } from '../jobs/view-dataflow.ts';
import { provideEngineTables } from '../observe/system-tables.ts';
import { storedBinding } from '../session/bind-stored.ts';
import { CatalogStore } from '../session/catalog-store.ts';
import type { Database } from '../session/database.ts';
import { planStoredView } from '../session/plan-view.ts';
import { SqlSession } from '../session/session.ts';
import type { SessionFactory } from '../session/session-api.ts';
import { createWriter, planStoredSink } from '../session/sinks.ts';
import { createFeed } from '../session/source-feeds.ts';
import { withSourceOptions } from '../session/source-options.ts';
import { viewEvaluation } from '../session/view-evaluation.ts';
import { isDivisible } from '../shards/placement.ts';
import type { ShardGroup, ShardGroupOptions } from '../shards/shard-group.ts';
import { SourceDecoding } from '../shards/source-decoding.ts';
import { ShardedDataflow } from '../shards/sharded-dataflow.ts';
import type { Store } from '../state/store.ts';
import { SqlError, sqlstate } from '../base/errors.ts';

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly stores: { readonly catalog: Store; readonly state: Store };
  readonly defer: (run: () => void) => void;
  readonly allowedDirectories: readonly string[];
  readonly extraConnectors: readonly SourceConnector[];
  readonly fatal: (error: unknown) => void;
  /** Makes the shards in which views run, for more than one worker. */
  readonly makeShards: (options: ShardGroupOptions) => ShardGroup;
}

export interface DatabaseOptions {
  /** Threads that views are divided over; 1: no division. */
  readonly workers: number;
  readonly batchRowsMax: number;
  readonly tickRowsMax: number;
  readonly tickMsMax: number;
  readonly checkpointIntervalMs: number;
  readonly codegen: boolean;
  readonly disabledRules: ReadonlySet<string>;
  readonly reprint: boolean;
  readonly ledgerRowsMax: number;
  readonly historyRowsMax: number;
  readonly subscriptionBytesMax: number;
}

export const defaultDatabaseOptions: DatabaseOptions = {
  workers: 1,
  batchRowsMax: 1024,
  tickRowsMax: 8192,
  tickMsMax: 4,
  checkpointIntervalMs: 1000,
  codegen: true,
  disabledRules: new Set(),
  reprint: false,
  ledgerRowsMax: 100_000,
  historyRowsMax: 1_000_000,
  subscriptionBytesMax: 64 * 1024 * 1024,
};

export interface OpenDatabase {
  readonly database: Database;
  readonly sessions: SessionFactory;
  /** How pg_cancel_backend reaches other connections; set by the listener. */
  setSignal(signal: Database['signal']): void;
  /** A last checkpoint, then everything is closed. */
  close(): Promise<void>;
  /** As a crash: nothing more is written. */
  abandon(): Promise<void>;
}

const databaseName = 'millrace';

export async function openDatabase(world: World, options: DatabaseOptions): Promise<OpenDatabase> {
  const catalog = new Catalog();
  const registry = createRegistry();
  const system = new SystemRelations<SystemContext>(catalog);
  providePgCatalog(system);
  provideInformationSchema(system);
  const catalogStore = new CatalogStore(world.stores.catalog, catalog);
  const connectors = wrapConnectors(world.extraConnectors);
  const sinks = createSinkConnectors();
  const formats = createFormats();
  const connectorEnvironment = {
    clock: world.clock,
    random: world.random,
    log: world.log,
    allowedDirectories: world.allowedDirectories,
  };
  const evaluation = viewEvaluation(world);
  const binding = storedBinding({
    catalog,
    registry,
    connectors,
    sinks,
    formats,
    evaluation: evaluation(0n),
  });
  const shards =
    options.workers === 1
      ? null
      : world.makeShards({
          shards: options.workers,
          evaluation: evaluation(0n),
          codegen: options.codegen,
          enums: catalog.enums,
          world: {
            clock: world.clock,
            sourceEvaluation: evaluation,
            formats,
            codegen: options.codegen,
            batchRowsMax: options.batchRowsMax,
          },
        });
  let feeds = 0;
  const engine: Engine = new Engine({
    clock: world.clock,
    log: world.log,
    store: world.stores.state,
    defer: world.defer,
    makeFeed: (source, deadLetter) =>
      createFeed(
        source,
        {
          connectors,
          connectorEnvironment,
          formats,
          binding,
          evaluation,
          codegen: options.codegen,
          remote: shards === null ? null : (spec) => new SourceDecoding(shards, feeds++, spec),
        },
        deadLetter,
      ),
    makeWriter: (sink, events) => createWriter(sink, events, { sinks, connectorEnvironment }),
    evaluation,
    codegen: options.codegen,
    dataflow: (context) =>
      shards === null || !isDivisible(context.plan)
        ? new LocalDataflow(context)
        : new ShardedDataflow(context, shards),
    batchRowsMax: options.batchRowsMax,
    tickRowsMax: options.tickRowsMax,
    tickMsMax: options.tickMsMax,
    checkpointIntervalMs: options.checkpointIntervalMs,
    ledgerRowsMax: options.ledgerRowsMax,
    historyRowsMax: options.historyRowsMax,
    subscriptionBytesMax: options.subscriptionBytesMax,
    fatal: world.fatal,
  });
  let signal: Database['signal'] = () => false;
  const database: Database = {
    startedMicros: world.clock.nowMicros(),
    name: databaseName,
    clock: world.clock,
    random: world.random,
    log: world.log,
    catalog,
    catalogStore,
    engine,
    registry,
    procs: new ProcTable(registry),
    system,
    connectors,
    sinks,
    connectorEnvironment,
    formats,
    sessions: new Set(),
    disabledRules: options.disabledRules,
    workers: options.workers,
    codegen: options.codegen,
    reprint: options.reprint,
    signal: (pid, how) => signal(pid, how),
    definitionLock: mutex(),
  };
  provideEngineTables(database.system, catalog, engine);
  await catalogStore.load(world.stores.state);
  await engine.recover(
    catalog.objects(),
    (view) => planStoredView(view, database),
    (sink) => planStoredSink(sink, database),
  );
  return {
    database,
    sessions: {
      open: (request) => {
        checkDatabase(request.database, request.user);
        return new SqlSession(request, database);
      },
    },
    setSignal: (given) => {
      signal = given;
    },
    close: async () => {
      await engine.stop();
      await shards?.close();
      await world.stores.state.close();
      await world.stores.catalog.close();
    },
    abandon: async () => {
      await engine.abandon();
      await shards?.close();
    },
  };
}

/** Any user may name the one database there is, or, as clients do by default, one named like the user. */
function checkDatabase(name: string, user: string): void {
  if (name === databaseName || name === 'postgres' || name === user) return;
  throw new SqlError(sqlstate.invalidCatalogName, `database "${name}" does not exist`, {
    hint: `The database is called "${databaseName}".`,
    severity: 'FATAL',
  });
}

function wrapConnectors(extra: readonly SourceConnector[]): Database['connectors'] {
  const plain = createConnectors(extra);
  const find = (name: string): SourceConnector | undefined => {
    const found = plain(name);
    return found === undefined ? undefined : withSourceOptions(found);
  };
  return Object.assign(find, { names: plain.names });
}

/** Runs one after another, in order of asking. */
function mutex(): Database['definitionLock'] {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run, run);
    last = next.catch(() => undefined);
    return next;
  };
}
