/** Millrace as the one that is judged: a whole database in memory, asked as the judge is. */

import { AssertionFailed } from '../../base/assert.ts';
import { SqlError } from '../../base/errors.ts';
import { MemoryStore } from '../../checkpoint/memory-store.ts';
import { TestFeed } from '../../connectors/test-feed.ts';
import { readDatum } from '../../types/column-access.ts';
import { oidOf } from '../../types/oid.ts';
import { formatText } from '../../types/text-io.ts';
import { TestWorld } from '../test-world.ts';
import { type Answer, done } from './judge.ts';

/** Code of what no user should ever see: an assertion of ours, or any error that is not SQL's. */
export const faultCode = 'fault';

export class Subject {
  readonly #world: TestWorld;

  private constructor(world: TestWorld) {
    this.#world = world;
  }

  static async open(): Promise<Subject> {
    const world = await TestWorld.open({
      catalog: new MemoryStore(),
      state: new MemoryStore(),
      feed: new TestFeed(),
    });
    return new Subject(world);
  }

  /** Statements; the error that stopped them, or null. A transaction that they leave open is rolled back. */
  async run(sql: string): Promise<(Answer & { kind: 'error' }) | null> {
    const answer = await this.#answer(sql);
    if (answer.kind !== 'error') return null;
    await this.#answer('ROLLBACK');
    return answer;
  }

  async ask(query: string): Promise<Answer> {
    return await this.#answer(query);
  }

  /** SQLSTATEs of rows that failed in views, most recent state. */
  async rowErrors(view: string): Promise<string[]> {
    const answer = await this.#answer(
      `SELECT DISTINCT code FROM millrace.row_errors WHERE view_name = 'public.${view}'`,
    );
    return answer.kind === 'rows' ? answer.rows.map((row) => row[0]!) : [];
  }

  async close(): Promise<void> {
    await this.#world.crash();
  }

  async #answer(sql: string): Promise<Answer> {
    let answer: Answer = done;
    try {
      await this.#world.each(sql, async (result) => {
        if (result.kind !== 'rows') return;
        const { fields, cursor } = result;
        const rows: (string | null)[][] = [];
        for (let batch = await cursor.next(1000); batch !== null;) {
          for (let row = 0; row < batch.count; row++) {
            rows.push(
              fields.map((field, index) => {
                const value = readDatum(batch!.columns[index]!, row, field.type);
                return value === null ? null : formatText(value, field.type);
              }),
            );
          }
          batch = await cursor.next(1000);
        }
        answer = {
          kind: 'rows',
          names: fields.map((field) => field.name),
          oids: fields.map((field) => oidOf(field.type)),
          rows,
        };
      });
      return answer;
    } catch (error) {
      return errorAnswer(error);
    }
  }
}

function errorAnswer(error: unknown): Answer {
  if (error instanceof SqlError && !error.code.startsWith('XX')) {
    return { kind: 'error', code: error.code, message: error.message };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const kind = error instanceof AssertionFailed ? 'assertion' : 'fault';
  return { kind: 'error', code: faultCode, message: `${kind}: ${text}` };
}
