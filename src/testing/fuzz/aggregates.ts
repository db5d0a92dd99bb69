/** Random aggregate calls, with FILTER, DISTINCT and ORDER BY, whose result is determined. */

import type { Item, ItemGenerator } from './items.ts';
import { ordered } from './items.ts';
import type { Column } from './schema.ts';
import { quote, type TypeName } from './value-types.ts';

/** `top`: the result is shown and goes nowhere else, so that its last digit may differ. */
export function randomAggregate(
  items: ItemGenerator,
  columns: readonly Column[],
  top: boolean,
): Item {
  const { chance, expressions } = items;
  const kinds = top ? [...plainKinds, ...shownKinds] : plainKinds;
  const made = chance.pick(kinds)({
    items,
    value: (type) => expressions.of(type, columns, 1),
    key: () => items.exactItem(columns, 1),
    exactOf: (type) => items.exactOf(type, columns),
    distinct: chance.oneIn(3) ? 'DISTINCT ' : '',
  });
  const filter = chance.oneIn(4) ? ` FILTER (WHERE ${expressions.condition(columns, 1)})` : '';
  const { wrap = (sql: string) => sql, exact = true } = made;
  return { sql: wrap(made.sql + filter), type: made.type, exact };
}

interface Draw {
  readonly items: ItemGenerator;
  readonly value: (type: TypeName) => string;
  /** A value fit to be compared and shown. */
  readonly key: () => Item;
  readonly exactOf: (type: TypeName) => Item;
  readonly distinct: string;
}

interface Call {
  readonly sql: string;
  readonly type: TypeName;
  readonly exact?: boolean;
  /** What goes around the call and its FILTER. */
  readonly wrap?: (sql: string) => string;
}

type Kind = (draw: Draw) => Call;

const numbers = ['integer', 'smallint', 'bigint', 'numeric', 'integer'] as const;
const countAll: Call = { sql: 'count(*)', type: 'bigint' };
const asText = (sql: string): string => `(${sql})::text`;

