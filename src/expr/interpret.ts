/**
 * What an expression means: closures over closures, one a node, evaluated left to right, nothing clever.
 * Generated code must give the same values and the same errors. A user's error carries the position of
 * the node that raised it. Subqueries and outer references are gone before this runs.
 */

import { assert, unreachable } from '../base/assert.ts';
import { evaluationError, SqlError } from '../base/errors.ts';
import { SqlArray } from '../types/array.ts';
import { sameDatums } from '../types/compare.ts';
import type { ArrayDatum, Datum, Row, RowDatum } from '../types/datum.ts';
import { arrayFromRows } from './array-build.ts';
import { castDatum } from './casts.ts';
import type {
  ArrayExpr,
  CallExpr,
  CaseExpr,
  CastExpr,
  CoalesceExpr,
  Expr,
  InListExpr,
  LogicExpr,
  QuantifiedExpr,
} from './expr.ts';
import type { EvalContext, ScalarFunction } from './functions/registry.ts';
import { allOf, and, anyOf, isTruth, not, or, type Truth } from './logic.ts';

export type Interpreter = (row: Row, context: EvalContext) => Datum | null;

/** The plain evaluator of `expr` over rows whose columns it indexes. */
export function compileInterpreter(expr: Expr): Interpreter {
  switch (expr.kind) {
    case 'column': {
      const { index } = expr;
      return (row) => {
        const value = row[index];
        assert(value !== undefined, `column ${index} of a row with ${row.length} columns`);
        return value;
      };
    }
    case 'constant': {
      const { value } = expr;
      return () => value;
    }
    case 'call':
      return compileCall(expr);
    case 'cast':
      return compileCast(expr);
    case 'and':
      return compileLogic(expr, and, false);
    case 'or':
      return compileLogic(expr, or, true);
    case 'not': {
      const arg = compileInterpreter(expr.arg);
      return (row, context) => not(arg(row, context) as Truth);
    }
    case 'is-null': {
      const arg = compileInterpreter(expr.arg);
      const test =
        expr.arg.type.kind === 'row' ? rowNullTest(expr.negated) : nullTest(expr.negated);
      return (row, context) => test(arg(row, context));
    }
    case 'is-truth': {
      const arg = compileInterpreter(expr.arg);
      const { truth, negated } = expr;
      return (row, context) => isTruth(arg(row, context) as Truth, truth, negated);
    }
    case 'is-distinct': {
      const left = compileInterpreter(expr.left);
      const right = compileInterpreter(expr.right);
      const { negated } = expr;
      const { type } = expr.left;
      return (row, context) =>
        sameDatums(left(row, context), right(row, context), type) === negated;
    }
    case 'case':
      return compileCase(expr);
    case 'coalesce':
      return compileCoalesce(expr);
    case 'in-list':
      return compileInList(expr);
    case 'quantified':
      return compileQuantified(expr);
    case 'array':
      return compileArray(expr);
    case 'row': {
      const fields = expr.fields.map(compileInterpreter);
      return (row, context) => fields.map((field) => field(row, context));
    }
    case 'field': {
      const arg = compileInterpreter(expr.arg);
      const { index } = expr;
      return (row, context) => (arg(row, context) as RowDatum | null)?.[index] ?? null;
    }
    case 'parameter': {
      const { index } = expr;
      return (_row, { parameters }) => {
        assert(parameters !== undefined, `there are no values for $${index}`);
        return parameters[index - 1] ?? null;
      };
    }
    case 'outer':
    case 'subquery':
      throw new Error(`an expression still holds a ${expr.kind}`);
    default:
      return unreachable(expr, 'expression');
  }
}

/** Calls a function on evaluated arguments: NULL for strict ones, errors with their position. */
function invoke(
  fn: ScalarFunction,
  args: readonly (Datum | null)[],
  context: EvalContext,
  at: number | undefined,
): Datum | null {
  if (fn.strict && args.includes(null)) return null;
  try {
    return fn.evaluate(args, context);
  } catch (error) {
    throw placed(error, at);
  }
}

