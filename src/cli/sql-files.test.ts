/** Which files a path on the command line stands for. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSqlFiles, readTestFiles } from './sql-files.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-files-'));
  mkdirSync(join(folder, 'deep', 'empty'), { recursive: true });
  for (const name of ['b.test', 'a.test', 'a.sql', 'notes.md', 'deep/c.test', 'deep/d.sql']) {
    writeFileSync(join(folder, name), name);
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('a pipeline is the SQL files of a folder', () => {
  expect(readSqlFiles([folder]).map((file) => file.text)).toEqual(['a.sql']);
});

test('tests are those of a folder and of the folders in it', () => {
  const texts = readTestFiles([folder]).map((file) => file.text);
  expect(texts).toEqual(['a.test', 'b.test', 'deep/c.test']);
  expect(readTestFiles([join(folder, 'notes.md')]).map((file) => file.text)).toEqual(['notes.md']);
});

test('a folder without tests, or none at all, is an error', () => {
  expect(() => readTestFiles([join(folder, 'deep', 'empty')])).toThrow(/there are no test files/);
  expect(() => readTestFiles([join(folder, 'nope')])).toThrow(/no such file or directory/);
});
