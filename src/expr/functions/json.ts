/** Operators and functions on json (the text form). */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { ArrayDatum } from '../../types/datum.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { call1, call2, operator, scalar } from './define.ts';
import {
  jsonAtPath,
  jsonElement,
  jsonElements,
  jsonMember,
  jsonTextKind,
  jsonTextToText,
  stripJsonNulls,
} from './json-scan.ts';
import type { ScalarFunction } from './registry.ts';

const { json, text, integer } = types;
const texts = arrayOf(text);

export function jsonFunctions(): readonly ScalarFunction[] {
  const asText = (value: string | null): string | null =>
    value === null ? null : jsonTextToText(value);
  const path = (value: ArrayDatum): readonly (string | null)[] =>
    value.elements as readonly (string | null)[];
  return [
    operator(
      '->',
      [json, text],
      json,
      call2((a: string, key: string) => jsonMember(a, key)),
    ),
    operator(
      '->',
      [json, integer],
      json,
      call2((a: string, index: number) => jsonElement(a, index)),
    ),
    operator(
      '->>',
      [json, text],
      text,
      call2((a: string, key: string) => asText(jsonMember(a, key))),
    ),
    operator(
      '->>',
      [json, integer],
      text,
      call2((a: string, index: number) => asText(jsonElement(a, index))),
    ),
    operator(
      '#>',
      [json, texts],
      json,
      call2((a: string, b: ArrayDatum) => jsonAtPath(a, path(b))),
    ),
    operator(
      '#>>',
      [json, texts],
      text,
      call2((a: string, b: ArrayDatum) => asText(jsonAtPath(a, path(b)))),
    ),
    scalar(
      'json_extract_path',
      [json, text],
      json,
      (args) => jsonAtPath(args[0] as string, args.slice(1) as string[]),
      { variadic: true },
    ),
    scalar(
      'json_extract_path_text',
      [json, text],
      text,
      (args) => asText(jsonAtPath(args[0] as string, args.slice(1) as string[])),
      { variadic: true },
    ),
    scalar('json_typeof', [json], text, call1(jsonTextKind)),
    scalar('json_array_length', [json], integer, call1(arrayLength)),
    scalar('json_strip_nulls', [json], json, call1(stripJsonNulls)),
  ];
}

function arrayLength(value: string): number {
  const kind = jsonTextKind(value);
  if (kind === 'array') return jsonElements(value).length;
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `cannot get array length of a ${kind === 'object' ? 'non-array' : 'scalar'}`,
  );
}
