/**
 * For tests: calls a registry function by name with arguments written as `type:text`, through overload
 * resolution and casts, and gives the result as text. Errors come back as `!SQLSTATE message`.
 */

import { SqlError } from '../base/errors.ts';
import type { Datum } from '../types/datum.ts';
import { formatType, sameType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { parseTypeText } from '../types/type-names.ts';
import { castDatum, datumToText } from './cast-datum.ts';
import type { EvalContext, FunctionRegistry } from './functions/registry.ts';
import { resolveAggregate, resolveFunction, resolveOperator, resolveTable } from './resolve.ts';

/** 2024-05-06 07:08:09.123456 UTC. */
export const testNow = 1714979289123456n;

/** A context with a clock that stands still and a catalog that knows a few settings. */
export function testContext(overrides: Partial<EvalContext> = {}): EvalContext {
  const settings = new Map([
    ['version', 'PostgreSQL 15.8 (test)'],
    ['database', 'test'],
    ['user', 'tester'],
    ['server_version', '15.8'],
  ]);
  return {
    nowMicros: testNow,
    clockMicros: () => testNow,
    timeZone: 'UTC',
    random: () => 0.5,
    catalog: {
      setting: (name) => settings.get(name),
      lookupOid: (_catalog, name) => (name === 'pg_class' ? 1259 : null),
      nameOfOid: (_catalog, oid) => (oid === 1259 ? 'pg_class' : null),
      call: (name) => `called ${name}`,
    },
    ...overrides,
  };
}

interface Argument {
  readonly value: Datum | null;
  readonly type: SqlType;
}

/** `integer:5|text:a` → typed values; `~` is NULL, `\\|` a bar; a type that is no type name is an assertion. */
export function readArguments(text: string, context: EvalContext): readonly Argument[] {
  if (text === '') return [];
  return text.split(/(?<!\\)\|/).map((escaped) => {
    const part = escaped.replaceAll('\\|', '|');
    const colon = part.indexOf(':');
    const [name, value] = [part.slice(0, colon), part.slice(colon + 1)];
    const type = name === 'unknown' ? types.unknown : parseTypeText(name);
    if (type === null) throw new Error(`no type ${name}`);
    if (value === '~') return { value: null, type };
    if (type.kind === 'unknown') return { value, type };
    return { value: castDatum(value, types.unknown, type, 'explicit', context), type };
  });
}

function isSymbol(name: string): boolean {
  return !/^[a-z_]/.test(name);
}

/** The result's text, `~` for NULL, rows of a table function joined by `;`. */
export function evaluateText(
  registry: FunctionRegistry,
  name: string,
  argumentText: string,
  context: EvalContext = testContext(),
): string {
  try {
    const args = readArguments(argumentText, context);
    if (
      !isSymbol(name) &&
      registry.scalars(name).length === 0 &&
      registry.tables(name).length > 0
    ) {
      return evaluateRows(registry, name, args, context);
    }
    const argTypes = args.map((arg) => arg.type);
    const call = isSymbol(name)
      ? resolveOperator(
          registry,
          name,
          argTypes.length === 2 ? argTypes[0]! : null,
          argTypes.at(-1)!,
        )
      : resolveFunction(registry, name, argTypes);
    const values = castAll(args, call.parameterTypes, context);
    if (call.fn.strict && values.includes(null)) return '~';
    return show(call.fn.evaluate(values, context), call.returns, context);
  } catch (error) {
    if (error instanceof SqlError) return `!${error.code} ${error.message}`;
    throw error;
  }
}

/** Type of the result, as format_type prints it. */
export function resultTypeText(
  registry: FunctionRegistry,
  name: string,
  argumentText: string,
): string {
  const argTypes = readArguments(argumentText, testContext()).map((arg) => arg.type);
  const call = isSymbol(name)
    ? resolveOperator(registry, name, argTypes.length === 2 ? argTypes[0]! : null, argTypes.at(-1)!)
    : resolveFunction(registry, name, argTypes);
  return formatType(call.returns);
}

function castAll(
  args: readonly Argument[],
  parameterTypes: readonly SqlType[],
  context: EvalContext,
): readonly (Datum | null)[] {
  return args.map(({ value, type }, i) =>
    sameType(type, parameterTypes[i]!)
      ? value
      : castDatum(value, type, parameterTypes[i]!, 'implicit', context),
  );
}

function evaluateRows(
  registry: FunctionRegistry,
  name: string,
  args: readonly Argument[],
  context: EvalContext,
): string {
  const call = resolveTable(
    registry,
    name,
    args.map((arg) => arg.type),
  );
  const values = castAll(args, call.parameterTypes, context);
  const rows = [...call.fn.evaluate(values, context)];
  return rows
    .map((row) => row.map((each, i) => show(each, call.columns[i]!.type, context)).join(','))
    .join(';');
}

function show(value: Datum | null, type: SqlType, context: EvalContext): string {
  return value === null ? '~' : datumToText(value, type, context);
}

/** An aggregate over rows of texts (null is NULL), each row with weight 1, then `changes` with theirs. */
export interface AggregateCase {
  readonly name: string;
  /** Types of the arguments; direct arguments of ordered sets are given as `type=value`. */
  readonly types: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly changes?: readonly (readonly [readonly (string | null)[], number])[];
}

export function evaluateAggregate(
  registry: FunctionRegistry,
  test: AggregateCase,
  context: EvalContext = testContext(),
): string {
  const direct = test.types.flatMap((each) => (each.includes('=') ? [each.split('=')] : []));
  const columns = test.types.filter((each) => !each.includes('='));
  const typed = [...direct.map((each) => each[0]!), ...columns].map((name) => parseTypeText(name)!);
  try {
    const call = resolveAggregate(registry, test.name, typed);
    const accumulator = call.fn.accumulator(call.parameterTypes, context);
    const add = (row: readonly (string | null)[], weight: number): void => {
      const texts = [...direct.map((each) => each[1]!), ...row];
      const values = texts.map((text, i) => {
        const value = castDatum(text, types.unknown, typed[i]!, 'explicit', context);
        return castDatum(value, typed[i]!, call.parameterTypes[i]!, 'implicit', context);
      });
      if (!(call.fn.skipsNull && values[0] === null)) accumulator.add(values, weight);
    };
    for (const row of test.rows) add(row, 1);
    for (const [row, weight] of test.changes ?? []) add(row, weight);
    return show(accumulator.finish(), call.returns, context);
  } catch (error) {
    if (error instanceof SqlError) return `!${error.code} ${error.message}`;
    throw error;
  }
}
