/**
 * The growing list of dataflow nodes while a plan is lowered. Equal nodes over equal inputs are made once,
 * so that a subplan used twice (as decorrelation does) runs once. Maps over maps are fused here. `finish`
 * leaves out what nothing reads and numbers the rest from 0 in topological order.
 */

import { assert } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';
import type { ColumnSpec, DataflowPlan, NodeSpec } from '../plan/dataflow-plan.ts';
import { fingerprintOf, nodeToJson, typeToJson } from '../plan/encode.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { columnExpr, conjuncts, conjunction, isVolatile, substitute } from '../plan/expressions.ts';

/** A node before it has its number. */
export type NewNode = NodeSpec extends infer N
  ? N extends NodeSpec
    ? Omit<N, 'id'>
    : never
  : never;

/** Expressions of more parts than this are not pasted into each other. */
const fusedSizeMax = 400;
/** Lists of more rows than this are not compared with others. */
const sharedRowsMax = 16;

export class NodeList {
  readonly #nodes: NodeSpec[] = [];
  readonly #known = new Map<string, number>();
  readonly #described = new Set<number>();
  /** Nodes that later projections are not fused with. */
  readonly #whole = new Set<number>();

  at(id: number): NodeSpec {
    const node = this.#nodes[id];
    assert(node !== undefined, `node ${id} of ${this.#nodes.length}`);
    return node;
  }

  columns(id: number): readonly ColumnSpec[] {
    return this.at(id).columns;
  }

  add(node: NewNode): number {
    const id = this.#nodes.length;
    const spec = { ...node, id } as NodeSpec;
    if (isShareable(spec)) {
      const identity = JSON.stringify([
        nodeToJson(spec),
        spec.columns.map((column) => typeToJson(column.type)),
      ]);
      const before = this.#known.get(identity);
      if (before !== undefined) return before;
      this.#known.set(identity, id);
    }
    this.#nodes.push(spec);
    return id;
  }

  /** Filter, then projection; nothing is added when both change nothing. */
  addMap(
    input: number,
    predicate: Expr | null,
    written: readonly Expr[],
    columns: readonly ColumnSpec[],
  ): number {
    const exprs = written.map((expr, i) => inFormOf(expr, columns[i]!.type));
    const below = this.at(input);
    if (below.kind === 'map' && !this.#whole.has(input) && mayFuse(below.exprs, predicate, exprs)) {
      const outer = predicate === null ? [] : conjuncts(substitute(predicate, below.exprs));
      const inner = below.predicate === null ? [] : conjuncts(below.predicate);
      const both = [...inner, ...outer];
      return this.addMap(
        below.inputs[0]!,
        both.length === 0 ? null : conjunction(both),
        exprs.map((expr) => substitute(expr, below.exprs)),
        columns,
      );
    }
    if (predicate === null && isIdentity(exprs, below.columns)) return input;
    const keyPositions = below.key?.map((column) =>
      exprs.findIndex((expr) => expr.kind === 'column' && expr.index === column),
    );
    return this.add({
      kind: 'map',
      inputs: [input],
      predicate,
      exprs,
      columns,
      appendOnly: below.appendOnly,
      key: keyPositions === undefined || keyPositions.includes(-1) ? null : keyPositions,
    });
  }

  /** A projection that stays as it is, whatever is read of it. */
  addWhole(input: number, exprs: readonly Expr[], columns: readonly ColumnSpec[]): number {
    const id = this.addMap(input, null, exprs, columns);
    this.#whole.add(id);
    return id;
  }

  /** Only the columns at `indices`. */
  pick(input: number, indices: readonly number[]): number {
    const columns = this.columns(input);
    const exprs = indices.map((index) => columnExpr(index, columns[index]!.type));
    return this.addMap(
      input,
      null,
      exprs,
      indices.map((index) => columns[index]!),
    );
  }

