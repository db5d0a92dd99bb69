/**
 * How state bears millions of keys: cost of a new key and of a change, memory, the longest pause, and the time from
 * a restart to the first answer. Each number of keys has processes of its own.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../base/text-layout.ts';
import type { KeysOrder, KeysOutcome, reopenKeys } from './keys-run.ts';
import { fromChild } from './processes.ts';

type Reopened = Awaited<ReturnType<typeof reopenKeys>>;

const titles = [
  'keys',
  'ns/new key',
  'ns/change',
  'longest turn ms, growing',
  'longest turn ms, changing',
  'bytes/key',
  'MB resident',
  'restart s',
  'CPU s',
];

/** Prints one line a number of keys. */
export async function benchKeys(options: {
  readonly keys: readonly number[];
  readonly updates: number;
}): Promise<void> {
  const rows: string[][] = [];
  for (const keys of options.keys) {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-keys-'));
    try {
      const order: KeysOrder = { keys, updates: options.updates, directory };
      const outcome = await child<KeysOutcome>('keys-run', order);
      const again = await child<Reopened>('keys-reopen', order);
      rows.push(line(keys, outcome, again));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  const align = titles.map(() => 'right' as const);
  process.stdout.write(`${formatTable(titles, rows, { align })}\n`);
}

function child<T>(part: string, order: KeysOrder): Promise<T> {
  return fromChild<T>([part, JSON.stringify(order)], () => undefined);
}

function line(keys: number, outcome: KeysOutcome, again: Reopened): string[] {
  return [
    String(keys),
    outcome.addNs.toFixed(0),
    outcome.updateNs.toFixed(0),
    outcome.addPauseMs.toFixed(1),
    outcome.updatePauseMs.toFixed(1),
    outcome.bytesPerKey.toFixed(1),
    outcome.residentMb.toFixed(0),
    again.seconds.toFixed(2),
    again.cpuSeconds.toFixed(2),
  ];
}
