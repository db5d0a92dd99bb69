/** CRC-32C against a bit-by-bit computation, at the lengths where its parts meet. */

import { expect, it } from 'vitest';
import { SeededRandom } from '../../base/random.ts';
import { Crc32c } from './crc32c.ts';

function plain(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

it('is that of RFC 3720', () => {
  expect(new Crc32c().sum(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
});

it('equals the plain sum at all lengths, whole and continued', () => {
  const random = new SeededRandom(5);
  const bytes = Uint8Array.from({ length: 200_000 }, () => random.below(256));
  const sum = new Crc32c();
  const edges = [0, 1, 15, 16, 17, 4095, 4096, 4097, 4112, 32_767, 32_768, 32_769, 36_111, 65_536];
  for (const length of [...edges, 70_001, 131_072, 150_013]) {
    for (const start of [0, 3]) {
      const part = bytes.subarray(start, start + length);
      const whole = plain(part);
      expect(sum.sum(bytes, start, start + length)).toBe(whole);
      const cut = start + random.below(length + 1);
      const first = sum.sum(bytes, start, cut);
      expect(sum.sum(bytes, cut, start + length, first)).toBe(whole);
    }
  }
});
