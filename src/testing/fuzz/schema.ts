/**
 * Random tables and random histories of changes, as SQL text that PostgreSQL takes too. Unique keys are never
 * changed by an UPDATE, since PostgreSQL checks them row by row and Millrace at the end of the statement.
 */

import type { Chance } from './chance.ts';
import { cellText, columnTypes, type ColumnType, type TypeName } from './value-types.ts';

export interface Column {
  readonly name: string;
  readonly type: TypeName;
  /** Equal values of it are always spelled alike. */
  readonly exact: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly (Column & {
    readonly notNull: boolean;
    readonly hasDefault: boolean;
  })[];
  /** Whether the first column, `id`, is a primary key. */
  readonly keyed: boolean;
  readonly definition: string;
}

/** Two to four tables; each has an integer column, so that tables can be joined. */
export function randomTables(chance: Chance, calm: boolean): Table[] {
  return chance.some(2, 4, (index) => randomTable(chance, `t${index + 1}`, calm));
}

function randomTable(chance: Chance, name: string, calm: boolean): Table {
  const keyed = chance.oneIn(2);
  const first: ColumnType = { base: 'integer', declared: 'integer', exact: true };
  const types = [first, ...chance.some(2, 6, () => chance.pick(columnTypes))];
  const parts: string[] = [];
  const columns = types.map((type, index) => {
    const column = index === 0 ? 'id' : `c${index}`;
    if (index === 0 && keyed) {
      parts.push('id integer PRIMARY KEY');
      return { name: 'id', type: type.base, exact: true, notNull: true, hasDefault: false };
    }
    const notNull = chance.oneIn(5);
    const preset = cellText(chance, type.base, calm);
    const hasDefault = chance.oneIn(6) && fits(preset, type) && !(notNull && preset === 'NULL');
    parts.push(
      [column, type.declared, notNull && 'NOT NULL', hasDefault && `DEFAULT ${preset}`]
        .filter((part) => part !== false)
        .join(' '),
    );
    return { name: column, type: type.base, exact: type.exact, notNull, hasDefault };
  });
  const definition = `CREATE TABLE ${name} (${parts.join(', ')})`;
  return { name, columns, keyed, definition };
}

/** Constants that a declared length or precision would refuse make no good default. */
function fits(constant: string, type: ColumnType): boolean {
  return type.declared === type.base || constant === 'NULL';
}

/** One change of the tables: a statement, or several in a transaction. */
export class ChangeGenerator {
  readonly #chance: Chance;
  readonly #tables: readonly Table[];
  readonly #calm: boolean;
  #nextId = 1;

  constructor(chance: Chance, tables: readonly Table[], calm: boolean) {
    this.#chance = chance;
    this.#tables = tables;
    this.#calm = calm;
  }

  /** Rows to begin with. */
  fill(): string[] {
    return this.#tables.map((table) => this.#insert(table, this.#chance.between(1, 6)));
  }

  change(): string {
    if (!this.#chance.oneIn(4)) return this.#statement();
    const statements = this.#chance.some(2, 3, () => this.#statement());
    const end = this.#chance.oneIn(5) ? 'ROLLBACK' : 'COMMIT';
    return ['BEGIN', ...statements, end].join('; ');
  }

  #statement(): string {
    const table = this.#chance.pick(this.#tables);
    switch (this.#chance.below(12)) {
      case 0:
      case 1:
      case 2:
        return `DELETE FROM ${table.name} WHERE ${this.#condition(table)}`;
      case 3:
      case 4:
      case 5:
        return this.#update(table);
      case 6:
        return table.keyed ? this.#upsert(table) : this.#insert(table, 2);
      case 7:
        if (this.#chance.oneIn(6)) return `TRUNCATE ${table.name}`;
        return this.#insertFrom(table);
      default:
        return this.#insert(table, this.#chance.between(1, 4));
    }
  }

  #insert(table: Table, count: number): string {
    const named = this.#chance.oneIn(4);
    const columns = named
      ? table.columns.filter((column) => !(column.hasDefault && this.#chance.oneIn(2)))
      : table.columns;
    const list = named ? ` (${columns.map((column) => column.name).join(', ')})` : '';
    const rows = Array.from({ length: count }, () => this.#row(table, columns));
    return `INSERT INTO ${table.name}${list} VALUES ${rows.join(', ')}`;
  }

  #row(table: Table, columns: Table['columns']): string {
    const cells = columns.map((column) => this.#cell(table, column));
    return `(${cells.join(', ')})`;
  }

  #cell(table: Table, column: Table['columns'][number]): string {
    if (table.keyed && column.name === 'id') return String(this.#nextId++);
    if (column.hasDefault && this.#chance.oneIn(5)) return 'DEFAULT';
    for (;;) {
      const cell = cellText(this.#chance, column.type, this.#calm);
      if (!(cell === 'NULL' && column.notNull)) return cell;
    }
  }

  #insertFrom(table: Table): string {
    const columns = table.columns.map(({ name }) =>
      table.keyed && name === 'id' ? `id + ${this.#skipIds()}` : name,
    );
    return `INSERT INTO ${table.name} SELECT ${columns.join(', ')} FROM ${table.name} WHERE ${this.#condition(table)}`;
  }

  /** Ids beyond all that are there; copies of rows take the next as many. */
  #skipIds(): number {
    const step = this.#nextId;
    this.#nextId = 2 * step;
    return step;
  }

  #upsert(table: Table): string {
    const id = this.#chance.between(1, Math.max(1, this.#nextId - 1));
    const cells = table.columns.map((column) =>
      column.name === 'id' ? String(id) : this.#cell(table, column),
    );
    if (id >= this.#nextId) this.#nextId = id + 1;
    const changed = this.#chance.pick(table.columns.slice(1));
    const action = this.#chance.oneIn(3)
      ? 'DO NOTHING'
      : `DO UPDATE SET ${changed.name} = excluded.${changed.name}`;
    return `INSERT INTO ${table.name} VALUES (${cells.join(', ')}) ON CONFLICT (id) ${action}`;
  }

  #update(table: Table): string {
    const columns = table.columns.filter((column) => !(table.keyed && column.name === 'id'));
    const changed = this.#chance.sample(columns, this.#chance.between(1, 2));
    const sets = changed.map((column) => `${column.name} = ${this.#newValue(table, column)}`);
    return `UPDATE ${table.name} SET ${sets.join(', ')} WHERE ${this.#condition(table)}`;
  }

  #newValue(table: Table, column: Table['columns'][number]): string {
    if (this.#calm && !column.notNull) {
      if (column.type === 'integer') return `${column.name} % 100 + 1`;
      if (column.type === 'text') return `left(${column.name} || 'x', 6)`;
    }
    const other = table.columns.find(
      (each) => each !== column && each.type === column.type && !column.notNull && each.exact,
    );
    if (other !== undefined && column.type !== 'varchar' && column.type !== 'numeric') {
      return other.name;
    }
    return this.#cell(table, column);
  }

  #condition(table: Table): string {
    const column = this.#chance.pick(table.columns);
    switch (this.#chance.below(4)) {
      case 0:
        return `${column.name} IS ${this.#chance.pick(['', 'NOT '])}NULL`;
      case 1:
        if (column.type === 'json') return 'true';
        return `${column.name} = ${cellText(this.#chance, column.type, this.#calm)}`;
      case 2:
        return `id % ${this.#chance.between(2, 4)} = 0`;
      default:
        return `id ${this.#chance.pick(['<', '>'])} ${this.#chance.between(0, Math.min(this.#nextId, 40))}`;
    }
  }
}
