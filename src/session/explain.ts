/**
 * EXPLAIN at each stage: what was parsed, what it means, which rules changed it, what runs, what that keeps, and
 * the code made for it. Printing is stable: no counters but in ANALYZE, ids from 1, no costs.
 */

import { must, unreachable } from '../base/assert.ts';
import { notSupported } from '../base/errors.ts';
import type { BoundExplain, BoundStatement } from '../binder/bound-statement.ts';
import { compileMap } from '../expr/codegen.ts';
import { lower, lowerQuery } from '../lower/lower.ts';
import { optimizeWithLog, type OptimizeLog } from '../optimizer/optimize.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import { printLogical } from '../plan/print.ts';
import { printDataflow } from '../plan/print-dataflow.ts';
import { emptyBatch } from '../types/batch.ts';
import { makeColumn } from '../types/column.ts';
import { narrowKind } from '../types/sql-type.ts';
import { sessionEvaluation } from './evaluation.ts';
import { linesResult } from './result-cursor.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';
import { viewEvaluation } from './view-evaluation.ts';

interface Explained {
  readonly plan: LogicalPlan;
  /** Null: an ad-hoc query, which runs once. */
  readonly emit: EmitMode | null;
}

export function explain(bound: BoundExplain, session: SessionContext): StatementResult {
  return linesResult('QUERY PLAN', explanation(bound, session));
}

function explanation(bound: BoundExplain, session: SessionContext): string {
  if (bound.format === 'json') {
    throw notSupported('EXPLAIN (FORMAT JSON)', { hint: 'Leave FORMAT out: the text is stable.' });
  }
  if (bound.stage === 'analyze') return analyze(bound, session);
  if (bound.stage === 'ast') return printTree(must(bound.statement, 'statement'));
  const explained = explainable(must(bound.inner, 'bound statement'));
  if (explained === null) return 'nothing is planned for this statement';
  switch (bound.stage) {
    case 'bound':
      return printLogical(explained.plan);
    case 'rules':
      return printRules(optimized(explained, session));
    case 'plan':
      return printLogical(optimized(explained, session).plan);
    case 'dataflow':
      return printDataflow(lowered(explained, session));
    case 'state':
      return printDataflow(lowered(explained, session), { state: true });
    case 'code':
      return printCode(lowered(explained, session), session);
    default:
      return unreachable(bound.stage);
  }
}

function explainable(statement: BoundStatement): Explained | null {
  switch (statement.kind) {
    case 'query':
      return { plan: statement.plan, emit: null };
    case 'create-materialized-view':
      return { plan: statement.plan, emit: statement.object.emit };
    case 'insert':
    case 'update':
    case 'delete':
      return { plan: statement.plan, emit: null };
    default:
      return null;
  }
}

function optimized(explained: Explained, session: SessionContext): OptimizeLog {
  const { database } = session;
  return optimizeWithLog(explained.plan, {
    evaluation: explained.emit === null ? sessionEvaluation(session) : viewEvaluation(database)(0n),
    functions: database.registry,
    disabled: database.disabledRules,
  });
}

function lowered(explained: Explained, session: SessionContext): DataflowPlan {
  const { plan } = optimized(explained, session);
  return explained.emit === null ? lowerQuery(plan).plan : lower(plan, { emit: explained.emit });
}

function printRules(log: OptimizeLog): string {
  const parts = log.changes.map(
    (change) => `${change.rule}\n${indent(printLogical(change.after))}`,
  );
  const idle = log.idle.length === 0 ? [] : [`did nothing: ${log.idle.join(', ')}`];
  return [...parts, ...idle].join('\n\n');
}

/** The JavaScript of every filter and projection, made for narrow columns without NULLs. */
function printCode(plan: DataflowPlan, session: SessionContext): string {
  const parts = plan.nodes.flatMap((node) => {
    if (node.kind !== 'map') return [];
    const input = must(plan.nodes[node.inputs[0]!], 'input of a map');
    const inputTypes = input.columns.map((column) => column.type);
    const { predicate, exprs } = node;
    const { codegen } = session.database;
    const kernel = compileMap({ inputTypes, predicate, exprs }, { codegen });
    // Code is made for the kinds of columns that come, so one empty batch of narrow ones is sent through.
    const columns = inputTypes.map((type) => makeColumn(narrowKind(type), 1));
    kernel.run(emptyBatch(columns), emptyBatch([]), viewEvaluation(session.database)(0n), null);
    return [`${node.id + 1} map\n${indent(kernel.source())}`];
  });
  return parts.length === 0 ? 'no code is generated for this plan' : parts.join('\n\n');
}

/** The running dataflow of a view with what has gone through it. */
function analyze(bound: BoundExplain, session: SessionContext): string {
  if (bound.view === null) {
    throw notSupported('EXPLAIN ANALYZE of a statement', {
      hint: 'EXPLAIN ANALYZE v shows the running dataflow of the materialized view v.',
    });
  }
  const job = must(session.database.engine.job(bound.view.oid), `view ${bound.view.name}`);
  const counters = new Map([...job.operators()].map((each) => [each.id, each.counters]));
  const state = new Map<number, string[]>();
  for (const { operator, table } of job.tables()) {
    const line = `${table.name}: ${table.rows} rows, ${Math.round(table.bytes)} bytes`;
    state.set(operator, [...(state.get(operator) ?? []), line]);
  }
  return printDataflow(job.plan, {
    notes: (id) => {
      const counted = counters.get(id);
      const lines = state.get(id) ?? [];
      if (counted === undefined) return lines;
      const { rowsIn, rowsOut, rowsLate, rowsFailed } = counted;
      const odd = [
        ...(rowsLate > 0 ? [`late ${rowsLate}`] : []),
        ...(rowsFailed > 0 ? [`failed ${rowsFailed}`] : []),
      ];
      return [[`in ${rowsIn}`, `out ${rowsOut}`, ...odd].join('  '), ...lines];
    },
  });
}

/** The tree as parsed, without places in the text. */
function printTree(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === 'span' ? undefined : part), 2);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
