/** The Kafka connector's entry in the registry: its options and what it can give. */

import type { SourceConnector } from '../connector.ts';
import { KafkaSource } from './kafka-source.ts';
import { kafkaOptionSpecs, readKafkaOptions } from './options.ts';

export const kafkaConnector: SourceConnector = {
  name: 'kafka',
  aliases: [],
  options: kafkaOptionSpecs,
  passThrough: ['properties.'],
  needsFormat: true,
  metadata: ['topic', 'partition', 'offset', 'timestamp', 'key', 'headers'],
  columns: null,
  validate: (options) => {
    readKafkaOptions(options);
  },
  create: (context) => new KafkaSource(context),
};
