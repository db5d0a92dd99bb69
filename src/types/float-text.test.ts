import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { formatDouble, formatReal, parseDouble, parseReal } from './float-text.ts';

describe('doubles and reals', () => {
  it('read back what was printed, any bit pattern', () => {
    const random = new SeededRandom(12);
    const view = new DataView(new ArrayBuffer(8));
    for (let count = 0; count < 5000; count++) {
      view.setUint32(0, random.uint32());
      view.setUint32(4, random.uint32());
      const double = view.getFloat64(0);
      expect(parseDouble(formatDouble(double))).toBe(double);
      const real = view.getFloat32(0);
      expect(parseReal(formatReal(real))).toBe(real);
    }
  });

  it('do not print a decimal half way to the neighbour', () => {
    expect(formatDouble(-22550821304321290)).toBe('-2.2550821304321288e+16');
    expect(formatDouble(9007199254740993)).toBe('9.007199254740992e+15');
    expect(formatDouble(1e22)).toBe('1e+22');
    expect(formatReal(33554436)).toBe('3.3554436e+07');
  });

  it('keep the sign of zero', () => {
    expect([formatDouble(-0), formatReal(-0), formatDouble(0)]).toEqual(['-0', '-0', '0']);
    expect(Object.is(parseDouble('-0'), -0)).toBe(true);
  });
});
