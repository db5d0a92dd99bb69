/**
 * Regular expressions for generated kernels: the automaton on the bytes, and RE2JS on the string for the few
 * texts and patterns that are not for it.
 */

import type { RE2JS } from 're2js';
import { bytesToString } from '../../types/column-access.ts';
import { matcherOf } from '../functions/regex.ts';
import { found, RegexAutomaton, unsuited } from '../regex/automaton.ts';
import { readProgram } from '../regex/program.ts';
import { TextScratch } from './text-tools.ts';

export class RegexTool extends TextScratch {
  /** The bytes that hold what was extracted. */
  from: Uint8Array = this.bytes;
  readonly #regex: RE2JS;
  readonly #group: number;
  readonly #automaton: RegexAutomaton | null;

  /** `group`: what `extract` gives. A group that the pattern does not have is always NULL. */
  constructor(regex: RE2JS, group: number) {
    super();
    this.#regex = regex;
    this.#group = group;
    const program = readProgram(regex);
    this.#automaton = program === null ? null : new RegexAutomaton(program);
  }

  matches(bytes: Uint8Array, offset: number, length: number): boolean {
    const outcome = this.#automaton?.find(bytes, offset, offset + length, false) ?? unsuited;
    if (outcome !== unsuited) return outcome === found;
    return matcherOf(this.#regex, bytesToString(bytes, offset, length)).find();
  }

  /**
   * Where the group of the first match begins in `from`; -1, and the length is 0: it took no part, or there is
   * no match.
   */
  extract(bytes: Uint8Array, offset: number, length: number): number {
    this.length = 0;
    const group = this.#group;
    const automaton = this.#automaton;
    if (automaton === null) return this.#extractFromString(bytes, offset, length);
    const outcome = automaton.find(bytes, offset, offset + length, true);
    if (outcome === unsuited) return this.#extractFromString(bytes, offset, length);
    if (outcome !== found || group < 0 || 2 * group >= automaton.slots.length) return -1;
    const begin = automaton.slots[2 * group]!;
    const end = automaton.slots[2 * group + 1]!;
    if (begin < 0 || end < 0) return -1;
    this.from = bytes;
    this.length = end - begin;
    return begin;
  }

  #extractFromString(bytes: Uint8Array, offset: number, length: number): number {
    const group = this.#group;
    const matcher = matcherOf(this.#regex, bytesToString(bytes, offset, length));
    if (!matcher.find() || group < 0 || group > matcher.groupCount()) return -1;
    const text = matcher.group(group) ?? null;
    if (text === null) return -1;
    this.put(text);
    this.from = this.bytes;
    return 0;
  }
}
