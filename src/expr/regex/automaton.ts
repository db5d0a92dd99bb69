/**
 * Runs a regular expression over UTF-8 bytes, with its groups, in time linear in the bytes. States are made
 * when a text first needs them: each is the ordered list of threads that the plain simulation (Pike's) would
 * have at such a place, so a step through a state that is known is one look-up, and positions are written only
 * where a thread passes a group's end. The result is the simulation's, thread for thread.
 *
 * States are bounded: a pattern that needs too many gives up for good, and its caller matches otherwise. So
 * does a text that is not valid UTF-8, for itself.
 */

import { assert } from '../../base/assert.ts';
import { CharacterClasses, endOfText } from './classes.ts';
import { LiteralSearch, requiredLiteral } from './literal.ts';
import { condition, type RegexProgram } from './program.ts';
import {
  beforeNewline,
  beforeText,
  beforeWord,
  ranked,
  stateKey,
  watchedBy,
  type Leaf,
  type Move,
  type State,
  type Step,
  type Thread,
} from './states.ts';

/**
 * No thread can go on. A state is known by the place of its row in the table of steps; an entry there is that of
 * the next state, `unknownStep`, or below it and then stands for a `Step` with something to write.
 */
const deadState = 0;
/** Of one character. */
const bytesMax = 4;
/** A step that was not computed yet. */
const unknownStep = -1;
/** Entries of the table of steps, over all states of a pattern. */
const stepsMax = 1 << 18;
/** Patterns with more groups than this are not worth carrying. */
const slotsMax = 64;

export const noMatch = 0;
export const found = 1;
/** The text, or the pattern, is not one for this engine. */
export const unsuited = 2;
export type Outcome = typeof noMatch | typeof found | typeof unsuited;

export class RegexAutomaton {
  /** Begin and end of the last match, then of its groups, as indices of the bytes; -1: the group took no part. */
  readonly slots: Int32Array;
  readonly #program: RegexProgram;
  readonly #classes: CharacterClasses;
  readonly #width: number;
  readonly #states: State[] = [];
  readonly #known = new Map<string, number>();
  #steps = new Int32Array(0);
  readonly #complex: Step[] = [];
  /** Whether assertions look at words, lines: otherwise the last character makes no difference. */
  readonly #watched: number;
  #gaveUp = false;
  readonly #initial: number;
  /** The states behind some character, by `State.before`. */
  readonly #entries: number[] = [];
  readonly #literal: LiteralSearch | null;
  /** Bytes by which a match begins before its literal at most. */
  readonly #literalReach: number;
  /** A match can begin at the start of the text alone. */
  readonly #anchored: boolean;
  #registers = new Int32Array(0);
  #spare = new Int32Array(0);
  /** Scratch of `#close`: the stamp of the step in which an instruction was seen. */
  readonly #seen: Int32Array;
  #stamp = 0;

  constructor(program: RegexProgram) {
    this.#program = program;
    this.slots = new Int32Array(program.slots);
    this.#classes = new CharacterClasses(program);
    this.#width = this.#classes.limit;
    this.#watched = watchedBy(program);
    this.#seen = new Int32Array(program.instructions.length);
    this.#gaveUp = program.slots > slotsMax;
    this.#anchored = this.#isAnchored();
    this.#state({ threads: [], closed: true, before: 0 });
    this.#initial = this.#state({ threads: [], closed: false, before: beforeText });
    for (const before of [0, beforeNewline, beforeWord]) {
      this.#entries[before] = this.#state({ threads: [], closed: this.#anchored, before });
    }
    const required = requiredLiteral(program);
    this.#literal = required === null ? null : new LiteralSearch(required.bytes);
    this.#literalReach = required === null ? 0 : bytesMax * required.before;
  }

  /** States made so far: for tests. */
  get states(): number {
    return this.#states.length;
  }

