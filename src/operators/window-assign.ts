/**
 * Which windows a time belongs to: tumbling, hopping and cumulating windows are [start, end), aligned to
 * the epoch plus an offset, with floor division, so that times before 1970 fall right. Times are whole
 * microseconds below 2^53. All columns here are doubles, so these loops stay monomorphic as they are.
 */

import { unreachable } from '../base/assert.ts';
import type { WindowSpec } from '../plan/logical.ts';
import { grownFloat64, grownInt32 } from '../state/grown.ts';

export type FixedWindow = Exclude<WindowSpec, { fn: 'session' }>;

/** (row, start, end) triples, and those that came too late. */
export class Assigned {
  rows: Int32Array = new Int32Array(64);
  starts: Float64Array = new Float64Array(64);
  ends: Float64Array = new Float64Array(64);
  count = 0;

  add(row: number, start: number, end: number): void {
    if (this.count === this.rows.length) {
      const capacity = this.count * 2;
      this.rows = grownInt32(this.rows, capacity);
      this.starts = grownFloat64(this.starts, capacity);
      this.ends = grownFloat64(this.ends, capacity);
    }
    this.rows[this.count] = row;
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }
}

export interface Lateness {
  /** Per row, or null: then `watermark` holds for all. */
  readonly rowWatermarks: Float64Array | null;
  readonly watermark: number;
  /** Microseconds added to a window's end. */
  readonly allowed: number;
}

/** Assigns times[i] for every row whose `skip` flag is not set. A null `lateness`: no row is late. */
export function assignWindows(
  window: FixedWindow,
  times: Float64Array,
  input: { readonly count: number; readonly skip: Uint8Array | null },
  lateness: Lateness | null,
  out: { readonly inTime: Assigned; readonly late: Assigned },
): void {
  const { count, skip } = input;
  const { inTime, late } = out;
  inTime.count = 0;
  late.count = 0;
  for (let i = 0; i < count; i++) {
    if (skip !== null && skip[i] !== 0) continue;
    const closed = lateness === null ? -Infinity : closedBefore(lateness, i);
    const t = times[i]!;
    switch (window.fn) {
      case 'tumble': {
        const { size, offset } = window;
        const start = Math.floor((t - offset) / size) * size + offset;
        (start + size <= closed ? late : inTime).add(i, start, start + size);
        break;
      }
      case 'hop': {
        const { size, slide, offset } = window;
        let start = Math.floor((t - offset) / slide) * slide + offset;
        for (; start + size > t; start -= slide) {
          (start + size <= closed ? late : inTime).add(i, start, start + size);
        }
        break;
      }
      case 'cumulate': {
        const { size, step, offset } = window;
        const start = Math.floor((t - offset) / size) * size + offset;
        let end = start + (Math.floor((t - start) / step) + 1) * step;
        for (; end <= start + size; end += step) {
          (end <= closed ? late : inTime).add(i, start, end);
        }
        break;
      }
      default:
        unreachable(window, 'window');
    }
  }
}

/** Windows that end at or before this are closed for row i. */
function closedBefore(lateness: Lateness, i: number): number {
  const { rowWatermarks } = lateness;
  return (rowWatermarks === null ? lateness.watermark : rowWatermarks[i]!) - lateness.allowed;
}

/** Microseconds; times of one pane, [k·size, (k + 1)·size) plus the offset, are in the same windows. */
export function paneSize(window: FixedWindow): number {
  switch (window.fn) {
    case 'tumble':
      return window.size;
    case 'hop':
      return greatestDivisor(window.size, window.slide);
    case 'cumulate':
      return greatestDivisor(window.size, window.step);
  }
}

function greatestDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
