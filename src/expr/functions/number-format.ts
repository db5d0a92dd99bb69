/** to_char of numbers and to_number, by PostgreSQL's numeric templates. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal } from '../../types/decimal.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { call2, scalar } from './define.ts';
import { printNumber } from './number-print.ts';
import type { ScalarFunction } from './registry.ts';

const { text, integer, bigint, numeric, real, double } = types;

export function numberFormatFunctions(): readonly ScalarFunction[] {
  const exact = (type: SqlType): ScalarFunction =>
    scalar(
      'to_char',
      [type, text],
      text,
      call2((value: number | bigint, template: string) =>
        printNumber(Decimal.fromBigInt(BigInt(value)), template),
      ),
    );
  const double6 = (type: SqlType, digits: 15 | 6): ScalarFunction =>
    scalar(
      'to_char',
      [type, text],
      text,
      call2((value: number, template: string) =>
        printNumber(Decimal.fromNumber(value, digits), template),
      ),
    );
  return [
    exact(integer),
    exact(bigint),
    scalar('to_char', [numeric, text], text, call2(printNumber)),
    double6(real, 6),
    double6(double, 15),
    scalar('to_number', [text, text], numeric, call2(readNumber)),
  ];
}

/** Digits are taken where the template has them; what is no number is skipped. */
function readNumber(value: string, template: string): Decimal {
  const places = (template.split(/[.D]/i)[1] ?? '').replace(/[^09]/g, '').length;
  const negative = /-|<.*>/.test(value);
  const [whole = '', fraction = ''] = value.replace(/[^0-9.]/g, '').split('.');
  const digitsMax = template.replace(/[.D].*$/i, '').replace(/[^09]/g, '').length;
  const kept = whole.slice(0, Math.max(digitsMax, 0));
  if (kept === '' && fraction === '') {
    throw new SqlError(
      sqlstate.invalidTextRepresentation,
      `invalid input syntax for type numeric: "${value.trim() === '' ? ' ' : value.trim()}"`,
    );
  }
  const shown = `${negative ? '-' : ''}${kept === '' ? '0' : kept}.${fraction.slice(0, places)}`;
  return Decimal.parse(shown.endsWith('.') ? shown.slice(0, -1) : shown);
}
