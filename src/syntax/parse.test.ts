/** The doors of the parser: statements, limits, errors in PostgreSQL's words; and the lexer behind them. */

import { describe, expect, it } from 'vitest';
import type { Expression } from './ast.ts';
import { SqlError } from '../base/errors.ts';
import {
  parseExpression,
  parseQuery,
  parseStatement,
  parseStatements,
  parseType,
  sourceLengthMax,
} from './parse.ts';
import { printExpression, printType } from './print.ts';

function failure(sql: string): SqlError {
  try {
    parseStatements(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error(`accepted: ${sql}`);
}

function literal(sql: string): Expression {
  return parseExpression(sql);
}

describe('statements', () => {
  it('are parted by semicolons, and empty ones leave nothing', () => {
    const kinds = (sql: string): string[] =>
      parseStatements(sql).map((statement) => statement.kind);
    expect(kinds('')).toEqual([]);
    expect(kinds(' ;; -- nothing\n /* at /* all */ */ ;')).toEqual([]);
    expect(kinds('BEGIN; SELECT 1; COMMIT')).toEqual(['transaction', 'query', 'transaction']);
  });

  it('know where they stand in the text', () => {
    const text = 'SELECT 1;  INSERT INTO t VALUES (2) ; ';
    const slices = parseStatements(text).map(({ span }) => text.slice(span.start, span.end));
    expect(slices).toEqual(['SELECT 1', 'INSERT INTO t VALUES (2)']);
  });

  it('give every node its place', () => {
    const text = 'SELECT a.b + 1 AS c FROM t WHERE x IN (1, 2)';
    const { body } = parseQuery(text);
    if (body.kind !== 'select') throw new Error(body.kind);
    const slice = (span: { start: number; end: number }): string =>
      text.slice(span.start, span.end);
    expect(slice(body.items[0]!.span)).toBe('a.b + 1 AS c');
    expect(slice(body.items[0]!.expression.span)).toBe('a.b + 1');
    expect(slice(body.from[0]!.span)).toBe('t');
    expect(slice(body.where!.span)).toBe('x IN (1, 2)');
  });

  it('end where the text ends, when only one is wanted', () => {
    expect(parseStatement('; SELECT 1 ;').kind).toBe('query');
    expect(() => parseStatement('SELECT 1; SELECT 2')).toThrow('syntax error at or near "SELECT"');
    expect(() => parseExpression('1 +')).toThrow('syntax error at end of input');
    expect(() => parseExpression('1, 2')).toThrow('syntax error at or near ","');
  });

  it('keep the command and the text of what has no tree', () => {
    expect(parseStatement('CREATE ROLE bob LOGIN')).toMatchObject({
      kind: 'generic',
      command: 'CREATE ROLE',
      name: { parts: [{ name: 'bob' }] },
    });
    expect(parseStatement('GRANT SELECT ON t TO bob')).toMatchObject({ command: 'GRANT' });
    expect(parseStatement('DO $$ BEGIN END $$')).toMatchObject({ command: 'DO' });
  });
});

describe('errors', () => {
  it.each([
    ['selec 1', '42601', 'syntax error at or near "selec"', 0],
    ['SELECT 1 FROM', '42601', 'syntax error at end of input', 13],
    ['SELECT a = b = c', '42601', 'syntax error at or near "="', 13],
    ['SELECT "a', '42601', 'unterminated quoted identifier at or near ""a"', 7],
    ["SELECT 'a", '42601', 'unterminated quoted string at or near "\'a"', 7],
    ['SELECT $x$a', '42601', 'unterminated dollar-quoted string at or near "$x$a"', 7],
    ['SELECT 1 /* a', '42601', 'unterminated /* comment at or near "/* a"', 9],
    ['SELECT ""', '42601', 'zero-length delimited identifier at or near """"', 7],
    ['SELECT 1a', '42601', 'trailing junk after numeric literal at or near "1a"', 7],
    ['SELECT 1e+', '42601', 'trailing junk after numeric literal at or near "1e+"', 7],
    ['SELECT $1a', '42601', 'trailing junk after parameter at or near "$1a"', 7],
    ["SELECT E'\\u12'", '22025', 'invalid Unicode escape', 7],
    ["SELECT E'\\xff'", '22021', 'invalid byte sequence for encoding "UTF8": 0xff', 7],
    ['SELECT 1 LIMIT 1, 2', '42601', 'LIMIT #,# syntax is not supported', 9],
    ['(SELECT 1 LIMIT 1) LIMIT 2', '42601', 'multiple LIMIT clauses not allowed', 25],
    ['SELECT * FROM t TABLESAMPLE system (1)', '0A000', 'TABLESAMPLE is not supported yet', 16],
    [
      'SELECT sum(a) OVER (ROWS UNBOUNDED FOLLOWING)',
      '42P20',
      'frame start cannot be UNBOUNDED FOLLOWING',
      25,
    ],
  ])('%s', (sql, code, message, position) => {
    expect(failure(sql)).toMatchObject({ code, message, fields: { position } });
  });

  it('report the first mistake, though a later one is in the lexer', () => {
    expect(failure("SELECT FROM FROM 'open").message).toBe('syntax error at or near "FROM"');
  });
});

describe('limits', () => {
  const many = 100_000;
  it.each([
    ['parentheses', `SELECT ${'('.repeat(many)}1${')'.repeat(many)}`],
    ['open parentheses', '('.repeat(many)],
    ['NOT', `SELECT ${'NOT '.repeat(many)}a`],
    ['signs', `SELECT ${'- '.repeat(many)}a`],
    ['a chain of sums', `SELECT 1${' + 1'.repeat(many)}`],
    ['a chain of casts', `SELECT 1${'::int'.repeat(many)}`],
    ['CASE', `SELECT ${'CASE WHEN '.repeat(many)}`],
    ['subqueries', 'SELECT * FROM ('.repeat(many)],
    ['parentheses in FROM', `SELECT * FROM ${'('.repeat(many)}`],
    ['a chain of UNION', `SELECT 1${' UNION SELECT 1'.repeat(many / 10)}`],
    ['a chain of joins', `SELECT * FROM t${' CROSS JOIN t'.repeat(many / 10)}`],
    ['nested types', `SELECT a::${'ARRAY<'.repeat(many)}int`],
    ['nested arrays', `SELECT ARRAY${'['.repeat(many)}`],
    ['nested calls', `SELECT ${'f('.repeat(many)}`],
    ['nested IN', `SELECT ${'a IN (('.repeat(many / 10)}`],
    ['row patterns', `SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a PATTERN (${'('.repeat(many)}`],
    ['grouping sets', `SELECT 1 GROUP BY ${'GROUPING SETS ('.repeat(many)}`],
    ['nested WITH', 'WITH a AS ('.repeat(many / 10)],
    ['nested changes', 'WITH a AS (INSERT INTO t '.repeat(many / 10)],
    ['EXPLAIN', `${'EXPLAIN '.repeat(many)}SELECT 1`],
  ])('%s without end is refused, quickly', (_, sql) => {
    const started = performance.now();
    expect(failure(sql).code).toBe('54001');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('leaves flat lists of any length alone', () => {
    const list = Array.from({ length: 20_000 }, (_, index) => index).join(', ');
    expect(parseExpression(`a IN (${list})`).kind).toBe('in-list');
    expect(parseExpression(`a${' OR a'.repeat(20_000)}`)).toMatchObject({ kind: 'logical' });
    expect(parseExpression(`${'('.repeat(500)}1${')'.repeat(500)}`).kind).toBe('number');
  });

  it('refuses a text that is too long', () => {
    expect(failure(' '.repeat(sourceLengthMax + 1)).code).toBe('54000');
  });
});

describe('constants', () => {
  it.each([
    ["'it''s'", "it's"],
    ["'a'\n  'b' -- c\n 'd'", 'abd'],
    ["'a\\n'", 'a\\n'],
    ["E'a\\n\\t\\\\\\'\\x41\\101\\u00e9\\U0001F600'", "a\n\t\\'AAé😀"],
    ["E'\\xC3\\xA9'", 'é'],
    ["E'a'\n'\\n'", 'a\n'],
    ["E'x''y'", "x'y"],
    ["U&'d\\0061t\\+000061'", 'data'],
    ["U&'d!0061t!!' UESCAPE '!'", 'dat!'],
    ["U&'\\D83D\\DE00'", '😀'],
    ["$$a'b$1$$", "a'b$1"],
    ['$x$a$$b$x$', 'a$$b'],
  ])('%s', (sql, value) => {
    expect(literal(sql)).toMatchObject({ kind: 'string', value });
  });

  it.each(['0', '1.50', '.5', '3.', '1e10', '1.5E-3', '9223372036854775808'])(
    '%s stays exact',
    (text) => {
      expect(literal(text)).toMatchObject({ kind: 'number', text });
    },
  );

  it('folds names, and only unquoted ones', () => {
    const name = (sql: string): string => {
      const node = literal(sql);
      return node.kind === 'column' ? node.parts[0]!.name : node.kind;
    };
    expect(name('FooBar')).toBe('foobar');
    expect(name('"FooBar"')).toBe('FooBar');
    expect(name('`Foo``Bar`')).toBe('Foo`Bar');
    expect(name('ÉTÉ')).toBe('ÉtÉ');
    expect(name('a$1')).toBe('a$1');
    expect(name('U&"d\\0061t"')).toBe('dat');
    expect(name('x'.repeat(80))).toBe('x'.repeat(63));
  });

  it.each([
    ['a<-1', 'a < -1'],
    ['a@-1', 'a @- 1'],
    ['a<--1\n2', 'a < 2'],
    ['a*/*c*/b', 'a * b'],
    ['a!=b', 'a <> b'],
    ['a->>-1', 'a ->> -1'],
    ['a=-b', 'a = - b'],
  ])('operators of %s end as in PostgreSQL', (sql, printed) => {
    expect(printExpression(literal(sql))).toBe(printed);
  });
});

describe('types', () => {
  it.each([
    ['INT', 'int'],
    ['character varying(10)', 'character varying(10)'],
    ['TIMESTAMP(3) WITH TIME ZONE', 'timestamp(3) with time zone'],
    ['TIMESTAMP(3) WITH LOCAL TIME ZONE', 'timestamp(3) with local time zone'],
    ['double precision[][3]', 'double precision[][3]'],
    ['ARRAY<ARRAY<INT>>', 'ARRAY<int[]>'],
    ['MAP<STRING,ARRAY<ROW<a INT>>>', 'MAP<STRING, ROW<a int>[]>'],
    ['pg_catalog.int4', 'pg_catalog.int4'],
    ['interval day to second(3)', 'interval DAY TO SECOND(3)'],
  ])('%s is printed as %s', (sql, printed) => {
    expect(printType(parseType(sql))).toBe(printed);
    expect(printType(parseType(printed))).toBe(printed);
  });
});
