/**
 * All subscriptions of an engine, and the change logs that they read. At the end of each tick the logs are
 * sealed and those who wait are woken; nothing here waits on a timer.
 *
 * A relation's log outlives its last subscription for a while, so that a reader that lost its connection can go
 * on `AS OF` the last tick it has seen.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { Consolidator } from '../dataflow/consolidate.ts';
import { type Batch, negated } from '../types/batch.ts';
import { ChangeLog } from './change-log.ts';
import type { StoredRelation } from './stored-relation.ts';
import { Subscription } from './subscription.ts';

export interface SubscriptionRequest {
  /** The session that asks. */
  readonly pid: number;
  /** The present rows first; otherwise changes alone. */
  readonly snapshot: boolean;
  /** Whether it also gives ticks by which everything has been given. */
  readonly progress: boolean;
  /** The tick to begin at; null: the present one. */
  readonly asOf: number | null;
  /** Ends before this tick; null: never. */
  readonly upTo: number | null;
}

/** A query's own dataflow behind a subscription. */
export interface QueryRun {
  /** The subscription has ended. */
  readonly closed: () => void;
  /** How many rows have come too late for its windows. */
  readonly lateRows: () => number;
}

export interface SubscriptionsOptions {
  /** Memory of the changes kept for one relation, about. */
  readonly bytesMax: number;
  readonly monotonicMs: () => number;
  /** The last tick that is complete. */
  readonly tick: () => number;
}

/** How long the changes of a relation without subscriptions are kept, in milliseconds. */
const retainMs = 5 * 60_000;

/** A relation that is, or was lately, subscribed to. */
interface Followed {
  readonly relation: StoredRelation;
  readonly log: ChangeLog;
  readonly subscriptions: Set<Subscription>;
  /** When the last subscription went. */
  leftMs: number;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #followed = new Map<number, Followed>();
  #nextId = 1;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  *all(): Iterable<Subscription> {
    for (const { subscriptions } of this.#followed.values()) yield* subscriptions;
  }

  /** Between two ticks; `run` where the relation is the result of a query of its own. */
  open(
    relation: StoredRelation,
    request: SubscriptionRequest,
    run: QueryRun | null = null,
  ): Subscription {
    const present = this.#options.tick();
    const start = request.asOf ?? present;
    this.#checkStart(relation, start, present);
    // Throws when the relation has failed.
    const rows = relation.scan(relation.numbers, null);
    const followed = this.#follow(relation, present);
    const snapshot = start === present ? rows : [...this.#rowsAsOf(followed, rows, start)];
    const subscription = new Subscription({
      id: this.#nextId++,
      relation: relation.oid,
      pid: request.pid,
      log: followed.log,
      start,
      snapshot: request.snapshot ? snapshot[Symbol.iterator]() : null,
      progress: request.progress,
      upTo: request.upTo,
      tick: this.#options.tick,
      lateRows: () => run?.lateRows() ?? 0,
      closed: (each) => {
        followed.subscriptions.delete(each);
        followed.leftMs = this.#options.monotonicMs();
        run?.closed();
      },
    });
    followed.subscriptions.add(subscription);
    return subscription;
  }

  #follow(relation: StoredRelation, tick: number): Followed {
    const known = this.#followed.get(relation.oid);
    if (known !== undefined) return known;
    const { types, numbers, appendOnly } = relation;
    const log = new ChangeLog({
      types,
      numbers,
      appendOnly,
      bytesMax: this.#options.bytesMax,
      tick,
    });
    const followed = { relation, log, subscriptions: new Set<Subscription>(), leftMs: 0 };
    relation.listen(log, false);
    this.#followed.set(relation.oid, followed);
    return followed;
  }

  #checkStart(relation: StoredRelation, start: number, present: number): void {
    if (start > present) {
      throw new SqlError(
        sqlstate.invalidParameterValue,
        `tick ${start} has not come yet; the present one is ${present}`,
        { hint: 'Leave AS OF out to begin with the present tick.' },
      );
    }
    const log = this.#followed.get(relation.oid)?.log;
    const oldest = log?.since ?? relation.changedAt;
    if (start >= oldest) return;
    throw new SqlError(
      sqlstate.objectNotInPrerequisiteState,
      `the changes of "${relation.name}" since tick ${start} are not kept any more`,
      {
        detail: `The oldest tick that can be named is ${oldest}.`,
        hint: 'Subscribe without AS OF, and replace what you hold by the snapshot. Changes are kept while a relation is subscribed to and some minutes longer, as far as memory for them goes.',
      },
    );
  }

  /** The rows at an earlier tick: those of now without the changes since. */
  *#rowsAsOf({ relation, log }: Followed, rows: Iterable<Batch>, tick: number): Iterable<Batch> {
    const sum = new Consolidator(relation.types);
    for (const batch of rows) sum.add(batch);
    for (let number = log.after(tick); number < log.end; number++) {
      for (const batch of must(log.at(number), 'a kept entry').batches) sum.add(negated(batch));
    }
    const net = sum.take();
    if (net !== null) yield net;
  }

  /** Seals the tick's changes and wakes those who wait for them. True when somebody was given something. */
  endTick(tick: number): boolean {
    let given = false;
    for (const followed of this.#followed.values()) {
      const changed = followed.log.endTick(tick);
      for (const subscription of followed.subscriptions) {
        if (followed.relation.failure !== null) subscription.fail(failed(followed.relation));
        if (changed) subscription.check();
        subscription.tickEnded();
      }
      given ||= changed && followed.subscriptions.size > 0;
    }
    return given;
  }

  /** Lets the changes go that nobody came back for. */
  heartbeat(): void {
    const now = this.#options.monotonicMs();
    for (const [oid, { relation, log, subscriptions, leftMs }] of this.#followed) {
      if (subscriptions.size > 0 || now - leftMs < retainMs) continue;
      relation.unlisten(log);
      this.#followed.delete(oid);
    }
  }

  /** Ends the subscriptions to a relation, which is no more or cannot go on. */
  fail(oid: number, error: SqlError): void {
    const followed = this.#followed.get(oid);
    if (followed === undefined) return;
    this.#followed.delete(oid);
    followed.relation.unlisten(followed.log);
    for (const subscription of [...followed.subscriptions]) subscription.fail(error);
  }

  /** The engine stops. */
  stop(): void {
    const error = new SqlError(sqlstate.adminShutdown, 'subscription ended by a shut-down');
    for (const subscription of [...this.all()]) subscription.fail(error);
  }
}

/** Shown to those who read what was dropped. */
export function dropped(name: string): SqlError {
  return new SqlError(
    sqlstate.objectNotInPrerequisiteState,
    `subscription ended because "${name}" was dropped or replaced`,
    { hint: 'Subscribe again.' },
  );
}

function failed(relation: StoredRelation): SqlError {
  return new SqlError(
    sqlstate.dataCorrupted,
    `subscription ended because "${relation.name}" has failed`,
    { detail: relation.failure ?? undefined },
  );
}
