/** No argument from a user makes a function slow without bound or its result large without limit. */

import { describe, expect, it } from 'vitest';
import { evaluateText } from '../evaluate-for-test.ts';
import { createRegistry } from './builtin.ts';

const registry = createRegistry();
const many = 'a'.repeat(20_000);

describe('patterns', () => {
  it('that make a backtracking matcher explode take linear time', () => {
    expect(evaluateText(registry, '~', `text:${many}b|text:^(a+)+$`)).toBe('f');
    expect(evaluateText(registry, '~', `text:${many}b|text:^(a\\|aa)*$`)).toBe('f');
    expect(evaluateText(registry, '~~', `text:${many}|text:%a%a%a%a%a%b`)).toBe('f');
  });

  it('that would compile to something huge are refused', () => {
    const result = evaluateText(registry, '~', 'text:a|text:(((a{200}){200}){200}){200}');
    expect(result).toMatch(/^!2201B invalid regular expression/);
  });

  it('that RE2 cannot match exactly are refused, not approximated', () => {
    for (const pattern of ['(a)\\1', 'a(?=b)', '\\mfoo']) {
      expect(evaluateText(registry, '~', `text:a|text:${pattern}`)).toMatch(/^!0A000 /);
    }
  });
});

describe('sizes', () => {
  it.each([
    ['repeat', 'text:abc|integer:2000000000'],
    ['lpad', 'text:abc|integer:2000000000'],
    ['array_fill', 'integer:1|integer[]:{100000,100000}'],
  ])('%s(%s) is refused', (name, args) => {
    expect(evaluateText(registry, name, args)).toMatch(/^!54000 /);
  });

  it('numerics that would not fit are refused', () => {
    expect(evaluateText(registry, '^', 'numeric:10|numeric:1000000')).toBe(
      '!22003 value overflows numeric format',
    );
    expect(evaluateText(registry, 'exp', 'numeric:100000')).toBe(
      '!22003 value overflows numeric format',
    );
  });
});

describe('the registry', () => {
  it('is frozen and knows every function by name and by id', () => {
    const { scalars, aggregates, tables } = registry.all();
    expect(Object.isFrozen(registry)).toBe(true);
    for (const fn of scalars) {
      const found = fn.operator ? registry.operators(fn.name) : registry.scalars(fn.name);
      expect(found).toContain(fn);
    }
    for (const fn of aggregates) expect(registry.aggregates(fn.name)).toContain(fn);
    for (const fn of tables) expect(registry.tables(fn.name)).toContain(fn);
    expect(registry.scalars('constructor')).toEqual([]);
  });
});
