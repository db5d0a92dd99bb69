import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { makeRing, RingReader, RingWriter } from './ring.ts';
import { makeSharedMemory, ThreadLink } from './thread-link.ts';

describe('a ring', () => {
  it('hands frames on in order, also those longer than itself', () => {
    const random = new SeededRandom(1);
    const memory = makeRing(1024);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory, (size) => new Uint8Array(size));
    const sent: Uint8Array[] = [];
    const received: Uint8Array[] = [];
    const drain = (): void => {
      for (let frame = reader.next(); frame !== null; frame = reader.next()) received.push(frame);
    };
    let full = 0;
    for (let i = 0; i < 3000; i++) {
      const frame = new Uint8Array(random.below(random.below(20) === 0 ? 5000 : 100));
      for (let at = 0; at < frame.length; at++) frame[at] = random.below(256);
      sent.push(frame);
      writer.write(frame, () => {
        full++;
        drain();
      });
      if (random.below(3) === 0) drain();
    }
    drain();
    expect(full).toBeGreaterThan(100);
    expect(received.length).toBe(sent.length);
    for (const [i, frame] of sent.entries()) {
      expect(Buffer.compare(frame, received[i]!), `frame ${i}`).toBe(0);
    }
  });
});

describe('links of threads', () => {
  it('keep the order of each sender and say when nothing is there', () => {
    const memory = makeSharedMemory(3);
    const [a, b, c] = [0, 1, 2].map((own) => new ThreadLink(memory, own)) as [
      ThreadLink,
      ThreadLink,
      ThreadLink,
    ];
    for (let i = 0; i < 10; i++) {
      a.send(2, Uint8Array.of(i));
      b.send(2, Uint8Array.of(100 + i));
    }
    const seen = new Map<number, number[]>([
      [0, []],
      [1, []],
    ]);
    for (let frame = c.next(); frame !== null; frame = c.next()) {
      seen.get(frame.from)!.push(frame.bytes[0]!);
    }
    expect(seen.get(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seen.get(1)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
    expect(c.wait()).toBeNull();
  });
});