  /**
   * The leftmost match in bytes[start .. end), as text of its own: its begin and end are those of the text.
   * With `groups` false only whether there is one, and `slots` means nothing.
   */
  find(bytes: Uint8Array, start: number, end: number, groups: boolean): Outcome {
    if (this.#gaveUp) return unsuited;
    if (this.#classes.words && !isAscii(bytes, start, end)) return unsuited;
    let at = this.#begin(bytes, start, end);
    if (at < 0) return noMatch;
    const classes = this.#classes;
    const { ascii } = classes;
    let steps = this.#steps;
    let row = at === start ? this.#initial : this.#rowAfter(bytes[at - 1]!);
    let matched = false;
    let accept: Move | null = null;
    let acceptAt = 0;
    for (;;) {
      // Nearly all steps: a character of ASCII that leads to a state and has nothing to write.
      while (at < end) {
        const byte = bytes[at]!;
        if (byte >= 0x80) break;
        const simple = steps[row + ascii[byte]!]!;
        if (simple <= deadState) break;
        row = simple;
        at++;
      }
      let kind = endOfText;
      let next = at;
      if (at < end) {
        const byte = bytes[at]!;
        next = at + 1;
        kind = ascii[byte]!;
        if (byte >= 0x80) {
          kind = classes.wide(bytes, at, end);
          if (kind < 0) return unsuited;
          next = at + classes.wideLength;
        }
      }
      let step = steps[row + kind]!;
      if (step === unknownStep) {
        step = this.#makeStep(row, kind);
        if (this.#gaveUp) return unsuited;
        steps = this.#steps;
      }
      if (step < 0) {
        const complex = this.#complex[-2 - step]!;
        if (complex.accept !== null) {
          if (!groups) return found;
          matched = true;
          accept = complex.accept;
          acceptAt = at;
          if (complex.next === row && complex.moves === null) {
            // The match goes on over characters of this class.
            while (
              next < end &&
              bytes[next]! < 0x80 &&
              steps[row + ascii[bytes[next]!]!] === step
            ) {
              acceptAt = next++;
            }
          }
        }
        if (complex.moves !== null) {
          if (accept !== null) this.#take(accept, acceptAt);
          accept = null;
          this.#move(complex.moves, at);
        }
        step = complex.next;
      }
      if (step === deadState || kind === endOfText) break;
      row = step;
      at = next;
    }
    if (accept !== null) this.#take(accept, acceptAt);
    return matched ? found : noMatch;
  }

  /** Where no match begins before, a boundary of characters; -1: there is no match. */
  #begin(bytes: Uint8Array, start: number, end: number): number {
    if (this.#literal === null) return start;
    const place = this.#literal.find(bytes, start, end);
    if (place < 0 || this.#anchored) return place < 0 ? -1 : start;
    let at = Math.max(start, place - this.#literalReach);
    // A match begins with a character, not within one.
    while (at > start && at < place && (bytes[at]! & 0xc0) === 0x80) at++;
    return at;
  }

  /** The state in which a text is entered behind this byte. */
  #rowAfter(byte: number): number {
    return this.#entries[byte < 0x80 ? this.#before(this.#classes.ascii[byte]!) : 0]!;
  }

  /** The positions of the thread that matched, as the match. */
  #take(move: Move, at: number): void {
    fill(this.slots, 0, this.#registers, move, { at, width: this.slots.length });
    this.slots[1] = at;
  }

  #move(moves: readonly Move[], at: number): void {
    const width = this.slots.length;
    const needed = moves.length * width;
    if (this.#spare.length < needed) this.#spare = new Int32Array(2 * needed);
    const [from, to] = [this.#registers, this.#spare];
    for (let index = 0; index < moves.length; index++) {
      fill(to, index * width, from, moves[index]!, { at, width });
    }
    this.#registers = to;
    this.#spare = from;
  }

  /** The row of a state like this one; a new one if there was none. */
  #state(state: State): number {
    const key = stateKey(state);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const row = this.#states.length * this.#width;
    const size = row + this.#width;
    if (size > stepsMax) {
      this.#giveUp();
      return deadState;
    }
    if (size > this.#steps.length) {
      const larger = new Int32Array(Math.min(stepsMax, Math.max(size, 2 * this.#steps.length)));
      larger.fill(unknownStep, this.#steps.length);
      larger.set(this.#steps);
      this.#steps = larger;
    }
    this.#states.push(state);
    this.#known.set(key, row);
    return row;
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.#steps = new Int32Array(0);
    this.#states.length = 0;
    this.#complex.length = 0;
    this.#known.clear();
  }

  /** Computes what a state does at a character of a class: the next state, or -2 less the index of a `Step`. */
  #makeStep(row: number, kind: number): number {
    const state = this.#states[row / this.#width];
    assert(state !== undefined, `row ${row} of an automaton with ${this.#states.length}`);
    const leaves = this.#leaves(state, kind);
    const { instructions, longest } = this.#program;
    const threads: Thread[] = [];
    const moves: Move[] = [];
    const taken = new Set<number>();
    let accept: Move | null = null;
    let lastStart = Infinity;
    for (const leaf of leaves) {
      // Of matches that are to be longest, those that begin further left are the only rivals.
      if (leaf.start > lastStart) break;
      const instruction = instructions[leaf.pc]!;
      if (instruction.op === 'match') {
        accept = leaf;
        if (!longest) break;
        lastStart = leaf.start;
      } else if (instruction.op === 'read' && this.#classes.accepts(leaf.pc, kind)) {
        if (taken.has(instruction.out)) continue;
        taken.add(instruction.out);
        threads.push({ pc: instruction.out, start: leaf.start });
        moves.push({ from: leaf.from, slots: leaf.slots });
      }
    }
    const closed = state.closed || accept !== null || this.#anchored;
    const next =
      kind === endOfText || (closed && threads.length === 0)
        ? deadState
        : this.#state({ threads: ranked(threads), closed, before: this.#before(kind) });
    const still = moves.every((move, index) => move.from === index && move.slots.length === 0);
    let step = next;
    if (accept !== null || (!still && next !== deadState)) {
      this.#complex.push({
        next,
        accept: accept === null ? null : { from: accept.from, slots: accept.slots },
        moves: still || next === deadState ? null : moves,
      });
      step = -1 - this.#complex.length;
    }
    if (!this.#gaveUp) this.#steps[row + kind] = step;
    return step;
  }

  #before(kind: number): number {
    let before = 0;
    if (this.#classes.isNewline(kind)) before |= beforeNewline;
    if (this.#classes.isWord(kind)) before |= beforeWord;
    return before & this.#watched;
  }

  #isAnchored(): boolean {
    const { beginText, ...others } = condition;
    const anywhere = Object.values(others).reduce((all, each) => all | each, 0);
    assert((anywhere & beginText) === 0, 'conditions are bits of their own');
    const leaves: Leaf[] = [];
    this.#stamp++;
    this.#close(this.#program.start, { from: -1, start: 0, slots: [] }, anywhere, leaves);
    return leaves.length === 0;
  }

  /** All reading and matching instructions that the threads, and one that begins here, reach; in order. */
  #leaves(state: State, kind: number): readonly Leaf[] {
    const conditions = this.#conditions(state.before, kind);
    this.#stamp++;
    const leaves: Leaf[] = [];
    state.threads.forEach((thread, from) => {
      this.#close(thread.pc, { from, start: thread.start, slots: [] }, conditions, leaves);
    });
    if (!state.closed) {
      const begin = { from: -1, start: state.threads.length, slots: [0] };
      this.#close(this.#program.start, begin, conditions, leaves);
    }
    return leaves;
  }

  #close(start: number, origin: Omit<Leaf, 'pc'>, conditions: number, leaves: Leaf[]): void {
    const stack = [{ pc: start, slots: origin.slots }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { pc, slots } = top;
      if (this.#seen[pc] === this.#stamp) continue;
      this.#seen[pc] = this.#stamp;
      const instruction = this.#program.instructions[pc]!;
      switch (instruction.op) {
        case 'fail':
          break;
        case 'either':
          stack.push({ pc: instruction.other, slots }, { pc: instruction.out, slots });
          break;
        case 'go':
          stack.push({ pc: instruction.out, slots });
          break;
        case 'capture': {
          const kept = instruction.slot >= this.slots.length || slots.includes(instruction.slot);
          stack.push({ pc: instruction.out, slots: kept ? slots : [...slots, instruction.slot] });
          break;
        }
        case 'assert':
          if ((instruction.conditions & ~conditions) === 0) {
            stack.push({ pc: instruction.out, slots });
          }
          break;
        case 'read':
        case 'match':
          leaves.push({ ...origin, pc, slots });
      }
    }
  }

  #conditions(before: number, kind: number): number {
    let holds = 0;
    if ((before & beforeText) !== 0) holds |= condition.beginText | condition.beginLine;
    if ((before & beforeNewline) !== 0) holds |= condition.beginLine;
    if (kind === endOfText) holds |= condition.endText | condition.endLine;
    if (this.#classes.isNewline(kind)) holds |= condition.endLine;
    const boundary = ((before & beforeWord) !== 0) !== this.#classes.isWord(kind);
    return holds | (boundary ? condition.wordBoundary : condition.noWordBoundary);
  }
}

/** Writes the positions of a thread that was moved. Plain loops: they are of a few numbers. */
function fill(
  to: Int32Array,
  base: number,
  registers: Int32Array,
  move: Move,
  { at, width }: { readonly at: number; readonly width: number },
): void {
  const { from, slots } = move;
  if (from < 0) for (let slot = 0; slot < width; slot++) to[base + slot] = -1;
  else for (let slot = 0; slot < width; slot++) to[base + slot] = registers[from * width + slot]!;
  for (let each = 0; each < slots.length; each++) to[base + slots[each]!] = at;
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}
