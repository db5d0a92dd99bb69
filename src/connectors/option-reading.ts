/**
 * Reads the checked options of a connector: by canonical name, by its other spellings, then the default.
 * Everything a user wrote wrong is a `SqlError` here, at the door.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { OptionValues } from '../formats/options.ts';
import type { OptionSpec } from './connector.ts';

export class OptionReader {
  readonly #options: OptionValues;
  readonly #specs: readonly OptionSpec[];

  constructor(options: OptionValues, specs: readonly OptionSpec[]) {
    this.#options = options;
    this.#specs = specs;
  }

  /** The text of an option, or null when it is neither given nor has a default. */
  text(name: string): string | null {
    const spec = this.#specs.find((each) => each.name === name);
    for (const spelling of [name, ...(spec?.aliases ?? [])]) {
      const value = this.#options.get(spelling);
      if (value !== undefined) return value;
    }
    return spec?.default ?? null;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === null || value.trim() === '') {
      throw new SqlError(sqlstate.invalidParameterValue, `option "${name}" is required`);
    }
    return value;
  }

  /** A whole number within bounds, or null. */
  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const value = /^[+-]?\d{1,16}$/.test(text.trim()) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw invalidOption(name, text, `It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  }

  boolean(name: string): boolean {
    const text = this.text(name);
    switch (text?.trim().toLowerCase()) {
      case 'true':
      case 'on':
      case 'yes':
      case '1':
        return true;
      case undefined:
      case 'false':
      case 'off':
      case 'no':
      case '0':
        return false;
      default:
        throw invalidOption(name, text ?? '', 'It must be true or false.');
    }
  }

  /** One of `choices`, compared without case. */
  choice<T extends string>(name: string, choices: readonly T[]): T {
    const text = this.required(name);
    const found = choices.find((each) => each === text.trim().toLowerCase());
    if (found === undefined) throw invalidOption(name, text, `It must be ${listOf(choices)}.`);
    return found;
  }

  /** Milliseconds from `500`, `500ms`, `10 s`, `5 min`, `1 h` or `1 day`. */
  durationMs(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const match = /^(\d{1,12})\s*([a-z]*)$/.exec(text.trim().toLowerCase());
    const scale = match === null ? undefined : unitsMs.get(match[2] ?? '');
    if (match === null || scale === undefined) {
      throw invalidOption(name, text, 'It must be a duration like "500 ms", "10 s" or "5 min".');
    }
    return Number(match[1]) * scale;
  }
}

const unitsMs = new Map([
  ['', 1],
  ...['ms', 'milli', 'millis', 'millisecond', 'milliseconds'].map((unit) => [unit, 1] as const),
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((unit) => [unit, 1000] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((unit) => [unit, 60_000] as const),
  ...['h', 'hour', 'hours'].map((unit) => [unit, 3_600_000] as const),
  ...['d', 'day', 'days'].map((unit) => [unit, 86_400_000] as const),
]);

/** A value that the option does not take. */
export function invalidOption(name: string, value: string, hint: string): SqlError {
  const message = `invalid value for option "${name}": "${value}"`;
  return new SqlError(sqlstate.invalidParameterValue, message, { hint });
}

function listOf(choices: readonly string[]): string {
  const quoted = choices.map((choice) => `"${choice}"`);
  return quoted.length === 1
    ? quoted[0]!
    : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)!}`;
}

/** A spec with the usual gaps filled in. */
export function option(
  name: string,
  help: string,
  more: Partial<Omit<OptionSpec, 'name' | 'help'>> = {},
): OptionSpec {
  return {
    name,
    help,
    aliases: [],
    type: 'text',
    required: false,
    default: null,
    secret: false,
    ...more,
  };
}
