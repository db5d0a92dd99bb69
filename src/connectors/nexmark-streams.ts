/**
 * What stands in the rows of the auction streams. Events are numbered over all three streams; of each
 * fifty, the first is a person, the next three are auctions, the rest bids. A row's values are functions
 * of its event number and the seed, so that any row can be made on its own.
 */

import { numbers, textPool, textSlices, texts } from './column-generators.ts';
import type { GeneratedColumn } from './column-generators.ts';
import { rowBelow, rowFraction, rowHash } from './row-random.ts';

export type NexmarkStream = 'person' | 'auction' | 'bid';

export interface NexmarkOptions {
  readonly seed: number;
  /** Event time from one event to the next. */
  readonly gapMicros: number;
  readonly outOfOrderMs: number;
}

const round = 50;
const auctionsPerRound = 3;
const bidsPerRound = 46;

/** Rows of one stream among the first `events` events, which come as one person, three auctions, 46 bids. */
export function rowsAmong(events: number, stream: NexmarkStream): number {
  const rounds = Math.floor(events / 50);
  const rest = events % 50;
  switch (stream) {
    case 'person':
      return rounds + Math.min(rest, 1);
    case 'auction':
      return rounds * 3 + Math.min(Math.max(rest - 1, 0), 3);
    case 'bid':
      return rounds * 46 + Math.max(rest - 4, 0);
  }
}

const firstPersonId = 1000;
const firstAuctionId = 1000;
const firstCategoryId = 10;
const categories = 5;
const activePeople = 1000;
const inFlightAuctions = 100;
/** Ids may run this far ahead of the last person or auction that there is. */
const idLead = 10;
const hotAuctionRatio = 100;
const hotPersonRatio = 100;

/** Number of the event that is row `row` of a stream. */
const eventOf = {
  person: (row: number): number => row * round,
  auction: (row: number): number =>
    Math.floor(row / auctionsPerRound) * round + 1 + (row % auctionsPerRound),
  bid: (row: number): number => Math.floor(row / bidsPerRound) * round + 4 + (row % bidsPerRound),
};

/** The last person and the last auction, counted from 0, that came before or with an event. */
function lastPerson(event: number): number {
  return Math.floor(event / round);
}

function lastAuction(event: number): number {
  const rounds = Math.floor(event / round);
  const place = event % round;
  const last = place < 1 ? -1 : Math.min(place - 1, auctionsPerRound - 1);
  return rounds * auctionsPerRound + last;
}

// One stream of chance per purpose; the numbers only need to differ.
const chance = {
  hotAuction: 1,
  auction: 2,
  hotBidder: 3,
  bidder: 4,
  price: 5,
  channel: 6,
  extra: 7,
  time: 8,
  first: 9,
  last: 10,
  email: 11,
  card: 12,
  city: 13,
  item: 14,
  description: 15,
  reserve: 16,
  expires: 17,
  seller: 18,
  category: 19,
  card2: 20,
} as const;

/** The columns of a stream by name, in order. */
export function nexmarkColumns(
  stream: NexmarkStream,
  options: NexmarkOptions,
): ReadonlyMap<string, GeneratedColumn> {
  switch (stream) {
    case 'person':
      return personColumns(options);
    case 'auction':
      return auctionColumns(options);
    case 'bid':
      return bidColumns(options);
  }
}

/** Event time in whole milliseconds, as the benchmark has it. */
function eventTime(
  event: (row: number) => number,
  { seed, gapMicros, outOfOrderMs }: NexmarkOptions,
): GeneratedColumn {
  return numbers((row, origin) => {
    const number = event(row);
    const late = outOfOrderMs === 0 ? 0 : rowBelow(seed, chance.time, number, outOfOrderMs + 1);
    return Math.floor((origin + number * gapMicros) / 1000 - late) * 1000;
  });
}

