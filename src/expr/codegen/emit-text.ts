/** Comparison of text on its bytes, and LIKE patterns that are a prefix, a suffix, a part or the whole. */

import type { Datum } from '../../types/datum.ts';
import type { Emitter } from './emitter.ts';
import { constantBytes } from './runtime.ts';
import { anyNull, type BooleanValue, type TextValue } from './value.ts';

export function emitTextComparison(
  emitter: Emitter,
  op: string,
  left: TextValue,
  right: TextValue,
): BooleanValue {
  const nul = anyNull([left, right]);
  const equal = `(${left.length}===${right.length}&&R.equal(${left.bytes},${left.offset},${right.bytes},${right.offset},${left.length}))`;
  const order = `R.compare(${left.bytes},${left.offset},${left.length},${right.bytes},${right.offset},${right.length})`;
  const code = op === '=' ? equal : op === '<>' || op === '!=' ? `!${equal}` : `${order}${op}0`;
  // The bytes of a NULL are safe to read, so no branch is needed.
  return { rep: 'boolean', code: emitter.let(code), nul };
}

/** LIKE with a constant pattern whose only wildcards are % at its ends; null for any other. */
export function emitLike(
  emitter: Emitter,
  text: TextValue,
  pattern: Datum | null,
  negated: boolean,
): BooleanValue | null {
  if (typeof pattern !== 'string') return null;
  const parts = /^(%*)([^%_\\]*)(%*)$/.exec(pattern);
  if (parts === null) return null;
  const [, open = '', middle = '', close = ''] = parts;
  const length = Buffer.byteLength(middle, 'utf8');
  const constant = emitter.constant(constantBytes(middle));
  const at = (offset: string): string => `R.equal(${text.bytes},${offset},${constant},0,${length})`;
  const enough = `${text.length}>=${length}`;
  let code: string;
  if (middle === '') code = open + close === '' ? `${text.length}===0` : 'true';
  else if (open === '' && close === '') code = `${text.length}===${length}&&${at(text.offset)}`;
  else if (open === '') code = `${enough}&&${at(text.offset)}`;
  else if (close === '') code = `${enough}&&${at(`${text.offset}+${text.length}-${length}`)}`;
  else {
    code = `R.contains(${text.bytes},${text.offset},${text.length},${constant},${length})`;
  }
  return { rep: 'boolean', code: emitter.let(negated ? `!(${code})` : code), nul: text.nul };
}
