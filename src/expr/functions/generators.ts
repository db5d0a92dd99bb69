/** Functions in FROM that make rows from values: generate_series, unnest, subscripts, splitting, key words. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { compareDatums } from '../../types/compare.ts';
import { addInterval, addIntervalZoned, isFiniteTimestamp } from '../../types/datetime.ts';
import type { ArrayDatum, Datum, MapDatum, RowDatum } from '../../types/datum.ts';
import { Decimal } from '../../types/decimal.ts';
import { Interval } from '../../types/interval.ts';
import type { SqlType } from '../../types/sql-type.ts';
import { types } from '../../types/sql-type.ts';
import { sessionZone } from '../context-io.ts';
import { elementOf } from '../type-category.ts';
import { splitText } from './array.ts';
import { table } from './define.ts';
import { allKeywords, describeCategory } from './keywords.ts';
import type { EvalContext, TableFunction } from './registry.ts';

const { integer, bigint, numeric, text, boolean, timestamp, timestamptz, interval } = types;

export function generatorTables(): readonly TableFunction[] {
  return [...series(), ...arrays(), ...words()];
}

const column = (name: string, type: SqlType) => () => [{ name, type }];

function zeroStep(): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, 'step size cannot equal zero');
}

function series(): TableFunction[] {
  const name = 'generate_series';
  return [
    table(
      name,
      [integer, integer, integer],
      column(name, integer),
      function* (args) {
        const [from, to, step = 1] = args as readonly [number, number, number?];
        if (step === 0) throw zeroStep();
        for (let at = from; step > 0 ? at <= to : at >= to; at += step) yield [at];
      },
      { optional: 1 },
    ),
    table(
      name,
      [bigint, bigint, bigint],
      column(name, bigint),
      function* (args) {
        const [from, to, step = 1n] = args as readonly [bigint, bigint, bigint?];
        if (step === 0n) throw zeroStep();
        for (let at = from; step > 0n ? at <= to : at >= to; at += step) yield [at];
      },
      { optional: 1 },
    ),
    table(
      name,
      [numeric, numeric, numeric],
      column(name, numeric),
      function* (args) {
        const [from, to, step = Decimal.one] = args as readonly [Decimal, Decimal, Decimal?];
        yield* numericSeries(from, to, step);
      },
      { optional: 1 },
    ),
    table(name, [timestamp, timestamp, interval], column(name, timestamp), function* (args) {
      const [from, to, step] = args as readonly [bigint, bigint, Interval];
      yield* timeSeries(from, to, step, addInterval);
    }),
    table(
      name,
      [timestamptz, timestamptz, interval],
      column(name, timestamptz),
      function* (args, context) {
        const [from, to, step] = args as readonly [bigint, bigint, Interval];
        const zone = sessionZone(context);
        yield* timeSeries(from, to, step, (at, span) => addIntervalZoned(at, span, zone));
      },
    ),
  ];
}

function* numericSeries(from: Decimal, to: Decimal, step: Decimal): Generator<[Datum]> {
  for (const [value, what] of [
    [from, 'start'],
    [to, 'stop'],
    [step, 'step size'],
  ] as const) {
    if (!value.isFinite) {
      const kind = value.isNaN ? 'NaN' : 'infinity';
      throw new SqlError(
        sqlstate.invalidParameterValue,
        `${what} ${what === 'step size' ? 'cannot' : 'value cannot'} be ${kind}`,
      );
    }
  }
  if (step.sign === 0) throw zeroStep();
  // The first value is as it was given; what is added to it has the digits of both.
  for (
    let at = from;
    step.sign > 0 ? at.compare(to) <= 0 : at.compare(to) >= 0;
    at = at.add(step)
  ) {
    yield [at];
  }
}

function* timeSeries(
  from: bigint,
  to: bigint,
  step: Interval,
  add: (at: bigint, step: Interval) => bigint,
): Generator<[Datum]> {
  const direction = compareDatums(step, Interval.zero, interval);
  if (direction === 0) throw zeroStep();
  for (let at = from; direction > 0 ? at <= to : at >= to; at = add(at, step)) {
    yield [at];
    if (!isFiniteTimestamp(at)) return;
  }
}

function arrays(): TableFunction[] {
  return [
    table('unnest', ['anyarray'], unnestColumns, (args) => unnest(args[0] as ArrayDatum), {
      specialize: ([type]) => unnestRows(type!),
    }),
    table('unnest', ['anyarray', 'any'], unnestManyColumns, zip, { variadic: true, strict: false }),
    table('unnest', ['any'], mapColumns, (args) =>
      (args[0] as MapDatum).entries.map(([key, value]) => [key, value]),
    ),
    table(
      '_pg_expandarray',
      ['anyarray'],
      (args) => [
        { name: 'x', type: elementOf(args[0]!) ?? text },
        { name: 'n', type: integer },
      ],
      ([array]) => (array as ArrayDatum).elements.map((each, i) => [each, i + 1]),
    ),
    table(
      'generate_subscripts',
      ['anyarray', integer, boolean],
      column('generate_subscripts', integer),
      function* (args) {
        const [array, dimension, reverse = false] = args as readonly [ArrayDatum, number, boolean?];
        const size = array.dimensions[dimension - 1] ?? 0;
        const lower = array.lowerBounds[dimension - 1] ?? 1;
        for (let i = 0; i < size; i++) yield [lower + (reverse ? size - 1 - i : i)];
      },
      { optional: 1 },
    ),
  ];
}

/** An array of rows gives a column a field. */
function unnestColumns(
  args: readonly SqlType[],
): readonly { readonly name: string; readonly type: SqlType }[] {
  const element = elementOf(args[0]!) ?? text;
  return element.kind === 'row' ? element.fields : [{ name: 'unnest', type: element }];
}

