/**
 * What a reader asks of the cluster besides records: which partitions a topic has and who leads them
 * (Metadata), and which offset is the first, the last or the first at a time (ListOffsets).
 */

import { ConnectorError } from '../../base/errors.ts';
import { errorCode, kafkaError } from './error-codes.ts';
import type { BrokerAddress, KafkaTransport } from './transport.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface TopicMetadata {
  /** 32 hexadecimal digits; null where the cluster is too old to tell. */
  readonly topicId: string | null;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partition: number;
  /** -1: none at present. */
  readonly leader: number;
  /** -1: not known. */
  readonly leaderEpoch: number;
}

const metadataApi = 3;
const listOffsetsApi = 2;
const noTopicId = '0'.repeat(32);

/** Asks any broker for a topic, and tells the transport where the brokers are. */
export async function fetchTopic(transport: KafkaTransport, topic: string): Promise<TopicMetadata> {
  let version = 0;
  const answer = await transport.requestAny(async (nodeId) => {
    version = await chooseVersion(transport, nodeId, {
      api: metadataApi,
      name: 'Metadata',
      from: 5,
      to: 12,
    });
    // Versions 9 to 11 are passed over: 8 is the last of the old encoding, 12 the first to tell topic ids well.
    if (version < 12) version = Math.min(version, 8);
    const flexible = version >= 9;
    const body = flexible ? flexibleMetadataRequest(topic) : plainMetadataRequest(topic, version);
    return transport.request(nodeId, {
      api: metadataApi,
      name: 'Metadata',
      version,
      flexible,
      body,
    });
  });
  const reader = new WireReader(answer);
  const read = version >= 9 ? readFlexibleMetadata(reader) : readPlainMetadata(reader, version);
  transport.setBrokers(read.brokers);
  const found = read.topics.find((each) => each.name === topic);
  if (found === undefined || found.error === errorCode.unknownTopicOrPartition) {
    throw new ConnectorError(`topic "${topic}" does not exist`, { retryable: true });
  }
  if (found.error === errorCode.topicAuthorizationFailed) {
    throw new ConnectorError(`no permission to read topic "${topic}"`, { retryable: true });
  }
  if (found.error !== errorCode.none) {
    const { name, remedy } = kafkaError(found.error);
    throw new ConnectorError(`Kafka cannot describe topic "${topic}": ${name}`, {
      retryable: remedy !== 'fatal',
    });
  }
  return { topicId: found.topicId, partitions: found.partitions };
}

/** The highest version that both sides know. */
export async function chooseVersion(
  transport: KafkaTransport,
  nodeId: number,
  range: {
    readonly api: number;
    readonly name: string;
    readonly from: number;
    readonly to: number;
  },
): Promise<number> {
  const broker = await transport.versionOf(nodeId, range.api);
  const version = Math.min(range.to, broker?.max ?? -1);
  if (version < range.from || version < (broker?.min ?? 0)) {
    throw new ConnectorError(
      `the Kafka broker does not take ${range.name} requests of versions ${range.from} to ${range.to}`,
      { retryable: false },
    );
  }
  return version;
}

interface MetadataAnswer {
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly (TopicMetadata & {
    readonly name: string | null;
    readonly error: number;
  })[];
}

function flexibleMetadataRequest(topic: string): Buffer {
  const writer = new WireWriter();
  writer.unsignedVarint(2).raw(Buffer.alloc(16)).compactString(topic).unsignedVarint(0);
  // No topic is created by asking for it; authorized operations are not wanted.
  return writer.int8(0).int8(0).unsignedVarint(0).finish();
}

function plainMetadataRequest(topic: string, version: number): Buffer {
  const writer = new WireWriter();
  writer.int32(1).string(topic).int8(0);
  if (version >= 8) writer.int8(0).int8(0);
  return writer.finish();
}

