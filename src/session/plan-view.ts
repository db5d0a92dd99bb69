/** From a view's bound query to the dataflow that keeps it. */

import { bindViewQuery } from '../binder/bind-view-query.ts';
import { must } from '../base/assert.ts';
import type { MaterializedViewObject, ViewColumn } from '../catalog/objects.ts';
import { lower } from '../lower/lower.ts';
import { optimizeWithLog, type OptimizeLog } from '../optimizer/optimize.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import { storedBinding } from './bind-stored.ts';
import type { Database } from './database.ts';
import { viewEvaluation } from './view-evaluation.ts';

/** Raised when operators keep their state in another way, so that older state is not read. */
const stateVersion = '2';

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

/**
 * The dataflow of a view that the catalog keeps as SQL text (recovery), and the view as it is from now on. A
 * later release may give a column a type of another physical form (a numeric whose scale is now known); the
 * catalog follows, so that what reads the view is planned over what the view sends.
 */
export function planStoredView(
  view: MaterializedViewObject,
  database: Database,
): { readonly view: MaterializedViewObject; readonly plan: DataflowPlan } {
  const { catalog, registry, connectors, sinks, formats } = database;
  const evaluation = viewEvaluation(database)(0n);
  const binding = storedBinding({ catalog, registry, connectors, sinks, formats, evaluation });
  const plan = planView(bindViewQuery(view, binding), view.emit, database);
  if (plan.fingerprint === view.fingerprint) return { view, plan };
  const renewed = {
    ...view,
    columns: typedByPlan(view.columns, plan),
    fingerprint: plan.fingerprint,
  };
  catalog.replace(renewed);
  return { view: renewed, plan };
}

/** A view's columns with the types that its dataflow gives them. */
export function typedByPlan(columns: readonly ViewColumn[], plan: DataflowPlan): ViewColumn[] {
  const root = must(plan.nodes[plan.root], 'root of the plan');
  return columns.map((column, index) => ({ ...column, type: root.columns[index]!.type }));
}
