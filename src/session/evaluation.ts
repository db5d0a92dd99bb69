/** What expressions of a session's statements know of the world, and what views know of it. */

import { SessionCatalogReader } from '../catalog/catalog-functions.ts';
import { isSystemSchema } from '../catalog/catalog.ts';
import { effectivePath, parseSearchPath } from '../catalog/names.ts';
import type { SystemContext } from '../catalog/system-context.ts';
import type { CatalogReader, EvalContext, RegCatalog } from '../expr/functions/registry.ts';
import { sequenceCalls } from '../expr/functions/sequence.ts';
import { hideSecrets } from '../syntax/secrets.ts';
import { oidOf } from '../types/oid.ts';
import type { TextIoOptions } from '../types/text-io.ts';
import type { Database } from './database.ts';
import type { SessionContext } from './session-context.ts';
import { serverVersion } from './settings.ts';

/** The text of version(): tools parse what stands before the parenthesis. */
const versionText = `PostgreSQL ${serverVersion} (Millrace 0.1.0)`;

/** The session's own: its time zone, its transaction's time, its settings and search path. */
export function sessionEvaluation(session: SessionContext): EvalContext {
  const { clock, random } = session.database;
  return {
    nowMicros: session.transactionMicros,
    clockMicros: () => BigInt(clock.nowMicros()),
    timeZone: session.settings.get('TimeZone'),
    random: () => random.float(),
    catalog: sessionCatalog(session),
  };
}

/** Names of schemas in the order in which they are searched, pg_catalog included. */
export function searchPathOf(session: SessionContext): readonly string[] {
  return effectivePath(listedPath(session), temporarySchema(session));
}

/** The schemas that search_path names. `"$user"` never means a schema of the system's. */
export function listedPath(session: SessionContext): readonly string[] {
  const { user } = session.options;
  const text = session.settings.get('search_path');
  return parseSearchPath(text, isSystemSchema(user) ? '' : user).filter((name) => name !== '');
}

export function temporarySchema(session: SessionContext): string {
  return `pg_temp_${session.options.backendPid}`;
}

const catalogs = new WeakMap<SessionContext, CatalogReader>();

/** One reader a session: making it costs more than many a statement. */
function sessionCatalog(session: SessionContext): CatalogReader {
  const known = catalogs.get(session) ?? makeCatalog(session);
  catalogs.set(session, known);
  return known;
}

/** What the text forms of a session's parameters and results depend on. */
export function sessionTextOptions(session: SessionContext): TextIoOptions {
  const known = textOptions.get(session);
  const { version } = session.settings;
  if (known?.version === version) return known.options;
  const options = makeTextOptions(session);
  textOptions.set(session, { version, options });
  return options;
}

/** Asked for at every parameter and result, so kept while the settings stand. */
const textOptions = new WeakMap<
  SessionContext,
  { readonly version: number; readonly options: TextIoOptions }
>();

function makeTextOptions(session: SessionContext): TextIoOptions {
  const { settings } = session;
  const reader = sessionCatalog(session);
  return {
    timeZone: settings.get('TimeZone'),
    dateStyle: settings.get('DateStyle'),
    intervalStyle: settings.get('IntervalStyle') as NonNullable<TextIoOptions['intervalStyle']>,
    extraFloatDigits: Number(settings.get('extra_float_digits')),
    byteaOutput: settings.get('bytea_output') === 'escape' ? 'escape' : 'hex',
    get now() {
      return session.transactionMicros;
    },
    nameOfOid: (kind, oid) => reader.nameOfOid(kind as RegCatalog, oid),
    lookupOid: (kind, name) => reader.lookupOid(kind as RegCatalog, name),
  };
}

function makeCatalog(session: SessionContext): CatalogReader {
  const reader = new SessionCatalogReader(
    () => systemContext(session),
    (name) => sessionFact(session, name),
  );
  const own = reader.call;
  return Object.assign(reader, {
    call: (name: string, args: Parameters<CatalogReader['call']>[1]) => {
      const answer = sessionFunction(session, name, args);
      return answer === undefined ? own(name, args) : answer;
    },
  });
}

/** Functions that act on the session or on others; undefined: not one of them. */
function sessionFunction(
  session: SessionContext,
  name: string,
  args: Parameters<CatalogReader['call']>[1],
): ReturnType<CatalogReader['call']> | undefined {
  switch (name) {
    case 'pg_cancel_backend':
    case 'pg_terminate_backend': {
      const [pid] = args;
      if (typeof pid !== 'number') return null;
      return session.database.signal(pid, name === 'pg_cancel_backend' ? 'cancel' : 'terminate');
    }
    case 'set_config': {
      const [setting, value, local] = args;
      if (typeof setting !== 'string') return null;
      session.settings.set(setting, typeof value === 'string' ? value : '', {
        local: local === true,
      });
      return session.settings.get(setting);
    }
    default:
      return sequenceCalls.has(name)
        ? session.sequenceValues.call(name, args, session.readOnly)
        : undefined;
  }
}

/** Facts by the names that functions ask for, then settings. */
function sessionFact(session: SessionContext, name: string): string | undefined {
  switch (name) {
    case 'user':
    case 'current_user':
    case 'session_user':
      return session.options.user;
    case 'database':
    case 'current_database':
      return session.database.name;
    case 'version':
      return versionText;
    case 'backend_pid':
      return String(session.options.backendPid);
    case 'remote_address':
      return session.options.remoteAddress;
    case 'clock_micros':
      return String(session.database.clock.nowMicros());
    case 'server_started_micros':
      return String(session.database.startedMicros);
    case 'transaction_id':
      return String(session.database.engine.tick);
    default:
      return session.settings.find(name);
  }
}

/** As PostgreSQL's track_activity_query_size; what is cut off is neither shown nor looked through. */
const activityLengthMax = 1024;

export function systemContext(session: SessionContext): SystemContext {
  const { database } = session;
  return {
    ...databaseContext(database),
    user: session.options.user,
    searchPath: searchPathOf(session),
    settings: () =>
      session.settings.all().map(({ definition, value }) => ({
        name: definition.name,
        value,
        default: definition.default,
        help: definition.help,
        readOnly: definition.readOnly,
      })),
    sessions: () =>
      [...database.sessions].map((each) => ({
        pid: each.options.backendPid,
        user: each.options.user,
        database: database.name,
        application: each.settings.get('application_name'),
        address: each.options.remoteAddress,
        state: each.activity,
        query: hideSecrets(each.currentQuery.slice(0, activityLengthMax)),
        startedMicros: each.startedMicros,
        queryMicros: each.queryMicros,
      })),
    statements: () =>
      [...session.namedStatements()].map(([name, { prepared, ...how }]) => ({
        name,
        text: hideSecrets(how.text),
        fromSql: how.fromSql,
        preparedMicros: how.preparedMicros,
        parameterOids: prepared.parameters.map(oidOf),
        uses: how.uses,
      })),
  };
}

type DatabaseContext = Omit<
  SystemContext,
  'user' | 'searchPath' | 'settings' | 'sessions' | 'statements'
>;

function databaseContext(database: Database): DatabaseContext {
  const { catalog, registry, procs, system, engine, name } = database;
  return {
    catalog,
    registry,
    procs,
    database: name,
    systemRelkind: (oid) => system.relkind(oid),
    rowCount: (oid) => engine.relation(oid)?.store.rowCount ?? null,
    sequenceValue: (sequence) => {
      const { last, called } = engine.sequences.value(sequence);
      return called ? last : null;
    },
    relationBytes: (oid) => Math.round(engine.relation(oid)?.store.bytes ?? 0),
  };
}
