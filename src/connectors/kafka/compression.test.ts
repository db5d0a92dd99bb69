import { gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { SeededRandom } from '../../base/random.ts';
import { Decompressor } from './compression.ts';
import { lz4Decompress } from './lz4.ts';
import { snappyDecompress } from './snappy.ts';

const limit = 1 << 20;
const decompressor = await Decompressor.load(limit);

/** Text with repetitions near and far, so that all kinds of copies occur. */
function sample(random: SeededRandom): Buffer {
  const parts: string[] = [];
  for (let count = random.below(200); count >= 0; count--) {
    const word = random.below(60).toString(36);
    parts.push(random.below(8) === 0 ? word.repeat(random.below(400)) : `${word} `);
  }
  return Buffer.from(parts.join(''));
}

/** A plain greedy compressor for tests: finds copies of four bytes and more through a table. */
function* pieces(input: Buffer): Generator<{ literal: Buffer; distance: number; length: number }> {
  const seen = new Map<number, number>();
  let literalStart = 0;
  let at = 0;
  while (at + 8 < input.length) {
    const word = input.readUInt32LE(at);
    const before = seen.get(word);
    seen.set(word, at);
    if (before === undefined || at - before > 60_000) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < input.length - 8 && input[before + length] === input[at + length])
      length++;
    yield { literal: input.subarray(literalStart, at), distance: at - before, length };
    at += length;
    literalStart = at;
  }
  yield { literal: input.subarray(literalStart), distance: 0, length: 0 };
}

function snappyCompress(input: Buffer): Buffer {
  const out: number[] = [];
  let size = input.length;
  for (; size >= 0x80; size >>>= 7) out.push((size & 0x7f) | 0x80);
  out.push(size);
  for (const { literal, distance, length } of pieces(input)) {
    if (literal.length > 0) {
      const coded = literal.length - 1;
      if (coded < 60) out.push(coded << 2);
      else if (coded < 256) out.push(60 << 2, coded);
      else out.push(61 << 2, coded & 255, coded >>> 8);
      out.push(...literal);
    }
    for (let rest = length; rest > 0;) {
      const part = Math.min(rest, 64);
      if (part >= 4 && part <= 11 && distance < 2048) {
        out.push(1 | ((part - 4) << 2) | ((distance >>> 8) << 5), distance & 255);
      } else {
        out.push(2 | ((part - 1) << 2), distance & 255, distance >>> 8);
      }
      rest -= part;
    }
  }
  return Buffer.from(out);
}

function lz4Compress(input: Buffer): Buffer {
  const out: number[] = [];
  const extended = (value: number) => {
    let rest = value - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    out.push(rest);
  };
  for (const { literal, distance, length } of pieces(input)) {
    const match = length === 0 ? 0 : length - 4;
    out.push((Math.min(literal.length, 15) << 4) | Math.min(match, 15));
    if (literal.length >= 15) extended(literal.length);
    out.push(...literal);
    if (length === 0) break;
    out.push(distance & 255, distance >>> 8);
    if (match >= 15) extended(match);
  }
  const block = Buffer.from(out);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  // Version 1, independent blocks of at most 4 MB; the header's checksum is not looked at.
  return Buffer.concat([
    Buffer.from('04224d1860700000', 'hex').subarray(0, 7),
    size,
    block,
    Buffer.alloc(4),
  ]);
}

describe.each([
  ['snappy', snappyCompress, snappyDecompress],
  ['lz4', lz4Compress, lz4Decompress],
] as const)('%s', (_name, compress, decompress) => {
  test('gives back what was compressed', () => {
    const random = new SeededRandom(3);
    for (let round = 0; round < 200; round++) {
      const input = sample(random);
      const output = decompress(compress(input), limit, 16);
      expect(Buffer.from(output).equals(input)).toBe(true);
      expect(output.buffer.byteLength - output.byteOffset - output.length).toBeGreaterThanOrEqual(
        16,
      );
    }
  });

  test('damaged data is an error, never a fault or a run past the end', () => {
    const random = new SeededRandom(4);
    for (let round = 0; round < 2000; round++) {
      const packed = compress(sample(random));
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        packed[random.below(packed.length)] = random.below(256);
      }
      const cut = random.below(3) === 0 ? packed.subarray(0, random.below(packed.length)) : packed;
      try {
        expect(decompress(cut, limit, 16).length).toBeLessThanOrEqual(limit);
      } catch (error) {
        expect((error as Error).name).toBe('ConnectorError');
      }
    }
  });

  test('a size past the limit is refused', () => {
    const packed = compress(Buffer.alloc(2000, 'ab'));
    expect(() => decompress(packed, 1999, 16)).toThrow(/larger than 1999 bytes/);
  });
});

test('snappy in the framing of Java clients', () => {
  const chunks = ['first chunk, first chunk', 'second'].map((text) => {
    const block = snappyCompress(Buffer.from(text));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    return Buffer.concat([size, block]);
  });
  const header = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex');
  const output = decompressor.decompress(2, Buffer.concat([header, ...chunks]));
  expect(Buffer.from(output).toString()).toBe('first chunk, first chunksecond');
});

test('gzip within its limit', () => {
  const output = decompressor.decompress(1, gzipSync('hello hello'));
  expect(Buffer.from(output).toString()).toBe('hello hello');
  expect(() => decompressor.decompress(1, gzipSync(Buffer.alloc(limit + 1)))).toThrow(
    /larger than/,
  );
  expect(() => decompressor.decompress(1, Buffer.from('no gzip'))).toThrow(/gzip data is damaged/);
});

test('a zstd frame without its size, or a clear error where nothing can read it', () => {
  // What `zstd -19 --no-check` makes of "hello hello hello hello\n".
  const packed = Buffer.from('28b52ffd00686d00003868656c6c6f200a0100994b11', 'hex');
  const run = () => Buffer.from(decompressor.decompress(4, packed)).toString();
  let text: string;
  try {
    text = run();
  } catch (error) {
    expect((error as Error).message).toMatch(/need Node.js 22.15 or later, or the package "fzstd"/);
    return;
  }
  expect(text).toBe('hello hello hello hello\n');
});

test('an unknown codec is named', () => {
  expect(() => decompressor.decompress(7, Buffer.alloc(1))).toThrow(/unknown compression codec 7/);
});