  /** Adds what only the logical plan knows: the names that its first reader gives the columns, and a key. */
  describe(id: number, columns: readonly ColumnSpec[], key: readonly number[] | null): void {
    const node = this.at(id);
    assert(node.columns.length === columns.length, `${node.kind} of ${columns.length} columns`);
    if (this.#described.has(id)) return;
    this.#described.add(id);
    this.#nodes[id] = { ...node, columns, key: node.key ?? key };
  }

  /** Joins whose output is judged late further on, so that each row needs the watermark it came with. */
  #carryingJoins(used: readonly number[]): ReadonlySet<number> {
    const carrying = new Set<number>();
    const ask = (id: number): void => {
      const node = this.at(id);
      if (node.kind === 'lookup-join') ask(node.inputs[0]!);
      const passes = ['map', 'union', 'flat-map', 'window'].includes(node.kind);
      if (passes) node.inputs.forEach(ask);
      if (node.kind !== 'join' || node.type !== 'inner' || carrying.has(id)) return;
      if (!node.inputs.every((input) => this.at(input).appendOnly)) return;
      carrying.add(id);
      node.inputs.forEach(ask);
    };
    for (const id of used) {
      const node = this.at(id);
      const judges =
        node.kind === 'window' || node.kind === 'session' || node.kind === 'session-aggregate';
      if (judges && node.lateness !== null) node.inputs.forEach(ask);
      if (node.kind !== 'join' || node.time === null) continue;
      node.time.lateBy.forEach((column, side) => {
        if (column !== null) ask(node.inputs[side]!);
      });
    }
    return carrying;
  }

  finish(root: number, salt: string): DataflowPlan {
    const used = new Set<number>();
    const visit = (id: number): void => {
      if (used.has(id)) return;
      used.add(id);
      this.at(id).inputs.forEach(visit);
    };
    visit(root);
    const order = [...used].sort((a, b) => a - b);
    const place = new Map(order.map((id, position) => [id, position]));
    const carrying = this.#carryingJoins(order);
    const nodes = order.map((id, position): NodeSpec => {
      const node = carrying.has(id) ? withRowWatermarks(this.at(id)) : this.at(id);
      return { ...node, id: position, inputs: node.inputs.map((input) => place.get(input)!) };
    });
    const newRoot = place.get(root)!;
    let fingerprint: string | null = null;
    return {
      nodes,
      root: newRoot,
      // Only plans whose state is kept are asked for it.
      get fingerprint() {
        return (fingerprint ??= fingerprintOf(nodes, newRoot, salt));
      },
    };
  }
}

function withRowWatermarks(node: NodeSpec): NodeSpec {
  assert(node.kind === 'join', `a ${node.kind} carries no watermarks`);
  const none = { forget: [null, null], lateBy: [null, null], delay: 0 } as const;
  return { ...node, time: { ...(node.time ?? none), rowWatermarks: true } };
}

/**
 * A node with volatile expressions gives other rows each time it is made, so it is never shared; whether two long
 * lists of rows are the same is not worth finding out.
 */
function isShareable(node: NodeSpec): boolean {
  if (node.kind === 'values') return node.rows.length <= sharedRowsMax;
  if (node.kind === 'map') {
    return !node.exprs.some(isVolatile) && !(node.predicate !== null && isVolatile(node.predicate));
  }
  return true;
}

/**
 * The expression in the physical form of its column: a NUMERIC with a fixed scale travels as a scaled double, one
 * without as itself.
 */
function inFormOf(expr: Expr, type: SqlType): Expr {
  if (expr.type.kind !== 'numeric' || type.kind !== 'numeric') return expr;
  if (expr.type.fixedScale === type.fixedScale) return expr;
  return { kind: 'cast', arg: expr, type, mode: 'implicit' };
}

function isIdentity(exprs: readonly Expr[], from: readonly ColumnSpec[]): boolean {
  return (
    exprs.length === from.length &&
    exprs.every((expr, i) => expr.kind === 'column' && expr.index === i)
  );
}

/**
 * Whether `exprs` may be rewritten over the input of a map that computes `inner`. A volatile expression is
 * computed once a row, and pasting must not let the text grow without bound.
 */
export function mayFuse(
  inner: readonly Expr[],
  predicate: Expr | null,
  exprs: readonly Expr[],
): boolean {
  if (inner.some(isVolatile)) return false;
  const sizes = inner.map(sizeOf);
  let total = 0;
  for (const expr of predicate === null ? exprs : [predicate, ...exprs]) {
    visitExpr(expr, (part) => {
      total += part.kind === 'column' ? (sizes[part.index] ?? 1) : 1;
    });
  }
  return total <= fusedSizeMax;
}

function sizeOf(expr: Expr): number {
  let size = 0;
  visitExpr(expr, () => {
    size++;
  });
  return size;
}

/** The columns of a node that gives rows of that schema. */
export function columnSpecs(schema: Schema): ColumnSpec[] {
  return schema.map(({ name, type, nullable }) => ({ name, type, nullable }));
}