/** Results that are exact, and the same in any order of rows. */
const plainKinds: readonly Kind[] = [
  () => countAll,
  ({ key, distinct }) => ({ sql: `count(${distinct}${key().sql})`, type: 'bigint' }),
  ({ key, value }) => ({
    sql: `count(DISTINCT (${key().sql}, ${value('integer')}))`,
    type: 'bigint',
  }),
  ...Array<Kind>(2).fill(({ items, value, distinct }) => {
    const number = items.chance.pick(numbers);
    const type = number === 'bigint' || number === 'numeric' ? 'numeric' : 'bigint';
    return { sql: `sum(${distinct}${value(number)})`, type, exact: number !== 'numeric' };
  }),
  ({ items, value, distinct }) => ({
    sql: `avg(${distinct}${value(items.chance.pick(numbers))})`,
    type: 'numeric',
    exact: false,
  }),
  ({ items, value }) => ({
    sql: `${items.chance.pick(['sum', 'avg'])}(${value('interval')})`,
    type: 'interval',
    exact: false,
  }),
  ...Array<Kind>(2).fill(({ items, key }) => {
    const { sql, type } = key();
    if (!ordered.has(type)) return countAll;
    return { sql: `${items.chance.pick(['min', 'max'])}(${sql})`, type };
  }),
  ({ items, value }) => ({
    sql: `${items.chance.pick(['bool_and', 'bool_or', 'every'])}(${value('boolean')})`,
    type: 'boolean',
  }),
  ({ items, value, distinct }) => {
    const type = items.chance.pick(['integer', 'bigint', 'smallint'] as const);
    const name = items.chance.pick(['bit_and', 'bit_or', 'bit_xor']);
    return { sql: `${name}(${distinct}${value(type)})`, type };
  },
  ({ items, value, distinct }) => {
    const item = value('text');
    const by = distinct === '' ? `, ${quote(items.chance.pick([',', '', ' - ']))}` : `, ','`;
    return { sql: `string_agg(${distinct}${item}${by} ORDER BY ${item})`, type: 'text' };
  },
  ({ value }) => {
    const item = value('bytea');
    return { sql: `string_agg(${item}, '\\x00'::bytea ORDER BY ${item} DESC)`, type: 'bytea' };
  },
  ({ items, exactOf, distinct }) => {
    const wanted = items.chance.pick(['integer', 'text', 'bigint', 'date', 'boolean'] as const);
    const { sql, type } = exactOf(wanted);
    const order = `${sql}${items.chance.pick(['', ' DESC', ' NULLS FIRST'])}`;
    return { sql: `array_agg(${distinct}${sql} ORDER BY ${order})`, type: `${type}[]` as TypeName };
  },
  ({ key }) => {
    const [{ sql: a, type }, { sql: b }] = [key(), key()];
    // Arrays that are empty or NULL cannot be put together.
    if (type.endsWith('[]')) return countAll;
    return { sql: `array_agg(${a} ORDER BY ${a} DESC, ${b})`, type: 'text', wrap: asText };
  },
  ({ items, key }) => {
    const { sql } = key();
    const name = items.chance.pick(['json_agg', 'jsonb_agg']);
    return { sql: `${name}(${sql} ORDER BY ${sql})`, type: 'text', wrap: asText };
  },
  ({ items, exactOf, key }) => {
    const [name, value] = [exactOf('text').sql, key().sql];
    const call = items.chance.pick(['json_object_agg', 'jsonb_object_agg']);
    const args = `coalesce(${name}, '-'), ${value} ORDER BY ${name}, ${value}`;
    return { sql: `${call}(${args})`, type: 'text', wrap: asText };
  },
  ({ items, key }) => {
    const { sql, type } = key();
    if (!ordered.has(type)) return countAll;
    const call = items.chance.pick(['percentile_disc(0.5)', 'mode()', 'percentile_disc(0)']);
    return { sql: `${call} WITHIN GROUP (ORDER BY ${sql})`, type };
  },
  ({ items, exactOf }) => {
    const { sql } = exactOf(items.chance.pick(['integer', 'bigint', 'text'] as const));
    const call = `percentile_disc('{0,0.4,1,NULL}'::float8[]) WITHIN GROUP (ORDER BY ${sql})`;
    return { sql: call, type: 'text', wrap: asText };
  },
  ({ items, value }) => ({
    sql: `percentile_cont(${items.chance.pick(['0.5', '0.25', '1'])}) WITHIN GROUP (ORDER BY ${value('integer')})`,
    type: 'double precision',
    exact: false,
  }),
  ({ items, value }) => ({
    sql: `percentile_cont(${items.chance.pick(['0.5', '0.9'])}) WITHIN GROUP (ORDER BY ${value('interval')})`,
    type: 'interval',
    exact: false,
  }),
  ({ value }) => ({
    sql: `regr_count(${value('double precision')}, ${value('double precision')})`,
    type: 'bigint',
  }),
];

/** Results whose last digits hang on the order of rows, or whose scale is nothing to compute with. */
const shownKinds: readonly Kind[] = [
  ({ items, value, distinct }) => {
    const name = items.chance.pick([
      ...['stddev', 'variance', 'var_pop', 'stddev_pop', 'var_samp', 'stddev_samp'],
    ]);
    const number = items.chance.pick(numbers);
    return { sql: `${name}(${distinct}${value(number)})`, type: 'numeric', exact: false };
  },
  ({ items, value }) => {
    items.loosen();
    const type = items.chance.pick(['double precision', 'double precision', 'real'] as const);
    const name = items.chance.pick(['sum', 'avg', 'stddev', 'var_pop']);
    return { sql: `${name}(${value(type)})`, type: 'double precision', exact: false };
  },
  ({ items, value }) => {
    items.loosen();
    const name = items.chance.pick([
      ...['corr', 'covar_pop', 'covar_samp', 'regr_avgx', 'regr_avgy', 'regr_intercept'],
      ...['regr_r2', 'regr_slope', 'regr_sxx', 'regr_sxy', 'regr_syy'],
    ]);
    // Of values that all are 0.1 PostgreSQL finds a variance that is not zero.
    return {
      sql: `${name}(${value('smallint')}, ${value('smallint')})`,
      type: 'double precision',
      exact: false,
    };
  },
  ({ items, value }) => {
    items.loosen();
    return {
      sql: `percentile_cont('{0.1,0.5,NULL}'::float8[]) WITHIN GROUP (ORDER BY ${value('double precision')})`,
      type: 'text',
      wrap: asText,
    };
  },
];
