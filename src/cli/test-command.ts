/** `millrace test`: runs test files in every mode and says what did not hold, with the command that repeats it. */

import { writeFileSync } from 'node:fs';
import { SqlError } from '../base/errors.ts';
import { openTestEngine } from '../server/test-engine.ts';
import { findMode, type TestMode, testModes } from '../sqltest/modes.ts';
import type { StepFailure } from '../sqltest/runner.ts';
import { runTestFile } from '../sqltest/run-file.ts';
import { readTestFiles } from './sql-files.ts';

export interface TestFlags {
  readonly mode: readonly string[];
  readonly update?: boolean;
}

/** Exit code 1 when a step failed. */
export async function test(paths: readonly string[], flags: TestFlags): Promise<void> {
  const modes = flags.mode.length === 0 ? testModes : flags.mode.map(modeNamed);
  const files = readTestFiles(paths);
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const progress = progressLine(files.length * modes.length);
  for (const { path: file, text } of files) {
    for (const mode of flags.update === true ? [modeNamed('default')] : modes) {
      progress.show(`${file} (${mode.name})`);
      const report = await runTestFile(file, text, mode, openTestEngine, flags.update === true);
      if (report.updated !== null) writeFileSync(file, report.updated);
      for (const each of report.cases) {
        if (each.outcome === 'passed') passed++;
        else if (each.outcome === 'skipped') skipped++;
        else failed++;
        if (each.outcome === 'skipped')
          progress.print(`skipped ${file} ${each.name} (${mode.name}): ${each.reason}`);
        for (const failure of each.failures)
          progress.print(describe(file, each.name, mode, failure));
      }
    }
  }
  progress.clear();
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  if (failed > 0) process.exitCode = 1;
}

function modeNamed(name: string): TestMode {
  const mode = findMode(name);
  if (mode !== undefined) return mode;
  throw new SqlError('22023', `there is no test mode "${name}"`, {
    hint: `The modes are: ${testModes.map((each) => each.name).join(', ')}.`,
  });
}

function describe(file: string, name: string, mode: TestMode, failure: StepFailure): string {
  const lines = [
    `${file}:${failure.line} ${name} (${mode.name}): ${failure.step}: ${failure.message}`,
  ];
  if (failure.expected.length > 0 || failure.actual.length > 0) {
    lines.push('  expected:', ...failure.expected.map((line) => `    ${line}`));
    lines.push('  actual:', ...failure.actual.map((line) => `    ${line}`));
  }
  lines.push(`  again: millrace test ${file} --mode ${mode.name}`);
  return lines.join('\n');
}

/** On a terminal, one line that says what is running. */
function progressLine(total: number): {
  show(what: string): void;
  print(text: string): void;
  clear(): void;
} {
  const terminal = process.stdout.isTTY;
  let done = 0;
  const clear = (): void => {
    if (terminal) process.stdout.write('\r\u001b[K');
  };
  return {
    show: (what) => {
      done++;
      clear();
      if (terminal) process.stdout.write(`[${done}/${total}] ${what}`);
    },
    print: (text) => {
      clear();
      process.stdout.write(`${text}\n`);
    },
    clear,
  };
}
