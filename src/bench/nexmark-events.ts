/**
 * The auction events as JSON, in the order of their numbers, each in the envelope of the benchmark's Kafka
 * topic: `event_type` (0 person, 1 auction, 2 bid) and the three kinds, of which one is not null. Equal
 * settings give equal bytes; one event needs nothing of another.
 */

import { assert } from '../base/assert.ts';
import { nexmarkColumns, rowsAmong } from '../connectors/nexmark-streams.ts';
import type { NexmarkStream } from '../connectors/nexmark-streams.ts';
import { ColumnwiseGenerator } from '../connectors/column-generators.ts';
import type { Column } from '../types/column.ts';
import { textToString } from '../types/column-access.ts';

export interface EventSettings {
  readonly events: number;
  readonly seed: number;
  /** Event time from one event to the next, in microseconds. */
  readonly gapMicros: number;
  /** Events carry a time up to this much before their turn. */
  readonly outOfOrderMs: number;
  /** Time of event 0, in microseconds since 1970. */
  readonly originMicros: number;
}

/** 2026-01-05 08:00:00 UTC: where event time begins unless something else is asked for. */
export const defaultOriginMicros = Date.UTC(2026, 0, 5, 8) * 1000;

/** Names of the envelope's fields, where they differ from the generator's columns. */
const fieldNames: ReadonlyMap<string, string> = new Map([
  ['email_address', 'emailAddress'],
  ['credit_card', 'creditCard'],
  ['item_name', 'itemName'],
  ['initial_bid', 'initialBid'],
  ['date_time', 'customTime'],
]);

const times: ReadonlySet<string> = new Set(['date_time', 'expires']);
const streams: readonly NexmarkStream[] = ['person', 'auction', 'bid'];
const blockRounds = 200;
/** Rows of each stream in one round of fifty events. */
const perRound = { person: 1, auction: 3, bid: 46 } as const;

/** All events as JSON texts, a block of them at a time. */
export function* eventBlocks(settings: EventSettings): Iterable<readonly string[]> {
  const writers = streams.map((stream) => new StreamWriter(stream, settings));
  const rounds = Math.ceil(settings.events / 50);
  for (let round = 0; round < rounds; round += blockRounds) {
    const count = Math.min(blockRounds, rounds - round);
    for (const writer of writers) writer.fill(round, count);
    const block: string[] = [];
    for (let each = 0; each < count; each++) {
      for (const writer of writers) writer.write(each, block);
    }
    block.length = Math.min(block.length, settings.events - round * 50);
    yield block;
  }
}

/** Events of each kind among the first `events`. */
export function eventCounts(events: number): Readonly<Record<NexmarkStream, number>> {
  return {
    person: rowsAmong(events, 'person'),
    auction: rowsAmong(events, 'auction'),
    bid: rowsAmong(events, 'bid'),
  };
}

/** One stream's rows, and how a row is written. */
class StreamWriter {
  readonly #stream: NexmarkStream;
  readonly #generator: ColumnwiseGenerator;
  readonly #columns: Column[];
  readonly #fields: readonly ((row: number) => string)[];
  readonly #origin: number;

  constructor(stream: NexmarkStream, settings: EventSettings) {
    const made = nexmarkColumns(stream, settings);
    this.#stream = stream;
    this.#generator = new ColumnwiseGenerator([...made.values()]);
    this.#columns = this.#generator.makeColumns(blockRounds * perRound[stream]);
    this.#origin = settings.originMicros;
    this.#fields = [...made.keys()].map((name, index) => {
      const start = `${index === 0 ? '' : ','}"${fieldNames.get(name) ?? name}":`;
      const value = fieldWriter(this.#columns, index, times.has(name));
      return (row) => start + value(row);
    });
  }

  fill(round: number, rounds: number): void {
    const rows = perRound[this.#stream];
    this.#generator.fill(this.#columns, round * rows, rounds * rows, this.#origin);
  }

  /** Appends the events of round `round` of the block. */
  write(round: number, into: string[]): void {
    const rows = perRound[this.#stream];
    const kind = streams.indexOf(this.#stream);
    for (let row = round * rows; row < (round + 1) * rows; row++) {
      let text = '{';
      for (const field of this.#fields) text += field(row);
      text += '}';
      into.push(
        `{"event_type":${kind},"person":${kind === 0 ? text : 'null'},"auction":${kind === 1 ? text : 'null'},"bid":${kind === 2 ? text : 'null'}}`,
      );
    }
  }
}

function fieldWriter(
  columns: readonly Column[],
  index: number,
  time: boolean,
): (row: number) => string {
  const { kind } = columns[index]!;
  if (kind === 'text') {
    return (row) => {
      const column = columns[index]!;
      assert(column.kind === 'text', 'the kind of a column stays');
      return JSON.stringify(textToString(column, row));
    };
  }
  return (row) => {
    const column = columns[index]!;
    assert(column.kind === 'f64', 'events have texts and whole numbers');
    return time ? `"${timeText(column.values[row]!)}"` : String(column.values[row]!);
  };
}

/** `yyyy-MM-dd HH:mm:ss.SSS` in UTC. */
function timeText(micros: number): string {
  const text = new Date(micros / 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
}
