/** Shaping the plan of a bound query: hidden columns dropped, columns cast or renamed. */

import { mapOuter } from '../plan/expressions.ts';
import { isNullable } from '../plan/expressions.ts';
import type { Expr } from '../expr/expr.ts';
import type { LogicalPlan, ProjectPlan } from '../plan/logical.ts';
import type { Field, Schema } from '../types/schema.ts';
import { identicalType } from '../types/oid.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';
import type { BoundQuery } from './bound-statement.ts';
import { coerce, tryCoerce } from './coerce.ts';
import type { QueryResult } from './expr-env.ts';

/** The visible columns of a query result alone. */
export function visiblePlan(result: QueryResult): LogicalPlan {
  const { plan, width } = result;
  return plan.schema.length === width ? plan : firstColumns(plan, width);
}

/** The visible columns of a bound query alone, as a view keeps them. */
export function withoutHidden(query: BoundQuery): LogicalPlan {
  const width = query.fields.length;
  return query.plan.schema.length === width ? query.plan : firstColumns(query.plan, width);
}

function firstColumns(input: LogicalPlan, width: number): LogicalPlan {
  const schema = input.schema.slice(0, width);
  const exprs = schema.map((field, index): Expr => ({ kind: 'column', index, type: field.type }));
  return { kind: 'project', input, exprs, schema };
}

/** A projection, its fields made from the input's. */
export function project(
  input: LogicalPlan,
  columns: readonly { readonly name: string; readonly expr: Expr }[],
): ProjectPlan {
  return {
    kind: 'project',
    input,
    exprs: columns.map((column) => column.expr),
    schema: columns.map((column) => fieldOf(column.name, column.expr, input.schema)),
  };
}

/** The field of a computed column: a plain column keeps what is known of it. */
export function fieldOf(name: string, expr: Expr, input: Schema): Field {
  if (expr.kind === 'column') {
    const field = input[expr.index];
    if (field !== undefined) return { ...field, name };
  }
  const nullable = isNullable(expr, input);
  return isProcessingTime(expr)
    ? { name, type: expr.type, nullable, time: 'processing' }
    : { name, type: expr.type, nullable };
}

function isProcessingTime(expr: Expr): boolean {
  return expr.kind === 'call' && expr.fn.name === 'proctime';
}

/** The same rows under other names; other facts stay. */
export function renameColumns(plan: LogicalPlan, names: readonly string[]): LogicalPlan {
  const renamed = plan.schema.map((field, i) => ({ ...field, name: names[i] ?? field.name }));
  if (renamed.every((field, i) => field.name === plan.schema[i]!.name)) return plan;
  return { ...plan, schema: renamed };
}

/** Columns brought to other types: literals are read anew where they stand, the rest is cast above. */
export function castColumns(
  binding: Binding,
  plan: LogicalPlan,
  wanted: readonly SqlType[],
  mode: 'implicit' | 'assignment' = 'implicit',
): LogicalPlan {
  const settled = pushLiterals(binding, plan, wanted, mode);
  if (settled.schema.every((field, i) => sameForm(field.type, wanted[i]!))) return settled;
  const exprs = settled.schema.map((field, index): Expr => {
    const column: Expr = { kind: 'column', index, type: field.type };
    return coerce(binding, column, wanted[index]!, mode);
  });
  return project(
    settled,
    exprs.map((expr, i) => ({ name: settled.schema[i]!.name, expr })),
  );
}

function sameForm(a: SqlType, b: SqlType): boolean {
  const scales = [a, b].map((type) => (type.kind === 'numeric' ? type.fixedScale : undefined));
  return identicalType(a, b) && scales[0] === scales[1];
}

/** Literals of unknown type in a select list or in VALUES become constants of the type that is wanted. */
function pushLiterals(
  binding: Binding,
  plan: LogicalPlan,
  wanted: readonly SqlType[],
  mode: 'implicit' | 'assignment',
): LogicalPlan {
  if (!plan.schema.some((field) => field.type.kind === 'unknown')) return plan;
  const typeFor = (index: number): SqlType =>
    wanted[index]!.kind === 'unknown' ? types.text : wanted[index]!;
  const settle = (expr: Expr, index: number): Expr =>
    expr.type.kind === 'unknown' ? (tryCoerce(binding, expr, typeFor(index), mode) ?? expr) : expr;
  switch (plan.kind) {
    case 'project': {
      const exprs = plan.exprs.map(settle);
      const schema = plan.schema.map((field, i) => ({ ...field, type: exprs[i]!.type }));
      return { ...plan, exprs, schema };
    }
    case 'values': {
      const rows = plan.rows.map((row) => row.map(settle));
      const schema = plan.schema.map((field, i) =>
        field.type.kind === 'unknown' ? { ...field, type: typeFor(i) } : field,
      );
      return { ...plan, rows, schema };
    }
    case 'distinct':
    case 'sort': {
      const input = pushLiterals(binding, plan.input, wanted, mode);
      return { ...plan, input, schema: input.schema };
    }
    default:
      return plan;
  }
}

/** Where a column of a result was written, when that still shows. */
export function columnPosition(plan: LogicalPlan, index: number): number | undefined {
  if (plan.kind === 'project') return plan.exprs[index]?.at;
  return plan.kind === 'values' ? plan.rows[0]?.[index]?.at : undefined;
}

/** Whether the plan refers to a column of a query around it, `depth` or fewer levels out. */
export function refersOut(plan: LogicalPlan, depthMax: number): boolean {
  let found = false;
  mapOuter(plan, (outer, depth) => {
    if (depth <= depthMax) found = true;
    return outer;
  });
  return found;
}

/** The plan as it reads when it stands `levels` queries deeper (or, below zero, less deep). */
export function moveInward(plan: LogicalPlan, levels: number): LogicalPlan {
  if (levels === 0) return plan;
  return mapOuter(plan, (outer) => ({ ...outer, depth: outer.depth + levels }));
}
