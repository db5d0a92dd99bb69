/**
 * Runs the steps of one test file against an engine and says, for each step that did not hold, what was
 * expected and what came. Nothing here waits for real time: the clock is manual and every feed runs until
 * nothing is left to do.
 */

import { SqlError } from '../base/errors.ts';
import type { EngineUnderTest, FedRow, TestModeOptions } from './engine-under-test.ts';
import { type BodyLine, splitCells, type Step, TestFileError } from './test-file.ts';
import { parseCell, sameCell } from './values.ts';

export interface StepFailure {
  readonly line: number;
  readonly step: string;
  readonly message: string;
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

/** What a step's expected block should hold, for `--update`. */
export interface StepUpdate {
  readonly line: number;
  readonly body: readonly BodyLine[];
  readonly lines: readonly string[];
}

export interface RunReport {
  readonly failures: readonly StepFailure[];
  readonly updates: readonly StepUpdate[];
  readonly steps: number;
  /** Set when the file asks to be skipped in this mode. */
  readonly skipped: string | null;
}

interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Runs all steps; stops at the first failure unless `keepGoing` (for updates). */
export async function runSteps(
  steps: readonly Step[],
  engine: EngineUnderTest,
  mode: { readonly name: string; readonly options: TestModeOptions },
  keepGoing = false,
): Promise<RunReport> {
  const failures: StepFailure[] = [];
  const updates: StepUpdate[] = [];
  let count = 0;
  for (const step of steps) {
    const reason = skipReason(step, mode.name);
    if (reason !== null) return { failures, updates, steps: count, skipped: reason };
    count++;
    const outcome = await runStep(step, engine);
    if (outcome !== null) {
      failures.push(outcome.failure);
      if (outcome.update !== null) updates.push(outcome.update);
      if (!keepGoing) break;
    }
    if (!mode.options.crash || step.word === 'skip') continue;
    const unrecovered = await guarded(step, () => engine.crash());
    if (unrecovered === null) continue;
    failures.push(unrecovered);
    break;
  }
  return { failures, updates, steps: count, skipped: null };
}

/** `skip crash: reason` skips the rest of the file in that mode, and in `workers-crash` likewise. */
function skipReason(step: Step, mode: string): string | null {
  if (step.word !== 'skip') return null;
  const match = /^(\S+): (.+)$/.exec(step.argument);
  if (match === null) throw new TestFileError(step.line, '"skip" is written: skip MODE: reason');
  return mode === match[1] || mode === `workers-${match[1]}` ? match[2]! : null;
}

interface Outcome {
  readonly failure: StepFailure;
  readonly update: StepUpdate | null;
}

async function runStep(step: Step, engine: EngineUnderTest): Promise<Outcome | null> {
  let outcome: Outcome | null = null;
  const failed = await guarded(step, async () => {
    outcome = await dispatch(step, engine);
  });
  return failed === null ? outcome : { failure: failed, update: null };
}

/** An error that nobody expected is a failure of the step, or of the recovery after it. */
async function guarded(step: Step, run: () => Promise<void>): Promise<StepFailure | null> {
  try {
    await run();
    return null;
  } catch (error) {
    if (error instanceof TestFileError) throw error;
    return failure(step, `failed with ${describeError(error)}`);
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof SqlError)) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { detail } = error.fields;
  return `${error.code}: ${error.message}${detail === undefined ? '' : ` (${detail})`}`;
}

async function dispatch(step: Step, engine: EngineUnderTest): Promise<Outcome | null> {
  const { argument } = step;
  switch (step.word) {
    case 'run':
      return await runSql(step, engine);
    case 'query':
      return await query(step, engine);
    case 'feed':
      await feed(step, engine);
      return null;
    case 'changes':
      return await changes(step, engine);
    case 'explain':
      return await explain(step, engine);
    case 'watermark':
      return watermark(step, engine);
    case 'late':
      return compareLines(step, [String(engine.lateRows(argument))]);
    case 'dead':
      return compareLines(step, [String(engine.deadLetters(argument))]);
    case 'errors':
      return compareLines(step, [String(engine.rowErrors(argument))]);
    case 'state':
      return compareTable(step, step.body, step.line, stateTable(engine.state(argument)), false);
    case 'clock':
      await engine.advanceClock(parseAdvance(step));
      return null;
    case 'idle':
      engine.idle(argument);
      return null;
    case 'end':
      engine.end(argument);
      return null;
    case 'checkpoint':
      await engine.checkpoint();
      return null;
    case 'crash':
      await engine.crash();
      return null;
    case 'skip':
      return null;
    default:
      throw new TestFileError(step.line, `unknown step "${step.word}"`);
  }
}