function pickAuction(seed: number, event: number): number {
  const last = lastAuction(event);
  if ((rowHash(seed, chance.hotAuction, event) & 1) !== 0) {
    return firstAuctionId + Math.floor(Math.max(last, 0) / hotAuctionRatio) * hotAuctionRatio;
  }
  const oldest = Math.max(last - inFlightAuctions, 0);
  const span = last - oldest + 1 + idLead;
  return firstAuctionId + oldest + rowBelow(seed, chance.auction, event, span);
}

function pickPerson(seed: number, event: number, purpose: { hot: number; any: number }): number {
  const last = lastPerson(event);
  if ((rowHash(seed, purpose.hot, event) & 3) !== 0) {
    return firstPersonId + Math.floor(last / hotPersonRatio) * hotPersonRatio + 1;
  }
  const people = last + 1;
  const active = Math.min(people, activePeople);
  return firstPersonId + people - active + rowBelow(seed, purpose.any, event, active + idLead);
}

/** Prices spread evenly over the orders of magnitude from 1 to 10^6, in hundredths. */
function price(seed: number, stream: number, event: number): number {
  return Math.round(10 ** (rowFraction(seed, stream, event) * 6) * 100);
}

function bidColumns(options: NexmarkOptions): ReadonlyMap<string, GeneratedColumn> {
  const { seed } = options;
  const event = eventOf.bid;
  const channels = makeChannels(seed);
  return new Map([
    ['auction', numbers((row) => pickAuction(seed, event(row)))],
    [
      'bidder',
      numbers((row) => pickPerson(seed, event(row), { hot: chance.hotBidder, any: chance.bidder })),
    ],
    ['price', numbers((row) => price(seed, chance.price, event(row)))],
    ['channel', pooled(channels.names, (row) => channelOf(seed, event(row)))],
    ['url', pooled(channels.urls, (row) => channelOf(seed, event(row)))],
    ['date_time', eventTime(event, options)],
    ['extra', letters(seed, chance.extra, event, { least: 50, most: 86 })],
  ]);
}

const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'];
const coldChannels = 10_000;

/** Half of the bids come over the four hot channels. */
function channelOf(seed: number, event: number): number {
  const hash = rowHash(seed, chance.channel, event) >>> 0;
  return (hash & 1) !== 0
    ? (hash >>> 1) % hotChannels.length
    : hotChannels.length + ((hash >>> 1) % coldChannels);
}

function makeChannels(seed: number): { names: readonly string[]; urls: readonly string[] } {
  const names = [...hotChannels];
  for (let number = 0; number < coldChannels; number++) names.push(`channel-${number}`);
  const urls = names.map((_, number) => {
    const base = `https://www.nexmark.com/${word(seed, number * 3, 5)}/${word(seed, number * 3 + 1, 5)}/${word(seed, number * 3 + 2, 5)}/item.htm?query=1`;
    // Nine cold channels of ten can be found again in the address.
    const told = number >= hotChannels.length && number % 10 !== 0;
    return told ? `${base}&channel_id=${reversedBits(number)}` : base;
  });
  return { names, urls };
}

function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 31; bit++) reversed |= ((value >>> bit) & 1) << (30 - bit);
  return reversed;
}

function word(seed: number, number: number, length: number): string {
  let text = '';
  for (let index = 0; index < length; index++) {
    text += String.fromCharCode(97 + rowBelow(seed, 100 + index, number, 26));
  }
  return text;
}

function personColumns(options: NexmarkOptions): ReadonlyMap<string, GeneratedColumn> {
  const { seed } = options;
  const event = eventOf.person;
  const pick = (list: readonly string[], stream: number, row: number): string =>
    list[rowBelow(seed, stream, event(row), list.length)]!;
  return new Map([
    ['id', numbers((row) => firstPersonId + row)],
    [
      'name',
      texts((row) => `${pick(firstNames, chance.first, row)} ${pick(lastNames, chance.last, row)}`),
    ],
    [
      'email_address',
      texts((row) => {
        const number = rowHash(seed, chance.email, event(row)) >>> 0;
        return `${word(seed, number, 7)}@${word(seed, number ^ 0x5555, 5)}.com`;
      }),
    ],
    [
      'credit_card',
      texts((row) => {
        const parts = [
          rowHash(seed, chance.card, event(row)),
          rowHash(seed, chance.card2, event(row)),
        ].flatMap((hash) => [hash >>> 16, hash & 0xffff]);
        return parts.map((part) => String(part % 10_000).padStart(4, '0')).join(' ');
      }),
    ],
    ['city', texts((row) => pick(places, chance.city, row).split(',')[0]!)],
    ['state', texts((row) => pick(places, chance.city, row).split(',')[1]!)],
    ['date_time', eventTime(event, options)],
    ['extra', letters(seed, chance.extra, event, { least: 80, most: 120 })],
  ]);
}

