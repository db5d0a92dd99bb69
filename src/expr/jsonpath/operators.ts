/** What a path does with single values: comparisons, arithmetic and the methods of numbers. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal } from '../../types/decimal.ts';
import { parseDouble } from '../../types/float-text.ts';
import { compareCodePoints, isJsonArray, isJsonObject, jsonTypeOf } from '../../types/jsonb.ts';
import type { ArithmeticOperator, ComparisonOperator } from '../../types/jsonpath.ts';
import { PathFault, PathTime, type PathItem } from './items.ts';
import { comparePathTimes, type SessionZone } from './times.ts';

/** Null is "unknown": objects, arrays and values of different types are not comparable. */
export function comparePathItems(
  operator: ComparisonOperator,
  a: PathItem,
  b: PathItem,
  zone: SessionZone | null,
): boolean | null {
  if (a instanceof PathTime || b instanceof PathTime) {
    if (a === null || b === null) return operator === '!=';
    if (!(a instanceof PathTime && b instanceof PathTime)) return null;
    const order = comparePathTimes(a, b, zone);
    return order === null ? null : holds(operator, order);
  }
  const type = jsonTypeOf(a);
  if (type !== jsonTypeOf(b)) return a === null || b === null ? operator === '!=' : null;
  if (isJsonArray(a) || isJsonObject(a)) return null;
  if (a === null) return holds(operator, 0);
  if (typeof a === 'string') return holds(operator, compareCodePoints(a, b as string));
  if (a instanceof Decimal) return holds(operator, a.compare(b as Decimal));
  return holds(operator, Number(a) - Number(b));
}

function holds(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

export function calculate(operator: ArithmeticOperator, a: Decimal, b: Decimal): Decimal {
  return faultable(() => {
    switch (operator) {
      case '+':
        return a.add(b);
      case '-':
        return a.sub(b);
      case '*':
        return a.mul(b);
      case '/':
        return a.div(b);
      case '%':
        return a.mod(b);
    }
  });
}

/** What arithmetic refuses is a fault of the path. */
function faultable<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof SqlError) throw new PathFault(error.code, error.message, error.fields);
    throw error;
  }
}

/** .abs(), .floor() and .ceiling() */
export function numberMethod(method: 'abs' | 'floor' | 'ceiling', item: PathItem): Decimal {
  if (!(item instanceof Decimal)) {
    throw new PathFault(
      sqlstate.nonNumericSqlJsonItem,
      `jsonpath item method .${method}() can only be applied to a numeric value`,
    );
  }
  if (method === 'abs') return item.abs();
  return method === 'floor' ? item.floor() : item.ceil();
}

/** .double(): a number stays as it is when a double can hold it. */
export function doubleMethod(item: PathItem): Decimal {
  if (item instanceof Decimal) {
    if (tryDouble(item.toString()) !== null) return item;
    throw nonNumeric(
      'numeric argument of jsonpath item method .double() is out of range for type double precision',
    );
  }
  if (typeof item !== 'string') {
    throw nonNumeric(
      'jsonpath item method .double() can only be applied to a string or numeric value',
    );
  }
  const value = tryDouble(item);
  if (value !== null && Number.isFinite(value)) return Decimal.fromNumber(value);
  throw nonNumeric(
    'string argument of jsonpath item method .double() is not a valid representation of a double precision number',
  );
}

function nonNumeric(message: string): PathFault {
  return new PathFault(sqlstate.nonNumericSqlJsonItem, message);
}

function tryDouble(text: string): number | null {
  try {
    return parseDouble(text);
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

/** The number that an operand must be alone. */
export function singleNumber(items: readonly PathItem[], side: string, operator: string): Decimal {
  const [item] = items;
  if (items.length === 1 && item instanceof Decimal) return item;
  throw new PathFault(
    sqlstate.singletonSqlJsonItemRequired,
    `${side} operand of jsonpath operator ${operator} is not a single numeric value`,
  );
}
