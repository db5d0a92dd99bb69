/** Constants as values of generated code, and datums brought into the form of numbers. */

import { fitsNarrow, narrowNumber } from '../../types/column-access.ts';
import type { Datum } from '../../types/datum.ts';
import { Decimal } from '../../types/decimal.ts';
import { narrowKind, type SqlType } from '../../types/sql-type.ts';
import { scaleMax } from './emit-number.ts';
import { trip, type Emitter } from './emitter.ts';
import { constantBytes } from './runtime.ts';
import { classOf, numberText, type Value } from './value.ts';

/** Numbers and booleans stand in the source; everything else travels beside it. */
export function emitConstant(emitter: Emitter, value: Datum | null, type: SqlType): Value {
  if (value === null) return { rep: 'null', nul: 'true' };
  if (typeof value === 'boolean') return { rep: 'boolean', code: String(value), nul: null };
  if (classOf(type) === 'text' && typeof value === 'string') {
    return {
      rep: 'text',
      bytes: emitter.constant(constantBytes(value)),
      offset: '0',
      length: String(Buffer.byteLength(value, 'utf8')),
      column: null,
      datum: emitter.constant(value),
      nul: null,
    };
  }
  if (value instanceof Decimal) {
    const unscaled = Number(value.unscaled);
    if (value.isFinite && value.scale <= scaleMax && Number.isSafeInteger(unscaled)) {
      return { rep: 'number', code: numberText(unscaled), scale: value.scale, nul: null };
    }
  } else if (classOf(type) !== 'other' && fitsNarrow(value, type)) {
    const number = narrowNumber(value, type);
    const code = Number.isFinite(number) ? numberText(number) : emitter.constant(number);
    return { rep: 'number', code, scale: 0, nul: null };
  }
  return { rep: 'datum', code: emitter.constant(value), wide: true, nul: null };
}

/** A datum that has a narrow form, as a number; trips where it does not fit. Others stay as they are. */
export function narrowed(emitter: Emitter, value: Value, type: SqlType): Value {
  if (value.rep !== 'datum' || value.wide || narrowKind(type) !== 'f64') return value;
  if (type.kind === 'double' || type.kind === 'real') return value;
  const code = emitter.guarded(value.nul, '0', (set) => {
    const number = emitter.let(`R.narrow(${value.code},${emitter.constant(type)})`);
    emitter.line(`if(${number}!==${number}) ${trip}`);
    set(number);
  });
  const scale = type.kind === 'numeric' ? (type.fixedScale ?? 0) : 0;
  return { rep: 'number', code, scale, nul: value.nul };
}
