import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { countDigits, Decimal, powerOfTen } from './decimal.ts';

const d = (text: string) => Decimal.parse(text);

describe('division has PostgreSQL’s result scale', () => {
  it.each([
    ['1.0', '3', '0.33333333333333333333'],
    ['10', '3.0', '3.3333333333333333'],
    ['1', '7000', '0.00014285714285714286'],
    ['123456.789', '0.001', '123456789.00000000'],
    ['1e-10', '3', '0.0000000000333333333333333333'],
    ['9999.0', '9999', '1.00000000000000000000'],
    ['10000', '9999', '1.0001000100010001'],
    ['0', '3.00', '0.00000000000000000000'],
    ['2', '3', '0.66666666666666666667'],
    ['-2', '3', '-0.66666666666666666667'],
  ])('%s / %s', (a, b, result) => expect(d(a).div(d(b)).toString()).toBe(result));
});

describe('arithmetic', () => {
  it('adds at the larger scale and multiplies scales together', () => {
    expect(d('0.1').add(d('0.20')).toString()).toBe('0.30');
    expect(d('1').sub(d('0.001')).toString()).toBe('0.999');
    expect(d('1.50').mul(d('-2.0')).toString()).toBe('-3.000');
    expect(d('123456789012345678901234567890').add(Decimal.one).toString()).toBe(
      '123456789012345678901234567891',
    );
  });

  it('truncates quotients and keeps the dividend’s sign in remainders', () => {
    expect(d('-7.5').mod(d('2')).toString()).toBe('-1.5');
    expect(d('-7.5').divTrunc(d('2')).toString()).toBe('-3');
    expect(d('5.5').mod(Decimal.infinity).toString()).toBe('5.5');
  });

  it.each([
    ['inf', '*', '0', 'NaN'],
    ['inf', '/', '-2', '-Infinity'],
    ['5', '/', 'inf', '0'],
    ['inf', '/', 'inf', 'NaN'],
    ['inf', '+', '-inf', 'NaN'],
    ['inf', '+', '1', 'Infinity'],
    ['NaN', '/', '0', 'NaN'],
    ['-inf', '*', '-2', 'Infinity'],
    ['inf', '%', '2', 'NaN'],
  ])('%s %s %s = %s', (a, operator, b, result) => {
    const [left, right] = [d(a), d(b)];
    const results: Record<string, () => Decimal> = {
      '+': () => left.add(right),
      '*': () => left.mul(right),
      '/': () => left.div(right),
      '%': () => left.mod(right),
    };
    expect(results[operator]!().toString()).toBe(result);
  });

  it('refuses division by zero', () => {
    for (const divide of ['div', 'mod', 'divTrunc'] as const) {
      for (const dividend of ['1', '0', 'inf']) {
        expect(() => d(dividend)[divide](d('0.00'))).toThrow('division by zero');
      }
    }
  });

  it('obeys (a / b) * b + a % b = a for truncated quotients', () => {
    const random = new SeededRandom(1);
    for (let count = 0; count < 300; count++) {
      const a = Decimal.fromBigInt(
        BigInt(random.uint32()) * BigInt(random.uint32()),
        random.below(9),
      );
      const b = Decimal.fromBigInt(BigInt(random.below(100000) + 1), random.below(9)).neg();
      const rebuilt = a.divTrunc(b).mul(b).add(a.mod(b));
      expect(rebuilt.compare(a)).toBe(0);
      expect(a.sub(b).add(b).equals(a)).toBe(true);
    }
  });
});

describe('rounding', () => {
  it('goes half away from zero', () => {
    const rounded = (text: string, scale: number) => d(text).round(scale).toString();
    expect([rounded('2.5', 0), rounded('-2.5', 0), rounded('1.005', 2)]).toEqual([
      '3',
      '-3',
      '1.01',
    ]);
    expect([rounded('1234.5', -2), rounded('15', -1), rounded('1.5', 3)]).toEqual([
      '1200',
      '20',
      '1.500',
    ]);
  });

  it('truncates, ceils and floors', () => {
    expect(d('-1.999').trunc(2).toString()).toBe('-1.99');
    expect(d('1999').trunc(-2).toString()).toBe('1900');
    expect([d('-1.5').ceil(), d('-1.5').floor(), d('1.1').ceil(), d('2').floor()].join()).toBe(
      '-1,-2,2,2',
    );
    expect(
      [d('1.500'), d('100'), d('0.00'), d('1e10')].map((each) => each.normalize()).join(),
    ).toBe('1.5,100,0,10000000000');
  });

  it('coerces to numeric(p, s) or says what does not fit', () => {
    expect(d('123.455').coerce(5, 2).toString()).toBe('123.46');
    expect(d('NaN').coerce(5, 2).isNaN).toBe(true);
    const failure = (text: string, precision: number, scale: number) => {
      try {
        return d(text).coerce(precision, scale).toString();
      } catch (error) {
        return (error as { fields: { detail: string } }).fields.detail;
      }
    };
    expect(failure('999.995', 5, 2)).toBe(
      'A field with precision 5, scale 2 must round to an absolute value less than 10^3.',
    );
    expect(failure('1.5', 1, 1)).toBe(
      'A field with precision 1, scale 1 must round to an absolute value less than 1.',
    );
    expect(failure('inf', 3, 1)).toBe(
      'A field with precision 3, scale 1 cannot hold an infinite value.',
    );
  });
});

