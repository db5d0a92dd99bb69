/**
 * Puts records into one partition of a Kafka topic with the product's own encoder: as fast as the broker takes
 * them, and topics made and looked at through the ordinary client.
 */

import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { must } from '../base/assert.ts';
import { silentLog } from '../base/log.ts';
import { fetchTopic } from '../connectors/kafka/cluster.ts';
import { Crc32c } from '../connectors/kafka/crc32c.ts';
import { produce } from '../connectors/kafka/produce.ts';
import { RecordBatchBuilder } from '../connectors/kafka/record-encode.ts';
import { openKafkaTransport } from '../connectors/kafka/transport.ts';
import type { KafkaTransport } from '../connectors/kafka/transport.ts';

export interface TopicPlace {
  /** host:port of a broker that asks for no login. */
  readonly bootstrap: string;
  readonly topic: string;
}

const batchBytesMax = 900_000;
const batchRowsMax = 5000;

/** Writes to partition 0 of an existing topic. */
export class TopicWriter {
  readonly #transport: KafkaTransport;
  readonly #builder = new RecordBatchBuilder(new Crc32c());
  readonly #topic: string;
  readonly #leader: number;

  private constructor(transport: KafkaTransport, topic: string, leader: number) {
    this.#transport = transport;
    this.#topic = topic;
    this.#leader = leader;
  }

  static async open({ bootstrap, topic }: TopicPlace): Promise<TopicWriter> {
    const transport = await openKafkaTransport({
      bootstrap: [bootstrap],
      clientId: 'millrace-bench',
      security: { tls: null, sasl: null },
      log: silentLog,
      readFile: () => Promise.reject(new Error('the benchmark reads no key files')),
    });
    const { partitions } = await fetchTopic(transport, topic);
    return new TopicWriter(transport, topic, must(partitions[0], 'partition 0').leader);
  }

  /** Resolves when all replicas have the records. */
  async write(values: Iterable<string>, timestampMs: number): Promise<void> {
    for (const value of values) {
      this.#builder.append(null, Buffer.from(value, 'utf8'), timestampMs);
      if (this.#builder.count >= batchRowsMax || this.#builder.size > batchBytesMax) {
        await this.#send();
      }
    }
    if (this.#builder.count > 0) await this.#send();
  }

  async #send(): Promise<void> {
    const bytes = this.#builder.finish();
    const batches = [{ partition: 0, bytes }];
    const request = { topic: this.#topic, transactionalId: null, batches };
    await produce(this.#transport, this.#leader, request);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

/** Makes a topic of one partition; false when there is one of that name. */
export function makeTopic({ bootstrap, topic }: TopicPlace): Promise<boolean> {
  // Event times lie far from the clock, and retention must not take the records.
  const configEntries = [{ name: 'retention.ms', value: '-1' }];
  const topics = [{ topic, numPartitions: 1, configEntries }];
  return withAdmin(bootstrap, (admin) => admin.createTopics({ waitForLeaders: true, topics }));
}

/** Removes a topic. */
export function dropTopic({ bootstrap, topic }: TopicPlace): Promise<void> {
  return withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [topic] }));
}

/** Records in partition 0. */
export function topicLength({ bootstrap, topic }: TopicPlace): Promise<number> {
  return withAdmin(bootstrap, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return Number(must(offsets[0], 'partition 0').high);
  });
}

/** Runs `use` with an administrator's client of the cluster. */
export async function withAdmin<T>(
  bootstrap: string,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
