/**
 * The bids that the benchmark reads: a bounded stream of the auction generator, the same bids as JSON for a
 * topic, and a plain recount of the aggregation, which shares nothing with the dataflow.
 */

import { assert } from '../base/assert.ts';
import { SystemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { SeededRandom } from '../base/random.ts';
import type { SourceContext } from '../connectors/connector.ts';
import { nexmarkConnector } from '../connectors/nexmark.ts';
import type { Batch } from '../types/batch.ts';
import { textToString } from '../types/column-access.ts';

export const windowMicros = 10_000_000;
export const priceAbove = 100_000;

/** Events of all three kinds among which there are `bids` bids. */
export function eventsFor(bids: number): number {
  const rounds = Math.floor(bids / 46);
  const rest = bids % 46;
  return rounds * 50 + (rest === 0 ? 0 : rest + 4);
}

/** Options of a generator source that makes `bids` bids as fast as they are taken. */
export function bidOptions(bids: number): ReadonlyMap<string, string> {
  return new Map([
    ['nexmark.table.type', 'bid'],
    ['nexmark.event.num', String(eventsFor(bids))],
  ]);
}

/** All bids of a source whose time base is `originMicros`, block by block; a block is valid until the next. */
export async function* bidBlocks(bids: number, originMicros: number): AsyncIterable<Batch> {
  const clock = new SystemClock();
  const options = bidOptions(bids);
  const context: SourceContext = {
    source: 'bench',
    options,
    columns: nexmarkConnector.columns!(options),
    environment: { clock, random: new SeededRandom(1), log: silentLog, allowedDirectories: [] },
    blockRowsMax: 1024,
  };
  const reader = nexmarkConnector.create(context);
  await reader.open(
    new Map([
      ['0', 0],
      ['@origin', originMicros],
    ]),
  );
  for (let block = reader.poll(); block !== null; block = reader.poll()) {
    assert(block.kind === 'columns', 'the generator makes columns');
    yield block.batch;
    block.release();
  }
  await reader.close();
}

/** Row `row` of a block as JSON text. */
export function bidJson(block: Batch, row: number): string {
  const whole = (index: number): number => numberAt(block, index, row);
  const text = (index: number): string => JSON.stringify(textAt(block, index, row));
  const time = new Date(whole(5) / 1000).toISOString().slice(0, -1).replace('T', ' ');
  return `{"auction":${whole(0)},"bidder":${whole(1)},"price":${whole(2)},"channel":${text(3)},"url":${text(4)},"date_time":"${time}","extra":${text(6)}}`;
}

interface Group {
  count: number;
  sum: bigint;
  max: number;
}

/** `SELECT window_start, channel, count(*), sum(price), max(price)`, once more and slowly. */
export class Recount {
  readonly #groups = new Map<string, Group>();

  add(block: Batch): void {
    for (let row = 0; row < block.count; row++) {
      const price = numberAt(block, 2, row);
      if (price <= priceAbove) continue;
      const start = Math.floor(numberAt(block, 5, row) / windowMicros) * windowMicros;
      const key = `${start}|${textAt(block, 3, row)}`;
      const group = this.#groups.get(key);
      if (group === undefined) {
        this.#groups.set(key, { count: 1, sum: BigInt(price), max: price });
        continue;
      }
      group.count++;
      group.sum += BigInt(price);
      if (price > group.max) group.max = price;
    }
  }

  /** Null when `rows` are the result, otherwise what is wrong. */
  difference(rows: readonly string[]): string | null {
    const expected = new Set<string>();
    for (const [key, { count, sum, max }] of this.#groups) {
      expected.add(`${key}|${count}|${sum}|${max}`);
    }
    if (rows.length !== expected.size) return `${rows.length} rows instead of ${expected.size}`;
    const wrong = rows.find((row) => !expected.delete(row));
    return wrong === undefined ? null : `row ${wrong} is wrong`;
  }
}

function numberAt(block: Batch, index: number, row: number): number {
  const column = block.columns[index]!;
  assert(column.kind === 'f64', 'a number of a bid');
  return column.values[row]!;
}

function textAt(block: Batch, index: number, row: number): string {
  const column = block.columns[index]!;
  assert(column.kind === 'text', 'a text of a bid');
  return textToString(column, row);
}
