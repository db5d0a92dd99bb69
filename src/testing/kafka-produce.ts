/**
 * Fills topics of the test broker. Plain records go through the product's own encoder (fast, any number of
 * them); topics, partitions, transactions and deleted records through kafkajs's public client, which knows
 * nothing of ours and so checks it.
 */

import { Kafka, logLevel } from 'kafkajs';
import type { Admin, Producer } from 'kafkajs';

import { silentLog } from '../base/log.ts';
import { fetchTopic } from '../connectors/kafka/cluster.ts';
import { Crc32c } from '../connectors/kafka/crc32c.ts';
import { produce } from '../connectors/kafka/produce.ts';
import { RecordBatchBuilder } from '../connectors/kafka/record-encode.ts';
import type { BatchFields, RecordHeaders } from '../connectors/kafka/record-encode.ts';
import { openKafkaTransport } from '../connectors/kafka/transport.ts';
import type { KafkaTransport } from '../connectors/kafka/transport.ts';

export interface ProducedRecord {
  readonly key?: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly timestampMs?: number;
  readonly headers?: RecordHeaders;
}

/** Writes records with our own encoder. */
export class TestProducer {
  readonly #transport: KafkaTransport;
  readonly #builder = new RecordBatchBuilder(new Crc32c());

  private constructor(transport: KafkaTransport) {
    this.#transport = transport;
  }

  static async connect(bootstrap: string): Promise<TestProducer> {
    const transport = await openKafkaTransport({
      bootstrap: [bootstrap],
      clientId: 'millrace-test',
      security: { tls: null, sasl: null },
      log: silentLog,
      readFile: () => Promise.reject(new Error('no files are needed')),
    });
    return new TestProducer(transport);
  }

  /** Sends records to one partition as batches of at most `batchRowsMax`; the first record's offset. */
  async send(
    topic: string,
    partition: number,
    records: Iterable<ProducedRecord>,
    options: { readonly batchRowsMax?: number; readonly fields?: BatchFields } = {},
  ): Promise<number | null> {
    const { batchRowsMax = 5000, fields = {} } = options;
    const metadata = await fetchTopic(this.#transport, topic);
    const leader = metadata.partitions.find((each) => each.partition === partition)?.leader;
    if (leader === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
    let first: number | null = null;
    const flush = async () => {
      const bytes = this.#builder.finish(fields);
      const batches = [{ partition, bytes }];
      const offsets = await produce(this.#transport, leader, {
        topic,
        transactionalId: null,
        batches,
      });
      first ??= offsets.get(partition) ?? null;
    };
    for (const record of records) {
      const { key = null, value, timestampMs = 0, headers } = record;
      this.#builder.append(
        bytesOf(key),
        bytesOf(value),
        timestampMs,
        headers === undefined ? {} : { headers },
      );
      if (this.#builder.count >= batchRowsMax || this.#builder.size > 900_000) await flush();
    }
    if (this.#builder.count > 0) await flush();
    return first;
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

function bytesOf(value: string | Uint8Array | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}

/** An administrator's client of the test broker, connected. */
export async function connectAdmin(bootstrap: string): Promise<Admin> {
  const admin = quietClient(bootstrap).admin();
  await admin.connect();
  return admin;
}

/** A transactional producer of kafkajs, connected. */
export async function connectTransactional(bootstrap: string, id: string): Promise<Producer> {
  const producer = quietClient(bootstrap).producer({
    transactionalId: id,
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: () => (args) => args.message.partition ?? 0,
  });
  await producer.connect();
  return producer;
}

function quietClient(bootstrap: string): Kafka {
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
}

/** Creates a topic and waits until its partitions have leaders. */
export async function createTopic(
  admin: Admin,
  topic: string,
  numPartitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
  });
}

/** Deletes the records of partition 0 before `offset`, as retention would. */
export async function deleteRecordsBefore(
  admin: Admin,
  topic: string,
  offset: number,
): Promise<void> {
  await admin.fetchTopicOffsets(topic); // makes the client learn the topic's leaders
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
}
