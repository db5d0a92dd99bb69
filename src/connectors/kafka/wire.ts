/**
 * Big-endian reading and writing of Kafka's protocol: fixed integers, strings, arrays, the compact forms
 * of the flexible versions, and zigzag varints. Answers come from outside, so that every read is checked
 * and a short or absurd answer is a `ConnectorError`.
 */

import { ConnectorError } from '../../base/errors.ts';

export function malformed(what: string): ConnectorError {
  return new ConnectorError(`the Kafka broker sent a malformed answer: ${what}`, {
    retryable: true,
  });
}

export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count < 0 || at + count > this.#bytes.length) {
      throw malformed(`${count} bytes at ${at} of ${this.#bytes.length}`);
    }
    this.#at = at + count;
    return at;
  }

  skip(count: number): void {
    this.#take(count);
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** An int64 that must be a safe integer, as offsets and timestamps are. */
  int64(): number {
    const value = Number(this.#bytes.readBigInt64BE(this.#take(8)));
    if (!Number.isSafeInteger(value)) throw malformed(`integer ${value}`);
    return value;
  }

  bigint64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  /** Unsigned LEB128 of at most five bytes. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed('varint of more than five bytes');
  }

  #text(length: number): string {
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  string(): string {
    return this.#text(this.int16());
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  compactString(): string | null {
    const length = this.unsignedVarint();
    return length === 0 ? null : this.#text(length - 1);
  }

  /** Where a nullable byte array starts and ends; both the current position when it is null. */
  bytesRange(): { start: number; end: number } {
    const length = this.int32();
    const start = this.#take(Math.max(length, 0));
    return { start, end: this.#at };
  }

  uuid(): string {
    const at = this.#take(16);
    return this.#bytes.toString('hex', at, at + 16);
  }

  array<T>(element: () => T): T[] {
    return this.#elements(this.int32(), element);
  }

  compactArray<T>(element: () => T): T[] {
    return this.#elements(this.unsignedVarint() - 1, element);
  }

  #elements<T>(count: number, element: () => T): T[] {
    // No element is smaller than a byte, which bounds what a damaged count can make us allocate.
    if (count > this.#bytes.length - this.#at) throw malformed(`an array of ${count}`);
    const elements: T[] = [];
    for (let index = 0; index < count; index++) elements.push(element());
    return elements;
  }

  /** Tagged fields of flexible versions; we know none of them. */
  skipTags(): void {
    const count = this.unsignedVarint();
    for (let index = 0; index < count; index++) {
      this.unsignedVarint();
      this.#take(this.unsignedVarint());
    }
  }
}

export class WireWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(at + count, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length = at + count;
    return at;
  }

  int8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  int64(value: number | bigint): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  unsignedVarint(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      const at = this.#reserve(1);
      this.#bytes[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.#reserve(1);
    this.#bytes[at] = rest;
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.from(value, 'utf8');
    return this.int16(bytes.length).raw(bytes);
  }

  compactString(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    return this.unsignedVarint(bytes.length + 1).raw(bytes);
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
