/**
 * Every setting: its default, how a value is checked, whether clients are told of changes
 * (ParameterStatus), and its help text. Names are PostgreSQL's and are found without regard to case.
 *
 * Settings marked `inert` are sent by clients as a matter of course and have nothing to act on here
 * (there is no planner cost model, no locks, no LC_MESSAGES). They are kept and shown, and say so.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { recursionLimitDefault } from '../operators/recursion/recursion.ts';
import { findZone } from '../types/zones.ts';

export const serverVersion = '15.13';
export const serverVersionNumber = '150013';

export interface SettingDefinition {
  readonly name: string;
  readonly default: string;
  /** Returns the canonical value, or null when the value is not valid. */
  readonly check: (value: string) => string | null;
  /** Shown by SHOW and pg_settings, but SET is an error (55P02). */
  readonly readOnly: boolean;
  /** Sent to the client at start-up and after each change. */
  readonly reported: boolean;
  readonly inert: boolean;
  readonly help: string;
}

type Options = Partial<Omit<SettingDefinition, 'name' | 'default' | 'help'>>;

function setting(
  name: string,
  value: string,
  help: string,
  options: Options = {},
): SettingDefinition {
  return {
    name,
    default: value,
    help,
    check: options.check ?? ((text) => text),
    readOnly: options.readOnly ?? false,
    reported: options.reported ?? false,
    inert: options.inert ?? false,
  };
}

const truths = new Map([
  ['on', 'on'],
  ['true', 'on'],
  ['yes', 'on'],
  ['1', 'on'],
  ['t', 'on'],
  ['off', 'off'],
  ['false', 'off'],
  ['no', 'off'],
  ['0', 'off'],
  ['f', 'off'],
]);

const boolean = (value: string): string | null => truths.get(value.toLowerCase()) ?? null;

function oneOf(...words: string[]): (value: string) => string | null {
  return (value) => words.find((word) => word === value.toLowerCase()) ?? null;
}

function integer(least: number, most: number): (value: string) => string | null {
  return (value) => {
    const number = /^[+-]?\d+$/.test(value.trim()) ? Number(value) : NaN;
    return number >= least && number <= most ? String(number) : null;
  };
}

const millisPerUnit = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Milliseconds of `500`, `30s`, `5 min`; null when it is no duration. */
export function parseMillis(value: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(value);
  if (match === null) return null;
  return Math.round(Number(match[1]) * (millisPerUnit.get(match[2] ?? 'ms') ?? 1));
}

function duration(value: string): string | null {
  const millis = parseMillis(value);
  if (millis === null || millis > 2_147_483_647) return null;
  if (millis === 0) return '0';
  for (const unit of ['d', 'h', 'min', 's']) {
    const size = millisPerUnit.get(unit)!;
    if (millis % size === 0) return `${millis / size}${unit}`;
  }
  return `${millis}ms`;
}

function zone(value: string): string | null {
  if (/^(local|default)$/i.test(value)) return 'UTC';
  return findZone(value)?.name ?? null;
}

