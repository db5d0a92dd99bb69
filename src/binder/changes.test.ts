/** INSERT, UPDATE, DELETE, COPY and SUBSCRIBE: what their bound forms promise. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Expr } from '../expr/expr.ts';
import { TestBinder } from './bind-for-test.ts';

let binder: TestBinder;

beforeEach(() => {
  binder = new TestBinder();
  binder.define(`
    CREATE TABLE t (id INT PRIMARY KEY, v BIGINT DEFAULT 7, twice AS v * 2, name TEXT);
    CREATE TABLE u (id INT, n TEXT);
  `);
});

/** Constants and column indices of a row, others by kind. */
function show(row: readonly Expr[]): readonly unknown[] {
  return row.map((expr) =>
    expr.kind === 'constant' ? expr.value : expr.kind === 'column' ? `#${expr.index}` : expr.kind,
  );
}

describe('INSERT', () => {
  it('gives whole rows: defaults, NULLs and computed columns filled in', () => {
    const { statement } = binder.bind(`INSERT INTO t (name, id) VALUES ('x', 1), (DEFAULT, 2)`);
    if (statement.kind !== 'insert' || statement.plan.kind !== 'values')
      throw new Error('no values');
    expect(statement.plan.rows.map(show)).toEqual([
      [1, 7n, 'call', 'x'],
      [2, 7n, 'call', null],
    ]);
  });

  it('counts computed columns in the list that it does not name', () => {
    expect(binder.error(`INSERT INTO t VALUES (1, 2, DEFAULT, 'x')`)).toBe('no error');
    expect(binder.error(`INSERT INTO t VALUES (1, 2, 'x')`)).toMatch(/^428C9/);
    expect(binder.error(`INSERT INTO t VALUES (1, 2, DEFAULT, 'x', 3)`)).toMatch(/^42601/);
    expect(binder.error('INSERT INTO t (id, twice) VALUES (1, 2)')).toMatch(/^428C9/);
  });

  it('casts what a query gives', () => {
    const { statement } = binder.bind(`INSERT INTO t (id, v) SELECT id, '5' FROM u`);
    if (statement.kind !== 'insert' || statement.plan.kind !== 'project')
      throw new Error('no query');
    expect(show(statement.plan.exprs)).toEqual(['#0', '#1', 'call', null]);
    expect(statement.plan.input.schema[1]?.type.kind).toBe('bigint');
  });

  it('binds ON CONFLICT over the stored row, then the proposed one', () => {
    const { statement } = binder.bind(
      `INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET v = excluded.v WHERE t.name = 'a' RETURNING twice, *`,
    );
    if (statement.kind !== 'insert' || statement.onConflict === null)
      throw new Error('no conflict');
    expect(statement.onConflict.keys).toEqual([[0]]);
    expect(show(statement.onConflict.row)).toEqual(['#0', '#5', 'call', '#3']);
    expect(statement.onConflict.where).toMatchObject({ args: [{ index: 3 }, {}] });
    expect(show(statement.returning!.exprs)).toEqual(['#2', '#0', '#1', '#2', '#3']);
  });

  it('has no conflicts in a table without a key', () => {
    const { statement } = binder.bind(`INSERT INTO u VALUES (1, 'x') ON CONFLICT DO NOTHING`);
    expect(statement).toMatchObject({ onConflict: null });
  });

  it('refuses subqueries where rows are computed outside of a plan', () => {
    expect(
      binder.error('INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = (SELECT 1)'),
    ).toMatch(/^0A000/);
  });
});

describe('UPDATE', () => {
  it('gives the old row, then the new one, then what FROM gives', () => {
    const { statement } = binder.bind(
      `UPDATE t AS x SET v = u.id, name = DEFAULT FROM u WHERE u.id = x.id RETURNING x.v, u.n`,
    );
    if (statement.kind !== 'update' || statement.plan.kind !== 'project')
      throw new Error('no update');
    expect(statement).toMatchObject({ width: 4, joined: true });
    expect(show(statement.plan.exprs)).toEqual([
      ...['#0', '#1', '#2', '#3'],
      ...['#0', 'cast', 'call', null],
      ...['#4', '#5'],
    ]);
    expect(show(statement.returning!.exprs)).toEqual(['#5', '#9']);
  });

  it('assigns from a row and from a subquery', () => {
    expect(binder.error(`UPDATE t SET (v, name) = (1, 'x')`)).toBe('no error');
    expect(
      binder.error('UPDATE t SET (v, name) = (SELECT u.id, u.n FROM u WHERE u.id = t.id)'),
    ).toBe('no error');
    expect(binder.error('UPDATE t SET twice = 1')).toMatch(/^428C9/);
  });
});

