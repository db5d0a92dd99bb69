/**
 * The schema `millrace`: what the engine knows of itself, as relations. Every number that a console or an
 * alert shows comes from here.
 */

import type { Catalog } from '../catalog/catalog.ts';
import type { SystemContext } from '../catalog/system-context.ts';
import {
  parseDefinitions,
  type SystemProvider,
  type SystemRecord,
  type SystemRelations,
} from '../catalog/system-relations.ts';
import type { Engine } from '../jobs/engine.ts';
import { SinkJob } from '../jobs/sink-job.ts';
import { ViewJob } from '../jobs/view-job.ts';
import type { LedgerColumn } from '../jobs/ledger.ts';
import { parseText } from '../types/text-io.ts';
import { types } from '../types/sql-type.ts';
import type { Row } from '../types/datum.ts';
import { timestampInfinity, timestampNegativeInfinity } from '../types/datetime.ts';
import { listSources } from './source-list.ts';

const definitions = `
late_rows 14001 v
  view_name text!, source text, topic text, partition text, record_offset bigint, row jsonb,
  window_start timestamp, window_end timestamp, watermark timestamp, arrived_at timestamptz!
dead_letters 14002 v
  source text!, topic text!, partition text!, record_offset bigint!, record_timestamp timestamptz,
  reason text!, raw bytea, key bytea, arrived_at timestamptz!
row_errors 14003 v
  view_name text!, code text!, message text!, row jsonb, rows bigint!
sources 14004 v
  schema_name text!, name text!, connector text!, state text!, error text, rows_read bigint!,
  rows_refused bigint!, rows_ahead bigint!, lag bigint, watermark timestamp
source_partitions 14005 v
  source text!, partition text!, position bigint!, end_offset bigint, lag bigint, watermark timestamp,
  idle boolean!
views 14006 v
  schema_name text!, name text!, rows bigint!, memory_bytes bigint!, watermark timestamp,
  late_rows bigint!, failed_rows bigint!, state text!
operators 14007 v
  view_name text!, operator integer!, kind text!, rows_in bigint!, rows_out bigint!, rows_late bigint!,
  rows_failed bigint!
state_tables 14008 v
  view_name text!, operator integer!, name text!, rows bigint!, memory_bytes bigint!,
  bytes_per_row bigint
checkpoints 14009 v
  checkpoints bigint!, last_bytes bigint!, last_duration interval, last_at timestamptz
sinks 14011 v
  schema_name text!, name text!, connector text!, target text, state text!, error text,
  rows_written bigint!, rows_committed bigint!, bytes_written bigint!, bytes_waiting bigint!,
  files_committed bigint, files_open bigint, late_rows bigint!, failed_rows bigint!
sessions 14010 v
  pid integer!, user_name text!, application_name text!, state text!, query text!, started_at timestamptz!
subscriptions 14013 v
  id bigint!, pid integer!, relation text, started_tick bigint!, read_tick bigint!, rows_read bigint!,
  waiting_rows bigint!, waiting_bytes bigint!, late_rows bigint!
`;

type Provider = SystemProvider<SystemContext>;

/** Adds the relations of schema `millrace` over one engine. */
export function provideEngineTables(
  system: SystemRelations<SystemContext>,
  catalog: Catalog,
  engine: Engine,
): void {
  system.define(catalog, parseDefinitions('millrace', definitions));
  const providers: readonly (readonly [string, Provider])[] = [
    ['late_rows', () => records(engine.lateRows.columns, engine.lateRows.entries)],
    ['dead_letters', () => records(engine.deadLetters.columns, engine.deadLetters.entries)],
    ['row_errors', () => rowErrors(engine)],
    ['sources', () => sources(engine)],
    ['source_partitions', () => sourcePartitions(engine)],
    ['views', () => views(engine)],
    ['sinks', () => sinks(engine, catalog)],
    ['operators', () => operators(engine)],
    ['state_tables', () => stateTables(engine)],
    ['checkpoints', () => [checkpoints(engine)]],
    ['sessions', sessions],
    ['subscriptions', () => subscriptions(engine, catalog)],
  ];
  for (const [name, provider] of providers) system.provide(`millrace.${name}`, provider);
}

function* records(columns: readonly LedgerColumn[], rows: readonly Row[]): Iterable<SystemRecord> {
  for (const row of rows) {
    yield Object.fromEntries(columns.map((column, index) => [column.name, row[index]!]));
  }
}

function* rowErrors(engine: Engine): Iterable<SystemRecord> {
  for (const { view, code, message, row, count } of engine.rowErrors.entries()) {
    yield { view_name: view, code, message, row: parseText(row, types.jsonb), rows: BigInt(count) };
  }
}

/** A watermark as a timestamp; before the first it is NULL, at the end of the input infinity. */
function watermark(micros: number): bigint | null {
  if (micros === -Infinity) return null;
  if (micros === Infinity) return timestampInfinity;
  return micros < -9e18 ? timestampNegativeInfinity : BigInt(Math.floor(micros));
}

