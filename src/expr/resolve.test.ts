/** Overload resolution: which function is chosen, what its arguments become, and how refusals are worded. */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../base/errors.ts';
import { formatType } from '../types/oid.ts';
import { arrayOf, numeric, types, type SqlType } from '../types/sql-type.ts';
import { createRegistry } from './functions/builtin.ts';
import {
  commonType,
  resolveAggregate,
  resolveFunction,
  resolveOperator,
  resolveTable,
} from './resolve.ts';

const registry = createRegistry();
const { integer, bigint, text, unknown, double, timestamp, date, name } = types;

function refused(run: () => unknown): SqlError {
  try {
    run();
  } catch (error) {
    if (error instanceof SqlError) return error;
  }
  throw new Error('nothing was refused');
}

describe('operators', () => {
  it.each([
    [integer, '+', bigint, '+(integer,bigint)', 'bigint'],
    [integer, '+', types.numeric, '+(numeric,numeric)', 'numeric'],
    [types.real, '*', integer, '*(real,double)', 'double precision'],
    [types.numeric, '+', double, '+(double,double)', 'double precision'],
    [date, '-', unknown, '-(date,date)', 'integer'],
    [timestamp, '-', unknown, '-(timestamp,timestamp)', 'interval'],
    [unknown, '||', unknown, '||(text,text)', 'text'],
    [types.varchar, '=', unknown, '=(text,text)', 'boolean'],
    [name, '=', text, '=(text,text)', 'boolean'],
    [types.regclass, '=', unknown, '=(oid,oid)', 'boolean'],
    [types.oid, '=', integer, '=(oid,oid)', 'boolean'],
    [date, '<', timestamp, '<(date,timestamp)', 'boolean'],
    [types.smallint, '=', bigint, '=(smallint,bigint)', 'boolean'],
    [arrayOf(integer), '||', integer, '||(anyarray,anyelement)', 'integer[]'],
    [arrayOf(integer), '=', unknown, '=(integer[],integer[])', 'boolean'],
  ] as const)('%j %s %j is %s', (left, symbol, right, id, returns) => {
    const call = resolveOperator(registry, symbol, left, right);
    expect(call.fn.id).toBe(id);
    expect(formatType(call.returns)).toBe(returns);
  });

  it('does not exist for types without one', () => {
    const error = refused(() => resolveOperator(registry, '+', integer, text, 7));
    expect(error.code).toBe('42883');
    expect(error.message).toBe('operator does not exist: integer + text');
    expect(error.fields.position).toBe(7);
    expect(error.fields.hint).toBe(
      'No operator matches the given name and argument types. You might need to add explicit type casts.',
    );
  });

  it('says so of prefix operators too', () => {
    const error = refused(() => resolveOperator(registry, '-', null, text));
    expect(error.message).toBe('operator does not exist: - text');
    expect(error.fields.hint).toBe(
      'No operator matches the given name and argument type. You might need to add an explicit type cast.',
    );
  });

  it('is ambiguous where literals could be anything', () => {
    const error = refused(() => resolveOperator(registry, '+', unknown, unknown));
    expect(error.code).toBe('42725');
    expect(error.message).toBe('operator is not unique: unknown + unknown');
  });
});

