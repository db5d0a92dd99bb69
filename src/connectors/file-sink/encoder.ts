/** Rows as the bytes of a file: a head, chunks that can be cut off at any checkpoint, a tail. */

import { assert, must } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes.ts';
import { csvColumnsEncoder } from '../../formats/csv-columns.ts';
import { csvRowEncoder } from '../../formats/csv-encode.ts';
import { jsonColumnsEncoder } from '../../formats/json-columns.ts';
import type { OptionValues } from '../../formats/options.ts';
import type { RecordEncoder, RecordWriter } from '../../formats/record-writer.ts';
import type { Column } from '../../types/column.ts';
import type { Schema } from '../../types/schema.ts';
import { types as sqlTypes } from '../../types/sql-type.ts';
import { ArrowEncoder } from './arrow-encoder.ts';
import type { ChunkBuilder, PartEncoder } from './part-encoder.ts';

/** So many bytes of lines go to the file in one piece. */
const lineChunkBytes = 64 * 1024;

/** The encoder of a format that the sink has checked. */
export function createEncoder(
  format: string,
  columns: Schema,
  keys: readonly string[],
  { formatOptions, header }: { readonly formatOptions: OptionValues; readonly header: boolean },
): PartEncoder {
  const types = columns.map((column) => column.type);
  switch (format) {
    case 'json': {
      const iso = formatOptions.get('json.timestamp-format.standard')?.toUpperCase() === 'ISO-8601';
      const timestamps = iso ? 'ISO-8601' : 'SQL';
      return new LineEncoder('jsonl', jsonColumnsEncoder(keys, types, { timestamps }));
    }
    case 'csv': {
      const names = csvRowEncoder(
        keys.map(() => sqlTypes.text),
        formatOptions,
      );
      const head = header ? Buffer.from(`${names(keys)}\n`, 'utf8') : new Uint8Array(0);
      return new LineEncoder('csv', csvColumnsEncoder(types, formatOptions), head);
    }
    default:
      assert(format === 'arrow', `no encoder for format ${format}`);
      return new ArrowEncoder(columns, keys);
  }
}

/** One record a line. */
class LineEncoder implements PartEncoder {
  readonly extension: string;
  readonly head: Uint8Array;
  readonly #encode: RecordEncoder;
  #write: RecordWriter | null = null;

  constructor(extension: string, encode: RecordEncoder, head = new Uint8Array(0)) {
    this.head = head;
    this.extension = extension;
    this.#encode = encode;
  }

  begin(columns: readonly Column[]): void {
    this.#write = this.#encode(columns);
  }

  makeBuilder(): ChunkBuilder {
    return new LineBuilder(() => must(this.#write, 'a row before its batch'));
  }

  tail(): Uint8Array {
    return new Uint8Array(0);
  }
}

class LineBuilder implements ChunkBuilder {
  readonly #out = new ByteWriter();
  readonly #writer: () => RecordWriter;

  constructor(writer: () => RecordWriter) {
    this.#writer = writer;
  }

  get bytes(): number {
    return this.#out.length;
  }

  get empty(): boolean {
    return this.#out.length === 0;
  }

  get full(): boolean {
    return this.#out.length >= lineChunkBytes;
  }

  add(row: number, copies: number): void {
    const out = this.#out;
    const write = this.#writer();
    const start = out.length;
    try {
      for (let copy = 0; copy < copies; copy++) write(out, row);
    } catch (error) {
      out.length = start;
      throw error;
    }
  }

  take(): { readonly bytes: Uint8Array; readonly mark: null } {
    return { bytes: this.#out.detach(), mark: null };
  }
}
