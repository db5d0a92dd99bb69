/**
 * What a function needs to be called with to be worth testing: formats, patterns, units and small counts instead
 * of values of any kind; and which functions may fail in a row, or give what depends on the machine's arithmetic.
 */

import { quote } from './value-types.ts';

const units = [
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'week',
  'quarter',
  'decade',
].concat(['century', 'millennium', 'milliseconds', 'microseconds']);
const fields = [...units, 'dow', 'doy', 'epoch', 'isodow', 'isoyear', 'julian'];
const dayFields = ['year', 'month', 'day', 'week', 'quarter', 'decade', 'century'].concat([
  ...['millennium', 'dow', 'doy', 'epoch', 'isodow', 'isoyear', 'julian'],
]);
const clockFields = ['hour', 'minute', 'second', 'milliseconds', 'microseconds', 'epoch'];
const spanFields = [...units.filter((unit) => unit !== 'week'), 'epoch'];

const patterns = [
  'a',
  '^a',
  'b$',
  '[a-c]+',
  '(a)(b)?',
  '\\d+',
  '\\w',
  'x|y',
  '.',
  'a*',
  '[^ab]',
].concat([...['(?i)B', '\\s', '^$', 'a{2}', '(b|c)d?', '\\mab', '[[:alpha:]]+', '(?:ab)+', '\\.']]);
const likePatterns = ['%', '_', 'a%', '%b', '%a%', '_b', 'a\\%b', '', 'AB', '%é%', '__'];
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  '+02',
  'EST',
  '-05:30',
].concat(['Australia/Lord_Howe']);

const timeTemplates = [
  'YYYY-MM-DD HH24:MI:SS',
  'DD Mon YY',
  'Day, DDth Month YYYY',
  'FMDay FMMonth',
].concat([
  ...[
    'HH12:MI:SS AM',
    'IYYY-IW-ID',
    'J',
    'Q',
    'WW',
    'MS US',
    'CC',
    'DDD',
    'HH24MI',
    'TMMonth',
    'RM',
  ],
  ...[
    'Y,YYY',
    'YYYY BC',
    'FF3',
    'SSSS',
    '"at" HH24',
    'FMMM/FMDD',
    'D',
    'W',
    'AD',
    'p.m. HH',
    'TZ',
    'OF',
  ],
]);
const spanTemplates = ['HH24:MI:SS', 'DD HH24', 'YYYY MM DD', 'SSSS', 'MS', 'HH12:MI', 'FMDD'];
const numberTemplates = [
  '999',
  '0000',
  '9,999.99',
  'FM999.00',
  'S999',
  '999MI',
  '999PR',
  'RN',
].concat([
  ...['FM9999999990.009', '$999.9', 'L99', '9.99EEEE', '99V99', 'FM', 'SG99', '99th', '0.9', 'PL9'],
]);

