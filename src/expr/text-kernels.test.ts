/** Functions of text in generated kernels against the interpreter: every form over random texts. */

import { describe, expect, it } from 'vitest';
import { SeededRandom, type Random } from '../base/random.ts';
import { emptyBatch, type Batch } from '../types/batch.ts';
import { BatchBuilder, readRows } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import { sameType } from '../types/oid.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { compileMap, type MapKernelSpec } from './codegen.ts';
import { testContext } from './evaluate-for-test.ts';
import type { Expr } from './expr.ts';
import { createRegistry } from './functions/builtin.ts';
import { resolveFunction, resolveOperator } from './resolve.ts';

const registry = createRegistry();
const inputTypes: readonly SqlType[] = [types.text, types.text, types.integer];
const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

function call(name: string, ...args: Expr[]): Expr {
  const argTypes = args.map((arg) => arg.type);
  const found = /^[a-z]/.test(name)
    ? resolveFunction(registry, name, argTypes)
    : resolveOperator(registry, name, argTypes[0]!, argTypes[1]!);
  const cast = args.map((arg, index): Expr => {
    const type = found.parameterTypes[index]!;
    return sameType(arg.type, type) ? arg : { kind: 'cast', arg, type, mode: 'implicit' };
  });
  return { kind: 'call', fn: found.fn, args: cast, type: found.returns };
}

const column = (index: number): Expr => ({ kind: 'column', index, type: inputTypes[index]! });
const text = (value: Datum | null): Expr => ({ kind: 'constant', value, type: types.text });
const integer = (value: number): Expr => ({ kind: 'constant', value, type: types.integer });

const pieces = [
  '',
  '/',
  '//',
  'a',
  'B',
  'c',
  'ab',
  'Z',
  '&',
  '=',
  ' ',
  'é',
  'É',
  'ß',
  'Σ',
  'İ',
  '日本',
  '😀',
  '_',
  '7',
];

function word(random: Random, count: number): string {
  return Array.from({ length: random.below(count) }, () => pick(random, pieces)).join('');
}

function batchOf(random: Random, nullable: boolean): Batch {
  const builder = new BatchBuilder(inputTypes);
  const maybe = (value: Datum): Datum | null => (nullable && random.below(4) === 0 ? null : value);
  for (let row = random.below(12); row > 0; row--) {
    builder.append([maybe(word(random, 9)), maybe(word(random, 3)), maybe(random.below(9) - 3)]);
  }
  return builder.batch();
}

/** One text from the columns, or from another function over them. */
function source(random: Random, depth: number): Expr {
  if (depth > 0 && random.below(2) === 0) return textOf(random, depth - 1);
  return random.below(8) === 0 ? text(word(random, 4)) : column(random.below(2));
}

const patterns = [
  'a',
  '(a|B)+',
  '^[^/]*',
  '/([^/]*)/',
  '(c)?ab',
  '(&|^)a=?([^&]*)',
  '.$',
  'é|日',
  '(.)(.)',
  'x*',
  '(?i)É',
];

function textOf(random: Random, depth: number): Expr {
  const one = (): Expr => source(random, depth);
  switch (random.below(12)) {
    case 0:
      return call(pick(random, ['lower', 'upper']), one());
    case 1:
      return call(
        'split_index',
        one(),
        text(pick(random, ['/', '//', 'a', 'é', ''])),
        integer(random.below(5) - 1),
      );
    case 2:
      return call(
        'split_part',
        one(),
        text(pick(random, ['/', '&', '日', ''])),
        integer(pick(random, [1, 2, 3, -1])),
      );
    case 3:
      return call(
        'replace',
        one(),
        text(pick(random, ['a', '//', 'ab', 'é', ''])),
        text(pick(random, ['', 'x', 'éé', '//'])),
      );
    case 4:
      return call('||', one(), one());
    case 5: {
      const from = random.below(2) === 0 ? column(2) : integer(random.below(6) - 2);
      const name = pick(random, ['substring', 'substr']);
      return random.below(2) === 0
        ? call(name, one(), from)
        : call(name, one(), from, integer(random.below(5)));
    }
    case 6: {
      const name = pick(random, ['btrim', 'trim', 'ltrim', 'rtrim']);
      return random.below(2) === 0
        ? call(name, one())
        : call(name, one(), text(pick(random, ['/a', 'é/', '', ' ', 'ab&'])));
    }
    case 7:
      return call(
        'regexp_extract',
        one(),
        text(pick(random, patterns)),
        integer(random.below(4) - 1),
      );
    case 8:
      return call('substring', one(), text(pick(random, patterns)));
    case 9: {
      const when = truthOf(random, 0);
      return {
        kind: 'case',
        branches: [{ when, then: one() }],
        otherwise: one(),
        type: types.text,
      };
    }
    case 10:
      return { kind: 'coalesce', args: [one(), one()], type: types.text };
    default:
      return call('regexp_extract', one(), text(pick(random, patterns)));
  }
}

