/** SQL files and directories of them: a directory is a pipeline, its `*.sql` files run in order of name. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SqlError } from '../base/errors.ts';

export interface SqlFile {
  readonly path: string;
  readonly text: string;
}

/** Throws SqlError 58P01 for what does not exist or cannot be read. */
export function readSqlFiles(paths: readonly string[]): SqlFile[] {
  return paths
    .flatMap(expand)
    .map((path) => ({ path, text: read(path, () => readFileSync(path, 'utf8')) }));
}

function expand(path: string): string[] {
  if (!read(path, () => statSync(path)).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name) => join(path, name));
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
