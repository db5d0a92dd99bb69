/**
 * A whole database in a test, one opening of it: on stores that are handed in, a manual clock and a `test`
 * feed. Opening another on the same stores and feed is what a restart is.
 */

import { ManualClock } from '../base/clock.ts';
import { type TestFeed, testConnector } from '../connectors/test-feed.ts';
import { inProcessSession, inProcessWorld } from '../server/in-process.ts';
import {
  type DatabaseOptions,
  defaultDatabaseOptions,
  openDatabase,
  type OpenDatabase,
} from '../server/open-database.ts';
import type { Session, StatementResult } from '../session/session-api.ts';
import { batchCells } from '../sqltest/values.ts';
import type { Store } from '../state/store.ts';

export interface TestWorldOptions {
  readonly catalog: Store;
  readonly state: Store;
  readonly feed: TestFeed;
  readonly database?: Partial<DatabaseOptions>;
  /** Where files may be read; nowhere by default. */
  readonly allowedDirectories?: readonly string[];
  /** Runs the engine's turns; by default each soon, by itself. */
  readonly defer?: (run: () => void) => void;
}

export class TestWorld {
  readonly #open: OpenDatabase;
  readonly #session: Session;
  readonly #fatal: Promise<never>;

  /** Timers fire when it is moved, and only then. */
  readonly clock: ManualClock;

  private constructor(open: OpenDatabase, clock: ManualClock, fatal: Promise<never>) {
    this.#open = open;
    this.clock = clock;
    this.#fatal = fatal;
    this.#session = this.session();
  }

  static async open(options: TestWorldOptions): Promise<TestWorld> {
    let fail: (error: unknown) => void = () => undefined;
    const fatal = new Promise<never>((_, reject) => {
      fail = reject;
    });
    fatal.catch(() => undefined);
    const clock = new ManualClock(946_684_800_000_000);
    const opening = openDatabase(
      inProcessWorld({
        clock,
        stores: { catalog: options.catalog, state: options.state },
        ...(options.defer === undefined ? {} : { defer: options.defer }),
        allowedDirectories: options.allowedDirectories ?? [],
        extraConnectors: [testConnector(options.feed)],
        fatal: fail,
      }),
      { ...defaultDatabaseOptions, ...options.database },
    );
    const world = new TestWorld(await Promise.race([opening, fatal]), clock, fatal);
    world.engine.settle();
    return world;
  }

  get engine(): OpenDatabase['database']['engine'] {
    return this.#open.database.engine;
  }

  /** Another connection. */
  session(): Session {
    return this.#open.sessions.open(inProcessSession());
  }

  /** Rows of the last statement that gives any, cells parted by ` | `, sorted. A fault is thrown. */
  async sql(text: string, session: Session = this.#session): Promise<string[]> {
    const lines: string[] = [];
    await this.each(
      text,
      async (result) => {
        if (result.kind !== 'rows') return;
        lines.length = 0;
        for (let batch = await result.cursor.next(100); batch !== null;) {
          lines.push(...batchCells(batch, result.fields).map((row) => row.join(' | ')));
          batch = await result.cursor.next(100);
        }
      },
      session,
    );
    return lines.sort();
  }

  /** The result of each statement in turn. A fault is thrown. */
  async each(
    text: string,
    take: (result: StatementResult) => Promise<void>,
    session: Session = this.#session,
  ): Promise<void> {
    await Promise.race([session.simpleQuery(text, take), this.#fatal]);
  }

  async checkpoint(): Promise<void> {
    await Promise.race([this.engine.checkpoint(), this.#fatal]);
  }

  async crash(): Promise<void> {
    await this.#open.abandon();
  }
}
