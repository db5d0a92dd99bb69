/** A difference as a file of sql-tests, with what the judge says as the expected result. */

import { quoteCell } from '../../sqltest/test-file.ts';
import { shortTime } from '../../sqltest/values.ts';
import { type Answer, done, type Judge } from './judge.ts';
import type { Difference } from './scenario.ts';
import { Subject } from './subject.ts';

export interface WrittenDifference {
  /** The file's text; null where a value has no form in it (a line break within a cell). */
  readonly text: string | null;
  /** What each says, for people. */
  readonly expected: string;
  readonly actual: string;
}

export async function writeDifference(
  judge: Judge,
  difference: Difference,
  seed: number,
): Promise<WrittenDifference> {
  const { setup, steps, query, how } = difference;
  await judge.reset();
  const subject = await Subject.open();
  try {
    for (const statement of setup) {
      await judge.run(statement);
      await subject.run(statement);
    }
    if (how === 'view') await subject.run(`CREATE MATERIALIZED VIEW v AS ${query.sql}`);
    const history = how === 'statement' ? steps.slice(0, -1) : steps;
    for (const statement of history) {
      await judge.run(statement);
      await subject.run(statement);
    }
    const asked = how === 'view' ? 'SELECT * FROM v' : query.sql;
    const expected =
      how === 'statement'
        ? ((await judge.run(query.sql)) ?? done)
        : (await judge.ask([query.sql]))[0]!;
    const actual =
      how === 'statement' ? ((await subject.run(query.sql)) ?? done) : await subject.ask(asked);
    const lines = [
      `# Found by the differential tester, seed ${seed}.`,
      'run',
      ...indented([
        ...setup,
        ...(how === 'view' ? [`CREATE MATERIALIZED VIEW v AS ${query.sql}`] : []),
      ]),
      '',
      ...history.flatMap((step) => ['run', ...indented([step]), '']),
      ...question(asked, expected, how === 'statement'),
    ];
    const unwritable =
      expected.kind === 'rows' && expected.rows.flat().some((cell) => /[\n\r]/.test(cell ?? ''));
    return {
      text: unwritable ? null : `${lines.join('\n')}\n`,
      expected: shown(expected),
      actual: shown(actual),
    };
  } finally {
    await subject.close();
  }
}

function question(sql: string, expected: Answer, statement: boolean): string[] {
  if (expected.kind === 'error') return [`run fails ${expected.code}`, ...indented([sql])];
  if (statement) return ['run', ...indented([sql])];
  const rows = expected.rows.map((row) =>
    row.map((cell) => (cell === null ? 'NULL' : quoteCell(shortTime(cell)))),
  );
  const table = rows.length === 0 ? [['(none)']] : [expected.names.map(quoteCell), ...rows];
  return ['query', ...indented([sql]), 'gives', ...table.map((cells) => `  ${cells.join('  ')}`)];
}

function indented(statements: readonly string[]): string[] {
  return statements.flatMap((sql) => `${sql};`.split('\n').map((line) => `  ${line}`));
}

function shown(answer: Answer): string {
  if (answer.kind === 'error')
    return `${answer.code} ${answer.message.split('\n').slice(0, 6).join('\n')}`;
  return [
    answer.oids.join(' '),
    ...answer.rows.slice(0, 12).map((row) => row.map((cell) => cell ?? 'NULL').join(' | ')),
  ].join('\n    ');
}
