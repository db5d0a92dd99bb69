/**
 * A one-way stream of frames between two threads: a ring of bytes in shared memory with one writer and one
 * reader. A frame may be longer than the ring; it then passes through in pieces. Nothing here waits: a writer
 * that finds no room and a reader that finds nothing say so.
 */

/** Positions count bytes modulo 2^32, so that full and empty differ. */
const written = 0;
const read = 1;
/** 1 while the writer waits for room. */
const waiting = 2;
const headerBytes = 64;
const lengthBytes = 4;

/** `capacity` in bytes, a power of two. */
export function makeRing(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(headerBytes + capacity);
}

export class RingWriter {
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #mask: number;
  #written = 0;
  /** What is left to write of a frame, its length first. */
  readonly #length = Buffer.alloc(lengthBytes);

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, headerBytes / 4);
    this.#bytes = new Uint8Array(memory, headerBytes);
    this.#mask = this.#bytes.length - 1;
  }

  /** Writes a whole frame; calls `full` as often as there is no room. */
  write(frame: Uint8Array, full: () => void): void {
    this.#length.writeUInt32LE(frame.length);
    this.#push(this.#length, full);
    this.#push(frame, full);
  }

  #push(bytes: Uint8Array, full: () => void): void {
    let from = 0;
    while (from < bytes.length) {
      const room = this.#room();
      if (room === 0) {
        Atomics.store(this.#header, waiting, 1);
        // The reader may have made room before it could see that somebody waits.
        if (this.#room() === 0) full();
        Atomics.store(this.#header, waiting, 0);
        continue;
      }
      const at = this.#written & this.#mask;
      const size = Math.min(room, bytes.length - from, this.#bytes.length - at);
      this.#bytes.set(size === bytes.length ? bytes : bytes.subarray(from, from + size), at);
      from += size;
      this.#written = (this.#written + size) | 0;
      Atomics.store(this.#header, written, this.#written);
    }
  }

  #room(): number {
    const used = (this.#written - Atomics.load(this.#header, read)) >>> 0;
    return this.#bytes.length - used;
  }
}

export class RingReader {
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #mask: number;
  #read = 0;
  readonly #length = Buffer.alloc(lengthBytes);
  /** The frame under way, or null while its length is read. */
  #frame: Uint8Array | null = null;
  #filled = 0;
  readonly #allocate: (size: number) => Uint8Array;

  /** `allocate` gives memory for a frame. */
  constructor(memory: SharedArrayBuffer, allocate: (size: number) => Uint8Array) {
    this.#header = new Int32Array(memory, 0, headerBytes / 4);
    this.#bytes = new Uint8Array(memory, headerBytes);
    this.#mask = this.#bytes.length - 1;
    this.#allocate = allocate;
  }

  /** The next whole frame in memory of its own, or null. */
  next(): Uint8Array | null {
    for (;;) {
      const target = this.#frame ?? this.#length;
      if (!this.#fill(target)) return null;
      this.#filled = 0;
      if (this.#frame === null) {
        this.#frame = this.#allocate(this.#length.readUInt32LE());
        continue;
      }
      this.#frame = null;
      return target;
    }
  }

  #fill(target: Uint8Array): boolean {
    while (this.#filled < target.length) {
      const available = (Atomics.load(this.#header, written) - this.#read) >>> 0;
      if (available === 0) return false;
      const at = this.#read & this.#mask;
      const size = Math.min(available, target.length - this.#filled, this.#bytes.length - at);
      target.set(this.#bytes.subarray(at, at + size), this.#filled);
      this.#filled += size;
      this.#read = (this.#read + size) | 0;
      Atomics.store(this.#header, read, this.#read);
    }
    return true;
  }

  /** The writer waits for the room that was made. */
  get writerWaits(): boolean {
    return Atomics.load(this.#header, waiting) === 1;
  }
}