describe('conversions', () => {
  it('takes 15 digits of a double and 6 of a real, exact halves to even', () => {
    const from = (value: number) => Decimal.fromNumber(value).toString();
    expect([from(0.1 + 0.2), from(1e20), from(-1.5), from(NaN), from(-Infinity)]).toEqual([
      '0.3',
      '100000000000000000000',
      '-1.5',
      'NaN',
      '-Infinity',
    ]);
    expect(from(100000000000000.5)).toBe('100000000000000');
    expect(from(100000000000001.5)).toBe('100000000000002');
    expect(Decimal.fromNumber(Math.fround(1.1), 6).toString()).toBe('1.1');
    expect(Decimal.fromNumber(100000.5, 6).toString()).toBe('100000');
  });

  it('gives the nearest double', () => {
    const random = new SeededRandom(2);
    for (let count = 0; count < 500; count++) {
      const unscaled = (BigInt(random.uint32()) << BigInt(random.below(40))) - 2n ** 31n;
      const value = Decimal.fromBigInt(unscaled, random.below(30));
      expect(value.toNumber()).toBe(Number(value.toString()));
    }
  });

  it('rounds to integers and refuses NaN and infinity', () => {
    expect(d('-2.5').toBigInt()).toBe(-3n);
    expect(() => Decimal.NaN.toBigInt('integer')).toThrow('cannot convert NaN to integer');
    expect(() => Decimal.infinity.toBigInt()).toThrow('cannot convert infinity to bigint');
  });
});

describe('limits', () => {
  it('are PostgreSQL’s', () => {
    expect(d('1e131071').toString()).toHaveLength(131072);
    for (const text of ['1e131072', '1e-16384', '1e999999999999', `1${'0'.repeat(200000)}`]) {
      expect(() => d(text)).toThrow('value overflows numeric format');
    }
    expect(() => d('1e131071').mul(d('10'))).toThrow('value overflows numeric format');
    expect(d('1e-16383').mul(d('0.1')).toString()).toBe(`0.${'0'.repeat(16383)}`);
  });
});

describe('numbers of very many digits', () => {
  it('counts digits around powers of ten', () => {
    for (const exponent of [15, 16, 1233, 1234, 1235, 5000, 65_537, 131_071, 147_454]) {
      const power = 10n ** BigInt(exponent);
      expect([power - 1n, power, -power, power + 1n, power * 9n].map(countDigits)).toEqual(
        [0, 1, 1, 1, 1].map((more) => exponent + more),
      );
    }
    const random = new SeededRandom(5);
    for (let i = 0; i < 200; i++) {
      const value = BigInt(`${1 + random.below(9)}${'7'.repeat(random.below(6000))}`);
      expect(countDigits(value)).toBe(value.toString().length);
    }
  });

  it('takes away trailing zeros of the fraction, however many', () => {
    for (const [zeros, more] of [
      [0, 5],
      [1, 0],
      [7, 1],
      [8, 8],
      [1000, 3],
      [8191, 8192],
      [16_383, 0],
    ] as const) {
      const value = Decimal.fromBigInt(103n * powerOfTen(zeros), zeros + more).normalize();
      expect([value.unscaled, value.scale]).toEqual([103n, more]);
    }
    const whole = Decimal.fromBigInt(powerOfTen(20), 5).normalize();
    expect([whole.unscaled, whole.scale]).toEqual([powerOfTen(15), 0]);
  });

  it('divides and multiplies without writing them', () => {
    const large = d('1e130000');
    const sevenths = large.div(d('7'));
    expect(sevenths.unscaled === (10n ** 130_000n + 3n) / 7n).toBe(true);
    expect(sevenths.scale).toBe(0);
    const before = process.cpuUsage().user;
    for (let i = 1; i <= 100; i++) large.mul(d(String(i))).div(d('7'));
    // Writing the digits down takes more than ten times as long.
    expect(process.cpuUsage().user - before).toBeLessThan(2_000_000);
  });
});
