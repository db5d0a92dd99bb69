/**
 * Window functions over rows that are alike in everything when they are equal in the order, so that which of
 * them comes first is no question: every call's order ends with all columns of the row.
 */

import { aliased, type Item, type ItemGenerator } from './items.ts';
import type { Column } from './schema.ts';
import type { TypeName } from './value-types.ts';

interface WindowCall extends Item {
  readonly framed: boolean;
}

/** A query over `from`, its columns x0, x1 … and w0, w1 …; x0 is an integer. */
export function windowQuery(
  generator: ItemGenerator,
  { from, columns }: { readonly from: string; readonly columns: readonly Column[] },
  inner: string,
): { sql: string; columns: Column[] } {
  const { chance } = generator;
  const items = [
    generator.exactOf('integer', columns),
    ...chance.some(1, 2, () => generator.exactItem(columns, 1)),
  ];
  const names = items.map((_, i) => `x${i}`);
  // All over one order: which of equal rows comes first is the same for all.
  const order = names.map((name) => name + chance.pick([' DESC', '', '', ' NULLS FIRST']));
  const partition = chance.oneIn(3) ? '' : `PARTITION BY ${chance.pick(names)} `;
  const byOrder = `ORDER BY ${order.join(', ')}`;
  const named = chance.oneIn(3);
  const calls = chance.some(1, 3, (index) => {
    const made = windowCall(generator, items);
    const frame = made.framed ? randomFrame(generator) : '';
    const over = named
      ? frame === ''
        ? chance.pick(['w', '(w)'])
        : `(w${frame})`
      : `(${partition}${byOrder}${frame})`;
    return { ...made, sql: `${made.sql} OVER ${over} AS w${index}` };
  });
  if (chance.oneIn(3)) calls.push(rangeCall(generator, partition, calls.length));
  const all: Column[] = [
    ...items.map((item, i) => ({ name: `x${i}`, type: item.type, exact: item.exact })),
    ...calls.map((call, i) => ({ name: `w${i}`, type: call.type, exact: call.exact })),
  ];
  const list = [...names, ...calls.map((call) => call.sql)].join(', ');
  const rows = `(SELECT ${aliased(items)} FROM ${from}${generator.where(columns)}) ${inner}`;
  const definition = named ? ` WINDOW w AS (${partition}${byOrder})` : '';
  return { sql: `SELECT ${list} FROM ${rows}${definition}`, columns: all };
}

function windowCall(generator: ItemGenerator, items: readonly Item[]): WindowCall {
  const { chance } = generator;
  const index = chance.below(items.length);
  const { type, exact } = items[index]!;
  const x = `x${index}`;
  const call = (sql: string, result: TypeName, framed = false, sure = true): WindowCall => ({
    sql,
    type: result,
    exact: sure,
    framed,
  });
  const filter = (sql: string): string =>
    chance.oneIn(4) ? `${sql} FILTER (WHERE x0 ${chance.pick(['> 1', 'IS NOT NULL'])})` : sql;
  return chance.pick<() => WindowCall>([
    () => call('row_number()', 'bigint'),
    () => call('rank()', 'bigint'),
    () => call('dense_rank()', 'bigint'),
    () => call(`ntile(${chance.between(1, 4)})`, 'integer'),
    () => call(`lag(${x}${chance.pick(['', ', 1', ', 2', ', -1', ', 0'])})`, type, false, exact),
    () => call(`lead(x0, ${chance.between(0, 3)}, ${chance.pick(['x0', '-7'])})`, 'integer'),
    () => call(`lead(${x}, 1)`, type, false, exact),
    () => call(`first_value(${x})`, type, true, exact),
    () => call(`last_value(${x})`, type, true, exact),
    () => call(`nth_value(${x}, ${chance.between(1, 3)})`, type, true, exact),
    () => call(filter('sum(x0)'), 'bigint', true),
    () => call(filter('sum(x0::numeric / 4)'), 'numeric', true, false),
    () => call(filter('avg(x0)'), 'numeric', true, false),
    () => call(filter(`count(${x})`), 'bigint', true),
    () => call(filter('count(*)'), 'bigint', true),
    () => call(filter(`${chance.pick(['max', 'min'])}(x0)`), 'integer', true),
    () => call(filter('array_agg(x0)'), 'integer[]', true),
    () => call(filter(`string_agg(${x}::text, ',')`), 'text', true),
    () => call(filter('bool_or(x0 > 1)'), 'boolean', true),
    () => call(chance.pick(['cume_dist()', 'percent_rank()']), 'double precision', false, false),
  ])();
}

/** A frame by distance needs one key of its own, and calls that take equal rows together. */
function rangeCall(generator: ItemGenerator, partition: string, index: number): WindowCall {
  const { chance } = generator;
  const bounds = chance.pick([
    ...[
      '1 PRECEDING AND 1 FOLLOWING',
      '2 PRECEDING AND CURRENT ROW',
      'CURRENT ROW AND 3 FOLLOWING',
    ],
    ...['1 FOLLOWING AND 5 FOLLOWING', 'UNBOUNDED PRECEDING AND 1 PRECEDING'],
    ...['4 PRECEDING AND 2 PRECEDING', '0 PRECEDING AND 0 FOLLOWING'],
  ]);
  const exclude = chance.pick(['', '', ' EXCLUDE GROUP', ' EXCLUDE NO OTHERS']);
  const sql = chance.pick(['count(*)', 'sum(x0)', 'min(x0)']);
  const order = `ORDER BY x0::bigint${chance.pick(['', ' DESC', ' NULLS FIRST'])}`;
  return {
    sql: `(${sql} OVER (${partition}${order} RANGE BETWEEN ${bounds}${exclude}))::bigint AS w${index}`,
    type: 'bigint',
    exact: true,
    framed: true,
  };
}

function randomFrame(generator: ItemGenerator): string {
  const { chance } = generator;
  const bounds = chance.pick([
    ...['UNBOUNDED PRECEDING AND CURRENT ROW', 'UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'],
    ...[
      '1 PRECEDING AND 1 FOLLOWING',
      '2 PRECEDING AND 1 PRECEDING',
      'CURRENT ROW AND CURRENT ROW',
    ],
    ...['CURRENT ROW AND UNBOUNDED FOLLOWING', '1 FOLLOWING AND 2 FOLLOWING'],
    ...['1 FOLLOWING AND UNBOUNDED FOLLOWING', '2 PRECEDING AND CURRENT ROW'],
  ]);
  // PostgreSQL's EXCLUDE TIES takes the current row for the first of a frame even where it is not in it.
  const apart = /^1 FOLLOWING|1 PRECEDING$/.test(bounds);
  const exclude = chance.pick([
    ...['', '', '', ' EXCLUDE CURRENT ROW', apart ? '' : ' EXCLUDE TIES', ' EXCLUDE GROUP'],
  ]);
  switch (chance.below(4)) {
    case 0:
      return ` ROWS BETWEEN ${bounds}${exclude}`;
    case 1:
      return ` GROUPS BETWEEN ${bounds}${exclude}`;
    case 2:
      return ` RANGE BETWEEN UNBOUNDED PRECEDING AND ${chance.pick(['CURRENT ROW', 'UNBOUNDED FOLLOWING'])}${exclude}`;
    default:
      return '';
  }
}
