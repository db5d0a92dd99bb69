/** The traps of unnesting, one by one. Expected rows are what PostgreSQL 15 gives. */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../../base/errors.ts';
import type { LogicalPlan } from '../../plan/logical.ts';
import { oneRow } from '../../plan/make.ts';
import { printLogical } from '../../plan/print.ts';
import { validatePlan } from '../../plan/validate.ts';
import { evaluatePlan } from '../../testing/model.ts';
import {
  aggregate,
  aggregateCall,
  and,
  ascending,
  col,
  constant,
  evaluation,
  field,
  filter,
  flatMap,
  functions,
  int,
  join,
  not,
  op,
  or,
  outer,
  project,
  scan,
  sort,
  subquery,
} from '../../testing/plan-builder.ts';
import type { TestTable } from '../../testing/plan-builder.ts';
import { SqlArray } from '../../types/array.ts';
import type { Datum, Row } from '../../types/datum.ts';
import { types } from '../../types/sql-type.ts';
import { decorrelate } from './decorrelate.ts';

function table(oid: number, columns: readonly string[], rows: readonly Row[]): TestTable {
  const schema = columns.map((name) => field(name, types.integer));
  return { name: `t${oid}`, oid, schema, rows, appendOnly: false, keys: [] };
}

const people = table(
  1,
  ['id', 'boss'],
  [
    [1, null],
    [2, 1],
    [3, 1],
    [3, 1],
  ],
);
const orders = table(
  2,
  ['person', 'amount'],
  [
    [1, 10],
    [1, 20],
    [3, 5],
    [4, null],
  ],
);
const tables = [people, orders];
const p = scan(people);
const o = scan(orders);
const ofPerson = filter(o, op('=', col(o, 'person'), outer(p, 'id')));

/** Rows after decorrelation, as text, sorted; the plan itself must give the same. */
function run(plan: LogicalPlan): string[] {
  validatePlan(plan);
  const flat = decorrelate(plan, { evaluation, functions });
  validatePlan(flat, { decorrelated: true });
  const rows = rowsOf(flat);
  expect(rows).toEqual(rowsOf(plan));
  return rows;
}

function rowsOf(plan: LogicalPlan): string[] {
  const relation = (oid: number): readonly Row[] => tables.find((t) => t.oid === oid)!.rows;
  return evaluatePlan(plan, relation, evaluation)
    .map((row) => row.map(show).join(' '))
    .sort();
}

function show(value: Datum | null): string {
  if (value instanceof SqlArray) return `{${value.elements.map((each) => show(each)).join(',')}}`;
  return String(value);
}

