/** All formats by name. Built once at start; there is no module-level state. */

import { csvFormat } from './csv.ts';
import type { Format } from './format.ts';
import { jsonFormat } from './json.ts';
import { rawFormat } from './raw.ts';

export type FormatLookup = (name: string) => Format | undefined;

/** Finds a format by its name in any case. */
export function createFormats(): FormatLookup {
  const formats = new Map(
    [jsonFormat, csvFormat, rawFormat].map((format) => [format.name, format] as const),
  );
  return (name) => formats.get(name.toLowerCase());
}
