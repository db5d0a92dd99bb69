/**
 * Where the rows of a dataflow live when it runs in several shards, and where they must change shard. Each
 * node's output is `anywhere` (a row is in some shard), `hashed` by some of its columns, or in the `first`
 * shard alone; an input whose rows are not where its node needs them gets a route. What cannot be divided
 * (a global aggregate, a top-n without partition, a join without keys) runs in the first shard, and so does
 * all that reads only from there.
 *
 * A node's stage is the number of routes on the longest way to it: within a tick, a stage ends in all shards
 * before the next one begins.
 */

import { must, unreachable } from '../base/assert.ts';
import type { DataflowPlan, JoinSpec, NodeSpec } from '../plan/dataflow-plan.ts';
import type { SqlType } from '../types/sql-type.ts';
import { firstSharedOid } from '../jobs/shared-job.ts';

export type Place =
  | { readonly kind: 'anywhere' }
  /** Rows with equal values in these output columns, hashed in this order, are in one shard. */
  | { readonly kind: 'hashed'; readonly columns: readonly number[] }
  | { readonly kind: 'first' };

/** Where the rows of an input go: by hash of input columns, or to the first shard. */
export type Route = Exclude<Place, { kind: 'anywhere' }>;

export interface PlacedInput {
  /** Position of the node that gives it. */
  readonly node: number;
  /** Null: rows stay in their shard. */
  readonly route: Route | null;
  /** Columns of this input by whose hash the node's state is divided; null where there is nothing to divide. */
  readonly divided: readonly number[] | null;
}

export interface PlacedNode {
  readonly spec: NodeSpec;
  readonly inputs: readonly PlacedInput[];
  readonly place: Place;
  readonly stage: number;
}

const anywhere: Place = { kind: 'anywhere' };
const first = { kind: 'first' } as const;

/**
 * Whether a dataflow can be divided. What the clock drives (windows by processing time, lookups of a table as it is
 * now) runs in one graph in the main thread, and so do the rounds of a recursive query, each of which would have to
 * end in all shards before the next, and what reads a shared part: its old row of a key comes before the new one, and
 * has to stay before it.
 */
export function isDivisible(plan: DataflowPlan): boolean {
  return plan.nodes.every(
    (node) =>
      node.kind !== 'lookup-join' &&
      node.kind !== 'recursion' &&
      !(node.kind === 'scan' && node.relation.oid >= firstSharedOid) &&
      !(node.kind === 'window' && node.byClock),
  );
}

/** By position in the plan, which can be divided. */
export function placeNodes(plan: DataflowPlan): PlacedNode[] {
  const placed: PlacedNode[] = [];
  for (const spec of plan.nodes) {
    const sources = spec.inputs.map((input) => must(placed[input], `node ${input} comes later`));
    const { place, routes, divided } = decide(spec, sources);
    const inputs = spec.inputs.map((node, i) => ({
      node,
      route: routes[i] ?? null,
      divided: divided[i] ?? null,
    }));
    const stage = Math.max(
      0,
      ...sources.map((source, i) => source.stage + (inputs[i]!.route === null ? 0 : 1)),
    );
    placed.push({ spec, inputs, place, stage });
  }
  return placed;
}

interface Decision {
  readonly place: Place;
  /** By input. */
  readonly routes: readonly (Route | null)[];
  readonly divided: readonly (readonly number[] | null)[];
}

function decide(spec: NodeSpec, sources: readonly PlacedNode[]): Decision {
  if (spec.kind === 'scan') return { place: anywhere, routes: [], divided: [] };
  // Values have no inputs: they are given once, by the first shard.
  if (sources.every((source) => source.place.kind === 'first')) return inFirst(sources);
  switch (spec.kind) {
    case 'values':
      return inFirst(sources);
    case 'map':
      return stay(mapPlace(spec.exprs, sources[0]!.place));
    case 'window':
    case 'flat-map':
      return stay(sources[0]!.place);
    case 'union':
      return unionDecision(sources);
    case 'aggregate':
      return divideBy(sources[0]!, spec.keys, (columns) =>
        columns.map((column) => spec.keys.indexOf(column)),
      );
    case 'session-aggregate':
      return divideBy(sources[0]!, spec.partitionBy, (columns) =>
        columns.map((column) => spec.partitionBy.indexOf(column)),
      );
    case 'single-row':
      return divideBy(sources[0]!, spec.keys, same);
    case 'session':
    case 'top-n':
    case 'over':
      return divideBy(sources[0]!, spec.partitionBy, same);
    case 'distinct':
      return divideBy(sources[0]!, allColumns(spec), same);
    case 'set':
      return matchInputs(sources, { keys: [allColumns(spec), allColumns(spec)], output: same });
    case 'join':
      return matchInputs(sources, {
        keys: [spec.leftKeys, spec.rightKeys],
        output: (left, right) => joinColumns(spec, sources[0]!.spec.columns.length, left, right),
      });
    case 'lookup-join':
    case 'recursion':
    case 'recursion-end':
      return inFirst(sources);
    default:
      return unreachable(spec, 'node');
  }
}

