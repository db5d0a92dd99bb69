/**
 * LogicalPlan → DataflowPlan, node by node. The plan is decorrelated; every other optimizer rule is
 * optional. An ORDER BY at the top of a view means nothing and is left out; an ad-hoc query gets it back
 * from `lowerQuery` as something to do with the finished rows.
 */

import { assert, must, unreachable } from '../base/assert.ts';
import { notSupported } from '../base/errors.ts';
import { children } from '../plan/children.ts';
import type { ColumnSpec, DataflowPlan } from '../plan/dataflow-plan.ts';
import { columnsFor } from '../plan/expressions.ts';
import { expandGroupingSets } from '../plan/grouping-sets.ts';
import type {
  AggregatePlan,
  EmitMode,
  FlatMapPlan,
  LogicalPlan,
  RecursionPlan,
  RecursionRef,
  SetPlan,
  WindowPlan,
} from '../plan/logical.ts';
import { propertiesOf } from '../plan/properties.ts';
import { ColumnCollector } from './column-collector.ts';
import { expectFinal } from './expect-final.ts';
import { keepRounds, roundField } from './keep-rounds.ts';
import { findPane, lowerAggregate, type PanedAggregate } from './lower-aggregate.ts';
import { lowerJoin } from './lower-join.ts';
import { lowerOver, lowerSort } from './lower-order.ts';
import { columnSpecs, NodeList } from './node-list.ts';
import { groupDistinct, respellSet, spellKeys } from './spellings.ts';
import { hasClock, hasEventTime } from './time-pane.ts';

export interface LowerOptions {
  /** How results leave the plan. */
  readonly emit: EmitMode;
  /** How long after its end a window still takes rows, in microseconds. */
  readonly lateness: number;
  /** The plan runs once over rows that stand still. */
  readonly once: boolean;
  /** Aggregations by session run as one operator where they can; otherwise always as two. */
  readonly fusesSessions: boolean;
  /** What else decides what state means, e.g. the version of operators. */
  readonly fingerprintSalt: string;
}

export const defaultLowerOptions: LowerOptions = {
  emit: 'update',
  lateness: 0,
  once: false,
  fusesSessions: true,
  fingerprintSalt: '',
};

/** What runs, for a view or a sink. Throws 0A000 when `window-close` cannot be kept. */
export function lower(plan: LogicalPlan, options: Partial<LowerOptions> = {}): DataflowPlan {
  const full = { ...defaultLowerOptions, ...options };
  const lowering = new Lowering(full);
  const root = lowering.plan(plan);
  if (full.emit === 'window-close') expectFinal(root, lowering.nodes);
  return lowering.nodes.finish(root, full.fingerprintSalt);
}

interface LoweredRecursion {
  readonly ref: RecursionRef;
  /** Nodes. */
  readonly base: number;
  readonly head: number;
  readonly step: number;
  readonly end: number;
}

class Lowering {
  readonly nodes = new NodeList();
  readonly #options: LowerOptions;
  readonly #done = new Map<LogicalPlan, number>();
  /** The node of the recursion whose step is being lowered. */
  readonly #rounds = new Map<RecursionRef, number>();
  readonly #recursions: LoweredRecursion[] = [];

  constructor(options: LowerOptions) {
    this.#options = options;
  }

  /** The node that gives the plan's rows, with exactly the plan's columns. */
  plan(plan: LogicalPlan): number {
    const before = this.#done.get(plan);
    if (before !== undefined) return before;
    const id = this.#lower(plan);
    this.nodes.describe(id, columnSpecs(plan.schema), propertiesOf(plan).keys[0] ?? null);
    this.#done.set(plan, id);
    return id;
  }

