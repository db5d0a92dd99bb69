/** Ad-hoc queries: the same road as a view's, its graph run once over what the transaction sees. */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { BoundQuery } from '../binder/bound-statement.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { Snapshot } from '../jobs/history.ts';
import type { LogicalPlan, RelationRef } from '../plan/logical.ts';
import { orderResult, type ResultSpec } from '../serving/result-order.ts';
import { type ObservedRun, runGraph, type RunOptions } from '../serving/run-graph.ts';
import { ScanRead } from '../serving/scan-read.ts';
import { runAtOnce, runInTurns } from '../serving/take-turns.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder } from '../types/column-access.ts';
import { sessionEvaluation, systemContext } from './evaluation.ts';
import type { ScanOptions } from './transaction.ts';
import { withOwnWrites } from './own-writes.ts';
import { viewEvaluation } from './view-evaluation.ts';
import { loweredWithParameters, QueryPlans, withParameters } from './query-plans.ts';
import type { ParameterValues } from './session-context.ts';
import { BatchCursor } from './result-cursor.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';

/** What EXPLAIN ANALYZE tells of a query. */
export interface AnalyzedQuery {
  readonly run: ObservedRun;
  readonly rows: number;
  /** From planning to the last row, in milliseconds. */
  readonly ms: number;
}

export class Queries {
  readonly #session: SessionContext;
  readonly #plans: QueryPlans;

  constructor(session: SessionContext) {
    this.#session = session;
    this.#plans = new QueryPlans(session);
  }

