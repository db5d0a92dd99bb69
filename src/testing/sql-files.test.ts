/**
 * Every file under sql-tests, in every mode. A file is a case of its own in each mode, so that a failure
 * names both and can be repeated with `millrace test FILE --mode MODE`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestEngine } from '../server/test-engine.ts';
import { testModes } from '../sqltest/modes.ts';
import { runTestFile } from '../sqltest/run-file.ts';
import { parseTestFile } from '../sqltest/test-file.ts';

/** The largest file of traps takes seconds, and minutes on a machine with other things to do. */
const timeoutMs = 300_000;

const root = join(import.meta.dirname, '../../sql-tests');

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test') || (name.endsWith('.md') && name !== 'README.md'))
  .map((name) => join(root, name))
  .sort();

test('there are test files, and each has steps', () => {
  expect(files.length).toBeGreaterThan(20);
  for (const path of files.filter((each) => each.endsWith('.test'))) {
    expect(parseTestFile(readFileSync(path, 'utf8')), path).not.toHaveLength(0);
  }
});

describe.each(testModes)('mode $name', (mode) => {
  test.each(files.map((path) => relative(root, path)))(
    '%s',
    async (name) => {
      const path = join(root, name);
      const report = await runTestFile(path, readFileSync(path, 'utf8'), mode, openTestEngine);
      expect(report.cases).not.toHaveLength(0);
      const failed = report.cases.flatMap((each) =>
        each.failures.map((failure) => ({ case: each.name, ...failure })),
      );
      expect(failed).toEqual([]);
    },
    timeoutMs,
  );
});
