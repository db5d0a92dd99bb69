/** Casts that generated code carries out itself; null leaves a cast to the plain evaluator. */

import { narrowKind, type SqlType } from '../../types/sql-type.ts';
import { trip, type Emitter } from './emitter.ts';
import { checkInteger, rescaled, roundedToInteger, scaleMax } from './emit-number.ts';
import { classOf, type NumberValue, type Value } from './value.ts';

const microsPerDay = 86_400_000_000;

export function emitCast(emitter: Emitter, value: Value, from: SqlType, to: SqlType): Value | null {
  if (value.rep === 'null') return value;
  if (isIdentity(from, to)) return value;
  if (value.rep === 'boolean' && to.kind === 'integer') {
    return { rep: 'number', code: `(${value.code}?1:0)`, scale: 0, nul: value.nul };
  }
  if (value.rep !== 'number') return null;
  if (from.kind === 'integer' && to.kind === 'boolean') {
    return { rep: 'boolean', code: `(${value.code}!==0)`, nul: value.nul };
  }
  const target = classOf(to);
  switch (classOf(from)) {
    case 'integer':
      return fromInteger(emitter, value, from, to);
    case 'numeric':
      return fromNumeric(emitter, value, to);
    case 'float':
      return target === 'integer' ? floatToInteger(emitter, value, to) : null;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return castMoment(emitter, value, from, to);
    default:
      return null;
  }
}

/** The value is the same and so is its form. */
function isIdentity(from: SqlType, to: SqlType): boolean {
  if (classOf(from) === 'text') {
    return to.kind === 'text' || (to.kind === 'varchar' && to.length === null);
  }
  if (from.kind !== to.kind) return false;
  switch (to.kind) {
    case 'numeric':
      return to.precision === null;
    case 'timestamp':
    case 'timestamptz':
    case 'time':
      return to.precision === null || to.precision === 6;
    default:
      return classOf(to) !== 'other' && narrowKind(to) !== 'any';
  }
}

function checked(
  emitter: Emitter,
  value: NumberValue,
  scale: number,
  compute: () => string,
): NumberValue {
  const code = emitter.guarded(value.nul, '0', (set) => {
    set(compute());
  });
  return { rep: 'number', code, scale, nul: value.nul };
}

const ranks = new Map([
  ['smallint', 1],
  ['integer', 2],
  ['bigint', 3],
]);

function fromInteger(
  emitter: Emitter,
  value: NumberValue,
  from: SqlType,
  to: SqlType,
): NumberValue | null {
  if (to.kind === 'double') return value;
  if (to.kind === 'numeric') {
    return to.precision === null ? { ...value, scale: 0 } : toDeclared(emitter, value, to);
  }
  const rank = ranks.get(to.kind);
  if (rank === undefined) return null;
  if (rank >= ranks.get(from.kind)!) return value;
  return checked(emitter, value, 0, () => {
    checkInteger(emitter, value.code, to);
    return value.code;
  });
}

function fromNumeric(emitter: Emitter, value: NumberValue, to: SqlType): NumberValue | null {
  if (to.kind === 'double') {
    // An exact integer by an exact power of ten: rounded once, as the decimal text would be.
    return { ...value, scale: 0, code: emitter.let(`${value.code}/${10 ** value.scale}`) };
  }
  if (to.kind === 'numeric') return toDeclared(emitter, value, to);
  if (!ranks.has(to.kind)) return null;
  return checked(emitter, value, 0, () => {
    const rounded = emitter.let(`${roundedToInteger(emitter, value)}+0`);
    checkInteger(emitter, rounded, to);
    return rounded;
  });
}

/** numeric(p,s): rounded half away from zero to s, and refused beyond p digits. */
function toDeclared(emitter: Emitter, value: NumberValue, to: SqlType): NumberValue | null {
  if (to.kind !== 'numeric' || to.precision === null) return null;
  const scale = to.scale ?? 0;
  const { precision } = to;
  if (scale < 0 || scale > scaleMax) return null;
  return checked(emitter, value, scale, () => {
    const code =
      scale >= value.scale
        ? rescaled(emitter, value, scale)
        : roundedToInteger(emitter, { ...value, scale: value.scale - scale });
    const result = emitter.let(`${code}+0`);
    // Safe integers have 16 digits at most.
    if (precision < 16) {
      emitter.line(`if(${result}>=${10 ** precision}||${result}<=-${10 ** precision}) ${trip}`);
    }
    return result;
  });
}

function floatToInteger(emitter: Emitter, value: NumberValue, to: SqlType): NumberValue {
  return checked(emitter, value, 0, () => {
    emitter.line(`if(!(${value.code}>-9e15&&${value.code}<9e15)) ${trip}`);
    const rounded = emitter.let(`R.roundHalfEven(${value.code})+0`);
    checkInteger(emitter, rounded, to);
    return rounded;
  });
}

function castMoment(
  emitter: Emitter,
  value: NumberValue,
  from: SqlType,
  to: SqlType,
): NumberValue | null {
  const zoned = from.kind === 'timestamptz' || to.kind === 'timestamptz';
  const moments = ['timestamp', 'timestamptz'];
  if (zoned && [from.kind, to.kind].every((kind) => kind === 'date' || moments.includes(kind))) {
    emitter.line(`if(!utc) ${trip}`);
  }
  if (moments.includes(from.kind) && moments.includes(to.kind)) {
    return roundMoment(emitter, value, to);
  }
  if (from.kind === 'date' && moments.includes(to.kind)) {
    return checked(emitter, value, 0, () => {
      const micros = emitter.let(`${value.code}*${microsPerDay}`);
      emitter.checkSafe(micros);
      return micros;
    });
  }
  if (moments.includes(from.kind) && to.kind === 'date') {
    return checked(emitter, value, 0, () => {
      emitter.checkSafe(value.code);
      return `Math.floor(${value.code}/${microsPerDay})`;
    });
  }
  return null;
}

/** PostgreSQL rounds timestamps around the year 2000, halves away from it. */
const roundingEpoch = 946_684_800_000_000;

/** timestamp(p): fractional seconds of p digits. */
function roundMoment(emitter: Emitter, value: NumberValue, to: SqlType): NumberValue {
  const precision = 'precision' in to ? (to.precision ?? 6) : 6;
  if (precision >= 6) return value;
  const unit = 10 ** (6 - precision);
  return checked(emitter, value, 0, () => {
    const distance = emitter.let(`${value.code}-${roundingEpoch}`);
    const moved = emitter.let(`${distance}<0?${distance}-${unit / 2}:${distance}+${unit / 2}`);
    emitter.checkSafe(moved);
    return `Math.trunc(${moved}/${unit})*${unit}+${roundingEpoch}`;
  });
}
