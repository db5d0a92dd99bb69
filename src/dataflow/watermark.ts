/**
 * Watermarks of an operator's inputs and their combination: the least of all. A watermark never steps
 * back on one input, so neither does the least. It is state: after a restart a late row must still be
 * late, before the sources have spoken again.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { StateTable } from '../state/state-table.ts';

const segmentVersion = 1;

export class InputWatermarks implements StateTable {
  readonly name = 'watermarks';
  readonly #inputs: Float64Array;
  #dirty = false;

  constructor(inputs: number) {
    this.#inputs = new Float64Array(inputs).fill(-Infinity);
  }

  get rows(): number {
    return this.#inputs.length;
  }

  get bytes(): number {
    return this.#inputs.byteLength;
  }

  get dirty(): boolean {
    return this.#dirty;
  }

  /** The least watermark of all inputs; −Infinity until each has spoken. */
  get least(): number {
    let least = Infinity;
    for (const each of this.#inputs) if (each < least) least = each;
    return least;
  }

  of(input: number): number {
    return this.#inputs[input]!;
  }

  /** The least watermark of the other inputs. */
  leastBut(input: number): number {
    let least = Infinity;
    for (let i = 0; i < this.#inputs.length; i++) {
      if (i !== input && this.#inputs[i]! < least) least = this.#inputs[i]!;
    }
    return least;
  }

  /** Records a watermark and returns whether the least moved. */
  advance(input: number, micros: number): boolean {
    const known = this.#inputs[input];
    assert(known !== undefined, `there is no input ${input}`);
    assert(
      micros >= known,
      `the watermark of input ${input} steps back from ${known} to ${micros}`,
    );
    if (micros === known) return false;
    const before = this.least;
    this.#inputs[input] = micros;
    this.#dirty = true;
    return this.least > before;
  }

  sameAs(other: StateTable): boolean {
    if (!(other instanceof InputWatermarks)) return false;
    return this.#inputs.every((micros, input) => micros === other.#inputs[input]);
  }

  writeDelta(writer: ByteWriter): void {
    writer.uint8(segmentVersion);
    for (const each of this.#inputs) writer.float64(each);
    this.#dirty = false;
  }

  writeBase(writer: ByteWriter): void {
    this.writeDelta(writer);
  }

  load(reader: ByteReader): void {
    const version = reader.uint8();
    assert(version === segmentVersion, `watermark segment has version ${version}`);
    for (let i = 0; i < this.#inputs.length; i++) this.#inputs[i] = reader.float64();
    this.#dirty = false;
  }
}