describe('decorrelate', () => {
  it('counts 0 where a person has no order (the COUNT bug)', () => {
    const count = aggregate(ofPerson, [], [['n', aggregateCall('count', [])]]);
    const plan = project(p, [
      ['id', col(p, 'id')],
      ['n', subquery('scalar', count)],
    ]);
    expect(run(plan)).toEqual(['1 2', '2 0', '3 1', '3 1']);
  });

  it('gives NULL for a sum over nothing and computes above the aggregate', () => {
    const sum = aggregate(ofPerson, [], [['s', aggregateCall('sum', [col(o, 'amount')])]]);
    const plusBoss = project(sum, [['v', op('+', col(sum, 's'), outer(p, 'boss'))]]);
    const plan = project(p, [
      ['id', col(p, 'id')],
      ['v', subquery('scalar', plusBoss)],
    ]);
    expect(run(plan)).toEqual(['1 null', '2 null', '3 6', '3 6']);
  });

  it('keeps a group that HAVING lets through only when it is empty', () => {
    const count = aggregate(ofPerson, [], [['n', aggregateCall('count', [])]]);
    const empty = filter(count, op('=', col(count, 'n'), int(0)));
    expect(run(filter(p, subquery('exists', empty)))).toEqual(['2 1']);
  });

  it('fails on a scalar subquery of two rows with 21000, but only where an outer row asks', () => {
    const amount = project(ofPerson, [['amount', col(o, 'amount')]]);
    const plan = (input: LogicalPlan): LogicalPlan =>
      project(input, [['v', subquery('scalar', amount)]]);
    expect(() => run(plan(p))).toThrow(SqlError);
    expect(run(plan(filter(p, op('>', col(p, 'id'), int(1)))))).toEqual(['5', '5', 'null']);
  });

  it('finds nothing NOT IN a list with a NULL, and everything NOT IN an empty one', () => {
    const amounts = project(o, [['amount', col(o, 'amount')]]);
    const notIn = (of: LogicalPlan): LogicalPlan =>
      filter(p, not(subquery('any', of, { args: [col(p, 'id')] })));
    expect(run(notIn(amounts))).toEqual([]);
    const known = filter(amounts, op('>', col(amounts, 'amount'), int(0)));
    expect(run(notIn(known))).toEqual(['1 null', '2 1', '3 1', '3 1']);
    const none = filter(amounts, op('>', col(amounts, 'amount'), int(100)));
    const boss = filter(p, not(subquery('any', none, { args: [col(p, 'boss')] })));
    expect(run(boss)).toEqual(['1 null', '2 1', '3 1', '3 1']);
    const some = filter(p, not(subquery('any', known, { args: [col(p, 'boss')] })));
    expect(run(some)).toEqual(['2 1', '3 1', '3 1']);
  });

  it('tells unknown from false where IN is a value', () => {
    const amounts = project(o, [['amount', col(o, 'amount')]]);
    const plan = project(p, [
      ['id', col(p, 'id')],
      ['in', subquery('any', amounts, { args: [op('*', col(p, 'id'), int(5))] })],
    ]);
    expect(run(plan)).toEqual(['1 true', '2 true', '3 null', '3 null']);
  });

  it('compares with ALL: true over nothing, unknown with a NULL', () => {
    const amount = project(ofPerson, [['amount', col(o, 'amount')]]);
    const plan = project(p, [
      ['id', col(p, 'id')],
      ['all', subquery('all', amount, { args: [int(7)], symbol: '<' })],
    ]);
    expect(run(plan)).toEqual(['1 true', '2 true', '3 false', '3 false']);
  });

  it('uses EXISTS under OR without repeating rows', () => {
    const plan = filter(p, or(subquery('exists', ofPerson), op('=', col(p, 'id'), int(2))));
    expect(run(plan)).toEqual(['1 null', '2 1', '3 1', '3 1']);
    expect(run(filter(p, not(subquery('exists', ofPerson))))).toEqual(['2 1']);
  });

  it('reaches over two levels', () => {
    const inner = filter(
      o,
      and(op('=', col(o, 'person'), outer(p, 'id', 2)), op('>', col(o, 'amount'), outer(p, 'id'))),
    );
    const middle = filter(
      p,
      and(op('=', col(p, 'boss'), outer(p, 'id')), subquery('exists', inner)),
    );
    expect(run(filter(p, subquery('exists', middle)))).toEqual(['1 null']);
  });

  it('gathers ARRAY(SELECT … ORDER BY …), empty where there is nothing', () => {
    const down = sort(ofPerson, {
      order: [{ expr: col(o, 'amount'), descending: true, nullsFirst: true }],
    });
    const values = project(down, [['amount', col(o, 'amount')]]);
    const plan = project(p, [
      ['id', col(p, 'id')],
      ['list', subquery('array', values)],
    ]);
    expect(run(plan)).toEqual(['1 {20,10}', '2 {}', '3 {5}', '3 {5}']);
  });

  it('takes the first row for each outer row from LATERAL with LIMIT', () => {
    const first = sort(ofPerson, {
      order: [ascending(col(o, 'amount'))],
      limit: constant(1n, types.bigint),
    });
    const yes = constant(true, types.boolean);
    const left = join('left', p, first, yes, true);
    expect(run(left)).toEqual(['1 null 1 10', '2 1 null null', '3 1 3 5', '3 1 3 5']);
    const count = aggregate(ofPerson, [], [['n', aggregateCall('count', [])]]);
    expect(run(join('inner', p, count, yes, true))).toEqual([
      '1 null 2',
      '2 1 0',
      '3 1 1',
      '3 1 1',
    ]);
  });

  it('runs a table function for each outer row', () => {
    const series = flatMap(oneRow(), 'generate_series', [int(1), outer(p, 'boss')]);
    const plan = join('left', p, series, constant(true, types.boolean), true);
    expect(run(plan)).toEqual(['1 null null', '2 1 1', '3 1 1', '3 1 1']);
  });

  it('joins on the correlating equality instead of the domain', () => {
    const count = aggregate(ofPerson, [], [['n', aggregateCall('count', [])]]);
    const plan = project(p, [['n', subquery('scalar', count)]]);
    const flat = decorrelate(plan, { evaluation, functions });
    expect(printLogical(flat)).not.toContain('distinct\n');
    expect(printLogical(flat).match(/scan/g)).toHaveLength(2);
  });
});