function readFlexibleMetadata(reader: WireReader): MetadataAnswer {
  reader.skipTags(); // of the header
  reader.int32(); // throttle time
  const brokers = reader.compactArray(() => {
    const nodeId = reader.int32();
    const host = reader.compactString() ?? '';
    const port = reader.int32();
    reader.compactString(); // rack
    reader.skipTags();
    return { nodeId, host, port };
  });
  reader.compactString(); // cluster id
  reader.int32(); // controller
  const topics = reader.compactArray(() => {
    const error = reader.int16();
    const name = reader.compactString();
    const topicId = reader.uuid();
    reader.int8(); // internal
    const partitions = reader.compactArray(() => {
      reader.int16(); // its error shows in its leader
      const partition = reader.int32();
      const leader = reader.int32();
      const leaderEpoch = reader.int32();
      for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32());
      reader.skipTags();
      return { partition, leader, leaderEpoch };
    });
    reader.int32(); // authorized operations
    reader.skipTags();
    return { error, name, topicId: topicId === noTopicId ? null : topicId, partitions };
  });
  return { brokers, topics };
}

function readPlainMetadata(reader: WireReader, version: number): MetadataAnswer {
  reader.int32(); // throttle time
  const brokers = reader.array(() => {
    const nodeId = reader.int32();
    const host = reader.string();
    const port = reader.int32();
    reader.nullableString(); // rack
    return { nodeId, host, port };
  });
  reader.nullableString(); // cluster id
  reader.int32(); // controller
  const topics = reader.array(() => {
    const error = reader.int16();
    const name = reader.string();
    reader.int8(); // internal
    const partitions = reader.array(() => {
      reader.int16();
      const partition = reader.int32();
      const leader = reader.int32();
      const leaderEpoch = version >= 7 ? reader.int32() : -1;
      for (let list = 0; list < 3; list++) reader.array(() => reader.int32());
      return { partition, leader, leaderEpoch };
    });
    if (version >= 8) reader.int32();
    return { error, name, topicId: null, partitions };
  });
  return { brokers, topics };
}

/** Pseudo timestamps of ListOffsets. */
export const latestTimestamp = -1;
export const earliestTimestamp = -2;

export interface OffsetQuery {
  readonly topic: string;
  readonly committedOnly: boolean;
  /** Milliseconds, or one of the pseudo timestamps. */
  readonly timestamp: number;
}

/**
 * Offsets of partitions, each asked of its leader: the first record at or after the time, or null when
 * there is none that young.
 */
export async function listOffsets(
  transport: KafkaTransport,
  query: OffsetQuery,
  partitions: readonly PartitionMetadata[],
): Promise<Map<number, number | null>> {
  const byLeader = new Map<number, PartitionMetadata[]>();
  for (const partition of partitions) {
    if (partition.leader < 0) {
      throw new ConnectorError(
        `partition ${partition.partition} of topic "${query.topic}" has no leader`,
        { retryable: true },
      );
    }
    const group = byLeader.get(partition.leader) ?? [];
    group.push(partition);
    byLeader.set(partition.leader, group);
  }
  const found = new Map<number, number | null>();
  for (const [leader, group] of byLeader) {
    await listOffsetsOf(transport, query, { leader, group, found });
  }
  return found;
}

async function listOffsetsOf(
  transport: KafkaTransport,
  query: OffsetQuery,
  at: { leader: number; group: readonly PartitionMetadata[]; found: Map<number, number | null> },
): Promise<void> {
  const range = { api: listOffsetsApi, name: 'ListOffsets', from: 2, to: 5 };
  const version = await chooseVersion(transport, at.leader, range);
  const writer = new WireWriter();
  writer.int32(-1).int8(query.committedOnly ? 1 : 0);
  writer.int32(1).string(query.topic).int32(at.group.length);
  for (const each of at.group) {
    writer.int32(each.partition);
    if (version >= 4) writer.int32(each.leaderEpoch);
    writer.int64(query.timestamp);
  }
  const answer = await transport.request(at.leader, {
    api: listOffsetsApi,
    name: 'ListOffsets',
    version,
    flexible: false,
    body: writer.finish(),
  });
  const reader = new WireReader(answer);
  reader.int32(); // throttle time
  reader.array(() => {
    reader.string();
    return reader.array(() => {
      const partition = reader.int32();
      const error = reader.int16();
      reader.int64(); // timestamp
      const offset = reader.int64();
      if (version >= 4) reader.int32();
      if (error !== errorCode.none) {
        const { name, remedy } = kafkaError(error);
        throw new ConnectorError(
          `Kafka cannot tell the offsets of topic "${query.topic}", partition ${partition}: ${name}`,
          { retryable: remedy !== 'fatal' },
        );
      }
      at.found.set(partition, offset < 0 ? null : offset);
    });
  });
}
