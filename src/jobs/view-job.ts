/** One materialized view while it runs: a dataflow whose result is kept as a stored relation. */

import type { MaterializedViewObject } from '../catalog/objects.ts';
import { DataflowJob, type JobOptions } from './dataflow-job.ts';
import type { StoredRelation } from './stored-relation.ts';

export interface ViewJobOptions extends JobOptions {
  readonly view: MaterializedViewObject;
  readonly relation: StoredRelation;
}

export class ViewJob extends DataflowJob {
  readonly relation: StoredRelation;
  #view: MaterializedViewObject;

  constructor(options: ViewJobOptions) {
    const { view, relation } = options;
    super(
      view,
      {
        apply: (batch) => relation.apply(batch),
        advance: (micros) => relation.advance(micros),
        endStep: () => relation.endStep(),
        fail: (error) => {
          relation.failure = error.message;
        },
        tables: [['view', relation.store]],
      },
      options,
    );
    this.#view = view;
    this.relation = relation;
  }

  get view(): MaterializedViewObject {
    return this.#view;
  }

  override rename(view: MaterializedViewObject): void {
    super.rename(view);
    this.#view = view;
    this.relation.name = view.name;
  }
}
