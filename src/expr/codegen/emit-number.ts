/** Arithmetic and comparison of numbers in generated code, with the guards that keep them exact. */

import type { SqlType } from '../../types/sql-type.ts';
import { trip, type Emitter } from './emitter.ts';
import { anyNull, classOf, safeMax, type BooleanValue, type NumberValue } from './value.ts';

/** Scales beyond this leave scaled doubles no room. */
export const scaleMax = 15;

/** `left op right`, or null when this pair has no generated form. */
export function emitArithmetic(
  emitter: Emitter,
  op: string,
  left: NumberValue,
  right: NumberValue,
  types: { readonly left: SqlType; readonly right: SqlType; readonly result: SqlType },
): NumberValue | null {
  const kind = classOf(types.left);
  if (kind !== classOf(types.right)) return null;
  if (kind === 'integer') return integerArithmetic(emitter, op, left, right, types.result);
  if (kind === 'numeric') return numericArithmetic(emitter, op, left, right);
  if (types.left.kind === 'double' && types.right.kind === 'double') {
    return doubleArithmetic(emitter, op, left, right);
  }
  return null;
}

/** Trips unless an integer result is in the range of its type (and exact). */
export function checkInteger(emitter: Emitter, code: string, type: SqlType): void {
  if (type.kind === 'smallint') emitter.line(`if(${code}<-32768||${code}>32767) ${trip}`);
  else if (type.kind === 'integer') {
    emitter.line(`if(${code}<-2147483648||${code}>2147483647) ${trip}`);
  } else emitter.checkSafe(code);
}

function integerArithmetic(
  emitter: Emitter,
  op: string,
  left: NumberValue,
  right: NumberValue,
  type: SqlType,
): NumberValue | null {
  const a = left.code;
  const b = right.code;
  const raw = integerCode(op, a, b, type.kind !== 'bigint');
  if (raw === null) return null;
  const nul = anyNull([left, right]);
  const code = emitter.guarded(nul, '0', (set) => {
    const divides = op === '/' || op === '%';
    if (divides && !/^[1-9]/.test(b)) emitter.line(`if(${b}===0) ${trip}`);
    const result = emitter.let(raw);
    if (op !== '%') checkInteger(emitter, result, type);
    set(type.kind === 'bigint' ? result : `${result}|0`);
  });
  return { rep: 'number', code, scale: 0, nul };
}

/** Adding 0 turns −0 into 0. Remainders of doubles are slow in V8, those of int32 are not. */
function integerCode(op: string, a: string, b: string, small: boolean): string | null {
  switch (op) {
    case '+':
    case '-':
      return `${a}${op}${b}`;
    case '*':
      return `${a}*${b}+0`;
    case '/':
      return `Math.trunc(${a}/${b})+0`;
    case '%':
      if (small) return `(${a}|0)%(${b}|0)`;
      return `((${a}|0)===${a}&&(${b}|0)===${b}?(${a}|0)%(${b}|0):${a}%${b})+0`;
    default:
      return null;
  }
}

function doubleArithmetic(
  emitter: Emitter,
  op: string,
  left: NumberValue,
  right: NumberValue,
): NumberValue | null {
  if (!'+-*/'.includes(op)) return null;
  const a = left.code;
  const b = right.code;
  const nul = anyNull([left, right]);
  const code = emitter.guarded(nul, '0', (set) => {
    if (op === '/') emitter.line(`if(${b}===0) ${trip}`);
    const result = emitter.let(`${a}${op}${b}`);
    // Overflow, underflow and operands that are not finite: the plain kernel knows.
    emitter.line(`if(${result}-${result}!==0) ${trip}`);
    if (op === '*') emitter.line(`if(${result}===0&&${a}!==0&&${b}!==0) ${trip}`);
    if (op === '/') emitter.line(`if(${result}===0&&${a}!==0) ${trip}`);
    set(result);
  });
  return { rep: 'number', code, scale: 0, nul };
}

