/**
 * The shapes one decoder knows: at most four compiled programs, tried from the one that worked last. A
 * shape is compiled when its signature has come up often enough on the slow path (the very first record at
 * once); the program that decoded the fewest records makes room. The number of compilations is bounded, so
 * that records without any regular shape cost no more than the slow path.
 */

import type { DecodedColumn } from './decoded-column.ts';
import { generateShape, type ShapeProgram, type ShapeRuntime } from './json-generate.ts';
import { shapeSignature, type Shape } from './json-shape.ts';

const programsMax = 4;
const compilationsMax = 32;
const missesBeforeCompile = 16;
const signaturesMax = 64;

export interface KnownShape {
  readonly program: ShapeProgram;
  /** Records it decoded. */
  hits: number;
}

type ShapeOptions = Parameters<typeof generateShape>[3];

export class ShapeCache {
  /** The last successful one first. */
  readonly known: KnownShape[] = [];
  readonly #columns: readonly DecodedColumn[];
  readonly #runtime: ShapeRuntime;
  readonly #options: ShapeOptions;
  readonly #misses = new Map<string, number>();
  #compilations = 0;

  constructor(columns: readonly DecodedColumn[], runtime: ShapeRuntime, options: ShapeOptions) {
    this.#columns = columns;
    this.#runtime = runtime;
    this.#options = options;
  }

  get learning(): boolean {
    return this.#compilations < compilationsMax;
  }

  /** The shape at `index` decoded `records` records: it is tried first from now on. */
  worked(index: number, records: number): void {
    const shape = this.known[index]!;
    shape.hits += records;
    for (let at = index; at > 0; at--) this.known[at] = this.known[at - 1]!;
    this.known[0] = shape;
  }

  /** A record of this shape took the slow path. */
  missed(shape: Shape): void {
    const signature = shapeSignature(shape);
    const misses = (this.#misses.get(signature) ?? 0) + 1;
    if (this.known.length > 0 && misses < missesBeforeCompile) {
      if (this.#misses.size >= signaturesMax) this.#misses.clear();
      this.#misses.set(signature, misses);
      return;
    }
    this.#misses.delete(signature);
    this.#compile(shape);
  }

  #compile(shape: Shape): void {
    this.#compilations++;
    if (this.known.length === programsMax) {
      const fewest = this.known.reduce((least, each) => (each.hits < least.hits ? each : least));
      this.known.splice(this.known.indexOf(fewest), 1);
    }
    const program = generateShape(shape, this.#columns, this.#runtime, this.#options);
    this.known.unshift({ program, hits: 0 });
  }
}
