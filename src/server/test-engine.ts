/**
 * The engine as test files see it: the real thing on a manual clock, a seeded generator, a `test` connector
 * and a store of its own, with nothing running unless a step asks for it.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../base/assert.ts';
import { ManualClock } from '../base/clock.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { SeededRandom } from '../base/random.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import { LmdbStore } from '../checkpoint/lmdb-store.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { PgClient } from '../client/pg-client.ts';
import { TestFeed, testConnector } from '../connectors/test-feed.ts';
import { ruleNames } from '../optimizer/optimize.ts';
import { Listener } from '../pgwire/listener.ts';
import type { Session } from '../session/session-api.ts';
import type {
  EngineUnderTest,
  FedRow,
  QueryAnswer,
  TestModeOptions,
} from '../sqltest/engine-under-test.ts';
import { batchCells, formatCell, shortTime } from '../sqltest/values.ts';
import { LocalShards } from '../shards/local-shards.ts';
import type { Store } from '../state/store.ts';
import { readRow } from '../types/column-access.ts';
import type { Schema } from '../types/schema.ts';
import { inProcessSession, inProcessWorld } from './in-process.ts';
import { defaultDatabaseOptions, openDatabase, type OpenDatabase } from './open-database.ts';

/** 2000-01-01 00:00:00 UTC. */
const startMicros = 946_684_800_000_000;
/** Only `checkpoint` steps and the clock take one. */
const checkpointIntervalMs = 1000;
const timestampOids: ReadonlySet<number> = new Set([1114, 1184]);

interface Stores {
  readonly catalog: Store;
  readonly state: Store;
}

/** Opens an engine in a world of its own. */
export async function openTestEngine(mode: TestModeOptions): Promise<EngineUnderTest> {
  const engine = new TestEngine(mode);
  await engine.open();
  return engine;
}

class TestEngine implements EngineUnderTest {
  readonly #mode: TestModeOptions;
  readonly #clock = new ManualClock(startMicros);
  readonly #feed = new TestFeed();
  readonly #directory: string | null;
  #memory = { catalog: new MemoryStore(), state: new MemoryStore() };
  #stores: Stores | null = null;
  #open: OpenDatabase | null = null;
  #session: Session | null = null;
  #wire: { readonly listener: Listener; readonly client: PgClient } | null = null;
  /** The order of messages between workers. */
  readonly #order = new SeededRandom(2);
  #openings = 0;
  #fault: unknown = null;
  #onFault: (error: unknown) => void = () => undefined;
  /** Rows of each view as `changes` last saw them: cells joined by NUL → count. */
  readonly #seen = new Map<string, Map<string, number>>();

  constructor(mode: TestModeOptions) {
    this.#mode = mode;
    this.#directory = mode.store === 'lmdb' ? mkdtempSync(join(tmpdir(), 'millrace-test-')) : null;
  }

