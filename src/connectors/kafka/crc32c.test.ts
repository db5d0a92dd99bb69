import { expect, test } from 'vitest';

import { SeededRandom } from '../../base/random.ts';
import { Crc32c } from './crc32c.ts';

const crc = new Crc32c();

/** The definition, a bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return ~sum >>> 0;
}

function randomBytes(count: number): Uint8Array {
  const random = new SeededRandom(7);
  return Uint8Array.from({ length: count }, () => random.below(256));
}

test('the check values', () => {
  expect(crc.sum(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
  expect(crc.sum(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa);
  expect(crc.sum(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8ab43);
});

test('any cut of a short input', () => {
  const bytes = randomBytes(100);
  for (let start = 0; start < 20; start++) {
    for (let end = start; end < 100; end += 7) {
      expect(crc.sum(bytes, start, end)).toBe(bitwise(bytes.subarray(start, end)));
    }
  }
});

test('lengths around those where folding begins and where a window ends', () => {
  const bytes = randomBytes(140_000);
  const around = (middle: number, spread: number, step: number): number[] =>
    Array.from({ length: spread }, (_, index) => middle + (index - (spread >> 1)) * step);
  const lengths = [
    ...around(4096, 80, 1),
    ...around(7000, 80, 17),
    ...around(32 * 1024, 60, 97),
    ...around(64 * 1024, 60, 97),
    ...around(96 * 1024 + 3344, 20, 61),
    140_000 - 3,
  ];
  for (const length of lengths) {
    expect(crc.sum(bytes, 3, 3 + length), `${length} bytes`).toBe(
      bitwise(bytes.subarray(3, 3 + length)),
    );
  }
});

test('one flipped bit anywhere in a long input changes the sum', () => {
  const bytes = randomBytes(40_000);
  const whole = crc.sum(bytes, 0, bytes.length);
  for (let at = 0; at < bytes.length; at += 331) {
    bytes[at]! ^= 1 << (at % 8);
    expect(crc.sum(bytes, 0, bytes.length)).not.toBe(whole);
    bytes[at]! ^= 1 << (at % 8);
  }
  expect(crc.sum(bytes, 0, bytes.length)).toBe(whole);
});

test('goes on from the sum of what stands before', () => {
  const bytes = randomBytes(150_000);
  for (const length of [0, 1, 15, 16, 17, 4096, 4112, 32_769, 65_536, 131_072, 150_000]) {
    const whole = bitwise(bytes.subarray(0, length));
    for (const cut of [0, 3, length >> 1, length - (length % 16), length]) {
      if (cut > length) continue;
      expect(crc.sum(bytes, cut, length, crc.sum(bytes, 0, cut))).toBe(whole);
    }
  }
});
