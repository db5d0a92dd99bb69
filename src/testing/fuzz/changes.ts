/**
 * Random histories of changes, as SQL text that PostgreSQL takes too. Unique keys are never changed by an UPDATE,
 * since PostgreSQL checks them row by row and Millrace at the end of the statement. Where several rows of another
 * table might decide a value, they are grouped first, so that every change is determined.
 */

import type { Chance } from './chance.ts';
import { forbiddenId, type Table } from './schema.ts';
import { cellText } from './value-types.ts';

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
    if (this.#chance.oneIn(12)) return this.#violation();
    if (this.#chance.oneIn(5)) return this.#returning(this.#statement());
    if (!this.#chance.oneIn(4)) return this.#statement();
    const statements = this.#chance.some(2, 3, () => this.#statement());
    if (this.#chance.oneIn(3)) statements.push(...this.#savepoint());
    const end = this.#chance.oneIn(5) ? 'ROLLBACK' : 'COMMIT';
    return ['BEGIN', ...statements, end].join('; ');
  }

  /** A part of a transaction that is taken back or kept. */
  #savepoint(): string[] {
    const inner = this.#chance.some(1, 2, () => this.#statement());
    const nested = this.#chance.oneIn(3)
      ? ['SAVEPOINT s2', this.#statement(), this.#chance.pick(['ROLLBACK TO s2', 'RELEASE s2'])]
      : [];
    const end = this.#chance.pick(['ROLLBACK TO s1', 'ROLLBACK TO s1', 'RELEASE s1']);
    return ['SAVEPOINT s1', ...inner, ...nested, end, this.#statement()];
  }

  #statement(): string {
    const table = this.#chance.pick(this.#tables);
    switch (this.#chance.below(12)) {
      case 0:
      case 1:
        return `DELETE FROM ${table.name} WHERE ${this.#condition(table)}`;
      case 2:
        return this.#deleteUsing(table);
      case 3:
      case 4:
        return this.#update(table);
      case 5:
        return this.#updateFrom(table);
      case 6:
        return table.keyed ? this.#upsert(table) : this.#insert(table, 2);
      case 7:
        if (this.#chance.oneIn(6)) return `TRUNCATE ${table.name}`;
        return this.#insertFrom(table);
      default:
        return this.#insert(table, this.#chance.between(1, 4));
    }
  }

  #returning(statement: string): string {
    if (statement.startsWith('TRUNCATE')) return statement;
    // Which of several rows beside a deleted one is met is nobody's to say; an updated one has one.
    const list = statement.includes(' USING ')
      ? 't.*'
      : / FROM .* o WHERE /.test(statement)
        ? 't.*, o.id + 1 AS other'
        : this.#chance.pick(['*', 'id, id + 1 AS next']);
    return `${statement} RETURNING ${list}`;
  }

  /** A statement that both refuse, for one reason. */
  #violation(): string {
    const table = this.#chance.pick(this.#tables);
    const kept = table.columns.slice(1).filter((column) => column.notNull);
    const required = kept.length === 0 ? null : this.#chance.pick(kept).name;
    if (required !== null && this.#chance.oneIn(2)) {
      return this.#chance.oneIn(2)
        ? `UPDATE ${table.name} SET ${required} = NULL`
        : `UPDATE ${table.name} SET ${required} = NULL WHERE ${this.#condition(table)}`;
    }
    const first = table.keyed ? String(this.#nextId++) : '1';
    const row = (id: string): string =>
      `(${[id, ...table.columns.slice(1).map((column) => this.#cell(table, column))].join(', ')})`;
    const repeated = table.keyed && this.#chance.oneIn(2) ? first : String(forbiddenId);
    return `INSERT INTO ${table.name} VALUES ${row(first)}, ${row(repeated)}`;
  }

  #other(table: Table): Table {
    const others = this.#tables.filter((each) => each !== table);
    return others.length === 0 ? table : this.#chance.pick(others);
  }

  #deleteUsing(table: Table): string {
    const other = this.#other(table);
    const key = this.#integerOf(other);
    const more = this.#chance.oneIn(2) ? ` AND o.id > ${this.#chance.between(0, 9)}` : '';
    return `DELETE FROM ${table.name} t USING ${other.name} o WHERE t.id = o.${key}${more}`;
  }

  #updateFrom(table: Table): string {
    const other = this.#other(table);
    const free = table.columns.filter((column) => !(table.keyed && column.name === 'id'));
    const number = free.find((column) => column.type === 'integer' || column.type === 'bigint');
    const condition = this.#chance.pick(['', ' AND o.id % 2 = 0', ' AND t.id > 2']);
    if (other.keyed && this.#chance.oneIn(2)) {
      const changed = this.#chance.pick(free);
      const source = other.columns.find(
        (each) => each.type === changed.type && each.exact && !changed.notNull,
      );
      if (source !== undefined && changed.type !== 'varchar' && changed.type !== 'numeric') {
        return `UPDATE ${table.name} t SET ${changed.name} = o.${source.name} FROM ${other.name} o WHERE t.id = o.id${condition}`;
      }
    }
    if (number === undefined) return this.#update(table);
    const rows = `(SELECT id, count(*)::int AS n FROM ${other.name} GROUP BY id)`;
    return `UPDATE ${table.name} t SET ${number.name} = o.n + 1 FROM ${rows} o WHERE t.id = o.id${condition}`;
  }

  #integerOf(table: Table): string {
    return this.#chance.pick(table.columns.filter((column) => column.type === 'integer')).name;
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
