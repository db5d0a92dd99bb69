/** The meaning of expressions: three-valued logic, order and laziness of evaluation, casts and errors. */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import type { Datum, Row } from '../types/datum.ts';
import { arrayOf, types, type SqlType } from '../types/sql-type.ts';
import { testContext } from './evaluate-for-test.ts';
import type { ConstantExpr, Expr } from './expr.ts';
import { createRegistry } from './functions/builtin.ts';
import { compileInterpreter } from './interpret.ts';
import { printExpr } from './print-expr.ts';
import { resolveOperator } from './resolve.ts';
import {
  columnsOf,
  isConstant,
  mapExpr,
  shiftColumns,
  substituteColumns,
  volatilityOf,
} from './walk.ts';

const registry = createRegistry();
const { boolean, integer, text } = types;

const constant = (value: Datum | null, type: SqlType): ConstantExpr => ({
  kind: 'constant',
  value,
  type,
});
const column = (index: number, type: SqlType): Expr => ({ kind: 'column', index, type });
const truth = (value: boolean | null): ConstantExpr => constant(value, boolean);

function operator(symbol: string, left: Expr, right: Expr, at?: number): Expr {
  const { fn, returns } = resolveOperator(registry, symbol, left.type, right.type);
  return { kind: 'call', fn, args: [left, right], type: returns, at };
}

function run(expr: Expr, row: Row = []): Datum | null {
  return compileInterpreter(expr)(row, testContext());
}

const failing = operator('/', constant(1, integer), constant(0, integer), 12);
const failingTruth = operator('=', failing, constant(1, integer));

describe('three-valued logic', () => {
  const values = [true, false, null] as const;
  const both = values.flatMap((a) => values.map((b) => [a, b] as const));

  it.each(both)('%s and/or %s', (a, b) => {
    const and = a === false || b === false ? false : a === null || b === null ? null : true;
    const or = a === true || b === true ? true : a === null || b === null ? null : false;
    expect(run({ kind: 'and', args: [truth(a), truth(b)], type: boolean })).toBe(and);
    expect(run({ kind: 'or', args: [truth(a), truth(b)], type: boolean })).toBe(or);
  });

  it('stops where the answer is known', () => {
    expect(run({ kind: 'and', args: [truth(false), failingTruth], type: boolean })).toBe(false);
    expect(run({ kind: 'or', args: [truth(true), failingTruth], type: boolean })).toBe(true);
  });

  it('tests truth without unknown', () => {
    const is = (value: boolean | null, wanted: boolean | null, negated: boolean): Datum | null =>
      run({ kind: 'is-truth', arg: truth(value), truth: wanted, negated, type: boolean });
    expect(is(null, true, false)).toBe(false);
    expect(is(null, true, true)).toBe(true);
    expect(is(null, null, false)).toBe(true);
    expect(is(false, false, false)).toBe(true);
  });
});

describe('lists', () => {
  const { fn } = resolveOperator(registry, '=', integer, integer);
  const inList = (
    value: number | null,
    list: readonly (number | null)[],
    negated = false,
  ): Datum | null =>
    run({
      kind: 'in-list',
      arg: constant(value, integer),
      list: list.map((each) => constant(each, integer)),
      fn,
      negated,
      type: boolean,
    });

  it('is true or unknown, never false, with a NULL in the list', () => {
    expect(inList(1, [1, null])).toBe(true);
    expect(inList(2, [1, null])).toBe(null);
    expect(inList(1, [1, null], true)).toBe(false);
    expect(inList(2, [1, null], true)).toBe(null);
    expect(inList(2, [1, 3])).toBe(false);
    expect(inList(null, [1])).toBe(null);
  });

  it('compares with any and all elements of an array', () => {
    const quantified = (elements: readonly (number | null)[] | null, all: boolean): Datum | null =>
      run({
        kind: 'quantified',
        arg: constant(1, integer),
        array: constant(elements === null ? null : SqlArray.of(elements), arrayOf(integer)),
        fn,
        all,
        type: boolean,
      });
    expect(quantified([1, 2], false)).toBe(true);
    expect(quantified([2, null], false)).toBe(null);
    expect(quantified([], false)).toBe(false);
    expect(quantified([], true)).toBe(true);
    expect(quantified([1, null], true)).toBe(null);
    expect(quantified([2, null], true)).toBe(false);
    expect(quantified(null, true)).toBe(null);
  });
});

