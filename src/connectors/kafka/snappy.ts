/**
 * Snappy decompression: the raw block format, and the framing that Java clients put around blocks (a
 * "SNAPPY" magic, then chunks each with a big-endian length). Every length is checked against the input
 * and against a limit before anything is written.
 */

import { ConnectorError } from '../../base/errors.ts';

const javaMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const javaHeaderSize = 16;

function damaged(what: string): ConnectorError {
  return new ConnectorError(`snappy data is damaged: ${what}`, { retryable: true });
}

/** The decompressed bytes, with `padding` spare bytes behind them in the same buffer. */
export function snappyDecompress(input: Uint8Array, limit: number, padding: number): Uint8Array {
  if (!startsWithMagic(input)) {
    const size = blockSize(input, 0, input.length);
    if (size.value > limit) throw tooLarge(limit);
    const output = new Uint8Array(size.value + padding);
    decompressBlock(input, size.next, input.length, output, 0, size.value);
    return output.subarray(0, size.value);
  }
  return decompressChunks(input, limit, padding);
}

export function tooLarge(limit: number): ConnectorError {
  return new ConnectorError(`a compressed batch is larger than ${limit} bytes when decompressed`, {
    retryable: false,
  });
}

function startsWithMagic(input: Uint8Array): boolean {
  return input.length >= javaHeaderSize && javaMagic.every((byte, index) => input[index] === byte);
}

function decompressChunks(input: Uint8Array, limit: number, padding: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const chunks: { start: number; end: number; size: number }[] = [];
  let total = 0;
  for (let at = javaHeaderSize; at < input.length;) {
    if (at + 4 > input.length) throw damaged('a chunk length is cut short');
    const end = at + 4 + view.getUint32(at);
    if (end > input.length) throw damaged('a chunk is cut short');
    const size = blockSize(input, at + 4, end);
    total += size.value;
    if (total > limit) throw tooLarge(limit);
    chunks.push({ start: size.next, end, size: size.value });
    at = end;
  }
  const output = new Uint8Array(total + padding);
  let to = 0;
  for (const chunk of chunks) {
    decompressBlock(input, chunk.start, chunk.end, output, to, to + chunk.size);
    to += chunk.size;
  }
  return output.subarray(0, total);
}

/** The decompressed size that stands at the head of a block, and where the block goes on. */
function blockSize(input: Uint8Array, start: number, end: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = start + index < end ? input[start + index]! : -1;
    if (byte < 0) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  throw damaged('its size is cut short');
}

/** Fills output[to .. limit) exactly, from input[at .. end). */
function decompressBlock(
  input: Uint8Array,
  at: number,
  end: number,
  output: Uint8Array,
  to: number,
  limit: number,
): void {
  const first = to;
  while (at < end) {
    const tag = input[at++]!;
    const type = tag & 3;
    if (type === 0) {
      let length = (tag >>> 2) + 1;
      if (length > 60) {
        const extra = length - 60;
        if (at + extra > end) throw damaged('a literal length is cut short');
        length = 1;
        for (let index = 0; index < extra; index++) length += input[at + index]! * 2 ** (8 * index);
        at += extra;
      }
      if (length > end - at || length > limit - to) throw damaged('a literal is cut short');
      if (length < 32) {
        for (let index = 0; index < length; index++) output[to + index] = input[at + index]!;
      } else {
        output.set(input.subarray(at, at + length), to);
      }
      at += length;
      to += length;
      continue;
    }
    const operand = type === 1 ? 1 : type === 2 ? 2 : 4;
    if (at + operand > end) throw damaged('a copy is cut short');
    let length = (tag >>> 2) + 1;
    let distance = input[at]!;
    if (type === 1) {
      length = ((tag >>> 2) & 7) + 4;
      distance |= (tag >>> 5) << 8;
    } else {
      distance |= input[at + 1]! << 8;
      if (type === 3) distance += input[at + 2]! * 0x1_0000 + input[at + 3]! * 0x100_0000;
    }
    at += operand;
    if (distance === 0 || distance > to - first || length > limit - to) {
      throw damaged('a copy points outside');
    }
    copyWithin(output, to, distance, length);
    to += length;
  }
  if (to !== limit) throw damaged('it ends early');
}

/** Copies `length` bytes from `distance` back; source and target may overlap, which repeats a pattern. */
export function copyWithin(output: Uint8Array, to: number, distance: number, length: number): void {
  if (length >= 48 && distance >= length) {
    output.copyWithin(to, to - distance, to - distance + length);
    return;
  }
  const from = to - distance;
  for (let index = 0; index < length; index++) output[to + index] = output[from + index]!;
}
