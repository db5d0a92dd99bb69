/**
 * Work in steps, run to its end: at once, or giving up a turn of the event loop every few milliseconds, so
 * that one long query neither stops the other sessions nor keeps its own cancel request from being read.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a turn may last, in milliseconds. */
const turnMs = 15;
/** Steps between two looks at the clock. */
const stepsPerLook = 4;

/** Runs all steps now. `check` may throw to stop. */
export function runAtOnce<T>(steps: Generator<void, T>, check: () => void): T {
  try {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      check();
    }
  } finally {
    // Open scans end with their query.
    steps.return(undefined as T);
  }
}

export interface TurnOptions {
  readonly monotonicMs: () => number;
  /** Looked at in each turn; throws to stop. */
  readonly check: () => void;
  /** Called before the first turn is given up: from then on the world may change. */
  readonly beforeFirstPause: () => void;
}

/** Runs all steps, in turns when they take long. */
export async function runInTurns<T>(steps: Generator<void, T>, options: TurnOptions): Promise<T> {
  const { monotonicMs, check } = options;
  let started = monotonicMs();
  let paused = false;
  try {
    for (let count = 1; ; count++) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (count % stepsPerLook !== 0 || monotonicMs() - started < turnMs) continue;
      check();
      if (!paused) options.beforeFirstPause();
      paused = true;
      await nextTurn();
      check();
      started = monotonicMs();
    }
  } finally {
    steps.return(undefined as T);
  }
}
