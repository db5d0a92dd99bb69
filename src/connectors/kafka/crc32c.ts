/**
 * CRC-32C (Castagnoli), with which every record batch is guarded. Long inputs are folded first, by an
 * identity that needs neither tables nor multiplication: a polynomial x^a + x^b + … + 1 that the CRC's own
 * divides lets a word be removed from the front when it is xored into the words a, a − b, … places on. To
 * square a polynomial over two elements doubles its exponents, so the places may count words of sixteen
 * bytes. What is left, a kilobyte, goes through sixteen tables. The loops are WebAssembly.
 */

import { crcModule, foldUnroll } from './crc32c-module.ts';
import type { CrcModule } from './crc32c-module.ts';

const polynomial = 0x82f63b78;
const tableBytes = 16 * 256 * 4;
const wordBytes = 16;
/** Bytes given to the module at a time; small enough to stay in the cache between copy and sum. */
const windowBytes = 32 * 1024;

/**
 * Places over which a word is spread: a − b … a of x^209 + x^144 + x^54 + x^39 + x^14 + 1, the shortest
 * multiple of the CRC's polynomial with six terms, and of the shortest with eight, x^79 + x^75 + x^71 + x^58
 * + x^18 + x^12 + x + 1. The first folds faster, the second leaves less.
 */
const foldSteps = [
  [65, 155, 170, 195, 209],
  [4, 8, 21, 61, 67, 78, 79],
];

interface Fold {
  readonly run: (at: number, end: number) => void;
  readonly steps: readonly number[];
  /** Bytes over which a word is spread, which are left at the end. */
  readonly reach: number;
}

/** Bytes before the window: zeros at first, then the end of the window before. */
const carryBytes = 209 * wordBytes;
const windowStart = tableBytes + carryBytes;
const turnBytes = foldUnroll * wordBytes;
/** Shorter inputs go through the tables at once. */
const foldedMin = 4096;

/** Makes CRC-32C sums. One instance serves one source. */
export class Crc32c {
  readonly #module: CrcModule;
  readonly #tables: Int32Array;
  readonly #memory: Uint8Array;
  readonly #folds: readonly Fold[];

  constructor() {
    const module = crcModule(Math.ceil((windowStart + windowBytes) / 65_536), foldSteps);
    this.#module = module;
    this.#tables = new Int32Array(module.memory, 0, tableBytes / 4);
    fillTables(this.#tables);
    this.#memory = new Uint8Array(module.memory);
    this.#folds = foldSteps.map((steps, index) => ({
      run: module.folds[index]!,
      steps,
      reach: Math.max(...steps) * wordBytes,
    }));
  }

  /** The sum of bytes[start .. end) as an unsigned 32-bit number. */
  sum(bytes: Uint8Array, start: number, end: number): number {
    const whole = start + ((end - start) & -wordBytes);
    let crc = whole - start >= foldedMin ? this.#folded(bytes, start, whole) : -1;
    if (whole > start && whole - start < foldedMin) {
      this.#memory.set(bytes.subarray(start, whole), windowStart);
      crc = this.#module.look(windowStart, windowStart + whole - start, crc);
    }
    const tables = this.#tables;
    for (let at = whole; at < end; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
    return ~crc >>> 0;
  }

  /** The sum so far of whole words, at least `foldedMin` bytes of them. */
  #folded(bytes: Uint8Array, start: number, end: number): number {
    const memory = this.#memory;
    const [far, near] = this.#folds;
    memory.fill(0, tableBytes, windowStart);
    for (let at = start; ;) {
      const left = end - at;
      // The last window must hold all that the one before it spreads over.
      const count =
        left <= windowBytes ? left : Math.min(windowBytes, (left - carryBytes) & -turnBytes);
      memory.set(bytes.subarray(at, at + count), windowStart);
      // A sum begins with ones, which is to say with the first four bytes inverted.
      if (at === start)
        for (let index = 0; index < 4; index++) memory[windowStart + index]! ^= 0xff;
      const stop = windowStart + count;
      at += count;
      if (at < end) {
        far!.run(windowStart - far!.reach, stop - far!.reach);
        memory.copyWithin(tableBytes, stop - carryBytes, stop);
        continue;
      }
      const rest = count >= far!.reach ? this.#reduce(far!, windowStart, stop) : windowStart;
      memory.fill(0, rest - near!.reach, rest);
      return this.#module.look(this.#reduce(near!, rest, stop), stop, 0);
    }
  }

  /** Spreads all words of [start .. end) but the last over the ones behind; where those begin. */
  #reduce(fold: Fold, start: number, end: number): number {
    const { run, steps, reach } = fold;
    const rest = start + ((end - reach - start) & -turnBytes);
    if (rest > start) run(start - reach, rest - reach);
    for (const step of steps) {
      const stop = Math.min(end, rest + step * wordBytes);
      this.#module.add(rest, rest - step * wordBytes, stop);
    }
    return rest;
  }
}

/** Sixteen tables of 256: table k advances a byte that stands k places before the last of its step. */
function fillTables(tables: Int32Array): void {
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const previous = tables[index - 256]!;
    tables[index] = (previous >>> 8) ^ tables[previous & 0xff]!;
  }
}
