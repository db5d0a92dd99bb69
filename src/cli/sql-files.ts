/**
 * SQL files and directories of them: a directory is a pipeline, its `*.sql` files run in order of name. A directory of
 * tests stands for the `*.test` files in it and below it.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SqlError } from '../base/errors.ts';

export interface SqlFile {
  readonly path: string;
  readonly text: string;
}

/** Throws SqlError 58P01 for what does not exist or cannot be read. */
export function readSqlFiles(paths: readonly string[]): SqlFile[] {
  return paths.flatMap((path) => (isDirectory(path) ? inFolder(path, '.sql') : [path])).map(file);
}

/** The same of tests; 58P01 also for a directory without any. */
export function readTestFiles(paths: readonly string[]): SqlFile[] {
  return paths
    .flatMap((path) => {
      if (!isDirectory(path)) return [path];
      const found = belowFolder(path);
      if (found.length > 0) return found;
      throw new SqlError('58P01', `there are no test files (*.test) in "${path}"`);
    })
    .map(file);
}

function file(path: string): SqlFile {
  return { path, text: read(path, () => readFileSync(path, 'utf8')) };
}

function isDirectory(path: string): boolean {
  return read(path, () => statSync(path)).isDirectory();
}

function inFolder(path: string, ending: string): string[] {
  const names = read(path, () => readdirSync(path)).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => join(path, name));
}

function belowFolder(path: string): string[] {
  const folders = read(path, () => readdirSync(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map((entry) => join(path, entry.name));
  const own = inFolder(path, '.test').filter((each) => !isDirectory(each));
  return [...own, ...folders.sort().flatMap(belowFolder)];
}

function read<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'no such file or directory'
        : String(error);
    throw new SqlError('58P01', `could not read "${path}": ${reason}`);
  }
}
