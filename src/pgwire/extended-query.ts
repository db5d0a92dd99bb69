/**
 * The extended protocol: Parse, Bind, Describe, Execute, Close, Sync. Statements and portals live in the
 * session; here are only their wire sides: result formats, parameter decoding and suspended portals.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { CopyIn, Session, StatementResult } from '../session/session-api.ts';
import { decodeBinary } from '../types/binary-io.ts';
import type { Datum } from '../types/datum.ts';
import { oidOf } from '../types/oid.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { parseText } from '../types/text-io.ts';
import { decodeUtf8, type FieldReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import type { OutputStream } from './output-stream.ts';
import { sendResult, unsupportedFormat } from './send-result.ts';

interface WirePortal {
  readonly formats: readonly number[];
  readonly sql: string;
  /** The result while it is suspended. */
  active: StatementResult | null;
}

export class ExtendedQuery {
  readonly #session: Session;
  readonly #writer: MessageWriter;
  readonly #output: OutputStream;
  readonly #receive: (copy: CopyIn) => Promise<void>;
  readonly #asSqlError: (error: unknown) => SqlError;
  /** Statement texts by name, for error positions. */
  readonly #texts = new Map<string, string>();
  readonly #portals = new Map<string, WirePortal>();
  /** After an error: everything is skipped until Sync. */
  skipping = false;

  constructor(
    session: Session,
    writer: MessageWriter,
    output: OutputStream,
    asSqlError: (error: unknown) => SqlError,
    receive: (copy: CopyIn) => Promise<void>,
  ) {
    this.#receive = receive;
    this.#session = session;
    this.#writer = writer;
    this.#output = output;
    this.#asSqlError = asSqlError;
  }

  async handle(type: 'P' | 'B' | 'D' | 'E' | 'C', body: FieldReader): Promise<void> {
    const context: { sql: string | null } = { sql: null };
    try {
      await this.#dispatch(type, body, context);
    } catch (error) {
      const sqlError = this.#asSqlError(error);
      if (sqlError.fields.severity === 'FATAL') throw sqlError;
      this.skipping = true;
      this.#session.fail(sqlError);
      this.#writer.abandon();
      this.#writer.error(sqlError, context.sql);
    }
  }

