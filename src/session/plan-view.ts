/** From a view's bound query to the dataflow that keeps it. */

import { bindViewQuery } from '../binder/bind-view-query.ts';
import type { MaterializedViewObject } from '../catalog/objects.ts';
import { lower } from '../lower/lower.ts';
import { optimizeWithLog, type OptimizeLog } from '../optimizer/optimize.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import { storedBinding } from './bind-stored.ts';
import type { Database } from './database.ts';
import { viewEvaluation } from './view-evaluation.ts';

/** Raised when operators keep their state in another way, so that older state is not read. */
const stateVersion = '1';

/** The dataflow of a view. Throws 0A000 where the query cannot be kept. */
export function planView(plan: LogicalPlan, emit: EmitMode, database: Database): DataflowPlan {
  const optimized = optimizeView(plan, database).plan;
  return lower(optimized, { emit, fingerprintSalt: stateVersion });
}

export function optimizeView(plan: LogicalPlan, database: Database): OptimizeLog {
  return optimizeWithLog(plan, {
    evaluation: viewEvaluation(database)(0n),
    functions: database.registry,
    disabled: database.disabledRules,
  });
}

/** The dataflow of a view that the catalog keeps as SQL text (recovery). */
export function planStoredView(view: MaterializedViewObject, database: Database): DataflowPlan {
  const { catalog, registry, connectors, formats } = database;
  const evaluation = viewEvaluation(database)(0n);
  const binding = storedBinding({ catalog, registry, connectors, formats, evaluation });
  return planView(bindViewQuery(view, binding), view.emit, database);
}
