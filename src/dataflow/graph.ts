/**
 * The graph: operators and the edges between them. A batch emitted by a node goes at once to every
 * successor's `push`; `tick` then flushes the nodes that heard something, in topological order, so that
 * each flushes after all its predecessors. Nodes may be added and removed between ticks.
 *
 * A node's inputs must exist when it is added; ids therefore rise along every edge and their order is a
 * topological one.
 *
 * A loop repeats the nodes from one to another until nothing more comes back to where it begins; a node after it
 * hears its rows when it is flushed next.
 *
 * `tickSteps` does the same in pieces for one query: operators that make many rows of few get their input from
 * an inbox and are driven step by step, those furthest down first, so that what waits in inboxes stays small.
 */

import { assert, must } from '../base/assert.ts';
import type { Batch } from '../types/batch.ts';
import { copyBatch } from '../types/column-access.ts';
import type { Operator, Output } from './operator.ts';

interface Edge {
  readonly node: Node;
  readonly port: number;
}

/** Repeats the nodes after `head`, up to the one that it is given to. */
export interface Loop {
  readonly head: number;
  /** Called after that node was flushed: emits from `head` what the next round is made of; false: there is none. */
  again(): boolean;
}

interface Node {
  readonly id: number;
  /** Null for a source: it only forwards what it is given. */
  readonly operator: Operator | null;
  readonly inputs: readonly number[];
  readonly successors: Edge[];
  readonly probes: Output[];
  /** Something came since the last flush. */
  heard: boolean;
  readonly loop: Loop | null;
  /** What waits to be taken in steps; null: input is pushed at once. */
  readonly inbox: Input[] | null;
}

/** A batch, or a watermark in microseconds. */
interface Input {
  readonly port: number;
  readonly what: Batch | number;
}

export class Graph {
  readonly #nodes = new Map<number, Node>();
  readonly #stepped: boolean;
  /** Nodes that take their input in steps, in order of id. */
  readonly #inboxes: Node[] = [];
  #nextId = 0;

  /** `stepped`: only `drain` and `tickSteps` may drive it. */
  constructor(options: { readonly stepped: boolean } = { stepped: false }) {
    this.#stepped = options.stepped;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** A node without operator: what is emitted into it goes on to its successors. */
  addSource(): number {
    return this.#add(null, []);
  }

  /** Adds an operator that reads from `inputs` (node ids, one a port) and connects it; `loop` ends with it. */
  addOperator(operator: Operator, inputs: readonly number[], loop: Loop | null = null): number {
    const id = this.#add(operator, inputs, loop);
    const node = this.#node(id);
    operator.connect(outputOf(node));
    return id;
  }

  #add(operator: Operator | null, inputs: readonly number[], loop: Loop | null = null): number {
    const id = this.#nextId++;
    const node: Node = {
      id,
      operator,
      inputs,
      successors: [],
      probes: [],
      heard: operator !== null,
      loop,
      inbox: this.#stepped && operator?.pushSteps !== undefined ? [] : null,
    };
    inputs.forEach((input, port) => this.#node(input).successors.push({ node, port }));
    this.#nodes.set(id, node);
    if (node.inbox !== null) this.#inboxes.push(node);
    return id;
  }

  /** Removes nodes; none that stays may read from them. */
  remove(ids: readonly number[]): void {
    const gone = new Set(ids);
    for (const id of ids) {
      for (const { node } of this.#node(id).successors) {
        assert(gone.has(node.id), `node ${node.id} still reads from node ${id}`);
      }
    }
    for (const id of ids) {
      for (const input of this.#node(id).inputs) this.#detach(input, id);
      this.#nodes.delete(id);
    }
  }

  #detach(input: number, id: number): void {
    const node = this.#nodes.get(input);
    if (node === undefined) return;
    for (let i = node.successors.length - 1; i >= 0; i--) {
      if (node.successors[i]!.node.id === id) node.successors.splice(i, 1);
    }
  }

  /** Where to emit what comes from outside. */
  source(id: number): Output {
    const node = this.#node(id);
    assert(node.operator === null, `node ${id} is not a source`);
    return outputOf(node);
  }

  /** Also sends a node's output to `output`; returns how to stop that. */
  probe(id: number, output: Output): () => void {
    const { probes } = this.#node(id);
    probes.push(output);
    return () => {
      const at = probes.indexOf(output);
      if (at >= 0) probes.splice(at, 1);
    };
  }

  /**
   * Carries everything that was emitted since the last tick through the graph, or through its nodes with an id
   * below `before`, which may not read from the others.
   */
  tick(before = Infinity): void {
    for (const node of this.#nodes.values()) {
      if (node.id >= before) break;
      if (node.heard) this.#flush(node);
    }
  }

  #flush(node: Node): void {
    node.heard = false;
    node.operator?.flush();
    const { loop } = node;
    while (loop?.again() === true) {
      for (const each of this.#nodes.values()) {
        if (each.id >= node.id) break;
        if (each.id > loop.head && each.heard) this.#flush(each);
      }
      node.heard = false;
      node.operator?.flush();
    }
  }

  /** `tick` in steps. */
  *tickSteps(): Generator<void> {
    yield* this.drain();
    for (const node of this.#nodes.values()) {
      if (node.heard) yield* this.#flushSteps(node);
    }
  }

  *#flushSteps(node: Node): Generator<void> {
    yield* this.#flushOnce(node);
    const { loop } = node;
    while (loop?.again() === true) {
      yield* this.#drainAfter(loop.head);
      for (const each of this.#nodes.values()) {
        if (each.id >= node.id) break;
        if (each.id > loop.head && each.heard) yield* this.#flushSteps(each);
      }
      yield* this.#flushOnce(node);
      yield;
    }
  }

  *#flushOnce(node: Node): Generator<void> {
    node.heard = false;
    const steps = node.operator?.flushSteps?.();
    if (steps === undefined) node.operator?.flush();
    else yield* this.#drive(node, steps);
    yield* this.drain();
  }

  /** Takes what waits in inboxes; to be run after each batch that is emitted into a source. */
  *drain(): Generator<void> {
    yield* this.#drainAfter(-1);
  }

  /** Only nodes after `id`: those before it are in the middle of something. */
  *#drainAfter(id: number): Generator<void> {
    for (const node of this.#inboxes) {
      if (node.id <= id || node.inbox === null) continue;
      for (let input = node.inbox.shift(); input !== undefined; input = node.inbox.shift()) {
        const { port, what } = input;
        if (typeof what === 'number') node.operator!.watermark(what, port);
        else yield* this.#drive(node, node.operator!.pushSteps!(what, port));
      }
    }
  }

  *#drive(node: Node, steps: Iterable<void>): Generator<void> {
    for (const _ of steps) {
      yield* this.#drainAfter(node.id);
      yield;
    }
  }

  #node(id: number): Node {
    return must(this.#nodes.get(id), 'a node of that number');
  }
}

function outputOf(node: Node): Output {
  return {
    emit(batch: Batch): void {
      if (batch.count === 0) return;
      for (const { node: to, port } of node.successors) {
        to.heard = true;
        if (to.inbox === null) to.operator!.push(batch, port);
        else to.inbox.push({ port, what: copyBatch(batch) });
      }
      for (const probe of node.probes) probe.emit(batch);
    },
    watermark(micros: number): void {
      for (const { node: to, port } of node.successors) {
        to.heard = true;
        if (to.inbox === null) to.operator!.watermark(micros, port);
        else to.inbox.push({ port, what: micros });
      }
      for (const probe of node.probes) probe.watermark(micros);
    },
  };
}
