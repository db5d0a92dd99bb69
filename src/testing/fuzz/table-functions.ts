/** Functions that give rows, in FROM and in the select list. Their arguments are total: no row of them fails. */

import type { Item, ItemGenerator } from './items.ts';
import type { Column } from './schema.ts';
import type { TypeName } from './value-types.ts';

interface Rows {
  readonly sql: string;
  readonly columns: readonly (readonly [string, TypeName])[];
}

/** A FROM item that may read the columns of what stands left of it. */
export function tableFunction(
  items: ItemGenerator,
  left: readonly Column[],
  alias: string,
): { sql: string; columns: Column[] } {
  const { chance } = items;
  const made = chance.pick(functions)(items, (type) => items.expressions.of(type, left, 1));
  const numbered = chance.oneIn(3);
  const columns = numbered ? [...made.columns, ['o', 'bigint'] as const] : made.columns;
  const names = columns.map(([name]) => name).join(', ');
  const ordinality = numbered ? ' WITH ORDINALITY' : '';
  return {
    sql: `${made.sql}${ordinality} ${alias}(${names})`,
    columns: columns.map(([name, type]) => ({
      name: `${alias}.${name}`,
      type,
      exact: type !== 'jsonb' && type !== 'json' && type !== 'numeric',
    })),
  };
}

type Make = (items: ItemGenerator, of: (type: TypeName) => string) => Rows;

const functions: readonly Make[] = [
  ({ chance }) => ({
    sql: `generate_series(${chance.between(-1, 2)}, ${chance.between(0, 3)})`,
    columns: [['g', 'integer']],
  }),
  (_, of) => ({ sql: `generate_series(1, ${of('smallint')} % 4)`, columns: [['g', 'integer']] }),
  ({ chance }) => ({
    sql: `generate_series(5::bigint, 1, ${chance.pick(['-1', '-2', '1'])})`,
    columns: [['g', 'bigint']],
  }),
  ({ chance }) => ({
    sql: `generate_series(0.5, 2, ${chance.pick(['0.5', '0.75', '1.00'])})`,
    columns: [['g', 'numeric']],
  }),
  ({ chance }) => ({
    sql: `generate_series('2024-01-31'::timestamp, '2024-04-30', ${chance.pick(["'1 month'", "'36 days 01:00'"])})`,
    columns: [['g', 'timestamp']],
  }),
  (_, of) => ({ sql: `unnest(${of('integer[]')})`, columns: [['e', 'integer']] }),
  (_, of) => ({ sql: `unnest(${of('text[]')})`, columns: [['e', 'text']] }),
  (_, of) => ({
    sql: `unnest(${of('integer[]')}, ${of('text[]')})`,
    columns: [
      ['e', 'integer'],
      ['f', 'text'],
    ],
  }),
  (_, of) => ({ sql: `string_to_table(${of('text')}, 'a')`, columns: [['s', 'text']] }),
  (_, of) => ({ sql: `regexp_split_to_table(${of('text')}, '[ab]')`, columns: [['s', 'text']] }),
  (_, of) => ({
    sql: `regexp_matches(${of('text')}, '([a-z])(.)?', 'g')`,
    columns: [['m', 'text[]']],
  }),
  (_, of) => ({
    sql: `jsonb_array_elements(jsonb_build_array(${of('jsonb')}, ${of('text')}))`,
    columns: [['j', 'jsonb']],
  }),
  (_, of) => ({
    sql: `json_array_elements_text(json_build_array(${of('json')}, ${of('integer')}))`,
    columns: [['j', 'text']],
  }),
  ({ chance }, of) => ({
    sql: `jsonb_path_query(${of('jsonb')}, ${chance.pick(paths)})`,
    columns: [['j', 'jsonb']],
  }),
  (_, of) => ({
    sql: `jsonb_each_text(jsonb_build_object('k', ${of('jsonb')}, 'a', ${of('date')}))`,
    columns: [
      ['k', 'text'],
      ['t', 'text'],
    ],
  }),
  (_, of) => ({
    sql: `jsonb_object_keys(jsonb_build_object('k', 1, coalesce(${of('text')}, '-'), 2))`,
    columns: [['k', 'text']],
  }),
  (_, of) => ({ sql: `generate_subscripts(${of('text[]')}, 1)`, columns: [['i', 'integer']] }),
];

/** Lax paths that fail on no document. */
const paths = [
  ...["'$.b[*]'", "'$[*]'", "'$.**'", "'$.b[*] ? (@ > 1)'", "'$.*.type()'", "'$[*].size()'"],
  ...["'$.b[last]'", "'$ ? (exists (@.a))'", '\'$[*] ? (@ like_regex "^[a-x]")\'', "'$.b[0 to 1]'"],
] as const;

/** A select item that makes rows. */
export function selectedSet(items: ItemGenerator, columns: readonly Column[]): Item {
  const of = (type: TypeName): string => items.expressions.of(type, columns, 1);
  return items.chance.pick<() => Item>([
    () => ({ sql: `unnest(${of('integer[]')})`, type: 'integer', exact: true }),
    () => ({ sql: `unnest(${of('text[]')})`, type: 'text', exact: true }),
    () => ({ sql: 'generate_series(1, 2)', type: 'integer', exact: true }),
    () => ({ sql: `generate_series(1, ${of('smallint')} % 3)`, type: 'integer', exact: true }),
    () => ({ sql: `regexp_split_to_table(${of('text')}, 'b')`, type: 'text', exact: true }),
    () => ({ sql: `string_to_table(${of('text')}, NULL)`, type: 'text', exact: true }),
  ])();
}
