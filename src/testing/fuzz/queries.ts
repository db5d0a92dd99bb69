/**
 * Random queries whose result is determined: keys of groups, orders and set operations are of types where
 * equal values are spelled alike, and limits and windows come with an order over all columns.
 */

import type { Chance } from './chance.ts';
import { allTypes, comparable, ExpressionGenerator } from './expressions.ts';
import type { ExpressionOptions } from './expressions.ts';
import type { Column, Table } from './schema.ts';
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

interface Item {
  readonly sql: string;
  readonly type: TypeName;
  readonly exact: boolean;
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
  #expressions: ExpressionGenerator;
  #names = 0;
  #loose = false;
  #ctes: (Relation & { name: string })[] = [];

  constructor(options: ExpressionOptions, tables: readonly Table[]) {
    this.#chance = options.chance;
    this.#tables = tables;
    this.#options = options;
    this.#expressions = new ExpressionGenerator(options);
  }

  query(): RandomQuery {
    this.#names = 0;
    this.#loose = false;
    this.#ctes = [];
    this.#expressions = new ExpressionGenerator(this.#options);
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
    return { sql: prefix + sql, loose: this.#loose || this.#expressions.loose };
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
        return this.#windowed(depth);
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
      distinct ? this.#exactItem(columns, 2) : this.#item(columns, 2),
    );
    const order =
      this.#chance.oneIn(8) && !distinct
        ? ` ORDER BY ${this.#expressions.of('integer', columns, 1)}`
        : '';
    return this.#made(
      `SELECT ${distinct ? 'DISTINCT ' : ''}${aliased(items)} FROM ${from}${this.#where(columns)}${order}`,
      items,
    );
  }

  #grouped(depth: number, top: boolean): Relation {
    const { from, columns } = this.#from(depth);
    const keys = this.#chance.some(0, 3, () => notPosition(this.#exactItem(columns, 1)));
    const calls = this.#chance.some(1, 3, () => this.#aggregate(columns, top));
    const having = this.#chance.oneIn(4)
      ? ` HAVING count(*) ${this.#chance.pick(['>', '<'])} ${this.#chance.between(0, 3)}`
      : '';
    const items = [...keys, ...calls];
    if (keys.length > 0 && this.#chance.oneIn(4)) {
      items.push({ sql: `grouping(${keys[0]!.sql})`, type: 'integer', exact: true });
    }
    const group = keys.length === 0 ? '' : ` GROUP BY ${this.#grouping(keys)}`;
    return this.#made(
      `SELECT ${aliased(items)} FROM ${from}${this.#where(columns)}${group}${having}`,
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

  #aggregate(columns: readonly Column[], top: boolean): Item {
    const chance = this.#chance;
    const number = chance.pick(['integer', 'smallint', 'bigint', 'numeric', 'integer'] as const);
    const filter = chance.oneIn(4)
      ? ` FILTER (WHERE ${this.#expressions.condition(columns, 1)})`
      : '';
    const distinct = chance.oneIn(3) ? 'DISTINCT ' : '';
    const value = (type: TypeName): string => this.#expressions.of(type, columns, 1);
    const key = (): Item => this.#exactItem(columns, 1);
    const call = (sql: string, type: TypeName, exact = true): Item => ({
      sql: sql + filter,
      type,
      exact,
    });
    switch (chance.below(15)) {
      case 0:
        return call('count(*)', 'bigint');
      case 1:
        return call(`count(${distinct}${key().sql})`, 'bigint');
      case 2:
      case 3: {
        const type = number === 'bigint' || number === 'numeric' ? 'numeric' : 'bigint';
        return call(`sum(${distinct}${value(number)})`, type, number !== 'numeric');
      }
      case 4:
        return call(`avg(${value(number)})`, 'numeric', false);
      case 5:
      case 6: {
        const { sql, type } = key();
        if (!ordered.has(type)) return call('count(*)', 'bigint');
        return call(`${chance.pick(['min', 'max'])}(${sql})`, type);
      }
      case 7:
        return call(
          `${chance.pick(['bool_and', 'bool_or', 'every'])}(${value('boolean')})`,
          'boolean',
        );
      case 8: {
        const type = chance.pick(['integer', 'bigint', 'smallint'] as const);
        return call(`${chance.pick(['bit_and', 'bit_or', 'bit_xor'])}(${value(type)})`, type);
      }
      case 9: {
        const item = value('text');
        return call(`string_agg(${distinct}${item}, ',' ORDER BY ${item})`, 'text');
      }
      case 10: {
        const { sql, type } = this.#exactOf(
          chance.pick(['integer', 'text', 'bigint'] as const),
          columns,
        );
        const order = `${sql}${chance.pick(['', ' DESC', ' NULLS FIRST'])}`;
        return call(`array_agg(${distinct}${sql} ORDER BY ${order})`, `${type}[]` as TypeName);
      }
      case 11: {
        const { sql } = key();
        const name = chance.pick(['json_agg', 'jsonb_agg']);
        return {
          sql: `(${name}(${sql} ORDER BY ${sql})${filter})::text`,
          type: 'text',
          exact: true,
        };
      }
      case 12: {
        if (!top) return call('count(*)', 'bigint');
        const name = chance.pick(['stddev', 'variance', 'var_pop', 'stddev_pop', 'var_samp']);
        return call(`${name}(${value(number)})`, 'numeric', false);
      }
      case 13: {
        if (!top) return call('count(*)', 'bigint');
        this.#loose = true;
        const type = chance.pick(['double precision', 'double precision', 'real'] as const);
        const [x, y] = [value('double precision'), value('double precision')];
        return call(
          chance.pick([
            `sum(${value(type)})`,
            `avg(${value(type)})`,
            `stddev(${x})`,
            `regr_slope(${x}, ${y})`,
            `covar_pop(${x}, ${y})`,
            `regr_count(${x}, ${y})`,
          ]),
          'double precision',
          false,
        );
      }
      default: {
        const { sql, type } = key();
        if (!ordered.has(type)) return call('count(*)', 'bigint');
        if (chance.oneIn(3)) {
          return call(`percentile_disc(0.5) WITHIN GROUP (ORDER BY ${sql})`, type);
        }
        if (chance.oneIn(2)) return call(`mode() WITHIN GROUP (ORDER BY ${sql})`, type);
        return call(
          `percentile_cont(${chance.pick(['0.5', '0.25', '1'])}) WITHIN GROUP (ORDER BY ${value('integer')})`,
          'double precision',
          false,
        );
      }
    }
  }

  #setOperation(depth: number): Relation {
    const types = this.#chance.some(1, 2, () => this.#chance.pick(simpleKeys));
    const side = (): { sql: string; items: Item[] } => {
      if (this.#chance.oneIn(6)) {
        const rows = this.#chance.some(1, 3, () => {
          const cells = types.map((type) => this.#expressions.constant(type));
          return `(${cells.join(', ')})`;
        });
        const items = types.map((type) => ({ sql: '', type, exact: exactTypes.has(type) }));
        return { sql: `VALUES ${rows.join(', ')}`, items };
      }
      const { from, columns } = this.#from(depth - 1);
      const items = types.map((type) => this.#exactOf(type, columns));
      return { sql: `SELECT ${aliased(items)} FROM ${from}${this.#where(columns)}`, items };
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
    const items = this.#chance.some(1, 3, () => this.#exactItem(columns, 1));
    const order = items.map(
      (_, i) => `x${i}${this.#chance.pick(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`,
    );
    const offset = this.#chance.oneIn(3) ? ` OFFSET ${this.#chance.between(0, 3)}` : '';
    const limit = this.#chance.pick([
      `LIMIT ${this.#chance.between(0, 4)}${offset}`,
      `${offset} FETCH FIRST ${this.#chance.between(1, 3)} ROWS ${this.#chance.pick(['ONLY', 'WITH TIES'])}`,
    ]);
    return this.#made(
      `SELECT ${aliased(items)} FROM ${from}${this.#where(columns)} ORDER BY ${order.join(', ')} ${limit}`,
      items,
    );
  }

  #distinctOn(depth: number): Relation {
    const { from, columns } = this.#from(depth - 1);
    const items = this.#chance.some(2, 3, () => this.#exactItem(columns, 1));
    const inner = this.#name();
    const rest = items.slice(1).map((_, i) => `x${i + 1}${this.#chance.pick([' DESC', ''])}`);
    return this.#made(
      `SELECT DISTINCT ON (x0) ${items.map((_, i) => `x${i}`).join(', ')} FROM (SELECT ${aliased(items)} FROM ${from}${this.#where(columns)}) ${inner} ORDER BY ${['x0', ...rest].join(', ')}`,
      items,
    );
  }

  /** Window functions over rows that are alike in everything when they are equal in the order. */
  #windowed(depth: number): Relation {
    const { from, columns } = this.#from(depth - 1);
    const items = [
      this.#exactOf('integer', columns),
      ...this.#chance.some(1, 2, () => this.#exactItem(columns, 1)),
    ];
    const names = items.map((_, i) => `x${i}`);
    const order = names.map((name) => name + this.#chance.pick([' DESC', '', '', ' NULLS FIRST']));
    // All over one window: which of equal rows comes first is the same for all.
    const partition = this.#chance.oneIn(3) ? '' : `PARTITION BY ${this.#chance.pick(names)} `;
    const calls = this.#chance.some(1, 2, (index) => {
      const made = this.#windowCall(items);
      const frame = made.framed ? this.#frame() : '';
      return {
        ...made,
        sql: `${made.sql} OVER (${partition}ORDER BY ${order.join(', ')}${frame}) AS w${index}`,
      };
    });
    const all: Column[] = [
      ...items.map((item, i) => ({ name: `x${i}`, type: item.type, exact: item.exact })),
      ...calls.map((call, i) => ({ name: `w${i}`, type: call.type, exact: call.exact })),
    ];
    const inner = this.#name();
    const where = this.#where(columns);
    return {
      sql: `SELECT ${[...names, ...calls.map((call) => call.sql)].join(', ')} FROM (SELECT ${aliased(items)} FROM ${from}${where}) ${inner}`,
      columns: all,
    };
  }

  #windowCall(items: readonly Item[]): Item & { framed: boolean } {
    const index = this.#chance.below(items.length);
    const { type, exact } = items[index]!;
    const x = `x${index}`;
    const call = (sql: string, result: TypeName, framed = false, sure = true) => ({
      sql,
      type: result,
      exact: sure,
      framed,
    });
    switch (this.#chance.below(13)) {
      case 0:
        return call('row_number()', 'bigint');
      case 1:
        return call('rank()', 'bigint');
      case 2:
        return call('dense_rank()', 'bigint');
      case 3:
        return call(`ntile(${this.#chance.between(1, 4)})`, 'integer');
      case 4:
        return call(`lag(${x}${this.#chance.pick(['', ', 1', ', 2'])})`, type, false, exact);
      case 5:
        return call(`lead(${x}, 1)`, type, false, exact);
      case 6:
        return call(`first_value(${x})`, type, true, exact);
      case 7:
        return call(`last_value(${x})`, type, true, exact);
      case 8:
        return call(`nth_value(${x}, 2)`, type, true, exact);
      case 9:
        return call('sum(x0)', 'bigint', true);
      case 10:
        return call(`count(${x})`, 'bigint', true);
      case 11:
        return call(`${this.#chance.pick(['max', 'min'])}(x0)`, 'integer', true);
      default:
        return call(
          this.#chance.pick(['cume_dist()', 'percent_rank()']),
          'double precision',
          false,
          false,
        );
    }
  }

  #frame(): string {
    const bound = (after: boolean): string =>
      this.#chance.pick(
        after
          ? ['CURRENT ROW', '1 FOLLOWING', '2 FOLLOWING', 'UNBOUNDED FOLLOWING']
          : ['UNBOUNDED PRECEDING', '1 PRECEDING', '2 PRECEDING', 'CURRENT ROW'],
      );
    const exclude = this.#chance.pick([
      '',
      '',
      '',
      ' EXCLUDE CURRENT ROW',
      ' EXCLUDE TIES',
      ' EXCLUDE GROUP',
    ]);
    switch (this.#chance.below(4)) {
      case 0:
        return ` ROWS BETWEEN ${bound(false)} AND ${bound(true)}${exclude}`;
      case 1:
        return ` GROUPS BETWEEN ${bound(false)} AND ${bound(true)}${exclude}`;
      case 2:
        return ` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW${exclude}`;
      default:
        return '';
    }
  }

  #withSubquery(depth: number): Relation {
    const { from, columns } = this.#from(depth - 1);
    const inner = this.#from(depth - 1);
    const both = [...columns, ...inner.columns];
    const condition = this.#expressions.condition(both, 1);
    const items = this.#chance.some(1, 3, () => this.#item(columns, 1));
    const where = (test: string): Relation =>
      this.#made(`SELECT ${aliased(items)} FROM ${from} WHERE ${test}`, items);
    const type = this.#chance.pick(simpleKeys);
    const outerValue = this.#expressions.of(type, columns, 1);
    const innerValue = this.#expressions.of(type, inner.columns, 1);
    const linked = this.#chance.oneIn(2) ? ` WHERE ${condition}` : this.#where(inner.columns);
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
        const call = this.#aggregate(inner.columns, false);
        return this.#made(
          `SELECT ${aliased([...items, { ...call, sql: `(SELECT ${call.sql} FROM ${inner.from}${linked})` }])} FROM ${from}`,
          [...items, call],
        );
      }
      case 6: {
        const key = this.#exactOf(type, inner.columns);
        const one = `(SELECT ${key.sql} FROM ${inner.from}${linked} ORDER BY 1 LIMIT 1)`;
        const all = [...items, { ...key, sql: one }];
        return this.#made(`SELECT ${aliased(all)} FROM ${from}`, all);
      }
      case 7: {
        const key = this.#exactOf(this.#chance.pick(['integer', 'text'] as const), inner.columns);
        const many = `ARRAY(SELECT ${key.sql} FROM ${inner.from}${linked} ORDER BY 1)`;
        const all = [...items, { sql: many, type: `${key.type}[]` as TypeName, exact: true }];
        return this.#made(`SELECT ${aliased(all)} FROM ${from}`, all);
      }
      default: {
        const name = this.#name();
        const call = this.#aggregate(inner.columns, false);
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
      const width = this.#chance.between(1, 3);
      const series = this.#name();
      const of = left.columns.find(
        (column) => column.type === 'integer[]' || column.type === 'text[]',
      );
      if (of !== undefined && this.#chance.oneIn(2)) {
        const type = of.type === 'text[]' ? 'text' : 'integer';
        return {
          from: `${left.from} CROSS JOIN unnest(${of.name}) WITH ORDINALITY ${series}(e, o)`,
          columns: [
            ...left.columns,
            { name: `${series}.e`, type, exact: true },
            { name: `${series}.o`, type: 'bigint', exact: true },
          ],
        };
      }
      return {
        from: `${left.from} CROSS JOIN generate_series(1, ${width}) ${series}(g)`,
        columns: [...left.columns, { name: `${series}.g`, type: 'integer', exact: true }],
      };
    }
    const [a, b] = this.#joinKeys(left.columns, right.columns);
    const more =
      kind !== 'FULL JOIN' && this.#chance.oneIn(3)
        ? ` AND ${this.#expressions.condition(columns, 1)}`
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
        return `(${this.#expressions.constant('integer')}, ${text}::text)`;
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

  #where(columns: readonly Column[]): string {
    return this.#chance.oneIn(2) ? '' : ` WHERE ${this.#expressions.condition(columns, 2)}`;
  }

  #item(columns: readonly Column[], depth: number): Item {
    if (columns.length > 0 && this.#chance.oneIn(3)) {
      const column = this.#chance.pick(columns);
      return { sql: column.name, type: column.type, exact: column.exact };
    }
    const type = this.#chance.oneIn(2)
      ? this.#chance.pick(columns).type
      : this.#chance.pick(allTypes);
    return { sql: this.#expressions.of(type, columns, depth), type, exact: false };
  }

  /** A value fit to be a key. */
  #exactItem(columns: readonly Column[], depth: number): Item {
    const exact = columns.filter((column) => column.exact && exactTypes.has(column.type));
    if (exact.length > 0 && !this.#chance.oneIn(3)) {
      const column = this.#chance.pick(exact);
      return { sql: column.name, type: column.type, exact: true };
    }
    const type = this.#chance.pick(comparable);
    return exactly(this.#expressions.of(type, columns, depth), type);
  }

  #exactOf(type: TypeName, columns: readonly Column[]): Item {
    return exactly(this.#expressions.of(type, columns, 1), type);
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

/** A bare number in GROUP BY would be the place of a column. */
function notPosition(item: Item): Item {
  return /^\d+$/.test(item.sql) ? { ...item, sql: `${item.sql} + 0` } : item;
}

function aliased(items: readonly Item[]): string {
  return items.map((item, i) => `${item.sql} AS x${i}`).join(', ');
}

/** Types whose equal values are always spelled alike, however they were made. */
const exactTypes: ReadonlySet<TypeName> = new Set([
  ...(['boolean', 'smallint', 'integer', 'bigint', 'numeric', 'text', 'varchar', 'bytea'] as const),
  ...([
    'date',
    'time',
    'timetz',
    'timestamp',
    'timestamptz',
    'uuid',
    'integer[]',
    'text[]',
  ] as const),
  ...(['bigint[]', 'timestamp[]', 'boolean[]'] as const),
]);

/** Types that have min and max. */
const ordered: ReadonlySet<TypeName> = new Set([
  ...(['smallint', 'integer', 'bigint', 'numeric', 'text', 'varchar', 'date', 'time'] as const),
  ...(['timetz', 'timestamp', 'timestamptz', 'integer[]', 'text[]', 'double precision'] as const),
]);

const simpleKeys = [
  'integer',
  'text',
  'bigint',
  'numeric',
  'date',
  'timestamp',
  'integer',
  'varchar',
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
      return { sql: `(${sql})::text`, type: 'text', exact: true };
    default:
      return { sql, type, exact: true };
  }
}
