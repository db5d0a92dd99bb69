/**
 * Backend messages into one growing buffer a connection: whatever one chunk of input causes goes out in
 * one write (WIRE: 2.4 to 3.5 times less CPU than a write a message). Fields are big-endian.
 */

import { assert } from '../base/assert.ts';
import type { SqlError } from '../base/errors.ts';
import type { Notice } from '../session/session-api.ts';
import type { Field, Schema } from '../types/schema.ts';
import { oidOf, typeLength, typmodOf } from '../types/oid.ts';

/** Memory is taken in blocks, which many small writes share; a connection that says little has a small one. */
const smallBlockBytes = 16 * 1024;
const blockBytes = 128 * 1024;

export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(smallBlockBytes);
  /** What stands before it is the socket's. */
  #start = 0;
  #length = 0;
  /** Where the open message's length field stands. */
  #lengthAt = -1;

  /** Bytes waiting to be sent. */
  get length(): number {
    return this.#length - this.#start;
  }

  /** The bytes so far; the writer goes on behind them, since the socket keeps these. */
  take(): Buffer {
    assert(this.#lengthAt < 0, 'a message is still open');
    const bytes = this.#bytes.subarray(this.#start, this.#length);
    this.#start = this.#length;
    // What comes next is likely as long, and should not have to move.
    if (this.#bytes.length - this.#start < 2 * bytes.length) {
      const size = bytes.length * 4 < smallBlockBytes ? smallBlockBytes : blockBytes;
      this.#bytes = Buffer.allocUnsafeSlow(size);
      this.#start = 0;
      this.#length = 0;
    }
    return bytes;
  }

  /** Forgets the message that is being written, e.g. when a value fails to encode half way. */
  abandon(): void {
    if (this.#lengthAt < 0) return;
    this.#length = this.#lengthAt - 1;
    this.#lengthAt = -1;
  }

  /** Makes sure that `count` more bytes fit; raw writers use `buffer`, `offset` and `advance`. */
  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(blockBytes, 2 * (needed - this.#start)));
    this.#bytes.copy(larger, 0, this.#start, this.#length);
    if (this.#lengthAt >= 0) this.#lengthAt -= this.#start;
    this.#length -= this.#start;
    this.#start = 0;
    this.#bytes = larger;
  }

  get buffer(): Buffer {
    return this.#bytes;
  }

  get offset(): number {
    return this.#length;
  }

  advance(count: number): void {
    this.#length += count;
  }

  begin(type: string): this {
    assert(this.#lengthAt < 0, 'a message is already open');
    this.reserve(5);
    this.#bytes[this.#length] = type.charCodeAt(0);
    this.#lengthAt = this.#length + 1;
    this.#length += 5;
    return this;
  }

  end(): this {
    assert(this.#lengthAt >= 0, 'no message is open');
    this.#bytes.writeInt32BE(this.#length - this.#lengthAt, this.#lengthAt);
    this.#lengthAt = -1;
    return this;
  }

  byte(value: number): this {
    this.reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  int16(value: number): this {
    this.reserve(2);
    this.#length = this.#bytes.writeUInt16BE(value & 0xffff, this.#length);
    return this;
  }

  int32(value: number): this {
    this.reserve(4);
    this.#length = this.#bytes.writeInt32BE(value | 0, this.#length);
    return this;
  }

  raw(value: Uint8Array): this {
    this.reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** UTF-8 and a NUL. */
  text(value: string): this {
    this.reserve(value.length * 3 + 1);
    this.#length += this.#bytes.write(value, this.#length, 'utf8');
    this.#bytes[this.#length++] = 0;
    return this;
  }

  // R
  authenticationOk(): this {
    return this.begin('R').int32(0).end();
  }

  // R 10: the mechanisms offered
  authenticationSasl(mechanisms: readonly string[]): this {
    this.begin('R').int32(10);
    for (const mechanism of mechanisms) this.text(mechanism);
    return this.byte(0).end();
  }

  // R 11 and 12
  authenticationSaslData(code: 11 | 12, data: string): this {
    return this.begin('R').int32(code).raw(Buffer.from(data, 'utf8')).end();
  }

  // K
  backendKeyData(pid: number, secret: number): this {
    return this.begin('K').int32(pid).int32(secret).end();
  }

  // S
  parameterStatus(name: string, value: string): this {
    return this.begin('S').text(name).text(value).end();
  }

  // v
  negotiateProtocolVersion(minor: number, options: readonly string[]): this {
    this.begin('v').int32(minor).int32(options.length);
    for (const option of options) this.text(option);
    return this.end();
  }

  // Z
  readyForQuery(status: string): this {
    return this.begin('Z').byte(status.charCodeAt(0)).end();
  }

  // C
  commandComplete(tag: string): this {
    return this.begin('C').text(tag).end();
  }

  /** Messages without fields: 1 ParseComplete, 2 BindComplete, 3 CloseComplete, I EmptyQueryResponse, n NoData, s PortalSuspended, c CopyDone. */
  plain(type: '1' | '2' | '3' | 'I' | 'n' | 's' | 'c'): this {
    return this.begin(type).end();
  }

  // t
  parameterDescription(oids: readonly number[]): this {
    this.begin('t').int16(oids.length);
    for (const oid of oids) this.int32(oid);
    return this.end();
  }

  // T
  rowDescription(fields: Schema, formats: readonly number[]): this {
    this.begin('T').int16(fields.length);
    fields.forEach((field, index) => this.#field(field, formats[index]!));
    return this.end();
  }

  #field(field: Field, format: number): void {
    this.text(field.name)
      .int32(field.origin?.relationOid ?? 0)
      .int16(field.origin?.attribute ?? 0)
      .int32(oidOf(field.type))
      .int16(typeLength(field.type))
      .int32(typmodOf(field.type))
      .int16(format);
  }

  // H
  copyOutResponse(format: 0 | 1, columns: number): this {
    this.begin('H').byte(format).int16(columns);
    for (let index = 0; index < columns; index++) this.int16(format);
    return this.end();
  }

  copyInResponse(columns: number): this {
    this.begin('G').byte(0).int16(columns);
    for (let index = 0; index < columns; index++) this.int16(0);
    return this.end();
  }

  // E. `source` is the statement's text, from which the position is counted in characters from 1.
  error(error: SqlError, source: string | null): this {
    const { fields } = error;
    this.#report('E', fields.severity ?? 'ERROR', error.code, error.message, fields);
    if (fields.position !== undefined && source !== null) {
      const characters = [...source.slice(0, fields.position)].length + 1;
      this.byte('P'.charCodeAt(0)).text(String(characters));
    }
    this.#optional('W', fields.where);
    this.#optional('s', fields.schema);
    this.#optional('t', fields.table);
    this.#optional('c', fields.column);
    this.#optional('n', fields.constraint);
    return this.byte(0).end();
  }

  // N
  notice(notice: Notice): this {
    this.#report('N', notice.severity, notice.code, notice.message, notice);
    return this.byte(0).end();
  }

  #report(
    type: 'E' | 'N',
    severity: string,
    code: string,
    message: string,
    more: { readonly detail?: string | undefined; readonly hint?: string | undefined },
  ): void {
    this.begin(type);
    this.#optional('S', severity);
    this.#optional('V', severity);
    this.#optional('C', code);
    this.#optional('M', message);
    this.#optional('D', more.detail);
    this.#optional('H', more.hint);
  }

  #optional(field: string, value: string | undefined): void {
    // A NUL would cut the message short.
    if (value !== undefined) this.byte(field.charCodeAt(0)).text(value.replaceAll('\0', ''));
  }
}
