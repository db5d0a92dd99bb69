/**
 * What every match of a program contains: a run of ASCII characters through which all its ways lead. A text
 * without it has no match, and a match begins at most so far before it.
 */

import type { RegexProgram } from './program.ts';

export interface RequiredLiteral {
  readonly bytes: Uint8Array;
  /** Characters that a match has at most before the literal first comes; Infinity: no bound. */
  readonly before: number;
}

/** Larger programs are not looked at; the work is quadratic. */
const instructionsMax = 300;
const lengthMax = 64;

/** The longest literal, one with a bound before it first; null when nothing is required. */
export function requiredLiteral(program: RegexProgram): RequiredLiteral | null {
  if (program.instructions.length > instructionsMax) return null;
  let best: RequiredLiteral | null = null;
  program.instructions.forEach((_, pc) => {
    const text = run(program, pc);
    if (text === '' || canAvoid(program, pc)) return;
    const found = { bytes: Buffer.from(text, 'latin1'), before: charactersBefore(program, pc) };
    if (best === null || isBetter(found, best)) best = found;
  });
  return best;
}

function isBetter(a: RequiredLiteral, b: RequiredLiteral): boolean {
  const [boundedA, boundedB] = [Number(a.before < Infinity), Number(b.before < Infinity)];
  return boundedA !== boundedB ? boundedA > boundedB : a.bytes.length > b.bytes.length;
}

/** Characters that are read one after another from `pc` on, whatever else may follow. */
function run(program: RegexProgram, pc: number): string {
  let text = '';
  const seen = new Set<number>();
  for (let at = pc; !seen.has(at);) {
    seen.add(at);
    const instruction = program.instructions[at]!;
    if (instruction.op === 'read') {
      if (instruction.only < 0 || instruction.only > 127 || text.length === lengthMax) break;
      text += String.fromCharCode(instruction.only);
    } else if (text === '' || (instruction.op !== 'go' && instruction.op !== 'capture')) {
      break;
    }
    at = instruction.out;
  }
  return text;
}

function successors(program: RegexProgram, pc: number): readonly number[] {
  const instruction = program.instructions[pc]!;
  switch (instruction.op) {
    case 'fail':
    case 'match':
      return [];
    case 'either':
      return [instruction.out, instruction.other];
    default:
      return [instruction.out];
  }
}

/** Whether some way leads to a match without `avoided`. */
function canAvoid(program: RegexProgram, avoided: number): boolean {
  const seen = new Set([avoided]);
  const open = [program.start];
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    if (seen.has(pc)) continue;
    seen.add(pc);
    if (program.instructions[pc]!.op === 'match') return true;
    open.push(...successors(program, pc));
  }
  return false;
}

/** The longest way from the start to `target`, in characters read; Infinity when a way can go round. */
function charactersBefore(program: RegexProgram, target: number): number {
  const done = new Map<number, number>();
  const within = new Set<number>();
  const longest = (pc: number): number => {
    if (pc === target) return 0;
    const known = done.get(pc);
    if (known !== undefined) return known;
    if (within.has(pc)) return Infinity;
    within.add(pc);
    const own = program.instructions[pc]!.op === 'read' ? 1 : 0;
    const rest = Math.max(-Infinity, ...successors(program, pc).map(longest));
    within.delete(pc);
    done.set(pc, rest + own);
    return rest + own;
  };
  return longest(program.start);
}

/** Looks for one literal, skipping ahead by its last character (Horspool's search). */
export class LiteralSearch {
  readonly #literal: Uint8Array;
  /** By byte under the literal's end: how far the literal may move on. */
  readonly #skip: Uint8Array;

  /** Of 1 to 64 bytes. */
  constructor(literal: Uint8Array) {
    this.#literal = literal;
    this.#skip = new Uint8Array(256).fill(literal.length);
    for (let index = 0; index < literal.length - 1; index++) {
      this.#skip[literal[index]!] = literal.length - 1 - index;
    }
  }

  /** Where it first begins in bytes[start .. end); -1: nowhere. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const literal = this.#literal;
    const skip = this.#skip;
    const last = literal.length - 1;
    const final = literal[last]!;
    for (let at = start + last; at < end;) {
      const byte = bytes[at]!;
      if (byte === final) {
        let index = last;
        while (index > 0 && bytes[at - last + index - 1] === literal[index - 1]) index--;
        if (index === 0) return at - last;
      }
      at += skip[byte]!;
    }
    return -1;
  }
}
