/** `millrace explain`: runs the definitions of the files in memory and explains the last statement. */

import { SqlError } from '../base/errors.ts';
import { openTestEngine } from '../server/test-engine.ts';
import { findMode } from '../sqltest/modes.ts';
import { parseStatements } from '../syntax/parse.ts';
import { errorText } from './print-error.ts';
import { readSqlFiles } from './sql-files.ts';

export async function explainFiles(paths: readonly string[], stage: string): Promise<void> {
  const engine = await openTestEngine(findMode('default')!.options);
  try {
    const texts = readSqlFiles(paths);
    const all = texts.flatMap(({ text }) =>
      parseStatements(text).map((statement) =>
        text.slice(statement.span.start, statement.span.end),
      ),
    );
    const last = all.pop();
    if (last === undefined) throw new SqlError('02000', 'the files hold no statement');
    for (const statement of all) await run(statement, () => engine.sql(statement));
    process.stdout.write(`${await run(last, () => engine.explain(stage, last))}\n`);
  } finally {
    await engine.close();
  }
}

async function run<T>(text: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    process.stderr.write(`${errorText(error, text)}\n`);
    throw new SqlError(error.code, 'cannot explain: a statement failed');
  }
}
