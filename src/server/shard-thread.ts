/** Worker threads of a server. A thread runs the program file `shard-main`, which stands beside this one's. */

import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ThreadStart } from '../shards/thread-loop.ts';
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
    const worker = new Worker(new URL('./shard-main.js', import.meta.url), {
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
