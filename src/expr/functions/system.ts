/** Facts about the session and server, settings, and sizes as people read them. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal } from '../../types/decimal.ts';
import { oidOf } from '../../types/oid.ts';
import { types } from '../../types/sql-type.ts';
import { call0, call1, callAll, scalar, specializedOnly } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { text, name, integer, boolean, bigint, numeric } = types;
const stable = { volatility: 'stable' } as const;

export function systemFunctions(): readonly ScalarFunction[] {
  return [...session(), ...settings(), ...sizes(), ...introspection()];
}

function fact(context: EvalContext, key: string): string | null {
  return context.catalog.setting(key) ?? null;
}

function session(): ScalarFunction[] {
  const users = ['current_user', 'session_user', 'user', 'current_role'];
  return [
    scalar(
      'version',
      [],
      text,
      call0((context) => fact(context, 'version')),
      stable,
    ),
    ...['current_database', 'current_catalog'].map((each) =>
      scalar(
        each,
        [],
        name,
        call0((context) => fact(context, 'database')),
        stable,
      ),
    ),
    ...users.map((each) =>
      scalar(
        each,
        [],
        name,
        call0((context) => fact(context, 'user')),
        stable,
      ),
    ),
    scalar(
      'pg_backend_pid',
      [],
      integer,
      call0((context) => Number(fact(context, 'backend_pid') ?? '0')),
      stable,
    ),
    scalar(
      'pg_client_encoding',
      [],
      name,
      call0(() => 'UTF8'),
      stable,
    ),
    scalar('gen_random_uuid', [], types.uuid, call0(randomUuid), { volatility: 'volatile' }),
    scalar('uuid', [], text, call0(randomUuid), { volatility: 'volatile' }),
  ];
}

/** Version 4, from the statement's own source of chance so that tests can repeat it. */
function randomUuid(context: EvalContext): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(context.random() * 256));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function settings(): ScalarFunction[] {
  return [
    scalar(
      'current_setting',
      [text, boolean],
      text,
      callAll<[string, boolean?]>(([key, missingOk], context) => {
        const value = fact(context, key.toLowerCase());
        if (value === null && missingOk !== true) {
          throw new SqlError(
            sqlstate.undefinedObject,
            `unrecognized configuration parameter "${key}"`,
          );
        }
        return value;
      }),
      { optional: 1, ...stable },
    ),
    scalar(
      'set_config',
      [text, text, boolean],
      text,
      (args, context) => context.catalog.call('set_config', args),
      { strict: false, volatility: 'volatile' },
    ),
  ];
}

const sizeUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

function sizes(): ScalarFunction[] {
  return [
    scalar(
      'pg_size_pretty',
      [bigint],
      text,
      call1((size: bigint) => prettySize(size)),
    ),
    scalar(
      'pg_size_pretty',
      [numeric],
      text,
      call1((size: Decimal) => {
        if (!size.isFinite) return `${size.toString()} ${sizeUnits.at(-1)!}`;
        const whole = size.trunc(0).toBigInt();
        return magnitude(whole) < bytesLimit ? `${size.toString()} bytes` : prettySize(whole);
      }),
    ),
    scalar('pg_size_bytes', [text], bigint, call1(sizeInBytes)),
    scalar('pg_column_size', ['any'], integer, (args) => Buffer.byteLength(String(args[0])), {}),
  ];
}

const bytesLimit = 10240n;

/** Each unit is used up to 10,240 of it, rounding half away from zero, as PostgreSQL does. */
function prettySize(size: bigint): string {
  let amount = size;
  let unit = 0;
  if (magnitude(amount) < bytesLimit) return `${amount} bytes`;
  // One bit of fraction is kept until the end, so that rounding happens once.
  amount /= 512n;
  for (unit = 1; unit < sizeUnits.length - 1 && magnitude(amount) >= 2n * bytesLimit - 1n; unit++) {
    amount /= 1024n;
  }
  const rounded = (amount + (amount < 0n ? -1n : 1n)) / 2n;
  return `${rounded} ${sizeUnits[unit]}`;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function sizeInBytes(value: string): bigint {
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-zA-Z]*)\s*$/.exec(value);
  if (match === null) {
    throw new SqlError(sqlstate.invalidParameterValue, `invalid size: "${value}"`);
  }
  const wanted = match[2] === '' ? 'bytes' : match[2]!.toLowerCase();
  const power = sizeUnits.findIndex((each) => each.toLowerCase() === wanted);
  if (power < 0 && wanted !== 'b') {
    throw new SqlError(sqlstate.invalidParameterValue, `invalid size: "${value}"`, {
      detail: `Invalid size unit: "${match[2]}".`,
      hint: 'Valid units are "bytes", "B", "kB", "MB", "GB", "TB", and "PB".',
    });
  }
  const factor = Decimal.fromBigInt(1024n ** BigInt(Math.max(power, 0)));
  return Decimal.parse(match[1]!).mul(factor).toBigInt();
}

function introspection(): ScalarFunction[] {
  return [
    scalar('pg_typeof', ['any'], types.regtype, specializedOnly, {
      strict: false,
      ...stable,
      specialize:
        ([type]) =>
        () =>
          oidOf(type!),
    }),
    scalar(
      'pg_collation_for',
      ['any'],
      text,
      (args) => (typeof args[0] === 'string' ? '"default"' : null),
      stable,
    ),
    scalar(
      'pg_sleep',
      [types.double],
      types.void,
      () => {
        throw new SqlError(sqlstate.featureNotSupported, 'pg_sleep is not supported', {
          hint: 'Statements run to their end without waiting; let the client wait.',
        });
      },
      { volatility: 'volatile' },
    ),
  ];
}
