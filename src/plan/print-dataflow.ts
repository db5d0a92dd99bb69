/**
 * Dataflow plans as trees of text: the operators that will run, numbered from 1 in the order they run. A
 * node that several others read is printed in full once and by its number after that.
 */

import { unreachable } from '../base/assert.ts';
import { formatTree } from '../base/text-layout.ts';
import type { TreeNode } from '../base/text-layout.ts';
import type { Expr } from '../expr/expr.ts';
import type {
  AggregateCallSpec,
  ColumnSpec,
  DataflowPlan,
  NodeSpec,
  OrderSpec,
} from './dataflow-plan.ts';
import type { EmitMode } from './logical.ts';
import {
  namesOf,
  printCall,
  printColumns,
  printDuration,
  printFrame,
  printKey,
  printWindow,
} from './print.ts';
import { printExpr } from './print-expr.ts';
import type { ColumnNames } from './print-expr.ts';
import { stateOf } from './state-words.ts';

export interface PrintDataflowOptions {
  /** Say under each operator what it keeps, what makes that grow, and what it forgets. */
  readonly state?: boolean | undefined;
  /** More lines under a node, e.g. its counters, by node id. */
  readonly notes?: ((id: number) => readonly string[]) | undefined;
}

export function printDataflow(plan: DataflowPlan, options: PrintDataflowOptions = {}): string {
  return formatTree(dataflowTree(plan, options));
}

export function dataflowTree(plan: DataflowPlan, options: PrintDataflowOptions = {}): TreeNode {
  const shown = new Set<number>();
  const tree = (id: number): TreeNode => {
    const node = plan.nodes[id]!;
    if (shown.has(id)) return { label: `${id + 1} (as above)` };
    shown.add(id);
    const rows = node.inputs.map((input) => plan.nodes[input]!.columns);
    const state = options.state === true ? stateOf(plan, node) : [];
    const notes = [
      ...(options.state === true ? [] : facts(node)),
      ...state.flatMap((table) => [
        `keeps ${table.table}: ${table.holds}`,
        `${table.grows}; ${table.forgets}`,
      ]),
      ...(options.notes?.(id) ?? []),
    ];
    return {
      label: `${id + 1} ${describe(node, rows)}`,
      notes,
      children: node.inputs.map(tree),
    };
  };
  return tree(plan.root);
}

function facts(node: NodeSpec): string[] {
  const names = namesOf(node.columns);
  const parts = [
    ...(node.appendOnly ? ['append-only'] : []),
    ...(node.key === null
      ? []
      : node.key.length === 0
        ? ['one row at most']
        : [`key ${node.key.map((column) => names(column)).join(', ')}`]),
  ];
  return parts.length === 0 ? [] : [parts.join(', ')];
}