function truthOf(random: Random, depth: number): Expr {
  const one = (): Expr => source(random, depth);
  switch (random.below(5)) {
    case 0:
      return call(pick(random, ['~', '!~', '~*', '!~*']), one(), text(pick(random, patterns)));
    case 1:
      return call(
        'regexp_like',
        one(),
        text(pick(random, patterns)),
        text(pick(random, ['', 'i', 'n'])),
      );
    case 2:
      return call(pick(random, ['starts_with', '^@']), one(), one());
    case 3:
      return call(pick(random, ['=', '<', '>=']), one(), one());
    default:
      return { kind: 'is-null', arg: one(), negated: false, type: types.boolean };
  }
}

function numberOf(random: Random, depth: number): Expr {
  const one = source(random, depth);
  const name = pick(random, ['length', 'char_length', 'character_length', 'count_char']);
  return name === 'count_char'
    ? call(name, one, text(pick(random, ['a', '/', 'é', '😀'])))
    : call(name, one);
}

function outcome(kernel: ReturnType<typeof compileMap>, spec: MapKernelSpec, batch: Batch) {
  const output = emptyBatch([]);
  kernel.run(batch, output, testContext(), null);
  return readRows(
    output,
    spec.exprs.map((expr) => expr.type),
  );
}

describe('text in generated kernels', () => {
  it.each(Array.from({ length: 16 }, (_, seed) => seed))(
    "is the interpreter's, seed %i",
    (seed) => {
      const random = new SeededRandom(seed + 1);
      let plain = 0;
      for (let round = 0; round < 40; round++) {
        const depth = random.below(3);
        const spec: MapKernelSpec = {
          inputTypes,
          predicate: random.below(2) === 0 ? null : truthOf(random, depth),
          exprs: [
            textOf(random, depth),
            textOf(random, depth),
            truthOf(random, depth),
            numberOf(random, depth),
            column(0),
          ],
        };
        const fast = compileMap(spec, { codegen: true });
        const judge = compileMap(spec, { codegen: false });
        for (let turn = 0; turn < 6; turn++) {
          const batch = batchOf(random, turn > 2);
          expect(outcome(fast, spec, batch)).toEqual(outcome(judge, spec, batch));
        }
        plain += fast.counters.plain;
      }
      expect(plain).toBe(0);
    },
  );

  const rowsOf = (exprs: readonly Expr[], values: readonly (string | null)[]) => {
    const spec: MapKernelSpec = { inputTypes: [types.text], predicate: null, exprs };
    const kernel = compileMap(spec, { codegen: true });
    const builder = new BatchBuilder([types.text]);
    for (const value of values) builder.append([value]);
    const rows = outcome(kernel, spec, builder.batch()).map(({ row }) => row);
    return { rows, source: kernel.source() };
  };

  it('makes no string for a value', () => {
    const url = column(0);
    const parts = [3, 4, 5].map((index) => call('split_index', url, text('/'), integer(index)));
    const id = call('regexp_extract', call('lower', url), text('(&|^)id=([^&]*)'), integer(2));
    const { rows, source: generated } = rowsOf(
      [...parts, id, call('count_char', url, text('e'))],
      ['https://x/a/b/&ID=7', 'a/b/c/d', null, ''],
    );
    expect(rows).toEqual([
      ['a', 'b', '&ID=7', '7', 0n],
      ['d', null, null, null, 0n],
      [null, null, null, null, null],
      [null, null, null, null, 0n],
    ]);
    expect(generated).not.toContain('evaluate');
    expect(generated).not.toContain('R.text');
  });

  it('computes what is written twice once, and keeps equal functions of different texts apart', () => {
    const lower = (arg: Expr): Expr => call('lower', arg);
    const upper = call('upper', column(0));
    const { rows, source: generated } = rowsOf(
      [lower(column(0)), lower(column(0)), lower(upper), lower(call('||', column(0), upper))],
      ['Ab', 'É'],
    );
    expect(rows).toEqual([
      ['ab', 'ab', 'ab', 'abab'],
      ['é', 'é', 'é', 'éé'],
    ]);
    const calls = generated.match(/k\d+\.run\([^;]*;/g);
    // lower, upper and || of the column, and lower of the two last.
    expect(new Set(calls).size).toBe(5);
    expect(generated).not.toMatch(/const x\d+=k\d+\.run/);
  });

  it('refuses words of letters that the pattern may not know', () => {
    const pattern = text('\\yab');
    const exprs = [call('~', column(0), pattern), call('regexp_extract', column(0), pattern)];
    expect(rowsOf(exprs, ['x ab', 'xab', null]).rows).toEqual([
      [true, 'ab'],
      [false, null],
      [null, null],
    ]);
    for (const expr of exprs) expect(() => rowsOf([expr], ['éab'])).toThrow('\\y and \\Y');
  });

  it('leaves a wrong pattern to the row that meets it', () => {
    const spec: MapKernelSpec = {
      inputTypes: [types.text],
      predicate: null,
      exprs: [call('regexp_extract', column(0), text('(a'))],
    };
    const kernel = compileMap(spec, { codegen: true });
    const builder = new BatchBuilder([types.text]);
    builder.append([null]);
    expect(outcome(kernel, spec, builder.batch())).toEqual([{ row: [null], weight: 1 }]);
    builder.append(['a']);
    expect(() => outcome(kernel, spec, builder.batch())).toThrow('not balanced');
  });
});
