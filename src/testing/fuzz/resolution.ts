/**
 * Queries that ask which function, operator or cast is meant, if any: operands of any type, untyped constants
 * and bare numbers. Many of them are errors, which both must refuse for the same reason.
 */

import type { RandomQuery } from './queries.ts';
import { allTypes, type ExpressionOptions } from './expressions.ts';
import type { Column, Table } from './schema.ts';
import { literal, quote, type TypeName } from './value-types.ts';

export function resolutionQuery(options: ExpressionOptions, tables: readonly Table[]): RandomQuery {
  const { chance, signatures } = options;
  const table = chance.pick(tables);
  const operand = (): string => randomOperand(options, table.columns);
  const signature = chance.pick(signatures);
  const call = (): string => {
    // Most arguments fit, so that the others are converted and not just refused.
    const args = signature.parameters.map((type) =>
      chance.oneIn(2) ? operand() : literal(chance, type, true),
    );
    if (!signature.operator) {
      if (chance.oneIn(10)) args.push(operand());
      return `${signature.name}(${args.join(', ')})`;
    }
    if (args.length === 1) return `${signature.name} ${args[0]!}`;
    return `${args[0]!} ${signature.name} ${args[1]!}`;
  };
  const sql = chance.pick<() => string>([
    call,
    call,
    call,
    () => `${operand()} ${chance.pick(operators)} ${operand()}`,
    () => `(${operand()})::${castTarget(options)}`,
    () => `CASE WHEN true THEN ${operand()} ELSE ${operand()} END`,
    () => `coalesce(${operand()}, ${operand()})`,
    () => `${chance.pick(['greatest', 'least', 'nullif'])}(${operand()}, ${operand()})`,
    () => `ARRAY[${operand()}, ${operand()}]`,
    () => `${operand()} IN (${operand()}, ${operand()})`,
    () => `${operand()} BETWEEN ${operand()} AND ${operand()}`,
    () => `${operand()} ${chance.pick(['=', '<'])} ANY (${operand()})`,
    () => `(${operand()}, ${operand()}) ${chance.pick(['=', '<'])} (${operand()}, ${operand()})`,
    () => `${operand()} IS ${chance.pick(['TRUE', 'NOT DISTINCT FROM NULL', 'UNKNOWN', 'NULL'])}`,
    () => `${operand()} IS DISTINCT FROM ${operand()}`,
    () => `${operand()} ${chance.pick(['LIKE', 'SIMILAR TO', 'ILIKE'])} ${operand()}`,
    () => `${chance.pick(genericNames)}(${chance.some(1, 3, operand).join(', ')})`,
    () => `(${operand()})[${operand()}]`,
    () => `${operand()} AT TIME ZONE ${chance.pick(["'UTC'", operand()])}`,
    () => `extract(${chance.pick(['year', 'hour', 'epoch', 'x'])} from ${operand()})`,
  ])();
  const aggregate = (): string => {
    const name = chance.pick(aggregateNames);
    const call = `${name}(${operand()})`;
    // What hangs on the order of rows is asked for its type alone.
    return /_agg$|mode/.test(name) ? `pg_typeof(${call})::text` : call;
  };
  const shown = chance.oneIn(6) ? aggregate() : sql;
  return { sql: `SELECT ${shown} AS x FROM ${table.name}`, loose: true };
}

/** A set operation over unlike types: what both sides become. */
export function unionQuery(options: ExpressionOptions, tables: readonly Table[]): RandomQuery {
  const { chance } = options;
  const side = (): string => {
    const table = chance.pick(tables);
    return `SELECT ${randomOperand(options, table.columns)} AS x FROM ${table.name}`;
  };
  const sides = chance.some(2, 3, side);
  return { sql: sides.join(' UNION ALL '), loose: true };
}

function randomOperand(options: ExpressionOptions, columns: readonly Column[]): string {
  const { chance, calm } = options;
  switch (chance.below(8)) {
    case 0:
      return quote(
        chance.pick(['1', '', 'a', '2024-02-29', '1.5', '{1,2}', '12:30', 'true', '[]']),
      );
    case 1:
      return 'NULL';
    case 2:
      return chance.pick(['1', '0', '1.5', '1e3', '3000000000', '99999999999999999999', '-2']);
    case 3:
      return literal(chance, chance.pick(allTypes), calm);
    default:
      return chance.pick(columns).name;
  }
}

function castTarget({ chance }: ExpressionOptions): string {
  const modified: readonly string[] = ['numeric(6,2)', 'varchar(2)', 'char(3)', 'timestamp(1)'];
  return chance.oneIn(5) ? chance.pick(modified) : chance.pick<TypeName>(allTypes);
}

const operators = [
  ...['+', '-', '*', '/', '%', '||', '=', '<>', '<', '>=', '~', '@>', '<@', '&&', '->', '->>'],
  ...['&', '|', '#', '<<', '^', '~~', '?', '#>', '#>>', '^@'],
] as const;

const genericNames = [
  ...[
    'array_append',
    'array_prepend',
    'array_cat',
    'array_length',
    'cardinality',
    'array_position',
  ],
  ...['array_remove', 'concat', 'format', 'to_json', 'to_jsonb', 'num_nulls', 'pg_typeof', 'abs'],
  ...[
    'round',
    'mod',
    'length',
    'substring',
    'left',
    'lower',
    'date_trunc',
    'age',
    'jsonb_build_array',
  ],
  ...['array_to_string', 'unnest', 'generate_series', 'upper', 'sum', 'max', 'no_such_function'],
] as const;

const aggregateNames = [
  ...['sum', 'avg', 'min', 'max', 'count', 'bool_and', 'bit_or', 'stddev', 'array_agg'],
  ...['json_agg', 'every', 'mode', 'string_agg'],
] as const;
