/**
 * Random queries whose result is determined: keys of groups, orders and set operations are of types where
 * equal values are spelled alike, and limits and windows come with an order over all columns.
 */

import type { Chance } from './chance.ts';
import { randomAggregate } from './aggregates.ts';
import { ExpressionGenerator, type ExpressionOptions } from './expressions.ts';
import { aliased, exactTypes, type Item, ItemGenerator, notPosition, simpleKeys } from './items.ts';
import type { Column, Table } from './schema.ts';
import { selectedSet, tableFunction } from './table-functions.ts';
import { windowQuery } from './windows.ts';
import { quote, type TypeName } from './value-types.ts';

export interface RandomQuery {
  readonly sql: string;
  /** Floating point results may differ in their last digits. */
  readonly loose: boolean;
}

interface Relation {
  readonly sql: string;
  readonly columns: readonly Column[];
}

interface FromClause {
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
    if (this.#chance.oneIn(5)) {
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
          const cells = types.map((type) => this.#items.expressions.constant(type));
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
    const { from, columns } = this.#from(depth - 1);
    const inner = this.#from(depth - 1);
    const both = [...columns, ...inner.columns];
    const condition = this.#items.expressions.condition(both, 1);
    const items = this.#chance.some(1, 3, () => this.#items.item(columns, 1));
    const where = (test: string): Relation =>
      this.#made(`SELECT ${aliased(items)} FROM ${from} WHERE ${test}`, items);
    const type = this.#chance.pick(simpleKeys);
    const outerValue = this.#items.expressions.of(type, columns, 1);
    const innerValue = this.#items.expressions.of(type, inner.columns, 1);
    const linked = this.#chance.oneIn(2) ? ` WHERE ${condition}` : this.#items.where(inner.columns);
    switch (this.#chance.below(9)) {
      case 0:
      case 1:
        return where(
          `${this.#chance.pick(['', 'NOT '])}EXISTS (SELECT 1 FROM ${inner.from} WHERE ${condition})`,
        );
      case 2:
      case 3:
        return where(
          `${outerValue} ${this.#chance.pick(['', 'NOT '])}IN (SELECT ${innerValue} FROM ${inner.from}${linked})`,
        );
      case 4:
        return where(
          `${outerValue} ${this.#chance.pick(['=', '<', '>=', '<>'])} ${this.#chance.pick(['ANY', 'ALL'])} (SELECT ${innerValue} FROM ${inner.from}${linked})`,
        );
      case 5: {
        const call = randomAggregate(this.#items, inner.columns, false);
        return this.#made(
          `SELECT ${aliased([...items, { ...call, sql: `(SELECT ${call.sql} FROM ${inner.from}${linked})` }])} FROM ${from}`,
          [...items, call],
        );
      }
      case 6: {
        const key = this.#items.exactOf(type, inner.columns);
        const one = `(SELECT ${key.sql} FROM ${inner.from}${linked} ORDER BY 1 LIMIT 1)`;
        const all = [...items, { ...key, sql: one }];
        return this.#made(`SELECT ${aliased(all)} FROM ${from}`, all);
      }
      case 7: {
        const key = this.#items.exactOf(
          this.#chance.pick(['integer', 'text'] as const),
          inner.columns,
        );
        const many = `ARRAY(SELECT ${key.sql} FROM ${inner.from}${linked} ORDER BY 1)`;
        const all = [...items, { sql: many, type: `${key.type}[]` as TypeName, exact: true }];
        return this.#made(`SELECT ${aliased(all)} FROM ${from}`, all);
      }
      default: {
        const name = this.#name();
        const call = randomAggregate(this.#items, inner.columns, false);
        const join = this.#chance.pick(['CROSS JOIN', 'LEFT JOIN']);
        const on = join === 'LEFT JOIN' ? ' ON true' : '';
        const all = [...items, { ...call, sql: `${name}.v` }];
        return this.#made(
          `SELECT ${aliased(all)} FROM ${from} ${join} LATERAL (SELECT ${call.sql} AS v FROM ${inner.from}${linked}) ${name}${on}`,
          all,
        );
      }
    }
  }

  #from(depth: number): FromClause {
    const left = this.#fromItem(depth);
    if (this.#chance.oneIn(2)) return left;
    const right = this.#fromItem(depth);
    const columns = [...left.columns, ...right.columns];
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
