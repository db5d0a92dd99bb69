/**
 * Which rows may go through a window as one. Where only aggregates read what a hopping window gives, rows of one
 * batch that fall into the same windows and agree in all that is read mean the same as one row with their number
 * as its weight; it is multiplied by the windows only once.
 */

import { columnsOf } from '../expr/walk.ts';
import type { DataflowPlan, NodeSpec, WindowNodeSpec } from './dataflow-plan.ts';
import { isVolatile } from './expressions.ts';

/** Aggregates for which the order of rows means nothing. */
const orderless: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'bool_and',
  'bool_or',
  'every',
]);

/**
 * The input columns of a window that are read above it, when rows that agree in them may be merged; null when
 * they may not, or would hardly ever agree.
 */
export function mergedColumns(plan: DataflowPlan, window: WindowNodeSpec): number[] | null {
  if (window.window.fn === 'tumble' || window.byClock) return null;
  const width = plan.nodes[window.inputs[0]!]!.columns.length;
  const read = new Set<number>();
  const readers = readersOf(plan, window.id);
  if (readers.length === 0) return null;
  for (const reader of readers) {
    if (reader.kind === 'aggregate') {
      if (!aggregateReads(reader, read)) return null;
    } else if (reader.kind === 'map') {
      if ([...reader.exprs, ...predicates(reader)].some(isVolatile)) return null;
      for (const expr of [...reader.exprs, ...predicates(reader)]) {
        for (const column of columnsOf(expr)) read.add(column);
      }
      const next = readersOf(plan, reader.id);
      // Without a reader here it is the result, or goes to another worker for who knows what.
      if (next.length === 0) return null;
      if (!next.every((node) => node.kind === 'aggregate' && aggregateReads(node, new Set()))) {
        return null;
      }
    } else {
      return null;
    }
  }
  if (plan.root === window.id || read.has(window.timeColumn)) return null;
  return [...read].filter((column) => column < width).sort((a, b) => a - b);
}

function readersOf(plan: DataflowPlan, id: number): NodeSpec[] {
  return plan.nodes.filter((node) => node.inputs.includes(id));
}

function predicates(node: Extract<NodeSpec, { kind: 'map' }>) {
  return node.predicate === null ? [] : [node.predicate];
}

/** Notes the columns that an aggregate reads; false when rows must reach it one by one. */
function aggregateReads(
  node: Extract<NodeSpec, { kind: 'aggregate' }>,
  read: Set<number>,
): boolean {
  for (const key of node.keys) read.add(key);
  for (const { fn, args, filter, orderBy } of node.calls) {
    if (!orderless.has(fn.name)) return false;
    for (const column of args) read.add(column);
    if (filter !== null) read.add(filter);
    for (const { column } of orderBy) read.add(column);
  }
  return true;
}