describe('functions', () => {
  it('takes unknown literals as strings where a string will do', () => {
    expect(resolveFunction(registry, 'length', [unknown]).parameterTypes).toEqual([text]);
  });

  it('gives concrete, specialized functions for polymorphic ones', () => {
    const call = resolveFunction(registry, 'array_append', [arrayOf(integer), unknown]);
    expect(call.parameterTypes).toEqual([arrayOf(integer), integer]);
    expect(call.returns).toEqual(arrayOf(integer));
  });

  it('spreads VARIADIC arrays', () => {
    const call = resolveFunction(registry, 'concat', [arrayOf(text)], { variadicArray: true });
    expect(call.fn.parameters).toEqual([arrayOf(text)]);
  });

  it('words a miss and an ambiguity as PostgreSQL', () => {
    expect(refused(() => resolveFunction(registry, 'foo', [integer])).message).toBe(
      'function foo(integer) does not exist',
    );
    expect(refused(() => resolveFunction(registry, 'abs', [text])).code).toBe('42883');
    expect(refused(() => resolveTable(registry, 'generate_series', [unknown, unknown])).code).toBe(
      '42725',
    );
  });

  it('casts by the name of a type', () => {
    expect(formatType(resolveFunction(registry, 'int4', [text]).returns)).toBe('integer');
  });

  it('finds the common type of GREATEST', () => {
    const call = resolveFunction(registry, 'greatest', [integer, types.numeric]);
    expect(formatType(call.returns)).toBe('numeric');
    expect(refused(() => resolveFunction(registry, 'greatest', [integer, text])).message).toBe(
      'GREATEST types integer and text cannot be matched',
    );
  });
});

describe('aggregates', () => {
  it.each([
    ['sum', integer, 'bigint'],
    ['sum', bigint, 'numeric'],
    ['avg', integer, 'numeric'],
    ['avg', types.real, 'double precision'],
    ['max', types.varchar, 'text'],
    ['array_agg', text, 'text[]'],
    ['count', text, 'bigint'],
  ] as const)('%s(%j) is %s', (aggregate, type, returns) => {
    expect(formatType(resolveAggregate(registry, aggregate, [type]).returns)).toBe(returns);
  });
});

describe('known scales', () => {
  const scaleOf = (type: SqlType): number | undefined =>
    type.kind === 'numeric' ? type.fixedScale : undefined;
  const scale = (symbol: string, left: SqlType, right: SqlType): number | undefined =>
    scaleOf(resolveOperator(registry, symbol, left, right).returns);

  it('adds at the larger scale and multiplies to the sum', () => {
    expect(scale('+', numeric(10, 2), numeric(8, 4))).toBe(4);
    expect(scale('*', numeric(6, 2), numeric(5, 3))).toBe(5);
    expect(scale('-', numeric(4, 2), integer)).toBe(2);
  });

  it('is dropped where more than fifteen digits could come', () => {
    expect(scale('*', numeric(10, 2), numeric(10, 2))).toBeUndefined();
    expect(scale('+', numeric(15, 2), numeric(15, 2))).toBeUndefined();
    expect(scale('+', numeric(10, 2), bigint)).toBeUndefined();
    expect(scale('/', numeric(4, 2), numeric(4, 2))).toBeUndefined();
  });

  it('stays in sums and extremes', () => {
    for (const aggregate of ['sum', 'min', 'max']) {
      expect(scaleOf(resolveAggregate(registry, aggregate, [numeric(12, 2)]).returns)).toBe(2);
    }
  });
});

describe('the common type', () => {
  it.each([
    [[integer, bigint], 'bigint'],
    [[integer, types.numeric, unknown], 'numeric'],
    [[unknown, unknown], 'text'],
    [[date, timestamp], 'timestamp without time zone'],
    [[types.varchar, text], 'character varying'],
    [[types.real, types.numeric], 'real'],
    [
      [
        { kind: 'varchar', length: 3 },
        { kind: 'varchar', length: 3 },
      ],
      'character varying(3)',
    ],
    [
      [
        { kind: 'varchar', length: 3 },
        { kind: 'varchar', length: 5 },
      ],
      'character varying',
    ],
  ] as const)('of %j is %s', (args, expected) => {
    expect(formatType(commonType(args, 'UNION'))).toBe(expected);
  });

  it('does not exist across categories', () => {
    const error = refused(() => commonType([integer, text], 'CASE', 3));
    expect(error.code).toBe('42804');
    expect(error.message).toBe('CASE types integer and text cannot be matched');
    expect(error.fields.position).toBe(3);
  });
});
