/** Options of the file sink, in Flink's spellings. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { OptionValues } from '../../formats/options.ts';
import type { OptionSpec } from '../connector.ts';
import { invalidOption, option, OptionReader } from '../option-reading.ts';

const duration = (name: string, value: string, help: string): OptionSpec =>
  option(name, help, { type: 'duration', default: value });

export const fileSinkSpecs: readonly OptionSpec[] = [
  option('path', 'The directory that files are written to.', {
    required: true,
    aliases: ['file.path', 'fs.path'],
  }),
  option('sink.rolling-policy.file-size', 'A file is ended when it is that large.', {
    default: '128MB',
  }),
  duration('sink.rolling-policy.rollover-interval', '1 min', 'A file is ended at that age.'),
  duration(
    'sink.rolling-policy.inactivity-interval',
    '1 min',
    'A file is ended when nothing came for so long.',
  ),
  duration(
    'sink.rolling-policy.check-interval',
    '10 s',
    'How often the ages of files and partitions are looked at.',
  ),
  option('sink.partition-commit.trigger', 'When a partition is complete.', {
    type: ['process-time', 'partition-time'],
    default: 'process-time',
  }),
  duration('sink.partition-commit.delay', '0 s', 'How long after that it is committed.'),
  option('sink.partition-commit.watermark-time-zone', 'UTC is the only zone of watermarks.', {
    type: ['utc'],
    default: 'utc',
  }),
  option('sink.partition-commit.policy.kind', 'What is done then: success-file.', {
    type: ['success-file'],
  }),
  option('sink.partition-commit.success-file.name', 'The name of the empty file.', {
    default: '_SUCCESS',
  }),
  option(
    'partition.time-extractor.timestamp-pattern',
    'The time of a partition, with $ before the names of partition columns.',
  ),
  option('partition.default-name', 'The directory of NULL and the empty text.', {
    default: '__DEFAULT_PARTITION__',
  }),
];

export interface FileSinkOptions {
  readonly path: string;
  readonly fileBytesMax: number;
  readonly rolloverMs: number;
  readonly inactivityMs: number;
  readonly checkMs: number;
  readonly defaultName: string;
  /** Null: partitions are never committed. */
  readonly commit: {
    readonly trigger: 'process-time' | 'partition-time';
    readonly delayMs: number;
    readonly successFile: string;
    readonly pattern: string | null;
  } | null;
}

export function readFileSinkOptions(options: OptionValues): FileSinkOptions {
  const reader = new OptionReader(options, fileSinkSpecs);
  const millis = (name: string): number => {
    const value = reader.durationMs(name)!;
    if (value < 1) throw invalidOption(name, reader.text(name)!, 'It must be more than nothing.');
    return value;
  };
  reader.choice('sink.partition-commit.watermark-time-zone', ['utc']);
  return {
    path: reader.required('path'),
    fileBytesMax: sizeOf('sink.rolling-policy.file-size', reader),
    rolloverMs: millis('sink.rolling-policy.rollover-interval'),
    inactivityMs: millis('sink.rolling-policy.inactivity-interval'),
    checkMs: millis('sink.rolling-policy.check-interval'),
    defaultName: plainName('partition.default-name', reader),
    commit: readCommit(reader),
  };
}

function readCommit(reader: OptionReader): FileSinkOptions['commit'] {
  const trigger = reader.choice('sink.partition-commit.trigger', [
    'process-time',
    'partition-time',
  ]);
  const delayMs = reader.durationMs('sink.partition-commit.delay')!;
  const successFile = plainName('sink.partition-commit.success-file.name', reader);
  const pattern = reader.text('partition.time-extractor.timestamp-pattern');
  if (reader.text('sink.partition-commit.policy.kind') === null) return null;
  reader.choice('sink.partition-commit.policy.kind', ['success-file']);
  if (trigger === 'partition-time' && pattern === null) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'option "partition.time-extractor.timestamp-pattern" is required for partition time',
      { hint: "Give the time that a partition's values stand for: '$dt $hm:00'." },
    );
  }
  return { trigger, delayMs, successFile, pattern };
}

/** A name in a directory, and not a way out of it. */
function plainName(name: string, reader: OptionReader): string {
  const text = reader.required(name);
  if (/[/\\\0]/.test(text) || text === '.' || text === '..' || text.length > 100) {
    throw invalidOption(name, text, 'It must be a plain name.');
  }
  return text;
}

const units = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 2 ** 10],
  ['mb', 2 ** 20],
  ['gb', 2 ** 30],
]);

/** `128MB`, `64 kb`, `1000`: powers of two, as Flink counts. */
function sizeOf(name: string, reader: OptionReader): number {
  const text = reader.required(name).trim().toLowerCase();
  const match = /^(\d{1,12})\s*([a-z]*)$/.exec(text);
  const unit = units.get(match?.[2] ?? '');
  const size = match === null || unit === undefined ? 0 : Number(match[1]) * unit;
  if (size < 1) throw invalidOption(name, text, 'It must be a size like 128MB, 64KB or 1000.');
  return size;
}
