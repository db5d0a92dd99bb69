/**
 * Random queries whose result is determined: keys of groups, orders and set operations are of types where
 * equal values are spelled alike, and limits and windows come with an order over all columns.
 */

import type { Chance } from './chance.ts';
import { randomAggregate } from './aggregates.ts';
import { ExpressionGenerator, type ExpressionOptions } from './expressions.ts';
import { aliased, exactTypes, type Item, ItemGenerator, notPosition, simpleKeys } from './items.ts';
import type { Column, Table } from './schema.ts';
import { subqueryQuery } from './subqueries.ts';
import { selectedSet, tableFunction } from './table-functions.ts';
import { windowQuery } from './windows.ts';
import { quote } from './value-types.ts';

export interface RandomQuery {
  readonly sql: string;
  /** Floating point results may differ in their last digits. */
  readonly loose: boolean;
}

interface Relation {
  readonly sql: string;
  readonly columns: readonly Column[];
}

export interface FromClause {
  readonly from: string;
  readonly columns: readonly Column[];
}

/** A list of expressions over one table: what may fail, fails alone. */
export function expressionQuery(options: ExpressionOptions, tables: readonly Table[]): RandomQuery {
  const expressions = new ExpressionGenerator(options);
  const table = options.chance.pick(tables);
  const items = options.chance.some(1, options.daring === 'risky' ? 1 : 4, () =>
    expressions.any(table.columns, options.chance.between(1, 3)),
  );
  const list = items.map((item, i) => `${item.sql} AS x${i}`).join(', ');
  return { sql: `SELECT ${list} FROM ${table.name}`, loose: expressions.loose };
}

export class QueryGenerator {
  readonly #chance: Chance;
  readonly #tables: readonly Table[];
  readonly #options: ExpressionOptions;
  #items: ItemGenerator;
  #names = 0;
  #ctes: (Relation & { name: string })[] = [];

  constructor(options: ExpressionOptions, tables: readonly Table[]) {
    this.#chance = options.chance;
    this.#tables = tables;
    this.#options = options;
    this.#items = new ItemGenerator(options);
  }

