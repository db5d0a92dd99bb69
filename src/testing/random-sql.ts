/**
 * Random SQL over three small tables: queries of every common shape and changes of the tables, as text that
 * PostgreSQL takes too. No expression can fail in a row, and limits come with an order over all columns, so
 * every result is determined. The same seed gives the same text.
 */

import type { Random } from '../base/random.ts';

interface ColumnName {
  readonly name: string;
  readonly kind: 'int' | 'text';
}

interface Relation {
  readonly sql: string;
  readonly columns: readonly ColumnName[];
}

export const randomTableDefinitions: readonly string[] = [
  'CREATE TABLE r (a int, b int, x text)',
  'CREATE TABLE s (a int, c int, y text)',
  'CREATE TABLE u (id int PRIMARY KEY, a int, b int)',
];

const columnsOf: Readonly<Record<string, readonly ColumnName[]>> = {
  r: [
    { name: 'a', kind: 'int' },
    { name: 'b', kind: 'int' },
    { name: 'x', kind: 'text' },
  ],
  s: [
    { name: 'a', kind: 'int' },
    { name: 'c', kind: 'int' },
    { name: 'y', kind: 'text' },
  ],
  u: [
    { name: 'id', kind: 'int' },
    { name: 'a', kind: 'int' },
    { name: 'b', kind: 'int' },
  ],
};

const tableNames = ['r', 's', 'u'];

