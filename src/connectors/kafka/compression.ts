/**
 * The compression codecs of record batches. Gzip comes from `node:zlib`, snappy and lz4 are ours; zstd is
 * `node:zlib`'s where Node has it (22.15 and later), otherwise the `fzstd` package. The decompressed size
 * is limited, so that a small batch cannot expand into all memory.
 */

import * as zlib from 'node:zlib';

import { ConnectorError } from '../../base/errors.ts';
import { lz4Decompress } from './lz4.ts';
import { snappyDecompress, tooLarge } from './snappy.ts';

export const compressionNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CompressionName = (typeof compressionNames)[number];

/** Bytes that may be read past the end of decompressed data, as column readers do. */
export const padding = 16;

/** Largest decompressed batch that is taken. Brokers accept batches of 1 MB by default. */
export const decompressedBytesMax = 256 * 1024 * 1024;

type Decompress = (input: Uint8Array) => Uint8Array;

/** Decompressors by the codec number in a batch's attributes. Made once per source. */
export class Decompressor {
  readonly #limit: number;
  readonly #zstd: Decompress | null;

  private constructor(limit: number, zstd: Decompress | null) {
    this.#limit = limit;
    this.#zstd = zstd;
  }

  static async load(limit = decompressedBytesMax): Promise<Decompressor> {
    return new Decompressor(limit, await loadZstd(limit));
  }

  /** The decompressed bytes as a view whose buffer goes on for at least `padding` bytes. */
  decompress(codec: number, input: Uint8Array): Uint8Array {
    switch (compressionNames[codec]) {
      case 'gzip':
        return padded(this.#gunzip(input));
      case 'snappy':
        return snappyDecompress(input, this.#limit, padding);
      case 'lz4':
        return lz4Decompress(input, this.#limit, padding);
      case 'zstd':
        if (this.#zstd === null) throw noZstd();
        return padded(this.#zstd(input));
      default:
        throw new ConnectorError(`record batch with unknown compression codec ${codec}`, {
          retryable: false,
        });
    }
  }

  #gunzip(input: Uint8Array): Uint8Array {
    try {
      return zlib.gunzipSync(input, { maxOutputLength: this.#limit });
    } catch (error) {
      throw decompressError('gzip', error, this.#limit);
    }
  }
}

function noZstd(): ConnectorError {
  return new ConnectorError(
    'the topic holds zstd-compressed batches; they need Node.js 22.15 or later, or the package "fzstd"',
    { retryable: false },
  );
}

function decompressError(name: string, error: unknown, limit: number): ConnectorError {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(limit);
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectorError(`${name} data is damaged: ${reason}`, {
    retryable: true,
    cause: error,
  });
}

/** The same bytes where enough of their buffer follows them, otherwise a copy. */
function padded(bytes: Uint8Array): Uint8Array {
  const end = bytes.byteOffset + bytes.byteLength;
  if (end + padding <= bytes.buffer.byteLength) return bytes;
  const copy = new Uint8Array(bytes.length + padding);
  copy.set(bytes);
  return copy.subarray(0, bytes.length);
}

async function loadZstd(limit: number): Promise<Decompress | null> {
  const native: unknown = Reflect.get(zlib, 'zstdDecompressSync');
  if (typeof native === 'function') {
    return (input) => {
      try {
        return Reflect.apply(native, zlib, [input, { maxOutputLength: limit }]) as Uint8Array;
      } catch (error) {
        throw decompressError('zstd', error, limit);
      }
    };
  }
  // The name is a variable so that the package stays optional for the compiler and for bundlers.
  const name = 'fzstd';
  const module: unknown = await import(name).catch(() => null);
  if (typeof module !== 'object' || module === null || !('Decompress' in module)) return null;
  return streamingZstd(module as FzstdModule, limit);
}

/** The part of `fzstd` that is used: its streaming decoder, which lets us stop at the limit. */
interface FzstdModule {
  readonly Decompress: new (onData: (chunk: Uint8Array, final?: boolean) => void) => {
    push(chunk: Uint8Array, final?: boolean): void;
  };
}

function streamingZstd(fzstd: FzstdModule, limit: number): Decompress {
  return (input) => {
    const chunks: Uint8Array[] = [];
    let total = 0;
    const stream = new fzstd.Decompress((chunk) => {
      total += chunk.length;
      if (total > limit) throw tooLarge(limit);
      chunks.push(chunk);
    });
    try {
      stream.push(input, true);
    } catch (error) {
      throw error instanceof ConnectorError ? error : decompressError('zstd', error, limit);
    }
    const output = new Uint8Array(total + padding);
    let at = 0;
    for (const chunk of chunks) {
      output.set(chunk, at);
      at += chunk.length;
    }
    return output.subarray(0, total);
  };
}
