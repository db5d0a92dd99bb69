/** The runner itself: what does not hold must fail, with the line and both sides. */

import { describe, expect, test } from 'vitest';
import { openTestEngine } from '../server/test-engine.ts';
import { findMode } from './modes.ts';
import { type CaseReport, runTestFile } from './run-file.ts';
import { parseTestFile, quoteCell, splitCells } from './test-file.ts';

const table = `run
  CREATE TABLE t (a int, b text);
  INSERT INTO t VALUES (1, 'x'), (2, NULL);
`;

async function run(text: string, modeName = 'default', path = 'a.test'): Promise<CaseReport> {
  const report = await runTestFile(path, text, findMode(modeName)!, openTestEngine);
  return report.cases[0]!;
}

async function failureOf(text: string): Promise<CaseReport['failures'][number]> {
  const { outcome, failures } = await run(text);
  expect(outcome).toBe('failed');
  expect(failures).toHaveLength(1);
  return failures[0]!;
}

describe('a step that does not hold', () => {
  const query = (gives: string): string => `${table}\nquery\n  SELECT * FROM t\ngives\n${gives}`;

  test('rows as expected pass, in any order', async () => {
    expect((await run(query('  a  b\n  2  NULL\n  1  x'))).outcome).toBe('passed');
  });

  test.each([
    ['a wrong cell', '  a  b\n  1  y\n  2  NULL'],
    ['a missing row', '  a  b\n  1  x'],
    ['a row too many', '  a  b\n  1  x\n  2  NULL\n  2  NULL'],
    ['a wrong header', '  a  c\n  1  x\n  2  NULL'],
    ['a NULL that is the empty text', '  a  b\n  1  x\n  2  ""'],
    ['no rows', '  (none)'],
    ['one space between cells', '  a  b\n  1 x\n  2  NULL'],
  ])('%s', async (_, gives) => {
    const failure = await failureOf(query(gives));
    expect(failure).toMatchObject({ line: 5, step: 'query' });
    expect(failure.actual).toEqual(['a  b', '1  x', '2  NULL']);
  });

  test('the wrong order where the order counts', async () => {
    const text = `${table}\nquery\n  SELECT a FROM t ORDER BY a\ngives in order\n  a\n  2\n  1`;
    expect((await failureOf(text)).actual).toEqual(['a', '1', '2']);
  });

  test('an error that did not come, and one that did', async () => {
    expect((await failureOf('run fails 22012\n  SELECT 1')).actual).toEqual(['success']);
    expect((await failureOf('run\n  SELECT 1 / 0')).message).toContain('22012: division by zero');
    expect((await run('run fails 22012 division by zero\n  SELECT 1 / 0')).outcome).toBe('passed');
    expect((await failureOf('run fails 22013\n  SELECT 1 / 0')).actual).toEqual([
      '22012 division by zero',
    ]);
    expect((await failureOf('run fails 22012 other text\n  SELECT 1 / 0')).expected).toEqual([
      '22012 other text',
    ]);
  });

  test('changes, counts and watermarks', async () => {
    const view = `${table}
run
  CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
`;
    expect((await failureOf(`${view}\nchanges m\n     a\n  +  1`)).actual).toEqual([
      '   a',
      '+  1',
      '+  2',
    ]);
    expect((await failureOf(`${view}\nlate m\n  1`)).actual).toEqual(['0']);
    expect((await failureOf(`${view}\nerrors m\n  1`)).actual).toEqual(['0']);
    expect((await failureOf(`${view}\nwatermark m\n  12:00:00`)).message).toContain('watermark');
  });

  test('feeding what does not exist', async () => {
    expect((await failureOf('feed nothing\n  a\n  1')).message).toContain('42P01');
    await expect(run(`${table}\nfeed t\n  nothing\n  1`)).rejects.toThrow('no column "nothing"');
  });

  test('the first failure ends the run', async () => {
    const text = `${table}\nquery\n  SELECT 1 AS x\ngives\n  x\n  2\n\nrun\n  SELECT 1 / 0`;
    expect((await failureOf(text)).line).toBe(5);
  });
});

describe('the format', () => {
  test.each([
    ['dance\n  once', 'unknown step "dance"'],
    ['  SELECT 1', 'a step must begin at the start of a line'],
    ['query\n  SELECT 1', '"query" needs a "gives"'],
    ['gives\n  a', '"gives" must follow a "query"'],
  ])('%j is refused', (text, message) => {
    expect(() => parseTestFile(text)).toThrow(message);
  });

  test.each([
    ['run again\n  SELECT 1', '"run" takes nothing'],
    ['clock soon', '"clock" is written'],
    ['skip crash', '"skip" is written'],
  ])('%j is refused when it runs', async (text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });

  test('cells are parted by two spaces, or quoted', () => {
    expect(splitCells('a b  c   "d  ""e"""  ""')).toEqual(['a b', 'c', 'd  "e"', '']);
    for (const cell of ['x', 'a b', '', 'a  b', ' a', '"quoted"', 'NULL']) {
      expect(splitCells(`${quoteCell(cell)}  next`)).toEqual([cell, 'next']);
    }
  });

  test('comments are no steps, and lines keep their numbers', () => {
    const [first, second] = parseTestFile('# a\nrun\n  SELECT 1\n# b\n\ncrash\n');
    expect(first).toMatchObject({ word: 'run', line: 2, body: [{ line: 3, text: 'SELECT 1' }] });
    expect(second).toMatchObject({ word: 'crash', line: 6, body: [] });
  });
});

describe('modes', () => {
  const text = `${table}\nskip interpret: for this test\n\nquery\n  SELECT 1 AS x\ngives\n  x\n  2`;

  test('skip leaves out the rest in its mode only', async () => {
    expect(await run(text, 'interpret')).toMatchObject({
      outcome: 'skipped',
      reason: 'for this test',
    });
    expect((await run(text)).outcome).toBe('failed');
  });

  test('the crash mode crashes: the session starts anew after each step', async () => {
    const sets = `run\n  SET search_path = nowhere;\n\nquery\n  SHOW search_path\ngives\n  search_path\n  nowhere`;
    expect((await run(sets)).outcome).toBe('passed');
    expect((await run(sets, 'crash')).outcome).toBe('failed');
  });
});

describe('--update', () => {
  test('puts what came in the place of what was expected, with its indentation', async () => {
    const text = `${table}\nquery\n  SELECT * FROM t\ngives\n    nothing\n\nquery\n  SELECT 1 AS x\ngives\n  x\n  1\n`;
    const mode = findMode('default')!;
    const report = await runTestFile('a.test', text, mode, openTestEngine, true);
    expect(report.updated).toBe(text.replace('    nothing', '    a  b\n    1  x\n    2  NULL'));
    const again = await runTestFile('a.test', report.updated!, mode, openTestEngine, true);
    expect(again).toMatchObject({ updated: null, cases: [{ outcome: 'passed' }] });
  });
});

describe('traps', () => {
  const trap = (body: string): string => `### A1 A trap\n\n\`\`\`trap\n${body}\n\`\`\`\n`;

  test.each([
    ['? SELECT 1, NULL\n1 | NULL', 'passed'],
    ['? SELECT 1, NULL\n1 | 2', 'failed'],
    ['! 22012 SELECT 1 / 0;', 'passed'],
    ['! 22013 SELECT 1 / 0;', 'failed'],
    ['! 22012 SELECT 1;', 'failed'],
    ['SELECT 1 / 0;', 'failed'],
  ])('%j has %s', async (body, outcome) => {
    expect((await run(trap(body), 'default', 'a.md')).outcome).toBe(outcome);
  });
});
