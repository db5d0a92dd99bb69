/**
 * EXPLAIN at each stage: what was parsed, what it means, which rules changed it, what runs, what that keeps, and
 * the code made for it. Printing is stable: no counters but in ANALYZE, ids from 1, no costs.
 */

import { assert, must, unreachable } from '../base/assert.ts';
import { notSupported } from '../base/errors.ts';
import { formatTree, type TreeNode } from '../base/text-layout.ts';
import type { BoundExplain, BoundStatement } from '../binder/bound-statement.ts';
import { compileMap } from '../expr/codegen.ts';
import { lower } from '../lower/lower.ts';
import { lowerQuery } from '../lower/lower-query.ts';
import { optimizeWithLog, type OptimizeLog } from '../optimizer/optimize.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import { logicalTree, printLogical } from '../plan/print.ts';
import { dataflowTree } from '../plan/print-dataflow.ts';
import type { ObservedRun } from '../serving/run-graph.ts';
import type { StateTable } from '../state/state-table.ts';
import { hasSecret, hiddenText, isSecretName } from '../syntax/secrets.ts';
import { emptyBatch } from '../types/batch.ts';
import { makeColumn } from '../types/column.ts';
import type { Schema } from '../types/schema.ts';
import { narrowKind, types } from '../types/sql-type.ts';
import { sessionEvaluation } from './evaluation.ts';
import type { Queries } from './queries.ts';
import { rowsResult } from './result-cursor.ts';
import type { ParameterValues, SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';
import { indexLookups } from './index-lookups.ts';
import { planSink } from './sinks.ts';
import { viewEvaluation } from './view-evaluation.ts';

interface Explained {
  readonly plan: LogicalPlan;
  /** Null: an ad-hoc query, which runs once. */
  readonly emit: EmitMode | null;
}

export interface ExplainContext {
  readonly session: SessionContext;
  readonly queries: Queries;
  readonly parameters: ParameterValues;
}

/** EXPLAIN's one column. */
export function explainFields({ format }: BoundExplain): Schema {
  const type = format === 'json' ? types.json : types.text;
  return [{ name: 'QUERY PLAN', type, nullable: true }];
}

/** A line of text a row; in JSON one row, which holds an array of one object, as PostgreSQL's does. */
export async function explain(
  bound: BoundExplain,
  context: ExplainContext,
): Promise<StatementResult> {
  const parts =
    bound.stage === 'analyze'
      ? await analyzed(bound, context)
      : explanation(bound, context.session);
  const rows =
    bound.format === 'json'
      ? [[JSON.stringify([jsonOf(parts)], null, 2)]]
      : textOf(parts)
          .split('\n')
          .map((line) => [line]);
  return rowsResult(explainFields(bound), rows, 'EXPLAIN');
}

/** What a stage shows, before it is text or JSON. */
type Explanation =
  | { readonly kind: 'plan'; readonly tree: TreeNode }
  /** A query that has run, for so many milliseconds. */
  | { readonly kind: 'run'; readonly tree: TreeNode; readonly rows: number; readonly ms: number }
  | { readonly kind: 'statement'; readonly tree: unknown }
  | { readonly kind: 'rules'; readonly log: OptimizeLog }
  | { readonly kind: 'code'; readonly nodes: readonly GeneratedNode[] }
  | { readonly kind: 'nothing' };

interface GeneratedNode {
  readonly node: string;
  readonly source: string;
}

function explanation(bound: BoundExplain, session: SessionContext): Explanation {
  const { stage } = bound;
  assert(stage !== 'analyze', 'what runs is not only explained');
  if (stage === 'ast') {
    return { kind: 'statement', tree: shownTree(must(bound.statement, 'statement')) };
  }
  const explained = explainable(must(bound.inner, 'bound statement'), session);
  if (explained === null) return { kind: 'nothing' };
  switch (stage) {
    case 'bound':
      return { kind: 'plan', tree: logicalTree(explained.plan) };
    case 'rules':
      return { kind: 'rules', log: optimized(explained, session) };
    case 'plan':
      return { kind: 'plan', tree: plannedTree(explained, session) };
    case 'dataflow':
      return { kind: 'plan', tree: dataflowTree(lowered(explained, session)) };
    case 'state':
      return { kind: 'plan', tree: dataflowTree(lowered(explained, session), { state: true }) };
    case 'code':
      return { kind: 'code', nodes: generatedCode(lowered(explained, session), session) };
    default:
      return unreachable(stage);
  }
}

function textOf(parts: Explanation): string {
  switch (parts.kind) {
    case 'plan':
      return formatTree(parts.tree);
    case 'run':
      return `${formatTree(parts.tree)}\nRows: ${parts.rows}\nExecution Time: ${parts.ms.toFixed(3)} ms`;
    case 'statement':
      return JSON.stringify(parts.tree, null, 2);
    case 'rules':
      return printRules(parts.log);
    case 'code':
      if (parts.nodes.length === 0) return 'no code is generated for this plan';
      return parts.nodes.map(({ node, source }) => `${node}\n${indent(source)}`).join('\n\n');
    case 'nothing':
      return 'nothing is planned for this statement';
    default:
      return unreachable(parts);
  }
}

function jsonOf(parts: Explanation): object {
  switch (parts.kind) {
    case 'plan':
      return { Plan: jsonTree(parts.tree) };
    case 'run':
      return {
        Plan: jsonTree(parts.tree),
        'Actual Rows': parts.rows,
        'Execution Time': parts.ms,
      };
    case 'statement':
      return { Statement: parts.tree };
    case 'rules':
      return {
        Rules: parts.log.changes.map(({ rule, after }) => ({
          Rule: rule,
          Plan: jsonTree(logicalTree(after)),
        })),
        Idle: parts.log.idle,
      };
    case 'code':
      return {
        Code: parts.nodes.map(({ node, source }) => ({ 'Node Type': node, Source: source })),
      };
    case 'nothing':
      return { Plan: null };
    default:
      return unreachable(parts);
  }
}

/** The names are those that tools look for in PostgreSQL's plans. */
function jsonTree({ label, notes = [], children = [] }: TreeNode): object {
  return {
    'Node Type': label,
    ...(notes.length === 0 ? {} : { Notes: notes }),
    ...(children.length === 0 ? {} : { Plans: children.map(jsonTree) }),
  };
}

function explainable(statement: BoundStatement, session: SessionContext): Explained | null {
  switch (statement.kind) {
    case 'query':
      return { plan: statement.plan, emit: null };
    case 'create-materialized-view':
      return { plan: statement.plan, emit: statement.object.emit };
    case 'create-sink':
      return { plan: statement.plan, emit: planSink(statement, session.database).emit };
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

/** Where a query runs once, its scans say by which declared index they find their rows. */
function plannedTree(explained: Explained, session: SessionContext): TreeNode {
  const { plan } = optimized(explained, session);
  if (explained.emit !== null) return logicalTree(plan);
  const found = indexLookups(lowerQuery(plan).plan, session.database.catalog);
  return logicalTree(plan, ({ relation }) => found.get(relation.oid) ?? []);
}

function printRules(log: OptimizeLog): string {
  const parts = log.changes.map(
    (change) => `${change.rule}\n${indent(printLogical(change.after))}`,
  );
  const idle = log.idle.length === 0 ? [] : [`did nothing: ${log.idle.join(', ')}`];
  return [...parts, ...idle].join('\n\n');
}

/** The JavaScript of every filter and projection, made for narrow columns without NULLs. */
function generatedCode(plan: DataflowPlan, session: SessionContext): readonly GeneratedNode[] {
  return plan.nodes.flatMap((node) => {
    if (node.kind !== 'map') return [];
    const input = must(plan.nodes[node.inputs[0]!], 'input of a map');
    const inputTypes = input.columns.map((column) => column.type);
    const { predicate, exprs } = node;
    const { codegen } = session.database;
    const kernel = compileMap({ inputTypes, predicate, exprs }, { codegen });
    // Code is made for the kinds of columns that come, so one empty batch of narrow ones is sent through.
    const columns = inputTypes.map((type) => makeColumn(narrowKind(type), 1));
    kernel.run(emptyBatch(columns), emptyBatch([]), viewEvaluation(session.database)(0n), null);
    return [{ node: `${node.id + 1} map`, source: kernel.source() }];
  });
}

/** What has gone through the running dataflow of a view, or goes through that of a query now. */
async function analyzed(
  bound: BoundExplain,
  { session, queries, parameters }: ExplainContext,
): Promise<Explanation> {
  if (bound.view !== null) {
    const job = must(session.database.engine.job(bound.view.oid), `view ${bound.view.name}`);
    const counters = new Map([...job.operators()].map((each) => [each.id, each.counters]));
    const tables = [...job.tables()];
    const notes = (id: number): string[] => countedNotes(counters.get(id), tablesOf(tables, id));
    return { kind: 'plan', tree: dataflowTree(job.plan, { notes }) };
  }
  const inner = must(bound.inner, 'bound statement');
  if (inner.kind !== 'query') {
    throw notSupported('EXPLAIN ANALYZE of a statement other than a query', {
      hint: 'EXPLAIN ANALYZE v shows the running dataflow of the materialized view v.',
    });
  }
  const { run, rows, ms } = await queries.analyze(inner, parameters);
  const { nodes } = run.built;
  const notes = (id: number): string[] => {
    const operator = nodes.find(({ spec }) => spec.id === id)?.operator ?? null;
    if (operator === null) return [`out ${run.scanned.get(id) ?? 0}`];
    return countedNotes(operator.counters, operator.stateTables);
  };
  return { kind: 'run', tree: dataflowTree(run.plan, { notes }), rows, ms };
}

/** Exact counters of an operator. */
type CountedRows = NonNullable<ObservedRun['built']['nodes'][number]['operator']>['counters'];
type TableCounts = Pick<StateTable, 'name' | 'rows' | 'bytes'>;

function tablesOf(
  tables: readonly { readonly operator: number; readonly table: TableCounts }[],
  id: number,
): readonly TableCounts[] {
  return tables.filter(({ operator }) => operator === id).map(({ table }) => table);
}

function countedNotes(counters: CountedRows | undefined, tables: readonly TableCounts[]): string[] {
  const state = tables.map(
    (table) => `${table.name}: ${table.rows} rows, ${Math.round(table.bytes)} bytes`,
  );
  if (counters === undefined) return state;
  const { rowsIn, rowsOut, rowsLate, rowsFailed } = counters;
  const odd = [
    ...(rowsLate > 0 ? [`late ${rowsLate}`] : []),
    ...(rowsFailed > 0 ? [`failed ${rowsFailed}`] : []),
  ];
  return [[`in ${rowsIn}`, `out ${rowsOut}`, ...odd].join('  '), ...state];
}

/** The tree as parsed, without places in the text, and without the values of secret options. */
function shownTree(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shownTree);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  const { name } = value as { readonly name?: unknown };
  const hidden = typeof name === 'string' && isSecretName(name);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'span')
      .map(([key, part]: [string, unknown]) => {
        const secret = (key === 'value' && hidden && part !== null) || key === 'secret';
        const shown = typeof part === 'string' && hasSecret(part) ? hiddenText : shownTree(part);
        return [key, secret ? hiddenText : shown];
      }),
  );
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