function describe(node: NodeSpec, inputs: readonly (readonly ColumnSpec[])[]): string {
  const joins = node.kind === 'join' || node.kind === 'lookup-join';
  const row = joins ? inputs.flat() : (inputs[0] ?? ([] as readonly ColumnSpec[]));
  const names = namesOf(row);
  const print = (expr: Expr): string => printExpr(expr, names);
  switch (node.kind) {
    case 'scan': {
      const { kind, schemaName, name } = node.relation;
      const columns = node.columns.map((column) => column.name).join(', ');
      return `scan ${kind} ${schemaName}.${name}${columns === '' ? '' : ` (${columns})`}`;
    }
    case 'values':
      return `values ${node.rows.length} ${node.rows.length === 1 ? 'row' : 'rows'}`;
    case 'map': {
      const where = node.predicate === null ? '' : ` where ${print(node.predicate)}`;
      const same =
        node.exprs.length === row.length &&
        node.exprs.every((expr, i) => expr.kind === 'column' && expr.index === i);
      if (same && where !== '') return `map${where}`;
      return `map ${printColumns(node.exprs, node.columns, names)}${where}`;
    }
    case 'window': {
      const window = printWindow(node.window, names(node.timeColumn), names);
      return `${window}${printLateness(node.lateness)}`;
    }
    case 'session': {
      const spec = { fn: 'session', gap: node.gap, partitionBy: node.partitionBy } as const;
      return `${printWindow(spec, names(node.timeColumn), names)}${printLateness(node.lateness)}`;
    }
    case 'session-aggregate': {
      const spec = { fn: 'session', gap: node.gap, partitionBy: node.partitionBy } as const;
      const window = printWindow(spec, names(node.timeColumn), names);
      const calls = printCalls(node.calls, (column) => print(node.exprs[column]!));
      return `aggregate by ${window}${calls}${printEmit(node.emit)}${printLateness(node.lateness)}`;
    }
    case 'aggregate': {
      const keys = node.keys.map((key) => names(key)).join(', ');
      const by = keys === '' ? '' : ` by ${keys}`;
      return `aggregate${by}${printCalls(node.calls, names)}${printEmit(node.emit)}`;
    }
    case 'join':
    case 'lookup-join': {
      const right = inputs[0]?.length ?? 0;
      const keys = node.leftKeys.map((left, i) => {
        const operator = node.nullSafe[i] === true ? 'IS NOT DISTINCT FROM' : '=';
        return `${names(left)} ${operator} ${names(right + node.rightKeys[i]!)}`;
      });
      const rest = node.residual === null ? '' : print(node.residual);
      const type = keys.length === 0 && rest === '' && node.type === 'inner' ? 'cross' : node.type;
      const on = keys.length === 0 ? '' : ` on ${keys.join(' AND ')}`;
      const word = node.kind === 'join' ? 'join' : 'lookup join';
      return `${type} ${word}${on}${rest === '' ? '' : ` if ${rest}`}`;
    }
    case 'union':
      return 'union all';
    case 'set':
      return `${node.op}${node.all ? ' all' : ''}`;
    case 'distinct':
      return 'distinct';
    case 'top-n': {
      const parts = [
        ...(node.partitionBy.length === 0
          ? []
          : [`partition by ${node.partitionBy.map((column) => names(column)).join(', ')}`]),
        ...(node.order.length === 0 ? [] : [`order by ${printOrder(node.order, names)}`]),
        ...(node.limit === null ? [] : [`limit ${node.limit}${node.withTies ? ' with ties' : ''}`]),
        ...(node.offset === 0 ? [] : [`offset ${node.offset}`]),
        ...(node.numbers === 0 ? [] : ['numbered']),
      ];
      return `top-n ${parts.join(' ')}`.trimEnd();
    }
    case 'over': {
      const by =
        node.partitionBy.length === 0
          ? ''
          : ` partition by ${node.partitionBy.map((column) => names(column)).join(', ')}`;
      const order = node.order.length === 0 ? '' : ` order by ${printOrder(node.order, names)}`;
      const calls = node.calls.map((call) => {
        const filter = call.filter === null ? '' : ` filter (${names(call.filter)})`;
        const args = call.args.map((arg) => names(arg)).join(', ');
        return `${call.name}(${args})${filter}${printFrame(call.frame, print)}`;
      });
      return `over${by}${order}: ${calls.join(', ')}`;
    }
    case 'flat-map': {
      const args = node.args.map(print).join(', ');
      const ordinality = node.ordinality ? ' with ordinality' : '';
      return `${node.outer ? 'outer ' : ''}flat-map ${node.fn.name}(${args})${ordinality}`;
    }
    case 'single-row':
      return node.keys.length === 0
        ? 'single-row'
        : `single-row by ${node.keys.map((key) => names(key)).join(', ')}`;
    case 'recursion':
      return `round of ${node.name}: union${node.all ? ' all' : ''}`;
    case 'recursion-end':
      return 'rounds until nothing changes';
    default:
      return unreachable(node, 'node');
  }
}

function printCalls(calls: readonly AggregateCallSpec[], names: ColumnNames): string {
  if (calls.length === 0) return '';
  const printed = calls.map((call) =>
    printCall(call.fn.name, {
      args: call.args.map((arg) => names(arg)),
      distinct: call.distinct,
      orderBy: printOrder(call.orderBy, names),
      filter: call.filter === null ? null : names(call.filter),
      orderedSet: call.fn.orderedSet,
    }),
  );
  return `: ${printed.join(', ')}`;
}

function printEmit(emit: EmitMode): string {
  return emit === 'window-close' ? ', emits when the window closes' : '';
}

function printOrder(order: readonly OrderSpec[], names: ColumnNames): string {
  return order.map((key) => printKey(names(key.column), key)).join(', ');
}

function printLateness(lateness: number | null): string {
  if (lateness === null) return '';
  return lateness === 0 ? ', drops late rows' : `, drops rows late by ${printDuration(lateness)}`;
}
