/**
 * One grouping or one join over the auction generator's rows, kept up to date batch by batch: by this engine, with
 * its store and its checkpoints, or by the library `@tanstack/db-ivm`, which keeps nothing but its indexes. Rows
 * lie ready in the form that each takes (columns here, row objects there). Both give their result, so that it
 * can be compared.
 */

import type * as dbIvm from '@tanstack/db-ivm';
import { assert, must } from '../base/assert.ts';
import { ColumnwiseGenerator } from '../connectors/column-generators.ts';
import { nexmarkColumns, rowsAmong, type NexmarkStream } from '../connectors/nexmark-streams.ts';
import { EngineRun } from './engine-run.ts';
import { defaultOriginMicros } from './nexmark-events.ts';
import { preparedConnector } from './prepared-source.ts';
import { emptyBatch, type Batch } from '../types/batch.ts';

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
    SELECT auction, count(*) AS bids, sum(price) AS total FROM bids GROUP BY auction;`,
  join: `CREATE MATERIALIZED VIEW result AS
    SELECT count(*) AS pairs, sum(b.price) AS total, sum(a.reserve) AS reserves
    FROM bids b JOIN auctions a ON b.auction = a.id;`,
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
  const prepared = new Map([
    ['bids', [...batches(order, 'bid', ['auction', 'price'])]],
    ['auctions', [...batches(order, 'auction', ['id', 'reserve'])]],
  ]);
  const run = await EngineRun.open({
    checkpointIntervalMs: 1000,
    allowedDirectories: [],
    extraConnectors: [preparedConnector(prepared)],
  });
  try {
    await run.execute(`
      CREATE SOURCE bids (auction BIGINT, price BIGINT) WITH (connector = 'prepared', name = 'bids');
      CREATE SOURCE auctions (id BIGINT, reserve BIGINT)
        WITH (connector = 'prepared', name = 'auctions');`);
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
  const bidBatches = [...batches(order, 'bid', ['auction', 'price'])].map(rowObjects);
  const auctionBatches =
    order.workload === 'join'
      ? [...batches(order, 'auction', ['id', 'reserve'])].map(rowObjects)
      : [];
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

/** Two columns of a stream, batch by batch. */
function* batches(
  { events, seed }: IvmOrder,
  stream: NexmarkStream,
  names: readonly [key: string, value: string],
): Iterable<Batch> {
  const made = nexmarkColumns(stream, { seed, gapMicros, outOfOrderMs: 0 });
  const generator = new ColumnwiseGenerator(names.map((name) => must(made.get(name), name)));
  const size = rowsAmong(batchRounds * 50, stream);
  const all = rowsAmong(events, stream);
  for (let first = 0; first < all; first += size) {
    const batch = emptyBatch(generator.makeColumns(size));
    batch.count = Math.min(size, all - first);
    generator.fill(batch.columns, first, batch.count, defaultOriginMicros);
    yield batch;
  }
}

/** The rows of a batch as objects of weight 1. */
function rowObjects({ columns, count }: Batch): [Row, number][] {
  const [keys, values] = columns;
  assert(keys?.kind === 'f64' && values?.kind === 'f64', 'two columns of whole numbers');
  return Array.from({ length: count }, (_, row) => [
    { key: keys.values[row]!, value: values.values[row]! },
    1,
  ]);
}
