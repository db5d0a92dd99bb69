/** The Produce request and its answer, versions 3 to 8: finished record batches to the leader of a partition. */

import { ConnectorError } from '../../base/errors.ts';
import { chooseVersion } from './cluster.ts';
import { errorCode, kafkaError } from './error-codes.ts';
import type { KafkaTransport } from './transport.ts';
import { WireReader, WireWriter } from './wire.ts';

const produceApi = 0;
const produceVersions = { api: produceApi, name: 'Produce', from: 3, to: 8 };
const ackTimeoutMs = 30_000;

export interface ProducedBatch {
  readonly partition: number;
  /** One finished record batch. */
  readonly bytes: Uint8Array;
}

export interface ProduceRequest {
  readonly topic: string;
  readonly transactionalId: string | null;
  readonly batches: readonly ProducedBatch[];
}

/** Writes batches to the broker that leads their partitions and waits for all replicas (acks=all). */
export async function produce(
  transport: KafkaTransport,
  leader: number,
  request: ProduceRequest,
): Promise<ReadonlyMap<number, number>> {
  const version = await chooseVersion(transport, leader, produceVersions);
  const size = request.batches.reduce((sum, batch) => sum + batch.bytes.length + 8, 128);
  const writer = new WireWriter(size);
  writer.string(request.transactionalId).int16(-1).int32(ackTimeoutMs);
  writer.int32(1).string(request.topic).int32(request.batches.length);
  for (const batch of request.batches) {
    writer.int32(batch.partition).int32(batch.bytes.length).raw(batch.bytes);
  }
  const body = writer.finish();
  const answer = await transport.request(leader, {
    api: produceApi,
    name: 'Produce',
    version,
    flexible: false,
    body,
  });
  return readOffsets(answer, version, request.topic);
}

/** Base offset given to each partition's batch. */
function readOffsets(answer: Buffer, version: number, topic: string): Map<number, number> {
  const reader = new WireReader(answer);
  const offsets = new Map<number, number>();
  reader.array(() => {
    reader.string();
    return reader.array(() => {
      const partition = reader.int32();
      const error = reader.int16();
      const offset = reader.int64();
      reader.int64(); // log append time
      if (version >= 5) reader.int64(); // log start
      if (version >= 8) {
        reader.array(() => {
          reader.int32();
          reader.nullableString();
        });
        reader.nullableString();
      }
      if (error !== errorCode.none) {
        const { name, remedy } = kafkaError(error);
        throw new ConnectorError(
          `cannot write to topic "${topic}", partition ${partition}: ${name}`,
          { retryable: remedy !== 'fatal' },
        );
      }
      offsets.set(partition, offset);
    });
  });
  return offsets;
}
