/**
 * Collects the statements of one row's computation, hands out names, and keeps the constants that travel
 * beside the source. A statement `return -1` ("trip") gives the whole batch to the plain kernel; it
 * stands wherever a value leaves the range in which generated code is exact, and wherever the plain
 * kernel would raise an error.
 */

import { safeMax, type Value } from './value.ts';

export const trip = 'return -1;';

export class Emitter {
  /** Constants by position; the source names them k0, k1… */
  readonly constants: unknown[] = [];
  /** Calls whose last result is remembered, by their text: variables c0, r0 (the row it is of), c1, r1… */
  readonly #memos = new Map<string, number>();
  readonly #tools = new Map<string, string>();
  #lines: string[] = [];
  #names = 0;

  line(code: string): void {
    this.#lines.push(code);
  }

  name(): string {
    return `x${this.#names++}`;
  }

  /** A new constant variable with this value. */
  let(code: string): string {
    const name = this.name();
    this.line(`const ${name}=${code};`);
    return name;
  }

  constant(value: unknown): string {
    const found = this.constants.indexOf(value);
    if (found >= 0) return `k${found}`;
    this.constants.push(value);
    return `k${this.constants.length - 1}`;
  }

  /**
   * A call that is made once a row, however often it is written: equal text over columns and constants means the
   * same value. Not for volatile functions. Calls over values computed before are just calls.
   */
  once(call: string): string {
    if (/\bx\d/.test(call)) return call;
    const known = this.#memos.get(call);
    const memo = known ?? this.#memos.size;
    if (known === undefined) this.#memos.set(call, memo);
    return `(r${memo}===i?c${memo}:(r${memo}=i,c${memo}=${call}))`;
  }

  /**
   * The number that a call gives, made at most once a row for equal text, like `once`. Its name can stand in the
   * text of further calls.
   */
  onceNumber(call: string): string {
    if (/\bx\d/.test(call)) return this.let(call);
    const known = this.#memos.get(call);
    const memo = known ?? this.#memos.size;
    if (known === undefined) this.#memos.set(call, memo);
    this.line(`if(r${memo}!==i){r${memo}=i;c${memo}=${call};}`);
    return `c${memo}`;
  }

  /**
   * A constant that generated code calls and that keeps its last result. One for all places with the same `key`,
   * which must say what it is applied to: results of two applications must not overwrite each other.
   */
  tool(key: string, make: () => unknown): string {
    // Names are of one place each, and what they stand for may differ between places.
    const shared = !/\bx\d/.test(key);
    const known = shared ? this.#tools.get(key) : undefined;
    if (known !== undefined) return known;
    const name = this.constant(make());
    if (shared) this.#tools.set(key, name);
    return name;
  }

  /** What the constant of this name is. */
  valueOf(name: string): unknown {
    return this.constants[Number(name.slice(1))];
  }

  /** Declares what `once` uses; it stands before the loop over rows, whose variable is i. */
  memos(): string {
    return Array.from(this.#memos.values(), (memo) => `let c${memo}=null,r${memo}=-1;`).join('');
  }

  /** What `emit` writes, apart; it must be put into a block of its own. */
  capture<T>(emit: () => T): { readonly code: string; readonly result: T } {
    const outer = this.#lines;
    this.#lines = [];
    try {
      const result = emit();
      return { code: this.#lines.join('\n'), result };
    } finally {
      this.#lines = outer;
    }
  }

  take(): string {
    const code = this.#lines.join('\n');
    this.#lines = [];
    return code;
  }

  /**
   * A variable that `compute` fills where `nul` does not hold; elsewhere it keeps `safe`, so that guards
   * never look at the meaningless value of a NULL.
   */
  guarded(
    nul: string | null,
    safe: string,
    compute: (set: (code: string) => void) => void,
  ): string {
    const name = this.name();
    this.line(`let ${name}=${safe};`);
    const { code } = this.capture(() => {
      compute((value) => {
        this.line(`${name}=${value};`);
      });
    });
    this.line(nul === null ? `{${code}}` : `if(!(${nul})){${code}}`);
    return name;
  }

  /** Trips unless the number is a safe integer. */
  checkSafe(code: string): void {
    this.line(`if(${code}>${safeMax}||${code}<-${safeMax}) ${trip}`);
  }

  /** A NULL condition that is read more than once, as a name. */
  nullName(value: Value): string | null {
    if (value.nul === null || /^(x\d+|true|false)$/.test(value.nul)) return value.nul;
    return this.let(value.nul);
  }
}
