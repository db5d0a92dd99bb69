/**
 * The options of the Kafka connector, in Flink's and RisingWave's spellings, checked once into a frozen
 * object. `properties.*` are names of Kafka's own client settings.
 */

import { SqlError, notSupported, sqlstate } from '../../base/errors.ts';
import type { OptionValues } from '../../formats/options.ts';
import type { OptionSpec } from '../connector.ts';
import { OptionReader, invalidOption, option } from '../option-reading.ts';
import { readSecurity, securityOptions } from './security-options.ts';
import type { KafkaSecurity } from './security-options.ts';

export type StartupMode =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<number, number> };

export interface KafkaOptions {
  readonly topic: string;
  /** host:port, at least one. */
  readonly bootstrap: readonly string[];
  readonly clientId: string;
  readonly security: KafkaSecurity;
  readonly startup: StartupMode;
  readonly committedOnly: boolean;
  readonly checkCrc: boolean;
  readonly onOutOfRange: 'error' | 'earliest' | 'latest';
  readonly discoveryMs: number;
  readonly fetchBytesMax: number;
  readonly partitionBytesMax: number;
  readonly fetchWaitMs: number;
  readonly queueBytesMax: number;
}

const startupModes = [
  'earliest-offset',
  'earliest',
  'latest-offset',
  'latest',
  'timestamp',
  'specific-offsets',
  'group-offsets',
] as const;

export const kafkaOptionSpecs: readonly OptionSpec[] = [
  option('topic', 'Topic to read.', { aliases: ['kafka.topic'], required: true }),
  option('properties.bootstrap.servers', 'Brokers to begin with: host:port, separated by commas.', {
    aliases: ['properties.bootstrap.server', 'bootstrap.servers', 'kafka.brokers'],
    required: true,
  }),
  option('scan.startup.mode', 'Where a new source begins.', {
    aliases: ['kafka.scan.startup.mode'],
    type: startupModes,
    default: 'earliest-offset',
  }),
  option('scan.startup.timestamp-millis', 'With mode timestamp: milliseconds since 1970.', {
    aliases: ['scan.startup.timestamp.millis', 'scan.startup.timestamp_millis'],
    type: 'integer',
  }),
  option(
    'scan.startup.specific-offsets',
    'With mode specific-offsets: "partition:0,offset:42;partition:1,offset:300". Partitions that ' +
      'are not named begin at their first record.',
  ),
  option(
    'scan.topic-partition-discovery.interval',
    'How often new partitions are looked for; 0 turns it off.',
    { type: 'duration', default: '10 s', aliases: ['topic.discovery.interval'] },
  ),
  option(
    'scan.offset-out-of-range',
    'What to do when retention has deleted records before they were read: stop with an error, or ' +
      'report the loss and go on at the earliest or latest record.',
    { type: ['error', 'earliest', 'latest'], default: 'error' },
  ),
  option(
    'properties.isolation.level',
    'Whether records of open and aborted transactions are read.',
    {
      type: ['read_committed', 'read_uncommitted'],
      default: 'read_committed',
    },
  ),
  option('properties.check.crcs', 'Whether the checksum of each record batch is checked.', {
    type: 'boolean',
    default: 'true',
  }),
  option('properties.client.id', 'Name of this client in the logs of the brokers.', {
    default: 'millrace',
  }),
  option('properties.fetch.max.bytes', 'Most bytes in one answer.', {
    type: 'integer',
    default: '10485760',
  }),
  option('properties.max.partition.fetch.bytes', 'Most bytes of one partition in one answer.', {
    type: 'integer',
    default: '1048576',
  }),
  option('properties.fetch.max.wait.ms', 'How long a broker may wait for records to come.', {
    type: 'integer',
    default: '500',
  }),
  option('scan.queue.bytes', 'Most bytes fetched ahead; then fetching waits for the engine.', {
    type: 'integer',
    default: '33554432',
  }),
  option('scan.bounded.mode', 'Only "unbounded" is supported.', { default: 'unbounded' }),
  ...securityOptions,
];

