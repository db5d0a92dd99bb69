/**
 * The sources of an engine as lists of them show them: what each does, how far it lags behind and its last error.
 * A table that is written to and that nobody reads is not among them; `millrace.sinks` has what writes to it.
 */

import type { SourceObject } from '../catalog/objects.ts';
import type { Engine } from '../jobs/engine.ts';
import { SinkJob } from '../jobs/sink-job.ts';
import type { SourceFeed } from '../jobs/source-feed.ts';

type ReaderStatus = ReturnType<SourceFeed['status']>;

export interface ListedSource {
  readonly source: SourceObject;
  /** Null: nobody reads it. */
  readonly feed: SourceFeed | null;
  readonly state: ReaderStatus['state'] | 'not read';
  readonly error: string | null;
  readonly partitions: ReaderStatus['partitions'];
}

export function* listSources(engine: Engine): Iterable<ListedSource> {
  const written = new Set<number | null>();
  for (const job of engine.jobs) if (job instanceof SinkJob) written.add(job.sink.target);
  for (const { source, shared } of engine.sources) {
    if (shared === null && written.has(source.oid)) continue;
    const status = shared?.status();
    yield {
      source,
      feed: shared,
      state: status?.state ?? 'not read',
      error: status?.error ?? null,
      partitions: status?.partitions ?? [],
    };
  }
}
