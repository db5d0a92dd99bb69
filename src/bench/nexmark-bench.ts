/**
 * The Nexmark benchmark: prepares the events, runs each query in a process of its own, beside a peer where one
 * is asked for, and prints what it measured. A query that is refused is reported with its error; the others
 * go on.
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chartPage, chartSvg } from './chart.ts';
import type { LatencyOrder } from './latency-run.ts';
import { defaultOriginMicros, eventBlocks } from './nexmark-events.ts';
import { namedQueries, type NexmarkQuery } from './nexmark-queries.ts';
import {
  figuresChart,
  figuresTable,
  queryLine,
  operatorTable,
  reportJson,
  summary,
  type QueryReport,
} from './nexmark-report.ts';
import type { EventSource, NexmarkOrder, NexmarkOutcome } from './nexmark-run.ts';
import type { Peer, PeerFigures, PeerOrder } from './peer.ts';
import type { Spread } from './percentile.ts';
import { fromChild } from './processes.ts';
import { compareResults } from './result-check.ts';
import { writeSideInput } from './side-input.ts';
import { dropTopic, makeTopic, topicLength, TopicWriter } from './topic-writer.ts';

export interface NexmarkOptions {
  readonly from: 'generator' | 'kafka' | 'file';
  readonly events: number;
  readonly seed: number;
  /** Event time between two events. */
  readonly gapMicros: number;
  /** Names; none: all. */
  readonly queries: readonly string[];
  readonly bootstrap: string | null;
  /** Null: one named after the events, filled when it is not there. */
  readonly topic: string | null;
  readonly file: string | null;
  /** Threads that the query is divided over. */
  readonly workers: number;
  readonly checkpointIntervalMs: number;
  readonly warmUp: number;
  /** Events a second while latency is measured; null: it is not. */
  readonly latencyRate: number | null;
  readonly latencySeconds: number;
  readonly startPeer: (() => Promise<Peer>) | null;
  /** Compares the rows of results with the peer's instead of measuring. */
  readonly check: boolean;
  readonly operators: boolean;
  readonly json: string | null;
  /** An .svg or .html file. */
  readonly chart: string | null;
  /** Directory for CPU profiles. */
  readonly profile: string | null;
}

