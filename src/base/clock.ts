/**
 * Time comes in here and nowhere else, so that tests run the real engine on a clock that stands still.
 * `SystemClock` is the only reader of wall time and the only maker of timers.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Microseconds since 1970-01-01 00:00:00 UTC, as a safe integer. */
  nowMicros(): number;
  /** Milliseconds of a clock that never steps back; for timeouts and durations only. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): Timer;
}

export class SystemClock implements Clock {
  nowMicros(): number {
    return Date.now() * 1000;
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delayMs: number, run: () => void): Timer {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  }
}

interface ManualTimer {
  readonly dueMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** Stands still until `advance`; timers fire in order of their due time, then of their making. */
export class ManualClock implements Clock {
  #micros: number;
  #monotonicMs = 0;
  #sequence = 0;
  #timers: ManualTimer[] = [];

  constructor(startMicros: number) {
    this.#micros = startMicros;
  }

  nowMicros(): number {
    return this.#micros;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { dueMs: this.#monotonicMs + delayMs, sequence: this.#sequence++, run };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  /** Moves time forward by `ms`, firing each timer at its own instant on the way. */
  advance(ms: number): void {
    const end = this.#monotonicMs + ms;
    for (;;) {
      const next = this.#nextDue(end);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#moveTo(Math.max(next.dueMs, this.#monotonicMs));
      next.run();
    }
    this.#moveTo(end);
  }

  #nextDue(end: number): ManualTimer | undefined {
    return this.#timers
      .filter((timer) => timer.dueMs <= end)
      .sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence)[0];
  }

  #moveTo(monotonicMs: number): void {
    this.#micros += Math.round((monotonicMs - this.#monotonicMs) * 1000);
    this.#monotonicMs = monotonicMs;
  }
}