const sqlOf = (step: Step): string => step.body.map((line) => line.text).join('\n');

/** `run`, or `run fails CODE [message]`. */
async function runSql(step: Step, engine: EngineUnderTest): Promise<Outcome | null> {
  const expected = /^fails (\S{5})(?: (.*))?$/.exec(step.argument);
  if (step.argument !== '' && expected === null) {
    throw new TestFileError(step.line, '"run" takes nothing or: fails CODE message');
  }
  if (expected === null) {
    await engine.sql(sqlOf(step));
    return null;
  }
  try {
    await engine.sql(sqlOf(step));
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const codeHolds = error.code === expected[1];
    const messageHolds = expected[2] === undefined || error.message === expected[2];
    if (codeHolds && messageHolds) return null;
    return fail(
      step,
      'failed in another way',
      [step.argument.slice(6)],
      [`${error.code} ${error.message}`],
    );
  }
  return fail(step, 'succeeded, but should have failed', [step.argument.slice(6)], ['success']);
}

async function query(step: Step, engine: EngineUnderTest): Promise<Outcome | null> {
  const answer = await engine.sql(sqlOf(step));
  if (answer === null) return fail(step, 'gave no rows');
  const gives = step.gives!;
  const table: Table = { header: answer.columns, rows: answer.rows };
  return compareTable(step, gives.body, gives.line, table, gives.argument === 'in order');
}

async function feed(step: Step, engine: EngineUnderTest): Promise<void> {
  const [header, ...lines] = step.body;
  if (header === undefined) throw new TestFileError(step.line, '"feed" needs a header and rows');
  const place = /^(\S+)(?: partition (\S+))?$/.exec(step.argument);
  if (place === null) {
    throw new TestFileError(step.line, '"feed" is written: feed X, or: feed X partition P');
  }
  const relation = place[1]!;
  const columns = engine.columnsOf(relation);
  const fields = splitCells(header.text).map((name) => {
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) throw new TestFileError(header.line, `${relation} has no column "${name}"`);
    return index;
  });
  const rows = lines.map((line): FedRow => {
    const negative = /^-\s+/.exec(line.text);
    const cells = splitCells(negative === null ? line.text : line.text.slice(negative[0].length));
    if (cells.length !== fields.length) {
      throw new TestFileError(line.line, `${cells.length} cells under ${fields.length} columns`);
    }
    const values = columns.map((column, index) => {
      const at = fields.indexOf(index);
      return at < 0 ? null : parseCell(cells[at]!, column.type);
    });
    return { weight: negative === null ? 1 : -1, values };
  });
  await engine.feed(relation, rows, place[2] ?? '0');
}

async function changes(step: Step, engine: EngineUnderTest): Promise<Outcome | null> {
  const { columns, rows } = await engine.changes(step.argument);
  const cells = rows.flatMap(({ weight, cells: row }) =>
    Array.from({ length: Math.abs(weight) }, () => [weight > 0 ? '+' : '-', ...row]),
  );
  return compareTable(step, step.body, step.line, { header: ['', ...columns], rows: cells }, false);
}

async function explain(step: Step, engine: EngineUnderTest): Promise<Outcome | null> {
  const split = step.body.findIndex((line) => line.text.trimEnd().endsWith(';'));
  if (split < 0) throw new TestFileError(step.line, 'the explained statement must end with ";"');
  const sql = step.body
    .slice(0, split + 1)
    .map((line) => line.text)
    .join('\n');
  const text = await engine.explain(step.argument, sql.replace(/;\s*$/, ''));
  const expected = step.body.slice(split + 1);
  const from = expected.findIndex((line) => line.text !== '');
  const lines = from < 0 ? [] : expected.slice(from);
  const actual = text.split('\n').map((line) => line.trimEnd());
  if (lines.length === actual.length && lines.every((line, i) => line.text === actual[i]))
    return null;
  return {
    failure: failure(
      step,
      'the plan differs',
      lines.map((line) => line.text),
      actual,
    ),
    // A first expectation goes behind the statement, after an empty line.
    update: {
      line: step.body[split]!.line,
      body: lines,
      lines: lines.length === 0 ? ['', ...actual] : actual,
    },
  };
}

