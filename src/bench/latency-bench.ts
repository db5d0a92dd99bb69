/**
 * Freshness where a user feels it: from the moment when a Kafka producer hears that its record is written to the
 * moment when the row is on a subscriber's socket. Producer, server (with its default settings) and subscriber
 * are three processes; the times are those of one clock of the machine.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { formatTable } from '../base/text-layout.ts';
import { PgClient } from '../client/pg-client.ts';
import { spread, type Spread } from './percentile.ts';
import { fromChild } from './processes.ts';
import { RowStream, sharedMs } from './row-stream.ts';
import { ServerChild } from './server-child.ts';
import { dropTopic, makeTopic, TopicWriter } from './topic-writer.ts';

export interface LatencyBenchOptions {
  readonly bootstrap: string;
  /** Events a second, one run each. */
  readonly rates: readonly number[];
  readonly seconds: number;
  /** Directory for a CPU profile of the server; null: none. */
  readonly profile: string | null;
}

export interface AckOrder {
  readonly bootstrap: string;
  readonly topic: string;
  readonly rate: number;
  readonly events: number;
}

/** Events before `upTo` (and not before the last entry's) were acknowledged at `atMs`. */
type Acknowledged = readonly (readonly [upTo: number, atMs: number])[];

/** The first seconds, in which code is compiled, are not counted. */
const warmUpSeconds = 5;

/** Prints one line a rate. */
export async function benchLatency(options: LatencyBenchOptions): Promise<void> {
  const rows: string[][] = [];
  for (const rate of options.rates) {
    const { times, cpuShare } = await measure(options, rate);
    const cells = [times.p50, times.p99, times.p999, times.max].map((each) => each.toFixed(2));
    rows.push([String(rate), String(times.count), ...cells, cpuShare]);
  }
  const head = ['events/s', 'rows', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'CPU of the server'];
  const align = head.map(() => 'right' as const);
  process.stdout.write('from the acknowledgement of the producer to the row at a subscriber\n');
  process.stdout.write(`${formatTable(head, rows, { align })}\n`);
}

async function measure(
  { bootstrap, seconds, profile }: LatencyBenchOptions,
  rate: number,
): Promise<{ readonly times: Spread; readonly cpuShare: string }> {
  const topic = `latency-${rate}-${Date.now()}`;
  const events = rate * seconds;
  await makeTopic({ bootstrap, topic });
  const profiling = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const server = await ServerChild.start([], profiling);
  try {
    await define(server.port, bootstrap, topic);
    const stream = await RowStream.open(server.port, 'SUBSCRIBE readings', events);
    try {
      const cpuBefore = server.cpuSeconds();
      const started = sharedMs();
      const order: AckOrder = { bootstrap, topic, rate, events };
      const acknowledged = fromChild<Acknowledged>(
        ['acknowledge', JSON.stringify(order)],
        () => undefined,
      );
      await Promise.all([acknowledged, stream.all()]);
      if (stream.rows !== events || stream.last !== String(events - 1)) {
        throw new Error(`${stream.rows} rows came for ${events} events, the last ${stream.last}`);
      }
      const cpu = share(cpuBefore, server.cpuSeconds(), sharedMs() - started);
      const waits = waitsOf(stream.cameAt, await acknowledged, rate, seconds);
      return { times: spread(waits)!, cpuShare: cpu };
    } finally {
      stream.close();
    }
  } finally {
    await server.stop();
    await dropTopic({ bootstrap, topic });
  }
}

function share(before: number | null, after: number | null, tookMs: number): string {
  if (before === null || after === null) return 'unknown';
  return `${Math.round(((after - before) / tookMs) * 1e5)} %`;
}

async function define(port: number, bootstrap: string, topic: string): Promise<void> {
  const client = await PgClient.connect({
    host: '127.0.0.1',
    port,
    user: 'millrace',
    database: 'millrace',
    applicationName: 'bench',
  });
  await client.query(`
    CREATE SOURCE sensors (sensor text, value double precision, n bigint)
      WITH (connector = 'kafka', topic = '${topic}', properties.bootstrap.servers = '${bootstrap}',
        scan.startup.mode = 'earliest-offset', format = 'json');
    CREATE MATERIALIZED VIEW readings AS SELECT sensor, value, n FROM sensors WHERE value >= 0`);
  await client.close();
}

/** A row that came before its producer heard of the acknowledgement waited for nothing. */
function waitsOf(
  cameAt: Float64Array,
  acknowledged: Acknowledged,
  rate: number,
  seconds: number,
): Float64Array {
  const first = Math.min(warmUpSeconds, seconds / 2) * rate;
  const waits = new Float64Array(cameAt.length - first);
  let event = 0;
  for (const [upTo, atMs] of acknowledged) {
    for (; event < upTo; event++) {
      if (event >= first) waits[event - first] = Math.max(0, cameAt[event]! - atMs);
    }
  }
  return waits;
}

/** The producer's side: sends each event when it is due, all that are due at once, and waits for the broker. */
export async function produceAcknowledged(order: AckOrder): Promise<Acknowledged> {
  const { rate, events } = order;
  const writer = await TopicWriter.open(order);
  const acknowledged: [number, number][] = [];
  const startedAt = sharedMs() + 100;
  for (let sent = 0; sent < events;) {
    const due = Math.min(events, Math.floor(((sharedMs() - startedAt) * rate) / 1000) + 1);
    if (due <= sent) {
      await sleep(1);
      continue;
    }
    await writer.write(readings(sent, due), Date.now());
    acknowledged.push([due, sharedMs()]);
    sent = due;
  }
  await writer.close();
  return acknowledged;
}

function* readings(from: number, to: number): Iterable<string> {
  for (let n = from; n < to; n++) {
    yield `{"sensor":"sensor-${n % 1000}","value":${(n % 977) / 8},"n":${n}}`;
  }
}
