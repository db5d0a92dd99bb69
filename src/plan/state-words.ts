/**
 * What a dataflow keeps, in sentences for people who have never seen a streaming engine: for each table of
 * each operator what it holds, what makes it grow, and what lets it forget. EXPLAIN (STATE) prints them.
 */

import { unreachable } from '../base/assert.ts';
import type {
  AggregateCallSpec,
  AggregateSpec,
  ColumnSpec,
  DataflowPlan,
  JoinSpec,
  NodeSpec,
} from './dataflow-plan.ts';
import { printExpr } from './print-expr.ts';
import type { ColumnNames } from './print-expr.ts';
import { namesOf, printDuration } from './print.ts';

export interface StateDescription {
  /** Position of the node in the plan. */
  readonly node: number;
  readonly table: string;
  /** `key → value`. */
  readonly holds: string;
  readonly grows: string;
  readonly forgets: string;
  /** The table stays small though rows keep coming. */
  readonly bounded: boolean;
}

/** The tables of one node; none for an operator that keeps nothing. */
export function stateOf(plan: DataflowPlan, node: NodeSpec): readonly StateDescription[] {
  const inputs = node.inputs.map((input) => plan.nodes[input]!);
  switch (node.kind) {
    case 'scan':
    case 'values':
    case 'map':
    case 'window':
    case 'union':
    case 'flat-map':
    case 'recursion-end':
      return [];
    case 'aggregate':
      return aggregateState(node, inputs[0]!);
    case 'join':
      return (['left', 'right'] as const).map((side, i) => {
        const input = inputs[i]!;
        const names = namesOf(input.columns);
        const keys = (side === 'left' ? node.leftKeys : node.rightKeys).map((key) => names(key));
        return table(node, side, {
          holds: `${keys.length === 0 ? '' : `${keys.join(', ')} → `}rows of the ${side} side`,
          grows: `one entry a row of the ${side} side`,
          ...(forgetsMatched(node, i, inputs) ?? untilDeleted(input)),
        });
      });
    case 'lookup-join': {
      const [left, right] = inputs;
      const names = namesOf(right!.columns);
      const keys = node.rightKeys.map((key) => names(key)).join(', ');
      const waiting = table(node, 'waiting', {
        holds: 'rows of the left side that came before the right side was read',
        grows: 'one entry a row of the left side until then',
        forgets: 'forgets all of them when the right side has been read',
        bounded: true,
      });
      return [
        table(node, 'right', {
          holds: `${keys === '' ? '' : `${keys} → `}rows of the right side`,
          grows: 'one entry a row of the right side',
          ...untilDeleted(right!),
        }),
        ...(node.awaitsRight && left !== undefined ? [waiting] : []),
      ];
    }
    case 'set':
    case 'distinct':
      return [
        table(node, 'rows', {
          holds: `${columnsOf(node.columns)} → how often each side has it`,
          grows: 'one entry a distinct row',
          ...untilDeleted(...inputs),
        }),
      ];
    case 'recursion':
      if (node.all) return [];
      return [
        table(node, 'rounds', {
          holds: `${columnsOf(node.columns)} → how often the round makes it`,
          grows: 'one entry a row and round that makes it',
          forgets: 'forgets a row when nothing makes it any more',
          bounded: false,
        }),
      ];
    case 'top-n': {
      const input = inputs[0]!;
      if (!input.appendOnly || node.limit === null || node.offset !== 0)
        return wholeInput(node, input);
      const names = namesOf(input.columns);
      const by = node.partitionBy.map((column) => names(column)).join(', ');
      const rows = node.limit === 1 ? 'its first row' : `its first ${node.limit} rows`;
      return [
        table(node, 'rows', {
          holds: `${by === '' ? '' : `${by} → `}${rows}${node.withTies ? ' with ties' : ''}`,
          grows: by === '' ? 'does not grow' : 'one entry a group and row kept',
          forgets: 'forgets a row when it is no longer among the first',
          bounded: by === '' && !node.withTies,
        }),
      ];
    }
    case 'over':
    case 'single-row':
      return wholeInput(node, inputs[0]!);
    case 'session-aggregate': {
      const input = inputs[0]!;
      const names = namesOf(input.columns);
      const by = node.partitionBy.map((column) => `${names(column)}, `).join('');
      const calls = callWords(node.calls, (column) => printExpr(node.exprs[column]!, names));
      return [
        table(node, 'sessions', {
          holds: `${by}session → ${['first and last time', ...calls].join(', ')}`,
          grows: 'one entry a session',
          ...(node.lateness === null
            ? untilDeleted(input)
            : { forgets: forgetsWindows('sessions', node.lateness), bounded: true }),
        }),
      ];
    }
    case 'session':
      return [
        table(node, 'rows', {
          holds: 'rows by session',
          grows: 'one entry a row',
          ...(node.lateness === null
            ? untilDeleted(inputs[0]!)
            : { forgets: forgetsWindows('sessions', node.lateness), bounded: true }),
        }),
      ];
    default:
      return unreachable(node, 'node');
  }
}

