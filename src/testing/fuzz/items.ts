/**
 * Select items: values of any type to show, and values fit to be keys. A key is of a type and form in which
 * equal values are always spelled alike, so that which of them stands for a group is no question.
 */

import type { Chance } from './chance.ts';
import {
  allTypes,
  comparable,
  ExpressionGenerator,
  type ExpressionOptions,
} from './expressions.ts';
import type { Column } from './schema.ts';
import type { TypeName } from './value-types.ts';

export interface Item {
  readonly sql: string;
  readonly type: TypeName;
  readonly exact: boolean;
}

export class ItemGenerator {
  readonly chance: Chance;
  readonly expressions: ExpressionGenerator;
  /** Whether floating point results may differ in their last digits. */
  #loose = false;

  constructor(options: ExpressionOptions) {
    this.chance = options.chance;
    this.expressions = new ExpressionGenerator(options);
  }

  get loose(): boolean {
    return this.#loose || this.expressions.loose;
  }

  /** Says that a result hangs on the order of additions. */
  loosen(): void {
    this.#loose = true;
  }

  item(columns: readonly Column[], depth: number): Item {
    if (columns.length > 0 && this.chance.oneIn(3)) {
      const column = this.chance.pick(columns);
      return { sql: column.name, type: column.type, exact: column.exact };
    }
    const type =
      columns.length > 0 && this.chance.oneIn(2)
        ? this.chance.pick(columns).type
        : this.chance.pick(allTypes);
    return { sql: this.expressions.of(type, columns, depth), type, exact: false };
  }

  /** A value fit to be a key. */
  exactItem(columns: readonly Column[], depth: number): Item {
    const exact = columns.filter((column) => column.exact && exactTypes.has(column.type));
    if (exact.length > 0 && !this.chance.oneIn(3)) {
      const column = this.chance.pick(exact);
      return { sql: column.name, type: column.type, exact: true };
    }
    const type = this.chance.pick(comparable);
    return exactly(this.expressions.of(type, columns, depth), type);
  }

  exactOf(type: TypeName, columns: readonly Column[]): Item {
    return exactly(this.expressions.of(type, columns, 1), type);
  }

  exactConstant(type: TypeName): string {
    return exactly(this.expressions.constant(type), type).sql;
  }

  where(columns: readonly Column[]): string {
    return this.chance.oneIn(2) ? '' : ` WHERE ${this.expressions.condition(columns, 2)}`;
  }
}

export function aliased(items: readonly Item[]): string {
  return items.map((item, i) => `${item.sql} AS x${i}`).join(', ');
}

/** A bare number in GROUP BY would be the place of a column. */
export function notPosition(item: Item): Item {
  return /^\d+$/.test(item.sql) ? { ...item, sql: `${item.sql} + 0` } : item;
}

/** Types whose equal values are always spelled alike, however they were made. */
export const exactTypes: ReadonlySet<TypeName> = new Set([
  ...(['boolean', 'smallint', 'integer', 'bigint', 'numeric', 'text', 'varchar', 'bytea'] as const),
  ...(['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'uuid'] as const),
  ...(['integer[]', 'smallint[]', 'bigint[]', 'text[]', 'date[]', 'uuid[]'] as const),
  ...(['timestamp[]', 'timestamptz[]', 'boolean[]', 'mood'] as const),
]);

/** Types that have min and max. */
export const ordered: ReadonlySet<TypeName> = new Set([
  ...(['smallint', 'integer', 'bigint', 'numeric', 'text', 'varchar', 'date', 'time'] as const),
  ...(['timetz', 'timestamp', 'timestamptz', 'integer[]', 'text[]', 'double precision'] as const),
  ...(['date[]', 'uuid[]', 'smallint[]', 'boolean[]', 'mood'] as const),
]);

export const simpleKeys = [
  ...(['integer', 'text', 'bigint', 'numeric', 'date', 'timestamp', 'integer', 'varchar'] as const),
] as const;

/** The value in a type and form where equal values are spelled alike. */
function exactly(sql: string, type: TypeName): Item {
  switch (type) {
    case 'numeric':
      return { sql: `round(${sql}, 2)`, type, exact: true };
    case 'real':
    case 'double precision':
      // Minus zero becomes zero.
      return { sql: `(${sql} + 0)`, type: 'double precision', exact: true };
    case 'interval':
    case 'char':
    case 'json':
    case 'jsonb':
    case 'numeric[]':
    case 'double precision[]':
    case 'interval[]':
    case 'jsonb[]':
      return { sql: `(${sql})::text`, type: 'text', exact: true };
    default:
      return { sql, type, exact: true };
  }
}
