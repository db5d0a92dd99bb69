/**
 * Characters that a program cannot tell apart, as small numbers: equal for those that the same instructions
 * accept and that are alike to assertions. Those of ASCII are known from the start; others are found when a
 * text has them, and some of them remembered.
 */

import { condition, type RegexProgram } from './program.ts';

/** The class of no character: the end of the text. */
export const endOfText = 0;
/** Classes that only characters beyond ASCII have. */
const wideMax = 32;
/** Code points beyond ASCII that are remembered with their classes. */
const rememberedMax = 4096;
const newline = 10;

export class CharacterClasses {
  /** By byte; 0 for those that begin no character of ASCII. */
  readonly ascii = new Uint8Array(256);
  /** Classes are less than this. */
  readonly limit: number;
  /** Length in bytes of the character that `wide` last saw. */
  wideLength = 0;
  readonly #program: RegexProgram;
  /** Boundaries of words matter; they are known in texts of ASCII only. */
  readonly words: boolean;
  readonly #bySignature = new Map<string, number>();
  /** A code point of each class; -1 for the end. */
  readonly #samples: number[] = [-1];
  readonly #remembered = new Map<number, number>();

  constructor(program: RegexProgram) {
    this.#program = program;
    const words = condition.wordBoundary | condition.noWordBoundary;
    this.words = program.instructions.some(
      (each) => each.op === 'assert' && (each.conditions & words) !== 0,
    );
    for (let byte = 0; byte < 128; byte++) this.ascii[byte] = this.#classOf(byte);
    this.limit = this.#samples.length + wideMax;
  }

  /** Whether the instruction reads characters of this class. */
  accepts(pc: number, kind: number): boolean {
    const instruction = this.#program.instructions[pc]!;
    return (
      kind !== endOfText && instruction.op === 'read' && instruction.accepts(this.#samples[kind]!)
    );
  }

  isNewline(kind: number): boolean {
    return this.#samples[kind] === newline;
  }

  isWord(kind: number): boolean {
    return isWordCharacter(this.#samples[kind]!);
  }

  /** Class of the character of two bytes or more at `at`; -1 where there is none known. */
  wide(bytes: Uint8Array, at: number, end: number): number {
    const codePoint = this.#decode(bytes, at, end);
    if (codePoint < 0) return -1;
    const known = this.#remembered.get(codePoint);
    if (known !== undefined) return known;
    const kind = this.#classOf(codePoint);
    if (kind >= this.limit) return -1;
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    this.#remembered.set(codePoint, kind);
    return kind;
  }

  /** Strict UTF-8; -1 for anything else. */
  #decode(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at]!;
    const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > end) return -1;
    let codePoint = first & (0xff >> (length + 1));
    for (let index = 1; index < length; index++) {
      const byte = bytes[at + index]!;
      if ((byte & 0xc0) !== 0x80) return -1;
      codePoint = (codePoint << 6) | (byte & 0x3f);
    }
    const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
    const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    if (codePoint < least || codePoint > 0x10ffff || surrogate) return -1;
    this.wideLength = length;
    return codePoint;
  }

  #classOf(codePoint: number): number {
    let signature = '';
    for (const instruction of this.#program.instructions) {
      if (instruction.op === 'read') signature += instruction.accepts(codePoint) ? '1' : '0';
    }
    signature += codePoint === newline ? 'n' : isWordCharacter(codePoint) ? 'w' : '';
    const known = this.#bySignature.get(signature);
    if (known !== undefined) return known;
    this.#samples.push(codePoint);
    this.#bySignature.set(signature, this.#samples.length - 1);
    return this.#samples.length - 1;
  }
}

/** As \y and \w see it: letters and digits of ASCII, and _. */
function isWordCharacter(codePoint: number): boolean {
  return (
    (codePoint >= 48 && codePoint <= 57) ||
    (codePoint >= 65 && codePoint <= 90) ||
    (codePoint >= 97 && codePoint <= 122) ||
    codePoint === 95
  );
}
