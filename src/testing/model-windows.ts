/** Windowing functions of the model: each row with each of its windows. No row is late here. */

import { windowTimeLagMicros } from '../plan/logical.ts';
import type { WindowPlan } from '../plan/logical.ts';
import type { Row } from '../types/datum.ts';
import { rowKeyString } from '../types/key-codec.ts';

export function windowRows(plan: WindowPlan, rows: readonly Row[]): Row[] {
  const timed = rows.filter((row) => row[plan.timeColumn] !== null);
  const { window } = plan;
  if (window.fn === 'session') return sessionRows(plan, timed);
  return timed.flatMap((row) => {
    const time = Number(row[plan.timeColumn] as bigint);
    const bounds: (readonly [number, number])[] = [];
    const floor = (step: number): number =>
      Math.floor((time - window.offset) / step) * step + window.offset;
    if (window.fn === 'tumble') bounds.push([floor(window.size), floor(window.size) + window.size]);
    if (window.fn === 'hop') {
      for (let start = floor(window.slide); start + window.size > time; start -= window.slide) {
        bounds.push([start, start + window.size]);
      }
    }
    if (window.fn === 'cumulate') {
      const start = floor(window.size);
      for (let end = start + window.step; end <= start + window.size; end += window.step) {
        if (end > time) bounds.push([start, end]);
      }
    }
    return bounds.map(([start, end]) => withWindow(row, start, end));
  });
}

/** Rows at most `gap` apart hang together; the session ends `gap` after its last row. */
function sessionRows(plan: WindowPlan, rows: readonly Row[]): Row[] {
  if (plan.window.fn !== 'session') return [];
  const { gap, partitionBy } = plan.window;
  const timeOf = (row: Row): number => Number(row[plan.timeColumn] as bigint);
  const partitions = new Map<string, Row[]>();
  for (const row of rows) {
    const key = rowKeyString(
      partitionBy.map((column) => row[column]!),
      partitionBy.map((column) => plan.input.schema[column]!.type),
    );
    partitions.set(key, [...(partitions.get(key) ?? []), row]);
  }
  return [...partitions.values()].flatMap((partition) => {
    const sorted = [...partition].sort((a, b) => timeOf(a) - timeOf(b));
    const sessions: Row[][] = [];
    for (const row of sorted) {
      const last = sessions.at(-1);
      if (last !== undefined && timeOf(row) - timeOf(last.at(-1)!) <= gap) last.push(row);
      else sessions.push([row]);
    }
    return sessions.flatMap((session) => {
      const end = timeOf(session.at(-1)!) + gap;
      return session.map((row) => withWindow(row, timeOf(session[0]!), end));
    });
  });
}

function withWindow(row: Row, start: number, end: number): Row {
  return [...row, BigInt(start), BigInt(end), BigInt(end - windowTimeLagMicros)];
}
