/**
 * A source while it runs: the feed that all its views share, and the feeds of views that were made later
 * and still catch up from the source's first positions. Both kinds are pulled in the same ticks; a late
 * feed joins the shared one at the tick in which the two stand at the same place, so that from then on
 * every view over the source shows the same prefix of it.
 *
 * Nothing is read while nobody listens.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { SourceObject } from '../catalog/objects.ts';
import { ledgerName } from './ledger.ts';
import type { ChangeListener } from './relation.ts';
import type { SourceFeed } from './source-feed.ts';

interface CatchUp {
  readonly feed: SourceFeed;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** Batches a late feed may take for each one of the shared feed, so that it does catch up. */
const catchUpShare = 4;

export interface SourceEvents {
  /** The shared feed was opened or closed: its state is (no longer) kept. */
  readonly sharedChanged: (feed: SourceFeed, open: boolean) => void;
  /** Records of the source that are in the dead letters already. */
  readonly refused: () => Iterable<readonly [partition: string, offset: number]>;
}

export class SourceRuntime {
  readonly #makeFeed: (source: SourceObject) => SourceFeed;
  #source: SourceObject;
  readonly #events: SourceEvents;
  #shared: SourceFeed | null = null;
  #catchUps: CatchUp[] = [];
  /** While two feeds read the same records: those that one of them has refused. */
  #refused: Set<string> | null = null;

  constructor(
    source: SourceObject,
    makeFeed: (source: SourceObject) => SourceFeed,
    events: SourceEvents,
  ) {
    this.#source = source;
    this.#makeFeed = makeFeed;
    this.#events = events;
  }

  get source(): SourceObject {
    return this.#source;
  }

