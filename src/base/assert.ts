/**
 * Assertions: faults of ours, never of the user's. They stay on in production; a failed one fails the
 * job or statement, and the tick it happened in is never committed.
 */

export class AssertionFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AssertionFailed';
  }
}

/** Throws `AssertionFailed` unless `condition` holds. `message` says what is wrong and shows the values. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/**
 * Throws `AssertionFailed`. For checks that run once a row: `if (wrong) fault(…)` builds the message only
 * when it is needed, where `assert` would build it every time.
 */
export function fault(message: string): never {
  throw new AssertionFailed(message);
}

/** The value, which is known to be present. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionFailed(message);
  return value;
}

/** Ends an exhaustive `switch`: a new union member stops the compiler here. */
export function unreachable(value: never, what = 'value'): never {
  throw new AssertionFailed(`unexpected ${what}: ${describe(value)}`);
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'kind' in value) return String(value.kind);
  return String(value);
}
