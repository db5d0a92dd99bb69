/**
 * A plain decoder for formats that read one record at a time into datums: it owns the columns, counts,
 * and turns a refusal into a report. The format gives `read`, which returns the record's values in the
 * order of the decoder's columns, or null for a record that is silently not data (a comment).
 */

import type { Batch } from '../types/batch.ts';
import type { Datum } from '../types/datum.ts';
import { DecodedColumn, SideText } from './decoded-column.ts';
import type { Decoder, DecoderOptions, DecodeSink, EncodedRecords } from './format.ts';
import { shorten } from './json-coerce.ts';
import { Refused } from './json-parse.ts';

export type RecordReader = (
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Uint8Array | null,
) => readonly (Datum | null)[] | null;

export class RecordDecoder implements Decoder {
  readonly counters = { fast: 0, slow: 0, refused: 0 };
  readonly #side = new SideText();
  readonly #columns: readonly DecodedColumn[];
  readonly #names: readonly string[];
  readonly #read: RecordReader;

  constructor(options: DecoderOptions, read: RecordReader) {
    this.#read = read;
    this.#names = options.columns.map((ordinal) => options.keys[ordinal]!);
    this.#columns = options.columns.map((ordinal) => {
      const field = options.schema[ordinal]!;
      return new DecodedColumn(field.type, field.nullable, this.#side);
    });
  }

  decode(records: EncodedRecords, from: number, to: number, into: Batch, sink: DecodeSink): void {
    if (into.count === 0) this.#side.clear();
    this.#side.forgetShift();
    for (const column of this.#columns) {
      column.begin(into.count, into.count + to - from, records.bytes);
    }
    const header = records.header ?? null;
    let row = into.count;
    for (let index = from; index < to; index++) {
      this.counters.slow++;
      try {
        const start = records.valueStart[index]!;
        const values = this.#read(records.bytes, start, records.valueEnd[index]!, header);
        if (values === null) continue;
        this.#write(row, values);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.counters.refused++;
        sink.refused(index, shorten(error.message));
        continue;
      }
      sink.rows(index, row++, 1);
    }
    into.count = row;
    this.#columns.forEach((column, index) => {
      into.columns[index] = column.finish(row, records.bytes, 0, 0);
    });
  }

  #write(row: number, values: readonly (Datum | null)[]): void {
    this.#columns.forEach((column, index) => {
      const value = values[index] ?? null;
      column.clearRow(row);
      if (value === null && !column.nullable) {
        throw new Refused(`column "${this.#names[index]!}": null, but it is NOT NULL`);
      }
      column.set(row, value);
    });
  }
}