function unnest(array: ArrayDatum): readonly (Datum | null)[][] {
  return array.elements.map((each) => [each]);
}

function unnestRows(type: SqlType): TableFunction['evaluate'] {
  const element = elementOf(type);
  if (element?.kind !== 'row') return (args) => unnest(args[0] as ArrayDatum);
  const nothing = element.fields.map(() => null);
  return (args) =>
    (args[0] as ArrayDatum).elements.map((each) => (each as RowDatum | null) ?? nothing);
}

function unnestManyColumns(
  args: readonly SqlType[],
): readonly { readonly name: string; readonly type: SqlType }[] {
  return args.map((each) => ({ name: 'unnest', type: elementOf(each) ?? text }));
}

/** Several arrays side by side; the shorter ones are filled with NULL. */
function zip(args: readonly (Datum | null)[]): readonly (Datum | null)[][] {
  const lists = args.map((each) => (each === null ? [] : (each as ArrayDatum).elements));
  const count = Math.max(...lists.map((each) => each.length));
  return Array.from({ length: count }, (_, i) => lists.map((each) => each[i] ?? null));
}

function mapColumns(
  args: readonly SqlType[],
): readonly { readonly name: string; readonly type: SqlType }[] {
  const [type] = args;
  if (type?.kind !== 'map') {
    throw new SqlError(sqlstate.datatypeMismatch, 'unnest needs an array or a map');
  }
  return [
    { name: 'key', type: type.key },
    { name: 'value', type: type.value },
  ];
}

function words(): TableFunction[] {
  const delegated = (
    name: string,
    parameters: readonly SqlType[],
    columns: readonly (readonly [string, SqlType])[],
  ): TableFunction =>
    table(
      name,
      parameters,
      () => columns.map(([each, type]) => ({ name: each, type })),
      (args, context) => catalogRows(name, args, context),
    );
  return [
    table(
      'string_to_table',
      [text, text, text],
      column('string_to_table', text),
      (args) => {
        const [value, separator, nullText] = args as readonly [
          string | null,
          string | null,
          (string | null)?,
        ];
        return value === null ? [] : splitText(value, separator, nullText).map((each) => [each]);
      },
      { optional: 1, strict: false },
    ),
    table(
      'pg_get_keywords',
      [],
      () => [
        { name: 'word', type: text },
        { name: 'catcode', type: types.pgchar },
        { name: 'barelabel', type: boolean },
        { name: 'catdesc', type: text },
        { name: 'baredesc', type: text },
      ],
      () =>
        allKeywords().map(({ word, category, bareLabel }) => [
          word,
          category,
          bareLabel,
          describeCategory(category),
          bareLabel ? 'can be bare label' : 'requires AS',
        ]),
    ),
    table(
      'pg_options_to_table',
      [{ kind: 'array', element: text }],
      () => [
        { name: 'option_name', type: text },
        { name: 'option_value', type: text },
      ],
      ([array]) =>
        (array as ArrayDatum).elements.map((each) => {
          const [name = '', ...rest] = String(each).split('=');
          return [name, rest.length === 0 ? null : rest.join('=')];
        }),
    ),
    delegated(
      'aclexplode',
      [{ kind: 'array', element: text }],
      [
        ['grantor', types.oid],
        ['grantee', types.oid],
        ['privilege_type', text],
        ['is_grantable', boolean],
      ],
    ),
    delegated('pg_partition_ancestors', [types.regclass], [['relid', types.regclass]]),
    delegated(
      'pg_partition_tree',
      [types.regclass],
      [
        ['relid', types.regclass],
        ['parentrelid', types.regclass],
        ['isleaf', boolean],
        ['level', integer],
      ],
    ),
    delegated(
      'pg_get_publication_tables',
      [text],
      [
        ['relid', types.oid],
        ['attrs', types.int2vector],
        ['qual', text],
      ],
    ),
    delegated(
      'pg_timezone_names',
      [],
      [
        ['name', text],
        ['abbrev', text],
        ['utc_offset', interval],
        ['is_dst', boolean],
      ],
    ),
  ];
}

/** The catalog gives rows as an array of rows; null is none. */
function catalogRows(
  name: string,
  args: readonly (Datum | null)[],
  context: EvalContext,
): readonly (readonly (Datum | null)[])[] {
  const rows = context.catalog.call(name, args);
  return rows === null ? [] : ((rows as ArrayDatum).elements as readonly RowDatum[]);
}