  /** What this statement's expressions know: one instant for all of them. */
  context(parameters: ParameterValues): EvalContext {
    return { ...sessionEvaluation(this.#session), parameters };
  }

  async run(bound: BoundQuery, parameters: ParameterValues): Promise<StatementResult> {
    const batches = await this.#collectInTurns(bound, parameters);
    // What this answer may contain must be on stable storage before anybody sees it.
    await this.#session.database.engine.settled();
    this.#session.checkCancel();
    const cursor = new BatchCursor(batches, () => this.#session.checkCancel());
    return { kind: 'rows', fields: bound.fields, cursor, tag: 'SELECT' };
  }

  /**
   * Runs a query for what it takes, as a dataflow also where a look-up alone would answer it; its rows are only
   * counted.
   */
  async analyze(bound: BoundQuery, parameters: ParameterValues): Promise<AnalyzedQuery> {
    const { clock } = this.#session.database;
    const started = clock.monotonicMs();
    let run: ObservedRun | null = null;
    const batches = await this.#collectInTurns(bound, parameters, (observed) => {
      run = observed;
    });
    let rows = 0;
    for (const batch of batches) rows += batch.count;
    return {
      run: must<ObservedRun>(run, 'the graph that ran'),
      rows,
      ms: clock.monotonicMs() - started,
    };
  }

  /**
   * A long query gives up turns, and the world goes on meanwhile. What it has not begun to read by then it
   * reads from a snapshot of the instant when it began; a scan that is open keeps to its own beginning,
   * which is the same instant.
   */
  async #collectInTurns(
    bound: BoundQuery,
    parameters: ParameterValues,
    observe?: RunOptions['observe'],
  ): Promise<Iterable<Batch>> {
    const { clock, engine } = this.#session.database;
    let held: Snapshot | null = null;
    const steps = this.#steps(bound.plan, parameters, {
      visible: bound.fields.length,
      snapshot: () => held,
      observe,
    });
    try {
      return await runInTurns(steps, {
        monotonicMs: () => clock.monotonicMs(),
        check: () => this.#session.checkCancel(),
        beforeFirstPause: () => {
          held = engine.openSnapshot();
        },
      });
    } finally {
      if (held !== null) engine.releaseSnapshot(held);
    }
  }

  /** All rows of a plan, in order, weights spread out, within this turn: what writes are made of. */
  collect(plan: LogicalPlan, parameters: ParameterValues): readonly Batch[] {
    const steps = this.#steps(plan, parameters, {
      visible: plan.schema.length,
      snapshot: () => null,
    });
    return [...runAtOnce(steps, () => this.#session.checkCancel())];
  }

  /** The rows of a view's query as the view itself computes them: in its time zone, NULL where an expression fails. */
  collectAsView(plan: LogicalPlan): readonly Batch[] {
    const steps = this.#steps(plan, [], {
      visible: plan.schema.length,
      snapshot: () => null,
      asView: true,
    });
    return [...runAtOnce(steps, () => this.#session.checkCancel())];
  }

  *#steps(
    plan: LogicalPlan,
    parameters: ParameterValues,
    options: {
      readonly visible: number;
      readonly snapshot: () => Snapshot | null;
      readonly observe?: RunOptions['observe'];
      readonly asView?: boolean;
    },
  ): Generator<void, Iterable<Batch>> {
    const { database } = this.#session;
    const asView = options.asView === true;
    const evaluation = asView ? viewEvaluation(database)(0n) : this.context(parameters);
    const seen = withOwnWrites(plan, this.#session);
    const query =
      seen === plan
        ? this.#plans.of(plan, parameters, evaluation)
        : this.#plans.make(withParameters(seen, parameters), false, evaluation);
    const { lowered, direct } = query;
    const reading: RunOptions = {
      evaluation,
      codegen: database.codegen,
      recursionLimit: Number(this.#session.settings.get('millrace.recursion_limit')),
      rowsOf: (relation, lookup) =>
        database.engine.relation(relation.oid)?.store.rowsToRead(lookup) ?? Infinity,
      scan: (relation, ordinals, lookup) =>
        this.#scan(relation, ordinals, { lookup, statement: options.snapshot() }),
      rowError: asView ? () => undefined : null,
      observe: options.observe,
    };
    const root = must(lowered.plan.nodes[lowered.plan.root], 'root of the plan');
    const spec: ResultSpec = {
      types: root.columns.map((column) => column.type),
      order: lowered.order,
      limit: lowered.limit,
      offset: lowered.offset,
      withTies: lowered.withTies,
      visibleColumns: Math.min(options.visible, lowered.visibleColumns),
    };
    const shortcuts = options.observe === undefined && !asView;
    const found = shortcuts ? (direct?.read(reading) ?? null) : null;
    if (found !== null) return yield* orderResult(found, spec);
    const filled = query.parameters
      ? loweredWithParameters(query, parameters, evaluation)
      : lowered.plan;
    const scan = query.parameters ? ScanRead.of(filled) : query.scan;
    if (shortcuts && scan !== null) {
      const { transaction } = this.#session;
      const batches = yield* scan.read({
        ...reading,
        rowsMax: spec.order.length > 0 ? Infinity : rowsAsked(spec),
        final: () => !transaction.started && options.snapshot() === null,
      });
      return yield* orderResult(batches, spec);
    }
    const enough = spec.order.length > 0 || spec.withTies ? Infinity : rowsAsked(spec);
    const rows = yield* runGraph(filled, reading, enough);
    return rows === null ? [] : yield* orderResult([rows], spec);
  }

  #scan(relation: RelationRef, ordinals: readonly number[], how: ScanOptions): Iterable<Batch> {
    switch (relation.kind) {
      case 'virtual':
        return this.#virtualRows(relation.oid, ordinals);
      case 'source':
        throw notKept(relation.name);
      case 'table':
      case 'view':
        return this.#session.transaction.scan(relation.oid, ordinals, how);
    }
  }

  *#virtualRows(oid: number, ordinals: readonly number[]): Iterable<Batch> {
    const { system, catalog } = this.#session.database;
    const relation = must(catalog.byOid(oid), `system relation ${oid}`);
    const types = ordinals.map((ordinal) => relation.columns[ordinal]!.type);
    const builder = new BatchBuilder(types, 64);
    let count = 0;
    for (const row of system.rows(oid, systemContext(this.#session))) {
      builder.append(ordinals.map((ordinal) => row[ordinal]!));
      count++;
    }
    if (count > 0) yield builder.batch();
  }
}

/** Rows of a result without an order that have to be found, with those that OFFSET leaves out. */
function rowsAsked(spec: ResultSpec): number {
  return (spec.limit ?? Infinity) + spec.offset;
}

/** The rows of a source are not kept, so a statement cannot read them. */
function notKept(name: string): SqlError {
  return new SqlError(sqlstate.featureNotSupported, `cannot read source "${name}" directly`, {
    detail: 'The rows of a source are not kept; they flow into the views that are made over it.',
    hint: `Make one: CREATE MATERIALIZED VIEW … AS SELECT … FROM ${name};`,
  });
}
