/**
 * A growing byte writer and a bounds-checked reader, little-endian unless named otherwise. They carry
 * state segments, positions and codecs; the wire protocol has its own, big-endian encoder.
 */

import { AssertionFailed } from './assert.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export class ByteWriter {
  #bytes: Buffer;
  #view: DataView;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Makes room for `count` more bytes and returns the offset where they start; `length` moves past them. */
  reserve(count: number): number {
    const start = this.length;
    const needed = start + count;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.length = needed;
    return start;
  }

  /**
   * Makes room for `count` more bytes without taking them, and returns the offset where they start. Who writes
   * into `buffer` from there sets `length` to where it ended.
   */
  room(count: number): number {
    const needed = this.length + count;
    if (needed > this.#bytes.length) this.#grow(needed);
    return this.length;
  }

  /** The memory itself; valid until the next call that makes room. */
  get buffer(): Buffer {
    return this.#bytes;
  }

  /** The same, for words. */
  get words(): DataView {
    return this.#view;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  uint8(value: number): this {
    const at = this.reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.reserve(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  int32(value: number): this {
    const at = this.reserve(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  uint32(value: number): this {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  float64(value: number): this {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  int64(value: bigint): this {
    const at = this.reserve(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  /** Unsigned LEB128 for 0 to 2^53 − 1. */
  varint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.uint8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.uint8(rest);
  }

  bytes(value: Uint8Array): this {
    const at = this.reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Length as varint, then the bytes. */
  lengthPrefixed(value: Uint8Array): this {
    return this.varint(value.length).bytes(value);
  }

  /** UTF-8 with its byte length before it. */
  text(value: string): this {
    const size = Buffer.byteLength(value, 'utf8');
    this.varint(size);
    const at = this.reserve(size);
    this.#bytes.write(value, at, size, 'utf8');
    return this;
  }

  /** UTF-8 alone, without its length. */
  utf8(value: string): this {
    const size = Buffer.byteLength(value, 'utf8');
    const at = this.reserve(size);
    this.#bytes.write(value, at, size, 'utf8');
    return this;
  }

  /** Big-endian, so that the bytes order as the numbers do. */
  uint32BigEndian(value: number): this {
    const at = this.reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** Overwrites four bytes written before, e.g. a length known only later. */
  patchUint32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** The raw memory of a typed array. */
  array(values: Int32Array | Float64Array | Uint8Array): this {
    return this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** A view on what was written; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.length);
  }

  /** What was written, without a copy: the memory is the caller's, and the writer starts over in memory of its own. */
  detach(): Uint8Array {
    const bytes = this.view();
    this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length);
    this.#view = new DataView(this.#bytes.buffer);
    this.length = 0;
    return bytes;
  }

  clear(): void {
    this.length = 0;
  }
}

/** Reads what a ByteWriter wrote. Reading past the end is an assertion: our own bytes were damaged. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  #take(count: number): number {
    const start = this.#offset;
    if (count < 0 || start + count > this.#end) {
      throw new AssertionFailed(`read of ${count} bytes at ${start} passes the end ${this.#end}`);
    }
    this.#offset = start + count;
    return start;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.uint8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new AssertionFailed('varint longer than eight bytes');
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  lengthPrefixed(): Uint8Array {
    return this.bytes(this.varint());
  }

  text(): string {
    return utf8.decode(this.lengthPrefixed());
  }

  int32Array(count: number): Int32Array {
    return new Int32Array(this.#copy(count * 4));
  }

  float64Array(count: number): Float64Array {
    return new Float64Array(this.#copy(count * 8));
  }

  uint8Array(count: number): Uint8Array {
    return new Uint8Array(this.#copy(count));
  }

  #copy(bytes: number): ArrayBuffer {
    const copy = new ArrayBuffer(bytes);
    new Uint8Array(copy).set(this.bytes(bytes));
    return copy;
  }
}
