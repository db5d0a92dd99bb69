/** Constants as written: numbers, strings, intervals, typed literals, values without parentheses. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { castDatum } from '../expr/cast-datum.ts';
import type { Expr } from '../expr/expr.ts';
import { constantNumericType } from '../expr/numeric-scale.ts';
import { resolveFunction } from '../expr/resolve.ts';
import type * as ast from '../syntax/ast.ts';
import { Decimal } from '../types/decimal.ts';
import { Interval } from '../types/interval.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { bindType } from './bind-type.ts';
import type { Binding } from './binding.ts';
import { coerce, constant, nullOf } from './coerce.ts';

const int32Max = 2147483647n;
const int64Max = 9223372036854775807n;

/** integer, bigint or numeric: the first that holds it; with a point or exponent always numeric. */
export function bindNumber(literal: ast.NumberLiteral): Expr {
  const at = literal.span.start;
  if (/^-?\d+$/.test(literal.text)) {
    const value = BigInt(literal.text);
    if (value <= int32Max && value >= -int32Max - 1n) {
      return constant(Number(value), types.integer, at);
    }
    if (value <= int64Max && value >= -int64Max - 1n) return constant(value, types.bigint, at);
  }
  try {
    const value = Decimal.parse(literal.text);
    return constant(value, constantNumericType(value), at);
  } catch (error) {
    throw error instanceof SqlError ? error.at(at) : error;
  }
}

export function bindTypedLiteral(binding: Binding, literal: ast.TypedLiteral): Expr {
  const text = constant(literal.value, types.unknown, literal.span.start);
  return coerce(binding, text, bindType(literal.type, binding), 'explicit');
}

/** `INTERVAL '5' MINUTE`: the fields say what a bare number counts, and cut off what is finer. */
export function bindInterval(binding: Binding, literal: ast.IntervalLiteral): Expr {
  const at = literal.span.start;
  const unit = literal.fields?.to ?? literal.fields?.from ?? null;
  try {
    const value = castDatum(
      withUnit(literal.text, literal.fields),
      types.unknown,
      types.interval,
      'explicit',
      binding.evaluation,
    ) as Interval;
    const precision = literal.fields?.precision ?? literal.precision;
    return constant(roundSeconds(cutTo(value, unit), precision), types.interval, at);
  } catch (error) {
    throw error instanceof SqlError ? error.at(at) : error;
  }
}

/** A bare number counts the last field; `2:03` and `1 2:03` are read as the fields say. */
function withUnit(text: string, fields: ast.IntervalFields | null): string {
  if (fields === null) return text;
  const last = fields.to ?? fields.from;
  const bare = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*$/;
  if (bare.test(text))
    return last === 'quarter' ? `${Number(text) * 3} months` : `${text} ${last}s`;
  // MINUTE TO SECOND reads 2:03 as minutes and seconds, which plain input takes for hours and minutes.
  if (fields.from === 'minute' && last === 'second' && /^\s*[+-]?\d+:\d+(\.\d+)?\s*$/.test(text)) {
    return text.replace(/(\d+):/, '0:$1:');
  }
  if (fields.from === 'day' && last === 'hour') {
    return text.replace(/^\s*([+-]?)(\d+)\s+(\d+)\s*$/, '$1$2 days $1$3 hours');
  }
  return text;
}

const hourMicros = 3_600_000_000n;
const minuteMicros = 60_000_000n;

/** PostgreSQL keeps what is coarser than the last field and drops what is finer. */
function cutTo(value: Interval, unit: ast.IntervalField | null): Interval {
  switch (unit) {
    case 'year':
      return new Interval(Math.trunc(value.months / 12) * 12, 0, 0n);
    case 'quarter':
    case 'month':
      return new Interval(value.months, 0, 0n);
    case 'week':
    case 'day':
      return new Interval(value.months, value.days, 0n);
    case 'hour':
      return new Interval(value.months, value.days, (value.micros / hourMicros) * hourMicros);
    case 'minute':
      return new Interval(value.months, value.days, (value.micros / minuteMicros) * minuteMicros);
    case 'second':
    case 'millisecond':
    case 'microsecond':
    case null:
      return value;
  }
}

function roundSeconds(value: Interval, precision: number | null): Interval {
  if (precision === null || precision >= 6) return value;
  const step = 10n ** BigInt(6 - precision);
  const half = value.micros < 0n ? -step / 2n : step / 2n;
  return new Interval(value.months, value.days, ((value.micros + half) / step) * step);
}

/** CURRENT_TIMESTAMP and the like. */
export function bindSpecialValue(binding: Binding, value: ast.SpecialValue): Expr {
  const at = value.span.start;
  switch (value.name) {
    case 'current_timestamp':
      return clockAs(binding, { kind: 'timestamptz', precision: value.precision }, at);
    case 'localtimestamp':
      return clockAs(binding, { kind: 'timestamp', precision: value.precision }, at);
    case 'current_date':
      return clockAs(binding, types.date, at);
    case 'current_time':
      return clockAs(binding, { kind: 'timetz', precision: value.precision }, at);
    case 'localtime':
      return clockAs(binding, { kind: 'time', precision: value.precision }, at);
    case 'current_role':
    case 'user':
      return callNamed(binding, 'current_user', [], at);
    case 'current_user':
    case 'session_user':
    case 'current_schema':
      return callNamed(binding, value.name, [], at);
    case 'current_catalog':
      return callNamed(binding, 'current_database', [], at);
  }
}

/** now() as another type; the time zone is the session's when it runs. */
function clockAs(binding: Binding, type: SqlType, at: number): Expr {
  const now = callNamed(binding, 'now', [], at);
  return coerce(binding, now, type, 'explicit', at);
}

/** A call of a function that we know to exist. */
export function callNamed(binding: Binding, name: string, args: readonly Expr[], at: number): Expr {
  const resolved = resolveFunction(
    binding.functions,
    name,
    args.map((arg) => arg.type),
    { position: at },
  );
  const coerced = args.map((arg, i) =>
    coerce(binding, arg, resolved.parameterTypes[i]!, 'implicit'),
  );
  return { kind: 'call', fn: resolved.fn, args: coerced, type: resolved.returns, at };
}

export function bindString(literal: ast.StringLiteral): Expr {
  return constant(literal.value, types.unknown, literal.span.start);
}

export function bindNull(literal: ast.NullLiteral): Expr {
  return nullOf(types.unknown, literal.span.start);
}

export function refuseBits(literal: ast.BitLiteral): never {
  throw notSupported('type bit', {
    hint: 'Use an integer or bytea value.',
    position: literal.span.start,
  });
}

/** Microseconds of a constant span of time without months; 22023 for everything else. */
export function spanMicros(expr: Expr, what: string): number {
  if (expr.kind !== 'constant' || !(expr.value instanceof Interval)) {
    throw new SqlError(sqlstate.invalidParameterValue, `${what} must be a constant interval`, {
      position: expr.at,
    });
  }
  if (expr.value.months !== 0) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `${what} cannot hold months or years, which differ in length`,
      { hint: 'Use days, hours, minutes or seconds.', position: expr.at },
    );
  }
  const micros = Number(expr.value.comparable());
  if (!Number.isSafeInteger(micros)) {
    throw new SqlError(sqlstate.datetimeFieldOverflow, `${what} is out of range`, {
      position: expr.at,
    });
  }
  return micros;
}
