/** Paths and what they lead to. Every expectation was taken from PostgreSQL 15. */

import { describe, expect, it } from 'vitest';
import { SqlError } from '../../base/errors.ts';
import type { Datum } from '../../types/datum.ts';
import { JsonbValue } from '../../types/jsonb.ts';
import { parseText } from '../../types/text-io.ts';
import { types } from '../../types/sql-type.ts';
import { testContext } from '../evaluate-for-test.ts';
import { resolveFunction } from '../resolve.ts';
import { createRegistry } from './builtin.ts';

const registry = createRegistry();
const { jsonb, jsonpath, boolean } = types;

function answer(run: () => unknown): string {
  try {
    return String(run() ?? '~');
  } catch (error) {
    if (error instanceof SqlError) return `!${error.code} ${error.message}`;
    throw error;
  }
}

function call(name: string, args: readonly Datum[]): Datum | null {
  const parameters = [jsonb, jsonpath, jsonb, boolean].slice(0, args.length);
  return resolveFunction(registry, name, parameters).fn.evaluate(args, testContext());
}

/** A path and its canonical text. */
const canonical: readonly (readonly [string, string])[] = [
  [
    '$.a[1 to last].b ? (@.x > 1 && @.y == "q")',
    '$."a"[1 to last]."b"?(@."x" > 1 && @."y" == "q")',
  ],
  ['$', '$'],
  ['strict $', 'strict $'],
  [
    '$.a.b.**{2 to last}.c[*] ? (!(@ == 1) || exists(@.d))',
    '$."a"."b".**{2 to last}."c"[*]?(!(@ == 1) || exists (@."d"))',
  ],
  ['1 + 2 * 3 - -4', '((1 + 2 * 3) - -4)'],
  ['-1.5e3', '-1500'],
  ['($.a + 1).abs()', '($."a" + 1).abs()'],
  ['$.a.abs ()', '$."a".abs()'],
  ['(1).type()', '(1).type()'],
  ['$.a <> 1', '($."a" != 1)'],
  ['$["a"]', '$["a"]'],
  ['', '!22P02 invalid input syntax for type jsonpath: ""'],
  [' ', '!22P02 invalid input syntax for type jsonpath: " "'],
  ['$ a', '!42601 syntax error at end of jsonpath input'],
  ['$.', '!42601 syntax error at end of jsonpath input'],
  ['@ > 1', '!42601 @ is not allowed in root expressions'],
  ['last', '!42601 LAST is allowed only in array subscripts'],
  ['$[last]', '$[last]'],
  ['$.last', '$."last"'],
  ['$.strict.lax.is.unknown.to', '$."strict"."lax"."is"."unknown"."to"'],
  ['$a.b', '$"a"."b"'],
  ['$"a b"', '$"a b"'],
  ['"\\u0041\\n"', '"A\\n"'],
  ['$.a ? (@ > 1', '!42601 syntax error at end of jsonpath input'],
  ['1.', '1'],
  ['.5', '0.5'],
  ['1e2', '100'],
  ['00', '!42601 trailing junk after numeric literal at or near "00" of jsonpath input'],
  ['1a', '!42601 trailing junk after numeric literal at or near "1a" of jsonpath input'],
  [
    '$.a ? (@ like_regex "x" flag "ixs")',
    '!0A000 XQuery "x" flag (expanded regular expressions) is not implemented',
  ],
  [
    '$ ? (@ like_regex "a" flag "x")',
    '!0A000 XQuery "x" flag (expanded regular expressions) is not implemented',
  ],
  ['$ ? (@ like_regex "a" flag "z")', '!42601 invalid input syntax for type jsonpath'],
  ['$ ? (@ starts with $p)', '$?(@ starts with $"p")'],
  ['$.**{3}', '$.**{3}'],
  ['$.**{last}', '$.**{last}'],
  ['$.datetime("yyyy")', '$.datetime("yyyy")'],
  ['($ > 1) is unknown', '($ > 1) is unknown'],
  ['($ > 1) && !($ < 2)', '($ > 1 && !($ < 2))'],
  ['$ ? ((@ == 1) is unknown)', '$?((@ == 1) is unknown)'],
  ['"\\x41"', '"A"'],
  ['"\\u00zz"', '!42601 invalid unicode sequence at or near "\\u00" of jsonpath input'],
  ['"\\ud83d\\ude00"', '"😀"'],
  ['"\\ud83d"', '!22P02 invalid input syntax for type jsonpath'],
  ['$.a /* c */ .b', '$."a"."b"'],
  ['"abc', '!42601 unexpected end of quoted string at end of jsonpath input'],
  ['$.*', '$.*'],
  ['$[*]', '$[*]'],
  ['$[1,2 to 3]', '$[1,2 to 3]'],
  ['- $.a', '(-$."a")'],
  ['-(1)', '-1'],
  ['1 == 1 == 1', '!42601 syntax error at or near "==" of jsonpath input'],
  ['$.size().x', '$.size()."x"'],
  ['$[$.a]', '$[$."a"]'],
];