const firstNames = 'Peter,Paul,Luke,John,Saul,Vicky,Kate,Julie,Sarah,Deiter,Walter'.split(',');
const lastNames = 'Shultz,Abrams,Spencer,White,Bartels,Walton,Smith,Jones,Noris'.split(',');
const places = [
  'Phoenix,AZ',
  'Los Angeles,CA',
  'San Francisco,CA',
  'Boise,ID',
  'Portland,OR',
  'Bend,OR',
  'Redmond,WA',
  'Seattle,WA',
  'Kent,WA',
  'Cheyenne,WY',
];

function auctionColumns(options: NexmarkOptions): ReadonlyMap<string, GeneratedColumn> {
  const { seed, gapMicros } = options;
  const event = eventOf.auction;
  const time = (row: number, origin: number): number =>
    Math.floor((origin + event(row) * gapMicros) / 1000) * 1000;
  // An auction lasts, on average, as long as it takes to open as many as are in flight.
  const horizonMs = Math.max(
    1,
    Math.floor(((inFlightAuctions * round) / auctionsPerRound) * (gapMicros / 1000)),
  );
  const initial = (row: number): number => price(seed, chance.price, event(row));
  return new Map([
    ['id', numbers((row) => firstAuctionId + row)],
    ['item_name', letters(seed, chance.item, event, { least: 10, most: 20 })],
    ['description', letters(seed, chance.description, event, { least: 50, most: 100 })],
    ['initial_bid', numbers(initial)],
    ['reserve', numbers((row) => initial(row) + price(seed, chance.reserve, event(row)))],
    ['date_time', eventTime(event, options)],
    [
      'expires',
      numbers(
        (row, origin) =>
          time(row, origin) +
          (1 + rowBelow(seed, chance.expires, event(row), horizonMs * 2)) * 1000,
      ),
    ],
    [
      'seller',
      numbers((row) => pickPerson(seed, event(row), { hot: chance.hotBidder, any: chance.seller })),
    ],
    [
      'category',
      numbers((row) => firstCategoryId + rowBelow(seed, chance.category, event(row), categories)),
    ],
    ['extra', letters(seed, chance.extra, event, { least: 50, most: 100 })],
  ]);
}

/** A column whose texts are entries of a list. */
function pooled(entries: readonly string[], choose: (row: number) => number): GeneratedColumn {
  const { bytes, starts } = textPool(entries);
  return textSlices(bytes, (row, offsets, lengths, at) => {
    const entry = choose(row);
    const start = starts[entry]!;
    offsets[at] = start;
    lengths[at] = starts[entry + 1]! - start;
  });
}

const letterPoolSize = 0x10000;

/** Meaningless text: a slice of one long run of letters. */
function letters(
  seed: number,
  stream: number,
  event: (row: number) => number,
  { least, most }: { least: number; most: number },
): GeneratedColumn {
  const pool = new Uint8Array(letterPoolSize + most + 16);
  for (let at = 0; at < pool.length; at++) pool[at] = 97 + rowBelow(seed, stream, at, 26);
  const span = most - least + 1;
  return textSlices(pool, (row, offsets, lengths, at) => {
    const hash = rowHash(seed, stream, event(row)) >>> 0;
    offsets[at] = hash & (letterPoolSize - 1);
    lengths[at] = least + ((hash >>> 16) % span);
  });
}
