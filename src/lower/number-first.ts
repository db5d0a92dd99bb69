/**
 * Row numbers over the first rows of partitions as one node: the operator that keeps those rows in order
 * numbers them too, so that they are kept once. Possible over an append-only input, where nothing is kept but what is
 * numbered. Everything else goes the general way: rows chosen, then numbered.
 */

import { numberedMax } from '../plan/dataflow-plan.ts';
import type { NodeSpec, OrderSpec, OverSpec, TopNSpec } from '../plan/dataflow-plan.ts';
import type { NodeList } from './node-list.ts';

/** The node that stands for `spec`, with its columns; null when it must stay as it is. */
export function numberFirst(spec: Omit<OverSpec, 'id'>, nodes: NodeList): number | null {
  const chosen = nodes.at(spec.inputs[0]!);
  if (chosen.kind !== 'top-n' || chosen.numbers !== 0) return null;
  if (!keepsFirst(chosen, nodes.at(chosen.inputs[0]!))) return null;
  if (!spec.calls.every((call) => call.aggregate === null && call.name === 'row_number'))
    return null;
  if (!sameColumns(spec.partitionBy, chosen.partitionBy)) return null;
  if (!sameOrder(spec.order, chosen.order)) return null;
  return nodes.add({ ...chosen, numbers: spec.calls.length, columns: spec.columns });
}

function keepsFirst({ limit, offset, withTies }: TopNSpec, input: NodeSpec): boolean {
  return input.appendOnly && limit !== null && limit <= numberedMax && offset === 0 && !withTies;
}

function sameColumns(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((column, i) => column === b[i]);
}

function sameOrder(a: readonly OrderSpec[], b: readonly OrderSpec[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      ({ column, descending, nullsFirst }, i) =>
        column === b[i]!.column &&
        descending === b[i]!.descending &&
        nullsFirst === b[i]!.nullsFirst,
    )
  );
}