/** Document, path, variables, all items as an array. */
type Query = readonly [string, string, string, string];

const queries: readonly Query[] = [
  [
    '[1]',
    'strict $[10000000000000000]',
    '{}',
    '!22033 jsonpath array subscript is out of integer range',
  ],
  ['[1]', 'strict $[1]', '{}', '!22033 jsonpath array subscript is out of bounds'],
  ['[1]', 'strict $[1]', '{}', '!22033 jsonpath array subscript is out of bounds'],
  ['1', 'strict $.a', '{}', '!2203A jsonpath member accessor can only be applied to an object'],
  [
    '1',
    'strict $.*',
    '{}',
    '!2203C jsonpath wildcard member accessor can only be applied to an object',
  ],
  ['1', 'strict $[1]', '{}', '!22039 jsonpath array accessor can only be applied to an array'],
  [
    '1',
    'strict $[*]',
    '{}',
    '!22039 jsonpath wildcard array accessor can only be applied to an array',
  ],
  ['[]', 'strict $.a', '{}', '!2203A jsonpath member accessor can only be applied to an object'],
  ['{}', 'strict $.a', '{}', '!2203A JSON object does not contain key "a"'],
  ['[]', '$[last ? (exists(last))]', '{}', '[]'],
  ['[]', 'strict $[last]', '{}', '!22033 jsonpath array subscript is out of bounds'],
  ['[1,2,3]', '$[last - 1]', '{}', '[2]'],
  ['[1,2,3]', '$[last ? (@.type() == "number")]', '{}', '[3]'],
  [
    '[1,2,3]',
    '$[last ? (@.type() == "string")]',
    '{}',
    '!22033 jsonpath array subscript is not a single numeric value',
  ],
  ['[1,2,3,4,5,6]', '$[0, 2 to last]', '{}', '[1, 3, 4, 5, 6]'],
  ['{"a": 10}', '$ ? (@.a < $value)', '{}', '!42704 could not find jsonpath variable "value"'],
  ['{"a": 10}', '$ ? (@.a < $value)', '1', '!22023 "vars" argument is not an object'],
  [
    '{"a": 10}',
    '$ ? (@.a < $value)',
    '[{"value" : 13}]',
    '!22023 "vars" argument is not an object',
  ],
  ['{"a": 10}', '$ ? (@.a < $value)', '{"value" : 13}', '[{"a": 10}]'],
  ['[10,11,12,13,14,15]', '$[*] ? (@ < $value)', '{"value" : 13}', '[10, 11, 12]'],
  ['[1,"1",2,"2",null]', '$[*] ? (@ == "1")', '{}', '["1"]'],
  ['[1,"1",2,"2",null]', '$[*] ? (@ == $value)', '{"value" : null}', '[null]'],
  ['[1, "2", null]', '$[*] ? (@ != null)', '{}', '[1, "2"]'],
  ['{}', '$ ? (@ == @)', '{}', '[]'],
  [
    '{"a": {"b": 1}, "c": [1,{"b":2}]}',
    '$.**',
    '{}',
    '[{"a": {"b": 1}, "c": [1, {"b": 2}]}, {"b": 1}, 1, [1, {"b": 2}], 1, {"b": 2}, 2]',
  ],
  ['{"a": {"b": 1}}', '$.**{1}', '{}', '[{"b": 1}]'],
  ['{"a": {"b": 1}}', '$.**{1 to last}', '{}', '[{"b": 1}, 1]'],
  ['{"a": {"b": 1}}', '$.**{last}', '{}', '[1]'],
  ['{"a": {"b": 1}}', '$.**{2 to last}', '{}', '[1]'],
  ['{"a": {"b": 1}}', '$.**{3 to last}', '{}', '[]'],
  ['{"a": {"b": 1}}', '$.**.b ? (@ > 0)', '{}', '[1]'],
  ['{"a": {"c": {"b": 1}}}', 'strict $.**{2 to 3}.b ? (@ > 0)', '{}', '[1]'],
  ['{"g": {"x": 2}}', '$.g ? (exists (@.x))', '{}', '[{"x": 2}]'],
  ['{"g": [{"x": 2}, {"y": 3}]}', '$.g ? (exists (@.x ? (@ >= 2)))', '{}', '[{"x": 2}]'],
  ['{"g": [{"x": 2}, {"y": 3}]}', '$.g ? (exists (@.x + "3"))', '{}', '[]'],
  [
    '{"g": [{"x": 2}, {"y": 3}]}',
    '$.g ? ((exists (@.x + "3")) is unknown)',
    '{}',
    '[{"x": 2}, {"y": 3}]',
  ],
  [
    '{"g": [{"x": 2}, {"y": 3}]}',
    'strict $.g[*] ? ((exists (@.x)) is unknown)',
    '{}',
    '[{"y": 3}]',
  ],
  [
    '{"g": [{"x": 2}, {"y": 3}]}',
    'strict $.g ? ((exists (@[*].x)) is unknown)',
    '{}',
    '[[{"x": 2}, {"y": 3}]]',
  ],
  ['0', '1 / $', '{}', '!22012 division by zero'],
  ['0', '1 / $ + 2', '{}', '!22012 division by zero'],
  ['0', '-(3 + 1 % $)', '{}', '!22012 division by zero'],
  [
    '1',
    '$ + "2"',
    '{}',
    '!22038 right operand of jsonpath operator + is not a single numeric value',
  ],
  [
    '[1, 2]',
    '3 * $',
    '{}',
    '!22038 right operand of jsonpath operator * is not a single numeric value',
  ],
  ['"a"', '-$', '{}', '!2203B operand of unary jsonpath operator - is not a numeric value'],
  ['[1,"2",3]', '+$', '{}', '!2203B operand of unary jsonpath operator + is not a numeric value'],
  [
    '["1",2,0,3]',
    '-$[*]',
    '{}',
    '!2203B operand of unary jsonpath operator - is not a numeric value',
  ],
  ['{"a": 2}', '($.a - 5).abs() + 10', '{}', '[13]'],
  ['{"a": 2.5}', '-($.a * $.a).floor() % 4.3', '{}', '[-1.7]'],
  ['[1, 2, 3]', '($[*] > 2) ? (@ == true)', '{}', '[true]'],
  ['[1, 2, 3]', '($[*] > 2).type()', '{}', '["boolean"]'],
  ['[1, 2, 3]', '($[*].a > 3).type()', '{}', '["boolean"]'],
  [
    '[null,1,true,"a",[],{}]',
    '$[*].type()',
    '{}',
    '["null", "number", "boolean", "string", "array", "object"]',
  ],
  ['[null,1,true,"a",[],{}]', 'lax $.type()', '{}', '["array"]'],
  [
    '[1,null,true,"11",[],[1],[1,2,3],{},{"a":1,"b":2}]',
    'strict $[*].size()',
    '{}',
    '!22039 jsonpath item method .size() can only be applied to an array',
  ],
  [
    '[1,null,true,"11",[],[1],[1,2,3],{},{"a":1,"b":2}]',
    'lax $[*].size()',
    '{}',
    '[1, 1, 1, 1, 0, 1, 3, 1, 1]',
  ],
  ['[0, 1, -2, -3.4, 5.6]', '$[*].abs()', '{}', '[0, 1, 2, 3.4, 5.6]'],
  ['[0, 1, -2, -3.4, 5.6]', '$[*].ceiling()', '{}', '[0, 1, -2, -3, 6]'],
  [
    '[0, 1, -2, -3.4, 5.6]',
    '$[*].ceiling().abs().type()',
    '{}',
    '["number", "number", "number", "number", "number"]',
  ],
  [
    '[{},1]',
    '$[*].keyvalue()',
    '{}',
    '!2203C jsonpath item method .keyvalue() can only be applied to an object',
  ],
  [
    '{"a": 1, "b": [1, 2], "c": {"a": "bbb"}}',
    '$.keyvalue()',
    '{}',
    '[{"id": 0, "key": "a", "value": 1}, {"id": 0, "key": "b", "value": [1, 2]}, {"id": 0, "key": "c", "value": {"a": "bbb"}}]',
  ],
  [
    '[{"a": 1, "b": [1, 2]}, {"c": {"a": "bbb"}}]',
    '$[*].keyvalue()',
    '{}',
    '[{"id": 12, "key": "a", "value": 1}, {"id": 12, "key": "b", "value": [1, 2]}, {"id": 72, "key": "c", "value": {"a": "bbb"}}]',
  ],
  [
    '[{"a": 1.25, "bbb": [1, "xyz", 1000000, {"q":{}}]}, "abc", {"c": {"a": "bbb"}}, {"dd": -0.0001, "e": 100000000000000000000.5}, {"k":1}]',
    '$.**.keyvalue()',
    '{}',
    '!2203C jsonpath item method .keyvalue() can only be applied to an object',
  ],
  [
    '[{"a": 1.25, "bbb": [1, "xyz", 1000000, {"q":5}]}, "abc", {"c": {"a": "bbb"}}, {"dd": -0.0001, "e": 100000000000000000000.5}, {"k":1}, 0, 10000, 1e100, 1e-70, {"z":{"y":1}}]',
    '$.** ? (@.type()=="object").keyvalue()',
    '{}',
    '[{"id": 44, "key": "a", "value": 1.25}, {"id": 44, "key": "bbb", "value": [1, "xyz", 1000000, {"q": 5}]}, {"id": 148, "key": "c", "value": {"a": "bbb"}}, {"id": 180, "key": "e", "value": 100000000000000000000.5}, {"id": 180, "key": "dd", "value": -0.0001}, {"id": 232, "key": "k", "value": 1}, {"id": 292, "key": "z", "value": {"y": 1}}, {"id": 44, "key": "a", "value": 1.25}, {"id": 44, "key": "bbb", "value": [1, "xyz", 1000000, {"q": 5}]}, {"id": 120, "key": "q", "value": 5}, {"id": 120, "key": "q", "value": 5}, {"id": 148, "key": "c", "value": {"a": "bbb"}}, {"id": 164, "key": "a", "value": "bbb"}, {"id": 180, "key": "e", "value": 100000000000000000000.5}, {"id": 180, "key": "dd", "value": -0.0001}, {"id": 232, "key": "k", "value": 1}, {"id": 292, "key": "z", "value": {"y": 1}}, {"id": 308, "key": "y", "value": 1}]',
  ],
  [
    '[{"a": 1, "b": [1, 2]}, {"c": {"a": "bbb"}}]',
    '$[*].keyvalue().keyvalue()',
    '{}',
    '[{"id": 20000000000, "key": "id", "value": 12}, {"id": 20000000000, "key": "key", "value": "a"}, {"id": 20000000000, "key": "value", "value": 1}, {"id": 60000000000, "key": "id", "value": 12}, {"id": 60000000000, "key": "key", "value": "b"}, {"id": 60000000000, "key": "value", "value": [1, 2]}, {"id": 100000000000, "key": "id", "value": 72}, {"id": 100000000000, "key": "key", "value": "c"}, {"id": 100000000000, "key": "value", "value": {"a": "bbb"}}]',
  ],
  [
    '1',
    '$x.keyvalue()',
    '{"y":5,"x":{"a":"b","c":{"d":1}}}',
    '[{"id": 10000000024, "key": "a", "value": "b"}, {"id": 10000000024, "key": "c", "value": {"d": 1}}]',
  ],
  [
    '[{"a": 1, "b": [1, 2]}, {"c": {"a": "bbb"}}]',
    'strict $.keyvalue()',
    '{}',
    '!2203C jsonpath item method .keyvalue() can only be applied to an object',
  ],
  [
    'null',
    '$.double()',
    '{}',
    '!22036 jsonpath item method .double() can only be applied to a string or numeric value',
  ],
  [
    '"1.23aaa"',
    '$.double()',
    '{}',
    '!22036 string argument of jsonpath item method .double() is not a valid representation of a double precision number',
  ],
  [
    '1e1000',
    '$.double()',
    '{}',
    '!22036 numeric argument of jsonpath item method .double() is out of range for type double precision',
  ],
  [
    '"nan"',
    '$.double()',
    '{}',
    '!22036 string argument of jsonpath item method .double() is not a valid representation of a double precision number',
  ],
  [
    '"inf"',
    '$.double()',
    '{}',
    '!22036 string argument of jsonpath item method .double() is not a valid representation of a double precision number',
  ],
  ['["1.23",1.50,"1e5",".5"," 7 "]', '$.double()', '{}', '[1.23, 1.50, 100000, 0.5, 7]'],
  [
    '{}',
    '$.abs()',
    '{}',
    '!22036 jsonpath item method .abs() can only be applied to a numeric value',
  ],
  [
    'true',
    '$.floor()',
    '{}',
    '!22036 jsonpath item method .floor() can only be applied to a numeric value',
  ],
  ['["", "a", "abc", "abcabc"]', '$[*] ? (@ starts with "abc")', '{}', '["abc", "abcabc"]'],
  [
    '[null, 1, "abd", "abdabc"]',
    'lax $[*] ? ((@ starts with "abc") is unknown)',
    '{}',
    '[null, 1]',
  ],
  ['["abc", "a", 1]', 'strict $ ? (@[*] starts with $p)', '{"p":"a"}', '[]'],
  [
    '[null, 1, "abc", "abd", "aBdC", "abdacb", "babc", "adc\\nabc", "ab\\nadc"]',
    'lax $[*] ? (@ like_regex "^ab.*c")',
    '{}',
    '["abc", "abdacb"]',
  ],
  [
    '[null, 1, "abc", "abd", "aBdC", "abdacb", "babc", "adc\\nabc", "ab\\nadc"]',
    'lax $[*] ? (@ like_regex "^ab.*c" flag "i")',
    '{}',
    '["abc", "aBdC", "abdacb"]',
  ],
  [
    '[null, 1, "abc", "abd", "aBdC", "abdacb", "babc", "adc\\nabc", "ab\\nadc"]',
    'lax $[*] ? (@ like_regex "^ab.*c" flag "m")',
    '{}',
    '["abc", "abdacb", "adc\\nabc"]',
  ],
  [
    '[null, 1, "abc", "abd", "aBdC", "abdacb", "babc", "adc\\nabc", "ab\\nadc"]',
    'lax $[*] ? (@ like_regex "^ab.*c" flag "s")',
    '{}',
    '["abc", "abdacb", "ab\\nadc"]',
  ],
  [
    '["a\\\\b", "^a\\\\b$"]',
    'lax $[*] ? (@ like_regex "a\\\\b" flag "q")',
    '{}',
    '["a\\\\b", "^a\\\\b$"]',
  ],
  [
    '["a\\\\b", "^a\\\\b$"]',
    'lax $[*] ? (@ like_regex "^a\\\\b$" flag "iq")',
    '{}',
    '["^a\\\\b$"]',
  ],
  [
    '[{"a": 1}, {"a": 2}]',
    '$[*] ? (@.a > $min && @.a < $max)',
    '{"min": 1, "max": 4}',
    '[{"a": 2}]',
  ],
  [
    '[{"a": 1}, {"a": 2}, 3]',
    'strict $[*].a',
    '{}',
    '!2203A jsonpath member accessor can only be applied to an object',
  ],
  ['[{"a": 1}, {"a": 2}, 3]', 'lax $[*].a', '{}', '[1, 2]'],
  ['[["1",2],[[3]]]', '$[*][*]', '{}', '["1", 2, [3]]'],
  ['[["1",2],[[3]]]', '$.a', '{}', '[]'],
  ['[[{"a":1}]]', '$.a', '{}', '[]'],
  ['[[{"a":1}]]', '$[*].a', '{}', '[1]'],
  ['{"a":[1,2]}', '$.a ? (@ > 1)', '{}', '[2]'],
  ['{"a":[1,2]}', 'strict $.a ? (@ > 1)', '{}', '[]'],
  [
    'null',
    '$.datetime()',
    '{}',
    '!22031 jsonpath item method .datetime() can only be applied to a string',
  ],
  ['"bogus"', '$.datetime()', '{}', '!22031 datetime format is not recognized: "bogus"'],
  ['"10-03-2017"', '$.datetime("dd-mm-yyyy")', '{}', '["2017-03-10"]'],
  ['"10-03-2017"', '$.datetime("dd-mm-yyyy").type()', '{}', '["date"]'],
  [
    '"10-03-2017 12:34"',
    '       $.datetime("dd-mm-yyyy HH24:MI").type()',
    '{}',
    '["timestamp without time zone"]',
  ],
  [
    '"10-03-2017 12:34 +05:20"',
    '$.datetime("dd-mm-yyyy HH24:MI TZH:TZM")',
    '{}',
    '["2017-03-10T12:34:00+05:20"]',
  ],
  ['"12:34:56 +5"', '$.datetime("HH24:MI:SS TZH")', '{}', '["12:34:56+05:00"]'],
  [
    '["2017-03-10","2017-03-11 12:00:00","2017-03-09T10:00:00"]',
    '$[*].datetime() ? (@ >= "2017-03-10".datetime())',
    '{}',
    '["2017-03-10", "2017-03-11T12:00:00"]',
  ],
  [
    '["2017-03-10","2017-03-11 12:00:00","2017-03-09T10:00:00+03"]',
    '$[*].datetime() ? (@ >= "2017-03-10".datetime())',
    '{}',
    '!0A000 cannot convert value from date to timestamptz without time zone usage',
  ],
  [
    '["12:34:00", "12:35:00+01"]',
    '$[*].datetime() ? (@ == "12:35:00".datetime())',
    '{}',
    '!0A000 cannot convert value from time to timetz without time zone usage',
  ],
  [
    '["2017-03-10 12:00:00+03","2017-03-10"]',
    '$[*].datetime() ? (@ == "2017-03-10 12:00:00".datetime())',
    '{}',
    '!0A000 cannot convert value from timestamp to timestamptz without time zone usage',
  ],
  ['{"$":1}', '$."$"', '{}', '[1]'],
  ['[1,2,3]', '$[*]', '{}', '[1, 2, 3]'],
  ['{"a":"x"}', '$.a', '{}', '["x"]'],
  [
    '{"a":1}',
    '$.a.keyvalue()',
    '{}',
    '!2203C jsonpath item method .keyvalue() can only be applied to an object',
  ],
  ['[1,2,3]', '$[1 to 0]', '{}', '[]'],
  ['[1,2,3]', 'strict $[1 to 0]', '{}', '!22033 jsonpath array subscript is out of bounds'],
  ['[1,2,3]', '$["a"]', '{}', '!22033 jsonpath array subscript is not a single numeric value'],
  ['[1,2,3]', '$[-1]', '{}', '[]'],
  ['[1,2,3]', '$[0 to 10]', '{}', '[1, 2, 3]'],
  ['5', '7 / $', '{}', '[1.4000000000000000]'],
  ['5.0', '7 % $', '{}', '[2.0]'],
  ['5.0', '2 - $', '{}', '[-3.0]'],
  ['5.10', '2 * $', '{}', '[10.20]'],
];

