/** The arrays of record blocks, reused from block to block. */

export interface BlockArrays {
  readonly capacity: number;
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  readonly headerStart: Int32Array;
  readonly offsets: Float64Array;
  readonly timestampsMs: Float64Array;
}

/** Arrays kept for reuse; more than that are left to the garbage collector. */
const keptMax = 32;

export class BlockPool {
  readonly #capacity: number;
  readonly #free: BlockArrays[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  take(): BlockArrays {
    return this.#free.pop() ?? this.#make();
  }

  /** Takes arrays back; nobody may read them afterwards. */
  give(arrays: BlockArrays): void {
    if (this.#free.length < keptMax) this.#free.push(arrays);
  }

  #make(): BlockArrays {
    const capacity = this.#capacity;
    return {
      capacity,
      valueStart: new Int32Array(capacity),
      valueEnd: new Int32Array(capacity),
      keyStart: new Int32Array(capacity),
      keyEnd: new Int32Array(capacity),
      headerStart: new Int32Array(capacity),
      offsets: new Float64Array(capacity),
      timestampsMs: new Float64Array(capacity),
    };
  }
}
