/**
 * Logical plans as trees of text for EXPLAIN. Stable: nothing depends on the run. Columns go by the names
 * of the schema; where two of one row are equal, or a name is empty, the position is added.
 */

import { unreachable } from '../base/assert.ts';
import { formatTree } from '../base/text-layout.ts';
import type { TreeNode } from '../base/text-layout.ts';
import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';
import { children, expressionsOf } from './children.ts';
import { conjunction, conjuncts, subqueryPlan } from './expressions.ts';
import { inputRow } from './input-row.ts';
import type {
  FrameBound,
  LogicalPlan,
  ScanPlan,
  SortKey,
  WindowFrame,
  WindowSpec,
} from './logical.ts';
import { printExpr } from './print-expr.ts';
import type { ColumnNames } from './print-expr.ts';

/** The plan as a tree, its result's columns first. */
export function printLogical(plan: LogicalPlan): string {
  return formatTree(logicalTree(plan));
}

/** `notes` says more of a scan, in lines below it. */
export function logicalTree(
  plan: LogicalPlan,
  notes: (scan: ScanPlan) => readonly string[] = () => [],
): TreeNode {
  const subqueries = expressionsOf(plan).flatMap(subqueriesOf);
  return {
    label: describe(plan, namesOf(inputRow(plan))),
    ...(plan.kind === 'scan' ? { notes: notes(plan) } : {}),
    children: [
      ...children(plan).map((input) => logicalTree(input, notes)),
      ...subqueries.map((inner, i): TreeNode => ({
        label: `subquery ${i + 1}`,
        children: [logicalTree(inner, notes)],
      })),
    ],
  };
}

function subqueriesOf(expr: Expr): LogicalPlan[] {
  const found: LogicalPlan[] = [];
  visitExpr(expr, (part) => {
    if (part.kind === 'subquery') found.push(subqueryPlan(part));
  });
  return found;
}

/** Names of columns for printing: unique within the row. */
export function namesOf(schema: readonly { readonly name: string }[]): ColumnNames {
  const counts = new Map<string, number>();
  for (const { name } of schema) counts.set(name, (counts.get(name) ?? 0) + 1);
  return (index) => {
    const name = schema[index]?.name;
    if (name === undefined || name === '' || name === '?column?') return `#${index + 1}`;
    return (counts.get(name) ?? 0) > 1 ? `${name}#${index + 1}` : name;
  };
}

function describe(plan: LogicalPlan, names: ColumnNames): string {
  const print = (expr: Expr): string => printExpr(expr, names);
  switch (plan.kind) {
    case 'scan': {
      const { schemaName, name, kind } = plan.relation;
      return `scan ${kind} ${schemaName}.${name}${inBrackets(plan.schema.map((f) => f.name))}`;
    }
    case 'values': {
      const count = plan.rows.length;
      const rows = `values ${count} ${count === 1 ? 'row' : 'rows'}`;
      if (count !== 1 || plan.schema.length === 0) return rows;
      return `${rows}: ${plan.rows[0]!.map(print).join(', ')}`;
    }
    case 'filter':
      return `filter ${print(plan.predicate)}`;
    case 'project':
      return `project ${printColumns(plan.exprs, plan.schema, names)}`;
    case 'window':
      return printWindow(plan.window, names(plan.timeColumn), names);
    case 'aggregate': {
      const keys = plan.keys.map(print).join(', ');
      const sets = plan.groupingSets?.map(
        (set) => `(${set.map((key) => print(plan.keys[key]!)).join(', ')})`,
      );
      const by =
        sets !== undefined
          ? ` by grouping sets ${sets.join(', ')}`
          : plan.keys.length === 0
            ? ''
            : ` by ${keys}`;
      const calls = plan.aggregates.map((call) =>
        printCall(call.fn.name, {
          args: call.args.map(print),
          distinct: call.distinct,
          orderBy: printOrder(call.orderBy, print),
          filter: call.filter === null ? null : print(call.filter),
          orderedSet: call.fn.orderedSet,
        }),
      );
      return `aggregate${by}${calls.length === 0 ? '' : `: ${calls.join(', ')}`}`;
    }
    case 'join': {
      const on = conjuncts(plan.on);
      const lateral = plan.lateral ? 'lateral ' : '';
      const condition = on.length === 0 ? '' : ` on ${print(conjunction(on))}`;
      const type = on.length === 0 && plan.type === 'inner' ? 'cross' : plan.type;
      const lookup = plan.lookup === true ? 'lookup ' : '';
      return `${lateral}${type} ${lookup}join${condition}`;
    }
    case 'union':
      return 'union all';
    case 'set':
      return `${plan.op}${plan.all ? ' all' : ''}`;
    case 'distinct':
      return 'distinct';
    case 'sort': {
      const parts = [
        ...(plan.partitionBy.length === 0
          ? []
          : [`partition by ${plan.partitionBy.map(print).join(', ')}`]),
        ...(plan.order.length === 0 ? [] : [`order by ${printOrder(plan.order, print)}`]),
        ...(plan.limit === null
          ? []
          : [`limit ${print(plan.limit)}${plan.withTies ? ' with ties' : ''}`]),
        ...(plan.offset === null ? [] : [`offset ${print(plan.offset)}`]),
      ];
      const word = plan.limit === null && plan.offset === null ? 'sort' : 'top-n';
      return `${word} ${parts.join(' ')}`.trimEnd();
    }
    case 'over': {
      const calls = plan.calls.map((call) => {
        const filter = call.filter === null ? '' : ` filter (${print(call.filter)})`;
        const frame = printFrame(call.frame, print);
        return `${call.name}(${call.args.map(print).join(', ')})${filter}${frame}`;
      });
      const by =
        plan.partitionBy.length === 0
          ? ''
          : ` partition by ${plan.partitionBy.map(print).join(', ')}`;
      const order = plan.order.length === 0 ? '' : ` order by ${printOrder(plan.order, print)}`;
      return `over${by}${order}: ${calls.join(', ')}`;
    }
    case 'flat-map': {
      const outer = plan.outer ? 'outer ' : '';
      const ordinality = plan.ordinality ? ' with ordinality' : '';
      return `${outer}flat-map ${plan.fn.name}(${plan.args.map(print).join(', ')})${ordinality}`;
    }
    case 'single-row':
      return plan.keys.length === 0
        ? 'single-row'
        : `single-row by ${plan.keys.map((key) => names(key)).join(', ')}`;
    case 'recursion':
      return `recursive ${plan.ref.name}: union${plan.all ? ' all' : ''}`;
    case 'self':
      return `rows of ${plan.ref.name} in the round before`;
    default:
      return unreachable(plan, 'plan');
  }
}

