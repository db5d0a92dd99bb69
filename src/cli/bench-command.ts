/** `millrace bench`: the benchmark's flags, and the processes it starts of itself. */

import { join, resolve } from 'node:path';
import { benchIvm } from '../bench/ivm-bench.ts';
import { runIvm, type IvmOrder } from '../bench/ivm-run.ts';
import { benchNexmark } from '../bench/nexmark-bench.ts';
import { produceEvenly, runLatency, type LatencyOrder } from '../bench/latency-run.ts';
import { runNexmark, type NexmarkOrder } from '../bench/nexmark-run.ts';
import type { Peer } from '../bench/peer.ts';
import { asChild } from '../bench/processes.ts';
import { benchStartup } from '../bench/startup.ts';

export interface BenchFlags {
  readonly from: 'generator' | 'kafka' | 'file';
  readonly events: number;
  readonly seed: number;
  readonly gap: number;
  readonly queries?: string;
  readonly bootstrap?: string;
  readonly topic?: string;
  readonly file?: string;
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

/** Exit code 1 when results differ from the peer's. */
export async function bench(flags: BenchFlags): Promise<void> {
  const right = await benchNexmark({
    from: flags.from,
    events: flags.events,
    seed: flags.seed,
    gapMicros: flags.gap,
    queries: (flags.queries ?? '').split(',').filter((name) => name !== ''),
    bootstrap: flags.bootstrap ?? null,
    topic: flags.topic ?? null,
    file: flags.file ?? null,
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
  if (!right) process.exitCode = 1;
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
  await benchIvm({ ...flags, compare: flags.compare !== undefined });
}

/** `millrace bench startup`. */
export async function startup(flags: { readonly runs: number }): Promise<void> {
  await benchStartup(flags.runs);
}

/** The other end of a process that the benchmark started. */
export async function benchChild(what: string, order: string): Promise<void> {
  const told: unknown = JSON.parse(order);
  switch (what) {
    case 'run':
      return asChild((progress) => runNexmark(told as NexmarkOrder, progress));
    case 'latency':
      return asChild(() => runLatency(told as LatencyOrder));
    case 'produce':
      return asChild(() => produceEvenly(told as LatencyOrder));
    case 'ivm-run':
      return asChild(() => runIvm(told as IvmOrder));
    default:
      throw new Error(`the benchmark starts no process "${what}"`);
  }
}