  async #dispatch(type: string, body: FieldReader, context: { sql: string | null }): Promise<void> {
    switch (type) {
      case 'P':
        return await this.#parse(body, context);
      case 'B':
        return await this.#bind(body, context);
      case 'D':
        return this.#describe(body);
      case 'E':
        return await this.#execute(body, context);
      default:
        return this.#close(body);
    }
  }

  async sync(): Promise<void> {
    const failed = this.skipping;
    this.skipping = false;
    try {
      await this.#session.sync(failed);
    } catch (error) {
      this.#writer.error(this.#asSqlError(error), null);
    }
    if (this.#session.transactionStatus === 'I') {
      for (const name of this.#portals.keys()) this.#closePortal(name);
    }
  }

  /** A simple query takes the unnamed statement and portal away. */
  discardUnnamed(): void {
    this.#texts.delete('');
    this.#closePortal('');
    this.#session.closeStatement('');
    this.#session.closePortal('');
  }

  async #parse(body: FieldReader, context: { sql: string | null }): Promise<void> {
    const name = body.text();
    const sql = body.text();
    const oids = Array.from({ length: body.uint16() }, () => body.uint32());
    body.end();
    context.sql = sql;
    await this.#session.parse(name, sql, oids);
    this.#texts.set(name, sql);
    this.#writer.plain('1');
  }

  async #bind(body: FieldReader, context: { sql: string | null }): Promise<void> {
    const portal = body.text();
    const statement = body.text();
    const formats = readFormats(body);
    const values = Array.from({ length: body.uint16() }, () => {
      const length = body.int32();
      return length === -1 ? null : body.bytes(length);
    });
    const resultFormats = readFormats(body);
    body.end();
    context.sql = this.#texts.get(statement) ?? null;
    const { parameters, fields } = this.#session.describeStatement(statement);
    checkCounts(statement, parameters, values, formats);
    const datums = values.map((bytes, index) =>
      this.#decode(bytes, parameters[index]!, formatAt(formats, index), index),
    );
    await this.#session.bind(portal, statement, datums);
    this.#portals.set(portal, {
      formats: expandFormats(resultFormats, fields),
      sql: context.sql ?? '',
      active: null,
    });
    this.#writer.plain('2');
  }

  #decode(bytes: Buffer | null, type: SqlType, format: number, index: number): Datum | null {
    if (bytes === null) return null;
    if (format !== 0 && format !== 1) throw unsupportedFormat(format);
    try {
      if (format === 1) return decodeBinary(bytes, type);
      return parseText(decodeUtf8(bytes), type, this.#session.textOptions());
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      throw new SqlError(error.code, error.message, {
        ...error.fields,
        detail: error.fields.detail ?? `The value is parameter $${index + 1}.`,
      });
    }
  }

  #describe(body: FieldReader): void {
    const target = body.letter();
    const name = body.text();
    body.end();
    if (target === 'S') {
      const { parameters, fields } = this.#session.describeStatement(name);
      this.#writer.parameterDescription(parameters.map(oidOf));
      this.#describeFields(fields, null);
      return;
    }
    const fields = this.#session.describePortal(name);
    this.#describeFields(fields, this.#portals.get(name)?.formats ?? null);
  }

  #describeFields(fields: Schema | null, formats: readonly number[] | null): void {
    if (fields === null) this.#writer.plain('n');
    else this.#writer.rowDescription(fields, formats ?? fields.map(() => 0));
  }

  async #execute(body: FieldReader, context: { sql: string | null }): Promise<void> {
    const name = body.text();
    const rowsMax = Math.max(0, body.int32());
    body.end();
    // Throws when the portal went with its transaction.
    this.#session.describePortal(name);
    const portal = this.#portals.get(name);
    context.sql = portal?.sql ?? null;
    const suspended = portal?.active ?? null;
    if (suspended !== null) this.#session.resume(name);
    const result = suspended ?? (await this.#session.execute(name));
    const complete = await sendResult(result, {
      output: this.#output,
      writer: this.#writer,
      session: this.#session,
      formats: portal?.formats ?? null,
      describe: false,
      rowsMax,
      receive: this.#receive,
    });
    if (portal !== undefined) portal.active = complete ? finished(result) : result;
  }

  /** What is suspended there ends: a subscription would go on for ever. */
  #closePortal(name: string): void {
    const active = this.#portals.get(name)?.active;
    if (active?.kind === 'rows') active.cursor.close();
    this.#portals.delete(name);
  }

  #close(body: FieldReader): void {
    const target = body.letter();
    const name = body.text();
    body.end();
    if (target === 'S') {
      this.#texts.delete(name);
      this.#session.closeStatement(name);
    } else {
      this.#closePortal(name);
      this.#session.closePortal(name);
    }
    this.#writer.plain('3');
  }
}

/** A finished portal that is executed again has no more rows. */
function finished(result: StatementResult): StatementResult | null {
  if (result.kind !== 'rows') return null;
  return {
    ...result,
    cursor: { next: () => Promise.resolve(null), close: () => undefined },
  };
}

function readFormats(body: FieldReader): number[] {
  return Array.from({ length: body.uint16() }, () => body.uint16());
}

/** No code: all text; one code: for all; else one each. */
function formatAt(formats: readonly number[], index: number): number {
  return formats.length === 0 ? 0 : formats.length === 1 ? formats[0]! : (formats[index] ?? 0);
}

function expandFormats(formats: readonly number[], fields: Schema | null): readonly number[] {
  if (fields === null) return [];
  if (formats.length > 1 && formats.length !== fields.length) {
    throw new SqlError(
      sqlstate.protocolViolation,
      `bind message has ${formats.length} result formats but query has ${fields.length} columns`,
    );
  }
  return fields.map((_, index) => {
    const format = formatAt(formats, index);
    if (format !== 0 && format !== 1) throw unsupportedFormat(format);
    return format;
  });
}

function checkCounts(
  statement: string,
  parameters: readonly SqlType[],
  values: readonly unknown[],
  formats: readonly number[],
): void {
  if (values.length !== parameters.length) {
    throw new SqlError(
      sqlstate.protocolViolation,
      `bind message supplies ${values.length} parameters, but prepared statement "${statement}" requires ${parameters.length}`,
    );
  }
  if (formats.length > 1 && formats.length !== values.length) {
    throw new SqlError(
      sqlstate.protocolViolation,
      `bind message has ${formats.length} parameter formats but ${values.length} parameters`,
    );
  }
}
