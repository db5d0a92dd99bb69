import { afterEach, describe, expect, it, vi } from 'vitest';
import { grownFloat64, grownUint8 } from './grown.ts';

const large = 2 ** 20;

describe('arrays with more room', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('keep their values, and what is new is 0', () => {
    let values = grownFloat64(new Float64Array(0), 16);
    let bytes = grownUint8(new Uint8Array(0), 16);
    for (let capacity = 32; capacity <= large; capacity *= 2) {
      values[capacity / 2 - 1] = capacity;
      bytes[capacity / 2 - 1] = 9;
      values = grownFloat64(values, capacity);
      bytes = grownUint8(bytes, capacity);
      expect([values.length, bytes.length]).toEqual([capacity, capacity]);
      expect([values[capacity / 2 - 1], bytes[capacity / 2 - 1]]).toEqual([capacity, 9]);
      expect([values[15], bytes[15]]).toEqual([32, 9]);
      expect(values.subarray(capacity / 2).every((value) => value === 0)).toBe(true);
      expect(bytes.subarray(capacity / 2).every((value) => value === 0)).toBe(true);
    }
  });

  it('stay where they are once they are large', () => {
    const values = grownFloat64(new Float64Array(1).fill(5), large);
    const larger = grownFloat64(values, large * 4);
    expect(larger.buffer).toBe(values.buffer);
    expect(larger[0]).toBe(5);
    expect(larger.length).toBe(large * 4);
    expect(larger[large * 4 - 1]).toBe(0);
    // A view that followed its buffer would have grown as well.
    expect(values.length).toBe(large);
  });

  it('are copied where the system reserves no addresses', async () => {
    class Refusing {
      constructor() {
        throw new RangeError('Array buffer allocation failed');
      }
    }
    vi.resetModules();
    vi.stubGlobal('SharedArrayBuffer', Refusing);
    const refused = await import('./grown.ts');
    let values = refused.grownInt32(new Int32Array([3, 4]), large);
    expect(values.buffer).toBeInstanceOf(ArrayBuffer);
    values[large - 1] = 6;
    values = refused.grownInt32(values, large * 2);
    expect([values[0], values[1], values[large - 1], values[large]]).toEqual([3, 4, 6, 0]);
  });

  it('are copied when what was reserved is full', () => {
    class Full extends SharedArrayBuffer {
      grow(): void {
        throw new RangeError('SharedArrayBuffer.prototype.grow: Invalid length parameter');
      }
    }
    const values = new Uint8Array(new Full(large)).fill(8);
    Object.defineProperty(values.buffer, 'maxByteLength', { value: large * 8 });
    const larger = grownUint8(values, large * 2);
    expect(larger.buffer).not.toBe(values.buffer);
    expect([larger[0], larger[large - 1], larger[large]]).toEqual([8, 8, 0]);
  });
});
