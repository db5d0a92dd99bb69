/** Rows as the bytes of a file: a head, chunks that can be cut off at any checkpoint, a tail. */

import { assert } from '../../base/assert.ts';
import { csvRowEncoder } from '../../formats/csv-encode.ts';
import { encodeJsonRow } from '../../formats/json-encode.ts';
import type { OptionValues } from '../../formats/options.ts';
import type { Row } from '../../types/datum.ts';
import type { Schema } from '../../types/schema.ts';
import { types as sqlTypes } from '../../types/sql-type.ts';
import { ArrowEncoder } from './arrow-encoder.ts';
import type { PartEncoder } from './part-encoder.ts';

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
      return new LineEncoder('jsonl', (row) => encodeJsonRow(keys, types, row, { timestamps }));
    }
    case 'csv': {
      const names = csvRowEncoder(
        keys.map(() => sqlTypes.text),
        formatOptions,
      );
      const head = header ? Buffer.from(`${names(keys)}\n`, 'utf8') : new Uint8Array(0);
      return new LineEncoder('csv', csvRowEncoder(types, formatOptions), head);
    }
    default:
      assert(format === 'arrow', `no encoder for format ${format}`);
      return new ArrowEncoder(columns, keys);
  }
}

/** One record a line. */
class LineEncoder implements PartEncoder {
  readonly extension: string;
  readonly rowsPerChunk = 1;
  readonly head: Uint8Array;
  readonly #line: (row: Row) => string;
  /** The row checked last, and its line: it is mostly the next one to be written. */
  #checked: Row | null = null;
  #checkedLine = '';

  constructor(extension: string, line: (row: Row) => string, head = new Uint8Array(0)) {
    this.head = head;
    this.extension = extension;
    this.#line = line;
  }

  check(row: Row): void {
    this.#checkedLine = this.#line(row);
    this.#checked = row;
  }

  chunk(rows: readonly Row[]): { readonly bytes: Uint8Array; readonly mark: null } {
    let text = '';
    for (const row of rows) {
      text += `${row === this.#checked ? this.#checkedLine : this.#line(row)}\n`;
    }
    return { bytes: Buffer.from(text, 'utf8'), mark: null };
  }

  tail(): Uint8Array {
    return new Uint8Array(0);
  }
}
