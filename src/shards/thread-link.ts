/**
 * What one thread has of the ways to all others: a ring from and to each, and a bell. A thread that has
 * nothing to do sleeps on its bell; whoever sends it something, or makes room that it waits for, rings.
 *
 * A thread whose ring to another is full goes on receiving, so that two threads never wait for each other.
 */

import { must } from '../base/assert.ts';
import { makeRing, RingReader, RingWriter } from './ring.ts';

/** Memory shared by all threads; `rings[from][to]`. */
export interface SharedMemory {
  readonly rings: readonly (readonly SharedArrayBuffer[])[];
  /** For each thread how often its bell was rung, and whether it sleeps. */
  readonly bells: SharedArrayBuffer;
}

const ringBytes = 1 << 20;
/** Looks at the bell before sleeping; longer would take the core from those who work. */
const looks = 64;
const sleepMs = 100;
/** Frames of so many bytes and more leave their memory to others, so many of them. */
const recycledMin = 16 * 1024;
const recycledMax = 32;

export function makeSharedMemory(threads: number): SharedMemory {
  const indices = [...Array(threads).keys()];
  return {
    rings: indices.map((from) =>
      indices.map((to) => (from === to ? new SharedArrayBuffer(0) : makeRing(ringBytes))),
    ),
    bells: new SharedArrayBuffer(threads * 8),
  };
}

export interface ReceivedFrame {
  readonly from: number;
  readonly bytes: Uint8Array;
}

export class ThreadLink {
  readonly #own: number;
  readonly #bells: Int32Array;
  readonly #writers: (RingWriter | null)[] = [];
  readonly #readers: (RingReader | null)[] = [];
  /** Threads that were sent something since their bell was rung. */
  readonly #unrung = new Set<number>();
  readonly #free: ArrayBuffer[] = [];
  #received: ReceivedFrame[] = [];
  #taken = 0;

  constructor(memory: SharedMemory, own: number) {
    this.#own = own;
    this.#bells = new Int32Array(memory.bells);
    memory.rings.forEach((ways, from) => {
      if (from === own) {
        for (const [to, ring] of ways.entries()) {
          this.#writers.push(to === own ? null : new RingWriter(ring));
        }
      }
      this.#readers.push(
        from === own ? null : new RingReader(must(ways[own], 'ring'), (size) => this.#memory(size)),
      );
    });
  }

  /** Copies a frame to another thread, which may not hear of it before this one waits or calls `ringAll`. */
  send(to: number, frame: Uint8Array): void {
    this.#unrung.add(to);
    must(this.#writers[to], `a ring to thread ${to}`).write(frame, () => this.#full(to));
  }

  #full(to: number): void {
    this.#ring(to);
    const heard = Atomics.load(this.#bells, this.#own * 2);
    if (!this.#receive()) this.#sleep(heard);
  }

  #ring(to: number): void {
    Atomics.add(this.#bells, to * 2, 1);
    if (Atomics.load(this.#bells, to * 2 + 1) === 1) Atomics.notify(this.#bells, to * 2);
  }

  /** Wakes all that were sent something. */
  ringAll(): void {
    for (const to of this.#unrung) this.#ring(to);
    this.#unrung.clear();
  }

  /** Moves what has come out of the rings. True: something had. */
  #receive(): boolean {
    let some = false;
    for (let from = 0; from < this.#readers.length; from++) {
      const reader = this.#readers[from];
      if (reader === null || reader === undefined) continue;
      for (let bytes = reader.next(); bytes !== null; bytes = reader.next()) {
        this.#received.push({ from, bytes });
        some = true;
        if (reader.writerWaits) this.#ring(from);
      }
      // A long frame may have come in part.
      if (reader.writerWaits) this.#ring(from);
    }
    return some;
  }

  /** The next frame, in the order in which its sender sent it; null when none is there now. */
  next(): ReceivedFrame | null {
    if (this.#taken === this.#received.length) {
      this.#received = [];
      this.#taken = 0;
      if (!this.#receive()) return null;
    }
    return this.#received[this.#taken++]!;
  }

  /** Memory for a frame: a large one's is taken from frames that are done with. */
  #memory(size: number): Uint8Array {
    if (size < recycledMin) return Buffer.allocUnsafe(size);
    const at = this.#free.findIndex((buffer) => buffer.byteLength >= size);
    const [buffer] =
      at < 0 ? [new ArrayBuffer(2 ** Math.ceil(Math.log2(size)))] : this.#free.splice(at, 1);
    return Buffer.from(buffer!, 0, size);
  }

  /** The frame's bytes are looked at no more. */
  recycle(bytes: Uint8Array): void {
    if (bytes.length < recycledMin || this.#free.length >= recycledMax) return;
    this.#free.push(bytes.buffer as ArrayBuffer);
  }

  /** The next frame, waiting until one comes; null after a while, so that the caller can look around. */
  wait(): ReceivedFrame | null {
    this.ringAll();
    for (let look = 0; look < looks; look++) {
      const frame = this.next();
      if (frame !== null) return frame;
    }
    const heard = Atomics.load(this.#bells, this.#own * 2);
    const frame = this.next();
    if (frame !== null) return frame;
    this.#sleep(heard);
    return this.next();
  }

  /** Until the bell has rung more often than `heard`. */
  #sleep(heard: number): void {
    const own = this.#own * 2;
    Atomics.store(this.#bells, own + 1, 1);
    // Whoever rings between the look and the sleep has changed the number, so that this does not sleep.
    Atomics.wait(this.#bells, own, heard, sleepMs);
    Atomics.store(this.#bells, own + 1, 0);
  }
}
