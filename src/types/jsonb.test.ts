import { describe, expect, it } from 'vitest';
import { Decimal } from './decimal.ts';
import { jsonDepthMax, validateJson } from './json-parse.ts';
import { isJsonObject, jsonFromPlain, JsonbValue, jsonTypeOf, quoteJson } from './jsonb.ts';

describe('jsonb', () => {
  it('orders keys by length and bytes, and the last of equal keys counts', () => {
    expect(JsonbValue.parse('{"bb":1,"a":2,"é":3,"a":4,"～":5,"😀":6}').toString()).toBe(
      '{"a": 4, "bb": 1, "é": 3, "～": 5, "😀": 6}',
    );
  });

  it('keeps numbers exactly', () => {
    expect(JsonbValue.parse('[9007199254740993, 1.50, 1e2, -0, 0.1e-3]').toString()).toBe(
      '[9007199254740993, 1.50, 100, 0, 0.0001]',
    );
  });

  it('treats __proto__ as any key', () => {
    const { tree } = JsonbValue.parse('{"__proto__": {"polluted": 1}, "constructor": 2}');
    expect(isJsonObject(tree) && [...tree.keys()]).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
  });

  it('refuses deep nesting instead of overflowing the stack', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(JsonbValue.parse(nested(jsonDepthMax)).toString()).toBe(nested(jsonDepthMax));
    expect(() => JsonbValue.parse(nested(jsonDepthMax + 1))).toThrow('stack depth limit exceeded');
    expect(() => JsonbValue.parse('['.repeat(100000))).toThrow('stack depth limit exceeded');
    expect(() => validateJson('{"a":'.repeat(100000))).toThrow('stack depth limit exceeded');
  });

  it('escapes what PostgreSQL escapes', () => {
    expect(quoteJson('a"\\\n\u0001\u007f/é')).toBe('"a\\"\\\\\\n\\u0001\u007f/é"');
  });

  it('comes from plain data', () => {
    const value = new JsonbValue(jsonFromPlain({ b: [1, null, 'x'], a: 2n, c: 0.1, d: undefined }));
    expect(value.toString()).toBe('{"a": 2, "b": [1, null, "x"], "c": 0.1, "d": null}');
    expect([null, true, 'a', Decimal.one, [], new Map<string, null>()].map(jsonTypeOf)).toEqual([
      'null',
      'boolean',
      'string',
      'number',
      'array',
      'object',
    ]);
  });
});
