/**
 * The JSON decoder. Records of a known shape go through generated code (json-generate.ts); any other
 * record goes through the strict parser and the coercion rules, which define the result. Both write the
 * same pooled columns.
 *
 * It owns the arrays of one batch at a time: a batch handed to `decode` with count 0 starts over, one with
 * rows is appended to.
 */

import { assert } from '../base/assert.ts';
import type { Batch } from '../types/batch.ts';
import { DecodedColumn, SideText } from './decoded-column.ts';
import type { DecodeSink, Decoder, DecoderOptions, EncodedRecords } from './format.ts';
import { coerceJson, mismatch, shorten } from './json-coerce.ts';
import { JsonParser, Refused, type JsonNode } from './json-parse.ts';
import { shapeOf, type SeenMember } from './json-shape.ts';
import { ShapeCache } from './json-shapes.ts';
import {
  lastMember,
  requestsOf,
  rootTargets,
  seenMembers,
  type JsonTarget,
  type Member,
  type RootTarget,
} from './json-target.ts';
import { soundUtf8, stringEnd, unescapeInto } from './json-text.ts';

/** What json.ts makes of the options. */
export interface JsonRules {
  /** False: stop after the last needed column, and leave the rest of the record unread. */
  readonly strict: boolean;
  /** A missing key is an error even for a nullable column. */
  readonly failOnMissing: boolean;
  /** A value that cannot be read is NULL (nullable columns only). */
  readonly ignoreErrors: boolean;
  readonly recordBytesMax: number;
}

const readPadding = 16;

export class JsonDecoder implements Decoder {
  readonly counters = { fast: 0, slow: 0, refused: 0 };
  readonly #rules: JsonRules;
  readonly #side = new SideText();
  readonly #columns: readonly DecodedColumn[];
  /** The first so many columns are in a batch; the others are only checked. */
  readonly #handedOn: number;
  readonly #roots: readonly RootTarget[];
  readonly #targets: ReadonlyMap<string, JsonTarget>;
  readonly #parser = new JsonParser();
  /** Members of the record on the slow path. */
  readonly #members: Member[] = [];
  readonly #shapes: ShapeCache | null;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #viewed: Uint8Array | null = null;
  /** The next row to write. */
  #row = 0;

  constructor(options: DecoderOptions, rules: JsonRules) {
    this.#rules = rules;
    const requests = requestsOf(options);
    this.#columns = requests.map(
      ({ type, nullable, stored }) => new DecodedColumn(type, nullable, this.#side, stored),
    );
    this.#handedOn = requests.filter((request) => request.stored).length;
    this.#roots = rootTargets(options, requests);
    this.#targets = new Map(this.#roots.map(({ name, target }) => [name, target]));
    this.#shapes = options.codegen ? new ShapeCache(this.#columns, this.#runtime(), rules) : null;
  }

  /** The generated source of every shape in use, for EXPLAIN (CODE) and tests. */
  sources(): string[] {
    return this.#shapes?.known.map((shape) => shape.program.source) ?? [];
  }

  decode(records: EncodedRecords, from: number, to: number, into: Batch, sink: DecodeSink): void {
    if (into.count === 0) this.#side.clear();
    this.#side.forgetShift();
    this.#look(records.bytes);
    const span = spanOf(records, from, to);
    assert(span.high + readPadding <= records.bytes.length, 'records lack their padding');
    for (const column of this.#columns) {
      column.begin(into.count, into.count + to - from, records.bytes);
    }
    this.#row = into.count;
    for (let index = from; index < to;) {
      index = this.#runShapes(records, index, to, sink);
      if (index < to) this.#slow(records, index++, sink);
    }
    this.#finish(records, span, into);
  }

