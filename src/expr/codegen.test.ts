/** Generated kernels against the plain one: random expressions over random batches, and chosen cases. */

import { describe, expect, it } from 'vitest';
import { SeededRandom, type Random } from '../base/random.ts';
import { SqlError } from '../base/errors.ts';
import { emptyBatch, type Batch } from '../types/batch.ts';
import { BatchBuilder, readRows, widenColumn } from '../types/column-access.ts';
import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { Interval } from '../types/interval.ts';
import { sameType } from '../types/oid.ts';
import { numeric, types, type SqlType } from '../types/sql-type.ts';
import { compileMap, type MapKernelSpec, type RowFailure } from './codegen.ts';
import type { Expr } from './expr.ts';
import { createRegistry } from './functions/builtin.ts';
import type { EvalContext } from './functions/registry.ts';
import { resolveFunction, resolveOperator } from './resolve.ts';

const registry = createRegistry();
const context: EvalContext = {
  nowMicros: 0n,
  clockMicros: () => 0n,
  timeZone: 'UTC',
  random: () => 0.5,
  catalog: {
    setting: () => undefined,
    lookupOid: () => null,
    nameOfOid: () => null,
    call: () => null,
  },
};

const varchar: SqlType = { kind: 'varchar', length: null };
const inputTypes: readonly SqlType[] = [
  types.smallint,
  types.integer,
  types.bigint,
  numeric(9, 2),
  numeric(6, 3),
  types.double,
  types.boolean,
  types.text,
  varchar,
  types.timestamp,
  types.timestamptz,
  types.date,
  types.numeric,
  types.uuid,
];

const cast = (arg: Expr, type: SqlType, mode: 'implicit' | 'explicit' = 'implicit'): Expr =>
  sameType(arg.type, type) && !('precision' in type && type.precision !== null)
    ? arg
    : { kind: 'cast', arg, type, mode };
const column = (index: number): Expr => ({ kind: 'column', index, type: inputTypes[index]! });
const constant = (value: Datum | null, type: SqlType): Expr => ({ kind: 'constant', value, type });

function operator(symbol: string, left: Expr | null, right: Expr): Expr {
  const call = resolveOperator(registry, symbol, left?.type ?? null, right.type);
  const args = left === null ? [right] : [left, right];
  const cast_ = args.map((arg, index) => cast(arg, call.parameterTypes[index]!));
  return { kind: 'call', fn: call.fn, args: cast_, type: call.returns };
}

function call(name: string, ...args: Expr[]): Expr {
  const found = resolveFunction(
    registry,
    name,
    args.map((arg) => arg.type),
  );
  const cast_ = args.map((arg, index) => cast(arg, found.parameterTypes[index]!));
  return { kind: 'call', fn: found.fn, args: cast_, type: found.returns };
}

const words = ['', 'a', 'ab', 'abc', 'b%c', 'é', '日本', '😀x', '～', 'Apple', 'apple pie'];
const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

function value(random: Random, type: SqlType): Datum {
  const rare = random.below(60) === 0;
  const small = random.below(40) - 20;
  switch (type.kind) {
    case 'smallint':
      return rare ? pick(random, [32767, -32768]) : small;
    case 'integer':
      return rare ? pick(random, [2147483647, -2147483648]) : small * 1000;
    case 'bigint':
      return rare ? pick(random, [9007199254740991n, -9007199254740991n]) : BigInt(small * 123457);
    case 'numeric': {
      const scale = type.scale ?? random.below(5);
      return Decimal.fromBigInt(BigInt(small * 317 + random.below(100)), scale);
    }
    case 'double':
      return rare ? pick(random, [NaN, Infinity, -Infinity, -0, 1e308]) : small / 4;
    case 'boolean':
      return random.below(2) === 0;
    case 'timestamp':
    case 'timestamptz':
      if (rare) return pick(random, [9223372036854775807n, -9223372036854775808n]);
      return BigInt(small) * 86_399_999_999n * BigInt(1 + random.below(400));
    case 'date':
      return rare ? 2147483647 : small * 400;
    case 'uuid':
      return `00000000-0000-0000-0000-00000000000${random.below(8)}`;
    case 'interval':
      return new Interval(
        random.below(8) === 0 ? 1 : 0,
        random.below(5) - 2,
        BigInt(small) * 1_000_001n,
      );
    default:
      return pick(random, words) + (random.below(3) === 0 ? pick(random, words) : '');
  }
}