/** `name` or `name/argument`, with the type of the first argument where it matters: texts to choose from. */
const choices: ReadonlyMap<string, readonly string[]> = new Map([
  ['date_trunc/0', units],
  ['date_trunc/0 interval', spanFields.filter((field) => field !== 'epoch')],
  ['extract/0', fields],
  ['date_part/0', fields],
  ['date_part/0 date', dayFields],
  ['date_part/0 time', clockFields],
  ['date_part/0 timetz', [...clockFields, 'timezone', 'timezone_hour']],
  ['date_part/0 interval', spanFields],
  ['date_trunc/2', zones],
  ['timezone/0', zones],
  ['make_timestamptz/6', zones],
  ['regexp_like/1', patterns],
  ['regexp_replace/1', patterns],
  ['regexp_match/1', patterns],
  ['regexp_substr/1', patterns],
  ['regexp_split_to_array/1', patterns],
  ['regexp_count/1', patterns],
  ['regexp_instr/1', patterns],
  ['substring/1 text', patterns],
  ['~/1', patterns],
  ['~*/1', patterns],
  ['!~/1', patterns],
  ['!~*/1', patterns],
  ['regexp_like/2', ['i', '', 'n', 'c']],
  ['regexp_replace/2', ['', '<\\1>', 'x', '\\&\\&', 'a\\\\b']],
  ['regexp_replace/3', ['g', 'i', 'gi', '']],
  ['regexp_replace/5', ['g', 'i', 'gi', '']],
  ['regexp_substr/4', ['i', '']],
  ['regexp_instr/5', ['i', '']],
  ['regexp_match/2', ['i', '']],
  ['regexp_split_to_array/2', ['i', '']],
  ['regexp_count/3', ['i', '']],
  ['~~/1', likePatterns],
  ['!~~/1', likePatterns],
  ['~~*/1', likePatterns],
  ['!~~*/1', likePatterns],
  ['like/1', likePatterns],
  ['notlike/1', likePatterns],
  ['encode/1', ['hex', 'base64', 'escape']],
  ['decode/0', ['', '6162', 'YWI=', 'a', 'zz', '\\x61', 'ab\\\\c', 'abc']],
  ['decode/1', ['hex', 'base64', 'escape']],
  ['normalize/1', ['NFC', 'NFD', 'NFKC', 'NFKD']],
  ['format/0', ['x', '%%', 'a%%b']],
  ['parse_ident/0', ['a.b', '"A b".c', 'x', 'a.', '1a']],
  ['unistr/0', ['a', '\\0041', '\\u00e9', 'x\\+01F600', '\\zz']],
  ['to_date/0', ['2024-02-29', '01/02/2023', '2023 366', '24-1-5', '', 'x', '20231301']],
  ['to_date/1', ['YYYY-MM-DD', 'DD/MM/YYYY', 'YYYY DDD', 'YY-MM-DD', 'YYYYMMDD']],
  [
    'to_timestamp/0 text',
    ['2024-02-29 10:11:12', '05 Dec 2000', '12:30 PM', '2024-02-30', '1700000000'],
  ],
  ['to_timestamp/1', ['YYYY-MM-DD HH24:MI:SS', 'DD Mon YYYY', 'HH12:MI AM', 'YYYY-MM-DD']],
  ['to_number/0', ['12,454.8-', '-12.5', '1e3', '<12>', '$5', '', 'x1', '12']],
  ['to_number/1', ['99G999D9S', '99.9', '999', '99PR', 'L9', 'S99.9']],
  ['to_char/1 interval', spanTemplates],
  ['to_char/1 timestamp', timeTemplates],
  ['to_char/1 timestamptz', timeTemplates],
  ['to_char/1', numberTemplates],
  ['like_escape/1', ['\\', '#', '']],
  ['similar_to_escape/0', ['a%', '(a|b)_', '[ab]']],
  ['->/1', ['a', 'b', 'k', '']],
  ['->>/1', ['a', 'b', 'k', '']],
  ['?/1', ['a', 'b', 'x', '1']],
  ['-/1 jsonb', ['a', 'b', 'x']],
  ['similar_to_escape/1', ['\\', '#']],
]);

/** Whole numbers for arguments that count or shift: the lowest and the highest. */
const ranges: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['repeat/1', [-1, 4]],
  ['lpad/1', [-1, 8]],
  ['rpad/1', [-1, 8]],
  ['left/1', [-3, 5]],
  ['right/1', [-3, 5]],
  ['substring/1', [-2, 5]],
  ['substring/2', [0, 4]],
  ['substr/1', [-2, 5]],
  ['substr/2', [0, 4]],
  ['overlay/2', [1, 4]],
  ['overlay/3', [0, 3]],
  ['split_part/2', [-3, 3]],
  ['chr/0', [1, 1000]],
  ['get_byte/1', [0, 2]],
  ['round/1', [-3, 6]],
  ['trunc/1', [-3, 6]],
  ['<</1', [0, 40]],
  ['>>/1', [0, 40]],
  ['factorial/0', [-1, 30]],
  ['width_bucket/3', [0, 6]],
  ['make_date/0', [-2, 2100]],
  ['make_date/1', [0, 13]],
  ['make_date/2', [0, 32]],
  ['make_time/0', [0, 24]],
  ['make_time/1', [0, 60]],
  ['make_timestamp/0', [-1, 2100]],
  ['make_timestamp/1', [1, 12]],
  ['make_timestamp/2', [1, 31]],
  ['make_timestamp/3', [0, 24]],
  ['make_timestamp/4', [0, 59]],
  ['make_timestamptz/0', [1, 2100]],
  ['make_timestamptz/1', [1, 12]],
  ['make_timestamptz/2', [1, 31]],
  ['make_timestamptz/3', [0, 23]],
  ['make_timestamptz/4', [0, 59]],
  ['make_interval/0', [-2, 3]],
  ['regexp_replace/4', [0, 2]],
  ['regexp_substr/2', [1, 3]],
  ['regexp_substr/3', [1, 2]],
  ['regexp_substr/5', [0, 1]],
  ['regexp_count/2', [1, 3]],
  ['regexp_instr/2', [1, 3]],
  ['regexp_instr/3', [1, 2]],
  ['regexp_instr/4', [0, 1]],
  ['regexp_instr/6', [0, 1]],
  ['->/1 integer', [-2, 2]],
]);

