/** The figures of a Nexmark run as tables, as a chart and as JSON. */

import { formatTable } from '../base/text-layout.ts';
import { figure, type Chart } from './chart.ts';
import type { NexmarkQuery } from './nexmark-queries.ts';
import type { NexmarkOutcome } from './nexmark-run.ts';
import type { PeerFigures } from './peer.ts';
import type { Spread } from './percentile.ts';

/** What became of one query: an outcome, or the error with which it was refused. */
export interface QueryReport {
  readonly query: NexmarkQuery;
  readonly outcome: NexmarkOutcome | null;
  readonly error: string | null;
  readonly latency: Spread | null;
  readonly peer: PeerFigures | null;
}

/** CPU seconds for a million events. */
export function cpuPerMillion({ cpuMs, rows }: { cpuMs: number; rows: number }): number {
  return cpuMs / 1000 / (rows / 1e6);
}

/** How many times the peer's CPU time; null where one of the two has no figures. */
export function ratio({ outcome, peer }: QueryReport): number | null {
  if (outcome === null || peer === null || peer.figures === null) return null;
  return cpuPerMillion(peer.figures) / cpuPerMillion(outcome);
}

/** Null without values. */
export function geometricMean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** One line a query. */
export function figuresTable(reports: readonly QueryReport[], peerName: string | null): string {
  const headers = [
    'query',
    '',
    'events',
    'events/s',
    'CPU s per 1M',
    'peak MB',
    'p50 ms',
    'p99 ms',
  ];
  headers.push('p99.9 ms', 'checkpoints', 'changes out');
  if (peerName !== null) headers.push(`${peerName} events/s`, `${peerName} CPU s per 1M`, 'ratio');
  const rows = reports.map((report) => {
    const { query, outcome, latency, peer } = report;
    const cells = [query.name, query.title];
    if (outcome === null) cells.push(...Array.from({ length: 9 }, () => '-'));
    else {
      cells.push(
        String(outcome.rows),
        String(Math.round((outcome.rows / outcome.wallMs) * 1000)),
        cpuPerMillion(outcome).toFixed(2),
        String(Math.round(outcome.peakBytes / 1024 / 1024)),
        ...[latency?.p50, latency?.p99, latency?.p999].map((ms) =>
          ms === undefined ? '-' : ms.toFixed(1),
        ),
        String(outcome.checkpoints),
        String(outcome.resultRows),
      );
    }
    if (peerName === null) return cells;
    const times = ratio(report);
    if (peer === null || peer.figures === null) cells.push('-', '-');
    else {
      const { rows: events, wallMs } = peer.figures;
      cells.push(
        String(Math.round((events / wallMs) * 1000)),
        cpuPerMillion(peer.figures).toFixed(2),
      );
    }
    cells.push(times === null ? '-' : `${times.toFixed(1)}x`);
    return cells;
  });
  const align = headers.map((_, index) => (index < 2 ? ('left' as const) : ('right' as const)));
  return formatTable(headers, rows, { align });
}

/** One query in one line, for a log while the others still run. */
export function queryLine(report: QueryReport): string {
  const { query, outcome, error, peer } = report;
  const parts = [
    error ?? (outcome === null ? '-' : `${cpuPerMillion(outcome).toFixed(2)} CPU s per 1M`),
  ];
  if (peer !== null) {
    const { figures } = peer;
    parts.push(`peer ${figures === null ? peer.error : cpuPerMillion(figures).toFixed(2)}`);
  }
  const times = ratio(report);
  if (times !== null) parts.push(`${times.toFixed(1)}x`);
  return `${query.name}: ${parts.join(', ')}`;
}

/** The geometric mean of the ratios, and what is not in it. */
export function summary(reports: readonly QueryReport[], peerName: string | null): string {
  const lines: string[] = [];
  for (const { query, error, peer } of reports) {
    if (error !== null) lines.push(`${query.name} is refused: ${error}`);
    if (peer !== null && peer.error !== null) {
      lines.push(`${query.name}: ${peerName} refuses it: ${peer.error}`);
    }
  }
  if (peerName === null) return lines.join('\n');
  const ratios = reports.flatMap((report) => ratio(report) ?? []);
  const mean = geometricMean(ratios);
  if (mean !== null) {
    lines.push(
      `Events per CPU second, times ${peerName}'s: geometric mean ${mean.toFixed(1)}x over ${ratios.length} queries, least ${Math.min(...ratios).toFixed(1)}x.`,
    );
  }
  return lines.join('\n');
}

/** Rows through each operator of each query. */
export function operatorTable(reports: readonly QueryReport[]): string {
  const rows = reports.flatMap(({ query, outcome }) =>
    (outcome?.operators ?? []).map(({ operator, kind, rowsIn, rowsOut }) => [
      query.name,
      String(operator),
      kind,
      String(rowsIn),
      String(rowsOut),
    ]),
  );
  const align = ['left', 'right', 'left', 'right', 'right'] as const;
  return formatTable(['query', 'operator', 'kind', 'rows in', 'rows out'], rows, { align });
}

/** CPU time of each query, beside the peer's. */
export function figuresChart(
  reports: readonly QueryReport[],
  peerName: string | null,
  what: string,
): Chart {
  const series = [{ name: 'Millrace', colour: '#1f77b4' }];
  if (peerName !== null) series.push({ name: peerName, colour: '#d9822b' });
  return {
    title: `Nexmark ${what}`,
    unit: 'CPU seconds per million events; shorter is better',
    series,
    rows: reports.map((report) => {
      const { query, outcome, peer } = report;
      const times = ratio(report);
      const values: (number | null)[] = [outcome === null ? null : cpuPerMillion(outcome)];
      if (peerName !== null) values.push(peer?.figures ? cpuPerMillion(peer.figures) : null);
      const more = times === null ? '' : ` (${figure(times)}x)`;
      return { label: `${query.name} ${query.title}${more}`, values };
    }),
  };
}

/** Everything measured, for programs; the rows of results are not in it. */
export function reportJson(
  reports: readonly QueryReport[],
  settings: Readonly<Record<string, unknown>>,
): string {
  const queries = reports.map((report) => {
    const { query, outcome, error, latency, peer } = report;
    if (outcome === null) return { query: query.name, error };
    const { result: _, ...figures } = outcome;
    const cpuSecondsPerMillion = cpuPerMillion(outcome);
    return {
      query: query.name,
      ...figures,
      cpuSecondsPerMillion,
      latency,
      peer,
      ratio: ratio(report),
    };
  });
  return `${JSON.stringify({ settings, queries }, null, 2)}\n`;
}
