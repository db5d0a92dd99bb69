/** The same grouping and the same join by Millrace and by another incremental engine for JavaScript, side by side. */

import { formatTable } from '../base/text-layout.ts';
import type { IvmOrder, IvmOutcome, Workload } from './ivm-run.ts';
import { fromChild } from './processes.ts';

export interface IvmOptions {
  readonly events: number;
  readonly seed: number;
  readonly compare: boolean;
}

const workloads: readonly Workload[] = ['group by', 'join'];
const warmUp = 0.2;

/** Prints rows per CPU second of both, and the ratio; fails when the results differ. */
export async function benchIvm({ events, seed, compare }: IvmOptions): Promise<void> {
  const run = (engine: IvmOrder['engine'], workload: Workload): Promise<IvmOutcome> => {
    const order: IvmOrder = { engine, workload, events, seed, warmUp };
    return fromChild<IvmOutcome>(['ivm-run', JSON.stringify(order)], () => undefined);
  };
  const headers = ['', 'rows', 'result rows', 'Millrace rows per CPU s'];
  if (compare) headers.push('@tanstack/db-ivm', 'ratio');
  const rows: string[][] = [];
  for (const workload of workloads) {
    const ours = await run('millrace', workload);
    const cells = [workload, String(ours.rows), String(ours.result.length), whole(perSecond(ours))];
    if (compare) {
      const theirs = await run('tanstack', workload);
      if (theirs.result.join('\n') !== ours.result.join('\n')) {
        throw new Error(`the results of ${workload} differ`);
      }
      const ratio = perSecond(ours) / perSecond(theirs);
      cells.push(whole(perSecond(theirs)), `${ratio.toFixed(1)}x`);
    }
    rows.push(cells);
  }
  const align = headers.map((_, index) => (index === 0 ? ('left' as const) : ('right' as const)));
  process.stdout.write(`${formatTable(headers, rows, { align })}\n`);
}

function perSecond({ rows, cpuMs }: IvmOutcome): number {
  return (rows / cpuMs) * 1000;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
