/**
 * What one change costs under a view that joins and groups, for tables of growing size: an UPDATE of one row by its
 * primary key, committed, and visible in the view when it is answered. The cost shall follow the change and not
 * the table, so the curve is flat. Rows through operators are exact; times are of this process, parsing, planning
 * and the commit to disk included.
 */

import { formatTable } from '../base/text-layout.ts';
import { EngineRun } from './engine-run.ts';
import { must } from '../base/assert.ts';
import { type Spread, spread } from './percentile.ts';
import { fromChild } from './processes.ts';

export interface ChangeOrder {
  /** Rows of the table that is changed. */
  readonly rows: number;
  /** Updates measured, after as many that are not. */
  readonly updates: number;
}

export interface ChangeOutcome {
  readonly cpuMs: number;
  /** Milliseconds from sending an UPDATE to its answer. */
  readonly latency: Spread;
  /** Rows into all operators of the view. */
  readonly operatorRows: number;
}

/** Rows of the other side of the join. */
const dimensionRows = 1000;
const groups = 100;
const rowsPerInsert = 50_000;

const setup = `
  CREATE TABLE item (id int PRIMARY KEY, dimension int, amount int);
  CREATE TABLE dimension (id int PRIMARY KEY, name text);
  INSERT INTO dimension
    SELECT i, 'group ' || i % ${groups} FROM generate_series(1, ${dimensionRows}) AS s (i);
  CREATE MATERIALIZED VIEW totals AS
    SELECT dimension.name, count(*) AS items, sum(item.amount) AS total
    FROM item JOIN dimension ON item.dimension = dimension.id GROUP BY dimension.name;`;

/** Fills the table and changes rows of it one by one. */
export async function runChange({ rows, updates }: ChangeOrder): Promise<ChangeOutcome> {
  const run = await EngineRun.open({ checkpointIntervalMs: 1000, allowedDirectories: [] });
  try {
    await run.execute(setup);
    for (let first = 1; first <= rows; first += rowsPerInsert) {
      const last = Math.min(rows, first + rowsPerInsert - 1);
      await run.execute(`INSERT INTO item
        SELECT i, i % ${dimensionRows} + 1, i % 17 FROM generate_series(${first}, ${last}) AS s (i)`);
    }
    await change(run, rows, updates);
    const rowsBefore = operatorRows(run);
    const cpu = process.cpuUsage();
    const times = await change(run, rows, updates);
    const { user, system } = process.cpuUsage(cpu);
    const operators = operatorRows(run) - rowsBefore;
    await check(run, rows, updates);
    return {
      cpuMs: (user + system) / 1000,
      latency: must(spread(times), 'updates were measured'),
      operatorRows: operators,
    };
  } finally {
    await run.close();
  }
}

async function change(run: EngineRun, rows: number, updates: number): Promise<Float64Array> {
  const times = new Float64Array(updates);
  for (let index = 0; index < updates; index++) {
    // A prime step spreads the rows over the table.
    const id = ((index * 7919) % rows) + 1;
    const begun = performance.now();
    await run.execute(`UPDATE item SET amount = amount + 1 WHERE id = ${id}`);
    times[index] = performance.now() - begun;
  }
  return times;
}

function operatorRows(run: EngineRun): number {
  let rows = 0;
  for (const job of run.engine.jobs) {
    for (const { counters } of job.operators()) rows += counters.rowsIn;
  }
  return rows;
}

/** Every update must have reached the view. */
async function check(run: EngineRun, rows: number, updates: number): Promise<void> {
  let total = 2 * updates;
  for (let id = 1; id <= rows; id++) total += id % 17;
  const [sums] = await run.rows('SELECT sum(items), sum(total) FROM totals');
  if (sums?.join() !== `${rows},${total}`) throw new Error(`the view shows ${sums?.join()}`);
}

/** Prints the curve. */
export async function benchChange(sizes: readonly number[], updates: number): Promise<void> {
  const lines: string[][] = [];
  for (const rows of sizes) {
    const order: ChangeOrder = { rows, updates };
    const outcome = await fromChild<ChangeOutcome>(
      ['change-run', JSON.stringify(order)],
      () => undefined,
    );
    lines.push([
      rows.toLocaleString('en-US'),
      (outcome.operatorRows / updates).toFixed(2),
      ((outcome.cpuMs * 1000) / updates).toFixed(0),
      outcome.latency.p50.toFixed(2),
      outcome.latency.p99.toFixed(2),
    ]);
  }
  const headers = ['rows', 'operator rows per update', 'CPU µs per update', 'p50 ms', 'p99 ms'];
  const align = headers.map(() => 'right' as const);
  process.stdout.write(`${formatTable(headers, lines, { align })}\n`);
}