  #lower(plan: LogicalPlan): number {
    const columns = columnSpecs(plan.schema);
    switch (plan.kind) {
      case 'scan':
        return this.nodes.add({
          kind: 'scan',
          inputs: [],
          relation: plan.relation,
          ordinals: plan.columns,
          columns,
          appendOnly: plan.relation.appendOnly,
          key: propertiesOf(plan).keys[0] ?? null,
        });
      case 'values': {
        const key = plan.rows.length <= 1 ? [] : null;
        return this.nodes.add({
          kind: 'values',
          inputs: [],
          rows: plan.rows,
          columns,
          appendOnly: true,
          key,
        });
      }
      case 'filter': {
        const input = this.plan(plan.input);
        return this.nodes.addMap(input, plan.predicate, columnsFor(plan.schema), columns);
      }
      case 'project':
        return plan.whole === true
          ? this.nodes.addWhole(this.plan(plan.input), plan.exprs, columns)
          : this.nodes.addMap(this.plan(plan.input), null, plan.exprs, columns);
      case 'window':
        return this.#window(plan, columns);
      case 'aggregate':
        return this.#aggregate(plan);
      case 'join': {
        assert(!plan.lateral, 'a lateral join is left to lower');
        const left = this.plan(plan.left);
        const inputs = { left, right: this.plan(plan.right) };
        // A query that runs once sees one instant: what is there when a row comes is all there is.
        const { lookup, ...ordinary } = plan;
        const join = lookup === true && this.#options.once ? ordinary : plan;
        return lowerJoin(join, inputs, this.nodes, this.#options.lateness);
      }
      case 'union': {
        const inputs = plan.inputs.map((input) => this.plan(input));
        const appendOnly = inputs.every((input) => this.nodes.at(input).appendOnly);
        return this.nodes.add({ kind: 'union', inputs, columns, appendOnly, key: null });
      }
      case 'set':
        return this.#set(plan, columns);
      case 'distinct': {
        const input = this.plan(plan.input);
        const { appendOnly } = this.nodes.at(input);
        const grouped = this.#mustStand(appendOnly) ? null : groupDistinct(plan);
        if (grouped !== null) {
          const { keys } = grouped;
          return this.#group(grouped, { input: plan.input, keys, pane: null, endAdded: false });
        }
        return this.nodes.add({
          kind: 'distinct',
          inputs: [input],
          columns,
          appendOnly,
          key: this.nodes.at(input).key ?? plan.schema.map((_, i) => i),
        });
      }
      case 'sort':
        return lowerSort(plan, this.nodes, (each) => this.plan(each));
      case 'over':
        return lowerOver(plan, this.nodes, (each) => this.plan(each));
      case 'flat-map':
        return this.#flatMap(plan, columns);
      case 'single-row': {
        const input = this.plan(plan.input);
        return this.nodes.add({
          kind: 'single-row',
          inputs: [input],
          keys: plan.keys,
          columns,
          appendOnly: this.nodes.at(input).appendOnly,
          key: plan.keys,
        });
      }
      case 'recursion':
        return this.#recursion(plan, columns);
      case 'self':
        return must(this.#rounds.get(plan.ref), 'the recursion around its step');
      default:
        return unreachable(plan, 'plan');
    }
  }

  /** A query of WITH that is used twice is one plan or two equal ones, and one recursion in both cases. */
  #recursion(plan: RecursionPlan, columns: readonly ColumnSpec[]): number {
    const { ref, all } = plan;
    const base = this.plan(plan.base);
    for (const before of this.#recursions) {
      if (before.ref !== ref || before.base !== base) continue;
      this.#rounds.set(ref, before.head);
      if (this.plan(keepRounds(plan)) === before.step) return before.end;
    }
    const head = this.nodes.add({
      kind: 'recursion',
      inputs: [base],
      loop: this.#recursions.length,
      name: ref.name,
      all,
      columns: columnSpecs([...plan.schema, roundField]),
      appendOnly: false,
      key: null,
    });
    const place = this.#recursions.length;
    this.#recursions.push({ ref, base, head, step: -1, end: -1 });
    this.#rounds.set(ref, head);
    const step = this.plan(keepRounds(plan));
    const end = this.nodes.add({
      kind: 'recursion-end',
      inputs: [head, step],
      once: this.#options.once,
      columns,
      appendOnly: false,
      key: propertiesOf(plan).keys[0] ?? null,
    });
    this.#recursions[place] = { ref, base, head, step, end };
    return end;
  }

