/**
 * From a bound sink to a running one. INSERT INTO gives each result once, when its windows close, where the query has
 * such windows. A target that takes rows alone gets them alone: a query whose result would change rows is asked for
 * final results, and refused where there are none.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { bindStoredSink } from '../binder/bind-sink.ts';
import type { BoundCreateSink } from '../binder/bound-statement.ts';
import type { SinkObject } from '../catalog/objects.ts';
import type { SinkContext, SinkWriter } from '../connectors/sink.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import { storedBinding } from './bind-stored.ts';
import type { Database } from './database.ts';
import { planView } from './plan-view.ts';
import { viewEvaluation } from './view-evaluation.ts';

export interface PlannedSink {
  readonly plan: DataflowPlan;
  readonly emit: EmitMode;
}

/** The dataflow of a new sink. Throws 0A000 where its target cannot take what the query gives. */
export function planSink(
  bound: Pick<BoundCreateSink, 'plan' | 'appendOnly' | 'prefersFinal'> & {
    readonly object: Pick<SinkObject, 'emit' | 'connector'>;
  },
  database: Database,
): PlannedSink {
  const { emit } = bound.object;
  const plan = planView(bound.plan, emit, database);
  if (isAppendOnly(plan) || !(bound.appendOnly || bound.prefersFinal)) return { plan, emit };
  const final = emit === 'update' ? tryFinal(bound.plan, database) : null;
  if (final !== null && isAppendOnly(final)) return { plan: final, emit: 'window-close' };
  if (!bound.appendOnly) return { plan, emit };
  throw new SqlError(
    sqlstate.featureNotSupported,
    `connector "${bound.object.connector}" takes new rows only, and this query changes rows that it gave`,
    {
      detail: 'Rows of the result are replaced or taken back when what they were made of changes.',
      hint: 'Group by a window over event time, so that results are final when the window closes, or write to a connector that takes changes.',
    },
  );
}

function isAppendOnly(plan: DataflowPlan): boolean {
  return must(plan.nodes[plan.root], 'root of the plan').appendOnly;
}

/** The same query with final results, or null where it has none. */
function tryFinal(plan: LogicalPlan, database: Database): DataflowPlan | null {
  try {
    return planView(plan, 'window-close', database);
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

/** The dataflow of a sink that the catalog keeps as SQL text (recovery). */
export function planStoredSink(sink: SinkObject, database: Database): DataflowPlan {
  const { catalog, registry, connectors, sinks, formats } = database;
  const evaluation = viewEvaluation(database)(0n);
  const binding = storedBinding({ catalog, registry, connectors, sinks, formats, evaluation });
  return planView(bindStoredSink(sink, binding), sink.emit, database);
}

export function createWriter(
  sink: SinkObject,
  events: SinkContext['events'],
  parts: Pick<Database, 'sinks' | 'connectorEnvironment'>,
): SinkWriter {
  const connector = must(parts.sinks(sink.connector), `connector ${sink.connector}`);
  return connector.create({
    sink: `${sink.schema}.${sink.name}`,
    uid: sink.uid,
    options: sink.options,
    format: sink.format,
    formatOptions: sink.formatOptions,
    columns: sink.columns,
    keys: sink.keys,
    partitionedBy: sink.partitionedBy,
    environment: parts.connectorEnvironment,
    events,
  });
}