function wholeInput(
  node: Extract<NodeSpec, { kind: 'top-n' | 'over' | 'single-row' }>,
  input: NodeSpec,
): readonly StateDescription[] {
  const names = namesOf(input.columns);
  const columns = node.kind === 'single-row' ? node.keys : node.partitionBy;
  const by = columns.map((column) => names(column)).join(', ');
  return [
    table(node, 'rows', {
      holds: `${by === '' ? '' : `${by} → `}all rows of the input`,
      grows: 'one entry a row',
      ...untilDeleted(input),
    }),
  ];
}

/** What lets a side of a join go, when time does. */
function forgetsMatched(
  node: JoinSpec,
  side: number,
  inputs: readonly NodeSpec[],
): Pick<StateDescription, 'forgets' | 'bounded'> | null {
  const spec = node.time?.forget[side] ?? null;
  if (spec === null) return null;
  const own = side === 0 ? 'left' : 'right';
  const other = side === 0 ? 'right' : 'left';
  const names = namesOf(inputs[side]!.columns);
  const when = passed(names(spec.column), spec.offset, other);
  const { settled } = spec;
  const also = settled === null ? '' : ` and ${passed(names(settled.column), settled.offset, own)}`;
  return { forgets: `forgets a row when ${when}${also}`, bounded: true };
}

/** Offsets of −1 µs come from ends of windows, which are passed when they are reached. */
function passed(column: string, offset: number, side: string): string {
  const reached = offset % 1000 === -1 || offset % 1000 === 999;
  const micros = reached ? offset + 1 : offset;
  const shift = micros === 0 ? '' : ` ${micros < 0 ? '-' : '+'} ${printDuration(Math.abs(micros))}`;
  return `the ${side} side's watermark is ${reached ? 'at' : 'past'} ${column}${shift}`;
}

/** The tables of all nodes, in the order they run. */
export function stateOfPlan(plan: DataflowPlan): readonly StateDescription[] {
  return plan.nodes.flatMap((node) => stateOf(plan, node));
}

function aggregateState(node: AggregateSpec, input: NodeSpec): readonly StateDescription[] {
  const names = namesOf(input.columns);
  const keys = node.keys.map((key) => names(key)).join(', ');
  const calls = callWords(node.calls, names);
  const forgetting: Pick<StateDescription, 'forgets' | 'bounded'> =
    node.window !== null
      ? { forgets: forgetsWindows('windows', node.window.lateness), bounded: true }
      : node.global
        ? { forgets: 'has one row always', bounded: true }
        : input.appendOnly
          ? { forgets: 'never forgets a group', bounded: false }
          : { forgets: 'forgets a group when its last row is deleted', bounded: false };
  const groups = table(node, 'groups', {
    holds: `${node.global ? '' : `${keys} → `}${['rows', ...calls].join(', ')}`,
    grows: node.global ? 'does not grow' : `one entry a group${node.window ? ' and window' : ''}`,
    ...forgetting,
  });
  const values = node.calls.flatMap((call, i) => {
    const keeps =
      call.distinct ||
      call.fn.state === 'values' ||
      (call.fn.state === 'extreme' && !node.insertOnly);
    if (!keeps) return [];
    const what = call.distinct ? 'distinct values' : 'values';
    return [
      table(node, `values of ${calls[i]!}`, {
        holds: `${node.global ? '' : `${keys}, `}value → how often`,
        grows: `one entry for each of a group's ${what}`,
        ...(node.window === null
          ? untilDeleted(input)
          : { forgets: forgetsWindows('windows', node.window.lateness), bounded: true }),
      }),
    ];
  });
  return [groups, ...values];
}

function callWords(calls: readonly AggregateCallSpec[], names: ColumnNames): string[] {
  return calls.map(({ fn, args }) => {
    const inside = args.length === 0 && fn.name === 'count' ? '*' : args.map(names).join(', ');
    return `${fn.name}(${inside})`;
  });
}

function table(
  node: NodeSpec,
  name: string,
  words: Pick<StateDescription, 'holds' | 'grows' | 'forgets' | 'bounded'>,
): StateDescription {
  return { node: node.id, table: name, ...words };
}

function untilDeleted(...inputs: readonly NodeSpec[]): {
  readonly forgets: string;
  readonly bounded: boolean;
} {
  return inputs.every((input) => input.appendOnly)
    ? { forgets: 'never forgets: its input is append-only', bounded: false }
    : { forgets: 'forgets a row when it is deleted', bounded: false };
}

function forgetsWindows(what: string, lateness: number): string {
  const ago = lateness === 0 ? '' : ` ${printDuration(lateness)} or more`;
  return `forgets ${what} ended${ago} before the watermark`;
}

function columnsOf(columns: readonly ColumnSpec[]): string {
  const names = namesOf(columns);
  return columns.length === 0 ? 'row' : columns.map((_, i) => names(i)).join(', ');
}
