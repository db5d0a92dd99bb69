import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Row } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { types } from '../types/sql-type.ts';
import { checkBatch } from './checks.ts';
import { Consolidator, consolidate } from './consolidate.ts';
import { Graph } from './graph.ts';
import type { Operator, Output } from './operator.ts';
import { InputWatermarks } from './watermark.ts';

const columnTypes = [types.integer, types.numeric];

function batchOf(rows: readonly (readonly [Row, number])[]): Batch {
  const builder = new BatchBuilder(columnTypes);
  for (const [row, weight] of rows) builder.append(row, weight);
  return builder.batch();
}

function printed(batch: Batch | null): string[] {
  if (batch === null) return [];
  return readRows(batch, columnTypes).map(
    ({ row, weight }) => `${weight}: ${row.map(String).join(' ')}`,
  );
}

describe('consolidation', () => {
  it('adds up rows that look the same and drops what cancels', () => {
    const one = Decimal.parse('1.0');
    const batch = batchOf([
      [[1, one], 2],
      [[1, Decimal.parse('1.00')], 1],
      [[2, null], 1],
      [[1, one], -3],
      [[2, null], -1],
    ]);
    expect(printed(consolidate(batch, columnTypes))).toEqual(['-1: 1 1.0', '1: 1 1.00']);
  });

  it('starts over after each take', () => {
    const consolidator = new Consolidator(columnTypes);
    for (let round = 0; round < 5; round++) {
      consolidator.add(batchOf([[[round, null], 1]]));
      expect(printed(consolidator.take())).toEqual([`1: ${round} null`]);
      expect(consolidator.take()).toBe(null);
    }
  });
});

describe('watermarks', () => {
  it('combine by the least and never step back', () => {
    const watermarks = new InputWatermarks(2);
    expect(watermarks.advance(0, 5)).toBe(false);
    expect(watermarks.least).toBe(-Infinity);
    expect(watermarks.advance(1, 3)).toBe(true);
    expect(watermarks.least).toBe(3);
    expect(watermarks.leastBut(1)).toBe(5);
    expect(watermarks.advance(1, Infinity)).toBe(true);
    expect(watermarks.least).toBe(5);
    expect(() => watermarks.advance(0, 4)).toThrow('steps back');
  });

  it('survive a restart', () => {
    const before = new InputWatermarks(2);
    before.advance(0, 5);
    const writer = new ByteWriter();
    expect(before.dirty).toBe(true);
    before.writeDelta(writer);
    expect(before.dirty).toBe(false);
    const after = new InputWatermarks(2);
    after.load(new ByteReader(writer.view()));
    expect([after.of(0), after.of(1)]).toEqual([5, -Infinity]);
  });
});

describe('batch checks', () => {
  const edge = { types: columnTypes, appendOnly: true };
  const good = batchOf([[[1, null], 1]]);

  it('pass a good batch', () => {
    expect(() => checkBatch(good, edge, 'here')).not.toThrow();
  });

  it('find wrong columns, kinds, weights and retractions', () => {
    const check = (change: Partial<Batch>) => () =>
      checkBatch({ ...good, ...change }, edge, 'here');
    expect(check({ count: 0 })).toThrow('empty batch');
    expect(check({ columns: good.columns.slice(1) })).toThrow('1 columns, not 2');
    expect(check({ columns: [good.columns[1]!, good.columns[0]!] })).toThrow(
      'a i32 column of numeric',
    );
    expect(check({ weights: Int32Array.of(0) })).toThrow('weight 0');
    expect(check({ weights: Int32Array.of(-1) })).toThrow('retracted');
    expect(check({ count: 2000 })).toThrow('values for 2000 rows');
  });
});

/** Passes everything on in flush and writes down what it is called with. */
class Recorder implements Operator {
  readonly stateTables = [];
  readonly counters = { rowsIn: 0, rowsOut: 0, rowsLate: 0, rowsFailed: 0 };
  readonly #name: string;
  readonly #calls: string[];
  readonly #held: Batch[] = [];
  #output: Output | null = null;

  constructor(name: string, calls: string[]) {
    this.#name = name;
    this.#calls = calls;
  }

  connect(output: Output): void {
    this.#output = output;
  }

  push(batch: Batch, input: number): void {
    this.#calls.push(`${this.#name} push ${input}`);
    this.#held.push(batch);
  }

  watermark(micros: number, input: number): void {
    this.#calls.push(`${this.#name} watermark ${input} ${micros}`);
  }

  flush(): void {
    this.#calls.push(`${this.#name} flush`);
    for (const batch of this.#held.splice(0)) this.#output!.emit(batch);
  }

  restored(): void {
    // No state.
  }
}

describe('graph', () => {
  it('flushes after all predecessors, and only those who heard something', () => {
    const calls: string[] = [];
    const graph = new Graph();
    const source = graph.addSource();
    const other = graph.addSource();
    const a = graph.addOperator(new Recorder('a', calls), [source]);
    const b = graph.addOperator(new Recorder('b', calls), [a]);
    graph.addOperator(new Recorder('c', calls), [a, b]);
    graph.addOperator(new Recorder('d', calls), [other]);
    graph.tick();
    calls.length = 0;
    graph.source(source).emit(batchOf([[[1, null], 1]]));
    graph.tick();
    expect(calls).toEqual([
      'a push 0',
      'a flush',
      'b push 0',
      'c push 0',
      'b flush',
      'c push 1',
      'c flush',
    ]);
    calls.length = 0;
    graph.source(other).watermark(7);
    graph.tick();
    expect(calls).toEqual(['d watermark 0 7', 'd flush']);
  });

  it('takes nodes out while the rest goes on, and lets probes listen', () => {
    const calls: string[] = [];
    const graph = new Graph();
    const source = graph.addSource();
    const a = graph.addOperator(new Recorder('a', calls), [source]);
    const b = graph.addOperator(new Recorder('b', calls), [source]);
    let heard = 0;
    const stop = graph.probe(b, { emit: () => heard++, watermark: () => undefined });
    graph.remove([a]);
    const batch = batchOf([[[1, null], 1]]);
    graph.source(source).emit(batch);
    graph.tick();
    expect(calls).toEqual(['b push 0', 'b flush']);
    stop();
    graph.source(source).emit(batch);
    graph.tick();
    expect(heard).toBe(1);
    expect(() => graph.addOperator(new Recorder('e', calls), [a])).toThrow('a node of that number');
  });
});
