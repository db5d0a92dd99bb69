import { describe, expect, test } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { parseStatements } from '../syntax/parse.ts';
import { withDialectHint } from './other-dialect.ts';

async function hintFor(sql: string): Promise<string | undefined> {
  try {
    parseStatements(sql);
  } catch (error) {
    const hinted = await withDialectHint(error, sql);
    return hinted instanceof SqlError ? hinted.fields.hint : undefined;
  }
  throw new Error('the text was accepted');
}

describe('a syntax error in another dialect', () => {
  test('is recognised as MySQL', async () => {
    const hint = await hintFor(
      'CREATE TABLE t (id INT UNSIGNED AUTO_INCREMENT, name VARCHAR(10)) ENGINE=InnoDB',
    );
    expect(hint).toContain('MySQL');
  });

  test('is recognised as Transact-SQL', async () => {
    expect(await hintFor('SELECT TOP 5 name FROM [users]')).toContain('Transact-SQL');
  });

  test('is left alone when it is no SQL at all, or a plain mistake', async () => {
    expect(await hintFor('SELEC 1')).toBeUndefined();
    expect(await hintFor('SELECT TOP FROM [[')).toBeUndefined();
  });
});
