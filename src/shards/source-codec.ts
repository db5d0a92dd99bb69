/** What a worker must know to decode a source, as bytes. Connector options stay behind: they hold secrets. */

import { deserialize, serialize } from 'node:v8';
import { assert, must } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import type { FunctionRegistry } from '../expr/functions/registry.ts';
import type { MapSpec } from '../plan/dataflow-plan.ts';
import { decodePlan } from '../plan/decode.ts';
import { encodePlan } from '../plan/encode.ts';
import type { EnumRegistry } from '../types/enum-labels.ts';
import { withEnums } from '../types/enum-types.ts';
import type { SourceSpec } from './source-shard.ts';

interface Serialized {
  readonly spec: Omit<SourceSpec, 'program'>;
  /** Ordinals of the computed columns. */
  readonly computed: readonly number[];
  readonly hasWatermark: boolean;
  /** A plan of one node that computes them, and the watermark after them. */
  readonly program: string;
}

export function encodeSource({ source, program, maxAheadMicros, scans }: SourceSpec): Uint8Array {
  const { computed, watermark } = program;
  const exprs: Expr[] = [...computed.values(), ...(watermark === null ? [] : [watermark])];
  const node: MapSpec = {
    ...{ id: 0, kind: 'map', inputs: [], columns: [], appendOnly: true, key: null },
    ...{ predicate: null, exprs },
  };
  const serialized: Serialized = {
    spec: { source: { ...source, options: new Map() }, maxAheadMicros, scans },
    computed: [...computed.keys()],
    hasWatermark: watermark !== null,
    program: encodePlan({ nodes: [node], root: 0, fingerprint: '' }),
  };
  return serialize(serialized);
}

export function decodeSource(
  bytes: Uint8Array,
  functions: FunctionRegistry,
  enums: EnumRegistry,
): SourceSpec {
  const { spec, computed, hasWatermark, program } = deserialize(bytes) as Serialized;
  const node = decodePlan(program, functions, enums).nodes[0];
  assert(node?.kind === 'map', 'the program of a source is one node');
  const { exprs } = node;
  return {
    ...spec,
    source: { ...spec.source, columns: withEnums(spec.source.columns, enums) },
    program: {
      computed: new Map(
        computed.map((ordinal, i) => [ordinal, must(exprs[i], 'computed column')] as const),
      ),
      watermark: hasWatermark ? must(exprs.at(-1), 'watermark') : null,
    },
  };
}