describe('DELETE', () => {
  it('with USING only asks whether there is a match', () => {
    expect(binder.plan('DELETE FROM t USING u WHERE u.id = t.id')).toBe(
      'semi join\n  scan t\n  scan u',
    );
  });

  it('with USING and RETURNING gives what USING gives', () => {
    const { statement } = binder.bind('DELETE FROM t USING u WHERE u.id = t.id RETURNING n, name');
    if (statement.kind !== 'delete') throw new Error('no delete');
    expect(statement).toMatchObject({ joined: true, width: 4 });
    expect(show(statement.returning!.exprs)).toEqual(['#5', '#3']);
  });
});

describe('COPY and SUBSCRIBE', () => {
  it('copies chosen columns', () => {
    expect(binder.plan('COPY t (name, id) TO STDOUT')).toBe('project name, id\n  scan t');
    expect(binder.error('COPY t (nope) TO STDOUT')).toMatch(/^42703/);
    expect(binder.error(`COPY t TO '/etc/passwd'`)).toMatch(/^42501/);
  });

  it('fills in the columns that the data has not', () => {
    const { statement } = binder.bind('COPY t (name, id) FROM STDIN');
    if (statement.kind !== 'copy-from') throw new Error('no copy');
    expect(statement.columns).toEqual([3, 0]);
    expect(show(statement.row)).toEqual(['#1', 7n, 'call', '#0']);
  });

  it('subscribes to a relation or a query', () => {
    expect(binder.bind('SUBSCRIBE t WITH (SNAPSHOT = false, PROGRESS)').statement).toMatchObject({
      kind: 'subscribe',
      relation: { name: 't' },
      snapshot: false,
      progress: true,
    });
    expect(binder.bind('SUBSCRIBE (SELECT id FROM t)').statement).toMatchObject({ relation: null });
  });
});

describe('plans', () => {
  it.each([
    [
      'SELECT id FROM t ORDER BY name LIMIT 2',
      'sort 1 keys limited\n  project id, sort2\n    scan t',
    ],
    [
      'SELECT DISTINCT id FROM t ORDER BY id',
      'sort 1 keys\n  distinct\n    project id\n      scan t',
    ],
    [
      'SELECT id FROM t UNION SELECT id FROM u',
      'distinct\n  union\n    project id\n      scan t\n    project id\n      scan u',
    ],
    [
      'SELECT id FROM t EXCEPT ALL SELECT id FROM u',
      'except all\n  project id\n    scan t\n  project id\n    scan u',
    ],
    ['SELECT g FROM generate_series(1, 3) g', 'project g\n  flat-map generate_series\n    values'],
    [
      'SELECT t.id, g FROM t, generate_series(1, t.id) g',
      'project id, g\n  flat-map generate_series\n    scan t',
    ],
    [
      'SELECT t.id FROM t JOIN LATERAL (SELECT 1 FROM u WHERE u.id = t.id) q ON true',
      'project id\n  lateral inner join\n    scan t\n    project ?column?\n      filter\n        scan u',
    ],
    [
      'SELECT t.id FROM t JOIN LATERAL (SELECT 1 FROM u) q ON true',
      'project id\n  inner join\n    scan t\n    project ?column?\n      scan u',
    ],
    [
      'SELECT rank() OVER w, count(*) OVER w, sum(v) OVER () FROM t WINDOW w AS (ORDER BY id)',
      'project rank, count, sum\n  over sum\n    over rank, count\n      scan t',
    ],
  ])('%s', (sql, plan) => {
    expect(binder.plan(sql)).toBe(plan);
  });

  it('keeps hidden columns behind the visible ones', () => {
    const { statement } = binder.bind('SELECT id FROM t ORDER BY name DESC, id');
    expect(statement).toMatchObject({
      fields: [{ name: 'id' }],
      order: [
        { column: 1, descending: true, nullsFirst: true },
        { column: 0, descending: false, nullsFirst: false },
      ],
    });
  });

  it('limits how deep expressions nest', () => {
    const deep = `SELECT ${'-('.repeat(3000)}1${')'.repeat(3000)}`;
    expect(binder.error(deep)).toMatch(/^54001/);
  });
});
