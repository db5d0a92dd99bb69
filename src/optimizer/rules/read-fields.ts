/**
 * Reads single fields of a source's composite columns instead of whole values.
 *
 *   project bid.price over scan (bid)  →  project "bid.price" over scan (bid.price)
 *
 * A composite column that something reads whole stays as it is.
 */

import type { Expr } from '../../expr/expr.ts';
import { visitExpr } from '../../expr/walk.ts';
import { mapChildren } from '../../plan/children.ts';
import { fieldPlace, replaceFields, type FieldColumn } from '../../plan/field-columns.ts';
import type { FilterPlan, LogicalPlan, ProjectPlan, ScanPlan } from '../../plan/logical.ts';
import type { Field } from '../../types/schema.ts';
import type { Rule } from '../rule.ts';

export const readFieldsRule: Rule = {
  name: 'read-fields',
  apply: (plan) => {
    const changed = visit(plan);
    return changed === plan ? null : changed;
  },
};

function visit(plan: LogicalPlan): LogicalPlan {
  const node = mapChildren(plan, visit);
  if (node.kind !== 'project') return node;
  const filters: FilterPlan[] = [];
  let below = node.input;
  for (; below.kind === 'filter'; below = below.input) filters.push(below);
  return below.kind === 'scan' ? readFields(node, filters, below) : node;
}

function readFields(top: ProjectPlan, filters: readonly FilterPlan[], scan: ScanPlan): ProjectPlan {
  const known = scan.relation.fieldColumns ?? [];
  if (known.length === 0) return top;
  const fieldAt = (column: number, path: readonly number[]): FieldColumn | undefined =>
    known.find(
      (each) =>
        each.column === scan.columns[column] &&
        each.path.length === path.length &&
        each.path.every((index, i) => index === path[i]),
    );
  const exprs = [...top.exprs, ...filters.map((filter) => filter.predicate)];
  const whole = new Set<number>();
  const fields = new Map<FieldColumn, number>();
  for (const expr of exprs) {
    visitExpr(expr, (part) => {
      const place = fieldPlace(part);
      const field = place === null ? undefined : fieldAt(place.column, place.path);
      if (field !== undefined) fields.set(field, place!.column);
      else if (part.kind === 'column') whole.add(part.index);
      return field === undefined;
    });
  }
  const read = [...fields].filter(([, column]) => !whole.has(column)).map(([field]) => field);
  if (read.length === 0) return top;
  // The old columns first, then the fields; those that are no longer read are pruned elsewhere.
  const width = scan.columns.length;
  const schema = [
    ...scan.schema,
    ...read.map((field): Field => ({ name: field.name, type: field.type, nullable: true })),
  ];
  const columns = [...scan.columns, ...read.map((field) => field.ordinal)];
  const replace = (expr: Expr): Expr =>
    replaceFields(expr, (column, path) => {
      const index = read.indexOf(fieldAt(column, path)!);
      return index < 0
        ? undefined
        : { kind: 'column', index: width + index, type: read[index]!.type };
    });
  let input: LogicalPlan = { ...scan, columns, schema };
  for (const filter of filters.toReversed()) {
    input = { ...filter, input, predicate: replace(filter.predicate), schema };
  }
  return { ...top, input, exprs: top.exprs.map(replace) };
}
