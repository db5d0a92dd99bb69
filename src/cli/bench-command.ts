/** `millrace bench`: the benchmark's flags, and the processes it starts of itself. */

import { join, resolve } from 'node:path';
import { AssertionFailed } from '../base/assert.ts';
import { benchKeys } from '../bench/keys-bench.ts';
import { reopenKeys, runKeys, type KeysOrder } from '../bench/keys-run.ts';
import { benchIvm } from '../bench/ivm-bench.ts';
import { runIvm, type IvmOrder } from '../bench/ivm-run.ts';
import {
  type AckOrder,
  benchLatency,
  type LatencyBenchOptions,
  produceAcknowledged,
} from '../bench/latency-bench.ts';
import { benchChange, type ChangeOrder, runChange } from '../bench/change-bench.ts';
import { benchNexmark } from '../bench/nexmark-bench.ts';
import { produceEvenly, runLatency, type LatencyOrder } from '../bench/latency-run.ts';
import { runNexmark, type NexmarkOrder } from '../bench/nexmark-run.ts';
import type { Peer } from '../bench/peer.ts';
import { asChild } from '../bench/processes.ts';
import { benchStartup } from '../bench/startup.ts';
import { checkWorkers } from '../server/config.ts';

export interface BenchFlags {
  readonly from: 'generator' | 'kafka' | 'file';
  readonly events: number;
  readonly seed: number;
  readonly gap: number;
  readonly queries?: string;
  readonly bootstrap?: string;
  readonly topic?: string;
  readonly file?: string;
  readonly workers: number;
  readonly checkpointInterval: number;
  readonly warmUp: number;
  readonly latency?: number;
  readonly latencySeconds: number;
  readonly compare?: 'flink';
  readonly check?: boolean;
  readonly operators?: boolean;
  readonly cache: string;
  readonly taskMemory: string;
  readonly json?: string;
  readonly chart?: string;
  readonly profile?: string;
}

/** `millrace bench nexmark`; exit code 1 also when results differ from the peer's. */
export async function bench(flags: BenchFlags): Promise<void> {
  const right = await orMessage(() => nexmark(flags));
  if (right === false) process.exitCode = 1;
}

function nexmark(flags: BenchFlags): Promise<boolean> {
  return benchNexmark({
    from: flags.from,
    events: flags.events,
    seed: flags.seed,
    gapMicros: flags.gap,
    queries: (flags.queries ?? '').split(',').filter((name) => name !== ''),
    bootstrap: flags.bootstrap ?? null,
    topic: flags.topic ?? null,
    file: flags.file ?? null,
    workers: checkWorkers(flags.workers),
    checkpointIntervalMs: flags.checkpointInterval,
    warmUp: flags.warmUp / 100,
    latencyRate: flags.latency ?? null,
    latencySeconds: flags.latencySeconds,
    startPeer: flags.compare === undefined ? null : () => startFlink(flags),
    check: flags.check === true,
    operators: flags.operators === true,
    json: flags.json ?? null,
    chart: flags.chart ?? null,
    profile: flags.profile === undefined ? null : resolve(flags.profile),
  });
}

/** What went wrong outside (no broker, no Java, another topic) is a line for people and exit code 1. */
async function orMessage<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AssertionFailed) throw error;
    process.stderr.write(`millrace bench: ${error.message}\n`);
    process.exitCode = 1;
    return null;
  }
}

async function startFlink(flags: BenchFlags): Promise<Peer> {
  const { startFlinkPeer } = await import('../bench/flink-peer.ts');
  return startFlinkPeer({
    cache: join(resolve(flags.cache), 'flink'),
    checkpointIntervalMs: flags.checkpointInterval,
    taskMemory: flags.taskMemory,
  });
}

/** `millrace bench ivm`. */
export async function ivm(flags: {
  readonly events: number;
  readonly seed: number;
  readonly compare?: string;
}): Promise<void> {
  const compare = flags.compare !== undefined;
  await orMessage(() => benchIvm({ ...flags, compare }));
}

/** `millrace bench change`. */
export async function change(sizes: readonly number[], updates: number): Promise<void> {
  await orMessage(() => benchChange(sizes, updates));
}

/** `millrace bench startup`. */
export async function startup(flags: { readonly runs: number }): Promise<void> {
  await benchStartup(flags.runs);
}

/** `millrace bench latency`. */
export async function latency(options: LatencyBenchOptions): Promise<void> {
  await benchLatency(options);
}

/** `millrace bench keys`. */
export async function keys(options: {
  readonly keys: readonly number[];
  readonly updates: number;
}): Promise<void> {
  await orMessage(() => benchKeys(options));
}

/** The other end of a process that the benchmark started. */
export async function benchChild(what: string, order: string): Promise<void> {
  const told: unknown = JSON.parse(order);
  switch (what) {
    case 'run':
      return asChild((progress) => runNexmark(told as NexmarkOrder, progress));
    case 'nexmark-latency':
      return asChild(() => runLatency(told as LatencyOrder));
    case 'produce':
      return asChild(() => produceEvenly(told as LatencyOrder));
    case 'ivm-run':
      return asChild(() => runIvm(told as IvmOrder));
    case 'change-run':
      return asChild(() => runChange(told as ChangeOrder));
    case 'keys-run':
      return asChild(() => runKeys(told as KeysOrder));
    case 'keys-reopen':
      return asChild(() => reopenKeys(told as KeysOrder));
    case 'acknowledge':
      return asChild(() => produceAcknowledged(told as AckOrder));
    default:
      throw new Error(`the benchmark starts no process "${what}"`);
  }
}
