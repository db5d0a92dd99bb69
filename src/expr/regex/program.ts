/**
 * The program that RE2JS compiled for a pattern, as plain data: what the automaton runs. Parsing, simplifying
 * and case folding stay RE2JS's, so both engines mean the same by a pattern. Where a program has a shape that
 * is not known here, there is none, and RE2JS itself must match.
 */

import type { RE2JS } from 're2js';

/** The instruction leads on to `out` (and `other`) without reading a character, or reads one, or ends. */
export type Instruction =
  | { readonly op: 'fail' | 'match' }
  | { readonly op: 'either'; readonly out: number; readonly other: number }
  | { readonly op: 'go'; readonly out: number }
  | { readonly op: 'capture'; readonly out: number; readonly slot: number }
  | { readonly op: 'assert'; readonly out: number; readonly conditions: number }
  | ReadInstruction;

export interface ReadInstruction {
  readonly op: 'read';
  readonly out: number;
  readonly accepts: (codePoint: number) => boolean;
  /** The code point, if it accepts one alone; -1 otherwise. */
  readonly only: number;
}

/** Bits of the conditions that hold between two characters. */
export const condition = {
  beginLine: 1,
  endLine: 2,
  beginText: 4,
  endText: 8,
  wordBoundary: 16,
  noWordBoundary: 32,
} as const;

export interface RegexProgram {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** Positions that a match fills: two for the whole, two for each group. */
  readonly slots: number;
  /** The leftmost match that is longest, instead of the one preferred by the order of alternatives. */
  readonly longest: boolean;
}

const instructionsMax = 4000;
const foldCase = 1;
const newline = 10;

/** Null when the program is too large or not understood. */
export function readProgram(regex: RE2JS): RegexProgram | null {
  const re2: unknown = regex.re2Input;
  if (!isObject(re2) || !isObject(re2.prog) || !Array.isArray(re2.prog.inst)) return null;
  const { inst, start, numLb } = re2.prog;
  if (inst.length > instructionsMax || !isIndex(start, inst.length) || numLb !== 0) return null;
  if (typeof re2.numSubexp !== 'number') return null;
  const instructions: Instruction[] = [];
  for (const each of inst as readonly unknown[]) {
    const read = readInstruction(each, inst.length);
    if (read === null) return null;
    instructions.push(read);
  }
  const slots = 2 * (re2.numSubexp + 1);
  return { instructions, start, slots, longest: Boolean(re2.longest) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isIndex(value: unknown, length: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < length;
}

/** The numbers are RE2JS's codes of operations. */
function readInstruction(inst: unknown, length: number): Instruction | null {
  if (!isObject(inst) || typeof inst.arg !== 'number' || !isIndex(inst.out, length)) return null;
  const { op, out, arg } = inst;
  switch (op) {
    case 1:
    case 2:
      return isIndex(arg, length) ? { op: 'either', out, other: arg } : null;
    case 3:
      return { op: 'capture', out, slot: arg };
    case 4:
      return arg >= 0 && arg < 64 ? { op: 'assert', out, conditions: arg } : null;
    case 5:
      return { op: 'fail' };
    case 6:
      return { op: 'match' };
    case 7:
      return { op: 'go', out };
    case 8:
    case 9:
    case 10:
    case 11:
      return readCharacter(inst, { op, out, arg });
    default:
      return null;
  }
}

/** Ranges are tested here; the folding of one letter is asked of RE2JS. */
function readCharacter(
  inst: Record<string, unknown>,
  { op, out, arg }: { readonly op: number; readonly out: number; readonly arg: number },
): ReadInstruction | null {
  const several = (accepts: (codePoint: number) => boolean): ReadInstruction => {
    return { op: 'read', out, accepts, only: -1 };
  };
  if (op === 10) return several(() => true);
  if (op === 11) return several((codePoint) => codePoint !== newline);
  const { runes, matchRune } = inst;
  if (!(runes instanceof Int32Array) || runes.length === 0) return null;
  const first = runes[0]!;
  if (op === 9 || (runes.length === 1 && (arg & foldCase) === 0)) {
    return { op: 'read', out, accepts: (codePoint) => codePoint === first, only: first };
  }
  if (runes.length > 1) return several((codePoint) => inRanges(runes, codePoint));
  if (typeof matchRune !== 'function') return null;
  return several((codePoint) => Reflect.apply(matchRune, inst, [codePoint]) === true);
}

/** Pairs of first and last code point, in order. */
function inRanges(ranges: Int32Array, codePoint: number): boolean {
  let low = 0;
  let high = ranges.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codePoint > ranges[2 * middle + 1]!) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length >> 1 && codePoint >= ranges[2 * low]!;
}
