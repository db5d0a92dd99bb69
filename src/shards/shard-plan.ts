/**
 * One shard's part of a dataflow as a plan of its own: the nodes that run there in order of stage, and for
 * every route a scan into which the rows that arrive are pushed. State is named by the ids of the whole plan,
 * so that it is the same however many shards there are.
 */

import { must } from '../base/assert.ts';
import type { DataflowPlan, NodeSpec, ScanSpec } from '../plan/dataflow-plan.ts';
import type { PlacedNode, Route } from './placement.ts';

/** A way by which rows change shard. All shards number the exchanges of a plan alike. */
export interface Exchange {
  readonly id: number;
  /** The node whose output goes this way. */
  readonly from: PlacedNode;
  /** The node that reads it. */
  readonly to: PlacedNode;
  readonly route: Route;
  /** What the reader wants to know of a row beside its values. */
  readonly carries: { readonly rowWatermarks: boolean; readonly origin: boolean };
  /** Only the first shard sends, or only it receives. */
  readonly fromFirst: boolean;
  readonly toFirst: boolean;
}

export interface ShardPlan {
  /** Null: nothing of the plan runs in this shard. */
  readonly plan: DataflowPlan | null;
  /** By position in `plan`: the id of the node in the whole plan, or of the node that sends. */
  readonly originals: readonly number[];
  /** The whole plan's result is given in this shard too. */
  readonly givesResult: boolean;
  /** Scans of relations, in the order of the whole plan, then of exchanges, as positions in `plan.nodes`. */
  readonly scans: readonly number[];
  /** By id; −1 where it is not there: position of the sending node, and of the scan that receives. */
  readonly exchanges: readonly {
    readonly exchange: Exchange;
    readonly sender: number;
    readonly receiver: number;
  }[];
  /** By stage: the position after its last node. */
  readonly stageEnds: readonly number[];
}

export function exchangesOf(nodes: readonly PlacedNode[]): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const node of nodes) {
    for (const { node: input, route } of node.inputs) {
      if (route === null) continue;
      const from = must(nodes[input], 'input');
      exchanges.push({
        id: exchanges.length,
        from,
        to: node,
        route,
        carries: carriedTo(node.spec),
        fromFirst: from.place.kind === 'first',
        toFirst: node.place.kind === 'first',
      });
    }
  }
  return exchanges;
}

/** Only what judges lateness itself looks at a row's watermark, and only what reports late rows at its origin. */
function carriedTo(spec: NodeSpec): Exchange['carries'] {
  switch (spec.kind) {
    case 'session':
    case 'session-aggregate':
    case 'window':
    case 'union':
      return { rowWatermarks: true, origin: true };
    case 'aggregate':
      return { rowWatermarks: false, origin: spec.window !== null };
    case 'join': {
      const late = spec.time !== null;
      return { rowWatermarks: late, origin: late };
    }
    default:
      return { rowWatermarks: false, origin: false };
  }
}

export function planOfShard(
  plan: DataflowPlan,
  nodes: readonly PlacedNode[],
  shard: number,
): ShardPlan {
  const exchanges = exchangesOf(nodes);
  const runs = (node: PlacedNode): boolean => shard === 0 || node.place.kind !== 'first';
  const stages = 1 + Math.max(...nodes.map((node) => node.stage));
  const specs: NodeSpec[] = [];
  const originals: number[] = [];
  const position = new Map<PlacedNode, number>();
  const receivers = new Map<number, number>();
  const stageEnds: number[] = [];
  const exchangeOf = exchangeByInput(nodes, exchanges);
  for (let stage = 0; stage < stages; stage++) {
    for (const node of nodes) {
      if (node.stage !== stage || !runs(node)) continue;
      const inputs = node.inputs.map(({ node: input }, port) => {
        const exchange = exchangeOf.get(node)?.[port] ?? null;
        if (exchange === null) return must(position.get(nodes[input]!), 'an input comes later');
        const at = specs.push(receiverOf(exchange, specs.length)) - 1;
        receivers.set(exchange.id, at);
        originals.push(exchange.from.spec.id);
        return at;
      });
      position.set(node, specs.push({ ...node.spec, id: specs.length, inputs }) - 1);
      originals.push(node.spec.id);
    }
    stageEnds.push(specs.length);
  }
  const root = must(nodes[plan.root], 'root of the plan');
  return {
    plan:
      specs.length === 0
        ? null
        : { nodes: specs, root: position.get(root) ?? 0, fingerprint: plan.fingerprint },
    originals,
    givesResult: runs(root),
    scans: nodes.flatMap((node) => (node.spec.kind === 'scan' ? [position.get(node)!] : [])),
    exchanges: exchanges.map((exchange) => ({
      exchange,
      sender: position.get(exchange.from) ?? -1,
      receiver: receivers.get(exchange.id) ?? -1,
    })),
    stageEnds,
  };
}

function exchangeByInput(
  nodes: readonly PlacedNode[],
  exchanges: readonly Exchange[],
): Map<PlacedNode, readonly (Exchange | null)[]> {
  let next = 0;
  return new Map(
    nodes.map((node) => [
      node,
      node.inputs.map(({ route }) => (route === null ? null : exchanges[next++]!)),
    ]),
  );
}

/** A scan that stands for what arrives; its relation is none of the catalog's. */
function receiverOf(exchange: Exchange, id: number): ScanSpec {
  const { spec } = exchange.from;
  return {
    kind: 'scan',
    id,
    inputs: [],
    columns: spec.columns,
    appendOnly: spec.appendOnly,
    key: spec.key,
    relation: {
      oid: -1 - exchange.id,
      schemaName: '',
      name: `exchange ${exchange.id}`,
      kind: 'virtual',
      appendOnly: spec.appendOnly,
    },
    ordinals: spec.columns.map((_, index) => index),
  };
}