function placed(thrown: unknown, at: number | undefined): unknown {
  const error = evaluationError(thrown);
  return error instanceof SqlError ? error.at(at) : error;
}

function compileCall(expr: CallExpr): Interpreter {
  const { fn, at } = expr;
  const args = expr.args.map(compileInterpreter);
  return (row, context) => {
    const values = args.map((arg) => arg(row, context));
    return invoke(fn, values, context, at);
  };
}

function compileCast(expr: CastExpr): Interpreter {
  const arg = compileInterpreter(expr.arg);
  const from = expr.arg.type;
  const { type, mode, at } = expr;
  return (row, context) => {
    const value = arg(row, context);
    try {
      return castDatum(value, from, type, mode, context);
    } catch (error) {
      throw placed(error, at);
    }
  };
}

/** `decided` is the value at which the rest need not be asked. */
function compileLogic(
  expr: LogicExpr,
  combine: (a: Truth, b: Truth) => Truth,
  decided: boolean,
): Interpreter {
  const args = expr.args.map(compileInterpreter);
  return (row, context) => {
    let result: Truth = !decided;
    for (const arg of args) {
      result = combine(result, arg(row, context) as Truth);
      if (result === decided) return result;
    }
    return result;
  };
}

function nullTest(negated: boolean): (value: Datum | null) => boolean {
  return (value) => (value === null) !== negated;
}

/** A row IS NULL when all fields are, IS NOT NULL when none is. */
function rowNullTest(negated: boolean): (value: Datum | null) => boolean {
  return (value) => {
    if (value === null) return !negated;
    return (value as RowDatum).every((field) => (field === null) !== negated);
  };
}

function compileCase(expr: CaseExpr): Interpreter {
  const branches = expr.branches.map((branch) => ({
    when: compileInterpreter(branch.when),
    then: compileInterpreter(branch.then),
  }));
  const otherwise = compileInterpreter(expr.otherwise);
  return (row, context) => {
    for (const { when, then } of branches) {
      if (when(row, context) === true) return then(row, context);
    }
    return otherwise(row, context);
  };
}

function compileCoalesce(expr: CoalesceExpr): Interpreter {
  const args = expr.args.map(compileInterpreter);
  return (row, context) => {
    for (const arg of args) {
      const value = arg(row, context);
      if (value !== null) return value;
    }
    return null;
  };
}

/** x IN (a, b): x = a OR x = b, and so NULL where a NULL might have been equal. */
function compileInList(expr: InListExpr): Interpreter {
  const arg = compileInterpreter(expr.arg);
  const list = expr.list.map(compileInterpreter);
  const { fn, negated, at } = expr;
  return (row, context) => {
    const value = arg(row, context);
    const found = anyOf(
      list.length,
      (i) => invoke(fn, [value, list[i]!(row, context)], context, at) as Truth,
    );
    return negated ? not(found) : found;
  };
}

function compileQuantified(expr: QuantifiedExpr): Interpreter {
  const arg = compileInterpreter(expr.arg);
  const array = compileInterpreter(expr.array);
  const { fn, at } = expr;
  const quantify = expr.all ? allOf : anyOf;
  return (row, context) => {
    const value = arg(row, context);
    const list = array(row, context) as ArrayDatum | null;
    if (list === null) return null;
    const { elements } = list;
    return quantify(
      elements.length,
      (i) => invoke(fn, [value, elements[i] ?? null], context, at) as Truth,
    );
  };
}

/** Elements that are arrays of the same type give one more dimension. */
function compileArray(expr: ArrayExpr): Interpreter {
  const elements = expr.elements.map(compileInterpreter);
  const nested = expr.elements.some(
    (each) =>
      each.type.kind === 'array' &&
      expr.type.kind === 'array' &&
      expr.type.element.kind !== 'array',
  );
  return (row, context) => {
    const values = elements.map((element) => element(row, context));
    return nested ? arrayFromRows(values as readonly (ArrayDatum | null)[]) : SqlArray.of(values);
  };
}
