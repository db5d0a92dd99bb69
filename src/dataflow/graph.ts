/**
 * The graph: operators and the edges between them. A batch emitted by a node goes at once to every
 * successor's `push`; `tick` then flushes the nodes that heard something, in topological order, so that
 * each flushes after all its predecessors. Nodes may be added and removed between ticks.
 *
 * A node's inputs must exist when it is added; ids therefore rise along every edge and their order is a
 * topological one.
 */

import { assert, must } from '../base/assert.ts';
import type { Batch } from '../types/batch.ts';
import type { Operator, Output } from './operator.ts';

interface Edge {
  readonly node: Node;
  readonly port: number;
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
}

export class Graph {
  readonly #nodes = new Map<number, Node>();
  #nextId = 0;

  get size(): number {
    return this.#nodes.size;
  }

  /** A node without operator: what is emitted into it goes on to its successors. */
  addSource(): number {
    return this.#add(null, []);
  }

  /** Adds an operator that reads from `inputs` (node ids, one a port) and connects it. */
  addOperator(operator: Operator, inputs: readonly number[]): number {
    const id = this.#add(operator, inputs);
    const node = this.#node(id);
    operator.connect(outputOf(node));
    return id;
  }

  #add(operator: Operator | null, inputs: readonly number[]): number {
    const id = this.#nextId++;
    const node: Node = {
      id,
      operator,
      inputs,
      successors: [],
      probes: [],
      heard: operator !== null,
    };
    inputs.forEach((input, port) => this.#node(input).successors.push({ node, port }));
    this.#nodes.set(id, node);
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

  /** Carries everything that was emitted since the last tick through the graph. */
  tick(): void {
    for (const node of this.#nodes.values()) {
      if (!node.heard) continue;
      node.heard = false;
      node.operator?.flush();
    }
  }

  #node(id: number): Node {
    return must(this.#nodes.get(id), `there is no node ${id}`);
  }
}

function outputOf(node: Node): Output {
  return {
    emit(batch: Batch): void {
      if (batch.count === 0) return;
      for (const { node: to, port } of node.successors) {
        to.heard = true;
        to.operator!.push(batch, port);
      }
      for (const probe of node.probes) probe.emit(batch);
    },
    watermark(micros: number): void {
      for (const { node: to, port } of node.successors) {
        to.heard = true;
        to.operator!.watermark(micros, port);
      }
      for (const probe of node.probes) probe.watermark(micros);
    },
  };
}
