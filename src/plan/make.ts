/**
 * Makers of plan nodes that work out the schema themselves. Rewriters use them so that names, time
 * attributes and nullability of columns are carried in one way.
 */

import { assert } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import type { Field, Schema } from '../types/schema.ts';
import { booleanConstant, columnsFor, conjunction, fieldFor } from './expressions.ts';
import type {
  DistinctPlan,
  FilterPlan,
  JoinPlan,
  JoinType,
  LogicalPlan,
  ProjectPlan,
  SingleRowPlan,
  UnionPlan,
  ValuesPlan,
} from './logical.ts';

export function makeFilter(input: LogicalPlan, predicate: Expr): FilterPlan {
  return { kind: 'filter', input, predicate, schema: input.schema };
}

/** The input itself when there is no condition. */
export function filterBy(input: LogicalPlan, conditions: readonly Expr[]): LogicalPlan {
  return conditions.length === 0 ? input : makeFilter(input, conjunction(conditions));
}

/** `fields` gives the schema; without it plain columns keep their field and others are nameless. */
export function makeProject(
  input: LogicalPlan,
  exprs: readonly Expr[],
  fields?: Schema,
): ProjectPlan {
  const schema =
    fields ??
    exprs.map((expr) =>
      fieldFor(
        expr.kind === 'column' ? (input.schema[expr.index]?.name ?? '?column?') : '?column?',
        expr,
        input.schema,
      ),
    );
  assert(schema.length === exprs.length, `${exprs.length} expressions, ${schema.length} fields`);
  return { kind: 'project', input, exprs, schema };
}

/** Only the columns at `indices`, in that order; the input itself when that changes nothing. */
export function pickColumns(input: LogicalPlan, indices: readonly number[]): LogicalPlan {
  if (indices.length === input.schema.length && indices.every((index, i) => index === i)) {
    return input;
  }
  const fields = indices.map((index) => input.schema[index]!);
  const exprs = indices.map((index, i): Expr => ({ kind: 'column', index, type: fields[i]!.type }));
  return { kind: 'project', input, exprs, schema: fields };
}

/** The first `count` columns. */
export function firstColumns(input: LogicalPlan, count: number): LogicalPlan {
  return pickColumns(
    input,
    Array.from({ length: count }, (_, i) => i),
  );
}

/** The input's columns, then `exprs`. */
export function appendColumns(
  input: LogicalPlan,
  exprs: readonly Expr[],
  names: readonly string[] = [],
): LogicalPlan {
  if (exprs.length === 0) return input;
  const added = exprs.map((expr, i) => fieldFor(names[i] ?? '?column?', expr, input.schema));
  return makeProject(input, [...columnsFor(input.schema), ...exprs], [...input.schema, ...added]);
}

/** What a join gives: columns of a side that may be missing become nullable. */
export function joinSchema(type: JoinType, left: Schema, right: Schema): Schema {
  switch (type) {
    case 'inner':
      return [...left, ...right];
    case 'left':
      return [...left, ...right.map(nullable)];
    case 'right':
      return [...left.map(nullable), ...right];
    case 'full':
      return [...left.map(nullable), ...right.map(nullable)];
    case 'semi':
    case 'anti':
      return left;
  }
}

function nullable(field: Field): Field {
  return field.nullable ? field : { ...field, nullable: true };
}

export function makeJoin(
  type: JoinType,
  left: LogicalPlan,
  right: LogicalPlan,
  on: Expr = booleanConstant(true),
): JoinPlan {
  const schema = joinSchema(type, left.schema, right.schema);
  return { kind: 'join', type, left, right, on, lateral: false, schema };
}

export function makeDistinct(input: LogicalPlan): DistinctPlan {
  return { kind: 'distinct', input, schema: input.schema };
}

export function makeSingleRow(input: LogicalPlan, keys: readonly number[]): SingleRowPlan {
  return { kind: 'single-row', input, keys, schema: input.schema };
}

/** UNION ALL; a column is nullable when it is in any input, and a time attribute when it is in all. */
export function makeUnion(inputs: readonly LogicalPlan[]): UnionPlan {
  const schema = inputs[0]!.schema.map((field, i): Field => {
    const fields = inputs.map((input) => input.schema[i]!);
    const { time, origin, ...rest } = field;
    void origin;
    return {
      ...rest,
      nullable: fields.some((other) => other.nullable),
      ...(time !== undefined && fields.every((other) => other.time === time) ? { time } : {}),
    };
  });
  return { kind: 'union', inputs, schema };
}

/** One row of no columns. */
export function oneRow(): ValuesPlan {
  return { kind: 'values', rows: [[]], schema: [] };
}

/** No row, of the given columns. */
export function noRows(schema: Schema): ValuesPlan {
  return { kind: 'values', rows: [], schema };
}

export function isEmptyValues(plan: LogicalPlan): boolean {
  return plan.kind === 'values' && plan.rows.length === 0;
}
