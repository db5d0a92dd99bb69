/** Percentiles of measured times by nearest rank: each is a time that was measured. */

import { assert } from '../base/assert.ts';

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The least value that is not below `part` (0 … 1) of the sorted values. */
export function percentile(sorted: Float64Array, part: number): number {
  assert(sorted.length > 0, 'a percentile of nothing');
  const rank = Math.ceil(part * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!;
}

/** The usual percentiles; null for no values. */
export function spread(values: Float64Array): Spread | null {
  if (values.length === 0) return null;
  const sorted = values.slice().sort();
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: sorted[sorted.length - 1]!,
  };
}
