/** The program of a worker thread: its part of every divided dataflow, until it is stopped or fails. */

import { workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { SystemClock } from '../base/clock.ts';
import { SeededRandom } from '../base/random.ts';
import { createRegistry } from '../expr/functions/builtin.ts';
import { createFormats } from '../formats/registry.ts';
import { viewEvaluation } from '../session/view-evaluation.ts';
import { isThreadStart, runThread } from '../shards/thread-loop.ts';

assert(isThreadStart(workerData), 'this program runs in a thread of a server');
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
