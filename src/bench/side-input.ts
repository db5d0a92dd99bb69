/** The file of texts by number that query 13 looks up. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const rows = 10_000;

/** Writes `side_input.csv` into a directory: a line `N,value N` for each number below 10,000. */
export function writeSideInput(directory: string): void {
  const lines = Array.from({ length: rows }, (_, key) => `${key},value ${key}\n`);
  writeFileSync(join(directory, 'side_input.csv'), lines.join(''));
}
