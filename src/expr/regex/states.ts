/**
 * What the states and steps of a regular expression's automaton are, as data: threads in order, and where each
 * comes from in a step.
 */

import { condition, type RegexProgram } from './program.ts';

/** A place in the program to which a thread has come, before what it can reach without reading is looked at. */
export interface Thread {
  readonly pc: number;
  /** Rank of the thread's start among those of all threads: equal for those that began at one place. */
  readonly start: number;
}

export interface State {
  readonly threads: readonly Thread[];
  /** No new threads begin: one has matched, or they could begin only at the start of the text. */
  readonly closed: boolean;
  /** What stands before this place: conditions that begin here, and the kind of the last character. */
  readonly before: number;
}

/** A thread that a step leads to or that matches in it: where it comes from and what it writes on the way. */
export interface Move {
  /** Index of the thread that it continues; -1: it begins here. */
  readonly from: number;
  /** Slots that get the present position. */
  readonly slots: readonly number[];
}

export interface Step {
  readonly next: number;
  /** The thread that matches before the character is read. */
  readonly accept: Move | null;
  /** One for each thread of the next state; null when all stay where they are. */
  readonly moves: readonly Move[] | null;
}

/** Kinds of the last character, in `State.before`. */
export const beforeText = 1;
export const beforeNewline = 2;
export const beforeWord = 4;

/** An instruction that reads or matches, as a thread reaches it in a step. */
export interface Leaf extends Move {
  readonly pc: number;
  readonly start: number;
}

/** Starts renumbered without gaps, so that equal situations are equal states. */
export function ranked(threads: readonly Thread[]): readonly Thread[] {
  let rank = -1;
  let last = -1;
  return threads.map(({ pc, start }) => {
    if (start !== last) rank++;
    last = start;
    return { pc, start: rank };
  });
}

export function watchedBy(program: RegexProgram): number {
  let watched = 0;
  for (const instruction of program.instructions) {
    if (instruction.op !== 'assert') continue;
    if ((instruction.conditions & condition.beginLine) !== 0) watched |= beforeNewline;
    const word = condition.wordBoundary | condition.noWordBoundary;
    if ((instruction.conditions & word) !== 0) watched |= beforeWord;
  }
  return watched;
}

/** Equal for equal states. */
export function stateKey(state: State): string {
  const threads = state.threads.map((thread) => `${thread.pc},${thread.start}`).join(';');
  return `${Number(state.closed)},${state.before};${threads}`;
}
