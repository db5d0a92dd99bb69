/**
 * PostgreSQL's own parser (libpg-query) is the judge: the same trees on random expressions, the same
 * verdict and error position on broken statements, and every query that psql sends is read.
 */

import { readFileSync } from 'node:fs';
import { loadModule, parseSync } from 'libpg-query';
import { beforeAll, describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import { readGrammar, SentenceGenerator } from '../tools/generate.ts';
import { parseStatements } from './parse.ts';
import { psqlQueries } from './psql-queries.ts';
import { fromOurs, fromPostgres } from './s-expression.ts';

beforeAll(async () => {
  await loadModule();
});

interface Verdict {
  readonly accepted: boolean;
  readonly position: number;
  readonly message: string;
}

function ours(sql: string): Verdict {
  try {
    parseStatements(sql);
    return { accepted: true, position: -1, message: '' };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return { accepted: false, position: error.fields.position ?? -1, message: error.message };
  }
}

function postgres(sql: string): Verdict {
  try {
    parseSync(sql);
    return { accepted: true, position: -1, message: '' };
  } catch (error) {
    const details = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails;
    const message = (error as Error).message;
    return { accepted: false, position: details?.cursorPosition ?? -1, message };
  }
}

// ───────────────────────────────────────────────────────────────────────── trees

const binaryOperators = (
  'and,or,and,or,=,<>,<,>=,+,-,*,/,%,^,||,->,~,like,not like,ilike,similar to,is distinct from,' +
  'is not distinct from,at time zone,= any (#),> all (#),in (1 , #),not in (#),between # and,' +
  'not between symmetric # and'
).split(',');
const suffixes = 'is null,is not true,isnull,notnull,::int,::text[],collate "C",is unknown'.split(
  ',',
);
const prefixes = 'not,-,+,@,~,not not'.split(',');
const operands = (
  "a; b.c; 1; 2.5; 'x'; null; true; (a); ( # ); $1; f(#); coalesce(a,#); case when # then 1 else # end;" +
  "case a when 1 then # end; array[#]; (1,#); a[#]; date '2024-01-01'; cast(# as bigint); least(#, 1)"
).split(';');

/** A run of operands and operators without the parentheses that would settle their order. */
function randomExpression(random: SeededRandom, depth: number): string {
  const pick = (items: readonly string[]): string => items[random.below(items.length)]!;
  const fill = (template: string): string =>
    template.replaceAll('#', () => (depth > 0 ? randomExpression(random, depth - 1) : 'z'));
  const parts: string[] = [];
  const count = 1 + random.below(5);
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      const operator = fill(pick(binaryOperators));
      parts.push(operator);
      // These have their right operand already.
      if (operator.endsWith(')')) continue;
    }
    if (random.below(5) === 0) parts.push(pick(prefixes));
    parts.push(fill(pick(operands)));
    if (random.below(6) === 0) parts.push(pick(suffixes));
  }
  return parts.join(' ');
}

function postgresTarget(sql: string): string {
  const result = parseSync(sql) as unknown as {
    readonly stmts: readonly {
      readonly stmt: {
        readonly SelectStmt: {
          readonly targetList: readonly { readonly ResTarget: { readonly val: unknown } }[];
        };
      };
    }[];
  };
  return fromPostgres(result.stmts[0]!.stmt.SelectStmt.targetList[0]!.ResTarget.val);
}

function ourTarget(sql: string): string {
  const [statement] = parseStatements(sql);
  if (statement?.kind !== 'query' || statement.body.kind !== 'select') throw new Error(sql);
  return fromOurs(statement.body.items[0]!.expression);
}

