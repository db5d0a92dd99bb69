/**
 * Formats: record bytes to columns, and rows to record bytes. A decoder is made for one relation and the
 * columns that its readers need, and appends rows to column builders; a record it cannot read is reported
 * and takes no row.
 */

import type { Batch } from '../types/batch.ts';
import type { Schema } from '../types/schema.ts';
import type { FormatOptionSpec, OptionValues } from './options.ts';

/** The records to decode: record i is bytes[start[i] .. end[i]), end -1 for a null value. 16 bytes of padding. */
export interface EncodedRecords {
  readonly bytes: Uint8Array;
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;
  /** The record that names the fields of these; absent: fields go by the declared order of the columns. */
  readonly header?: Uint8Array;
}

export interface Decoder {
  /**
   * Decodes records [from, to) and appends their rows to `into`, whose columns are `columns` of the
   * constructor, in order; the decoder owns and grows the column arrays. Text columns view `records.bytes`
   * where they can. `rowOf(record)` is called for each row appended, in order, so that the caller can align
   * offsets and metadata; `bad` for each record refused.
   */
  decode(records: EncodedRecords, from: number, to: number, into: Batch, sink: DecodeSink): void;
  /** Exact counts, for system tables and tests: how many records took the generated path. */
  readonly counters: { fast: number; slow: number; refused: number };
}

export interface DecodeSink {
  /** `count` records from `index` on became as many rows of the batch from `row` on. */
  rows(index: number, row: number, count: number): void;
  refused(index: number, reason: string): void;
}

export interface DecoderOptions {
  /** All physical columns of the relation, in declared order. */
  readonly schema: Schema;
  /** JSON key, or name in a CSV header, of each column: the name as it was spelled in the declaration. */
  readonly keys: readonly string[];
  /** Ordinals of the columns to decode, ascending. */
  readonly columns: readonly number[];
  /** Fields inside composite columns to decode; they follow `columns` in a batch. For formats with `readsFields`. */
  readonly fields?: readonly FieldPath[];
  /**
   * What is read for its form alone: a record in which one of these cannot be read is refused, but the values go
   * nowhere. For formats with `readsFields`.
   */
  readonly checked?: readonly FieldPath[];
  readonly options: OptionValues;
  /** False: the plain decoder, judge of the generated one. */
  readonly codegen: boolean;
}

/** A value inside a composite column: field indices from the outside in. An empty path is the column itself. */
export interface FieldPath {
  readonly ordinal: number;
  readonly path: readonly number[];
}

export interface Format {
  readonly name: string;
  /** Its decoders take `fields` and `checked`. */
  readonly readsFields?: boolean;
  /** The options it takes, beside the connector's own. */
  readonly options: readonly FormatOptionSpec[];
  /** Checks values and combinations when the relation is created; throws SqlError. */
  validate(options: OptionValues, schema: Schema): void;
  createDecoder(options: DecoderOptions): Decoder;
}
