/** The result of one statement as messages: row description, rows, completion; or COPY data. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { CopyIn, RowCursor, Session, StatementResult } from '../session/session-api.ts';
import type { Schema } from '../types/schema.ts';
import { copyRowWriter } from './copy-out.ts';
import type { MessageWriter } from './message-writer.ts';
import type { OutputStream } from './output-stream.ts';
import { RowEncoder } from './row-encoder.ts';

export interface SendOptions {
  readonly output: OutputStream;
  readonly writer: MessageWriter;
  readonly session: Session;
  /** A format for each field, or null: all text. */
  readonly formats: readonly number[] | null;
  /** Whether a RowDescription goes first (simple queries). */
  readonly describe: boolean;
  /** Rows to send at the most; 0: all. */
  readonly rowsMax: number;
  /** Takes the data of COPY FROM STDIN from the client. */
  readonly receive: (copy: CopyIn) => Promise<void>;
}

/** Completion tags that end in the number of rows. */
const countedTags: ReadonlySet<string> = new Set(['SELECT', 'FETCH', 'SUBSCRIBE']);

/** Rows asked of a cursor at once. */
const batchRows = 1024;

/**
 * Sends a result; true when it is complete, false when it stopped at `rowsMax`. A live one is sent as its rows
 * are made, one write for all that there is, and ends when the client goes.
 */
export async function sendResult(result: StatementResult, options: SendOptions): Promise<boolean> {
  const cursor = 'cursor' in result ? result.cursor : null;
  if (cursor?.idle === undefined) return await sendWhole(result, options);
  options.output.listen(true);
  try {
    return await sendWhole(result, options);
  } catch (error) {
    cursor.close();
    throw error;
  } finally {
    options.output.listen(false);
  }
}

async function sendWhole(result: StatementResult, options: SendOptions): Promise<boolean> {
  const { writer } = options;
  switch (result.kind) {
    case 'empty':
      writer.plain('I');
      return true;
    case 'done':
      writer.commandComplete(result.tag);
      return true;
    case 'rows':
      return await sendRows(result.fields, result.cursor, result.tag, options);
    case 'copy-in':
      await options.receive(result.copy);
      // The simple protocol commits first, and then says so.
      if (!options.describe) writer.commandComplete(result.copy.tag ?? '');
      return true;
    case 'copy-out':
      await sendCopy(result, options);
      return true;
  }
}

async function sendRows(
  fields: Schema,
  cursor: RowCursor,
  tag: string,
  options: SendOptions,
): Promise<boolean> {
  const { writer, rowsMax } = options;
  const formats = options.formats ?? fields.map(() => 0);
  if (options.describe) writer.rowDescription(fields, formats);
  const encoder = new RowEncoder(fields, formats, options.session.textOptions());
  const limit = rowsMax === 0 ? Infinity : rowsMax;
  let sent = 0;
  while (sent < limit) {
    if (cursor.idle === true) await options.output.pushAll();
    const batch = await cursor.next(Math.min(batchRows, limit - sent));
    if (batch === null) {
      cursor.close();
      writer.commandComplete(countedTags.has(tag) ? `${tag} ${sent}` : tag);
      return true;
    }
    const encode = encoder.prepare(batch);
    for (let row = 0; row < batch.count; row++) {
      encode(writer, row);
      if ((row & 15) === 15 && options.output.isLarge) await options.output.pushIfLarge();
    }
    sent += batch.count;
    if (options.output.isLarge) await options.output.pushIfLarge();
    if (options.output.closed) throw connectionLost();
  }
  writer.plain('s');
  return false;
}

async function sendCopy(
  result: Extract<StatementResult, { kind: 'copy-out' }>,
  options: SendOptions,
): Promise<void> {
  const { writer, output, session } = options;
  const { fields, cursor, copy } = result;
  writer.copyOutResponse(copy.format === 'binary' ? 1 : 0, fields.length);
  const rows = copyRowWriter(fields, copy, session.textOptions());
  rows.header(writer);
  let sent = 0;
  for (;;) {
    if (cursor.idle === true) await output.pushAll();
    const batch = await cursor.next(batchRows);
    if (batch === null) break;
    for (let row = 0; row < batch.count; row++) rows.row(writer, batch, row);
    sent += batch.count;
    await output.pushIfLarge();
    if (output.closed) throw connectionLost();
  }
  rows.trailer(writer);
  writer.plain('c').commandComplete(`COPY ${sent}`);
}

function connectionLost(): SqlError {
  return new SqlError('08006', 'the connection was closed while a result was sent');
}

export const unsupportedFormat = (format: number): SqlError =>
  new SqlError(sqlstate.invalidParameterValue, `unsupported format code: ${format}`);
