/**
 * The file connector: a file, a directory or a pattern (`*.jsonl`), records as lines or CSV. Each file is
 * a partition and its positions are byte positions of record starts. Files are watched by asking for
 * their size at intervals; new ones in a directory are taken up once. A file that shrinks, or is
 * replaced or rewritten (also while nobody reads it), stops the source with an error: the positions belong
 * to the bytes that were read.
 */

import type { OptionValues } from '../formats/options.ts';
import type { SourceConnector } from './connector.ts';
import { FileReader } from './file-reader.ts';
import type { FileOptions } from './file-reader.ts';
import { OptionReader, invalidOption, option } from './option-reading.ts';

const specs = [
  option('path', 'A file, a directory, or a pattern with * and ? in its last part.', {
    required: true,
    aliases: ['file.path'],
  }),
  option(
    'follow',
    'Whether to wait for more; false: the files as they are, then the source ends.',
    {
      type: 'boolean',
      default: 'true',
    },
  ),
  option('source.monitor-interval', 'How often files are looked at for more.', {
    aliases: ['interval', 'refresh.interval'],
    type: 'duration',
    default: '1 s',
  }),
  option('csv.header', 'CSV: whether the first record of each file names its fields.', {
    aliases: ['header'],
    type: 'boolean',
    default: 'false',
  }),
  option('csv.quote-character', 'CSV: the quote character.', { aliases: ['quote'], default: '"' }),
  option('csv.field-delimiter', 'CSV: the delimiter.', {
    aliases: ['delimiter', 'csv.delimiter'],
    default: ',',
  }),
  option('csv.escape-character', 'CSV: makes the next character ordinary.', {
    aliases: ['escape-character'],
  }),
  option('csv.disable-quote-character', 'CSV: quotes are ordinary characters.', {
    aliases: ['disable-quote-character'],
    type: 'boolean',
    default: 'false',
  }),
  option('csv.allow-comments', 'CSV: lines that begin with # are no data.', {
    aliases: ['allow-comments'],
    type: 'boolean',
    default: 'false',
  }),
  option('record.bytes', 'Longest record; longer ones go to the dead letters.', {
    type: 'integer',
    default: '16777216',
  }),
];

function readFileOptions(options: OptionValues): FileOptions {
  const reader = new OptionReader(options, specs);
  const csv = options.get('format')?.toLowerCase() === 'csv';
  if (!csv && reader.boolean('csv.header')) {
    throw invalidOption('csv.header', 'true', "It goes with format = 'csv' only.");
  }
  return {
    path: reader.required('path'),
    follow: reader.boolean('follow'),
    intervalMs: Math.max(1, reader.durationMs('source.monitor-interval') ?? 1000),
    kind: csv ? 'csv' : 'lines',
    header: reader.boolean('csv.header'),
    quote: reader.boolean('csv.disable-quote-character')
      ? -1
      : oneByte(reader, 'csv.quote-character'),
    delimiter: oneByte(reader, 'csv.field-delimiter'),
    escape:
      reader.text('csv.escape-character') === null ? -1 : oneByte(reader, 'csv.escape-character'),
    comments: csv && reader.boolean('csv.allow-comments'),
    recordBytesMax: reader.integer('record.bytes', 1, 2 ** 30)!,
  };
}

function oneByte(reader: OptionReader, name: string): number {
  const text = reader.text(name) ?? '';
  const bytes = Buffer.from(text === '\\t' ? '\t' : text, 'utf8');
  if (bytes.length !== 1) throw invalidOption(name, text, 'It must be one ASCII character.');
  return bytes[0]!;
}

export const fileConnector: SourceConnector = {
  name: 'file',
  aliases: ['filesystem'],
  options: specs,
  passThrough: [],
  needsFormat: true,
  metadata: ['file', 'partition', 'offset'],
  columns: null,
  validate: (options) => {
    readFileOptions(options);
  },
  isBounded: (options) => !readFileOptions(options).follow,
  create: (context) => new FileReader(context, readFileOptions(context.options)),
};
