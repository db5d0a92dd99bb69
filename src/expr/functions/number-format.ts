/** to_char of numbers and to_number, by PostgreSQL's numeric templates. */

import { Decimal } from '../../types/decimal.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { call2, scalar } from './define.ts';
import { printNumber } from './number-print.ts';
import { readNumber } from './number-read.ts';
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
