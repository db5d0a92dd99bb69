/**
 * Stores that fail as disks and machines do. A `Disk` is what survives a crash; a `CrashStore` is one opening
 * of it, which may fail at the n-th commit, before or after that commit reached the disk, and is dead from
 * then on; a `HeldStore` keeps back the news that a commit is on stable storage.
 */

import { MemoryStore } from '../checkpoint/memory-store.ts';
import type { Store, StoreChange } from '../state/store.ts';

export class DiskFailure extends Error {
  constructor() {
    super('the disk has failed');
    this.name = 'DiskFailure';
  }
}

export interface Fault {
  /** Which commit fails, from 1, counted over all stores that share this fault. */
  readonly commit: number;
  /** Whether that commit still reaches the disk, although nobody is told. */
  readonly lands: boolean;
}

/** Counts the commits of several stores and says which fails. */
export class FaultPlan {
  readonly #fault: Fault | null;
  commits = 0;
  failed = false;

  constructor(fault: Fault | null) {
    this.#fault = fault;
  }

  /** What becomes of the next commit. */
  next(): 'works' | 'is-lost' | 'lands-unseen' {
    if (this.failed) return 'is-lost';
    this.commits++;
    if (this.#fault === null || this.commits !== this.#fault.commit) return 'works';
    this.failed = true;
    return this.#fault.lands ? 'lands-unseen' : 'is-lost';
  }
}

/** Forgets at `crash` whatever was not committed, and fails as planned. */
export class CrashStore implements Store {
  readonly #disk: MemoryStore;
  readonly #plan: FaultPlan;

  constructor(disk: MemoryStore, plan: FaultPlan) {
    this.#disk = disk;
    this.#plan = plan;
  }

  get(key: string): Uint8Array | undefined {
    return this.#disk.get(key);
  }

  range(from: string, to: string): Iterable<readonly [string, Uint8Array]> {
    return this.#disk.range(from, to);
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    const fate = this.#plan.next();
    if (fate !== 'is-lost') await this.#disk.commit(changes);
    if (fate !== 'works') throw new DiskFailure();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Commits are on the disk at once, but their promises wait for `release` while `holding`. */
export class HeldStore implements Store {
  readonly #disk = new MemoryStore();
  #waiting: (() => void)[] = [];
  holding = false;

  get(key: string): Uint8Array | undefined {
    return this.#disk.get(key);
  }

  range(from: string, to: string): Iterable<readonly [string, Uint8Array]> {
    return this.#disk.range(from, to);
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    await this.#disk.commit(changes);
    if (!this.holding) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    this.holding = false;
    for (const resolve of this.#waiting) resolve();
    this.#waiting = [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
