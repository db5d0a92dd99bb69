/** Where a new source begins: the startup mode turned into an offset for each partition there is. */

import { ConnectorError } from '../../base/errors.ts';
import { earliestTimestamp, latestTimestamp, listOffsets } from './cluster.ts';
import type { TopicMetadata } from './cluster.ts';
import type { KafkaOptions } from './options.ts';
import type { KafkaTransport } from './transport.ts';

/** Offsets by partition name. */
export async function resolveStartup(
  transport: KafkaTransport,
  metadata: TopicMetadata,
  options: KafkaOptions,
): Promise<Map<string, number>> {
  const { topic, committedOnly, startup } = options;
  const ask = (timestamp: number) =>
    listOffsets(transport, { topic, committedOnly, timestamp }, metadata.partitions);
  const first = await ask(startup.kind === 'latest' ? latestTimestamp : earliestTimestamp);
  const positions = new Map<string, number>();
  for (const [partition, offset] of first) positions.set(String(partition), offset ?? 0);
  switch (startup.kind) {
    case 'earliest':
    case 'latest':
      return positions;
    case 'timestamp': {
      const atTime = await ask(startup.timestampMs);
      const ends = await ask(latestTimestamp);
      for (const [partition, offset] of atTime) {
        // No record that young yet: begin with the next one.
        positions.set(String(partition), offset ?? ends.get(partition) ?? 0);
      }
      return positions;
    }
    case 'offsets':
      for (const [partition, offset] of startup.offsets) {
        if (!positions.has(String(partition))) {
          throw new ConnectorError(`topic "${topic}" has no partition ${partition}`, {
            retryable: false,
          });
        }
        positions.set(String(partition), offset);
      }
      return positions;
  }
}