  query(): RandomQuery {
    this.#names = 0;
    this.#ctes = [];
    this.#items = new ItemGenerator(this.#options);
    let prefix = '';
    if (this.#chance.oneIn(12)) {
      const { sql, relation } = this.#recursive();
      this.#ctes.push(relation);
      prefix = `WITH RECURSIVE ${sql} `;
    } else if (this.#chance.oneIn(5)) {
      const ctes = this.#chance.some(1, 2, () => {
        const relation = this.#relation(1);
        const name = this.#name();
        this.#ctes.push({ ...relation, name });
        const how = this.#chance.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED ']);
        return `${name} AS ${how}(${relation.sql})`;
      });
      prefix = `WITH ${ctes.join(', ')} `;
    }
    const { sql } = this.#relation(2, true);
    return { sql: prefix + sql, loose: this.#items.loose };
  }

  #relation(depth: number, top = false): Relation {
    switch (this.#chance.below(depth > 0 ? 14 : 4)) {
      case 0:
      case 1:
        return this.#select(depth);
      case 2:
      case 3:
      case 4:
        return this.#grouped(depth, top);
      case 5:
        return this.#setOperation(depth);
      case 6:
        return this.#topRows(depth);
      case 7:
      case 8:
        return windowQuery(this.#items, this.#from(depth - 1), this.#name());
      case 9:
        return this.#distinctOn(depth);
      case 10:
      case 11:
      case 12:
        return this.#withSubquery(depth);
      default:
        return this.#select(depth);
    }
  }

  #select(depth: number): Relation {
    const { from, columns } = this.#from(depth);
    const distinct = this.#chance.oneIn(4);
    const items = this.#chance.some(1, 4, () =>
      distinct ? this.#items.exactItem(columns, 2) : this.#items.item(columns, 2),
    );
    if (this.#chance.oneIn(8)) items.push(selectedSet(this.#items, columns));
    const order =
      this.#chance.oneIn(8) && !distinct
        ? ` ORDER BY ${this.#items.expressions.of('integer', columns, 1)}`
        : '';
    return this.#made(
      `SELECT ${distinct ? 'DISTINCT ' : ''}${aliased(items)} FROM ${from}${this.#items.where(columns)}${order}`,
      items,
    );
  }

  #grouped(depth: number, top: boolean): Relation {
    const { from, columns } = this.#from(depth);
    const keys = this.#chance.some(0, 3, () => notPosition(this.#items.exactItem(columns, 1)));
    const calls = this.#chance.some(1, 3, () => randomAggregate(this.#items, columns, top));
    const having = this.#chance.oneIn(4)
      ? ` HAVING count(*) ${this.#chance.pick(['>', '<'])} ${this.#chance.between(0, 3)}`
      : '';
    const items = [...keys, ...calls];
    if (keys.length > 0 && this.#chance.oneIn(4)) {
      items.push({ sql: `grouping(${keys[0]!.sql})`, type: 'integer', exact: true });
    }
    const group = keys.length === 0 ? '' : ` GROUP BY ${this.#grouping(keys)}`;
    return this.#made(
      `SELECT ${aliased(items)} FROM ${from}${this.#items.where(columns)}${group}${having}`,
      items,
    );
  }

  #grouping(keys: readonly Item[]): string {
    const names = keys.map((key) => key.sql);
    const list = names.join(', ');
    switch (this.#chance.below(8)) {
      case 0:
        return `ROLLUP (${list})`;
      case 1:
        return `CUBE (${names.slice(0, 2).join(', ')})${names.length > 2 ? `, ${names[2]!}` : ''}`;
      case 2:
        return `GROUPING SETS ((${list}), (${names[0]!}), ())`;
      default:
        return list;
    }
  }

  #setOperation(depth: number): Relation {
    const types = this.#chance.some(1, 2, () => this.#chance.pick(simpleKeys));
    const side = (): { sql: string; items: Item[] } => {
      if (this.#chance.oneIn(6)) {
        const rows = this.#chance.some(1, 3, () => {
          const cells = types.map((type) => this.#items.exactConstant(type));
          return `(${cells.join(', ')})`;
        });
        const items = types.map((type) => ({ sql: '', type, exact: exactTypes.has(type) }));
        return { sql: `VALUES ${rows.join(', ')}`, items };
      }
      const { from, columns } = this.#from(depth - 1);
      const items = types.map((type) => this.#items.exactOf(type, columns));
      return { sql: `SELECT ${aliased(items)} FROM ${from}${this.#items.where(columns)}`, items };
    };
    const left = side();
    const operation = this.#chance.pick(['UNION', 'INTERSECT', 'EXCEPT', 'UNION ALL']);
    const all = operation !== 'UNION ALL' && this.#chance.oneIn(3) ? ' ALL' : '';
    const right = side();
    const name = this.#name();
    const names = types.map((_, i) => `x${i}`).join(', ');
    return this.#made(
      `SELECT ${names} FROM ((${left.sql}) ${operation}${all} (${right.sql})) ${name}(${names})`,
      left.items,
    );
  }

  #topRows(depth: number): Relation {
    const { from, columns } = this.#from(depth - 1);
    const items = this.#chance.some(1, 3, () => this.#items.exactItem(columns, 1));
    const order = items.map(
      (_, i) => `x${i}${this.#chance.pick(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`,
    );
    const offset = this.#chance.oneIn(3) ? ` OFFSET ${this.#chance.between(0, 3)}` : '';
    const limit = this.#chance.pick([
      `LIMIT ${this.#chance.between(0, 4)}${offset}`,
      `${offset} FETCH FIRST ${this.#chance.between(1, 3)} ROWS ${this.#chance.pick(['ONLY', 'WITH TIES'])}`,
    ]);
    return this.#made(
      `SELECT ${aliased(items)} FROM ${from}${this.#items.where(columns)} ORDER BY ${order.join(', ')} ${limit}`,
      items,
    );
  }

  #distinctOn(depth: number): Relation {
    const { from, columns } = this.#from(depth - 1);
    const items = this.#chance.some(2, 3, () => this.#items.exactItem(columns, 1));
    const inner = this.#name();
    const rest = items.slice(1).map((_, i) => `x${i + 1}${this.#chance.pick([' DESC', ''])}`);
    return this.#made(
      `SELECT DISTINCT ON (x0) ${items.map((_, i) => `x${i}`).join(', ')} FROM (SELECT ${aliased(items)} FROM ${from}${this.#items.where(columns)}) ${inner} ORDER BY ${['x0', ...rest].join(', ')}`,
      items,
    );
  }

  #withSubquery(depth: number): Relation {
    const made = subqueryQuery(this.#items, {
      outer: this.#from(depth - 1),
      inner: this.#from(depth - 1),
      third: this.#fromItem(0),
      name: () => this.#name(),
    });
    return this.#made(made.sql, made.items);
  }

  /** A recursive query over two columns of integers that comes to an end, as a common table. */
  #recursive(): { sql: string; relation: Relation & { name: string } } {
    const name = this.#name();
    const [base, table, step] = [this.#name(), this.#fromItem(0), this.#name()];
    const integer = this.#chance.pick(
      table.columns.filter((column) => column.type === 'integer'),
    ).name;
    const key = this.#chance.pick(table.columns.filter((column) => column.type === 'integer')).name;
    const start = this.#chance.pick(this.#tables).name;
    const more = this.#chance.oneIn(3)
      ? ` AND ${this.#items.expressions.condition(table.columns, 1)}`
      : '';
    const kind = this.#chance.pick(['JOIN', 'JOIN', 'LEFT JOIN']);
    const on = `${key} ${this.#chance.pick(['=', '=', '>'])} ${step}.n`;
    const sql = `${name}(n, k) AS (SELECT DISTINCT ${base}.id, 0 FROM ${start} ${base} UNION SELECT ${integer}, ${step}.k + 1 FROM ${name} ${step} ${kind} ${table.from} ON ${on} WHERE ${step}.k < ${this.#chance.between(1, 3)}${more})`;
    const columns = ['n', 'k'].map((each): Column => ({
      name: each,
      type: 'integer',
      exact: true,
    }));
    return { sql, relation: { sql, columns, name } };
  }

  #from(depth: number): FromClause {
    const left = this.#fromItem(depth);
    if (this.#chance.oneIn(2)) return left;
    const right = this.#fromItem(depth);
    const columns = [...left.columns, ...right.columns];
    if (this.#chance.oneIn(8)) return this.#named(left);
    const kind = this.#chance.pick([
      'JOIN',
      'LEFT JOIN',
      'RIGHT JOIN',
      'FULL JOIN',
      'CROSS JOIN',
      ',',
    ]);
    if (kind === ',') return { from: `${left.from} CROSS JOIN ${right.from}`, columns };
    if (kind === 'CROSS JOIN') {
      const alias = this.#name();
      const made = tableFunction(this.#items, left.columns, alias);
      const join = this.#chance.pick(['CROSS JOIN', 'CROSS JOIN LATERAL', 'LEFT JOIN']);
      const on = join === 'LEFT JOIN' ? ' ON true' : '';
      return {
        from: `${left.from} ${join} ${made.sql}${on}`,
        columns: [...left.columns, ...made.columns],
      };
    }
    const [a, b] = this.#joinKeys(left.columns, right.columns);
    const more =
      kind !== 'FULL JOIN' && this.#chance.oneIn(3)
        ? ` AND ${this.#items.expressions.condition(columns, 1)}`
        : '';
    const operator = kind !== 'FULL JOIN' && this.#chance.oneIn(5) ? '<' : '=';
    return { from: `${left.from} ${kind} ${right.from} ON ${a} ${operator} ${b}${more}`, columns };
  }

  /** A join by the name of a column, which stands for both then. */
  #named(left: FromClause): FromClause {
    const table = this.#chance.pick(this.#tables);
    const name = this.#name();
    const shared = table.columns.find(
      (column) => this.#chance.oneIn(2) && left.columns.some((each) => sharesName(each, column)),
    );
    const key = shared ?? table.columns[0]!;
    const others = table.columns.filter((column) => column !== key);
    const renamed = others.map((column, i) => `${column.name} AS r${i}`);
    const right = `(SELECT ${[key.name, ...renamed].join(', ')} FROM ${table.name}) ${name}`;
    const columns = [
      ...left.columns,
      { ...key, name: `${name}.${key.name}` },
      ...others.map((column, i) => ({ ...column, name: `${name}.r${i}` })),
    ];
    const kind = this.#chance.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN']);
    if (!left.columns.some((each) => sharesName(each, key))) {
      return { from: `${left.from} CROSS JOIN ${right}`, columns };
    }
    // The merged column goes by its name alone.
    columns.push({ ...key, name: key.name });
    return this.#chance.oneIn(2)
      ? { from: `${left.from} NATURAL ${kind} ${right}`, columns }
      : { from: `${left.from} ${kind} ${right} USING (${key.name})`, columns };
  }

  #joinKeys(left: readonly Column[], right: readonly Column[]): [string, string] {
    const pairs = left.flatMap((a) =>
      right
        .filter((b) => b.type === a.type && a.type !== 'json')
        .map((b) => [a.name, b.name] as const),
    );
    const [a, b] = pairs.length > 0 ? this.#chance.pick(pairs) : ['1', '1'];
    return [a, b];
  }

  #fromItem(depth: number): FromClause {
    const name = this.#name();
    const qualified = (columns: readonly Column[]): Column[] =>
      columns.map((column) => ({ ...column, name: `${name}.${column.name}` }));
    if (this.#ctes.length > 0 && this.#chance.oneIn(2)) {
      const cte = this.#chance.pick(this.#ctes);
      return { from: `${cte.name} ${name}`, columns: qualified(cte.columns) };
    }
    if (depth > 0 && this.#chance.oneIn(4)) {
      const inner = this.#relation(depth - 1);
      return { from: `(${inner.sql}) ${name}`, columns: qualified(inner.columns) };
    }
    if (this.#chance.oneIn(15)) {
      const rows = this.#chance.some(1, 3, () => {
        const text = quote(this.#chance.pick(['a', 'b', '']));
        return `(${this.#items.expressions.constant('integer')}, ${text}::text)`;
      });
      return {
        from: `(VALUES ${rows.join(', ')}) ${name}(i, t)`,
        columns: [
          { name: `${name}.i`, type: 'integer', exact: true },
          { name: `${name}.t`, type: 'text', exact: true },
        ],
      };
    }
    const table = this.#chance.pick(this.#tables);
    return { from: `${table.name} ${name}`, columns: qualified(table.columns) };
  }

  #made(sql: string, items: readonly Item[]): Relation {
    return {
      sql,
      columns: items.map(({ type, exact }, i) => ({ name: `x${i}`, type, exact })),
    };
  }

  #name(): string {
    return `n${++this.#names}`;
  }
}

function sharesName(column: Column, other: Column): boolean {
  const name = column.name.slice(column.name.indexOf('.') + 1);
  return name === other.name && column.type === other.type && column.type !== 'json';
}