const same = (columns: readonly number[]): readonly number[] => columns;

function allColumns(spec: NodeSpec): number[] {
  return spec.columns.map((_, index) => index);
}

function stay(place: Place): Decision {
  return { place, routes: [null], divided: [null] };
}

function inFirst(sources: readonly PlacedNode[]): Decision {
  return {
    place: first,
    routes: sources.map(({ place }) => (place.kind === 'first' ? null : first)),
    divided: sources.map(() => null),
  };
}

/** Rows stay where they are as long as the columns they are hashed by go on. */
function mapPlace(exprs: Extract<NodeSpec, { kind: 'map' }>['exprs'], place: Place): Place {
  if (place.kind !== 'hashed') return place;
  const columns = place.columns.map((column) =>
    exprs.findIndex((expr) => expr.kind === 'column' && expr.index === column),
  );
  return columns.includes(-1) ? anywhere : { kind: 'hashed', columns };
}

/** An input that only the first shard has is routed too, so that every shard hears its watermark. */
function unionDecision(sources: readonly PlacedNode[]): Decision {
  return {
    place: anywhere,
    routes: sources.map(({ place }) =>
      place.kind === 'first' ? { kind: 'hashed', columns: [] } : null,
    ),
    divided: sources.map(() => null),
  };
}

/** A node with one input whose state is divided by (some of) `keys`. */
function divideBy(
  source: PlacedNode,
  keys: readonly number[],
  output: (columns: readonly number[]) => readonly number[],
): Decision {
  if (keys.length === 0) return inFirst([source]);
  const { place } = source;
  const fits = isHashedBy(place, keys);
  const columns = fits ? place.columns : keys;
  return {
    place: { kind: 'hashed', columns: output(columns) },
    routes: [fits ? null : { kind: 'hashed', columns }],
    divided: [columns],
  };
}

function isHashedBy(
  place: Place,
  keys: readonly number[],
): place is Extract<Place, { kind: 'hashed' }> {
  return (
    place.kind === 'hashed' &&
    place.columns.length > 0 &&
    place.columns.every((column) => keys.includes(column))
  );
}

/** Two inputs whose rows meet where their keys are equal. */
function matchInputs(
  sources: readonly PlacedNode[],
  match: {
    readonly keys: readonly [readonly number[], readonly number[]];
    /** Output columns that the result is hashed by, given those of the inputs; null: none. */
    readonly output: (
      left: readonly number[],
      right: readonly number[],
    ) => readonly number[] | null;
  },
): Decision {
  const [left, right] = sources as [PlacedNode, PlacedNode];
  const [leftKeys, rightKeys] = match.keys;
  const comparable = leftKeys.every((key, k) =>
    hashesAlike(left.spec.columns[key]!.type, right.spec.columns[rightKeys[k]!]!.type),
  );
  if (leftKeys.length === 0 || !comparable) return inFirst(sources);
  const chosen = chosenKeys(left.place, leftKeys) ??
    chosenKeys(right.place, rightKeys) ?? [...leftKeys.keys()];
  const columns = [chosen.map((k) => leftKeys[k]!), chosen.map((k) => rightKeys[k]!)] as const;
  const output = match.output(columns[0], columns[1]);
  return {
    place: output === null ? anywhere : { kind: 'hashed', columns: output },
    routes: sources.map(({ place }, i) =>
      place.kind === 'hashed' && sameList(place.columns, columns[i]!)
        ? null
        : { kind: 'hashed', columns: columns[i]! },
    ),
    divided: columns,
  };
}

/** Positions of the keys that the input is hashed by already, in that order. */
function chosenKeys(place: Place, keys: readonly number[]): number[] | null {
  return isHashedBy(place, keys) ? place.columns.map((column) => keys.indexOf(column)) : null;
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

/** Rows padded with NULLs have the keys of the other side alone. */
function joinColumns(
  spec: JoinSpec,
  leftCount: number,
  left: readonly number[],
  right: readonly number[],
): readonly number[] | null {
  if (spec.type === 'full') return null;
  return spec.type === 'right' ? right.map((column) => leftCount + column) : left;
}

const numbers: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double',
]);

/** Whether values that are equal across the two types have one hash (row-hash.ts). */
function hashesAlike(a: SqlType, b: SqlType): boolean {
  return a.kind === b.kind || (numbers.has(a.kind) && numbers.has(b.kind));
}
