/**
 * A growing byte memory with reuse: text and encoded keys of state live in one. Freed ranges go to a free
 * list by size class and are handed out again; nothing moves but when a small arena grows.
 * Offsets stay valid; `bytes` and `view` are replaced on growth, so hold offsets and not views.
 */

import { copyWords, copyWordsMax } from '../base/copy-words.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { viewOf } from './bytes-hash.ts';
import { grownUint8 } from './grown.ts';

/** Offsets are int32 in columns. */
const bytesMax = 0x7fff_0000;
/** Readers of text columns may look this far past a value. */
const padding = 16;

export class ByteArena {
  bytes: Uint8Array;
  view: DataView;
  #end = 0;
  /** What was copied from last: mostly the next is from there too. */
  #source: Uint8Array;
  #sourceView: DataView;
  readonly #free = new Map<number, number[]>();

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity + padding);
    this.view = viewOf(this.bytes);
    this.#source = this.bytes;
    this.#sourceView = this.view;
  }

  /** Copies a range in and returns its offset. An empty range takes no room. */
  put(source: Uint8Array, offset: number, length: number): number {
    if (length === 0) return 0;
    const at = this.#allocate(sizeClass(length));
    if (length > copyWordsMax) {
      this.bytes.set(source.subarray(offset, offset + length), at);
      return at;
    }
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceView = viewOf(source);
    }
    copyWords(this.#sourceView, offset, this.view, at, length);
    return at;
  }

  /** Gives a range back that `put` made. */
  release(offset: number, length: number): void {
    if (length === 0) return;
    const size = sizeClass(length);
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [offset]);
    else list.push(offset);
  }

  /** Bytes given out, those of free ranges among them. */
  get used(): number {
    return this.#end;
  }

  clear(): void {
    this.#end = 0;
    this.#free.clear();
  }

  #allocate(size: number): number {
    const reused = this.#free.get(size)?.pop();
    if (reused !== undefined) return reused;
    const at = this.#end;
    if (at + size + padding > this.bytes.length) this.#grow(at + size + padding);
    this.#end = at + size;
    return at;
  }

  #grow(needed: number): void {
    if (needed > bytesMax) {
      throw new SqlError(sqlstate.outOfMemory, 'state exceeds 2 GB of text in one column', {
        hint: 'Group or join by fewer or shorter text values.',
      });
    }
    const size = Math.min(bytesMax, Math.max(needed, this.bytes.length * 2));
    const { buffer, byteOffset, byteLength } = grownUint8(this.bytes, size);
    const larger = Buffer.from(buffer, byteOffset, byteLength);
    this.bytes = larger;
    this.view = viewOf(larger);
    // Nothing that is outgrown is kept.
    this.#source = larger;
    this.#sourceView = this.view;
  }
}

/** Multiples of 8 up to 128, then four steps a power of two: at most a quarter is wasted. */
function sizeClass(length: number): number {
  if (length <= 128) return (length + 7) & ~7;
  const step = 1 << (31 - Math.clz32(length - 1) - 2);
  return Math.ceil(length / step) * step;
}
