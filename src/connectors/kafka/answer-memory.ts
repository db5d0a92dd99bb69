/**
 * Memory for answers of brokers, used again and again: an answer of some megabytes in fresh memory costs a
 * page fault every 4 KiB, and its garbage forces major collections. Whoever keeps an answer's bytes holds
 * it; when the last one lets go, the memory is handed to the next answer.
 */

import { assert } from '../../base/assert.ts';
import { padding } from './compression.ts';

/** Answers up to this size get memory of their own: kept in a queue they shall not hold much more. */
export const smallAnswerBytes = 16 * 1024;
/** Sizes are rounded up to this, so that the next answer, a little larger, finds room. */
const granuleBytes = 256 * 1024;
/** Memory kept for reuse, in all; more than that is left to the garbage collector. */
const keptBytesMax = 32 * 1024 * 1024;

/** The bytes of one answer, and at least `padding` more that may be read. */
export class Answer {
  readonly bytes: Buffer;
  /** Bytes of the answer; what follows them means nothing. */
  readonly length: number;
  readonly #memory: AnswerMemory | null;
  #holders = 1;

  constructor(bytes: Buffer, length: number, memory: AnswerMemory | null) {
    this.bytes = bytes;
    this.length = length;
    this.#memory = memory;
  }

  /** One more must let go. */
  hold(): void {
    assert(this.#holders > 0, 'an answer is held after it was given back');
    this.#holders += 1;
  }

  letGo(): void {
    assert(this.#holders > 0, 'an answer is given back twice');
    this.#holders -= 1;
    if (this.#holders === 0) this.#memory?.give(this.bytes);
  }
}

/** The free memory of one transport. */
export class AnswerMemory {
  /** By size. */
  readonly #free: Buffer[] = [];
  #freeBytes = 0;

  /** Memory for an answer of `length` bytes, held once. */
  take(length: number): Answer {
    const needed = length + padding;
    if (length <= smallAnswerBytes) return AnswerMemory.apart(length);
    const index = this.#free.findIndex((each) => each.length >= needed);
    const found = this.#free[index];
    // A queue is bounded by what answers hold, so no answer may sit in memory many times its size.
    if (found === undefined || (found.length > granuleBytes && found.length > 4 * needed)) {
      const size = Math.ceil(needed / granuleBytes) * granuleBytes;
      return new Answer(Buffer.allocUnsafeSlow(size), length, this);
    }
    this.#free.splice(index, 1);
    this.#freeBytes -= found.length;
    return new Answer(found, length, this);
  }

  /** Memory for an answer that is never given back. */
  static apart(length: number): Answer {
    return new Answer(Buffer.allocUnsafeSlow(length + padding), length, null);
  }

  /** Takes back what `take` allocated. */
  give(bytes: Buffer): void {
    // The smallest go first: they are the cheapest to make again.
    while (this.#free.length > 0 && this.#freeBytes + bytes.length > keptBytesMax) {
      this.#freeBytes -= this.#free.shift()!.length;
    }
    if (bytes.length > keptBytesMax) return;
    const at = this.#free.findIndex((each) => each.length >= bytes.length);
    this.#free.splice(at < 0 ? this.#free.length : at, 0, bytes);
    this.#freeBytes += bytes.length;
  }
}