/** By the function that knows the time zone. */
const zonedQueries: readonly Query[] = [
  [
    '["2017-03-10","2017-03-11 12:00:00","2017-03-10T10:00:00+03","12:00:00","12:00:00+03"]',
    '$[*].datetime() ? (@ >= "2017-03-10".datetime())',
    '{}',
    '["2017-03-10", "2017-03-11T12:00:00", "2017-03-10T10:00:00+03:00"]',
  ],
  [
    '["12:34:00", "12:35:00", "12:36:00", "12:35:00+00", "12:35:00+01", "13:35:00+01", "2017-03-10", "2017-03-10 12:35:00"]',
    '$[*].datetime() ? (@ == "12:35:00".datetime())',
    '{}',
    '["12:35:00", "12:35:00+00:00"]',
  ],
  [
    '["12:34:00+01", "12:35:00+01", "12:36:00+01", "12:35:00+02", "12:35:00-02", "10:35:00", "11:35:00", "12:35:00", "2017-03-10"]',
    '$[*].datetime() ? (@ < "12:35:00+1".datetime())',
    '{}',
    '["12:34:00+01:00", "12:35:00+02:00", "10:35:00"]',
  ],
];

function items(name: string, [document, path, variables]: Query): string {
  return answer(() =>
    call(name, [
      JsonbValue.parse(document),
      parseText(path, jsonpath),
      JsonbValue.parse(variables),
    ]),
  );
}

