/**
 * One grouping or one join over the auction generator's bids, kept up to date batch by batch: by this engine,
 * with its store and its checkpoints, or by the library `@tanstack/db-ivm`, which is fed finished row objects and
 * keeps nothing but its indexes. Both give their result, so that it can be compared.
 */

import type * as dbIvm from '@tanstack/db-ivm';
import { assert } from '../base/assert.ts';
import { ColumnwiseGenerator } from '../connectors/column-generators.ts';
import { nexmarkColumns, rowsAmong, type NexmarkStream } from '../connectors/nexmark-streams.ts';
import { EngineRun } from './engine-run.ts';
import { defaultOriginMicros } from './nexmark-events.ts';
import { generatedStreams } from './nexmark-queries.ts';

export type Workload = 'group by' | 'join';

export interface IvmOrder {
  readonly engine: 'millrace' | 'tanstack';
  readonly workload: Workload;
  readonly events: number;
  readonly seed: number;
  /** Part of the rows that goes by before measuring. */
  readonly warmUp: number;
}

export interface IvmOutcome {
  /** Rows measured. */
  readonly rows: number;
  readonly cpuMs: number;
  /** Rows of the result as texts, in order. */
  readonly result: readonly string[];
}

const views: Readonly<Record<Workload, string>> = {
  'group by': `CREATE MATERIALIZED VIEW result AS
    SELECT auction, count(*) AS bids, sum(price) AS total FROM bid_stream GROUP BY auction;`,
  join: `CREATE MATERIALIZED VIEW result AS
    SELECT count(*) AS pairs, sum(b.price) AS total, sum(a.reserve) AS reserves
    FROM bid_stream b JOIN auction_stream a ON b.auction = a.id;`,
};

const gapMicros = 100;
/** Rounds of fifty events that one batch holds: about as many rows as the engine's batches. */
const batchRounds = 20;

export function runIvm(order: IvmOrder): Promise<IvmOutcome> {
  return order.engine === 'millrace' ? runMillrace(order) : runTanstack(order);
}

/** Rows of the streams that a workload reads. */
function rowsOf({ workload, events }: IvmOrder): number {
  const bids = rowsAmong(events, 'bid');
  return workload === 'join' ? bids + rowsAmong(events, 'auction') : bids;
}

async function runMillrace(order: IvmOrder): Promise<IvmOutcome> {
  const run = await EngineRun.open({ checkpointIntervalMs: 1000, allowedDirectories: [] });
  try {
    const options = new Map([
      ['nexmark.event.num', String(order.events)],
      ['nexmark.min.event.gap.in.ns', String(gapMicros * 1000)],
      ['nexmark.base.time', String(defaultOriginMicros / 1000)],
      ['seed', String(order.seed)],
    ]);
    await run.execute(generatedStreams(options));
    await run.execute(views[order.workload]);
    const all = rowsOf(order);
    await run.follow(() => run.rowsRead() >= all * order.warmUp);
    const warm = run.rowsRead();
    const cpu = process.cpuUsage();
    await run.follow(() => run.rowsRead() >= all);
    await run.engine.checkpoint();
    const { user, system } = process.cpuUsage(cpu);
    const result = await run.rows('SELECT * FROM result');
    return {
      rows: all - warm,
      cpuMs: (user + system) / 1000,
      result: result.map((row) => row.join('|')).sort(),
    };
  } finally {
    await run.close();
  }
}

interface Row {
  readonly key: number;
  readonly value: number;
}

async function runTanstack(order: IvmOrder): Promise<IvmOutcome> {
  const { D2, groupBy, groupByOperators, join, map, output } = await library();
  const { count, sum } = groupByOperators;
  const graph = new D2();
  const bids = graph.newInput<Row>();
  const auctions = graph.newInput<Row>();
  const groups = new Map<string, string>();
  const totals = { pairs: 0, total: 0, reserves: 0 };
  if (order.workload === 'group by') {
    bids.pipe(
      groupBy((bid: Row) => ({ auction: bid.key }), {
        bids: count<Row>(),
        total: sum<Row>((bid) => bid.value),
      }),
      output((changes) => {
        for (const [[key, row], weight] of changes.getInner()) {
          const text = `${row.auction}|${row.bids}|${row.total}`;
          if (weight > 0) groups.set(key, text);
          else if (groups.get(key) === text) groups.delete(key);
        }
      }),
    );
  } else {
    const keyed = (row: Row): [number, Row] => [row.key, row];
    bids.pipe(
      map(keyed),
      join(auctions.pipe(map(keyed))),
      output((changes) => {
        for (const [[, [bid, auction]], weight] of changes.getInner()) {
          totals.pairs += weight;
          totals.total += (bid as Row).value * weight;
          totals.reserves += (auction as Row).value * weight;
        }
      }),
    );
  }
  graph.finalize();
  const bidBatches = [...batches(order, 'bid', 'auction', 'price')];
  const auctionBatches =
    order.workload === 'join' ? [...batches(order, 'auction', 'id', 'reserve')] : [];
  const warmBatches = Math.ceil(bidBatches.length * order.warmUp);
  let cpu = process.cpuUsage();
  let rows = 0;
  for (const [index, batch] of bidBatches.entries()) {
    if (index === warmBatches) {
      cpu = process.cpuUsage();
      rows = 0;
    }
    const opened = auctionBatches[index] ?? [];
    if (opened.length > 0) auctions.sendData(opened);
    bids.sendData(batch);
    graph.run();
    rows += batch.length + opened.length;
  }
  const { user, system } = process.cpuUsage(cpu);
  const { pairs, total, reserves } = totals;
  const result =
    order.workload === 'join' ? [`${pairs}|${total}|${reserves}`] : [...groups.values()].sort();
  return { rows, cpuMs: (user + system) / 1000, result };
}

async function library(): Promise<typeof dbIvm> {
  try {
    return await import('@tanstack/db-ivm');
  } catch {
    throw new Error('the comparison needs a package: npm install --no-save @tanstack/db-ivm');
  }
}

/** Two columns of a stream as row objects of weight 1, batch by batch. */
function* batches(
  { events, seed }: IvmOrder,
  stream: NexmarkStream,
  key: string,
  value: string,
): Iterable<[Row, number][]> {
  const made = nexmarkColumns(stream, { seed, gapMicros, outOfOrderMs: 0 });
  const names = [...made.keys()];
  const generator = new ColumnwiseGenerator([...made.values()]);
  const size = rowsAmong(batchRounds * 50, stream);
  const columns = generator.makeColumns(size);
  const keys = columns[names.indexOf(key)]!;
  const values = columns[names.indexOf(value)]!;
  const all = rowsAmong(events, stream);
  for (let first = 0; first < all; first += size) {
    const count = Math.min(size, all - first);
    generator.fill(columns, first, count, defaultOriginMicros);
    assert(keys.kind === 'f64' && values.kind === 'f64', 'whole numbers');
    const batch: [Row, number][] = [];
    for (let row = 0; row < count; row++) {
      batch.push([{ key: keys.values[row]!, value: values.values[row]! }, 1]);
    }
    yield batch;
  }
}
