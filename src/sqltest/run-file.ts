/** Runs one file, timeline or traps, in one mode. */

import { SqlError } from '../base/errors.ts';
import type { EngineUnderTest, OpenEngine } from './engine-under-test.ts';
import type { TestMode } from './modes.ts';
import { runSteps, sameRows, type StepFailure, type StepUpdate } from './runner.ts';
import { parseTestFile } from './test-file.ts';
import { parseTrapFile, type TrapBlock, type TrapStep } from './trap-file.ts';

export interface CaseReport {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
  readonly failures: readonly StepFailure[];
}

export interface FileReport {
  readonly cases: readonly CaseReport[];
  /** The file's new text when it was updated. */
  readonly updated: string | null;
}

export async function runTestFile(
  path: string,
  text: string,
  mode: TestMode,
  open: OpenEngine,
  update = false,
): Promise<FileReport> {
  if (path.endsWith('.md')) {
    const cases: CaseReport[] = [];
    for (const block of parseTrapFile(text)) cases.push(await runTrap(block, mode, open));
    return { cases, updated: null };
  }
  const engine = await open(mode.options);
  try {
    const report = await runSteps(parseTestFile(text), engine, mode, update);
    const outcome =
      report.skipped !== null ? 'skipped' : report.failures.length === 0 ? 'passed' : 'failed';
    return {
      cases: [{ name: '', outcome, reason: report.skipped ?? '', failures: report.failures }],
      updated: update && report.updates.length > 0 ? rewrite(text, report.updates) : null,
    };
  } finally {
    await engine.close();
  }
}

/** Puts what came in the place of the expected blocks, with their indentation. */
function rewrite(text: string, updates: readonly StepUpdate[]): string {
  const lines = text.split('\n');
  for (const { line, body, lines: fresh } of [...updates].sort((a, b) => b.line - a.line)) {
    const shown = body.filter((each) => each.text !== '');
    const from = shown[0]?.line ?? line + 1;
    const to = shown.at(-1)?.line ?? line;
    const indent = shown.length === 0 ? '  ' : /^\s*/.exec(lines[from - 1]!)![0];
    lines.splice(
      from - 1,
      to - from + 1,
      ...fresh.map((each) => (each === '' ? '' : indent + each)),
    );
  }
  return lines.join('\n');
}

/** One block in an engine of its own. */
export async function runTrap(
  block: TrapBlock,
  mode: TestMode,
  open: OpenEngine,
): Promise<CaseReport> {
  const engine = await open(mode.options);
  const name = block.title;
  try {
    for (const step of block.steps) {
      const failure = await runTrapStep(step, engine);
      if (failure !== null) return { name, outcome: 'failed', reason: '', failures: [failure] };
      // An open transaction would be lost by design; everything else must survive.
      if (mode.options.crash && !inTransaction(block.steps, step)) await engine.crash();
    }
    return { name, outcome: 'passed', reason: '', failures: [] };
  } finally {
    await engine.close();
  }
}

/** Whether the block is between BEGIN and its end after this step, or a session setting must hold on. */
function inTransaction(steps: readonly TrapStep[], last: TrapStep): boolean {
  let open = false;
  let sets = false;
  for (const step of steps) {
    if (/^\s*BEGIN\b/i.test(step.sql)) open = true;
    if (/^\s*(COMMIT|ROLLBACK)\b/i.test(step.sql)) open = false;
    if (/^\s*SET\b/i.test(step.sql)) sets = true;
    if (step === last) break;
  }
  return open || sets;
}

async function runTrapStep(step: TrapStep, engine: EngineUnderTest): Promise<StepFailure | null> {
  const fail = (message: string, expected: string[] = [], actual: string[] = []): StepFailure => ({
    line: step.line,
    step: step.sql,
    message,
    expected,
    actual,
  });
  try {
    const answer = await engine.sql(step.sql);
    if (step.kind === 'fails') return fail('succeeded, but should have failed', [step.code], []);
    if (step.kind === 'run') return null;
    const rows = answer?.rows ?? [];
    if (sameRows(rows, step.rows, step.ordered)) return null;
    const print = (row: readonly string[]): string => row.join(' | ');
    return fail('the rows differ', step.rows.map(print), rows.map(print));
  } catch (error) {
    if (!(error instanceof SqlError)) {
      return fail(
        `failed with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
    if (step.kind === 'fails' && error.code === step.code) return null;
    const expected = step.kind === 'fails' ? [step.code] : [];
    return fail('failed', expected, [`${error.code} ${error.message}`]);
  }
}
