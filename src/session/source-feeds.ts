/** Readers and feeds of sources: the catalog's definition brought together with connectors and formats. */

import { must } from '../base/assert.ts';
import type { SourceObject } from '../catalog/objects.ts';
import type { BadRecord, SourceReader } from '../connectors/connector.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { RemoteDecoding } from '../jobs/remote-decoding.ts';
import { SourceFeed } from '../jobs/source-feed.ts';
import type { SourceProgram } from '../jobs/source-program.ts';
import { bindSourceProgram, type StoredBinding } from './bind-stored.ts';
import type { Database } from './database.ts';
import { parseMillis } from './settings.ts';

type Parts = Pick<Database, 'connectors' | 'connectorEnvironment' | 'formats'>;

/** Rows of one block at the most. */
const blockRowsMax = 4096;

export function createReader(source: SourceObject, parts: Parts): SourceReader {
  const connector = must(parts.connectors(source.connector), `connector ${source.connector}`);
  return connector.create({
    source: `${source.schema}.${source.name}`,
    options: source.options,
    columns: source.columns
      .filter((column) => column.source === 'physical')
      .map(({ name, type, notNull }) => ({ name, type, nullable: !notNull })),
    environment: parts.connectorEnvironment,
    blockRowsMax,
  });
}

export interface FeedParts extends Parts {
  readonly binding: StoredBinding;
  readonly evaluation: (nowMicros: bigint) => EvalContext;
  readonly codegen: boolean;
  /** Decoding of a source's records in workers; null: in this thread. */
  readonly remote:
    | ((about: {
        readonly source: SourceObject;
        readonly program: SourceProgram;
        readonly maxAheadMicros: number | null;
      }) => RemoteDecoding)
    | null;
}

/** A feed over a source, not yet open. */
export function createFeed(
  source: SourceObject,
  parts: FeedParts,
  deadLetter: (record: BadRecord) => void,
): SourceFeed {
  const { clock } = parts.connectorEnvironment;
  const program = bindSourceProgram(source, parts.binding);
  const maxAheadMicros = watermarkOption(
    source,
    'watermark.max-ahead',
    generated.has(source.connector) ? 0 : 3_600_000,
  );
  return new SourceFeed({
    source,
    program,
    reader: createReader(source, parts),
    format: source.format === null ? null : must(parts.formats(source.format), source.format),
    clock,
    evaluation: () => parts.evaluation(BigInt(clock.nowMicros())),
    codegen: parts.codegen,
    idleTimeoutMicros: watermarkOption(source, 'watermark.idle-timeout', 30_000),
    maxAheadMicros,
    deadLetter,
    remote: parts.remote?.({ source, program, maxAheadMicros }) ?? null,
  });
}

/** Generators set their own event time, which may run ahead of the clock. */
const generated: ReadonlySet<string> = new Set(['datagen', 'nexmark', 'test']);

/** Microseconds; null for `none` or 0. */
function watermarkOption(source: SourceObject, name: string, defaultMs: number): number | null {
  const text = source.options.get(name);
  const millis = text === undefined ? defaultMs : parseMillis(text);
  return millis === null || millis === 0 ? null : millis * 1000;
}