describe('expressions', () => {
  it('give the tree of PostgreSQL, or are refused where it refuses them', () => {
    const random = new SeededRandom(20240501);
    let trees = 0;
    for (let i = 0; i < 6500; i++) {
      const sql = `SELECT ${randomExpression(random, 2)}`;
      const verdict = postgres(sql);
      expect(ours(sql), sql).toMatchObject({
        accepted: verdict.accepted,
        position: verdict.position,
      });
      if (!verdict.accepted) continue;
      trees++;
      expect(ourTarget(sql), sql).toBe(postgresTarget(sql));
    }
    expect(trees).toBeGreaterThan(2000);
  });

  it.each([
    ['-9223372036854775808', '-9223372036854775808'],
    ['- - 1', '1'],
    ['-1 ^ 2', '(^ -1 2)'],
    ['-1::int', '(- (cast 1 int4))'],
    ['a = not b = c', '(= a (not (= b c)))'],
    ['not a is null', '(not (is-null a))'],
    ['a is null = b', '(= (is-null a) b)'],
    ['a || b + c', '(|| a (+ b c))'],
    ['@ a || b', '(|| (@ a) b)'],
    ['a or d and a', '(or a (and d a))'],
    ['(a and b) and c', '(and a b c)'],
    ['a and (b and c)', '(and a (and b c))'],
    ['2 ^ 3 ^ 2', '(^ (^ 2 3) 2)'],
    ['a between 1 and 2 = b', '(= (between a 1 2) b)'],
  ])('%s is read as %s', (sql, tree) => {
    expect(ourTarget(`SELECT ${sql}`)).toBe(tree);
    expect(postgresTarget(`SELECT ${sql}`)).toBe(tree);
  });
});

// ───────────────────────────────────────────────────────────────────────── broken statements

const folder = new URL('../../grammar/', import.meta.url);
const rules = readGrammar(
  ['expression', 'query', 'define', 'change', 'session'].map((family) =>
    readFileSync(new URL(`${family}.ebnf`, folder), 'utf8'),
  ),
);

/** Statements that PostgreSQL takes. libpg-query takes parameters where PostgreSQL does not: left out. */
function corpus(): string[] {
  const statements = [...psqlQueries];
  const generator = new SentenceGenerator(rules);
  for (const start of ['query', 'define', 'change', 'session']) {
    for (let seed = 0; seed < 500; seed++) {
      const sql = generator.sentence(start, 10 + (seed % 30), new SeededRandom(seed));
      if (!/[`$]/.test(sql) && postgres(sql).accepted) statements.push(sql);
    }
  }
  return statements.filter((sql) => sql.length < 1500);
}

const strayWords = (
  "select from ( ) , and not in 1 'x' a group by = + :: int . order * between is null as values [ ] with " +
  'case end join on left ; - like over set table insert "q" emit source watermark'
).split(' ');

function mutate(sql: string, random: SeededRandom): string {
  const tokens = sql.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_0-9.]+|\s+|[^]/g)!;
  const at = random.below(tokens.length);
  const stray = ` ${strayWords[random.below(strayWords.length)]!} `;
  switch (random.below(4)) {
    case 0:
      tokens.splice(at, 1);
      break;
    case 1:
      tokens.splice(at, 0, stray);
      break;
    case 2:
      tokens[at] = stray;
      break;
    default: {
      const other = random.below(tokens.length);
      [tokens[at], tokens[other]] = [tokens[other]!, tokens[at]!];
    }
  }
  return tokens.join('');
}

describe('broken statements', () => {
  it('are refused where PostgreSQL refuses them, and at the same place', () => {
    const statements = corpus();
    const random = new SeededRandom(11);
    const found = { all: 0, sameVerdict: 0, refusedTooMuch: 0, bothRefuse: 0, samePosition: 0 };
    const strays: string[] = [];
    for (let i = 0; i < 8_000; i++) {
      const sql = mutate(statements[random.below(statements.length)]!, random);
      // PostgreSQL counts bytes or characters; plain text keeps them equal.
      if (!/^[\x09-\x7e]*$/.test(sql) || sql.trim() === '') continue;
      const [mine, theirs] = [ours(sql), postgres(sql)];
      found.all++;
      if (mine.accepted === theirs.accepted) found.sameVerdict++;
      else if (!mine.accepted) {
        found.refusedTooMuch++;
        strays.push(`${mine.message}: ${sql}`);
      }
      if (mine.accepted || theirs.accepted) continue;
      found.bothRefuse++;
      if (mine.position === theirs.position) found.samePosition++;
    }
    expect(found.all).toBeGreaterThan(7_000);
    expect(found.sameVerdict / found.all).toBeGreaterThan(0.995);
    expect(found.samePosition / found.bothRefuse).toBeGreaterThan(0.98);
    // What PostgreSQL takes, we take.
    expect(found.refusedTooMuch / found.all, strays.join('\n')).toBeLessThan(0.0005);
  });
});

describe('queries of psql 15', () => {
  it.each(psqlQueries.map((sql) => [sql.replace(/\s+/g, ' ').slice(0, 70), sql]))(
    '%s',
    (_, sql) => {
      expect(ours(sql)).toEqual({ accepted: true, position: -1, message: '' });
    },
  );
});
