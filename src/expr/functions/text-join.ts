/** || and concat() of texts with anything, and characters by their codes. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Datum } from '../../types/datum.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { castDatum, datumToText } from '../cast-datum.ts';
import { call1, call2, operator, scalar, specializedOnly } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';

const { text, integer } = types;

export function textJoinFunctions(): readonly ScalarFunction[] {
  return [...joins(), ...codes()];
}

function joins(): ScalarFunction[] {
  const plain = call2((a: string, b: string) => a + b);
  return [
    operator('||', [text, text], text, plain),
    operator('||', [text, 'anynonarray'], text, specializedOnly, {
      specialize: ([, type]) =>
        call2((a: string, b: never, context) => a + asText(b, type!, context)),
      volatility: 'stable',
    }),
    operator('||', ['anynonarray', text], text, specializedOnly, {
      specialize: ([type]) =>
        call2((a: never, b: string, context) => asText(a, type!, context) + b),
      volatility: 'stable',
    }),
    scalar('concat', ['any'], text, specializedOnly, {
      variadic: true,
      strict: false,
      volatility: 'stable',
      specialize: (args) => (values, context) =>
        values
          .map((each, i) => (each === null ? '' : datumToText(each, args[i]!, context)))
          .join(''),
    }),
    scalar('concat_ws', [text, 'any'], text, specializedOnly, {
      variadic: true,
      strict: false,
      volatility: 'stable',
      specialize: (args) => (values, context) => {
        const [separator, ...rest] = values;
        if (separator === null) return null;
        const shown = rest.flatMap((each, i) =>
          each === null ? [] : [datumToText(each, args[i + 1]!, context)],
        );
        return shown.join(separator as string);
      },
    }),
  ];
}

/** As a cast to text gives it, where concat() takes the output form (true and t). */
function asText(value: Datum, type: SqlType, context: EvalContext): string {
  return castDatum(value, type, text, 'explicit', context) as string;
}

function codes(): ScalarFunction[] {
  return [
    scalar(
      'ascii',
      [text],
      integer,
      call1((a: string) => a.codePointAt(0) ?? 0),
    ),
    scalar('chr', [integer], text, call1(characterOf)),
    scalar(
      'to_hex',
      [integer],
      text,
      call1((a: number) => (a >>> 0).toString(16)),
    ),
    scalar(
      'to_hex',
      [types.bigint],
      text,
      call1((a: bigint) => BigInt.asUintN(64, a).toString(16)),
    ),
    scalar('unistr', [text], text, call1(unistr)),
  ];
}

function characterOf(code: number): string {
  if (code === 0) {
    throw new SqlError(sqlstate.programLimitExceeded, 'null character not permitted');
  }
  if (code < 0) {
    throw new SqlError(sqlstate.invalidParameterValue, 'character number must be positive');
  }
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw new SqlError(
      sqlstate.programLimitExceeded,
      code > 0x10ffff
        ? `requested character too large for encoding: ${code}`
        : `requested character not valid for encoding: ${code}`,
    );
  }
  return String.fromCodePoint(code);
}

function unistr(value: string): string {
  return value.replace(
    /\\(?:\\|([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)/g,
    (match, a?: string, b?: string, c?: string, d?: string) => {
      if (match === '\\\\') return '\\';
      const digits = a ?? b ?? c ?? d;
      if (digits === undefined) throw new SqlError(sqlstate.syntaxError, 'invalid Unicode escape');
      return characterOf(parseInt(digits, 16));
    },
  );
}
