/** Functions on booleans beside AND, OR and NOT, and the conditional functions of Flink and MySQL. */

import { types } from '../../types/sql-type.ts';
import { scalar } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { boolean } = types;

export function booleanFunctions(): readonly ScalarFunction[] {
  return [
    scalar(
      'num_nulls',
      ['any'],
      types.integer,
      (args) => args.filter((arg) => arg === null).length,
      { variadic: true, strict: false },
    ),
    scalar(
      'num_nonnulls',
      ['any'],
      types.integer,
      (args) => args.filter((arg) => arg !== null).length,
      { variadic: true, strict: false },
    ),
    scalar(
      'ifnull',
      ['anyelement', 'anyelement'],
      (args) => args[0]!,
      (args) => args[0] ?? args[1] ?? null,
      { strict: false },
    ),
    scalar(
      'nvl',
      ['anyelement', 'anyelement'],
      (args) => args[0]!,
      (args) => args[0] ?? args[1] ?? null,
      { strict: false },
    ),
    scalar(
      'if',
      [boolean, 'anyelement', 'anyelement'],
      (args) => args[1]!,
      (args) => (args[0] === true ? args[1] : args[2]) ?? null,
      { strict: false },
    ),
    scalar('isnull', ['any'], boolean, (args) => args[0] === null, { strict: false }),
  ];
}
