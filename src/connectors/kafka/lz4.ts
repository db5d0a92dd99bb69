/**
 * LZ4 decompression: the frame format with its blocks, as Kafka writes it. Checksums of header and
 * content are skipped, since the record batch has its own. Every length is checked before it is used.
 */

import { ConnectorError } from '../../base/errors.ts';
import { copyWithin, tooLarge } from './snappy.ts';

const frameMagic = 0x184d2204;

function damaged(what: string): ConnectorError {
  return new ConnectorError(`lz4 data is damaged: ${what}`, { retryable: true });
}

/** The decompressed bytes, with `padding` spare bytes behind them in the same buffer. */
export function lz4Decompress(input: Uint8Array, limit: number, padding: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (input.length < 7 || view.getUint32(0, true) !== frameMagic) throw damaged('no frame header');
  const flags = input[4]!;
  if (flags >>> 6 !== 1) throw damaged(`version ${flags >>> 6}`);
  const blockChecksum = (flags & 0x10) !== 0;
  const contentSize = (flags & 0x08) !== 0;
  const blockSizeMax = 2 ** (8 + 2 * ((input[5]! >>> 4) & 7));
  if (blockSizeMax < 2 ** 16) throw damaged('its block size is unknown');
  let at = 7 + (contentSize ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);

  let output = new Uint8Array(Math.min(input.length * 4, limit) + blockSizeMax + padding);
  let to = 0;
  for (;;) {
    if (at + 4 > input.length) throw damaged('a block size is cut short');
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (at + size > input.length) throw damaged('a block is cut short');
    if (to + blockSizeMax + padding > output.length) output = enlarge(output, to);
    if (word >>> 31 === 1) {
      if (size > blockSizeMax) throw damaged('a block is too large');
      output.set(input.subarray(at, at + size), to);
      to += size;
    } else {
      to = decompressBlock(input, at, at + size, output, to, to + blockSizeMax);
    }
    if (to > limit) throw tooLarge(limit);
    at += size + (blockChecksum ? 4 : 0);
  }
  if (to + padding > output.length) output = enlarge(output, to);
  return output.subarray(0, to);
}

function enlarge(output: Uint8Array<ArrayBuffer>, used: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(output.length * 2);
  larger.set(output.subarray(0, used));
  return larger;
}

/** Decompresses one block to output[to ..), not past `limit`; earlier output is its dictionary. */
function decompressBlock(
  input: Uint8Array,
  at: number,
  end: number,
  output: Uint8Array,
  to: number,
  limit: number,
): number {
  while (at < end) {
    const token = input[at++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      for (let byte = 255; byte === 255; literals += byte) {
        if (at >= end) throw damaged('a literal length is cut short');
        byte = input[at++]!;
      }
    }
    if (literals > end - at || literals > limit - to) throw damaged('a literal is cut short');
    if (literals < 32) {
      for (let index = 0; index < literals; index++) output[to + index] = input[at + index]!;
    } else {
      output.set(input.subarray(at, at + literals), to);
    }
    at += literals;
    to += literals;
    if (at >= end) break;

    if (at + 2 > end) throw damaged('a match is cut short');
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      for (let byte = 255; byte === 255; length += byte) {
        if (at >= end) throw damaged('a match length is cut short');
        byte = input[at++]!;
      }
    }
    if (distance === 0 || distance > to || length > limit - to) {
      throw damaged('a match points outside');
    }
    copyWithin(output, to, distance, length);
    to += length;
  }
  return to;
}
