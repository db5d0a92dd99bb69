/**
 * Which scans of an ad-hoc query need only the rows with certain values: a scan read by nothing but a filter
 * that asks for column = constant or column = $n. The filter stays where it is, so rows that come beside the
 * wanted ones do no harm; what matters is that none is left out.
 */

import type { ConstantExpr, Expr, ParameterExpr } from '../expr/expr.ts';
import type { DataflowPlan, ScanSpec } from '../plan/dataflow-plan.ts';
import { conjuncts } from '../plan/expressions.ts';
import type { Datum } from '../types/datum.ts';
import { identicalType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';

/** Columns of the relation (ordinals) and the value that each must have; never empty. */
export interface PointLookup {
  readonly columns: readonly number[];
  readonly values: readonly Datum[];
}

/** The same before $1, $2, … have their values. */
export interface PointCondition {
  readonly columns: readonly number[];
  readonly values: readonly (ConstantExpr | ParameterExpr)[];
  /** Types of the columns as they are stored. */
  readonly types: readonly SqlType[];
}

/** By the scan's position in the plan. */
export function pointLookups(plan: DataflowPlan): ReadonlyMap<number, PointLookup> {
  const found = new Map<number, PointLookup>();
  for (const node of plan.nodes) {
    if (node.kind !== 'scan') continue;
    const condition = pointCondition(plan, node);
    const lookup = condition === null ? null : pointLookup(condition, []);
    if (lookup !== null) found.set(node.id, lookup);
  }
  return found;
}

/** What the only reader of a scan asks for; null when there are others, or it asks for no value. */
export function pointCondition(plan: DataflowPlan, scan: ScanSpec): PointCondition | null {
  if (plan.root === scan.id) return null;
  const readers = plan.nodes.filter((each) => each.inputs.includes(scan.id));
  const [reader] = readers;
  if (readers.length !== 1 || reader?.kind !== 'map' || reader.predicate === null) return null;
  const values = new Map<number, { value: ConstantExpr | ParameterExpr; type: SqlType }>();
  for (const condition of conjuncts(reader.predicate)) {
    if (condition.kind !== 'call' || !condition.fn.operator || condition.fn.name !== '=') continue;
    const [a, b] = condition.args;
    if (a === undefined || b === undefined) continue;
    const pair = equality(a, b) ?? equality(b, a);
    if (pair === null) continue;
    const { type } = scan.columns[pair.column]!;
    values.set(scan.ordinals[pair.column]!, { value: pair.value, type });
  }
  if (values.size === 0) return null;
  const columns = [...values.keys()].sort((a, b) => a - b);
  const chosen = columns.map((column) => values.get(column)!);
  return {
    columns,
    values: chosen.map(({ value }) => value),
    types: chosen.map(({ type }) => type),
  };
}

/** Null: a value is NULL or beyond what the column can hold, so that no row is asked for. */
export function pointLookup(
  { columns, values, types }: PointCondition,
  parameters: readonly (Datum | null)[],
): PointLookup | null {
  const datums: Datum[] = [];
  for (const [i, each] of values.entries()) {
    const value = each.kind === 'constant' ? each.value : (parameters[each.index - 1] ?? null);
    const stored = value === null ? null : asStored(value, types[i]!);
    if (stored === null) return null;
    datums.push(stored);
  }
  return { columns, values: datums };
}

type Pair = { readonly column: number; readonly value: ConstantExpr | ParameterExpr };

function equality(side: Expr, value: Expr): Pair | null {
  if (value.kind !== 'parameter' && (value.kind !== 'constant' || value.value === null)) {
    return null;
  }
  const column = side.kind === 'cast' ? side.arg : side;
  if (column.kind !== 'column') return null;
  if (column !== side && !sameLook(column.type, side.type)) return null;
  return identicalType(column.type, value.type) || sameLook(column.type, value.type)
    ? { column: column.index, value }
    : null;
}

/** Whether a value of `from` and its cast to `to` are equal to the same values. */
function sameLook(from: SqlType, to: SqlType): boolean {
  if (texts.has(from.kind))
    return to.kind === 'text' || (to.kind === 'varchar' && to.length === null);
  return integers.has(from.kind) && integers.has(to.kind);
}

const texts: ReadonlySet<SqlType['kind']> = new Set(['text', 'varchar']);
const integers: ReadonlySet<SqlType['kind']> = new Set(['smallint', 'integer', 'bigint']);

/** An integer in the form of the column's type; null when that has no such value. */
function asStored(value: Datum, type: SqlType): Datum | null {
  if (type.kind === 'bigint') return typeof value === 'number' ? BigInt(value) : value;
  if (type.kind !== 'integer' && type.kind !== 'smallint') return value;
  if (typeof value !== 'bigint') return value;
  return value >= -0x8000_0000n && value <= 0x7fff_ffffn ? Number(value) : null;
}
