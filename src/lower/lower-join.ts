/**
 * Joins: equalities between the two sides become keys, the rest of the condition a residual. A key that is
 * no plain column is computed in a map below the join and dropped in a map above it. Without any equality
 * the join has no keys and compares every pair.
 */

import { assert } from '../base/assert.ts';
import { notSupported } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { ColumnSpec } from '../plan/dataflow-plan.ts';
import { columnExpr, conjunction, replaceColumns } from '../plan/expressions.ts';
import { splitCondition } from '../plan/join-condition.ts';
import { children } from '../plan/children.ts';
import type { JoinPlan, LogicalPlan, RelationRef } from '../plan/logical.ts';
import { joinTimeOf } from './join-time.ts';
import type { NodeList } from './node-list.ts';

/** Adds the join of two lowered inputs and gives its node. */
export function lowerJoin(
  plan: JoinPlan,
  inputs: { readonly left: number; readonly right: number },
  nodes: NodeList,
  lateness: number,
): number {
  const leftWidth = plan.left.schema.length;
  const { keys, residual } = splitCondition(plan.on, leftWidth);
  const left = withColumns(
    inputs.left,
    keys.map((key) => key.left),
    nodes,
  );
  const right = withColumns(
    inputs.right,
    keys.map((key) => key.right),
    nodes,
  );
  const leftColumns = nodes.columns(left.node);
  const rightColumns = nodes.columns(right.node);
  const leftOnly = plan.type === 'semi' || plan.type === 'anti';
  const moved = residual.map((expr) =>
    replaceColumns(expr, (column) =>
      column.index < leftWidth
        ? column
        : columnExpr(column.index - leftWidth + leftColumns.length, column.type),
    ),
  );
  if (plan.lookup === true) {
    const lookup = lookupJoin(plan, { ...inputs, left: left.node, right: right.node }, nodes);
    const node = nodes.add({
      ...lookup,
      leftKeys: left.columns,
      rightKeys: right.columns,
      nullSafe: keys.map((key) => key.nullSafe),
      residual: moved.length === 0 ? null : conjunction(moved),
      columns: joinColumns(plan, leftColumns, rightColumns),
    });
    return nodes.pick(
      node,
      plan.schema.map((_, i) => (i < leftWidth ? i : i - leftWidth + leftColumns.length)),
    );
  }
  const leftNode = nodes.at(left.node);
  const rightNode = nodes.at(right.node);
  const both = leftNode.appendOnly && rightNode.appendOnly;
  const join = nodes.add({
    kind: 'join',
    inputs: [left.node, right.node],
    type: plan.type,
    leftKeys: left.columns,
    rightKeys: right.columns,
    nullSafe: keys.map((key) => key.nullSafe),
    residual: moved.length === 0 ? null : conjunction(moved),
    time: joinTimeOf(plan, lateness),
    columns: joinColumns(plan, leftColumns, rightColumns),
    appendOnly: (plan.type === 'inner' || plan.type === 'semi') && both,
    key: leftOnly ? leftNode.key : null,
  });
  const wanted = plan.schema.map((_, i) =>
    i < leftWidth ? i : i - leftWidth + leftColumns.length,
  );
  return nodes.pick(join, wanted);
}

/** What a lookup join is beside its condition. Throws 0A000 where it cannot keep its promise. */
function lookupJoin(
  plan: JoinPlan,
  inputs: { readonly left: number; readonly right: number },
  nodes: NodeList,
) {
  assert(plan.type === 'inner' || plan.type === 'left', `a ${plan.type} lookup join`);
  if (!nodes.at(inputs.left).appendOnly) {
    throw notSupported('FOR SYSTEM_TIME AS OF with a left side whose rows change', {
      detail: 'What a row found cannot be taken back after the other side has changed.',
      hint: 'Look up from a source without a primary key, before aggregating.',
    });
  }
  const sources = scansOf(plan.right).filter(({ kind }) => kind === 'source');
  const endless = sources.find((relation) => relation.bounded !== true);
  if (endless !== undefined) {
    throw notSupported(`FOR SYSTEM_TIME AS OF over the unbounded source "${endless.name}"`, {
      detail: 'A row could not know when it has found all that is there.',
      hint: "Keep the rows of the source in a materialized view, and join that. Files come to an end with 'follow' = 'false'.",
    });
  }
  return {
    kind: 'lookup-join',
    inputs: [inputs.left, inputs.right],
    type: plan.type,
    awaitsRight: sources.length > 0,
    appendOnly: true,
    key: null,
  } as const;
}

function scansOf(plan: LogicalPlan): readonly RelationRef[] {
  return plan.kind === 'scan' ? [plan.relation] : children(plan).flatMap(scansOf);
}

function joinColumns(
  plan: JoinPlan,
  left: readonly ColumnSpec[],
  right: readonly ColumnSpec[],
): readonly ColumnSpec[] {
  const nullable = (columns: readonly ColumnSpec[]): ColumnSpec[] =>
    columns.map((column) => ({ ...column, nullable: true }));
  switch (plan.type) {
    case 'semi':
    case 'anti':
      return left;
    case 'inner':
      return [...left, ...right];
    case 'left':
      return [...left, ...nullable(right)];
    case 'right':
      return [...nullable(left), ...right];
    case 'full':
      return [...nullable(left), ...nullable(right)];
  }
}

/** The node with computed columns at its end where `exprs` are not plain columns, and where each one is. */
export function withColumns(
  input: number,
  exprs: readonly Expr[],
  nodes: NodeList,
): { readonly node: number; readonly columns: readonly number[] } {
  const before = nodes.columns(input);
  const all: Expr[] = before.map((column, i) => columnExpr(i, column.type));
  const columns: ColumnSpec[] = [...before];
  const places = exprs.map((expr) => {
    if (expr.kind === 'column') return expr.index;
    all.push(expr);
    columns.push({ name: '?column?', type: expr.type, nullable: true });
    return all.length - 1;
  });
  const node = all.length === before.length ? input : nodes.addMap(input, null, all, columns);
  return { node, columns: places };
}
