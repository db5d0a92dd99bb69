/**
 * A growing byte memory with reuse: text and encoded keys of state live in one. Freed ranges go to a free
 * list by size class and are handed out again; nothing moves but on growth, which copies the whole.
 * Offsets stay valid; `bytes` and `view` are replaced on growth, so hold offsets and not views.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

/** Offsets are int32 in columns. */
const bytesMax = 0x7fff_0000;
/** Readers of text columns may look this far past a value. */
const padding = 16;

export class ByteArena {
  bytes: Uint8Array;
  view: DataView;
  #end = 0;
  readonly #free = new Map<number, number[]>();

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity + padding);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  /** Copies a range in and returns its offset. An empty range takes no room. */
  put(source: Uint8Array, offset: number, length: number): number {
    if (length === 0) return 0;
    const at = this.#allocate(sizeClass(length));
    const bytes = this.bytes;
    if (length <= 32) {
      for (let i = 0; i < length; i++) bytes[at + i] = source[offset + i]!;
    } else {
      bytes.set(source.subarray(offset, offset + length), at);
    }
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
    const larger = Buffer.allocUnsafeSlow(
      Math.min(bytesMax, Math.max(needed, this.bytes.length * 2)),
    );
    larger.set(this.bytes.subarray(0, this.#end));
    this.bytes = larger;
    this.view = new DataView(larger.buffer, larger.byteOffset, larger.byteLength);
  }
}

/** Multiples of 8 up to 128, then four steps a power of two: at most a quarter is wasted. */
function sizeClass(length: number): number {
  if (length <= 128) return (length + 7) & ~7;
  const step = 1 << (31 - Math.clz32(length - 1) - 2);
  return Math.ceil(length / step) * step;
}
