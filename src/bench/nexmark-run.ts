/**
 * One query over one stream of events, measured in this process, which does nothing else: CPU time and memory
 * are the process's. A run begins to count when a first part of the events is through, so that compiling
 * and starting are not in the figures, and ends when the last is in the view and in a checkpoint.
 */

import { dirname } from 'node:path';
import { must } from '../base/assert.ts';
import { EngineRun } from './engine-run.ts';
import { defaultOriginMicros, eventCounts } from './nexmark-events.ts';
import {
  besideSql,
  insertSql,
  enveloped,
  generatedStreams,
  namedQueries,
  sinkName,
  viewSql,
  type NexmarkQuery,
} from './nexmark-queries.ts';
import { profiled } from './profile.ts';

export type EventSource =
  | { readonly kind: 'generator' }
  | { readonly kind: 'kafka'; readonly bootstrap: string; readonly topic: string }
  | { readonly kind: 'file'; readonly path: string };

/** What a run is told. */
export interface NexmarkOrder {
  readonly query: string;
  readonly source: EventSource;
  readonly events: number;
  readonly seed: number;
  readonly gapMicros: number;
  readonly workers: number;
  readonly checkpointIntervalMs: number;
  /** Part of the rows that goes by before measuring. */
  readonly warmUp: number;
  /** Where files that queries read lie. */
  readonly directory: string;
  /** A sink is what the benchmark has; a view keeps the rows of the result. */
  readonly into: 'sink' | 'view';
  /** Hands back the rows of a view. */
  readonly keepRows: boolean;
  /** Where to write a CPU profile, or null. */
  readonly profile: string | null;
}

export interface OperatorRows {
  readonly operator: number;
  readonly kind: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
}

/** Cells as PostgreSQL writes them; null is NULL. */
export type ResultRow = readonly (string | null)[];

export interface NexmarkOutcome {
  /** Rows measured: those after the warm-up. */
  readonly rows: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly checkpoints: number;
  readonly operators: readonly OperatorRows[];
  /** Rows of the view, or changes that went into the sink. */
  readonly resultRows: number;
  /** The result itself, when it was asked for. */
  readonly result: readonly ResultRow[] | null;
}

/** Runs the order to its end. */
export async function runNexmark(
  order: NexmarkOrder,
  progress: (part: number) => void,
): Promise<NexmarkOutcome> {
  const query = must(namedQueries([order.query])[0], 'a query of that name');
  const run = await EngineRun.open({
    workers: order.workers,
    checkpointIntervalMs: order.checkpointIntervalMs,
    allowedDirectories: allowedDirectories(order),
  });
  try {
    const beside = besideSql(query, order.directory);
    if (beside !== '') await run.load(beside);
    await run.execute(sourceSql(order));
    const measure = () => measured(run, query, order, progress);
    const { profile } = order;
    const figures = await (profile === null ? measure() : profiled(profile, measure));
    return { ...figures, ...(await results(run, query, order)) };
  } finally {
    await run.close();
  }
}

function allowedDirectories({ source, directory }: NexmarkOrder): string[] {
  return source.kind === 'file' ? [directory, dirname(source.path)] : [directory];
}

function sourceSql({ source, events, seed, gapMicros }: NexmarkOrder): string {
  switch (source.kind) {
    case 'generator':
      return generatedStreams(
        new Map([
          ['nexmark.event.num', String(events)],
          ['nexmark.min.event.gap.in.ns', String(gapMicros * 1000)],
          ['nexmark.base.time', String(defaultOriginMicros / 1000)],
          ['seed', String(seed)],
        ]),
      );
    case 'kafka':
      return enveloped(
        new Map([
          ['connector', 'kafka'],
          ['topic', source.topic],
          ['properties.bootstrap.servers', source.bootstrap],
          ['scan.startup.mode', 'earliest-offset'],
          ['format', 'json'],
        ]),
      );
    case 'file':
      return enveloped(
        new Map([
          ['connector', 'filesystem'],
          ['path', source.path],
          ['format', 'json'],
        ]),
      );
  }
}

type Figures = Pick<
  NexmarkOutcome,
  'rows' | 'wallMs' | 'cpuMs' | 'peakBytes' | 'checkpoints' | 'operators'
>;

async function measured(
  run: EngineRun,
  query: NexmarkQuery,
  order: NexmarkOrder,
  progress: (part: number) => void,
): Promise<Figures> {
  const checkpointsBefore = run.engine.checkpoints.count;
  const { into, directory } = order;
  await run.execute(into === 'view' ? viewSql(query, directory) : insertSql(query, directory));
  const rowsMax = expectedRows(run, order);
  const begun = await reach(run, rowsMax * order.warmUp, progress, rowsMax);
  await reach(run, rowsMax, progress, rowsMax);
  if (order.warmUp > 0 && begun.rows === rowsMax) {
    throw new Error('everything went by before the engine was warm; ask for more --events');
  }
  await run.engine.checkpoint();
  const wallMs = performance.now() - begun.wall;
  const used = process.cpuUsage(begun.cpu);
  return {
    rows: rowsMax - begun.rows,
    wallMs,
    cpuMs: (used.user + used.system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    checkpoints: run.engine.checkpoints.count - checkpointsBefore,
    operators: [...run.engine.jobs].flatMap((job) =>
      [...job.operators()].map(({ id, kind, counters }) => ({
        operator: id,
        kind,
        rowsIn: counters.rowsIn,
        rowsOut: counters.rowsOut,
      })),
    ),
  };
}

/** Rows that the sources which the query reads hand out in all. */
function expectedRows(run: EngineRun, { source, events }: NexmarkOrder): number {
  if (source.kind !== 'generator') return events;
  const counts = new Map(Object.entries(eventCounts(events)));
  let rows = 0;
  for (const { source: read, shared } of run.engine.sources) {
    if (shared !== null) rows += counts.get(read.name.replace('_stream', '')) ?? 0;
  }
  return rows;
}

interface Moment {
  readonly rows: number;
  readonly wall: number;
  readonly cpu: NodeJS.CpuUsage;
}

async function reach(
  run: EngineRun,
  rows: number,
  progress: (part: number) => void,
  rowsMax: number,
): Promise<Moment> {
  let told = 0;
  await run.follow(() => {
    const read = run.rowsRead();
    const part = Math.floor((read / rowsMax) * 20) / 20;
    if (part > told) progress((told = part));
    return read >= rows;
  });
  return { rows: run.rowsRead(), wall: performance.now(), cpu: process.cpuUsage() };
}

async function results(
  run: EngineRun,
  query: NexmarkQuery,
  { into, keepRows }: NexmarkOrder,
): Promise<Pick<NexmarkOutcome, 'result' | 'resultRows'>> {
  const name = sinkName(query);
  if (into === 'sink') {
    const [written] = await run.rows('SELECT rows_written FROM millrace.sinks');
    return { resultRows: Number(must(written, 'one sink')[0]), result: null };
  }
  const [counted] = await run.rows(`SELECT count(*) FROM ${name}`);
  const resultRows = Number(must(counted, 'one row')[0]);
  if (!keepRows) return { resultRows, result: null };
  return { resultRows, result: await run.rows(`SELECT * FROM ${name}`) };
}
