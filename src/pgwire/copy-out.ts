/** COPY … TO STDOUT: rows as CopyData messages in text, CSV or binary form. */

import type { CopyOptions } from '../session/session-api.ts';
import type { Batch } from '../types/batch.ts';
import { encodeBinary } from '../types/binary-io.ts';
import { readDatum } from '../types/column-access.ts';
import type { Schema } from '../types/schema.ts';
import { formatText, type TextIoOptions } from '../types/text-io.ts';
import type { MessageWriter } from './message-writer.ts';

export interface CopyRowWriter {
  header(writer: MessageWriter): void;
  row(writer: MessageWriter, batch: Batch, row: number): void;
  trailer(writer: MessageWriter): void;
}

export function copyRowWriter(fields: Schema, copy: CopyOptions, io: TextIoOptions): CopyRowWriter {
  return copy.format === 'binary' ? binaryRows(fields) : textRows(fields, copy, io);
}

function textRows(fields: Schema, copy: CopyOptions, io: TextIoOptions): CopyRowWriter {
  const quote =
    copy.format === 'csv'
      ? (text: string): string => csvField(text, copy)
      : escapeText(copy.delimiter);
  const line = (writer: MessageWriter, cells: readonly string[]): void => {
    const text = `${cells.join(copy.delimiter)}\n`;
    writer.begin('d').raw(Buffer.from(text, 'utf8')).end();
  };
  return {
    header: (writer) => {
      if (copy.header)
        line(
          writer,
          fields.map((field) => quote(field.name)),
        );
    },
    row: (writer, batch, row) => {
      const cells = fields.map((field, index) => {
        const value = readDatum(batch.columns[index]!, row, field.type);
        return value === null ? copy.nullText : quote(formatText(value, field.type, io));
      });
      line(writer, cells);
    },
    trailer: () => undefined,
  };
}

/** https://www.postgresql.org/docs/15/sql-copy.html, text format. */
function escapeText(delimiter: string): (text: string) => string {
  const escapes = new Map([
    ['\\', '\\\\'],
    ['\b', '\\b'],
    ['\f', '\\f'],
    ['\n', '\\n'],
    ['\r', '\\r'],
    ['\t', '\\t'],
    ['\v', '\\v'],
    [delimiter, delimiter === '\t' ? '\\t' : `\\${delimiter}`],
  ]);
  return (text) => {
    let escaped = '';
    for (const character of text) escaped += escapes.get(character) ?? character;
    return escaped;
  };
}

function csvField(text: string, copy: CopyOptions): string {
  const { delimiter, quote, escape, nullText } = copy;
  const plain =
    text !== nullText &&
    text !== '\\.' &&
    ![delimiter, quote, '\n', '\r'].some((special) => text.includes(special));
  if (plain) return text;
  let escaped = '';
  for (const character of text) {
    escaped += character === quote || character === escape ? escape + character : character;
  }
  return quote + escaped + quote;
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

function binaryRows(fields: Schema): CopyRowWriter {
  return {
    header: (writer) => writer.begin('d').raw(signature).int32(0).int32(0).end(),
    row: (writer, batch, row) => {
      writer.begin('d').int16(fields.length);
      fields.forEach((field, index) => {
        const value = readDatum(batch.columns[index]!, row, field.type);
        if (value === null) {
          writer.int32(-1);
          return;
        }
        const bytes = encodeBinary(value, field.type);
        writer.int32(bytes.length).raw(bytes);
      });
      writer.end();
    },
    trailer: (writer) => writer.begin('d').int16(-1).end(),
  };
}
