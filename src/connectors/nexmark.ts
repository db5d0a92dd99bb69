/**
 * The auction benchmark's streams (Nexmark): persons, auctions and bids in the proportion 1 : 3 : 46, with
 * hot auctions and bidders, made from a seed. A source gives one of the three streams; sources with equal
 * seeds fit together, since every row depends only on its event number.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { OptionValues } from '../formats/options.ts';
import type { Schema } from '../types/schema.ts';
import { narrowKind, types } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';
import { ColumnwiseGenerator } from './column-generators.ts';
import type { SourceConnector, SourceContext } from './connector.ts';
import { GeneratorReader } from './generator-reader.ts';
import { nexmarkColumns, rowsAmong } from './nexmark-streams.ts';
import type { NexmarkOptions, NexmarkStream } from './nexmark-streams.ts';
import { OptionReader, option } from './option-reading.ts';

const specs = [
  option('nexmark.table.type', 'Person, Auction or Bid.', {
    aliases: ['table.type', 'type'],
    required: true,
    type: ['person', 'auction', 'bid'],
  }),
  option('nexmark.event.num', 'Events of all three kinds together; -1 for no end.', {
    aliases: ['event.num', 'events.num'],
    type: 'integer',
    default: '-1',
  }),
  option('nexmark.min.event.gap.in.ns', 'Event time between two events, in nanoseconds.', {
    aliases: ['min.event.gap.in.ns'],
    type: 'integer',
    default: '100000',
  }),
  option('rows-per-second', 'Rows of this stream in a second; 0: as fast as they are taken.', {
    aliases: ['nexmark.rows.per.second'],
    type: 'integer',
    default: '0',
  }),
  option('out-of-order', 'Rows carry a time up to this much before their turn.', {
    aliases: ['nexmark.out.of.order'],
    type: 'duration',
    default: '0',
  }),
  option(
    'nexmark.base.time',
    'Event time of the first event, in milliseconds since 1970; by default the time of CREATE.',
    { aliases: ['base.time'], type: 'integer' },
  ),
  option('seed', 'Equal seeds give equal rows.', {
    aliases: ['nexmark.seed'],
    type: 'integer',
    default: '0',
  }),
];

interface Settings extends NexmarkOptions {
  readonly stream: NexmarkStream;
  readonly eventsMax: number | null;
  readonly rowsPerSecond: number | null;
  /** Null: the origin of the source. */
  readonly baseMicros: number | null;
}

function readSettings(options: OptionValues): Settings {
  const reader = new OptionReader(options, specs);
  const events = reader.integer('nexmark.event.num', -1)!;
  const base = reader.integer('nexmark.base.time', 0, 8_640_000_000_000);
  const rate = reader.integer('rows-per-second', 0, 1_000_000_000)!;
  return {
    stream: reader.choice('nexmark.table.type', ['person', 'auction', 'bid']),
    eventsMax: events < 0 ? null : events,
    gapMicros: reader.integer('nexmark.min.event.gap.in.ns', 1, 3_600_000_000_000)! / 1000,
    rowsPerSecond: rate === 0 ? null : rate,
    baseMicros: base === null ? null : base * 1000,
    outOfOrderMs: reader.durationMs('out-of-order') ?? 0,
    seed: reader.integer('seed', -2_147_483_648, 2_147_483_647)!,
  };
}

const timestamp: SqlType = { kind: 'timestamp', precision: 3 };

const schemas: Readonly<Record<NexmarkStream, readonly (readonly [string, SqlType])[]>> = {
  person: [
    ['id', types.bigint],
    ['name', types.varchar],
    ['email_address', types.varchar],
    ['credit_card', types.varchar],
    ['city', types.varchar],
    ['state', types.varchar],
    ['date_time', timestamp],
    ['extra', types.varchar],
  ],
  auction: [
    ['id', types.bigint],
    ['item_name', types.varchar],
    ['description', types.varchar],
    ['initial_bid', types.bigint],
    ['reserve', types.bigint],
    ['date_time', timestamp],
    ['expires', timestamp],
    ['seller', types.bigint],
    ['category', types.bigint],
    ['extra', types.varchar],
  ],
  bid: [
    ['auction', types.bigint],
    ['bidder', types.bigint],
    ['price', types.bigint],
    ['channel', types.varchar],
    ['url', types.varchar],
    ['date_time', timestamp],
    ['extra', types.varchar],
  ],
};

function createReader(context: SourceContext): GeneratorReader {
  const settings = readSettings(context.options);
  const makers = nexmarkColumns(settings.stream, settings);
  const columns = context.columns.map((column) => {
    const declared = schemas[settings.stream].find(([name]) => name === column.name.toLowerCase());
    const maker = makers.get(column.name.toLowerCase());
    if (declared === undefined || maker === undefined) {
      throw new SqlError(
        sqlstate.undefinedColumn,
        `the nexmark ${settings.stream} stream has no column "${column.name}"`,
        { hint: `Its columns are ${[...makers.keys()].join(', ')}.`, column: column.name },
      );
    }
    const fits =
      declared[1].kind === column.type.kind ||
      (maker.kind === 'text' && narrowKind(column.type) === 'text') ||
      (column.type.kind === 'timestamptz' && declared[1].kind === 'timestamp');
    if (!fits) {
      throw new SqlError(
        sqlstate.datatypeMismatch,
        `column "${column.name}" of the nexmark ${settings.stream} stream is of another type`,
        { hint: `Declare it as ${declared[1].kind}.`, column: column.name },
      );
    }
    return maker;
  });
  const { eventsMax, stream, rowsPerSecond, baseMicros } = settings;
  const rowsMax = eventsMax === null ? null : rowsAmong(eventsMax, stream);
  return new GeneratorReader(context, new ColumnwiseGenerator(columns, baseMicros), {
    rowsPerSecond,
    rowsMax,
  });
}

export const nexmarkConnector: SourceConnector = {
  name: 'nexmark',
  aliases: [],
  options: specs,
  passThrough: [],
  needsFormat: false,
  metadata: ['partition', 'offset'],
  columns: (options): Schema =>
    schemas[readSettings(options).stream].map(([name, type]) => ({ name, type, nullable: false })),
  validate: (options) => {
    readSettings(options);
  },
  create: createReader,
};