/** `watermark X` with a time in its body checks; `watermark X 12:00:05` raises it. */
function watermark(step: Step, engine: EngineUnderTest): Outcome | null {
  const [relation = '', ...time] = step.argument.split(' ');
  const type = { kind: 'timestamp', precision: null } as const;
  if (time.length > 0) {
    engine.raiseWatermark(relation, Number(parseCell(time.join(' '), type) as bigint));
    return null;
  }
  const now = engine.watermark(relation);
  const expected = step.body[0]?.text ?? '(none)';
  const wanted =
    expected === '(none)'
      ? -Infinity
      : expected === 'end'
        ? Infinity
        : Number(parseCell(expected, type) as bigint);
  return now === wanted ? null : fail(step, 'the watermark differs', [expected], [`${now} µs`]);
}

function parseAdvance(step: Step): number {
  const match = /^\+(\d+)(ms|s|m|h|d)$/.exec(step.argument);
  if (match === null) throw new TestFileError(step.line, '"clock" is written: clock +10s');
  const unit = new Map([
    ['ms', 1],
    ['s', 1000],
    ['m', 60_000],
    ['h', 3_600_000],
    ['d', 86_400_000],
  ]).get(match[2]!)!;
  return Number(match[1]) * unit;
}

function stateTable(tables: readonly { readonly table: string; readonly rows: number }[]): Table {
  return { header: ['table', 'rows'], rows: tables.map((each) => [each.table, String(each.rows)]) };
}

// Comparison -----------------------------------------------------------------------------------------

function compareLines(step: Step, actual: readonly string[]): Outcome | null {
  const expected = step.body.map((line) => line.text).filter((text) => text !== '');
  if (
    expected.length === actual.length &&
    expected.every((text, i) => sameCell(actual[i]!, text))
  ) {
    return null;
  }
  return {
    failure: failure(step, 'differs', expected, actual),
    update: { line: step.line, body: step.body, lines: actual },
  };
}

function compareTable(
  step: Step,
  body: readonly BodyLine[],
  line: number,
  actual: Table,
  ordered: boolean,
): Outcome | null {
  const lines = body.filter((each) => each.text !== '');
  const none = lines.length === 1 && lines[0]!.text === '(none)';
  const signed = step.word === 'changes';
  const expected: Table = none ? { header: actual.header, rows: [] } : readTable(lines, signed);
  const same =
    sameCells(actual.header, expected.header) && sameRows(actual.rows, expected.rows, ordered);
  if (same) return null;
  const printed = printTable(actual, ordered);
  return {
    failure: failure(
      step,
      uneven(expected) ?? 'the rows differ',
      lines.map((each) => each.text),
      printed,
    ),
    update: { line, body, lines: printed },
  };
}

function readTable(lines: readonly BodyLine[], signed: boolean): Table {
  const [header, ...rows] = lines.map((line) => splitCells(line.text));
  return { header: signed ? ['', ...(header ?? [])] : (header ?? []), rows };
}

/** Says so when a row has more or fewer cells than the header, mostly for want of a second space. */
function uneven({ header, rows }: Table): string | null {
  const odd = rows.find((row) => row.length !== header.length);
  if (odd === undefined) return null;
  return `a row with ${odd.length} cells stands under ${header.length} columns: ${odd.join('  ')}`;
}

function sameCells(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((cell, index) => sameCell(cell, b[index]!));
}

/** As multisets, unless the order counts. */
export function sameRows(
  actual: readonly (readonly string[])[],
  expected: readonly (readonly string[])[],
  ordered: boolean,
): boolean {
  if (actual.length !== expected.length) return false;
  if (ordered) return actual.every((row, index) => sameCells(row, expected[index]!));
  const left = [...expected];
  return actual.every((row) => {
    const at = left.findIndex((each) => sameCells(row, each));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function printTable(table: Table, ordered: boolean): string[] {
  if (table.rows.length === 0) return ['(none)'];
  const quote = (cell: string): string =>
    cell === '' || /^\s|\s$|\s\s|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const rows = table.rows.map((row) => row.map(quote));
  if (!ordered) rows.sort((a, b) => (a.join('\0') < b.join('\0') ? -1 : 1));
  const all = [table.header, ...rows];
  const widths = table.header.map((_, column) =>
    Math.max(...all.map((row) => row[column]!.length)),
  );
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function failure(
  step: Step,
  message: string,
  expected: readonly string[] = [],
  actual: readonly string[] = [],
): StepFailure {
  return {
    line: step.line,
    step: `${step.word} ${step.argument}`.trim(),
    message,
    expected,
    actual,
  };
}

function fail(
  step: Step,
  message: string,
  expected: readonly string[] = [],
  actual: readonly string[] = [],
): Outcome {
  return { failure: failure(step, message, expected, actual), update: null };
}
