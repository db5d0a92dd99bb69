/**
 * Flink beside Millrace: the same topic, the same query texts, one slot. What counts is the CPU time of
 * JobManager and TaskManager from the first committed offset after the warm-up until all is committed: a
 * commit means that every record before it is processed and in a checkpoint.
 */

import { mkdirSync, mkdtempSync, openSync, readSync, closeSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { collapse } from './changelog.ts';
import { startFlink, type FlinkCluster } from './flink-cluster.ts';
import { fetchFlink } from './flink-fetch.ts';
import { cancelJob, failureOf, jobFinished, jobState, submitJob } from './flink-gateway.ts';
import { enveloped, sinkSql } from './nexmark-queries.ts';
import type { Peer, PeerFigures, PeerOrder } from './peer.ts';
import { withAdmin } from './topic-writer.ts';

export interface FlinkPeerOptions {
  /** Where the distribution is kept. */
  readonly cache: string;
  readonly checkpointIntervalMs: number;
  readonly taskMemory: string;
}

/** Longest time without a commit before a run is given up. */
const stallMs = 180_000;

/** Fetches Flink when it is not here, and starts it. */
export async function startFlinkPeer(options: FlinkPeerOptions): Promise<Peer> {
  mkdirSync(options.cache, { recursive: true });
  const jars = await fetchFlink(options.cache);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-flink-'));
  const cluster = await startFlink(jars, directory, options);
  return {
    name: 'Flink',
    measure: (order) => measure(cluster, order),
    rows: (order) => collect(cluster, order),
    close: async () => {
      await cluster.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function jobSql(
  order: PeerOrder,
  group: string,
  more: readonly (readonly [string, string])[],
): string {
  const { source, query, directory } = order;
  const options = new Map([
    ['connector', 'kafka'],
    ['topic', source.topic],
    ['properties.bootstrap.servers', source.bootstrap],
    ['properties.group.id', group],
    ['scan.startup.mode', 'earliest-offset'],
    ['format', 'json'],
    ...more,
  ]);
  return `${enveloped(options)}\n${sinkSql(query, directory)}`;
}

async function measure(cluster: FlinkCluster, order: PeerOrder): Promise<PeerFigures> {
  const group = `bench-${order.query.name}-${Date.now()}`;
  const job = await submitJob(cluster, jobSql(order, group, []));
  try {
    const figures = await withAdmin(order.source.bootstrap, (admin) =>
      follow(cluster, order, { job, group, admin }),
    );
    return { figures, error: null };
  } finally {
    await cancelJob(cluster, job);
  }
}

async function follow(
  cluster: FlinkCluster,
  { source, events, warmUp }: PeerOrder,
  { job, group, admin }: { readonly job: string; readonly group: string; readonly admin: Admin },
): Promise<{ rows: number; wallMs: number; cpuMs: number }> {
  let from: { readonly rows: number; readonly wall: number; readonly cpu: number } | null = null;
  let last = 0;
  let movedAt = performance.now();
  for (;;) {
    await sleep(50);
    const rows = await committed(admin, group, source.topic);
    const wall = performance.now();
    if (rows === last) {
      if (wall - movedAt < stallMs && (await jobState(cluster, job)) !== 'FAILED') continue;
      throw await failureOf(cluster, job);
    }
    last = rows;
    movedAt = wall;
    const cpu = cluster.cpuSeconds();
    if (rows >= events && from !== null) {
      return { rows: rows - from.rows, wallMs: wall - from.wall, cpuMs: (cpu - from.cpu) * 1000 };
    }
    if (rows >= events) throw new Error('too few events: all came with the first checkpoint');
    if (rows >= events * warmUp) from ??= { rows, wall, cpu };
  }
}

/** Next offset of the group in partition 0; 0 before its first commit. */
async function committed(admin: Admin, groupId: string, topic: string): Promise<number> {
  // The group does not exist until the first commit.
  const offsets = await admin.fetchOffsets({ groupId, topics: [topic] }).catch(() => []);
  return Math.max(0, Number(offsets[0]?.partitions[0]?.offset ?? '0'));
}

/** Runs the query over the topic as it is to its end, with a sink that prints, and adds up the changes. */
async function collect(cluster: FlinkCluster, order: PeerOrder): Promise<string[][]> {
  const begin = statSync(cluster.taskOutput).size;
  const sql = jobSql(order, `check-${order.query.name}`, [['scan.bounded.mode', 'latest-offset']]);
  const job = await submitJob(
    cluster,
    sql.replace(`'connector' = 'blackhole'`, `'connector' = 'print'`),
  );
  await jobFinished(cluster, job);
  return collapse(readFrom(cluster.taskOutput, begin));
}

function readFrom(path: string, begin: number): string {
  const bytes = Buffer.alloc(statSync(path).size - begin);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, bytes.length, begin);
  closeSync(file);
  return bytes.toString('utf8');
}