describe('conditional expressions', () => {
  it('evaluate only the branch that is taken', () => {
    const branches = [
      {
        when: operator('=', column(0, integer), constant(0, integer)),
        then: constant(-1, integer),
      },
    ];
    const otherwise = operator('/', constant(10, integer), column(0, integer));
    const expr: Expr = { kind: 'case', branches, otherwise, type: integer };
    expect(run(expr, [0])).toBe(-1);
    expect(run(expr, [5])).toBe(2);
  });

  it('COALESCE stops at the first value', () => {
    expect(
      run({
        kind: 'coalesce',
        args: [constant(null, integer), constant(4, integer), failing],
        type: integer,
      }),
    ).toBe(4);
  });

  it('IS DISTINCT FROM treats NULLs as equal', () => {
    const distinct = (a: number | null, b: number | null): Datum | null =>
      run({
        kind: 'is-distinct',
        left: constant(a, integer),
        right: constant(b, integer),
        negated: false,
        type: boolean,
      });
    expect(distinct(null, null)).toBe(false);
    expect(distinct(1, null)).toBe(true);
    expect(distinct(1, 1)).toBe(false);
  });

  it('a row is NULL when all its fields are, and not NULL when none is', () => {
    const row: Expr = {
      kind: 'row',
      fields: [constant(1, integer), constant(null, text)],
      type: {
        kind: 'row',
        fields: [
          { name: 'a', type: integer },
          { name: 'b', type: text },
        ],
      },
    };
    expect(run({ kind: 'is-null', arg: row, negated: false, type: boolean })).toBe(false);
    expect(run({ kind: 'is-null', arg: row, negated: true, type: boolean })).toBe(false);
    expect(run({ kind: 'field', arg: row, index: 0, type: integer })).toBe(1);
  });
});

describe('errors', () => {
  it('carry the position of the failing node', () => {
    const error = (() => {
      try {
        run(failing);
      } catch (caught) {
        if (caught instanceof SqlError) return caught;
      }
      return null;
    })();
    expect(error?.code).toBe('22012');
    expect(error?.fields.position).toBe(12);
  });

  it('come from casts too', () => {
    const cast: Expr = {
      kind: 'cast',
      arg: constant('x', text),
      mode: 'explicit',
      type: integer,
      at: 3,
    };
    expect(() => run(cast)).toThrow('invalid input syntax for type integer: "x"');
  });

  it('a value that is too long is cut by an explicit cast and refused by assignment', () => {
    const cast = (mode: 'explicit' | 'assignment'): Expr => ({
      kind: 'cast',
      arg: constant('abcd', text),
      mode,
      type: { kind: 'varchar', length: 2 },
    });
    expect(run(cast('explicit'))).toBe('ab');
    expect(() => run(cast('assignment'))).toThrow('value too long for type character varying(2)');
  });
});

describe('walking', () => {
  const sum = operator(
    '+',
    column(1, integer),
    operator('*', column(3, integer), constant(2, integer)),
  );

  it('finds, moves and replaces columns', () => {
    expect([...columnsOf(sum)]).toEqual([1, 3]);
    expect([...columnsOf(shiftColumns(sum, 2))]).toEqual([3, 5]);
    expect(run(substituteColumns(sum, (i) => constant(i, integer)))).toBe(7);
    expect(mapExpr(sum, (each) => each)).toBe(sum);
  });

  it('knows what is constant', () => {
    expect(isConstant(sum)).toBe(false);
    expect(isConstant(failing)).toBe(true);
    const now: Expr = {
      kind: 'call',
      fn: registry.scalars('now')[0]!,
      args: [],
      type: types.timestamptz,
    };
    expect(volatilityOf(now)).toBe('stable');
    const random: Expr = {
      kind: 'call',
      fn: registry.scalars('random')[0]!,
      args: [],
      type: types.double,
    };
    expect(volatilityOf({ kind: 'coalesce', args: [now, random], type: types.double })).toBe(
      'volatile',
    );
  });
});

describe('printing', () => {
  const names = ['a', 'b', 'c'];

  it('puts parentheses only where they are needed', () => {
    const sum = operator('+', column(0, integer), column(1, integer));
    expect(printExpr(operator('*', sum, constant(2, integer)), names)).toBe('(a + b) * 2');
    expect(printExpr(operator('-', column(0, integer), sum), names)).toBe('a - (a + b)');
    expect(printExpr(operator('=', sum, constant(2, integer)), names)).toBe('a + b = 2');
  });

  it('prints every form', () => {
    const isNull: Expr = { kind: 'is-null', arg: column(2, text), negated: true, type: boolean };
    const either: Expr = { kind: 'or', args: [isNull, truth(null)], type: boolean };
    expect(printExpr({ kind: 'and', args: [either, truth(true)], type: boolean }, names)).toBe(
      '(c IS NOT NULL OR NULL) AND true',
    );
    expect(printExpr({ kind: 'not', arg: either, type: boolean }, names)).toBe(
      'NOT (c IS NOT NULL OR NULL)',
    );
    expect(printExpr(constant("it's", text), names)).toBe("'it''s'");
    expect(printExpr(constant(0, types.date), names)).toBe("'1970-01-01'::date");
    const branches = [{ when: truth(true), then: constant(1, integer) }];
    expect(
      printExpr(
        { kind: 'case', branches, otherwise: constant(null, integer), type: integer },
        names,
      ),
    ).toBe('CASE WHEN true THEN 1 END');
    expect(
      printExpr({ kind: 'cast', arg: column(0, integer), mode: 'explicit', type: text }, names),
    ).toBe('a::text');
  });
});