describe('jsonpath', () => {
  it.each(canonical)('prints %s', (path, expected) => {
    expect(answer(() => parseText(path, jsonpath))).toBe(expected);
  });

  it('reads its canonical text back as the same path', () => {
    for (const [, text] of canonical) {
      if (!text.startsWith('!')) expect(parseText(text, jsonpath)).toBe(text);
    }
  });

  it.each(queries)('%s at %s with %s', (...query) => {
    expect(items('jsonb_path_query_array', query)).toBe(query[3]);
  });

  it.each(zonedQueries)('%s at %s with %s, in a zone', (...query) => {
    expect(items('jsonb_path_query_array_tz', query)).toBe(query[3]);
  });

  it('gives what was found before a fault when it is silent', () => {
    const args = [JsonbValue.parse('[1,"a",2]'), 'strict $[*].double()', JsonbValue.parse('{}')];
    expect(answer(() => call('jsonb_path_query_array', [...args, true]))).toBe('[1]');
    expect(answer(() => call('jsonb_path_exists', [...args, true]))).toBe('~');
    expect(answer(() => call('jsonb_path_match', [...args, true]))).toBe('~');
  });

  it('passes over any number of comments', () => {
    const comments = '/**/ '.repeat(5000);
    expect(answer(() => parseText(comments + '$' + comments, jsonpath))).toBe('$');
    expect(answer(() => parseText(comments, jsonpath))).toMatch(/^!22P02 /);
    expect(answer(() => parseText(`${comments}/*`, jsonpath))).toBe(
      '!42601 unexpected end of comment at end of jsonpath input',
    );
  });

  it.each<readonly [string, (count: number) => string, number]>([
    ['steps', (count) => '$' + '[0]'.repeat(count), 1000],
    ['steps behind parentheses', (count) => '(($.a)' + '.a'.repeat(count - 2) + ').a', 1000],
    ['steps of filters', (count) => '$' + '?(@.a == 1)'.repeat(count), 999],
    ['sums', (count) => '1' + '+1'.repeat(count), 498],
    ['products', (count) => '$' + '*1'.repeat(count), 498],
    ['conjunctions', (count) => '$ ? (@ == 1' + ' && @ == 1'.repeat(count) + ')', 498],
    ['disjunctions', (count) => '$ ? (@ == 1' + ' || @ == 1'.repeat(count) + ')', 498],
  ])('bounds how deep a run may go: %s', (_, make, most) => {
    const text = parseText(make(most), jsonpath) as string;
    expect(parseText(text, jsonpath)).toBe(text);
    const args = [JsonbValue.parse('[1]'), text, JsonbValue.parse('{}'), true];
    expect(answer(() => call('jsonb_path_query_array', args))).toMatch(/^\[/);
    for (const count of [most + 2, 50_000]) {
      expect(answer(() => parseText(make(count), jsonpath))).toBe(
        '!54001 stack depth limit exceeded',
      );
    }
  });

  it('finds the ids of .keyvalue() in one pass', () => {
    const many = JsonbValue.parse(`[${'{"a":1},'.repeat(20_000)}{"b":[2]}]`);
    const last = call('jsonb_path_query_array', [many, '$.keyvalue() ? (@.key == "b")']);
    expect(String(last)).toBe('[{"id": 560008, "key": "b", "value": [2]}]');
    const wide = JsonbValue.parse(`[${'0,'.repeat(11_000)}{"a":1}]`);
    expect(
      answer(() => call('jsonb_path_query_array', [wide, '$[last,last].keyvalue().id'])),
    ).toMatch(/^\[\d+, \d+\]$/);
  });

  it('bounds the work of one call', () => {
    const nested = JsonbValue.parse('['.repeat(400) + ']'.repeat(400));
    expect(answer(() => call('jsonb_path_query_array', [nested, 'strict $.**.**.**']))).toBe(
      '!54000 jsonpath takes too many steps',
    );
  });
});
