/**
 * How long it takes from an event's creation in another process to a row that every reader sees, over a real
 * Kafka topic at an even pace. An event is created when it is due, also while the producer waits for the
 * broker, so that waiting counts. It is visible at the end of the engine's turn that carried it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../base/assert.ts';
import { EngineRun } from './engine-run.ts';
import { defaultOriginMicros, eventBlocks } from './nexmark-events.ts';
import { besideSql, enveloped, namedQueries, viewSql } from './nexmark-queries.ts';
import { spread, type Spread } from './percentile.ts';
import { fromChild } from './processes.ts';
import { TopicWriter } from './topic-writer.ts';

export interface LatencyOrder {
  readonly query: string;
  readonly bootstrap: string;
  /** An empty topic of one partition. */
  readonly topic: string;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
  readonly checkpointIntervalMs: number;
  readonly directory: string;
}

/** Events of the first seconds, in which code is compiled, are not counted. */
const warmUpSeconds = 3;

/** Wall-clock milliseconds with a fraction, comparable between processes of one machine. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Runs the query over the topic while another process fills it; milliseconds from creation to visible. */
export async function runLatency(order: LatencyOrder): Promise<Spread | null> {
  const query = must(namedQueries([order.query])[0], 'a query of that name');
  const run = await EngineRun.open({
    checkpointIntervalMs: order.checkpointIntervalMs,
    allowedDirectories: [order.directory],
  });
  try {
    const options = new Map([
      ['connector', 'kafka'],
      ['topic', order.topic],
      ['properties.bootstrap.servers', order.bootstrap],
      ['scan.startup.mode', 'earliest-offset'],
      ['format', 'json'],
    ]);
    const beside = besideSql(query, order.directory);
    if (beside !== '') await run.load(beside);
    await run.execute(enveloped(options));
    await run.execute(viewSql(query, order.directory));
    const events = order.eventsPerSecond * order.seconds;
    const visible = new Float64Array(events);
    let seen = 0;
    const followed = run.follow(() => {
      const read = Math.min(run.rowsRead(), events);
      if (read > seen) visible.fill(now(), seen, read);
      seen = read;
      return seen >= events;
    });
    const produced = fromChild<number>(['produce', JSON.stringify(order)], () => undefined);
    const [startedAt] = await Promise.all([produced, followed]);
    const first = Math.min(warmUpSeconds, order.seconds / 2) * order.eventsPerSecond;
    const waits = visible.slice(first);
    for (let at = 0; at < waits.length; at++) {
      waits[at]! -= creationTime(startedAt, first + at, order.eventsPerSecond);
    }
    return spread(waits);
  } finally {
    await run.close();
  }
}

function creationTime(startedAt: number, event: number, perSecond: number): number {
  return startedAt + (event * 1000) / perSecond;
}

/** The producer's side: sends each event when it is due; gives the time at which the first was. */
export async function produceEvenly(order: LatencyOrder): Promise<number> {
  const { eventsPerSecond, seconds, seed } = order;
  const events = eventsPerSecond * seconds;
  const texts: string[] = [];
  const gapMicros = 1e6 / eventsPerSecond;
  const settings = { events, seed, gapMicros, outOfOrderMs: 0, originMicros: defaultOriginMicros };
  for (const block of eventBlocks(settings)) texts.push(...block);
  const writer = await TopicWriter.open(order);
  const startedAt = now() + 100;
  for (let sent = 0; sent < events;) {
    const due = Math.min(events, Math.floor(((now() - startedAt) * eventsPerSecond) / 1000) + 1);
    if (due <= sent) {
      await sleep(1);
      continue;
    }
    await writer.write(texts.slice(sent, due), Date.now());
    sent = due;
  }
  await writer.close();
  return startedAt;
}
