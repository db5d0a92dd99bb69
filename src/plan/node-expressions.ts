/**
 * The expressions of a dataflow node, rewritten: the one switch for those who change expressions in a plan
 * that is lowered already, such as a prepared statement's that is given its parameters.
 */

import { unreachable } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import type { DataflowPlan, NodeSpec } from './dataflow-plan.ts';

/** The plan with `change` applied to each expression; nodes whose expressions stay the same are kept. */
export function mapNodeExpressions(
  plan: DataflowPlan,
  change: (expr: Expr, node: NodeSpec) => Expr,
): DataflowPlan {
  const nodes = plan.nodes.map((node) => changed(node, (expr) => change(expr, node)));
  return nodes.every((node, i) => node === plan.nodes[i]) ? plan : { ...plan, nodes };
}

function changed(node: NodeSpec, change: (expr: Expr) => Expr): NodeSpec {
  switch (node.kind) {
    case 'values': {
      const rows = node.rows.map((row) => same(row, change));
      return rows.every((row, i) => row === node.rows[i]) ? node : { ...node, rows };
    }
    case 'map': {
      const predicate = node.predicate === null ? null : change(node.predicate);
      const exprs = same(node.exprs, change);
      return predicate === node.predicate && exprs === node.exprs
        ? node
        : { ...node, predicate, exprs };
    }
    case 'join':
    case 'lookup-join': {
      const residual = node.residual === null ? null : change(node.residual);
      return residual === node.residual ? node : { ...node, residual };
    }
    case 'session-aggregate': {
      const exprs = same(node.exprs, change);
      return exprs === node.exprs ? node : { ...node, exprs };
    }
    case 'flat-map': {
      const args = same(node.args, change);
      return args === node.args ? node : { ...node, args };
    }
    case 'scan':
    case 'window':
    case 'session':
    case 'aggregate':
    case 'union':
    case 'set':
    case 'distinct':
    case 'top-n':
    // Offsets of frames are numbers by now.
    case 'over':
    case 'single-row':
    case 'recursion':
    case 'recursion-end':
      return node;
    default:
      return unreachable(node, 'node');
  }
}

function same(exprs: readonly Expr[], change: (expr: Expr) => Expr): readonly Expr[] {
  const after = exprs.map(change);
  return after.every((expr, i) => expr === exprs[i]) ? exprs : after;
}
