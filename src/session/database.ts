/** What all sessions of one server share. The server makes it; sessions only use it. */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ProcTable } from '../catalog/proc-table.ts';
import type { SystemContext } from '../catalog/system-context.ts';
import type { SystemRelations } from '../catalog/system-relations.ts';
import type { ConnectorEnvironment, SourceConnector } from '../connectors/connector.ts';
import type { SinkConnectors } from '../connectors/sinks.ts';
import type { FunctionRegistry } from '../expr/functions/registry.ts';
import type { Format } from '../formats/format.ts';
import type { Engine } from '../jobs/engine.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { SessionOptions } from './session-api.ts';
import type { Settings } from './settings.ts';

export interface Database {
  /** When the server came up, µs since 1970. */
  readonly startedMicros: number;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly catalogStore: CatalogStore;
  readonly engine: Engine;
  readonly registry: FunctionRegistry;
  readonly procs: ProcTable;
  readonly system: SystemRelations<SystemContext>;
  readonly connectors: Connectors;
  readonly sinks: SinkConnectors;
  readonly connectorEnvironment: ConnectorEnvironment;
  readonly formats: Formats;
  readonly sessions: Set<SessionActivity>;
  /** Optimizer rules that are off (tests). */
  readonly disabledRules: ReadonlySet<string>;
  /** Threads that views are divided over; 1: none. */
  readonly workers: number;
  /** False: no generated code anywhere. */
  readonly codegen: boolean;
  /** Statements are printed and parsed again before they are bound (tests). */
  readonly reprint: boolean;
  /** Ends another session's statement, or the session itself; false: there is no such session. */
  readonly signal: (pid: number, how: 'cancel' | 'terminate') => boolean;
  /** One definition at a time: a CREATE that fills a view must not meet a DROP of what it reads. */
  readonly definitionLock: <T>(run: () => Promise<T>) => Promise<T>;
}

/** What other sessions and system tables see of a session. */
export interface SessionActivity {
  readonly options: SessionOptions;
  readonly settings: Settings;
  readonly activity: 'active' | 'idle' | 'idle in transaction' | 'idle in transaction (aborted)';
  readonly currentQuery: string;
  /** Microseconds since 1970. */
  readonly startedMicros: number;
  readonly queryMicros: number;
}

export interface Connectors {
  (name: string): SourceConnector | undefined;
  readonly names: readonly string[];
}

export interface Formats {
  (name: string): Format | undefined;
}