/** The checked options, or a `SqlError` that names the wrong one. */
export function readKafkaOptions(options: OptionValues): KafkaOptions {
  const reader = new OptionReader(options, kafkaOptionSpecs);
  if (options.has('topic-pattern')) {
    throw notSupported('option "topic-pattern"', { hint: 'Create one source per topic.' });
  }
  const topic = reader.required('topic').trim();
  if (/[;,]/.test(topic)) {
    throw notSupported('a list of topics in one source', { hint: 'Create one source per topic.' });
  }
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic) || topic === '.' || topic === '..') {
    throw invalidOption(
      'topic',
      topic,
      'Topic names have up to 249 letters, digits, ".", "_", "-".',
    );
  }
  if (reader.text('scan.bounded.mode') !== 'unbounded') {
    throw notSupported('option "scan.bounded.mode"', { hint: 'Leave the option out.' });
  }
  return Object.freeze({
    topic,
    bootstrap: readBootstrap(reader.required('properties.bootstrap.servers')),
    clientId: reader.required('properties.client.id'),
    security: readSecurity(reader),
    startup: readStartup(reader),
    committedOnly:
      reader.choice('properties.isolation.level', ['read_committed', 'read_uncommitted']) ===
      'read_committed',
    checkCrc: reader.boolean('properties.check.crcs'),
    onOutOfRange: reader.choice('scan.offset-out-of-range', ['error', 'earliest', 'latest']),
    discoveryMs: reader.durationMs('scan.topic-partition-discovery.interval') ?? 0,
    fetchBytesMax: reader.integer('properties.fetch.max.bytes', 1, 2 ** 30)!,
    partitionBytesMax: reader.integer('properties.max.partition.fetch.bytes', 1, 2 ** 30)!,
    fetchWaitMs: reader.integer('properties.fetch.max.wait.ms', 0, 60_000)!,
    queueBytesMax: reader.integer('scan.queue.bytes', 1, 2 ** 40)!,
  });
}

function readBootstrap(text: string): readonly string[] {
  const servers = text
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
  for (const server of servers) {
    const port = Number(/^(?:[^:\s]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(server)?.[1] ?? '0');
    if (port < 1 || port > 65535) {
      throw invalidOption(
        'properties.bootstrap.servers',
        text,
        'It must be a list like "host1:9092,host2:9092".',
      );
    }
  }
  return servers;
}

function readStartup(reader: OptionReader): StartupMode {
  const mode = reader.choice('scan.startup.mode', startupModes);
  switch (mode) {
    case 'earliest':
    case 'earliest-offset':
      return { kind: 'earliest' };
    case 'latest':
    case 'latest-offset':
      return { kind: 'latest' };
    case 'timestamp': {
      const timestampMs = reader.integer('scan.startup.timestamp-millis', 0);
      if (timestampMs === null) throw missing('scan.startup.timestamp-millis', mode);
      return { kind: 'timestamp', timestampMs };
    }
    case 'specific-offsets': {
      const text = reader.text('scan.startup.specific-offsets');
      if (text === null) throw missing('scan.startup.specific-offsets', mode);
      return { kind: 'offsets', offsets: readSpecificOffsets(text) };
    }
    case 'group-offsets':
      throw notSupported('startup mode "group-offsets"', {
        hint:
          'Positions are kept with the state of the views and not in a consumer group. ' +
          'Use "earliest-offset", "latest-offset", "timestamp" or "specific-offsets".',
      });
  }
}

function missing(name: string, mode: string): SqlError {
  return new SqlError(
    sqlstate.invalidParameterValue,
    `startup mode "${mode}" needs option "${name}"`,
  );
}

function readSpecificOffsets(text: string): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const match = /^\s*partition\s*:\s*(\d{1,9})\s*,\s*offset\s*:\s*(\d{1,15})\s*$/i.exec(part);
    if (match === null || offsets.has(Number(match[1]))) {
      throw invalidOption(
        'scan.startup.specific-offsets',
        text,
        'It must be a list like "partition:0,offset:42;partition:1,offset:300".',
      );
    }
    offsets.set(Number(match[1]), Number(match[2]));
  }
  return offsets;
}
