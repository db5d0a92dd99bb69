/** EXPLAIN (RULES): every rule that changed the plan, with the plan after it; then those that did not fire. */

import { printLogical } from '../plan/print.ts';
import type { OptimizeLog } from './optimize.ts';

export function printRules(bound: OptimizeLog['plan'], log: OptimizeLog): string {
  const lines = ['as bound', indent(printLogical(bound))];
  for (const change of log.changes) lines.push(change.rule, indent(printLogical(change.after)));
  if (log.idle.length > 0) lines.push(`did not fire: ${log.idle.join(', ')}`);
  return lines.join('\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
