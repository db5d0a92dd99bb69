/**
 * A source while it runs: the feed that all its views share, and the feeds of views that were made later
 * and still catch up from the source's first positions. Both kinds are pulled in the same ticks; a late
 * feed joins the shared one at the tick in which the two stand at the same place, so that from then on
 * every view over the source shows the same prefix of it.
 *
 * Nothing is read while nobody listens.
 */

import type { SourceObject } from '../catalog/objects.ts';
import type { ChangeListener } from './relation.ts';
import type { SourceFeed } from './source-feed.ts';

interface CatchUp {
  readonly feed: SourceFeed;
  readonly done: () => void;
}

/** Batches a late feed may take for each one of the shared feed, so that it does catch up. */
const catchUpShare = 4;

export class SourceRuntime {
  readonly source: SourceObject;
  readonly #makeFeed: () => SourceFeed;
  /** Called when the shared feed is opened or closed, so that its state is (no longer) kept. */
  readonly #sharedChanged: (feed: SourceFeed, open: boolean) => void;
  #shared: SourceFeed | null = null;
  #catchUps: CatchUp[] = [];

  constructor(
    source: SourceObject,
    makeFeed: () => SourceFeed,
    sharedChanged: (feed: SourceFeed, open: boolean) => void,
  ) {
    this.source = source;
    this.#makeFeed = makeFeed;
    this.#sharedChanged = sharedChanged;
  }

  get shared(): SourceFeed | null {
    return this.#shared;
  }

  /** The shared feed before it is opened, for recovery to load its state. */
  prepareShared(): SourceFeed {
    this.#shared ??= this.#makeFeed();
    return this.#shared;
  }

  /**
   * Attaches listeners that start from nothing. Resolves when they have read as far as all others, which is at
   * once for the first.
   */
  async attach(listeners: readonly ChangeListener[]): Promise<void> {
    if (this.#shared === null) {
      const feed = this.prepareShared();
      this.#sharedChanged(feed, true);
      for (const listener of listeners) feed.listen(listener);
      await feed.open(this.source.startPositions);
      return;
    }
    const feed = this.#makeFeed();
    for (const listener of listeners) feed.listen(listener);
    feed.reader.onReady = this.#shared.reader.onReady;
    await feed.open(this.source.startPositions);
    await new Promise<void>((resolve) => {
      this.#catchUps.push({ feed, done: resolve });
      this.#shared?.reader.onReady?.();
    });
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
    if (this.#shared !== null && !this.#shared.listening && this.#catchUps.length === 0) {
      const shared = this.#shared;
      this.#shared = null;
      this.#sharedChanged(shared, false);
      await shared.close();
    }
  }

  /** Takes what has arrived, up to `rowsMax` rows a feed. False: there was nothing. */
  pull(rowsMax: number): boolean {
    let progressed = this.#shared?.pull(rowsMax) ?? false;
    for (const { feed } of this.#catchUps) {
      for (let turn = 0; turn < catchUpShare && feed.pull(rowsMax); turn++) progressed = true;
    }
    if (this.#catchUps.length > 0) this.#joinFeeds();
    return progressed;
  }

  heartbeat(): boolean {
    let moved = this.#shared?.heartbeat() ?? false;
    for (const { feed } of this.#catchUps) moved = feed.heartbeat() || moved;
    return moved;
  }

  /**
   * A late feed that is nowhere behind the shared one waits for it (both are limited to its positions); where
   * the two stand at the same place it is taken over.
   */
  #joinFeeds(): void {
    const shared = this.#shared!;
    const waiting = this.#catchUps.find(({ feed }) => !isBehind(feed, shared));
    if (waiting === undefined) {
      shared.setLimit(null);
      return;
    }
    if (isBehind(shared, waiting.feed)) {
      shared.setLimit(waiting.feed.positions);
      waiting.feed.setLimit(waiting.feed.positions);
      return;
    }
    shared.setLimit(null);
    shared.adopt(waiting.feed);
    this.#catchUps = this.#catchUps.filter((each) => each !== waiting);
    void waiting.feed.close().then(waiting.done);
  }

  async close(): Promise<void> {
    const feeds = this.#catchUps.map(({ feed }) => feed);
    if (this.#shared !== null) feeds.push(this.#shared);
    this.#catchUps = [];
    this.#shared = null;
    for (const feed of feeds) await feed.close();
  }
}

function isBehind(feed: SourceFeed, other: SourceFeed): boolean {
  for (const [partition, offset] of other.positions) {
    if ((feed.positions.get(partition) ?? 0) < offset) return true;
  }
  return false;
}
