/** The columns of the `datagen` connector: for each SQL type, how a sequence or a random value is made. */

import { SqlError, notSupported, sqlstate } from '../base/errors.ts';
import type { Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import type { Field } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { integers, numbers, texts } from './column-generators.ts';
import type { GeneratedColumn } from './column-generators.ts';
import { OptionReader, invalidOption, option } from './option-reading.ts';
import { rowFraction, rowHash } from './row-random.ts';

/** Settings of one column, without the `fields.NAME.` before them. */
export type FieldOptions = ReadonlyMap<string, string>;

export interface ColumnRequest {
  readonly column: Field;
  readonly ordinal: number;
  readonly seed: number;
  readonly options: FieldOptions;
  /** Event time from one row to the next. */
  readonly rowMicros: number;
}

export interface DatagenColumn {
  readonly column: GeneratedColumn;
  /** Rows after which a sequence ends. */
  readonly rowsMax: number | null;
}

const specs = [
  option('length', '', { default: '100' }),
  option('max-past', '', { default: '0' }),
  option('kind', '', { default: 'random' }),
];

/** Values of one column as functions of the row number. */
class ColumnMaker {
  readonly request: ColumnRequest;
  readonly reader: OptionReader;
  readonly sequence: boolean;
  rowsMax: number | null = null;

  constructor(request: ColumnRequest) {
    this.request = request;
    this.reader = new OptionReader(request.options, specs);
    this.sequence = this.reader.choice('kind', ['random', 'sequence']) === 'sequence';
  }

  #bound(name: 'min' | 'max', otherwise: number): number {
    const text = this.request.options.get(name);
    if (text === undefined) return otherwise;
    const value = Number(text.trim() === '' ? 'none' : text);
    if (!Number.isFinite(value))
      throw invalidOption(this.#name(name), text, 'It must be a number.');
    return value;
  }

  #name(setting: string): string {
    return `fields.${this.request.column.name}.${setting}`;
  }

  fraction(row: number): number {
    return rowFraction(this.request.seed, this.request.ordinal, row);
  }

  hash(row: number, part = 0): number {
    return rowHash(this.request.seed, this.request.ordinal + part * 1009, row) >>> 0;
  }

  /** The sequence start, start + 1 …; `end` bounds the rows. */
  #sequenceFrom(): (row: number) => number {
    const start = this.reader.integer('start', Number.MIN_SAFE_INTEGER);
    const end = this.reader.integer('end', Number.MIN_SAFE_INTEGER);
    if (start === null || (end !== null && end < start)) {
      throw new SqlError(
        sqlstate.invalidParameterValue,
        `column "${this.request.column.name}" of kind sequence needs "start", and an "end" not before it`,
      );
    }
    if (end !== null) this.rowsMax = end - start + 1;
    return (row) => start + row;
  }

  /** Whole numbers within the bounds of the type. */
  whole(least: number, most: number): (row: number) => number {
    if (this.sequence) return this.#sequenceFrom();
    const min = Math.ceil(this.#bound('min', least));
    const max = Math.floor(this.#bound('max', most));
    this.#check(min, max, least, most);
    const span = max - min + 1;
    return (row) => min + Math.min(span - 1, Math.floor(this.fraction(row) * span));
  }

  real(least: number, most: number): (row: number) => number {
    if (this.sequence) return this.#sequenceFrom();
    const min = this.#bound('min', least);
    const max = this.#bound('max', most);
    this.#check(min, max, -Number.MAX_VALUE, Number.MAX_VALUE);
    return (row) => min + this.fraction(row) * (max - min);
  }

  /** Numbers × 10^scale. */
  scaled(precision: number, scale: number): (row: number) => number {
    const unit = 10 ** scale;
    if (this.sequence) {
      const value = this.#sequenceFrom();
      return (row) => value(row) * unit;
    }
    const most = 10 ** Math.min(precision, 15) - 1;
    const min = Math.ceil(this.#bound('min', 0) * unit);
    const max = Math.floor(this.#bound('max', most / unit) * unit);
    this.#check(min, max, -most, most);
    const span = max - min + 1;
    return (row) => min + Math.min(span - 1, Math.floor(this.fraction(row) * span));
  }

  #check(min: number, max: number, least: number, most: number): void {
    if (min <= max && min >= least && max <= most) return;
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `column "${this.request.column.name}" cannot be random between ${min} and ${max}`,
    );
  }

  /** Microseconds: the origin plus the row's turn, minus up to `max-past`. */
  time(): (row: number, origin: number) => number {
    const pastMicros = (this.reader.durationMs('max-past') ?? 0) * 1000;
    const { rowMicros } = this.request;
    return (row, origin) => {
      const past = pastMicros === 0 ? 0 : Math.floor(this.fraction(row) * pastMicros);
      return Math.floor(origin + row * rowMicros) - past;
    };
  }

  text(lengthMax: number | null): (row: number) => string {
    if (this.sequence) {
      const value = this.#sequenceFrom();
      return (row) => String(value(row));
    }
    const asked = this.reader.integer('length', 0, 1_000_000)!;
    const length = this.request.options.has('length') ? asked : Math.min(asked, lengthMax ?? asked);
    return (row) => {
      let text = '';
      for (let part = 0; text.length < length; part++) {
        text += this.hash(row, part).toString(16).padStart(8, '0');
      }
      return text.slice(0, length);
    };
  }
}

export function datagenColumn(request: ColumnRequest): DatagenColumn {
  const maker = new ColumnMaker(request);
  const column = withNulls(request, makeColumn(maker, request.column.type));
  return { column, rowsMax: maker.rowsMax };
}

const dayMicros = 86_400_000_000;

function makeColumn(maker: ColumnMaker, type: SqlType): GeneratedColumn {
  switch (type.kind) {
    case 'smallint':
      return integers(maker.whole(-32_768, 32_767));
    case 'integer':
      return integers(maker.whole(-2_147_483_648, 2_147_483_647));
    case 'bigint':
      return numbers(maker.whole(Number.MIN_SAFE_INTEGER / 2, Number.MAX_SAFE_INTEGER / 2));
    case 'oid':
      return numbers(maker.whole(0, 4_294_967_295));
    case 'real': {
      const value = maker.real(0, 1);
      return numbers((row) => Math.fround(value(row)));
    }
    case 'double':
      return numbers(maker.real(0, 1));
    case 'numeric':
      return numericColumn(maker, type);
    case 'boolean':
      return booleans((row) => maker.hash(row) & 1);
    case 'text':
    case 'name':
      return texts(maker.text(null));
    case 'varchar':
      return texts(maker.text(type.length));
    case 'char': {
      const value = maker.text(type.length ?? 1);
      return datums((row) => value(row).padEnd(type.length ?? 1));
    }
    case 'timestamp':
    case 'timestamptz': {
      const unit = 10 ** (6 - (type.precision ?? 6));
      const value = maker.time();
      return numbers((row, origin) => Math.floor(value(row, origin) / unit) * unit);
    }
    case 'date': {
      const value = maker.time();
      return integers((row, origin) => Math.floor(value(row, origin) / dayMicros));
    }
    case 'time': {
      const value = maker.time();
      return numbers((row, origin) => {
        const micros = value(row, origin);
        return micros - Math.floor(micros / dayMicros) * dayMicros;
      });
    }
    case 'bytea': {
      const value = maker.text(null);
      return datums((row) => Buffer.from(value(row), 'latin1'));
    }
    case 'uuid':
      return datums((row) => uuid(maker, row));
    default:
      throw notSupported(`a generated column of type ${type.kind}`, {
        hint: 'Generate its parts and compute the column from them.',
        column: maker.request.column.name,
      });
  }
}

function numericColumn(
  maker: ColumnMaker,
  type: SqlType & { readonly kind: 'numeric' },
): GeneratedColumn {
  const scale = type.scale ?? 2;
  const value = maker.scaled(type.precision ?? 15, scale);
  if (type.fixedScale === scale) return numbers(value);
  return datums((row) => Decimal.fromBigInt(BigInt(value(row)), scale));
}

/** A random (version 4) UUID. */
function uuid(maker: ColumnMaker, row: number): string {
  const hex = [0, 1, 2, 3]
    .map((part) => maker.hash(row, part).toString(16).padStart(8, '0'))
    .join('');
  const variant = '89ab'[maker.hash(row, 4) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function booleans(value: (row: number) => number): GeneratedColumn {
  return {
    kind: 'bool',
    fill: (column: Column, first, count) => {
      if (column.kind !== 'bool') return;
      for (let row = 0; row < count; row++) column.values[row] = value(first + row);
    },
  };
}

function datums(value: (row: number) => Datum): GeneratedColumn {
  return {
    kind: 'any',
    fill: (column: Column, first, count) => {
      if (column.kind !== 'any') return;
      column.values.length = count;
      for (let row = 0; row < count; row++) column.values[row] = value(first + row);
    },
  };
}

/** Adds NULLs where `null-rate` (0 to 1) asks for them. */
function withNulls(request: ColumnRequest, made: GeneratedColumn): GeneratedColumn {
  const text = request.options.get('null-rate');
  if (text === undefined) return made;
  const rate = Number(text.trim() === '' ? 'none' : text);
  if (!(rate >= 0 && rate <= 1)) {
    throw invalidOption(`fields.${request.column.name}.null-rate`, text, 'It must be from 0 to 1.');
  }
  const isNull = (row: number): boolean =>
    rowFraction(request.seed ^ 0x3c6ef372, request.ordinal, row) < rate;
  return {
    kind: made.kind,
    fill: (column, first, count, origin) => {
      made.fill(column, first, count, origin);
      if (column.kind === 'any') {
        for (let row = 0; row < count; row++) if (isNull(first + row)) column.values[row] = null;
        return;
      }
      column.nulls ??= new Uint8Array(
        column.kind === 'text' ? column.offsets.length : column.values.length,
      );
      for (let row = 0; row < count; row++) column.nulls[row] = isNull(first + row) ? 1 : 0;
    },
  };
}
