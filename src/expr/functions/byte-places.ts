/** bytea by its bytes and bits: reading and setting one, trimming, overlaying, matching, counting. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { types } from '../../types/sql-type.ts';
import { call1, call2, call3, callAll, scalar } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { bytea, integer, bigint } = types;

export function bytePlaceFunctions(): readonly ScalarFunction[] {
  return [...counts(), ...places(), ...trims(), ...overlays()];
}

function counts(): ScalarFunction[] {
  return [
    scalar(
      'bit_length',
      [bytea],
      integer,
      call1((a: Uint8Array) => a.length * 8),
    ),
    scalar(
      'bit_count',
      [bytea],
      bigint,
      call1((a: Uint8Array) => BigInt(a.reduce((sum, byte) => sum + ones(byte), 0))),
    ),
  ];
}

function ones(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Bits are numbered from the right of each byte, bytes from the left. */
function places(): ScalarFunction[] {
  return [
    scalar(
      'get_byte',
      [bytea, integer],
      integer,
      call2((a: Uint8Array, n: number) => a[place(n, a.length)]!),
    ),
    scalar(
      'set_byte',
      [bytea, integer, integer],
      bytea,
      call3((a: Uint8Array, n: number, value: number) =>
        withByte(a, place(n, a.length), value & 255),
      ),
    ),
    scalar(
      'get_bit',
      [bytea, bigint],
      integer,
      call2((a: Uint8Array, n: bigint) => {
        const at = place(n, a.length * 8);
        return (a[at >> 3]! >> (at & 7)) & 1;
      }),
    ),
    scalar(
      'set_bit',
      [bytea, bigint, integer],
      bytea,
      call3((a: Uint8Array, n: bigint, value: number) => {
        const at = place(n, a.length * 8);
        if (value !== 0 && value !== 1) {
          throw new SqlError(sqlstate.invalidParameterValue, 'new bit must be 0 or 1');
        }
        const others = a[at >> 3]! & ~(1 << (at & 7));
        return withByte(a, at >> 3, others | (value << (at & 7)));
      }),
    ),
  ];
}

function place(index: number | bigint, count: number): number {
  if (index >= 0 && index < count) return Number(index);
  throw new SqlError(
    sqlstate.arraySubscriptError,
    `index ${index} out of valid range, 0..${count - 1}`,
  );
}

function withByte(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[index] = value;
  return changed;
}

function trims(): ScalarFunction[] {
  const define = (name: string, start: boolean, end: boolean): ScalarFunction =>
    scalar(
      name,
      [bytea, bytea],
      bytea,
      call2((value: Uint8Array, set: Uint8Array) => {
        let from = 0;
        let to = value.length;
        if (start) while (from < to && set.includes(value[from]!)) from++;
        if (end) while (to > from && set.includes(value[to - 1]!)) to--;
        return value.slice(from, to);
      }),
    );
  return [define('btrim', true, true), define('ltrim', true, false), define('rtrim', false, true)];
}

function overlays(): ScalarFunction[] {
  return [
    scalar(
      'overlay',
      [bytea, bytea, integer, integer],
      bytea,
      callAll<[Uint8Array, Uint8Array, number, number?]>(([value, part, from, count]) => {
        if (from <= 0) {
          throw new SqlError(sqlstate.substringError, 'negative substring length not allowed');
        }
        const after = Math.max(0, from + (count ?? part.length) - 1);
        return new Uint8Array(
          Buffer.concat([value.subarray(0, from - 1), part, value.subarray(after)]),
        );
      }),
      { optional: 1 },
    ),
  ];
}