function batchOf(random: Random, count: number, nullable: ReadonlySet<number>): Batch {
  const builder = new BatchBuilder(inputTypes);
  const weighted = random.below(2) === 0;
  for (let row = 0; row < count; row++) {
    const values = inputTypes.map((type, index) =>
      nullable.has(index) && random.below(4) === 0 ? null : value(random, type),
    );
    builder.append(values, weighted && random.below(3) === 0 ? -1 : 1);
  }
  const batch = builder.batch();
  if (random.below(3) === 0) {
    // A wide bigint, with a value that has no narrow form.
    const wide = widenColumn(batch.columns[2]!, count, types.bigint);
    if (count > 0) wide.values[0] = 9223372036854775807n;
    batch.columns[2] = wide;
  }
  if (random.below(2) === 0) {
    batch.rowWatermarks = Float64Array.from({ length: count }, (_, row) => row * 10);
    const offsets = Float64Array.from({ length: count }, (_, row) => row + 100);
    batch.origin = { source: 's', stream: 't', partition: '0', offsets };
  }
  return batch;
}

const numberTypes = [types.smallint, types.integer, types.bigint, types.numeric, types.double];

/** A random expression of a kind; operators are resolved as the binder would. */
class Maker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #pick<T>(list: readonly T[]): T {
    return pick(this.#random, list);
  }

  #leaf(columns: readonly number[], type: SqlType): Expr {
    const chance = this.#random.below(8);
    if (chance === 0) return constant(null, type);
    if (chance < 3) return constant(value(this.#random, type), type);
    return column(this.#pick(columns));
  }

  number(depth: number): Expr {
    if (depth === 0)
      return this.#leaf(
        [0, 1, 2, 3, 4, 5, 12],
        this.#pick([types.integer, types.bigint, numeric(5, 1), types.double]),
      );
    const a = (): Expr => this.number(depth - 1);
    switch (this.#random.below(10)) {
      case 0:
        return operator('-', null, a());
      case 1:
        return cast(a(), this.#pick([...numberTypes, numeric(8, 1), numeric(23, 3)]), 'explicit');
      case 2:
        return this.choice(
          () => a(),
          this.#pick([types.bigint, types.numeric, types.double, types.integer]),
          depth,
        );
      case 3:
        return call('length', this.text(depth - 1));
      case 4:
        return call(
          this.#pick(['extract', 'date_part']),
          constant(
            this.#pick(['hour', 'minute', 'dow', 'epoch', 'year', 'month', 'day', 'second']),
            types.text,
          ),
          this.moment(depth - 1),
        );
      case 5:
        return call('abs', a());
      case 7:
        return call(
          this.#pick(['hour', 'minute', 'dayofweek', 'dayofmonth', 'dayofyear', 'year', 'month']),
          this.moment(depth - 1),
        );
      case 6: {
        const left = this.#leaf([0, 1, 2], types.integer);
        return operator('%', left, this.#leaf([0, 1], types.integer));
      }
      default: {
        const op = this.#pick(['+', '-', '*', '*', '/']);
        return operator(op, a(), a());
      }
    }
  }

  text(depth: number): Expr {
    if (depth === 0) return this.#leaf([7, 8], types.text);
    switch (this.#random.below(5)) {
      case 0:
        return operator('||', this.text(depth - 1), cast(this.text(depth - 1), types.text));
      case 1:
        return call('upper', this.text(depth - 1));
      case 2:
        return cast(this.number(depth - 1), types.text, 'explicit');
      case 3:
        return this.choice(() => this.text(depth - 1), types.text, depth);
      default:
        return this.text(depth - 1);
    }
  }

  moment(depth: number): Expr {
    if (depth === 0) return this.#leaf([9, 10], this.#pick([types.timestamp, types.timestamptz]));
    switch (this.#random.below(5)) {
      case 0:
        return call(
          'date_trunc',
          constant(
            this.#pick(['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter']),
            types.text,
          ),
          this.moment(depth - 1),
        );
      case 1:
        return operator(
          this.#pick(['+', '-']),
          this.moment(depth - 1),
          constant(value(this.#random, types.interval), types.interval),
        );
      case 2:
        return cast(
          this.moment(depth - 1),
          this.#pick([
            types.timestamp,
            types.timestamptz,
            { kind: 'timestamp', precision: 3 },
            { kind: 'timestamptz', precision: 0 },
          ]),
          'explicit',
        );
      case 3:
        return cast(cast(this.moment(depth - 1), types.date, 'explicit'), types.timestamp);
      default:
        return this.moment(depth - 1);
    }
  }

  choice(make: () => Expr, type: SqlType, depth: number): Expr {
    const one = (): Expr => cast(make(), type, 'explicit');
    if (this.#random.below(2) === 0) return { kind: 'coalesce', args: [one(), one(), one()], type };
    const branches = [0, 1].map(() => ({ when: this.truth(depth - 1), then: one() }));
    const otherwise = this.#random.below(3) === 0 ? constant(null, type) : one();
    return { kind: 'case', branches, otherwise, type };
  }

  truth(depth: number): Expr {
    if (depth <= 0) return this.#leaf([6], types.boolean);
    const type = types.boolean;
    const truths = (): Expr[] => [0, 1, 2].map(() => this.truth(depth - 1));
    const compare = this.#pick(['=', '<>', '<', '<=', '>', '>=']);
    switch (this.#random.below(12)) {
      case 0:
        return { kind: 'and', args: truths(), type };
      case 1:
        return { kind: 'or', args: truths(), type };
      case 2:
        return { kind: 'not', arg: this.truth(depth - 1), type };
      case 3:
        return {
          kind: 'is-null',
          arg: this.#pick([this.number(depth - 1), this.text(depth - 1)]),
          negated: this.#random.below(2) === 0,
          type,
        };
      case 4:
        return {
          kind: 'is-truth',
          arg: this.truth(depth - 1),
          truth: this.#pick([true, false, null]),
          negated: this.#random.below(2) === 0,
          type,
        };
      case 5: {
        const each = this.#pick([types.bigint, types.numeric, types.double, types.text]);
        const side = (): Expr =>
          cast(
            each === types.text ? this.text(depth - 1) : this.number(depth - 1),
            each,
            'explicit',
          );
        return {
          kind: 'is-distinct',
          left: side(),
          right: side(),
          negated: this.#random.below(2) === 0,
          type,
        };
      }
      case 6: {
        const each = this.#pick([types.integer, types.text, types.bigint, types.double]);
        const leaf = (): Expr =>
          constant(this.#random.below(6) === 0 ? null : value(this.#random, each), each);
        const arg = cast(
          each === types.text ? this.text(depth - 1) : this.number(depth - 1),
          each,
          'explicit',
        );
        const { fn } = operator('=', arg, constant(null, each)) as Extract<Expr, { kind: 'call' }>;
        return {
          kind: 'in-list',
          arg,
          list: [leaf(), leaf(), leaf()],
          fn,
          negated: this.#random.below(2) === 0,
          type,
        };
      }
      case 7:
        return operator(
          this.#pick(['~~', '!~~']),
          cast(this.text(depth - 1), types.text),
          constant(
            this.#pick(['a%', '%b', '%p%', 'abc', '%', '', 'a_c', '%é%', 'b\\%c']),
            types.text,
          ),
        );
      case 8:
        return operator(
          compare,
          cast(this.text(depth - 1), types.text),
          cast(this.text(depth - 1), types.text),
        );
      case 9:
        return operator(compare, this.moment(depth - 1), this.moment(depth - 1));
      case 10:
        return operator(
          this.#pick(['=', '<>']),
          column(13),
          constant(value(this.#random, types.uuid), types.uuid),
        );
      default:
        return operator(compare, this.number(depth - 1), this.number(depth - 1));
    }
  }
}

/** What a kernel makes of a batch: rows, weights, places and failures, or the error it throws. */
function outcome(
  kernel: ReturnType<typeof compileMap>,
  spec: MapKernelSpec,
  batch: Batch,
  report: boolean,
) {
  const output = emptyBatch([]);
  const failures: RowFailure[] = [];
  try {
    kernel.run(batch, output, context, report ? (failure) => failures.push(failure) : null);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return { error: `${error.code} ${error.message}` };
  }
  const rows = readRows(
    output,
    spec.exprs.map((expr) => expr.type),
  );
  return {
    rows,
    marks:
      output.rowWatermarks === null ? null : [...output.rowWatermarks.subarray(0, output.count)],
    places: output.origin === null ? null : [...output.origin.offsets.subarray(0, output.count)],
    failures,
  };
}

describe('random expressions', () => {
  it.each(Array.from({ length: 24 }, (_, seed) => seed))(
    'agree with the interpreter, seed %i',
    (seed) => {
      const random = new SeededRandom(seed + 1);
      const maker = new Maker(random);
      let generated = 0;
      for (let round = 0; round < 25; round++) {
        const depth = 1 + random.below(3);
        const attempt = (make: () => Expr): Expr => {
          for (;;) {
            try {
              return make();
            } catch (error) {
              // No such operator for these types: the binder would refuse it.
              if (!(error instanceof SqlError)) throw error;
            }
          }
        };
        const spec: MapKernelSpec = {
          inputTypes,
          predicate: random.below(2) === 0 ? null : attempt(() => maker.truth(depth)),
          exprs: [
            attempt(() => maker.number(depth)),
            attempt(() => maker.text(depth)),
            attempt(() => maker.truth(depth)),
            attempt(() => maker.moment(depth)),
            column(random.below(inputTypes.length)),
          ],
        };
        const fast = compileMap(spec, { codegen: true });
        const plain = compileMap(spec, { codegen: false });
        for (let turn = 0; turn < 6; turn++) {
          const nullable = new Set(
            inputTypes.map((_, index) => index).filter(() => turn > 1 && random.below(2) === 0),
          );
          const batch = batchOf(random, pick(random, [0, 1, 5, 20]), nullable);
          const report = random.below(3) > 0;
          expect(outcome(fast, spec, batch, report)).toEqual(outcome(plain, spec, batch, report));
        }
        generated += fast.counters.generated;
      }
      expect(generated).toBeGreaterThan(30);
    },
  );
});

describe('generated kernels', () => {
  const run = (spec: MapKernelSpec, rows: readonly (readonly (Datum | null)[])[]) => {
    const builder = new BatchBuilder(spec.inputTypes);
    for (const row of rows) builder.append(row);
    const kernel = compileMap(spec, { codegen: true });
    const output = emptyBatch([]);
    const failures: RowFailure[] = [];
    kernel.run(builder.batch(), output, context, (failure) => failures.push(failure));
    return {
      kernel,
      output,
      failures,
      rows: readRows(
        output,
        spec.exprs.map((expr) => expr.type),
      ).map(({ row }) => row),
    };
  };
  const a: Expr = { kind: 'column', index: 0, type: types.integer };
  const b: Expr = { kind: 'column', index: 1, type: types.integer };

  it('gives NULL and a report for the failing row alone', () => {
    const spec = {
      inputTypes: [types.integer, types.integer],
      predicate: null,
      exprs: [operator('/', a, b), a],
    };
    const result = run(spec, [
      [6, 2],
      [1, 0],
      [-7, 2],
    ]);
    expect(result.rows).toEqual([
      [3, 6],
      [null, 1],
      [-3, -7],
    ]);
    expect(result.failures).toEqual([
      { code: '22012', message: 'division by zero', row: 1, expr: 0, values: [1, 0], weight: 1 },
    ]);
    expect(result.kernel.counters).toEqual({ generated: 0, plain: 1 });
  });

  it('drops and reports a row whose condition fails', () => {
    const predicate = operator('=', operator('/', a, b), constant(1, types.integer));
    const result = run({ inputTypes: [types.integer, types.integer], predicate, exprs: [a] }, [
      [3, 2],
      [4, 0],
      [9, 1],
    ]);
    expect(result.rows).toEqual([[3]]);
    expect(result.failures.map(({ code }) => code)).toEqual(['22012']);
  });

  it('goes wide, exactly, where doubles end', () => {
    const c: Expr = { kind: 'column', index: 0, type: types.bigint };
    const result = run(
      { inputTypes: [types.bigint], predicate: null, exprs: [operator('*', c, c)] },
      [[3n], [3037000499n]],
    );
    expect(result.rows).toEqual([[9n], [9223372030926249001n]]);
    expect(result.failures).toEqual([]);
    expect(result.output.columns[0]!.kind).toBe('any');
  });

  it('keeps constants out of the source and compiles absent NULLs away', () => {
    const t: Expr = { kind: 'column', index: 0, type: types.text };
    const evil = "'); throw 1; //`${x}";
    const spec = {
      inputTypes: [types.text],
      predicate: operator('<>', t, constant(evil, types.text)),
      exprs: [operator('||', t, constant(evil, types.text))],
    };
    const result = run(spec, [['a'], [evil]]);
    expect(result.rows).toEqual([[`a${evil}`]]);
    expect(result.kernel.source()).not.toContain('throw');
    expect(result.kernel.source()).not.toContain('.nulls===null');
    expect(result.kernel.counters.generated).toBe(1);
  });

  it('calls a function once a row, however often it is written, unless it is volatile', () => {
    const t: Expr = { kind: 'column', index: 0, type: types.text };
    let calls = 0;
    const found = call('reverse', t) as Extract<Expr, { kind: 'call' }>;
    const counted = (volatility: 'immutable' | 'volatile'): Expr => ({
      ...found,
      fn: {
        ...found.fn,
        volatility,
        evaluate: (args, in_) => {
          calls++;
          return found.fn.evaluate(args, in_);
        },
      },
    });
    const steady = counted('immutable');
    const spec = {
      inputTypes: [types.text],
      predicate: operator('<>', steady, constant('x', types.text)),
      exprs: [steady, operator('||', steady, steady)],
    };
    expect(run(spec, [['ab'], [null], ['x'], ['cd']]).rows).toEqual([
      ['ba', 'baba'],
      ['dc', 'dcdc'],
    ]);
    expect(calls).toBe(3);
    calls = 0;
    const shifting = counted('volatile');
    run({ inputTypes: [types.text], predicate: null, exprs: [shifting, shifting] }, [['ab']]);
    expect(calls).toBe(2);
  });

  it('shares unfiltered columns and text bytes with its input', () => {
    const t: Expr = { kind: 'column', index: 0, type: types.text };
    const batch = emptyBatch([
      {
        kind: 'text',
        bytes: Buffer.from('abc0123456789abcdef'),
        offsets: Int32Array.of(0, 1),
        lengths: Int32Array.of(1, 2),
        nulls: null,
      },
    ]);
    batch.count = 2;
    const output = emptyBatch([]);
    compileMap({ inputTypes: [types.text], predicate: null, exprs: [t] }, { codegen: true }).run(
      batch,
      output,
      context,
      null,
    );
    expect(output.columns[0]).toBe(batch.columns[0]);
    const predicate = operator('=', t, constant('bc', types.text));
    compileMap({ inputTypes: [types.text], predicate, exprs: [t] }, { codegen: true }).run(
      batch,
      output,
      context,
      null,
    );
    expect(readRows(output, [types.text]).map(({ row }) => row)).toEqual([['bc']]);
    expect(output.columns[0]).toMatchObject({
      bytes: (batch.columns[0] as { bytes: Uint8Array }).bytes,
    });
  });

  it('stops trying while every batch trips', () => {
    const kernel = compileMap(
      { inputTypes: [types.integer, types.integer], predicate: null, exprs: [operator('/', a, b)] },
      { codegen: true },
    );
    const builder = new BatchBuilder([types.integer, types.integer]);
    builder.append([1, 0]);
    for (let turn = 0; turn < 40; turn++)
      kernel.run(builder.batch(), emptyBatch([]), context, () => undefined);
    expect(kernel.counters).toEqual({ generated: 0, plain: 40 });
    expect(() => {
      kernel.run(builder.batch(), emptyBatch([]), context, null);
    }).toThrow('division by zero');
  });
});