/** Runs the benchmark; false when the peer's results differ. */
export async function benchNexmark(options: NexmarkOptions): Promise<boolean> {
  const queries = namedQueries(options.queries);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  try {
    writeSideInput(directory);
    const source = await prepare(options, directory);
    const peer = await startPeer(options, source);
    try {
      const bench = { options, directory, source, peer };
      return options.check ? await checkAll(bench, queries) : await measureAll(bench, queries);
    } finally {
      await peer?.close();
    }
  } finally {
    progress('');
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Bench {
  readonly options: NexmarkOptions;
  readonly directory: string;
  readonly source: EventSource;
  readonly peer: Peer | null;
}

async function startPeer(options: NexmarkOptions, source: EventSource): Promise<Peer | null> {
  if (options.startPeer === null) return null;
  if (source.kind !== 'kafka') throw new Error('a peer reads from Kafka: add --from kafka');
  progress('starting the peer');
  return options.startPeer();
}

/** Puts the events where they are read from. */
async function prepare(options: NexmarkOptions, directory: string): Promise<EventSource> {
  const { from, events, seed, gapMicros } = options;
  const settings = { events, seed, gapMicros, outOfOrderMs: 0, originMicros: defaultOriginMicros };
  if (from === 'generator') return { kind: 'generator' };
  if (from === 'file') {
    const path = resolve(options.file ?? join(directory, 'events.json'));
    if (!existsSync(path)) {
      const file = createWriteStream(path);
      for (const block of eventBlocks(settings)) {
        if (!file.write(`${block.join('\n')}\n`)) await once(file, 'drain');
      }
      file.end();
      await once(file, 'close');
    }
    return { kind: 'file', path };
  }
  const { bootstrap } = options;
  if (bootstrap === null) throw new Error('name a broker with --bootstrap HOST:PORT');
  const topic = options.topic ?? `nexmark-${seed}-${gapMicros}-${events}`;
  if (await makeTopic({ bootstrap, topic })) {
    const writer = await TopicWriter.open({ bootstrap, topic });
    let sent = 0;
    for (const block of eventBlocks(settings)) {
      await writer.write(block, 0);
      sent += block.length;
      progress(`filling the topic: ${sent} of ${events} events`);
    }
    await writer.close();
  }
  const length = await topicLength({ bootstrap, topic });
  if (length !== events) {
    throw new Error(`topic "${topic}" has ${length} records, not ${events}; name another one`);
  }
  return { kind: 'kafka', bootstrap, topic };
}

function order(bench: Bench, query: NexmarkQuery): NexmarkOrder {
  const { options, directory, source } = bench;
  return {
    query: query.name,
    source,
    events: options.events,
    seed: options.seed,
    gapMicros: options.gapMicros,
    workers: options.workers,
    checkpointIntervalMs: options.checkpointIntervalMs,
    warmUp: options.check ? 0 : options.warmUp,
    directory,
    into: options.check ? 'view' : 'sink',
    keepRows: options.check,
    profile: options.profile === null ? null : join(options.profile, `${query.name}.cpuprofile`),
  };
}

function peerOrder(bench: Bench, query: NexmarkQuery): PeerOrder {
  const { options, directory, source } = bench;
  if (source.kind !== 'kafka') throw new Error('a peer reads from Kafka');
  return { query, source, events: options.events, warmUp: options.warmUp, directory };
}

function runQuery(bench: Bench, query: NexmarkQuery): Promise<NexmarkOutcome> {
  return fromChild<NexmarkOutcome>(['run', JSON.stringify(order(bench, query))], (part) =>
    progress(`${query.name}: ${Math.round(part * 100)} %`),
  );
}

async function measureAll(bench: Bench, queries: readonly NexmarkQuery[]): Promise<boolean> {
  const reports: QueryReport[] = [];
  for (const query of queries) reports.push(await measureOne(bench, query));
  progress('');
  const { options, peer, source } = bench;
  const peerName = peer?.name ?? null;
  const table = figuresTable(reports, peerName);
  const closing = summary(reports, peerName);
  print(table);
  if (closing !== '') print(`\n${closing}`);
  if (options.operators) print(`\n${operatorTable(reports)}`);
  if (options.json !== null) {
    const { startPeer: _, ...settings } = options;
    writeFileSync(options.json, reportJson(reports, settings));
  }
  if (options.chart !== null) {
    const what = `from ${source.kind}, ${options.events.toLocaleString('en-US')} events`;
    const chart = figuresChart(reports, peerName, what);
    const page = options.chart.endsWith('.html');
    const tables = [table, closing, operatorTable(reports)];
    writeFileSync(options.chart, page ? chartPage(chart, tables) : chartSvg(chart));
  }
  return true;
}

async function measureOne(bench: Bench, query: NexmarkQuery): Promise<QueryReport> {
  const { peer } = bench;
  progress(query.name);
  let outcome: NexmarkOutcome | null = null;
  let latency: Spread | null = null;
  let error: string | null = null;
  try {
    outcome = await runQuery(bench, query);
    latency = await measureLatency(bench, query);
  } catch (failure) {
    error = messageOf(failure);
  }
  let figures: PeerFigures | null = null;
  if (peer !== null) {
    progress(`${query.name}: ${peer.name}`);
    figures = await peer
      .measure(peerOrder(bench, query))
      .catch((failure: unknown) => ({ figures: null, error: messageOf(failure) }));
  }
  const report = { query, outcome, error, latency, peer: figures };
  progress('');
  if (!process.stderr.isTTY) process.stderr.write(`${queryLine(report)}\n`);
  return report;
}

async function measureLatency(bench: Bench, query: NexmarkQuery): Promise<Spread | null> {
  const { options, directory, source } = bench;
  if (options.latencyRate === null || source.kind !== 'kafka') return null;
  progress(`${query.name}: latency`);
  const topic = `nexmark-latency-${process.pid}-${query.name}`;
  const { bootstrap } = source;
  await makeTopic({ bootstrap, topic });
  const latencyOrder: LatencyOrder = {
    query: query.name,
    bootstrap,
    topic,
    eventsPerSecond: options.latencyRate,
    seconds: options.latencySeconds,
    seed: options.seed,
    checkpointIntervalMs: options.checkpointIntervalMs,
    directory,
  };
  try {
    return await fromChild<Spread | null>(
      ['nexmark-latency', JSON.stringify(latencyOrder)],
      () => undefined,
    );
  } finally {
    await dropTopic({ bootstrap, topic });
  }
}

/** Compares results with the peer's, row for row; false when one that is determined differs. */
async function checkAll(bench: Bench, queries: readonly NexmarkQuery[]): Promise<boolean> {
  const { peer } = bench;
  if (peer === null) throw new Error('--check needs --compare flink');
  let right = true;
  for (const query of queries) {
    progress(query.name);
    let line: string;
    try {
      const { result } = await runQuery(bench, query);
      const theirs = await peer.rows(peerOrder(bench, query));
      const difference = compareResults(result ?? [], theirs);
      if (difference === null) line = `the same ${theirs.length} rows`;
      else if (query.undetermined !== null) {
        line = `differs, and may, since ${query.undetermined}: ${difference}`;
      } else {
        line = `DIFFERS: ${difference}`;
        right = false;
      }
    } catch (failure) {
      line = `not compared: ${messageOf(failure)}`;
    }
    progress('');
    print(`${query.name.padEnd(4)} ${line}`);
  }
  return right;
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One line that is overwritten; only people see it. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
