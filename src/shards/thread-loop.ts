/** What a worker thread does all its life: takes frames as they come, and ticks when it is told to. */

import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { EvalContext, FunctionRegistry } from '../expr/functions/registry.ts';
import type { SqlType } from '../types/sql-type.ts';
import { ReportWriter } from './coordinator.ts';
import { frames } from './frames.ts';
import { answerRequest } from './requests.ts';
import { Shard } from './shard.ts';
import type { SourceWorld } from './source-shard.ts';
import { type ReceivedFrame, type SharedMemory, ThreadLink } from './thread-link.ts';

/** Handed to a worker thread when it starts. */
export interface ThreadStart {
  readonly role: 'millrace shard';
  readonly index: number;
  readonly shards: number;
  readonly codegen: boolean;
  readonly batchRowsMax: number;
  readonly memory: SharedMemory;
}

export function isThreadStart(data: unknown): data is ThreadStart {
  return (data as Partial<ThreadStart> | null)?.role === 'millrace shard';
}

/** The coordinator is in the first shard's thread. */
const coordinator = 0;

/** Never returns; a fault outside of any view is reported to the coordinator. */
export function runThread(
  start: ThreadStart,
  world: Omit<SourceWorld, 'codegen' | 'batchRowsMax'> & {
    readonly evaluation: EvalContext;
    readonly functions: FunctionRegistry;
  },
): void {
  const { index, shards, codegen, memory } = start;
  const link = new ThreadLink(memory, index);
  try {
    const send = (to: number, frame: Uint8Array): void => link.send(to, frame);
    const report = new ReportWriter(
      (frame) => link.send(coordinator, frame),
      (view): readonly SqlType[] => shard.view(view).resultTypes,
    );
    const shard: Shard = new Shard({
      ...{ index, shards, codegen, send, report },
      evaluation: world.evaluation,
      world: { ...world, codegen, batchRowsMax: start.batchRowsMax },
    });
    serve(link, shard, world.functions);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    link.send(coordinator, new ByteWriter(1024).uint8(frames.died).text(text).view());
    link.ringAll();
  }
}

function serve(link: ThreadLink, shard: Shard, functions: FunctionRegistry): never {
  for (;;) {
    const frame = link.wait();
    if (frame === null) continue;
    switch (frame.bytes[0]) {
      case frames.tick:
        tick(link, shard, new ByteReader(frame.bytes, 1).varint());
        break;
      case frames.request:
        link.send(coordinator, answerRequest(shard, frame.bytes, functions));
        break;
      default:
        shard.accept(frame.from, frame.bytes);
        link.recycle(frame.bytes);
    }
  }
}

function tick(link: ThreadLink, shard: Shard, view: number): void {
  for (const _ of shard.view(view).tick()) {
    const frame = waitForFrame(link);
    shard.accept(frame.from, frame.bytes);
    link.recycle(frame.bytes);
  }
}

/** The next frame, however long it takes. */
function waitForFrame(link: ThreadLink): ReceivedFrame {
  for (;;) {
    const frame = link.wait();
    if (frame !== null) return frame;
  }
}
