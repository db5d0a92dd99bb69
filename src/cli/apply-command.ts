/** `millrace apply`: runs files against a server, one statement after another, and says how far it is. */

import { basename } from 'node:path';
import { SqlError } from '../base/errors.ts';
import { PgClient } from '../client/pg-client.ts';
import type { Address } from '../server/config.ts';
import { parseStatements } from '../syntax/parse.ts';
import { errorText } from './print-error.ts';
import { readSqlFiles } from './sql-files.ts';

export interface ApplyOptions {
  readonly address: Address;
  readonly user: string;
}

/** Stops at the first statement that fails; what ran before it stays. */
export async function apply(paths: readonly string[], options: ApplyOptions): Promise<void> {
  const files = readSqlFiles(paths).map((file) => ({ ...file, statements: parseFile(file) }));
  const client = await PgClient.connect({
    host: options.address.host,
    port: options.address.port,
    user: options.user,
    database: 'millrace',
    password: process.env['PGPASSWORD'],
    applicationName: 'millrace apply',
  });
  client.onNotice = ({ severity, message }) => process.stderr.write(`${severity}:  ${message}\n`);
  const total = files.reduce((sum, file) => sum + file.statements.length, 0);
  let done = 0;
  try {
    for (const { path, text, statements } of files) {
      for (const { start, end } of statements) {
        const started = performance.now();
        const progress = showProgress(`[${done + 1}/${total}] ${basename(path)}`);
        try {
          const results = await client.query(text.slice(start, end));
          done++;
          const tag = results.at(-1)?.tag ?? '';
          const ms = performance.now() - started;
          progress.finish(`[${done}/${total}] ${basename(path)}: ${tag} (${ms.toFixed(0)} ms)`);
        } catch (error) {
          progress.finish(null);
          throw located(error, path, text, start);
        }
      }
    }
  } finally {
    await client.close();
  }
  process.stdout.write(`applied ${done} statement${done === 1 ? '' : 's'}\n`);
}

function parseFile(file: {
  readonly path: string;
  readonly text: string;
}): readonly { start: number; end: number }[] {
  try {
    return parseStatements(file.text).map((statement) => statement.span);
  } catch (error) {
    throw located(error, file.path, file.text, 0);
  }
}

/** The error with the file's name, and its place shown in the file. */
function located(error: unknown, path: string, text: string, start: number): unknown {
  if (!(error instanceof SqlError)) return error;
  const { position } = error.fields;
  const moved = new SqlError(error.code, error.message, {
    ...error.fields,
    position: position === undefined ? start : position + start,
  });
  process.stderr.write(`${path}: ${errorText(moved, text)}\n`);
  return new SqlError(error.code, `stopped at a statement of ${path}`);
}

/** A line that counts seconds while a statement runs, on a terminal; one line a statement elsewhere. */
function showProgress(label: string): { finish(line: string | null): void } {
  const terminal = process.stdout.isTTY;
  const started = performance.now();
  const timer = terminal
    ? setInterval(() => {
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        process.stdout.write(`\r${label} … ${seconds} s`);
      }, 200)
    : null;
  return {
    finish: (line) => {
      if (timer !== null) clearInterval(timer);
      if (terminal) process.stdout.write('\r\u001b[K');
      if (line !== null) process.stdout.write(`${line}\n`);
    },
  };
}
