/**
 * A part of several plans while it runs: what views and sinks have in common, as a job without a catalog object and
 * without rows of its own. Its changes go to the jobs that read it, within the same tick.
 */

import type { RelationRef } from '../plan/logical.ts';
import type { Batch } from '../types/batch.ts';
import { DataflowJob, type JobOptions, type SharedPart } from './dataflow-job.ts';
import type { ChangeListener } from './relation.ts';
import { projectBatch } from './relation.ts';

/** They stand among the oids of the catalog, far above them. */
export const firstSharedOid = 2 ** 40;

export class SharedJob extends DataflowJob implements SharedPart {
  readonly relation: RelationRef;
  readonly #listeners: Set<ChangeListener>;

  constructor(oid: number, options: JobOptions) {
    const listeners = new Set<ChangeListener>();
    const { appendOnly } = options.plan.nodes[options.plan.root]!;
    const name = `part ${oid - firstSharedOid}`;
    super(
      { oid, schema: 'shared', name },
      {
        apply: (batch: Batch) => {
          for (const listener of listeners) listener.push(projectBatch(batch, listener.ordinals));
        },
        advance: (micros: number) => {
          for (const listener of listeners) listener.watermark(micros);
        },
        endStep: () => undefined,
        fail: () => undefined,
        tables: [],
      },
      options,
    );
    this.#listeners = listeners;
    this.relation = { oid, schemaName: 'shared', name, kind: 'view', appendOnly };
  }

  listen(listener: ChangeListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: ChangeListener): void {
    this.#listeners.delete(listener);
  }
}
