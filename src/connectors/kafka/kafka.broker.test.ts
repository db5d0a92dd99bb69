import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Admin } from 'kafkajs';

import { BrokerUnavailable, startBroker } from '../../testing/broker.ts';
import type { TestBroker } from '../../testing/broker.ts';
import {
  TestProducer,
  connectAdmin,
  connectTransactional,
  createTopic,
  deleteRecordsBefore,
} from '../../testing/kafka-produce.ts';
import { createReader, readSource } from '../../testing/source-reading.ts';
import type { Positions, RecordBlock, SourceBlock, SourceReader } from '../connector.ts';
import { kafkaConnector } from './connector.ts';

interface Seen {
  readonly partition: string;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
}

const unavailable = { reason: '' };
const broker: TestBroker = await startBroker({ security: true }).catch((error: unknown) => {
  if (!(error instanceof BrokerUnavailable)) throw error;
  unavailable.reason = error.message;
  return null as unknown as TestBroker; // every test is skipped then
});

const title = unavailable.reason === '' ? '' : ` (skipped: ${unavailable.reason})`;

describe.skipIf(unavailable.reason !== '')(`kafka source on a real broker${title}`, () => {
  let admin: Admin;
  let producer: TestProducer;
  const readers: SourceReader[] = [];

  beforeAll(async () => {
    admin = await connectAdmin(broker.bootstrap);
    producer = await TestProducer.connect(broker.bootstrap);
  });

  afterAll(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    await producer.close();
    await admin.disconnect();
    await broker.stop();
  });

  function reader(topic: string, options: Readonly<Record<string, string>> = {}): SourceReader {
    const made = createReader(kafkaConnector, {
      options: {
        topic,
        'properties.bootstrap.servers': broker.bootstrap,
        'scan.topic-partition-discovery.interval': '200 ms',
        ...options,
      },
    });
    readers.push(made);
    return made;
  }

  /** Reads until `done`; gives all that was seen. */
  async function readUntil(
    source: SourceReader,
    done: (seen: readonly Seen[]) => boolean,
    seen: Seen[] = [],
  ): Promise<Seen[]> {
    const take = (block: SourceBlock) => {
      if (block.kind !== 'records') throw new Error('records were expected');
      const text = (start: number, end: number) =>
        end < 0 ? null : Buffer.from(block.bytes.subarray(start, end)).toString();
      for (let row = 0; row < block.count; row++) {
        seen.push({
          partition: block.partition,
          offset: block.offsets[row]!,
          timestampMs: block.timestampsMs[row]!,
          key: text(block.keyStart[row]!, block.keyEnd[row]!),
          value: text(block.valueStart[row]!, block.valueEnd[row]!),
        });
      }
      expect(block.valueEnd[block.count - 1] ?? 0).toBeLessThanOrEqual(block.bytes.length - 16);
      block.release();
    };
    await readSource(source, take, () => done(seen));
    return seen;
  }

  async function firstBlock(source: SourceReader): Promise<RecordBlock> {
    let first: SourceBlock | null = null;
    const take = (block: SourceBlock) => void (first ??= block);
    await readSource(source, take, () => first !== null);
    const block = first as SourceBlock | null;
    if (block?.kind !== 'records') throw new Error('records were expected');
    return block;
  }

  async function openAt(source: SourceReader, positions?: Positions): Promise<Positions> {
    const from = positions ?? (await source.startPositions());
    await source.open(from);
    return from;
  }

  const atEnd = (source: SourceReader) => () =>
    source.status().partitions.length > 0 &&
    source.status().partitions.every((each) => each.end !== null && each.position >= each.end);

  function* numbered(count: number, prefix = 'v') {
    for (let index = 0; index < count; index++) {
      yield { key: `k${index % 7}`, value: `${prefix}${index}`, timestampMs: 1_000_000 + index };
    }
  }

  test('four partitions arrive whole, in order, with keys, timestamps, tombstones', async () => {
    await createTopic(admin, 'four', 4);
    for (let partition = 0; partition < 4; partition++) {
      await producer.send('four', partition, numbered(5000, `p${partition}-`));
    }
    await producer.send('four', 1, [
      { key: null, value: '' },
      { key: '', value: null },
    ]);
    const source = reader('four');
    await openAt(source);
    const seen = await readUntil(source, (all) => all.length >= 20_002);
    expect(seen).toHaveLength(20_002);
    for (let partition = 0; partition < 4; partition++) {
      const own = seen.filter((each) => each.partition === String(partition));
      expect(own.map((each) => each.offset)).toEqual(own.map((_, index) => index));
      expect(own[4999]).toEqual({
        partition: String(partition),
        offset: 4999,
        timestampMs: 1_004_999,
        key: `k${4999 % 7}`,
        value: `p${partition}-4999`,
      });
    }
    const extra = seen.filter((each) => each.offset >= 5000);
    expect(extra.map(({ key, value }) => [key, value])).toEqual([
      [null, ''],
      ['', null],
    ]);
    expect(source.status().state).toBe('running');
    expect(atEnd(source)()).toBe(true);
  });

  test('startup modes, in the spellings of Flink and RisingWave', async () => {
    await createTopic(admin, 'modes', 2);
    await producer.send('modes', 0, numbered(100));
    await producer.send('modes', 1, numbered(50));
    const start = async (options: Record<string, string>) => {
      const from = await reader('modes', options).startPositions();
      return [from.get('0'), from.get('1')];
    };
    expect(await start({})).toEqual([0, 0]);
    expect(await start({ 'scan.startup.mode': 'earliest-offset' })).toEqual([0, 0]);
    expect(await start({ 'scan.startup.mode': 'latest-offset' })).toEqual([100, 50]);
    expect(await start({ 'scan.startup.mode': 'latest' })).toEqual([100, 50]);
    const timestamp = { 'scan.startup.mode': 'timestamp' };
    expect(await start({ ...timestamp, 'scan.startup.timestamp-millis': '1000040' })).toEqual([
      40, 40,
    ]);
    expect(await start({ ...timestamp, 'scan.startup.timestamp.millis': '1000070' })).toEqual([
      70, 50,
    ]);
    const offsets = 'partition:0,offset:42;partition:1,offset:7';
    expect(
      await start({
        'scan.startup.mode': 'specific-offsets',
        'scan.startup.specific-offsets': offsets,
      }),
    ).toEqual([42, 7]);
    expect(() => reader('modes', { 'scan.startup.mode': 'group-offsets' })).toThrow(
      /group-offsets.* is not supported yet/,
    );
    const latest = reader('modes', { 'scan.startup.mode': 'latest' });
    await openAt(latest);
    await producer.send('modes', 0, numbered(3, 'new'));
    const seen = await readUntil(latest, (all) => all.length >= 3);
    expect(seen.map((each) => each.value)).toEqual(['new0', 'new1', 'new2']);
  });

  test('a source opened at saved positions goes on exactly there', async () => {
    await createTopic(admin, 'resume', 1);
    await producer.send('resume', 0, numbered(3000));
    const source = reader('resume');
    const from = await openAt(source, undefined);
    const seen = await readUntil(source, (all) => all.length >= 1000);
    const position = source.status().partitions[0]!.position;
    expect(position).toBe(seen.length);
    await source.close();
    const again = reader('resume');
    await openAt(again, new Map([...from, ['0', position]]));
    const rest = await readUntil(again, (all) => all.length >= 3000 - position);
    expect(rest[0]!.offset).toBe(position);
    expect(rest).toHaveLength(3000 - position);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('%s batches of the broker', async (codec) => {
    const topic = `codec-${codec}`;
    await createTopic(admin, topic, 1, { 'compression.type': codec });
    await producer.send(topic, 0, numbered(10, 'tiny'));
    await producer.send(topic, 0, numbered(20, 'more'));
    await producer.send(topic, 0, numbered(30_000, '{"some":"longer text, that repeats"}'));
    const source = reader(topic);
    await openAt(source);
    const seen = await readUntil(source, (all) => all.length >= 30_030);
    expect(seen.map((each) => each.offset)).toEqual(seen.map((_, index) => index));
    expect(seen[9]!.value).toBe('tiny9');
    expect(seen[29]!.value).toBe('more19');
    expect(seen[30_029]!.value).toBe('{"some":"longer text, that repeats"}29999');
  });

  test('aborted transactions are not seen, control records do not hold the position back', async () => {
    await createTopic(admin, 'transactions', 1);
    const transactional = await connectTransactional(broker.bootstrap, 'tx-1');
    const send = async (prefix: string, end: 'commit' | 'abort', count = 3) => {
      const transaction = await transactional.transaction();
      const messages = Array.from({ length: count }, (_, index) => ({
        value: `${prefix}${index}`,
      }));
      await transaction.send({ topic: 'transactions', messages });
      await (end === 'commit' ? transaction.commit() : transaction.abort());
    };
    await send('a', 'commit');
    await send('b', 'abort');
    await send('c', 'commit');
    await send('d', 'abort', 3000);
    await send('e', 'commit');
    await send('f', 'abort');
    const source = reader('transactions');
    await openAt(source);
    const seen = await readUntil(source, atEnd(source));
    const expected = ['a', 'c', 'e'].flatMap((each) => [`${each}0`, `${each}1`, `${each}2`]);
    expect(seen.map((each) => each.value)).toEqual(expected);

    const all = reader('transactions', { 'properties.isolation.level': 'read_uncommitted' });
    await openAt(all);
    expect(await readUntil(all, atEnd(all))).toHaveLength(9 + 3006);

    const open = await transactional.transaction();
    await open.send({ topic: 'transactions', messages: [{ value: 'open' }] });
    await producer.send('transactions', 0, numbered(2, 'behind'));
    const held = await readUntil(
      source,
      () => (source.status().partitions[0]!.heldBack ?? 0) === 3,
    );
    expect(held).toEqual([]);
    await open.commit();
    const after = await readUntil(source, (list) => list.length >= 3);
    expect(after.map((each) => each.value)).toEqual(['open', 'behind0', 'behind1']);
    await transactional.disconnect();
  });

  test('LogAppendTime gives every record the time of the broker', async () => {
    await createTopic(admin, 'append-time', 1, { 'message.timestamp.type': 'LogAppendTime' });
    await producer.send('append-time', 0, numbered(10));
    const source = reader('append-time');
    await openAt(source);
    const seen = await readUntil(source, (all) => all.length >= 10);
    expect(new Set(seen.map((each) => each.timestampMs)).size).toBe(1);
    expect(seen[0]!.timestampMs).toBeGreaterThan(1_600_000_000_000);
  });

  test('headers are parsed when asked for', async () => {
    await createTopic(admin, 'headers', 1);
    const headers = [
      ['trace', Buffer.from('abc')],
      ['none', null],
    ] as const;
    await producer.send('headers', 0, [{ value: 'x', headers }]);
    const source = reader('headers');
    await openAt(source);
    const block = await firstBlock(source);
    expect(
      block.headers!(0).map(([name, value]) => [name, value && Buffer.from(value).toString()]),
    ).toEqual([
      ['trace', 'abc'],
      ['none', null],
    ]);
  });

  test('a partition added while running is read from its first record', async () => {
    await createTopic(admin, 'growing', 1);
    await producer.send('growing', 0, numbered(5));
    const source = reader('growing', { 'scan.startup.mode': 'latest-offset' });
    await openAt(source);
    await admin.createPartitions({ topicPartitions: [{ topic: 'growing', count: 3 }] });
    await producer.send('growing', 2, numbered(10, 'late'));
    const seen = await readUntil(source, (all) => all.length >= 10);
    expect(seen.map((each) => each.value)).toEqual([...numbered(10, 'late')].map((r) => r.value));
    expect(source.status().partitions.map((each) => each.partition)).toEqual(['0', '1', '2']);
  });

  test('records deleted before they were read stop the source, or are reported', async () => {
    await createTopic(admin, 'retention', 1);
    await producer.send('retention', 0, numbered(100));
    const from = await reader('retention').startPositions();
    await deleteRecordsBefore(admin, 'retention', 60);
    const strict = reader('retention');
    await openAt(strict, from);
    await readUntil(strict, () => strict.status().state === 'failed');
    expect(strict.status().error).toMatch(/60 offsets \(0 to 59\) were deleted/);

    const lenient = reader('retention', { 'scan.offset-out-of-range': 'earliest' });
    await openAt(lenient, from);
    const block = await firstBlock(lenient);
    expect(block.offsets[0]).toBe(60);
    expect(block.bad.map((each) => each.reason)).toEqual([
      '60 offsets (0 to 59) were deleted before they were read; reading goes on at offset 60',
    ]);
  });

  test('a topic that is missing is an error at first; one made anew is found out', async () => {
    await expect(reader('nowhere').startPositions()).rejects.toThrow(
      'topic "nowhere" does not exist',
    );
    await createTopic(admin, 'anew', 1);
    await producer.send('anew', 0, numbered(10));
    const source = reader('anew');
    await openAt(source);
    await readUntil(source, (all) => all.length >= 10);
    await admin.deleteTopics({ topics: ['anew'] });
    await readUntil(source, () => source.status().error !== null);
    for (;;) {
      const made = await createTopic(admin, 'anew', 1).then(
        () => true,
        () => false,
      );
      if (made) break;
    }
    await readUntil(source, () => source.status().state === 'failed');
    expect(source.status().error).toMatch(/was deleted and made anew/);
  });

  test('TLS and SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, and a wrong password', async () => {
    const security = broker.security!;
    await createTopic(admin, 'secret', 1);
    await producer.send('secret', 0, numbered(10));
    const base = {
      'properties.bootstrap.servers': security.saslSsl,
      'properties.security.protocol': 'SASL_SSL',
      'properties.ssl.truststore.certificates': security.caPem,
    };
    const jaas = (password: string) =>
      `org.apache.kafka.common.security.scram.ScramLoginModule required username="${security.user}" password="${password}";`;
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const source = reader('secret', {
        ...base,
        'properties.sasl.mechanism': mechanism,
        'properties.sasl.jaas.config': jaas(security.password),
      });
      await openAt(source);
      expect(await readUntil(source, (all) => all.length >= 10)).toHaveLength(10);
      await source.close();
    }
    const wrong = reader('secret', {
      ...base,
      'properties.sasl.mechanism': 'SCRAM-SHA-256',
      'properties.sasl.username': security.user,
      'properties.sasl.password': 'wrong',
    });
    await expect(wrong.startPositions()).rejects.toThrow(/login to Kafka broker .* failed/);
    const tls = reader('secret', {
      'properties.bootstrap.servers': security.ssl,
      'properties.security.protocol': 'SSL',
      'properties.ssl.ca.pem': security.caPem,
    });
    await openAt(tls);
    expect(await readUntil(tls, (all) => all.length >= 10)).toHaveLength(10);
    const untrusted = reader('secret', {
      'properties.bootstrap.servers': security.ssl,
      'properties.security.protocol': 'SSL',
    });
    await expect(untrusted.startPositions()).rejects.toThrow(/cannot be reached/);
  });

  test('a broker killed and started again in the middle of reading: nothing lost, nothing twice', async () => {
    await createTopic(admin, 'restart', 2);
    for (const partition of [0, 1]) await producer.send('restart', partition, numbered(20_000));
    const source = reader('restart', { 'properties.max.partition.fetch.bytes': '20000' });
    await openAt(source);
    const seen = await readUntil(source, (all) => all.length >= 5000);
    await broker.kill();
    await readUntil(source, () => source.status().state === 'retrying', seen);
    expect(source.status().error).toMatch(/cannot be reached|closed/);
    await broker.restart();
    await readUntil(source, (all) => all.length >= 40_000, seen);
    for (const partition of ['0', '1']) {
      const own = seen.filter((each) => each.partition === partition);
      expect(own.map((each) => each.offset)).toEqual(own.map((_, index) => index));
      expect(own).toHaveLength(20_000);
    }
    await readUntil(source, () => source.status().state === 'running', seen);
    expect(source.status().error).toBeNull();
  });
});