  /** Schema-qualified. */
  get name(): string {
    return ledgerName(this.#source);
  }

  /** The same source under another name. */
  rename(source: SourceObject): void {
    this.#source = source;
    this.#shared?.rename(source);
    for (const { feed } of this.#catchUps) feed.rename(source);
  }

  get shared(): SourceFeed | null {
    return this.#shared;
  }

  /** The shared feed before it is opened, for recovery to load its state. */
  prepareShared(): SourceFeed {
    this.#shared ??= this.#makeFeed(this.#source);
    return this.#shared;
  }

  /**
   * Attaches listeners that start from nothing. Resolves when they have read as far as all others, which is at
   * once for the first. Rejects with 55000 where the source has failed, or fails before that.
   */
  async attach(listeners: readonly ChangeListener[]): Promise<void> {
    if (this.#shared === null) {
      const feed = this.prepareShared();
      this.#events.sharedChanged(feed, true);
      for (const listener of listeners) feed.listen(listener);
      await feed.open(this.#source.startPositions);
      return;
    }
    const failure = this.#failureOf(this.#shared);
    if (failure !== null) throw failure;
    this.#refused ??= new Set([...this.#events.refused()].map((place) => place.join('/')));
    const feed = this.#makeFeed(this.#source);
    for (const listener of listeners) feed.listen(listener);
    try {
      await feed.open(this.#source.startPositions);
    } catch (error) {
      if (this.#catchUps.length === 0) this.#refused = null;
      await feed.close();
      throw error;
    }
    await new Promise<void>((resolve, reject) => {
      this.#catchUps.push({ feed, done: resolve, fail: reject });
      feed.reader.onReady?.();
    });
  }

  /** Whether a refused record is not yet known as such from another reading of it. */
  firstRefusal({ partition, offset }: { partition: string; offset: number }): boolean {
    const key = `${partition}/${offset}`;
    if (this.#refused?.has(key) === true) return false;
    this.#refused?.add(key);
    return true;
  }

  /** Attaches listeners whose state already contains what the shared feed has read (recovery). */
  resume(listeners: readonly ChangeListener[]): void {
    const feed = this.prepareShared();
    for (const listener of listeners) feed.listen(listener);
  }

  async detach(listeners: readonly ChangeListener[]): Promise<void> {
    for (const listener of listeners) {
      this.#shared?.unlisten(listener);
      for (const { feed } of this.#catchUps) feed.unlisten(listener);
    }
    const idle = this.#catchUps.filter(({ feed }) => !feed.listening);
    this.#catchUps = this.#catchUps.filter(({ feed }) => feed.listening);
    for (const { feed, done } of idle) {
      await feed.close();
      done();
    }
    if (this.#catchUps.length === 0) this.#refused = null;
    if (this.#shared !== null && !this.#shared.listening && this.#catchUps.length === 0) {
      const shared = this.#shared;
      this.#shared = null;
      this.#events.sharedChanged(shared, false);
      await shared.close();
    }
  }

  /** Takes what has arrived, up to `rowsMax` rows a feed. False: there was nothing. */
  pull(rowsMax: number): boolean {
    let progressed = this.#shared?.pull(rowsMax) ?? false;
    for (const { feed } of this.#catchUps) {
      for (let turn = 0; turn < catchUpShare && feed.pull(rowsMax); turn++) progressed = true;
    }
    if (this.#catchUps.length > 0) progressed = this.#joinFeeds() || progressed;
    return progressed;
  }

  heartbeat(): boolean {
    let moved = this.#shared?.heartbeat() ?? false;
    for (const { feed } of this.#catchUps) moved = feed.heartbeat() || moved;
    return moved;
  }

  /**
   * A late feed that is nowhere behind the shared one waits for it (both are limited to its positions); where
   * the two stand at the same place it is taken over. True when that happened.
   */
  #joinFeeds(): boolean {
    const shared = this.#shared;
    if (shared === null || this.#failCatchUps(shared)) return false;
    shared.setLimit(null);
    for (const { feed } of this.#catchUps) feed.setLimit(null);
    const waiting = this.#catchUps.find(({ feed }) => !isBehind(feed, shared));
    if (waiting === undefined) return false;
    const { feed, done } = waiting;
    if (isBehind(shared, feed)) {
      const limit = new Map(feed.positions);
      shared.setLimit(limit);
      feed.setLimit(limit);
      return false;
    }
    shared.adopt(feed);
    this.#catchUps = this.#catchUps.filter((each) => each !== waiting);
    if (this.#catchUps.length === 0) this.#refused = null;
    void feed.close().then(done, done);
    return true;
  }

  /** Feeds that can never come to stand at the same place end their waiting. True when there was one. */
  #failCatchUps(shared: SourceFeed): boolean {
    const failed = this.#catchUps.flatMap((each) => {
      const error = this.#failureOf(shared) ?? this.#failureOf(each.feed);
      return error === null ? [] : [{ ...each, error }];
    });
    if (failed.length === 0) return false;
    this.#catchUps = this.#catchUps.filter(
      ({ feed }) => !failed.some((each) => each.feed === feed),
    );
    if (this.#catchUps.length === 0) this.#refused = null;
    shared.setLimit(null);
    for (const { feed, fail, error } of failed) {
      const end = (): void => fail(error);
      void feed.close().then(end, end);
    }
    return true;
  }

  #failureOf(feed: SourceFeed): SqlError | null {
    const { state, error } = feed.status();
    if (state !== 'failed') return null;
    return new SqlError(
      sqlstate.objectNotInPrerequisiteState,
      `source "${this.#source.name}" has failed`,
      {
        detail: error ?? undefined,
        hint: 'Its views keep their rows. To read it again, drop it and make it anew.',
      },
    );
  }

  async close(): Promise<void> {
    const feeds = this.#catchUps.map(({ feed }) => feed);
    if (this.#shared !== null) feeds.push(this.#shared);
    const error = new SqlError(sqlstate.adminShutdown, 'reading of the source was stopped');
    for (const { fail } of this.#catchUps) fail(error);
    this.#catchUps = [];
    this.#shared = null;
    for (const feed of feeds) await feed.close();
  }
}

function isBehind(feed: SourceFeed, other: SourceFeed): boolean {
  for (const [partition, offset] of other.positions) {
    if (partition.startsWith('@')) continue;
    if ((feed.positions.get(partition) ?? 0) < offset) return true;
  }
  return false;
}
