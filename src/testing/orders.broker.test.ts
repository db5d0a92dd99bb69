/**
 * The main job, as a user does it: SQL typed into psql reads a topic of four partitions with out-of-order
 * rows, the view equals an independent recount to the last cent while rows keep coming, also after kill -9.
 */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { connectAdmin, createTopic, TestProducer } from './kafka-produce.ts';
import { ServerProcess } from './server-process.ts';
import { brokerForTests } from './test-broker.ts';

const { broker, reason } = await brokerForTests();

const categories = ['books', 'games', 'garden', 'música', "o'clock"];
const baseMs = Date.UTC(2026, 0, 5, 8, 0, 0);
const fiveMinutes = 300_000;

interface Order {
  readonly json: string;
  readonly category: string;
  readonly cents: bigint;
  readonly timeMs: number;
}

/** Orders whose times rise by 50 ms each and are shuffled by up to four seconds, within the five allowed. */
function makeOrders(count: number, random: SeededRandom, firstIndex: number): Order[] {
  return Array.from({ length: count }, (_, index) => {
    const number = firstIndex + index;
    const timeMs = baseMs + number * 50 - random.below(4000);
    const cents = BigInt(random.below(10_000_000) + 1);
    const category = categories[random.below(categories.length)]!;
    const amount = `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
    const time = new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '');
    const json = `{"order_id":"o${number}","customer_id":"c${random.below(1000)}","amount":${amount},"category":${JSON.stringify(category)},"event_time":"${time}"}`;
    return { json, category, cents, timeMs };
  });
}

/** The recount: plain integers, nothing of ours. */
function recount(orders: readonly Order[]): string[] {
  const groups = new Map<string, { count: bigint; cents: bigint }>();
  for (const order of orders) {
    const start = Math.floor(order.timeMs / fiveMinutes) * fiveMinutes;
    const key = `${start}|${order.category}`;
    const group = groups.get(key) ?? { count: 0n, cents: 0n };
    group.count++;
    group.cents += order.cents;
    groups.set(key, group);
  }
  const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  return [...groups]
    .map(([key, { count, cents }]) => {
      const [start = '', category = ''] = key.split('|');
      const from = Number(start);
      const total = `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
      return `${stamp(from)}|${stamp(from + fiveMinutes)}|${category}|${count}|${total}`;
    })
    .sort();
}

const query = `SELECT window_start, window_end, category, order_count, total_revenue FROM revenue;`;

describe.skipIf(broker === null)(
  `orders from Kafka${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    const server = new ServerProcess();
    const random = new SeededRandom(20260105);
    const sent: Order[] = [];
    let producer: TestProducer;

    const send = async (count: number): Promise<void> => {
      const orders = makeOrders(count, random, sent.length);
      const byPartition = [0, 1, 2, 3].map((partition) =>
        orders.filter((_, index) => index % 4 === partition).map(({ json }) => ({ value: json })),
      );
      for (const [partition, records] of byPartition.entries()) {
        await producer.send('orders.created', partition, records);
      }
      sent.push(...orders);
    };

    const untilCounted = async (others = 0): Promise<string[]> => {
      for (let attempt = 0; attempt < 600; attempt++) {
        const total = await server.psql('SELECT coalesce(sum(order_count), 0) FROM revenue;');
        if (total === String(sent.length + others)) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return (await server.psql(query)).split('\n').sort();
    };

    beforeAll(async () => {
      if (!existsSync(new URL('../../dist/cli/main.js', import.meta.url))) {
        execFileSync('npm', ['run', 'build'], { stdio: 'inherit' });
      }
      const admin = await connectAdmin(broker!.bootstrap);
      await createTopic(admin, 'orders.created', 4);
      await admin.disconnect();
      producer = await TestProducer.connect(broker!.bootstrap);
      await server.start();
    }, 120_000);

    afterAll(async () => {
      await server.stop();
      await producer.close();
      await broker!.stop();
    });

    test('the statements are accepted as written', async () => {
      await send(20_000);
      await server.psql(`
      CREATE TABLE orders (
          order_id STRING, customer_id STRING, amount DECIMAL(10,2), category STRING, event_time TIMESTAMP(3),
          WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
      ) WITH ('connector' = 'kafka', 'topic' = 'orders.created',
              'properties.bootstrap.servers' = '${broker!.bootstrap}', 'format' = 'json');
      CREATE MATERIALIZED VIEW revenue AS
      SELECT window_start, window_end, category, COUNT(*) AS order_count,
             SUM(amount) AS total_revenue, AVG(amount) AS avg_order_value
      FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(event_time), INTERVAL '5' MINUTES))
      GROUP BY window_start, window_end, category;`);
      expect(await untilCounted()).toEqual(recount(sent));
    });

    test('the view follows while rows keep coming', async () => {
      for (let round = 0; round < 5; round++) await send(4000);
      expect(await untilCounted()).toEqual(recount(sent));
    });

    test('kill -9 in the middle changes nothing, nor does another number of workers', async () => {
      for (let round = 0; round < 4; round++) {
        const sending = send(20_000);
        await new Promise((resolve) => setTimeout(resolve, 150 + random.below(700)));
        await server.kill();
        await sending;
        await server.start(['--workers', String(1 + ((round + 1) % 3))]);
      }
      expect(await untilCounted()).toEqual(recount(sent));
      const late = await server.psql('SELECT count(*) FROM millrace.late_rows;');
      expect(late).toBe('0');
    }, 180_000);

    test('averages are the quotient of the two', async () => {
      const wrong = await server.psql(
        'SELECT count(*) FROM revenue WHERE abs(avg_order_value * order_count - total_revenue) > 0.0001;',
      );
      expect(wrong).toBe('0');
    });

    test('odd records end where they belong, and a query shows it', async () => {
      const late = `{"order_id":"late","customer_id":"c","amount":1.00,"category":"books","event_time":"2026-01-05 08:00:00"}`;
      const missing = `{"order_id":"missing","customer_id":"c","category":"games","event_time":"${new Date(baseMs + sent.length * 50).toISOString().replace('T', ' ').replace('Z', '')}"}`;
      await producer.send('orders.created', 2, [
        { value: 'not json at all' },
        { value: late },
        { value: missing },
        {
          value: `{"order_id":"big","customer_id":"c","amount":99999999999999999999,"category":"x","event_time":"2026-01-05 08:00:00"}`,
        },
      ]);
      for (let attempt = 0; attempt < 100; attempt++) {
        const seen = await server.psql('SELECT count(*) FROM millrace.dead_letters;');
        if (seen === '2') break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const dead = await server.psql(
        `SELECT topic, partition, convert_from(raw, 'UTF8') FROM millrace.dead_letters ORDER BY record_offset;`,
      );
      expect(dead.split('\n')).toEqual([
        'orders.created|2|not json at all',
        expect.stringContaining('99999999999999999999') as string,
      ]);
      const lateRows = await server.psql(
        `SELECT view_name, topic, partition, row->>'category', window_end FROM millrace.late_rows;`,
      );
      expect(lateRows).toBe('public.revenue|orders.created|2|books|2026-01-05 08:05:00');
      const unpriced = await server.psql(
        'SELECT sum(order_count) - (SELECT count(*) FROM revenue WHERE false) FROM revenue;',
      );
      expect(unpriced).toBe(String(sent.length + 1));
    });

    test('SIGTERM ends it with 0', async () => {
      expect(await server.stop()).toBe(0);
      await server.start();
      // The row without an amount is in the view too.
      expect(await untilCounted(1)).not.toEqual([]);
    });
  },
);
