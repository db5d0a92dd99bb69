/**
 * Frontend messages from bytes: incremental framing and bounds-checked fields, free of policy. Lengths are
 * checked before anything is allocated by them; a field never reads past its message.
 *
 * https://www.postgresql.org/docs/15/protocol-message-formats.html
 */

import { SqlError, sqlstate } from '../base/errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export interface Frame {
  /** The message's letter, or '' for a start-up packet. */
  readonly type: string;
  readonly body: FieldReader;
}

/** A start-up packet may be this long at the most, as in PostgreSQL. */
const startupLengthMax = 10_000;

/** The stream cannot be cut into messages any more. */
function brokenFrame(message: string): SqlError {
  return new SqlError(sqlstate.protocolViolation, message, { severity: 'FATAL' });
}

/** One message is wrong; the next begins where its length says. */
function violation(message: string): SqlError {
  return new SqlError(sqlstate.protocolViolation, message);
}

/** Cuts the byte stream into messages. Feed chunks with `push`, take messages with `next` until null. */
export class FrameReader {
  #chunks: Buffer = Buffer.alloc(0);
  #startup = true;
  readonly #lengthMax: number;

  /** `lengthMax`: largest message body accepted after start-up, in bytes. */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  push(chunk: Buffer): void {
    this.#chunks = this.#chunks.length === 0 ? chunk : Buffer.concat([this.#chunks, chunk]);
  }

  /** True when bytes have arrived that belong to no complete message yet. */
  get pending(): boolean {
    return this.#chunks.length > 0;
  }

  /** From here on messages have a type byte. */
  startupDone(): void {
    this.#startup = false;
  }

  /** Bytes that have arrived and were not taken. */
  get waiting(): number {
    return this.#chunks.length;
  }

  /** Whether a message of that type waits among those that are complete. */
  holds(type: string): boolean {
    for (let at = 0; at + 5 <= this.#chunks.length;) {
      const length = this.#chunks.readInt32BE(at + 1);
      if (length < 4 || at + 1 + length > this.#chunks.length) return false;
      if (this.#chunks[at] === type.charCodeAt(0)) return true;
      at += 1 + length;
    }
    return false;
  }

  next(): Frame | null {
    const header = this.#startup ? 4 : 5;
    if (this.#chunks.length < header) return null;
    const length = this.#chunks.readInt32BE(header - 4);
    this.#checkLength(length);
    const end = header - 4 + length;
    if (this.#chunks.length < end) return null;
    const type = this.#startup ? '' : String.fromCharCode(this.#chunks[0]!);
    const body = new FieldReader(this.#chunks.subarray(header, end));
    this.#chunks = this.#chunks.subarray(end);
    return { type, body };
  }

  #checkLength(length: number): void {
    if (this.#startup) {
      if (length < 8 || length > startupLengthMax) {
        throw brokenFrame('invalid length of startup packet');
      }
    } else if (length < 4 || length > this.#lengthMax) {
      throw brokenFrame('invalid message length');
    }
  }
}

/** The fields of one message, in order. */
export class FieldReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #take(count: number): number {
    if (count < 0 || count > this.remaining) throw violation('insufficient data left in message');
    const start = this.#offset;
    this.#offset += count;
    return start;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  letter(): string {
    return String.fromCharCode(this.byte());
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A NUL-terminated string. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#offset);
    if (end < 0) throw violation('invalid string in message');
    const bytes = this.#bytes.subarray(this.#offset, end);
    this.#offset = end + 1;
    return decodeUtf8(bytes);
  }

  bytes(count: number): Buffer {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** Ends the message: leftover bytes mean that it was not what it claimed to be. */
  end(): void {
    if (this.remaining > 0) throw violation('invalid message format');
  }
}

/** Well-formed UTF-8 without NUL, or 22021. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.includes(0)) {
    throw new SqlError(
      sqlstate.characterNotInRepertoire,
      'invalid byte sequence for encoding "UTF8": 0x00',
    );
  }
  try {
    return utf8.decode(bytes);
  } catch {
    throw new SqlError(
      sqlstate.characterNotInRepertoire,
      'invalid byte sequence for encoding "UTF8"',
    );
  }
}
