/** format() and quoting of identifiers and literals. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Datum } from '../../types/datum.ts';
import { SqlArray } from '../../types/array.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { datumToText } from '../cast-datum.ts';
import { characterCount } from './code-points.ts';
import { call1, callAll, scalar, specializedOnly } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';
import { isReservedWord } from './keywords.ts';

const { text, boolean } = types;

export function textFormatFunctions(): readonly ScalarFunction[] {
  return [...formatting(), ...quoting()];
}

function formatting(): ScalarFunction[] {
  return [
    scalar('format', [text], text, (args) => formatText(args[0] as string, [], []), {
      strict: true,
    }),
    scalar('format', [text, 'any'], text, specializedOnly, {
      variadic: true,
      strict: false,
      volatility: 'stable',
      specialize: (args) => (values, context) => {
        const [template, ...rest] = values;
        if (template === null) return null;
        const shown = rest.map((each, i) =>
          each === null ? null : datumToText(each, args[i + 1]!, context),
        );
        return formatText(template as string, shown, rest);
      },
    }),
  ];
}

const placeholder = /%(?:(\d+)\$)?(-)?(?:(\d+)|\*(?:(\d+)\$)?)?(.)?/gsu;

/** %s %I %L with position, - and width, as C's printf would. */
function formatText(
  template: string,
  args: readonly (string | null)[],
  raw: readonly (Datum | null)[],
): string {
  let next = 0;
  const take = (position: string | undefined): string | null => {
    if (position === '0') {
      throw new SqlError(
        sqlstate.invalidParameterValue,
        'format specifies argument 0, but arguments are numbered from 1',
      );
    }
    const index = position === undefined ? next : Number(position) - 1;
    next = index + 1;
    if (index >= raw.length) {
      throw new SqlError(sqlstate.invalidParameterValue, 'too few arguments for format()');
    }
    return args[index]!;
  };
  return template.replace(
    placeholder,
    (
      match,
      position?: string,
      minus?: string,
      width?: string,
      widthPosition?: string,
      type?: string,
    ) => {
      if (type === '%' && match === '%%') return '%';
      if (type === undefined) {
        throw new SqlError(sqlstate.invalidParameterValue, 'unterminated format() type specifier', {
          hint: 'For a single "%" use "%%".',
        });
      }
      const star = match.includes('*') ? Number(take(widthPosition) ?? '0') : Number(width ?? '0');
      if (type !== 's' && type !== 'I' && type !== 'L') {
        throw new SqlError(
          sqlstate.invalidParameterValue,
          `unrecognized format() type specifier "${type}"`,
          { hint: 'For a single "%" use "%%".' },
        );
      }
      return padded(converted(type, take(position)), star, minus !== undefined);
    },
  );
}

function converted(type: 's' | 'I' | 'L', value: string | null): string {
  if (type === 's') return value ?? '';
  if (type === 'L') return value === null ? 'NULL' : quoteLiteral(value);
  if (value === null) {
    throw new SqlError(
      sqlstate.nullValueNotAllowed,
      'null values cannot be formatted as an SQL identifier',
    );
  }
  return quoteIdentifier(value);
}

function padded(value: string, width: number, minus: boolean): string {
  const missing = Math.abs(width) - characterCount(value);
  if (missing <= 0) return value;
  return minus || width < 0 ? value + ' '.repeat(missing) : ' '.repeat(missing) + value;
}

/** An identifier as it must be written: quoted unless it is plain and no reserved word. */
export function quoteIdentifier(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name) && !isReservedWord(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return value.includes('\\') ? `E${quoted}` : quoted;
}

function quoting(): ScalarFunction[] {
  const anything = (name: string, onNull: string | null): ScalarFunction[] => [
    scalar(
      name,
      [text],
      text,
      (args) => (args[0] === null ? onNull : quoteLiteral(args[0] as string)),
      {
        strict: onNull === null,
      },
    ),
    scalar(name, ['anyelement'], text, specializedOnly, {
      strict: onNull === null,
      volatility: 'stable',
      specialize:
        ([type]) =>
        (args: readonly (Datum | null)[], context: EvalContext) =>
          args[0] === null ? onNull : quoteLiteral(datumToText(args[0]!, type!, context)),
    }),
  ];
  return [
    scalar('quote_ident', [text], text, call1(quoteIdentifier)),
    ...anything('quote_literal', null),
    ...anything('quote_nullable', 'NULL'),
    scalar(
      'parse_ident',
      [text, boolean],
      arrayOf(text),
      callAll<[string, boolean?]>(([value, strict]) =>
        SqlArray.of(parseIdentifier(value, strict ?? true)),
      ),
      { optional: 1 },
    ),
  ];
}

function parseIdentifier(value: string, strict: boolean): string[] {
  const names: string[] = [];
  const token = /\s*(?:"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_$]*))\s*/uy;
  const invalid = (): SqlError =>
    new SqlError(sqlstate.invalidParameterValue, `string is not a valid identifier: "${value}"`);
  for (let at = 0; ;) {
    token.lastIndex = at;
    const match = token.exec(value);
    if (match === null) throw invalid();
    if (match[1] === '') throw invalid();
    names.push(match[1] === undefined ? match[2]!.toLowerCase() : match[1].replaceAll('""', '"'));
    at = token.lastIndex;
    if (at >= value.length) return names;
    if (value[at] !== '.') {
      if (!strict) return names;
      throw invalid();
    }
    at++;
  }
}