  async open(): Promise<void> {
    const stores = this.#openStores();
    this.#stores = stores;
    const open = await openDatabase(
      // A view that catches up with its source needs ticks of its own; all else is settled by then.
      inProcessWorld({
        clock: this.#clock,
        stores,
        extraConnectors: [testConnector(this.#feed)],
        makeShards: (options) => new LocalShards(options, this.#order),
        fatal: (error) => {
          this.#fault ??= error;
          this.#onFault(error);
        },
      }),
      {
        ...defaultDatabaseOptions,
        batchRowsMax: this.#mode.batchRowsMax,
        tickRowsMax: this.#mode.apart ? 1 : defaultDatabaseOptions.tickRowsMax,
        workers: this.#workers(),
        codegen: this.#mode.codegen,
        reprint: this.#mode.reprint,
        disabledRules: this.#mode.optimize ? new Set() : new Set(ruleNames),
        checkpointIntervalMs,
      },
    );
    this.#open = open;
    if (this.#mode.wire) await this.#connect(open);
    else this.#session = open.sessions.open(inProcessSession());
    this.#settle();
  }

  /** Where workers vary, another number of them after each crash. */
  #workers(): number {
    const { workers, varyWorkers } = this.#mode;
    return varyWorkers ? 1 + ((workers - 1 + this.#openings++) % 3) : workers;
  }

  #openStores(): Stores {
    if (this.#directory === null) return this.#memory;
    return {
      catalog: new LmdbStore(join(this.#directory, 'catalog.mdb')),
      state: new LmdbStore(join(this.#directory, 'state.mdb')),
    };
  }

  async #connect(open: OpenDatabase): Promise<void> {
    const listener = new Listener({
      host: '127.0.0.1',
      port: 0,
      sessions: open.sessions,
      clock: this.#clock,
      log: silentLog,
      verifiers: new Map(),
      connectionsMax: 10,
      messageBytesMax: 1 << 26,
    });
    open.setSignal((pid, how) => listener.signal(pid, how));
    const port = await listener.listen();
    const client = await PgClient.connect({
      host: '127.0.0.1',
      port,
      user: 'millrace',
      database: 'millrace',
      applicationName: 'millrace test',
    });
    this.#wire = { listener, client };
  }

  get #database(): OpenDatabase['database'] {
    return must(this.#open, 'open engine').database;
  }

  #settle(): void {
    this.#database.engine.settle();
    if (this.#fault !== null) throw this.#fault;
  }

  async sql(text: string): Promise<QueryAnswer | null> {
    this.#settle();
    // A fault would leave the statement waiting for ever.
    const fault = new Promise<never>((_, reject) => {
      this.#onFault = reject;
    });
    const run = this.#wire === null ? this.#direct(text) : this.#overWire(text);
    const answer = await Promise.race([run, fault]);
    this.#settle();
    return answer;
  }

  async #direct(text: string): Promise<QueryAnswer | null> {
    let answer: QueryAnswer | null = null;
    const session = must(this.#session, 'session');
    await session.simpleQuery(text, async (result) => {
      if (result.kind !== 'rows') return;
      const rows: string[][] = [];
      for (
        let batch = await result.cursor.next(100);
        batch !== null;
        batch = await result.cursor.next(100)
      ) {
        rows.push(...batchCells(batch, result.fields));
      }
      answer = { columns: result.fields.map((field) => field.name), rows };
    });
    return answer;
  }

  async #overWire(text: string): Promise<QueryAnswer | null> {
    const results = await must(this.#wire, 'connection').client.query(text);
    const last = results.findLast((result) => result.fields !== null);
    if (last === undefined || last.fields === null) return null;
    const { fields } = last;
    const rows = last.rows.map((row) =>
      row.map((cell, index) => {
        if (cell === null) return 'NULL';
        return timestampOids.has(fields[index]!.typeOid) ? shortTime(cell) : cell;
      }),
    );
    return { columns: fields.map((field) => field.name), rows };
  }

  #object(name: string): CatalogObject {
    const parts = name.split('.');
    const schema = parts.length > 1 ? parts[0]! : 'public';
    const found = this.#database.catalog.find(schema, parts.at(-1)!);
    if (found !== undefined) return found;
    throw new SqlError(sqlstate.undefinedTable, `relation "${name}" does not exist`);
  }

  columnsOf(relation: string): Schema {
    const object = this.#object(relation);
    if (object.kind !== 'table' && object.kind !== 'source') return [];
    return object.columns
      .filter((column) => object.kind === 'table' || column.source === 'physical')
      .map(({ name, type, notNull }) => ({ name, type, nullable: !notNull }));
  }

  async feed(relation: string, rows: readonly FedRow[], partition: string): Promise<void> {
    const object = this.#object(relation);
    if (object.kind === 'table') {
      const groups = this.#mode.apart ? rows.map((row) => [row]) : [rows];
      for (const group of groups) {
        const changes = group.map(({ values, weight }) => ({ row: values, weight }));
        await this.#database.engine.write([{ oid: object.oid, rows: changes }], { wait: true });
      }
    } else {
      if (rows.some((row) => row.weight < 0)) {
        throw new SqlError(
          sqlstate.wrongObjectType,
          `rows of source "${relation}" cannot be retracted`,
        );
      }
      const stream = this.#feed.stream(`${object.schema}.${object.name}`);
      const groups = this.#mode.apart ? rows.map((row) => [row]) : [rows];
      for (const group of groups) {
        stream.push(
          group.map((row) => row.values),
          partition,
        );
        this.#settle();
      }
    }
    this.#settle();
  }

  changes(view: string): ReturnType<EngineUnderTest['changes']> {
    const relation = this.#stored(view);
    const fields = this.#viewFields(view);
    const now = new Map<string, number>();
    const ordinals = fields.map((_, index) => index);
    for (const batch of relation.scan(ordinals, null)) {
      for (let row = 0; row < batch.count; row++) {
        const values = readRow(batch, row, relation.types);
        const key = values.map((value, index) => formatCell(value, fields[index]!.type)).join('\0');
        now.set(key, (now.get(key) ?? 0) + (batch.weights?.[row] ?? 1));
      }
    }
    const before = this.#seen.get(view) ?? new Map<string, number>();
    this.#seen.set(view, now);
    const rows: { weight: number; cells: string[] }[] = [];
    for (const key of new Set([...before.keys(), ...now.keys()])) {
      const weight = (now.get(key) ?? 0) - (before.get(key) ?? 0);
      if (weight !== 0) rows.push({ weight, cells: key.split('\0') });
    }
    return Promise.resolve({ columns: fields.map((field) => field.name), rows });
  }

  #viewFields(view: string): Schema {
    const object = this.#object(view);
    return object.columns.map(({ name, type }) => ({ name, type, nullable: true }));
  }

  #stored(name: string) {
    return must(this.#database.engine.relation(this.#object(name).oid), `rows of ${name}`);
  }

  async explain(stage: string, sql: string): Promise<string> {
    const prefix = stage === 'plan' || stage === '' ? 'EXPLAIN ' : `EXPLAIN (${stage}) `;
    try {
      const answer = await this.sql(prefix + sql);
      return must(answer, 'explanation')
        .rows.map(([line]) => line)
        .join('\n');
    } catch (error) {
      if (!(error instanceof SqlError) || error.fields.position === undefined) throw error;
      // Counted in the statement itself, without the word before it.
      const position = error.fields.position - prefix.length;
      throw new SqlError(error.code, error.message, { ...error.fields, position });
    }
  }

  raiseWatermark(source: string, micros: number): void {
    const object = this.#object(source);
    this.#feed.stream(`${object.schema}.${object.name}`).watermark(micros);
    this.#settle();
  }

  watermark(relation: string): number {
    const object = this.#object(relation);
    const { engine } = this.#database;
    const source = engine.source(object.oid);
    if (source !== undefined) return source.shared?.watermarks.current ?? -Infinity;
    return this.#stored(relation).watermark;
  }

  /** Of a view: its own; of a source: of all views over it. */
  lateRows(relation: string): number {
    const object = this.#object(relation);
    const name = `${object.schema}.${object.name}`;
    const { lateRows } = this.#database.engine;
    if (object.kind !== 'source') return lateRows.total(name);
    return lateRows.entries.filter((row) => row[1] === name).length;
  }

  deadLetters(source: string): number {
    const object = this.#object(source);
    return this.#database.engine.deadLetters.total(`${object.schema}.${object.name}`);
  }

  rowErrors(view: string): number {
    const object = this.#object(view);
    return this.#database.engine.rowErrors.total(`${object.schema}.${object.name}`);
  }

  state(view: string): readonly { readonly table: string; readonly rows: number }[] {
    const job = must(this.#database.engine.job(this.#object(view).oid), `view ${view}`);
    return [...job.tables()].map(({ table }) => ({ table: table.name, rows: table.rows }));
  }

  async advanceClock(ms: number): Promise<void> {
    this.#clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
    this.#settle();
    // The clock moved through all its timers at once; what the last of them did belongs to a checkpoint too.
    if (ms >= checkpointIntervalMs) await this.#database.engine.checkpoint();
  }

  idle(source: string): void {
    this.#database.engine.markIdle(this.#object(source).oid);
    this.#settle();
  }

  end(source: string): void {
    const object = this.#object(source);
    this.#feed.stream(`${object.schema}.${object.name}`).finish();
    this.#settle();
  }

  async checkpoint(): Promise<void> {
    await this.#database.engine.checkpoint();
  }

  async crash(): Promise<void> {
    await this.#disconnect();
    await must(this.#open, 'open engine').abandon();
    await this.#closeStores();
    this.#memory = {
      catalog: this.#memory.catalog.snapshot(),
      state: this.#memory.state.snapshot(),
    };
    await this.open();
  }

  async #disconnect(): Promise<void> {
    this.#session?.close();
    this.#session = null;
    if (this.#wire === null) return;
    await this.#wire.client.close();
    await this.#wire.listener.close();
    this.#wire = null;
  }

  async #closeStores(): Promise<void> {
    if (this.#directory === null) return;
    await this.#stores?.catalog.close();
    await this.#stores?.state.close();
  }

  async close(): Promise<void> {
    await this.#disconnect();
    await this.#open?.abandon();
    await this.#closeStores();
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A database in memory on a clock that stands still, for tests that speak to a session themselves. */
export async function openTestDatabase(): Promise<OpenDatabase> {
  return await openDatabase(
    inProcessWorld({ clock: new ManualClock(startMicros), defer: () => undefined }),
    defaultDatabaseOptions,
  );
}
