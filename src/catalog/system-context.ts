/** What the system relations and catalog functions read; the session gives it. */

import type { FunctionRegistry } from '../expr/functions/registry.ts';
import type { Catalog } from './catalog.ts';
import type { SequenceObject } from './objects.ts';
import type { ProcTable } from './proc-table.ts';

export interface SettingRow {
  readonly name: string;
  readonly value: string;
  readonly default: string;
  readonly help: string;
  readonly readOnly: boolean;
}

export interface SessionRow {
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly address: string;
  readonly state: 'active' | 'idle' | 'idle in transaction' | 'idle in transaction (aborted)';
  readonly query: string;
  /** Microseconds since 1970. */
  readonly startedMicros: number;
  readonly queryMicros: number;
}

/** A prepared statement of the session that asks. */
export interface StatementRow {
  readonly name: string;
  readonly text: string;
  readonly fromSql: boolean;
  /** Microseconds since 1970. */
  readonly preparedMicros: number;
  readonly parameterOids: readonly number[];
  readonly uses: number;
}

export interface SystemContext {
  readonly catalog: Catalog;
  readonly registry: FunctionRegistry;
  readonly procs: ProcTable;
  readonly database: string;
  readonly user: string;
  /** Schemas searched for names without one, in order, pg_catalog included. */
  readonly searchPath: readonly string[];
  /** PostgreSQL's relkind of a system relation. */
  readonly systemRelkind: (oid: number) => string;
  /** Rows kept now; null when the relation keeps none. */
  readonly rowCount: (oid: number) => number | null;
  /** Bytes of memory a relation's rows take. */
  readonly relationBytes: (oid: number) => number;
  /** The value that a sequence gave out last; null when it has given none. */
  readonly sequenceValue: (sequence: SequenceObject) => bigint | null;
  readonly settings: () => readonly SettingRow[];
  readonly sessions: () => readonly SessionRow[];
  readonly statements: () => readonly StatementRow[];
}