function* sources(engine: Engine): Iterable<SystemRecord> {
  for (const { source, feed, state, error, partitions } of listSources(engine)) {
    const lags = partitions.map(({ position, end }) =>
      end === null ? null : Math.max(0, end - position),
    );
    const lag = lags.reduce<number | null>(
      (sum, each) => (sum === null || each === null ? null : sum + each),
      0,
    );
    yield {
      schema_name: source.schema,
      name: source.name,
      connector: source.connector,
      state,
      error,
      rows_read: BigInt(feed?.rowsRead ?? 0),
      rows_refused: BigInt(feed?.rowsRefused ?? 0),
      rows_ahead: BigInt(feed?.watermarks.rowsAhead ?? 0),
      lag: feed === null || lag === null ? null : BigInt(lag),
      watermark: feed === null ? null : watermark(feed.watermarks.current),
    };
  }
}

function* sourcePartitions(engine: Engine): Iterable<SystemRecord> {
  for (const { source, shared } of engine.sources) {
    if (shared === null) continue;
    const watermarks = new Map(
      [...shared.watermarks.partitions()].map(([name, micros, idle]) => [name, { micros, idle }]),
    );
    for (const { partition, end } of shared.reader.status().partitions) {
      const position = shared.positions.get(partition) ?? 0;
      const known = watermarks.get(partition);
      yield {
        source: `${source.schema}.${source.name}`,
        partition,
        position: BigInt(position),
        end_offset: end === null ? null : BigInt(end),
        lag: end === null ? null : BigInt(Math.max(0, end - position)),
        watermark: watermark(known?.micros ?? -Infinity),
        idle: known?.idle ?? false,
      };
    }
  }
}

function* views(engine: Engine): Iterable<SystemRecord> {
  for (const job of engine.jobs) {
    if (!(job instanceof ViewJob)) continue;
    yield {
      schema_name: job.view.schema,
      name: job.view.name,
      rows: BigInt(job.relation.store.rowCount),
      memory_bytes: BigInt(job.memoryBytes),
      watermark: watermark(job.relation.watermark),
      late_rows: BigInt(engine.lateRows.total(job.name)),
      failed_rows: BigInt(engine.rowErrors.total(job.name)),
      state: job.failure === null ? 'running' : 'failed',
    };
  }
}

function* sinks(engine: Engine, catalog: Catalog): Iterable<SystemRecord> {
  for (const job of engine.jobs) {
    if (!(job instanceof SinkJob)) continue;
    const { sink } = job;
    const status = job.status();
    const target = sink.target === null ? undefined : catalog.byOid(sink.target);
    yield {
      schema_name: job.object.schema,
      name: job.object.name,
      connector: sink.connector,
      target: target === undefined ? null : `${target.schema}.${target.name}`,
      state: job.failure === null ? 'running' : 'failed',
      error: job.failure?.message ?? null,
      rows_written: BigInt(status.rowsWritten),
      rows_committed: BigInt(status.rowsCommitted),
      bytes_written: BigInt(status.bytesWritten),
      bytes_waiting: BigInt(status.bytesWaiting),
      files_committed: count(status.filesCommitted),
      files_open: count(status.filesOpen),
      late_rows: BigInt(engine.lateRows.total(job.name)),
      failed_rows: BigInt(engine.rowErrors.total(job.name)),
    };
  }
}

const count = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

function* operators(engine: Engine): Iterable<SystemRecord> {
  for (const job of engine.jobs) {
    for (const { id, kind, counters } of job.operators()) {
      yield {
        view_name: job.name,
        operator: id,
        kind,
        rows_in: BigInt(counters.rowsIn),
        rows_out: BigInt(counters.rowsOut),
        rows_late: BigInt(counters.rowsLate),
        rows_failed: BigInt(counters.rowsFailed),
      };
    }
  }
}

function* stateTables(engine: Engine): Iterable<SystemRecord> {
  for (const job of engine.jobs) {
    for (const { operator, table } of job.tables()) {
      yield {
        view_name: job.name,
        operator,
        name: table.name,
        rows: BigInt(table.rows),
        memory_bytes: BigInt(Math.round(table.bytes)),
        bytes_per_row: table.rows === 0 ? null : BigInt(Math.round(table.bytes / table.rows)),
      };
    }
  }
}

/** `relation` is NULL for a query's own dataflow. */
function* subscriptions(engine: Engine, catalog: Catalog): Iterable<SystemRecord> {
  for (const each of engine.subscriptions.all()) {
    const object = catalog.byOid(each.relation);
    const { rows, bytes } = each.waiting;
    yield {
      id: BigInt(each.id),
      pid: each.pid,
      relation: object === undefined ? null : `${object.schema}.${object.name}`,
      started_tick: BigInt(each.start),
      read_tick: BigInt(each.completeTick),
      rows_read: BigInt(each.rowsRead),
      waiting_rows: BigInt(rows),
      waiting_bytes: BigInt(bytes),
      late_rows: BigInt(each.lateRows),
    };
  }
}

function checkpoints(engine: Engine): SystemRecord {
  const { count, lastBytes, lastAtMicros } = engine.checkpoints;
  return {
    checkpoints: BigInt(count),
    last_bytes: BigInt(lastBytes),
    last_at: count === 0 ? null : BigInt(lastAtMicros),
  };
}

const sessions: Provider = (context) =>
  context.sessions().map((session) => ({
    pid: session.pid,
    user_name: session.user,
    application_name: session.application,
    state: session.state,
    query: session.query,
    started_at: BigInt(session.startedMicros),
  }));
