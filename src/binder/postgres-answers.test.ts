/** Statements bound over a few tables, against what PostgreSQL 15 answered to them. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatType } from '../types/oid.ts';
import { TestBinder } from './bind-for-test.ts';

const tables = `
  CREATE TABLE t (id INT PRIMARY KEY, k INT, v INT, name TEXT, price NUMERIC(12,2), ts TIMESTAMP,
    at TIMESTAMPTZ, b BOOLEAN, d DOUBLE PRECISION, big BIGINT, j JSONB, arr INT[], js JSON, day DATE);
  CREATE TABLE u (id INT PRIMARY KEY, tid INT, name TEXT, amount BIGINT DEFAULT 5, CHECK (amount > 0));
  CREATE TABLE a (x INT, y INT);
  CREATE TABLE c (x BIGINT, z TEXT);
  CREATE VIEW pv AS SELECT id AS pid, name || 'x' AS pname FROM t WHERE v > 1;
  CREATE MATERIALIZED VIEW mv AS SELECT k, COUNT(*) AS n, SUM(v) AS s FROM t GROUP BY k;
`;

const binder = new TestBinder();
binder.define(tables);

function answerTo(sql: string): string {
  const error = binder.error(sql);
  if (error !== 'no error') return `! ${error}`;
  const { statement, parameters } = binder.bind(sql);
  const types = parameters.map((type) => formatType(type)).join(', ');
  const first = parameters.length === 0 ? '' : `parameters: ${types}\n`;
  return first + (statement.kind === 'query' ? binder.columns(sql) : 'bound');
}

function readAnswers(): readonly (readonly [sql: string, answer: string])[] {
  const text = readFileSync(new URL('./postgres-answers.txt', import.meta.url), 'utf8');
  const answers: [string, string[]][] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('    ')) answers.at(-1)?.[1].push(line.trim());
    else if (line !== '' && !line.startsWith('#')) answers.push([line, []]);
  }
  return answers.map(([sql, lines]) => [sql, lines.join('\n')]);
}

describe('PostgreSQL 15', () => {
  const answers = readAnswers();

  it('has answered many statements', () => {
    expect(answers.length).toBeGreaterThan(240);
  });

  it.each(answers)('%s', (sql, answer) => {
    expect(answerTo(sql)).toBe(answer);
  });
});
