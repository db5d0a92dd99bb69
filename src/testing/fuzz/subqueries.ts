/**
 * Queries with a subquery, correlated or not, in every place that takes one. Where a subquery gives one of several
 * rows, they are in a total order.
 */

import { randomAggregate } from './aggregates.ts';
import { aliased, type Item, type ItemGenerator, simpleKeys } from './items.ts';
import type { Column } from './schema.ts';
import type { TypeName } from './value-types.ts';

interface From {
  readonly from: string;
  readonly columns: readonly Column[];
}

interface Made {
  readonly sql: string;
  readonly items: readonly Item[];
}

export interface SubqueryParts {
  readonly outer: From;
  readonly inner: From;
  /** For a subquery within the subquery. */
  readonly third: From;
  readonly name: () => string;
}

export function subqueryQuery(items: ItemGenerator, parts: SubqueryParts): Made {
  const { chance, expressions } = items;
  const { from, columns } = parts.outer;
  const { inner, third } = parts;
  const condition = expressions.condition([...columns, ...inner.columns], 1);
  const shown = chance.some(1, 3, () => items.item(columns, 1));
  const type = chance.pick(simpleKeys);
  const outerValue = expressions.of(type, columns, 1);
  const innerValue = expressions.of(type, inner.columns, 1);
  const linked = chance.oneIn(2) ? ` WHERE ${condition}` : items.where(inner.columns);
  const not = chance.pick(['', 'NOT ']);
  const where = (test: string): Made => ({
    sql: `SELECT ${aliased(shown)} FROM ${from} WHERE ${test}`,
    items: shown,
  });
  const withItem = (item: Item): Made => {
    const all = [...shown, item];
    return { sql: `SELECT ${aliased(all)} FROM ${from}`, items: all };
  };
  const exists = `${not}EXISTS (SELECT 1 FROM ${inner.from} WHERE ${condition})`;
  const isIn = `${outerValue} ${not}IN (SELECT ${innerValue} FROM ${inner.from}${linked})`;
  const aggregate = (): Item => {
    const call = randomAggregate(items, inner.columns, false);
    return { ...call, sql: `(SELECT ${call.sql} FROM ${inner.from}${linked})` };
  };
  const lateral = (query: string, list: readonly Item[]): Made => {
    const name = parts.name();
    const [join, on] = chance.pick([
      ['CROSS JOIN LATERAL', ''],
      ['LEFT JOIN LATERAL', ' ON true'],
      ['JOIN LATERAL', ' ON true'],
    ] as const);
    const all = [...shown, ...list.map((item, i) => ({ ...item, sql: `${name}.v${i}` }))];
    return {
      sql: `SELECT ${aliased(all)} FROM ${from} ${join} (${query}) ${name}${on}`,
      items: all,
    };
  };
  return chance.pick<() => Made>([
    () => where(exists),
    () => where(exists),
    () => where(isIn),
    () => where(isIn),
    () => {
      const operator = chance.pick(['=', '<', '>=', '<>']);
      const quantifier = chance.pick(['ANY', 'ALL']);
      return where(
        `${outerValue} ${operator} ${quantifier} (SELECT ${innerValue} FROM ${inner.from}${linked})`,
      );
    },
    () => withItem(aggregate()),
    () => {
      const key = items.exactOf(type, inner.columns);
      const order = chance.pick(['', ' DESC', ' NULLS FIRST']);
      const tail = `ORDER BY 1${order} ${chance.pick(['LIMIT 1', 'LIMIT 1 OFFSET 1'])}`;
      return withItem({ ...key, sql: `(SELECT ${key.sql} FROM ${inner.from}${linked} ${tail})` });
    },
    () => {
      const key = items.exactOf(chance.pick(['integer', 'text'] as const), inner.columns);
      const sql = `ARRAY(SELECT ${key.sql} FROM ${inner.from}${linked} ORDER BY 1)`;
      return withItem({ sql, type: `${key.type}[]` as TypeName, exact: true });
    },
    () => {
      const call = randomAggregate(items, inner.columns, false);
      return lateral(`SELECT ${call.sql} AS v0 FROM ${inner.from}${linked}`, [call]);
    },
    () => {
      // The first rows for each row of the outer query.
      const keys = chance.some(1, 2, () => items.exactItem(inner.columns, 1));
      const list = keys.map((key, i) => `${key.sql} AS v${i}`).join(', ');
      const order = keys.map((_, i) => `v${i}${chance.pick(['', ' DESC'])}`).join(', ');
      const tail = `ORDER BY ${order} LIMIT ${chance.between(1, 2)}`;
      return lateral(`SELECT ${list} FROM ${inner.from}${linked} ${tail}`, keys);
    },
    () => {
      const key = items.exactOf(type, inner.columns);
      const call = randomAggregate(items, inner.columns, false);
      const list = `${key.sql} + 0 AS v0`.replace(' + 0', type === 'integer' ? ' + 0' : '');
      const group = `SELECT ${list}, ${call.sql} AS v1 FROM ${inner.from}${linked} GROUP BY 1`;
      return lateral(group, [key, call]);
    },
    () => {
      // A subquery within the subquery, which may look at both rows around it.
      const all = [...columns, ...inner.columns, ...third.columns];
      const test = `EXISTS (SELECT 1 FROM ${third.from} WHERE ${expressions.condition(all, 1)})`;
      const call = randomAggregate(items, inner.columns, false);
      const sql = `(SELECT ${call.sql} FROM ${inner.from} WHERE ${chance.pick(['', 'NOT '])}${test})`;
      return withItem({ ...call, sql });
    },
    () => {
      const test = chance.pick([exists, isIn]);
      const sql = `CASE WHEN ${test} THEN 1 ELSE 0 END`;
      return withItem({ sql, type: 'integer', exact: true });
    },
    () => withItem({ sql: `(${chance.pick([exists, isIn])})`, type: 'boolean', exact: true }),
    () => {
      const other = chance.pick(simpleKeys);
      const left = `(${outerValue}, ${expressions.of(other, columns, 1)})`;
      const right = `SELECT ${innerValue}, ${expressions.of(other, inner.columns, 1)}`;
      return where(`${left} ${not}IN (${right} FROM ${inner.from}${linked})`);
    },
    () => {
      // In HAVING, over the groups' keys.
      const key = items.exactOf(type, columns);
      const group = parts.name();
      const named: Column = { name: `${group}.g`, type: key.type, exact: true };
      const test = expressions.condition([named, ...inner.columns], 1);
      const sql = `SELECT g AS x0, count(*) AS x1 FROM (SELECT ${key.sql} AS g FROM ${from}) ${group} GROUP BY g HAVING ${not}EXISTS (SELECT 1 FROM ${inner.from} WHERE ${test})`;
      return { sql, items: [key, { sql: '', type: 'bigint', exact: true }] };
    },
  ])();
}
