/** The last line of a test run: counts, and what was skipped for want of something on this machine. */

import type { Reporter, TestModule } from 'vitest/node';

export class LastLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map([
      ['passed', 0],
      ['failed', 0],
      ['skipped', 0],
    ]);
    const reasons = new Set<string>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        const counted = state === 'pending' ? 'skipped' : state;
        counts.set(counted, (counts.get(counted) ?? 0) + 1);
        const reason = /\(skipped: ([^)]*)\)/.exec(test.fullName);
        if (counted === 'skipped' && reason !== null) reasons.add(reason[1]!);
      }
    }
    const why = reasons.size === 0 ? '' : `Skipped: ${[...reasons].join('; ')}.\n`;
    const line = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
    // At exit, so that it stands below the summary of the default reporter.
    process.once('exit', () => process.stdout.write(`${why}${line}\n`));
  }
}