function numericArithmetic(
  emitter: Emitter,
  op: string,
  left: NumberValue,
  right: NumberValue,
): NumberValue | null {
  if (op !== '+' && op !== '-' && op !== '*') return null;
  const scale = op === '*' ? left.scale + right.scale : Math.max(left.scale, right.scale);
  if (scale > scaleMax) return null;
  const nul = anyNull([left, right]);
  const code = emitter.guarded(nul, '0', (set) => {
    const a = op === '*' ? left.code : rescaled(emitter, left, scale);
    const b = op === '*' ? right.code : rescaled(emitter, right, scale);
    const result = emitter.let(`${a}${op}${b}+0`);
    emitter.checkSafe(result);
    set(result);
  });
  return { rep: 'number', code, scale, nul };
}

/** The number at a larger scale. */
export function rescaled(emitter: Emitter, value: NumberValue, scale: number): string {
  if (value.scale === scale) return value.code;
  const code = emitter.let(`${value.code}*${10 ** (scale - value.scale)}`);
  emitter.checkSafe(code);
  return code;
}

const comparisons = new Map([
  ['=', '==='],
  ['<>', '!=='],
  ['!=', '!=='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

export function isComparison(op: string): boolean {
  return comparisons.has(op);
}

/** `left op right` of one class of numbers. */
export function emitNumberComparison(
  emitter: Emitter,
  op: string,
  left: NumberValue,
  right: NumberValue,
  type: SqlType,
): BooleanValue {
  const nul = anyNull([left, right]);
  const float = classOf(type) === 'float';
  if (left.scale === right.scale) {
    const code = float
      ? floatComparison(op, left.code, right.code)
      : `${left.code}${comparisons.get(op)!}${right.code}`;
    return { rep: 'boolean', code: emitter.let(code), nul };
  }
  const scale = Math.max(left.scale, right.scale);
  const code = emitter.guarded(nul, 'false', (set) => {
    const a = rescaled(emitter, left, scale);
    const b = rescaled(emitter, right, scale);
    set(`${a}${comparisons.get(op)!}${b}`);
  });
  return { rep: 'boolean', code, nul };
}

/** NaN equals itself and is greater than everything else. */
function floatComparison(op: string, a: string, b: string): string {
  const equal = `(${a}===${b}||(${a}!==${a}&&${b}!==${b}))`;
  const less = `(${a}<${b}||(${b}!==${b}&&${a}===${a}))`;
  const greater = `(${a}>${b}||(${a}!==${a}&&${b}===${b}))`;
  switch (op) {
    case '=':
      return equal;
    case '<':
      return less;
    case '>':
      return greater;
    case '<=':
      return `!${greater}`;
    case '>=':
      return `!${less}`;
    default:
      return `!${equal}`;
  }
}

/** −x, +x and abs(x). */
export function emitUnary(
  emitter: Emitter,
  op: string,
  value: NumberValue,
  type: SqlType,
): NumberValue | null {
  const kind = classOf(type);
  if (kind !== 'integer' && kind !== 'numeric' && type.kind !== 'double') return null;
  if (op === '+') return value;
  const zero = type.kind === 'double' ? '-' : '0-';
  const raw = op === '-' ? `${zero}${value.code}` : `Math.abs(${value.code})`;
  const code = emitter.guarded(value.nul, '0', (set) => {
    const result = emitter.let(raw);
    if (kind === 'integer') checkInteger(emitter, result, type);
    set(result);
  });
  return { ...value, code };
}

/** Rounds half away from zero to an integer. */
export function roundedToInteger(emitter: Emitter, value: NumberValue): string {
  if (value.scale === 0) return value.code;
  const power = 10 ** value.scale;
  const limit = safeMax - power;
  const v = value.code;
  emitter.line(`if(${v}>${limit}||${v}<-${limit}) ${trip}`);
  const half = power / 2;
  return emitter.let(
    `(${v}<0?0-Math.floor((${half}-${v})/${power}):Math.floor((${v}+${half})/${power}))`,
  );
}