/** `name := expression`, or the name alone where the column is passed on under its own name. */
export function printColumns(
  exprs: readonly Expr[],
  schema: readonly { readonly name: string }[],
  names: ColumnNames,
): string {
  if (exprs.length === 0) return '(no columns)';
  return exprs
    .map((expr, i) => {
      const text = printExpr(expr, names);
      const { name } = schema[i]!;
      return text === name || name === '?column?' || name === '' ? text : `${name} := ${text}`;
    })
    .join(', ');
}

/** An aggregate call as SQL writes it. */
export function printCall(
  name: string,
  call: {
    readonly args: readonly string[];
    readonly distinct: boolean;
    readonly orderBy: string;
    readonly filter: string | null;
    readonly orderedSet: boolean;
  },
): string {
  const distinct = call.distinct ? 'distinct ' : '';
  const args = call.args.length === 0 && name === 'count' ? '*' : call.args.join(', ');
  const order =
    call.orderBy === ''
      ? ''
      : call.orderedSet
        ? ` within group (order by ${call.orderBy})`
        : ` order by ${call.orderBy}`;
  const inside = call.orderedSet ? `${distinct}${args})${order}` : `${distinct}${args}${order})`;
  return `${name}(${inside}${call.filter === null ? '' : ` filter (${call.filter})`}`;
}

function printOrder(order: readonly SortKey[], print: (expr: Expr) => string): string {
  return order.map((key) => printKey(print(key.expr), key)).join(', ');
}

/** One key of an order; directions and places of NULLs only where they are not SQL's default. */
export function printKey(
  text: string,
  key: { readonly descending: boolean; readonly nullsFirst: boolean },
): string {
  const direction = key.descending ? ' desc' : '';
  if (key.nullsFirst === key.descending) return `${text}${direction}`;
  return `${text}${direction} nulls ${key.nullsFirst ? 'first' : 'last'}`;
}

export function printWindow(window: WindowSpec, time: string, names: ColumnNames): string {
  switch (window.fn) {
    case 'tumble':
      return `window tumble(${time}, ${printDuration(window.size)})${printOffset(window.offset)}`;
    case 'hop': {
      const sizes = `${printDuration(window.slide)}, ${printDuration(window.size)}`;
      return `window hop(${time}, ${sizes})${printOffset(window.offset)}`;
    }
    case 'cumulate': {
      const sizes = `${printDuration(window.step)}, ${printDuration(window.size)}`;
      return `window cumulate(${time}, ${sizes})${printOffset(window.offset)}`;
    }
    case 'session': {
      const columns = window.partitionBy.map((column) => names(column)).join(', ');
      const by = columns === '' ? '' : ` partition by ${columns}`;
      return `window session(${time}, ${printDuration(window.gap)})${by}`;
    }
  }
}

function printOffset(micros: number): string {
  return micros === 0 ? '' : ` offset ${printDuration(micros)}`;
}

const units: readonly (readonly [number, string])[] = [
  [86_400_000_000, 'day'],
  [3_600_000_000, 'hour'],
  [60_000_000, 'minute'],
  [1_000_000, 'second'],
  [1000, 'millisecond'],
  [1, 'microsecond'],
];

/** Microseconds in the largest unit that makes them a whole number. */
export function printDuration(micros: number): string {
  const sign = micros < 0 ? '-' : '';
  const size = Math.abs(micros);
  const [unit, name] = units.find(([each]) => size >= each && size % each === 0) ?? [
    1,
    'microsecond',
  ];
  const count = size / unit;
  return `${sign}${count} ${name}${count === 1 ? '' : 's'}`;
}

/** Nothing for the frame that SQL takes when none is written. */
export function printFrame(frame: WindowFrame, print: (expr: Expr) => string): string {
  const { mode, start, end, exclude } = frame;
  const usual =
    mode === 'range' && start.kind === 'unbounded-preceding' && end.kind === 'current-row';
  if (usual && exclude === 'no others') return '';
  const bound = ({ kind, offset }: FrameBound): string =>
    `${offset === null ? '' : `${print(offset)} `}${kind.replace('-', ' ')}`;
  const without = exclude === 'no others' ? '' : ` exclude ${exclude}`;
  return ` ${mode} between ${bound(start)} and ${bound(end)}${without}`;
}

function inBrackets(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}