  /** Rows that never go, under EMIT ON WINDOW CLOSE: none may be revised, not even to spell it otherwise. */
  #mustStand(appendOnly: boolean): boolean {
    return appendOnly && this.#options.emit === 'window-close';
  }

  #set(plan: SetPlan, columns: readonly ColumnSpec[]): number {
    const inputs = [this.plan(plan.left), this.plan(plan.right)];
    const both = inputs.every((input) => this.nodes.at(input).appendOnly);
    const node = this.nodes.add({
      kind: 'set',
      op: plan.op,
      all: plan.all,
      inputs,
      columns,
      appendOnly: plan.op === 'intersect' && both,
      key: plan.all ? null : plan.schema.map((_, i) => i),
    });
    const respelled = this.#mustStand(this.nodes.at(node).appendOnly) ? null : respellSet(plan);
    if (respelled === null) return node;
    const sides = { left: node, right: this.plan(respelled.right) };
    const join = lowerJoin(respelled, sides, this.nodes, this.#options.lateness);
    const width = plan.schema.length;
    return this.nodes.pick(
      join,
      plan.schema.map((_, i) => width + i),
    );
  }

  #window(plan: WindowPlan, columns: readonly ColumnSpec[]): number {
    const input = this.plan(plan.input);
    const lateness = hasEventTime(plan) ? this.#options.lateness : null;
    if (lateness !== null && windowsByClock(plan.input)) {
      throw notSupported('a window over event time above one over processing time', {
        detail: 'Above a window by the clock, watermarks are times of the clock.',
        hint: 'Window by event time first.',
      });
    }
    const { window, timeColumn } = plan;
    const base = { inputs: [input], columns, timeColumn, lateness };
    const { appendOnly } = this.nodes.at(input);
    const key = propertiesOf(plan).keys[0] ?? null;
    if (window.fn !== 'session') {
      const byClock = hasClock(plan) && !this.#options.once;
      return this.nodes.add({ kind: 'window', window, ...base, byClock, appendOnly, key });
    }
    const { gap, partitionBy } = window;
    return this.nodes.add({ kind: 'session', gap, partitionBy, ...base, appendOnly: false, key });
  }

  #aggregate(plan: AggregatePlan): number {
    const expanded = expandGroupingSets(plan);
    if (expanded !== plan) return this.plan(expanded);
    return this.#group(plan, findPane(plan));
  }

  #group(plan: AggregatePlan, paned: PanedAggregate): number {
    const spelled = spellKeys(plan);
    if (spelled !== null) {
      const node = this.#group(spelled.input, paned);
      return this.nodes.addMap(node, null, spelled.exprs, columnSpecs(plan.schema));
    }
    return lowerAggregate(plan, paned, {
      emit: this.#options.emit,
      lateness: this.#options.lateness,
      fusesSessions: this.#options.fusesSessions,
      nodes: this.nodes,
      collector: new ColumnCollector(paned.input, 0),
      lowerInput: (collector) => this.plan(collector.plan()),
    });
  }

  #flatMap(plan: FlatMapPlan, columns: readonly ColumnSpec[]): number {
    const input = this.plan(plan.input);
    return this.nodes.add({
      kind: 'flat-map',
      inputs: [input],
      fn: plan.fn,
      args: plan.args,
      ordinality: plan.ordinality,
      outer: plan.outer,
      columns,
      appendOnly: this.nodes.at(input).appendOnly,
      key: propertiesOf(plan).keys[0] ?? null,
    });
  }
}

function windowsByClock(plan: LogicalPlan): boolean {
  if (plan.kind === 'window' && hasClock(plan)) return true;
  return children(plan).some(windowsByClock);
}
