/**
 * SUBSCRIBE: the changes of a table, view or query as rows with a tick and a weight. The rows of one tick come
 * together: a tick is one step of everything, so what stands under one tick became true at once.
 *
 * A cursor over a subscription waits for news, for the client's cancel, for the statement's time limit and for
 * the end of the session; each of them wakes it.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { BoundSubscribe } from '../binder/bound-statement.ts';
import { compileInterpreter } from '../expr/interpret.ts';
import type { Expr } from '../expr/expr.ts';
import type { Delivery, Subscription } from '../jobs/subscription.ts';
import type { SubscriptionRequest } from '../jobs/subscriptions.ts';
import type { Batch } from '../types/batch.ts';
import { BatchBuilder, gather } from '../types/column-access.ts';
import type { Column } from '../types/column.ts';
import type { SqlType } from '../types/sql-type.ts';
import { sessionEvaluation } from './evaluation.ts';
import { planView } from './plan-view.ts';
import { exprWithParameters, withParameters } from './query-plans.ts';
import type { ParameterValues, SessionContext } from './session-context.ts';
import type { RowCursor, StatementResult } from './session-api.ts';

export type SubscribeResult = Extract<StatementResult, { kind: 'rows' }> & {
  readonly cursor: SubscriptionCursor;
};

export async function subscribe(
  bound: BoundSubscribe,
  session: SessionContext,
  parameters: ParameterValues,
): Promise<SubscribeResult> {
  const tickOf = (expr: Expr | null): number | null => {
    if (expr === null) return null;
    const value = exprWithParameters(expr, parameters);
    return checkTick(compileInterpreter(value)([], sessionEvaluation(session)));
  };
  const request: SubscriptionRequest = {
    pid: session.options.backendPid,
    snapshot: bound.snapshot,
    progress: bound.progress,
    asOf: tickOf(bound.asOf),
    upTo: tickOf(bound.upTo),
  };
  checkUpTo(request, session.database.engine.tick);
  const subscription =
    bound.relation === null
      ? await overQuery(bound, request, session, parameters)
      : session.database.engine.subscribe(bound.relation.oid, request);
  const types = bound.query.fields.map((field) => field.type);
  const cursor = new SubscriptionCursor(subscription, types, session);
  return { kind: 'rows', fields: bound.fields, cursor, tag: 'SUBSCRIBE' };
}

/** A subscription ends at UP TO, which cannot lie before its beginning; at it, the snapshot is all. */
function checkUpTo({ asOf, upTo }: SubscriptionRequest, present: number): void {
  const first = asOf ?? present;
  if (upTo === null || upTo >= first) return;
  throw new SqlError(sqlstate.invalidParameterValue, `UP TO ${upTo} lies before the first tick`, {
    detail: `The subscription begins at tick ${first}.`,
    hint: 'Name a later tick, or begin earlier by AS OF.',
  });
}

function checkTick(value: unknown): number {
  if (typeof value === 'bigint' && value >= 0n) return Number(value);
  throw new SqlError(sqlstate.invalidParameterValue, 'a tick must not be negative or NULL', {
    hint: 'Name a tick that a subscription has shown.',
  });
}

async function overQuery(
  bound: BoundSubscribe,
  request: SubscriptionRequest,
  session: SessionContext,
  parameters: ParameterValues,
): Promise<Subscription> {
  if (request.asOf !== null) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'SUBSCRIBE to a query with AS OF is not supported yet',
      {
        detail: 'Only of tables and materialized views are earlier changes kept.',
        hint: 'Create a materialized view with the query and subscribe to that.',
      },
    );
  }
  const { database } = session;
  const { query } = bound;
  const plan = planView(withParameters(query.plan, parameters), query.emit, database);
  const abort = new AbortController();
  const opening = database.engine.subscribeQuery(plan, {
    emit: query.emit,
    request,
    signal: abort.signal,
  });
  // Reading what is there may take long; a cancel need not wait for it.
  let open = true;
  const settled = opening.then(
    () => {
      open = false;
    },
    () => {
      open = false;
    },
  );
  while (open) {
    try {
      await session.untilWoken((wake) => void settled.then(wake));
      session.checkCancel();
    } catch (error) {
      abort.abort(error);
      // It may have come about in the same moment.
      opening.then(
        (each) => each.close(),
        () => undefined,
      );
      throw error;
    }
  }
  return await opening;
}