export class SqlGenerator {
  readonly #random: Random;
  #alias = 0;
  #nextId = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  /** One statement that changes a table. */
  change(): string {
    const table = this.#pick(tableNames);
    const columns = columnsOf[table]!;
    const condition = (): string => this.#condition(table, columns, 1);
    switch (this.#random.below(5)) {
      case 0:
        return `DELETE FROM ${table} WHERE ${condition()}`;
      case 1: {
        const changed = this.#pick(columns.filter((column) => column.name !== 'id'));
        const value = this.#value(table, columns, changed.kind, 1);
        return `UPDATE ${table} SET ${changed.name} = ${value} WHERE ${condition()}`;
      }
      default: {
        const rows = Array.from({ length: 1 + this.#random.below(4) }, () => this.#row(columns));
        return `INSERT INTO ${table} VALUES ${rows.join(', ')}`;
      }
    }
  }

  #row(columns: readonly ColumnName[]): string {
    const cells = columns.map(({ name, kind }) =>
      name === 'id' ? String(this.#nextId++) : this.#constant(kind),
    );
    return `(${cells.join(', ')})`;
  }

  query(): string {
    return this.#query(2).sql;
  }

  #query(depth: number): Relation {
    switch (this.#random.below(depth > 0 ? 8 : 3)) {
      case 0:
      case 1:
        return this.#select(depth);
      case 2:
      case 3:
        return this.#grouped(depth);
      case 4:
        return this.#setOperation(depth);
      case 5:
        return this.#topRows(depth);
      case 6:
        return this.#windowed(depth);
      default:
        return this.#withSubquery(depth);
    }
  }

  #select(depth: number): Relation {
    const { from, columns } = this.#from(depth);
    const kinds = Array.from({ length: 1 + this.#random.below(3) }, () => this.#kind());
    const items = kinds.map((kind, i) => `${this.#value('', columns, kind, 2)} AS c${i}`);
    const distinct = this.#random.below(4) === 0 ? 'DISTINCT ' : '';
    return {
      sql: `SELECT ${distinct}${items.join(', ')} FROM ${from}${this.#where(columns)}`,
      columns: kinds.map((kind, i) => ({ name: `c${i}`, kind })),
    };
  }

  #grouped(depth: number): Relation {
    const { from, columns } = this.#from(depth);
    const keys = Array.from({ length: this.#random.below(3) }, () => this.#pick(columns));
    const calls = Array.from({ length: 1 + this.#random.below(3) }, () => this.#aggregate(columns));
    const items = [...keys.map((key) => key.name), ...calls].map((item, i) => `${item} AS c${i}`);
    const names = keys.map((key) => key.name).join(', ');
    const group = keys.length === 0 ? '' : ` GROUP BY ${names}`;
    const having = this.#random.below(4) === 0 ? ` HAVING count(*) > ${this.#random.below(3)}` : '';
    return {
      sql: `SELECT ${items.join(', ')} FROM ${from}${this.#where(columns)}${group}${having}`,
      columns: items.map((_, i) => ({
        name: `c${i}`,
        kind: i < keys.length ? keys[i]!.kind : 'int',
      })),
    };
  }

  /** An aggregate with an integer result. */
  #aggregate(columns: readonly ColumnName[]): string {
    const value = this.#value('', columns, 'int', 1);
    const distinct = this.#random.below(3) === 0 ? 'DISTINCT ' : '';
    const filter =
      this.#random.below(4) === 0 ? ` FILTER (WHERE ${this.#condition('', columns, 1)})` : '';
    switch (this.#random.below(5)) {
      case 0:
        return `count(*)${filter}`;
      case 1:
        return `count(${distinct}${value})${filter}`;
      case 2:
        return `sum(${distinct}${value})${filter}::int`;
      case 3:
        return `min(${value})${filter}`;
      default:
        return `max(${value})${filter}`;
    }
  }

  #setOperation(depth: number): Relation {
    const kinds = Array.from({ length: 1 + this.#random.below(2) }, () => this.#kind());
    const side = (): string => {
      const { from, columns } = this.#from(depth - 1);
      const items = kinds.map((kind, i) => `${this.#value('', columns, kind, 1)} AS c${i}`);
      return `SELECT ${items.join(', ')} FROM ${from}${this.#where(columns)}`;
    };
    const operation = this.#pick(['UNION', 'INTERSECT', 'EXCEPT']);
    const all = this.#random.below(2) === 0 ? ' ALL' : '';
    return {
      sql: `(${side()}) ${operation}${all} (${side()})`,
      columns: kinds.map((kind, i) => ({ name: `c${i}`, kind })),
    };
  }

  #topRows(depth: number): Relation {
    const inner = this.#query(depth - 1);
    const order = inner.columns.map(({ name, kind }) => {
      // The two sort text alike only by code point.
      const key = kind === 'text' ? `${name} COLLATE "C"` : name;
      return key + this.#pick([' DESC', ' NULLS FIRST', '']);
    });
    const offset = this.#random.below(3) === 0 ? ' OFFSET 1' : '';
    const limit = ` LIMIT ${1 + this.#random.below(4)}${offset}`;
    const names = inner.columns.map((column) => column.name).join(', ');
    return {
      sql: `SELECT ${names} FROM (${inner.sql}) ${this.#name()} ORDER BY ${order.join(', ')}${limit}`,
      columns: inner.columns,
    };
  }

  /** Functions whose value equal rows share, whatever their order. */
  #windowed(depth: number): Relation {
    const inner = this.#query(depth - 1);
    const over = `(PARTITION BY ${this.#pick(inner.columns).name} ORDER BY ${this.#intOf(inner)})`;
    const call = this.#pick(['rank()', 'dense_rank()', 'count(*)', `max(${this.#intOf(inner)})`]);
    const names = inner.columns.map((column) => column.name).join(', ');
    const w = this.#name();
    return {
      sql: `SELECT ${names}, (${call} OVER ${over})::int AS ${w} FROM (${inner.sql}) ${this.#name()}`,
      columns: [...inner.columns, { name: w, kind: 'int' }],
    };
  }

  #intOf(relation: Relation): string {
    return relation.columns.find((column) => column.kind === 'int')?.name ?? '1 + 1';
  }

  #withSubquery(depth: number): Relation {
    const outer = this.#select(depth - 1);
    const name = this.#name();
    const table = this.#pick(tableNames);
    const inner = this.#name();
    const columns = outer.columns.map((column) => ({ ...column, name: `${name}.${column.name}` }));
    const link = `${inner}.a = ${this.#value('', columns, 'int', 0)}`;
    const names = columns.map((column) => column.name).join(', ');
    const source = `(${outer.sql}) ${name}`;
    switch (this.#random.below(5)) {
      case 0:
        return this.#filtered(
          names,
          source,
          `EXISTS (SELECT 1 FROM ${table} ${inner} WHERE ${link})`,
          outer,
        );
      case 1:
        return this.#filtered(
          names,
          source,
          `NOT EXISTS (SELECT 1 FROM ${table} ${inner} WHERE ${link})`,
          outer,
        );
      case 2: {
        const value = this.#value('', columns, 'int', 1);
        return this.#filtered(names, source, `${value} IN (SELECT a FROM ${table})`, outer);
      }
      case 3: {
        const value = this.#value('', columns, 'int', 1);
        return this.#filtered(names, source, `${value} NOT IN (SELECT a FROM ${table})`, outer);
      }
      default: {
        const scalar = `(SELECT count(*)::int + max(${inner}.a) FROM ${table} ${inner} WHERE ${link})`;
        const q = this.#name();
        return {
          sql: `SELECT ${names}, ${scalar} AS ${q} FROM ${source}`,
          columns: [...outer.columns, { name: q, kind: 'int' }],
        };
      }
    }
  }

  #filtered(names: string, source: string, condition: string, like: Relation): Relation {
    return { sql: `SELECT ${names} FROM ${source} WHERE ${condition}`, columns: like.columns };
  }

  #from(depth: number): { from: string; columns: ColumnName[] } {
    const left = this.#item(depth);
    if (this.#random.below(2) === 0) return left;
    const right = this.#item(depth);
    const columns = [...left.columns, ...right.columns];
    const keyed = [left, right].every((side) => side.columns.some(({ kind }) => kind === 'int'));
    const kind = this.#pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', keyed ? 'FULL JOIN' : 'JOIN']);
    const key = (side: ColumnName[]): string =>
      kind === 'FULL JOIN'
        ? (side.find((column) => column.kind === 'int')?.name ?? '')
        : this.#value('', side, 'int', 0);
    // PostgreSQL takes only equalities of columns for FULL JOIN.
    const more =
      kind !== 'FULL JOIN' && this.#random.below(3) === 0
        ? ` AND ${this.#condition('', columns, 1)}`
        : '';
    return {
      from: `${left.from} ${kind} ${right.from} ON ${key(left.columns)} = ${key(right.columns)}${more}`,
      columns,
    };
  }

  #item(depth: number): { from: string; columns: ColumnName[] } {
    const name = this.#name();
    const qualified = (columns: readonly ColumnName[]): ColumnName[] =>
      columns.map((column) => ({ ...column, name: `${name}.${column.name}` }));
    if (depth > 0 && this.#random.below(3) === 0) {
      const inner = this.#query(depth - 1);
      return { from: `(${inner.sql}) ${name}`, columns: qualified(inner.columns) };
    }
    const table = this.#pick(tableNames);
    return { from: `${table} ${name}`, columns: qualified(columnsOf[table]!) };
  }

  #where(columns: readonly ColumnName[]): string {
    return this.#random.below(2) === 0 ? '' : ` WHERE ${this.#condition('', columns, 2)}`;
  }

  #condition(prefix: string, columns: readonly ColumnName[], depth: number): string {
    const int = (): string => this.#value(prefix, columns, 'int', depth - 1);
    const again = (): string => this.#condition(prefix, columns, depth - 1);
    switch (this.#random.below(depth > 0 ? 7 : 3)) {
      case 0:
        return `${int()} ${this.#pick(['=', '<', '>=', '<>'])} ${int()}`;
      case 1:
        return `${int()} IS ${this.#pick(['', 'NOT '])}NULL`;
      case 2:
        return `${this.#value(prefix, columns, 'text', 0)} < 'b'`;
      case 3:
        return `(${again()} AND ${again()})`;
      case 4:
        return `(${again()} OR ${again()})`;
      case 5:
        return `NOT (${again()})`;
      default:
        return `${int()} IN (1, 3, ${int()})`;
    }
  }

  #value(
    prefix: string,
    columns: readonly ColumnName[],
    kind: ColumnName['kind'],
    depth: number,
  ): string {
    const fitting = columns.filter((column) => column.kind === kind);
    const again = (): string => this.#value(prefix, columns, kind, depth - 1);
    if (depth > 0 && this.#random.below(3) === 0) {
      if (this.#random.below(2) === 0) return `coalesce(${again()}, ${again()})`;
      if (this.#random.below(2) === 0) {
        const condition = this.#condition(prefix, columns, depth - 1);
        return `CASE WHEN ${condition} THEN ${again()} ELSE ${again()} END`;
      }
      if (kind === 'int')
        return `(${again()} ${this.#pick(['+', '-', '*'])} ${this.#random.below(4)})`;
      return `(${again()} || ${again()})`;
    }
    if (fitting.length === 0 || this.#random.below(8) === 0) return this.#constant(kind, true);
    const column = this.#pick(fitting).name;
    return prefix === '' ? column : `${prefix}.${column}`;
  }

  #constant(kind: ColumnName['kind'], typed = false): string {
    const choice = this.#random.below(6);
    if (choice === 5) return typed ? `NULL::${kind}` : 'NULL';
    if (kind === 'int') return String(choice);
    const text = `'${['a', 'b', 'ab', 'B', ''][choice]}'`;
    return typed ? `${text}::text` : text;
  }

  #kind(): ColumnName['kind'] {
    return this.#random.below(3) === 0 ? 'text' : 'int';
  }

  #name(): string {
    return `n${++this.#alias}`;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }
}
