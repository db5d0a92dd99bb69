/** Options of formats: checked values, and what a format says about the options it takes. */

/** Checked options by canonical name. A Map: user text is never an object key. */
export type OptionValues = ReadonlyMap<string, string>;

/** One option of a format. The same shape as a connector's option, one floor lower. */
export interface FormatOptionSpec {
  /** Canonical name, e.g. `json.fail-on-missing-field`. */
  readonly name: string;
  /** Other accepted spellings. */
  readonly aliases: readonly string[];
  readonly type: 'text' | 'integer' | 'boolean' | 'duration' | readonly string[];
  readonly required: boolean;
  readonly default: string | null;
  readonly secret: boolean;
  readonly help: string;
}

/** An optional, public option. */
export function formatOption(
  name: string,
  type: FormatOptionSpec['type'],
  defaultValue: string | null,
  help: string,
): FormatOptionSpec {
  return { name, aliases: [], type, required: false, default: defaultValue, secret: false, help };
}

/** Whether a boolean option is on. */
export function isOn(options: OptionValues, name: string, defaultValue = false): boolean {
  const value = options.get(name);
  return value === undefined ? defaultValue : value.toLowerCase() === 'true';
}
