/**
 * Worker threads of a server. A thread runs the same program file; `runShardThread`, called first of all in
 * it, sees that it is one and never comes back.
 */

import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { SystemClock } from '../base/clock.ts';
import { SeededRandom } from '../base/random.ts';
import { createRegistry } from '../expr/functions/builtin.ts';
import { createFormats } from '../formats/registry.ts';
import { viewEvaluation } from '../session/view-evaluation.ts';
import { isThreadStart, runThread, type ThreadStart } from '../shards/thread-loop.ts';
import { type StartThread, ThreadShards } from '../shards/thread-shards.ts';
import type { ShardGroup, ShardGroupOptions } from '../shards/shard-group.ts';

/** Shards in threads of this program. `fatal` hears of a thread that ended by itself. */
export function makeThreadShards(
  options: ShardGroupOptions,
  fatal: (error: unknown) => void,
): ShardGroup {
  const start: StartThread = (index, memory) => {
    const { shards, codegen } = options;
    const { batchRowsMax } = options.world;
    const data: ThreadStart = {
      role: 'millrace shard',
      ...{ index, shards, codegen, batchRowsMax, memory },
    };
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: data,
      // A thread out of memory would end alone, and the others would wait for it.
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(totalmem() / 2 ** 20) },
    });
    let stopping = false;
    worker.on('error', fatal);
    worker.on('exit', (code) => {
      if (!stopping) fatal(new Error(`worker ${index} ended with ${code}`));
    });
    worker.unref();
    return {
      stop: () => {
        stopping = true;
        return worker.terminate();
      },
    };
  };
  return new ThreadShards(options, start);
}

/** In a worker thread: runs it and does not return before it has failed. Elsewhere: false at once. */
export function runShardThread(): boolean {
  if (isMainThread || !isThreadStart(workerData)) return false;
  // Expressions of views draw no random numbers.
  const world = { clock: new SystemClock(), random: new SeededRandom(1) };
  const evaluation = viewEvaluation(world);
  runThread(workerData, {
    clock: world.clock,
    evaluation: evaluation(0n),
    sourceEvaluation: evaluation,
    formats: createFormats(),
    functions: createRegistry(),
  });
  return true;
}