  #look(bytes: Uint8Array): void {
    if (this.#viewed === bytes) return;
    this.#viewed = bytes;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #finish(records: EncodedRecords, span: Span, into: Batch): void {
    into.count = this.#row;
    for (let index = 0; index < this.#handedOn; index++) {
      const column = this.#columns[index]!;
      into.columns[index] = column.finish(this.#row, records.bytes, span.low, span.high);
    }
  }

  /** Decodes as many records as known shapes can, one stretch a shape; the first that none can. */
  #runShapes(encoded: EncodedRecords, first: number, to: number, sink: DecodeSink): number {
    const shapes = this.#shapes;
    if (shapes === null) return first;
    const { valueStart, valueEnd } = encoded;
    let index = first;
    for (let tried = 0; tried < shapes.known.length;) {
      const { run } = shapes.known[tried]!.program;
      const stop = run(this.#bytes, this.#view, valueStart, valueEnd, index, to, this.#row);
      assert(stop >= index && stop <= to, 'a shape stopped outside of its records');
      const records = stop - index;
      this.counters.fast += records;
      if (records > 0) sink.rows(index, this.#row, records);
      index = stop;
      this.#row += records;
      if (index === to) {
        shapes.worked(tried, records);
        return to;
      }
      // What the stopped program left of the next row must not show through.
      for (const column of this.#columns) column.clearRow(this.#row);
      if (records === 0) {
        tried++;
        continue;
      }
      shapes.worked(tried, records);
      // The shape that just stopped cannot read this record: begin with the second.
      tried = 1;
    }
    return index;
  }

  #slow(records: EncodedRecords, index: number, sink: DecodeSink): void {
    this.counters.slow++;
    const start = records.valueStart[index]!;
    const end = records.valueEnd[index]!;
    for (const column of this.#columns) column.clearRow(this.#row);
    try {
      this.#parse(start, end);
      this.#write();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const column of this.#columns) column.clearRow(this.#row);
      this.counters.refused++;
      sink.refused(index, error.message);
      return;
    }
    this.#learn(start, end);
    sink.rows(index, this.#row++, 1);
  }

  #parse(start: number, end: number): void {
    if (end < 0) throw new Refused('null value');
    if (end - start > this.#rules.recordBytesMax) {
      throw new Refused(
        `the record has ${end - start} bytes, more than json.max-record-bytes (${this.#rules.recordBytesMax})`,
      );
    }
    this.#members.length = 0;
    this.#parser.open(this.#bytes, start, end);
    this.#parser.record((key, parser) => {
      this.#members.push([key, parser.value()]);
    });
  }

  #write(): void {
    for (const { name, target } of this.#roots) {
      try {
        const node = lastMember(this.#members, name);
        if (node === null && this.#rules.failOnMissing) throw new Refused('the key is missing');
        this.#writeTarget(target, node);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        throw new Refused(shorten(`column "${name}": ${error.message}`));
      }
    }
  }

  #writeTarget(target: JsonTarget, node: JsonNode | null): void {
    if (target.kind === 'column') {
      this.#writeColumn(this.#columns[target.column]!, node);
      return;
    }
    if (node === null || node.kind === 'null') {
      if (!target.nullable) throw notNull(node);
      for (const column of target.columns) this.#columns[column]!.setNull(this.#row);
      return;
    }
    if (node.kind !== 'object') throw mismatch(node, target.type);
    for (const [name, field] of target.fields) {
      this.#writeTarget(field, lastMember(node.members, name));
    }
  }

  #writeColumn(column: DecodedColumn, node: JsonNode | null): void {
    if (node === null || node.kind === 'null') {
      if (!column.nullable) throw notNull(node);
      column.setNull(this.#row);
    } else if (!this.#writeView(column, node)) {
      column.set(this.#row, this.#coerce(column, node));
    }
  }

  #coerce(column: DecodedColumn, node: JsonNode): ReturnType<typeof coerceJson> {
    try {
      return coerceJson(node, column.type, this.#parser);
    } catch (error) {
      if (error instanceof Refused && this.#rules.ignoreErrors && column.nullable) return null;
      throw error;
    }
  }

  /** Text without escapes stays where it is. */
  #writeView(column: DecodedColumn, node: JsonNode): boolean {
    const { type } = column;
    if (type.kind !== 'text' && (type.kind !== 'varchar' || type.length !== null)) return false;
    if (node.kind !== 'string') {
      column.setView(this.#row, node.start, node.end - node.start);
    } else if (!node.escaped) {
      column.setView(this.#row, node.start + 1, node.end - node.start - 2);
    } else {
      const at = this.#side.length;
      const length = unescapeInto(this.#side, this.#bytes, node.start + 1, node.end - 1);
      column.setSide(this.#row, at, length);
    }
    return true;
  }

  #learn(start: number, end: number): void {
    const shapes = this.#shapes;
    if (shapes === null || !shapes.learning) return;
    const seen: SeenMember[] = [];
    seenMembers(this.#members, this.#targets, seen);
    const shape = shapeOf(this.#bytes, { start, end }, seen, this.#columns);
    if (shape !== null) shapes.missed(shape);
  }

  #runtime(): ConstructorParameters<typeof ShapeCache>[1] {
    const parser = new JsonParser();
    return {
      escaped: (column, row, start, at, end) => {
        const close = stringEnd(this.#bytes, at, end);
        if (close < 0 || !soundUtf8(this.#bytes, start, close)) return -1;
        const offset = this.#side.length;
        const length = unescapeInto(this.#side, this.#bytes, start, close);
        this.#columns[column]!.setSide(row, offset, length);
        return close;
      },
      skipEscaped: (start, at, end) => {
        const close = stringEnd(this.#bytes, at, end);
        return close >= 0 && soundUtf8(this.#bytes, start, close) ? close : -1;
      },
      skip: (at, end) =>
        this.#orSurprise(() => {
          parser.resume(this.#bytes, at, end);
          parser.skip();
          return soundUtf8(this.#bytes, at, parser.position) ? parser.position : -1;
        }),
      value: (column, row, at, end) =>
        this.#orSurprise(() => {
          parser.resume(this.#bytes, at, end);
          const node = parser.value();
          const target = this.#columns[column]!;
          if (!soundUtf8(this.#bytes, at, parser.position)) return -1;
          if (node.kind === 'null' && !target.nullable) return -1;
          const value = coerceJson(node, target.type, parser);
          if (target.stored) target.set(row, value);
          return parser.position;
        }),
    };
  }

  /** -1 where the slow path would refuse: it will say why. */
  #orSurprise(read: () => number): number {
    try {
      return read();
    } catch (error) {
      if (error instanceof Refused) return -1;
      throw error;
    }
  }
}

function notNull(node: JsonNode | null): Refused {
  return new Refused(`${node === null ? 'the key is missing' : 'null'}, but it is NOT NULL`);
}

interface Span {
  readonly low: number;
  readonly high: number;
}

/** The stretch of bytes that records [from, to) lie in. */
function spanOf(records: EncodedRecords, from: number, to: number): Span {
  let low = records.bytes.length;
  let high = 0;
  for (let index = from; index < to; index++) {
    if (records.valueEnd[index]! < 0) continue;
    low = Math.min(low, records.valueStart[index]!);
    high = Math.max(high, records.valueEnd[index]!);
  }
  return { low: Math.min(low, high), high };
}
