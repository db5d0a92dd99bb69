/**
 * Which scans of an ad-hoc query need only the rows with certain values: a scan read by nothing but a filter
 * that asks for column = constant. The filter stays where it is, so rows that come beside the wanted ones do
 * no harm; what matters is that none is left out.
 */

import type { Expr } from '../expr/expr.ts';
import type { DataflowPlan, ScanSpec } from '../plan/dataflow-plan.ts';
import { conjuncts } from '../plan/expressions.ts';
import type { Datum } from '../types/datum.ts';
import { identicalType } from '../types/oid.ts';

/** Columns of the relation (ordinals) and the value that each must have; never empty. */
export interface PointLookup {
  readonly columns: readonly number[];
  readonly values: readonly Datum[];
}

/** By the scan's position in the plan. */
export function pointLookups(plan: DataflowPlan): ReadonlyMap<number, PointLookup> {
  const found = new Map<number, PointLookup>();
  for (const node of plan.nodes) {
    if (node.kind !== 'scan' || plan.root === node.id) continue;
    const readers = plan.nodes.filter((each) => each.inputs.includes(node.id));
    const [reader] = readers;
    if (readers.length !== 1 || reader?.kind !== 'map' || reader.predicate === null) continue;
    const lookup = lookupOf(node, reader.predicate);
    if (lookup !== null) found.set(node.id, lookup);
  }
  return found;
}

function lookupOf(scan: ScanSpec, predicate: Expr): PointLookup | null {
  const values = new Map<number, Datum>();
  for (const condition of conjuncts(predicate)) {
    if (condition.kind !== 'call' || !condition.fn.operator || condition.fn.name !== '=') continue;
    const [a, b] = condition.args;
    if (a === undefined || b === undefined) continue;
    const pair = equality(a, b) ?? equality(b, a);
    if (pair !== null) values.set(scan.ordinals[pair.column]!, pair.value);
  }
  if (values.size === 0) return null;
  const columns = [...values.keys()].sort((a, b) => a - b);
  return { columns, values: columns.map((column) => values.get(column)!) };
}

function equality(column: Expr, constant: Expr): { column: number; value: Datum } | null {
  if (column.kind !== 'column' || constant.kind !== 'constant' || constant.value === null)
    return null;
  if (!identicalType(column.type, constant.type)) return null;
  return { column: column.index, value: constant.value };
}
