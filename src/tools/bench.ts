/**
 * The benchmark: `npm run bench -- [--bids N] [--starts N] [--only generator|kafka|startup] [--profile]`.
 *
 * A million generated bids go through a filter and a tumbling aggregation, once from the generator and once as
 * JSON from a Kafka topic; each result is compared with a plain recount. Then start-up is measured. With
 * `--profile`, CPU profiles are written beside the program and their hottest functions are printed.
 */

import { fork } from 'node:child_process';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { must } from '../base/assert.ts';
import { formatTable } from '../base/text-layout.ts';
import { BrokerUnavailable, startBroker } from '../testing/broker.ts';
import { connectAdmin, createTopic, TestProducer } from '../testing/kafka-produce.ts';
import { bidBlocks, bidJson, Recount } from './bench-bids.ts';
import { topFunctions } from './bench-profile.ts';
import { type RunMessage, type RunOrder, type RunOutcome, runOrder } from './bench-run.ts';
import { measureStartup, type StartupTimes } from './bench-startup.ts';

const partitions = 4;
/** 2026-01-05 08:00:00 UTC. */
const topicOrigin = Date.UTC(2026, 0, 5, 8) * 1000;
const sendRows = 20_000;
const program = must(process.argv[1], 'path of the program');

interface Settings {
  readonly bids: number;
  readonly starts: number;
  readonly profile: boolean;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One line that is overwritten; only people see it. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Runs `order` in a process of its own. */
function runApart(order: RunOrder, what: string): Promise<RunOutcome> {
  return new Promise((resolve, reject) => {
    const child = fork(program, ['--run', JSON.stringify(order)]);
    let outcome: RunOutcome | null = null;
    child.on('message', (message: RunMessage) => {
      if (message.kind === 'done') outcome = message.outcome;
      else progress(`${what}: ${message.rows} of ${order.bids} rows`);
    });
    // Comes after the last message, also when the process ends early.
    child.once('disconnect', () => {
      progress('');
      if (outcome === null) reject(new Error(`the run from ${what} ended without a result`));
      else resolve(outcome);
    });
  });
}

function profileFile(settings: Settings, name: string): string | null {
  return settings.profile ? join(dirname(program), `${name}.cpuprofile`) : null;
}

async function fromGenerator(settings: Settings): Promise<RunOutcome> {
  const profile = profileFile(settings, 'generator');
  const outcome = await runApart({ bids: settings.bids, topic: null, profile }, 'generator');
  const recount = new Recount();
  for await (const block of bidBlocks(settings.bids, outcome.originMicros)) recount.add(block);
  check('generator', recount, outcome);
  return outcome;
}

/** Null, with a line saying why, where no broker can be had. */
async function fromKafka(settings: Settings): Promise<RunOutcome | null> {
  progress('starting a broker');
  const broker = await startBroker().catch((error: unknown) => {
    if (!(error instanceof BrokerUnavailable)) throw error;
    progress('');
    print(`Kafka is skipped: ${error.message}`);
    return null;
  });
  if (broker === null) return null;
  try {
    const { bootstrap } = broker;
    const name = 'bids';
    const recount = await fillTopic(bootstrap, name, settings.bids);
    const profile = profileFile(settings, 'kafka');
    const order = { bids: settings.bids, topic: { bootstrap, name }, profile };
    const outcome = await runApart(order, 'kafka');
    check('kafka', recount, outcome);
    return outcome;
  } finally {
    await broker.stop();
  }
}

/** Sends the bids to the partitions in turn. */
async function fillTopic(bootstrap: string, topic: string, bids: number): Promise<Recount> {
  const admin = await connectAdmin(bootstrap);
  await createTopic(admin, topic, partitions);
  await admin.disconnect();
  const producer = await TestProducer.connect(bootstrap);
  const recount = new Recount();
  const waiting = Array.from({ length: partitions }, (): { value: string }[] => []);
  let sent = 0;
  const send = async (): Promise<void> => {
    for (const [partition, records] of waiting.entries()) {
      if (records.length > 0) await producer.send(topic, partition, records);
      records.length = 0;
    }
    progress(`filling the topic: ${sent} of ${bids} rows`);
  };
  for await (const block of bidBlocks(bids, topicOrigin)) {
    recount.add(block);
    for (let row = 0; row < block.count; row++) {
      waiting[sent++ % partitions]!.push({ value: bidJson(block, row) });
      if (sent % sendRows === 0) await send();
    }
  }
  await send();
  await producer.close();
  return recount;
}

function check(what: string, recount: Recount, outcome: RunOutcome): void {
  const wrong = recount.difference(outcome.rows);
  if (wrong !== null) throw new Error(`${what}: the result is wrong: ${wrong}`);
}

function printRuns(bids: number, runs: readonly (readonly [string, RunOutcome])[]): void {
  const rows = runs.map(([name, { wallMs, cpuMs, peakBytes, checkpoints, rows }]) => [
    name,
    String(bids),
    (wallMs / 1000).toFixed(2),
    String(Math.round((bids / wallMs) * 1000)),
    ((cpuMs / bids) * 1000).toFixed(2),
    megabytes(peakBytes),
    String(checkpoints),
    `${rows.length} rows, as recounted`,
  ]);
  const headers = [
    'source',
    'events',
    'seconds',
    'events/s',
    'CPU s per 1M',
    'peak MB',
    'checkpoints',
    'result',
  ];
  const align = ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'] as const;
  print(formatTable(headers, rows, { align }));
}

async function startups(count: number): Promise<void> {
  const times: StartupTimes[] = [];
  for (let run = 0; run < count; run++) {
    progress(`start-up: ${run} of ${count} runs`);
    times.push(await measureStartup());
  }
  progress('');
  const line = (name: string, values: readonly number[], text: (value: number) => string) => {
    const sorted = [...values].sort((a, b) => a - b);
    return [name, text(sorted[0] ?? NaN), text(sorted[sorted.length >> 1] ?? NaN)];
  };
  const whole = (value: number): string => value.toFixed(0);
  const resident = times.flatMap(({ residentBytes }) => residentBytes ?? []);
  const rows = [
    line(
      'ms to ready',
      times.map((each) => each.readyMs),
      whole,
    ),
    line(
      'ms to the first answer',
      times.map((each) => each.answeredMs),
      whole,
    ),
    line('MB resident after it', resident, megabytes),
  ];
  print(formatTable(['start-up', 'least', 'median'], rows, { align: ['left', 'right', 'right'] }));
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

function printProfile(file: string): void {
  const rows = topFunctions(file, 25).map(({ place, ms, share }) => [
    (share * 100).toFixed(1),
    ms.toFixed(0),
    place,
  ]);
  print(`\nProfile ${relative(process.cwd(), file)}, time in the function itself:`);
  print(formatTable(['%', 'ms', 'function'], rows, { align: ['right', 'right', 'left'] }));
}

async function bench(only: string | undefined, settings: Settings): Promise<void> {
  const runs: (readonly [string, RunOutcome])[] = [];
  if (only === undefined || only === 'generator') {
    runs.push(['generator', await fromGenerator(settings)]);
  }
  if (only === undefined || only === 'kafka') {
    const outcome = await fromKafka(settings);
    if (outcome !== null) runs.push(['kafka, 4 partitions', outcome]);
  }
  if (runs.length > 0) printRuns(settings.bids, runs);
  if (only === undefined || only === 'startup') {
    print('');
    await startups(settings.starts);
  }
  for (const [name] of runs) {
    const file = profileFile(settings, name.split(',')[0]!);
    if (file !== null) printProfile(file);
  }
}

const { values } = parseArgs({
  options: {
    run: { type: 'string' },
    bids: { type: 'string', default: '1000000' },
    starts: { type: 'string', default: '7' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});

if (values.run === undefined) {
  const { bids, starts, profile } = values;
  await bench(values.only, { bids: Number(bids), starts: Number(starts), profile });
} else {
  const tell = (message: RunMessage): Promise<void> =>
    new Promise((sent) => process.send?.(message, () => sent()));
  const order = JSON.parse(values.run) as RunOrder;
  const outcome = await runOrder(order, (rows) => void tell({ kind: 'progress', rows }));
  await tell({ kind: 'done', outcome });
  process.disconnect();
}
