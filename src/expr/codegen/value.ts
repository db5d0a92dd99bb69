/**
 * What generated code knows of a value while it is computed: where it lies, in which form, and under
 * which condition it is NULL. All strings here are fragments of JavaScript made by the emitters: names of
 * their own, numbers and operators, never anything of the user's.
 */

import { unreachable } from '../../base/assert.ts';
import type { SqlType } from '../../types/sql-type.ts';

interface Nullable {
  /** Condition under which the value is NULL; null: it never is. The value then is safe, but means nothing. */
  readonly nul: string | null;
}

/**
 * A JavaScript number: i32 types as they are; bigint, oid, time and timestamps as safe integers (or
 * infinities of time); double and real; numeric as an integer times 10^-scale. Never −0 but for floats.
 */
export interface NumberValue extends Nullable {
  readonly rep: 'number';
  readonly code: string;
  readonly scale: number;
}

/** A JavaScript boolean. */
export interface BooleanValue extends Nullable {
  readonly rep: 'boolean';
  readonly code: string;
}

/** UTF-8 bytes at an offset, of a length. */
export interface TextValue extends Nullable {
  readonly rep: 'text';
  readonly bytes: string;
  readonly offset: string;
  readonly length: string;
  /** Input column whose bytes it views, when that is all it is. */
  readonly column: number | null;
  /** The same as a string datum, when there is one already. */
  readonly datum: string | null;
}

/** A datum, `null` for NULL. `wide`: it may be too large for the narrow form, so it is kept as it is. */
export interface DatumValue extends Nullable {
  readonly rep: 'datum';
  readonly code: string;
  readonly wide: boolean;
}

/** NULL, whatever the type. */
export interface NullValue {
  readonly rep: 'null';
  readonly nul: 'true';
}

export type Value = NumberValue | BooleanValue | TextValue | DatumValue | NullValue;

/** Types within one class have numbers (or bytes) that compare with each other. */
export type ValueClass =
  | 'integer'
  | 'float'
  | 'numeric'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'oid'
  | 'boolean'
  | 'text'
  | 'other';

export function classOf(type: SqlType): ValueClass {
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 'integer';
    case 'real':
    case 'double':
      return 'float';
    case 'numeric':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'oid':
    case 'boolean':
      return type.kind;
    case 'text':
    case 'varchar':
    case 'name':
      return 'text';
    default:
      return 'other';
  }
}

export const safeMax = Number.MAX_SAFE_INTEGER;

/** A finite number as source text. */
export function numberText(value: number): string {
  if (Object.is(value, -0)) return '(-0)';
  return value < 0 ? `(${value})` : String(value);
}

/** The condition that any of these is NULL. */
export function anyNull(values: readonly Value[]): string | null {
  const conditions = values.flatMap((value) => (value.nul === null ? [] : [value.nul]));
  return conditions.length === 0 ? null : conditions.map((each) => `(${each})`).join('||');
}

/** Source of the value as a datum. */
export function datumCode(value: Value, type: SqlType): string {
  if (value.rep === 'null') return 'null';
  if (value.rep === 'datum') return value.code;
  const code = plainDatum(value, type);
  return value.nul === null ? code : `((${value.nul})?null:${code})`;
}

function plainDatum(value: NumberValue | BooleanValue | TextValue, type: SqlType): string {
  switch (value.rep) {
    case 'boolean':
      return value.code;
    case 'text':
      return value.datum ?? `R.text(${value.bytes},${value.offset},${value.length})`;
    case 'number':
      if (type.kind === 'numeric') return `R.decimal(${value.code},${value.scale})`;
      if (type.kind === 'bigint' || type.kind === 'time') return `BigInt(${value.code})`;
      if (type.kind === 'timestamp' || type.kind === 'timestamptz')
        return `R.moment(${value.code})`;
      return value.code;
    default:
      return unreachable(value, 'value');
  }
}