function encoding(value: string): string | null {
  const plain = value.replaceAll(/['"\s_-]/g, '').toUpperCase();
  return plain === 'UTF8' || plain === 'UNICODE'
    ? 'UTF8'
    : plain === 'SQLASCII'
      ? 'SQL_ASCII'
      : null;
}

function dateStyle(value: string): string | null {
  let style = 'ISO';
  let order = 'MDY';
  for (const word of value.split(',').map((part) => part.trim().toUpperCase())) {
    if (word === 'ISO' || word === 'SQL' || word === 'GERMAN') style = word;
    else if (/^POSTGRES/.test(word)) style = 'Postgres';
    else if (/^(YMD)$/.test(word)) order = 'YMD';
    else if (/^(DMY|EURO)/.test(word)) order = 'DMY';
    else if (/^(MDY|US|NONEURO)/.test(word)) order = 'MDY';
    else if (word !== 'DEFAULT') return null;
  }
  return `${style === 'GERMAN' ? 'German' : style}, ${order}`;
}

const isolation = oneOf('serializable', 'repeatable read', 'read committed', 'read uncommitted');

const definitions: readonly SettingDefinition[] = [
  setting('application_name', '', 'Sets the application name to be reported.', { reported: true }),
  setting(
    'backslash_quote',
    'safe_encoding',
    'Sets whether "\\\'" is allowed in string literals.',
    { inert: true },
  ),
  setting('bytea_output', 'hex', 'Sets the output format for bytea.', {
    check: oneOf('hex', 'escape'),
  }),
  setting('client_encoding', 'UTF8', "Sets the client's character set encoding.", {
    check: encoding,
    reported: true,
  }),
  setting('client_min_messages', 'notice', 'Sets the message levels that are sent to the client.', {
    check: oneOf(
      'debug5',
      'debug4',
      'debug3',
      'debug2',
      'debug1',
      'log',
      'notice',
      'warning',
      'error',
      'fatal',
      'panic',
      'info',
    ),
  }),
  setting('DateStyle', 'ISO, MDY', 'Sets the display format for date and time values.', {
    check: dateStyle,
    reported: true,
  }),
  setting(
    'default_tablespace',
    '',
    'Sets the default tablespace to create tables and indexes in.',
    { inert: true },
  ),
  setting(
    'default_table_access_method',
    'heap',
    'Sets the default table access method for new tables.',
    { inert: true },
  ),
  setting(
    'default_transaction_deferrable',
    'off',
    'Sets the default deferrable status of new transactions.',
    { check: boolean, inert: true },
  ),
  setting(
    'default_transaction_isolation',
    'read committed',
    'Sets the isolation level of each new transaction. Every level reads one snapshot here.',
    { check: isolation },
  ),
  setting(
    'default_transaction_read_only',
    'off',
    'Sets the default read-only status of new transactions.',
    { check: boolean, reported: true },
  ),
  setting(
    'escape_string_warning',
    'on',
    'Warn about backslash escapes in ordinary string literals.',
    { check: boolean, inert: true },
  ),
  setting(
    'extra_float_digits',
    '1',
    'Sets the number of digits displayed for floating-point values.',
    { check: integer(-15, 3) },
  ),
  setting(
    'idle_in_transaction_session_timeout',
    '0',
    'Sets the maximum allowed idle time between queries, when in a transaction.',
    { check: duration },
  ),
  setting(
    'idle_session_timeout',
    '0',
    'Sets the maximum allowed idle time between queries, when not in a transaction.',
    { check: duration },
  ),
  setting('in_hot_standby', 'off', 'Shows whether hot standby is currently active.', {
    readOnly: true,
    reported: true,
  }),
  setting('integer_datetimes', 'on', 'Shows whether datetimes are integer based.', {
    readOnly: true,
    reported: true,
  }),
  setting('IntervalStyle', 'postgres', 'Sets the display format for interval values.', {
    check: oneOf('postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'),
    reported: true,
  }),
  setting('is_superuser', 'on', 'Shows whether the current user is a superuser.', {
    readOnly: true,
    reported: true,
  }),
  setting('jit', 'off', 'Allow JIT compilation.', { check: boolean, inert: true }),
  setting('lc_collate', 'C', 'Shows the collation order locale.', { readOnly: true }),
  setting('lc_ctype', 'C.UTF-8', 'Shows the character classification and case conversion locale.', {
    readOnly: true,
  }),
  setting('lc_messages', 'C', 'Sets the language in which messages are displayed.', {
    inert: true,
  }),
  setting('lc_monetary', 'C', 'Sets the locale for formatting monetary amounts.', { inert: true }),
  setting('lc_numeric', 'C', 'Sets the locale for formatting numbers.', { inert: true }),
  setting('lc_time', 'C', 'Sets the locale for formatting date and time values.', { inert: true }),
  setting('lock_timeout', '0', 'Sets the maximum allowed duration of any wait for a lock.', {
    check: duration,
    inert: true,
  }),
  setting('max_identifier_length', '63', 'Shows the maximum identifier length.', {
    readOnly: true,
  }),
  setting('max_index_keys', '32', 'Shows the maximum number of index keys.', { readOnly: true }),
  setting(
    'millrace.recursion_limit',
    String(recursionLimitDefault),
    'Sets the most rounds that WITH RECURSIVE goes through in a query before it fails.',
    { check: integer(1, 2_147_483_646) },
  ),
  setting('millrace.workers', '1', 'Shows how many threads views are divided over.', {
    readOnly: true,
  }),
  setting(
    'plan_cache_mode',
    'auto',
    "Controls the planner's selection of custom or generic plan.",
    { inert: true },
  ),
  setting('quote_all_identifiers', 'off', 'When generating SQL fragments, quote all identifiers.', {
    check: boolean,
    inert: true,
  }),
  setting('row_security', 'on', 'Enable row security.', { check: boolean, inert: true }),
  setting(
    'search_path',
    '"$user", public',
    'Sets the schema search order for names that are not schema-qualified.',
  ),
  setting('server_encoding', 'UTF8', 'Shows the server (database) character set encoding.', {
    readOnly: true,
    reported: true,
  }),
  setting('server_version', serverVersion, 'Shows the server version.', {
    readOnly: true,
    reported: true,
  }),
  setting('server_version_num', serverVersionNumber, 'Shows the server version as an integer.', {
    readOnly: true,
  }),
  setting('session_authorization', 'millrace', 'Shows the current session user name.', {
    readOnly: true,
    reported: true,
  }),
  setting(
    'session_replication_role',
    'origin',
    "Sets the session's behavior for triggers and rewrite rules.",
    { inert: true },
  ),
  setting(
    'standard_conforming_strings',
    'on',
    "Causes '...' strings to treat backslashes literally.",
    { check: oneOf('on'), reported: true },
  ),
  setting('statement_timeout', '0', 'Sets the maximum allowed duration of any statement.', {
    check: duration,
  }),
  setting('synchronize_seqscans', 'on', 'Enable synchronized sequential scans.', {
    check: boolean,
    inert: true,
  }),
  setting(
    'synchronous_commit',
    'on',
    'Sets whether a commit waits until its changes are on stable storage.',
    {
      check: (value) =>
        oneOf('local', 'remote_write', 'remote_apply')(value) !== null ? 'on' : boolean(value),
    },
  ),
  setting('TimeZone', 'UTC', 'Sets the time zone for displaying and interpreting time stamps.', {
    check: zone,
    reported: true,
  }),
  setting(
    'transaction_deferrable',
    'off',
    'Whether to defer a read-only serializable transaction.',
    { check: boolean, inert: true },
  ),
  setting(
    'transaction_isolation',
    'read committed',
    "Sets the current transaction's isolation level.",
    { check: isolation },
  ),
  setting('transaction_read_only', 'off', "Sets the current transaction's read-only status.", {
    check: boolean,
  }),
  setting('work_mem', '4MB', 'Sets the maximum memory to be used for query workspaces.', {
    inert: true,
  }),
  setting('xmlbinary', 'base64', 'Sets how binary values are to be encoded in XML.', {
    inert: true,
  }),
  setting(
    'xmloption',
    'content',
    'Sets whether XML data is to be considered as documents or fragments.',
    { inert: true },
  ),
];

/** Definitions by lower-case name. */
const byName: ReadonlyMap<string, SettingDefinition> = new Map(
  definitions.map((each) => [each.name.toLowerCase(), each]),
);

/** Settings that the grammar spells in other words than their name. */
export function canonicalName(spelling: string): string {
  switch (spelling.toLowerCase()) {
    case 'time zone':
      return 'TimeZone';
    case 'names':
      return 'client_encoding';
    case 'transaction isolation level':
      return 'transaction_isolation';
    case 'session authorization':
      return 'session_authorization';
    default:
      return spelling;
  }
}

/** The settings of one session, with what the transaction must undo. */
export class Settings {
  readonly #definitions = byName;
  readonly #values = new Map<string, string>();
  /** Start-up values: what RESET goes back to. */
  readonly #defaults = new Map<string, string>();
  /** Names with a dot are the user's own, as in PostgreSQL. */
  readonly #custom = new Map<string, string>();
  /** Values as they stood before the open transaction changed them; `local` ones go back on commit too. */
  #before = new Map<string, { readonly value: string; local: boolean }>();
  #inTransaction = false;
  readonly #changed: (name: string, value: string) => void;
  #reported: ReadonlyMap<string, string> | null = null;
  #version = 0;

  constructor(changed: (name: string, value: string) => void) {
    this.#changed = changed;
  }

  /** Raised by every change of a setting; the user's own names aside. */
  get version(): number {
    return this.#version;
  }

  /** The heading that SHOW gives a setting. */
  displayName(spelling: string): string {
    const name = canonicalName(spelling);
    return this.#definitions.get(name.toLowerCase())?.name ?? name;
  }

  definition(name: string): SettingDefinition {
    const found = this.#definitions.get(name.toLowerCase());
    if (found !== undefined) return found;
    throw new SqlError(sqlstate.undefinedObject, `unrecognized configuration parameter "${name}"`);
  }

  /** The value of a setting, or undefined when there is none by that name. */
  find(name: string): string | undefined {
    const lower = name.toLowerCase();
    const definition = this.#definitions.get(lower);
    if (definition === undefined) return this.#custom.get(lower);
    return this.#values.get(lower) ?? this.#defaultOf(definition);
  }

  get(name: string): string {
    const value = this.find(name);
    if (value !== undefined) return value;
    throw new SqlError(sqlstate.undefinedObject, `unrecognized configuration parameter "${name}"`);
  }

  #defaultOf(definition: SettingDefinition): string {
    return this.#defaults.get(definition.name.toLowerCase()) ?? definition.default;
  }

  /** A value from start-up: becomes what RESET goes back to. */
  setDefault(name: string, value: string): void {
    const definition = this.definition(name);
    this.#reported = null;
    this.#version++;
    this.#defaults.set(definition.name.toLowerCase(), this.#checked(definition, value));
  }

  set(name: string, value: string, options: { readonly local: boolean }): void {
    const lower = name.toLowerCase();
    if (lower.includes('.')) {
      this.#remember(lower, options.local);
      this.#custom.set(lower, value);
      return;
    }
    const definition = this.definition(name);
    if (definition.readOnly) {
      throw new SqlError('55P02', `parameter "${definition.name}" cannot be changed`);
    }
    const checked = this.#checked(definition, value);
    this.#remember(lower, options.local);
    this.#store(definition, checked);
  }

  reset(name: string): void {
    const definition = this.definition(name);
    if (definition.readOnly) {
      throw new SqlError('55P02', `parameter "${definition.name}" cannot be changed`);
    }
    this.#remember(definition.name.toLowerCase(), false);
    this.#store(definition, this.#defaultOf(definition));
  }

  resetAll(): void {
    for (const name of [...this.#values.keys()]) {
      if (!this.definition(name).readOnly) this.reset(name);
    }
    this.#custom.clear();
  }

  begin(): void {
    this.#inTransaction = true;
  }

  /** Ends the transaction: a rollback undoes every SET in it, a commit only the local ones. */
  end(committed: boolean): void {
    this.#inTransaction = false;
    const before = this.#before;
    this.#before = new Map();
    for (const [lower, { value, local }] of before) {
      if (committed && !local) continue;
      const definition = this.#definitions.get(lower);
      if (definition === undefined) this.#custom.set(lower, value);
      else this.#store(definition, value);
    }
  }

  /** Valid until the next change. */
  reported(): ReadonlyMap<string, string> {
    return (this.#reported ??= this.#makeReported());
  }

  #makeReported(): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const definition of this.#definitions.values()) {
      if (definition.reported) values.set(definition.name, this.get(definition.name));
    }
    return values;
  }

  all(): readonly { readonly definition: SettingDefinition; readonly value: string }[] {
    return [...this.#definitions.values()].map((definition) => ({
      definition,
      value: this.get(definition.name),
    }));
  }

  /** For facts that are not set but known, e.g. session_authorization. */
  force(name: string, value: string): void {
    this.#reported = null;
    this.#version++;
    this.#values.set(name.toLowerCase(), value);
  }

  #checked(definition: SettingDefinition, value: string): string {
    const checked = definition.check(value);
    if (checked !== null) return checked;
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `invalid value for parameter "${definition.name}": "${value}"`,
    );
  }

  #remember(lower: string, local: boolean): void {
    if (!this.#inTransaction) return;
    const known = this.#before.get(lower);
    if (known === undefined) this.#before.set(lower, { value: this.find(lower) ?? '', local });
    else known.local = local && known.local;
  }

  #store(definition: SettingDefinition, value: string): void {
    const lower = definition.name.toLowerCase();
    const previous = this.get(definition.name);
    this.#reported = null;
    this.#version++;
    this.#values.set(lower, value);
    if (definition.reported && previous !== value) this.#changed(definition.name, value);
  }
}