export interface ArgumentChoice {
  readonly texts: readonly string[] | null;
  readonly range: readonly [number, number] | null;
}

/** How to choose argument `index` of a function; `other` is the type of another argument that tells forms apart. */
export function argumentChoice(
  name: string,
  index: number,
  type: string,
  other: string,
): ArgumentChoice {
  const at = `${name}/${index}`;
  const isText = type === 'text' || type === 'name';
  const isCount = type === 'integer' || type === 'bigint';
  return {
    texts: isText ? (choices.get(`${at} ${other}`) ?? choices.get(at) ?? null) : null,
    range: isCount ? (ranges.get(at) ?? null) : null,
  };
}

/** Strides of date_bin: no months. */
export const strides = ['15 minutes', '1 day', '2 hours 30 minutes', '1 week'].map(
  (text) => `${quote(text)}::interval`,
);

/** May fail in a row whatever its values' size: kept out of queries whose result must be determined. */
export function mayFail(name: string, parameters: readonly string[]): boolean {
  return unsafe.has(name) || (name === '-' && parameters[0] === 'jsonb');
}

const unsafe: ReadonlySet<string> = new Set(
  [
    '/',
    '%',
    'mod',
    'div',
    'sqrt',
    '|/',
    'ln',
    'log',
    'log10',
    '^',
    'power',
    'pow',
    'factorial',
    'exp',
  ].concat(
    [
      'width_bucket',
      'chr',
      'get_byte',
      'decode',
      'convert_from',
      'unistr',
      'parse_ident',
      'to_date',
    ],
    ['to_timestamp', 'to_number', 'make_date', 'make_time', 'make_timestamp', 'make_timestamptz'],
    [
      'split_part',
      'asin',
      'acos',
      'asind',
      'acosd',
      'acosh',
      'atanh',
      'cot',
      'overlay',
      'similar_to_escape',
    ],
    [
      'jsonb_set',
      'jsonb_set_lax',
      'jsonb_insert',
      '#-',
      'jsonb_array_length',
      'json_array_length',
      'json_object',
    ],
    ['jsonb_object', 'date_bin', 'to_char', 'gcd', 'lcm', 'like_escape', 'repeat', 'lpad', 'rpad'],
    ['get_bit', 'set_bit', 'set_byte'],
    ['pg_size_bytes', 'jsonb_path_query_array', 'jsonb_path_query_first', 'timezone'],
    [
      'regexp_substr',
      'regexp_instr',
      'make_interval',
      'array_position',
      'extract',
      'to_hex',
      '~~',
      '!~~',
    ],
    ['like', 'notlike', '~~*', '!~~*', 'substring', 'substr', '@', 'abs', 'degrees', 'radians'],
  ),
);

/** Rounded by the machine's mathematical library, which may differ in the last digit. */
export const inexact: ReadonlySet<string> = new Set(
  [
    'sin',
    'cos',
    'tan',
    'cot',
    'asin',
    'acos',
    'atan',
    'atan2',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
  ].concat(
    [
      'acosh',
      'atanh',
      'sind',
      'cosd',
      'tand',
      'asind',
      'acosd',
      'atand',
      'exp',
      'ln',
      'log',
      'log10',
    ],
    ['log2', '^', 'power', 'pow', 'cbrt', '||/', 'degrees', 'radians', 'cotd', 'atan2d'],
  ),
);

/** Never fail, whatever the values. */
export const total: ReadonlySet<string> = new Set(
  [
    '=',
    '<>',
    '<',
    '<=',
    '>',
    '>=',
    'length',
    'lower',
    'upper',
    'reverse',
    'char_length',
    'md5',
  ].concat(
    [
      'octet_length',
      'bit_length',
      'left',
      'right',
      'replace',
      'translate',
      'btrim',
      'ltrim',
      'rtrim',
    ],
    [
      'position',
      'strpos',
      'starts_with',
      '^@',
      'ascii',
      'isfinite',
      'cardinality',
      '&',
      '|',
      '#',
      '~',
    ],
    ['jsonb_typeof', 'json_typeof', '->', '->>', '?', '@>', '<@', 'sign', 'scale', 'trim_scale'],
    [
      'quote_ident',
      'quote_literal',
      'encode',
      'initcap',
      'sha256',
      'jsonb_strip_nulls',
      'overlaps',
    ],
  ),
);