/** The rows of a subscription, with the columns that say when and how often. */
export class SubscriptionCursor implements RowCursor {
  readonly #subscription: Subscription;
  readonly #types: readonly SqlType[];
  readonly #session: SessionContext;
  /** Rows that did not fit into what was asked for last. */
  #rest: Batch | null = null;

  constructor(subscription: Subscription, types: readonly SqlType[], session: SessionContext) {
    this.#subscription = subscription;
    this.#types = types;
    this.#session = session;
    session.live.add(this);
  }

  /** `next` would have to wait. */
  get idle(): boolean {
    return this.#rest === null && !this.#subscription.ready;
  }

  async next(max: number): Promise<Batch | null> {
    try {
      return await this.#next(max);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #next(max: number): Promise<Batch | null> {
    for (;;) {
      this.#session.checkCancel();
      const batch = this.#take(max);
      if (batch !== null) {
        // What was written is shown to nobody before it is on stable storage.
        await this.#session.database.engine.settled();
        return batch;
      }
      if (this.#subscription.ended) return null;
      await this.#news();
    }
  }

  /** Resolves when there may be rows, or when `timeoutMs` have passed. */
  async #news(timeoutMs: number | null = null): Promise<void> {
    const subscription = this.#subscription;
    try {
      await this.#session.untilWoken((wake) => {
        subscription.onNews = wake;
      }, timeoutMs);
    } finally {
      subscription.onNews = null;
    }
  }

  /**
   * What FETCH gives: at least one row, and what else is there, up to `count`. With a time limit it waits for
   * all `count`, but no longer than that.
   */
  async fetch(count: number, timeoutMs: number | null): Promise<readonly Batch[]> {
    const { clock } = this.#session.database;
    const deadline = timeoutMs === null ? Infinity : clock.monotonicMs() + timeoutMs;
    const batches: Batch[] = [];
    let rows = 0;
    while (rows < count) {
      this.#session.checkCancel();
      const batch = this.idle ? null : this.#take(count - rows);
      if (batch !== null) {
        batches.push(batch);
        rows += batch.count;
        continue;
      }
      if (this.#subscription.ended) break;
      const left = deadline - clock.monotonicMs();
      if (timeoutMs === null ? rows > 0 : left <= 0) break;
      await this.#news(timeoutMs === null ? null : left);
    }
    await this.#session.database.engine.settled();
    return batches;
  }

  #take(max: number): Batch | null {
    if (this.#rest === null) {
      const delivery = this.#subscription.read();
      if (delivery === null) return null;
      this.#rest = this.#asRows(delivery);
    }
    const batch = this.#rest;
    if (batch.count <= max) {
      this.#rest = null;
      return batch;
    }
    this.#rest = slice(batch, max, batch.count);
    return slice(batch, 0, max);
  }

  #asRows({ tick, batch }: Delivery): Batch {
    const { progress } = this.#subscription;
    if (batch === null) return this.#progressRow(tick);
    const { count } = batch;
    const ticks: Column = { kind: 'f64', values: new Float64Array(count).fill(tick), nulls: null };
    const weights = new Float64Array(count).fill(1);
    if (batch.weights !== null) weights.set(batch.weights.subarray(0, count));
    const columns: Column[] = [ticks, { kind: 'f64', values: weights, nulls: null }];
    if (progress) {
      columns.splice(1, 0, { kind: 'bool', values: new Uint8Array(count), nulls: null });
    }
    columns.push(...batch.columns);
    return { count, columns, weights: null, rowWatermarks: null, origin: null };
  }

  #progressRow(tick: number): Batch {
    const types: SqlType[] = [{ kind: 'bigint' }, { kind: 'boolean' }, { kind: 'bigint' }];
    const builder = new BatchBuilder([...types, ...this.#types], 1);
    builder.append([BigInt(tick), true, null, ...this.#types.map(() => null)]);
    return builder.batch();
  }

  close(): void {
    this.#rest = null;
    this.#session.live.delete(this);
    this.#subscription.close();
  }
}

function slice(batch: Batch, from: number, to: number): Batch {
  const rows = Int32Array.from({ length: to - from }, (_, index) => from + index);
  return gather(batch, rows, rows.length);
}
