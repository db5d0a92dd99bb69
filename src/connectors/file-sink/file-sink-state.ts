/** What a checkpoint keeps of a file sink, as JSON: counts, files that are not yet shown, partitions to commit. */

import { assert } from '../../base/assert.ts';
import type { ChunkMark } from './part-encoder.ts';

const version = 1;

export interface PartState {
  /** Relative to the sink's directory; empty for the directory itself. */
  readonly directory: string;
  /** The name that readers see. */
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  /** Nothing is written to it any more: it is shown once the checkpoint is durable. */
  readonly ended: boolean;
  readonly openedMs: number;
  readonly chunks: readonly { readonly offset: number; readonly mark: ChunkMark }[];
}

export interface PartitionState {
  readonly directory: string;
  /** When it is due: milliseconds of the clock, or of event time. */
  readonly dueMs: number;
}

export interface FileSinkState {
  readonly rows: number;
  readonly bytes: number;
  readonly rowsCommitted: number;
  readonly filesCommitted: number;
  readonly nextFile: number;
  readonly parts: readonly PartState[];
  readonly partitions: readonly PartitionState[];
}

export function encodeState(state: FileSinkState): Uint8Array {
  return Buffer.from(JSON.stringify({ version, ...state }), 'utf8');
}

export function decodeState(bytes: Uint8Array): FileSinkState {
  const state = JSON.parse(Buffer.from(bytes).toString('utf8')) as FileSinkState & {
    readonly version: number;
  };
  assert(state.version === version, 'the state of a file sink has another version');
  return state;
}
