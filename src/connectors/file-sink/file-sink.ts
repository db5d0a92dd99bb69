/** The file sink: rows as JSON lines, CSV or Arrow IPC files in a directory, by partitions, each row once. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { checkCsvWriting } from '../../formats/csv-encode.ts';
import { option } from '../option-reading.ts';
import type { SinkConnector, SinkFormat } from '../sink.ts';
import { FileSinkWriter } from './file-sink-writer.ts';
import { fileSinkSpecs, readFileSinkOptions } from './options.ts';

const formats: readonly SinkFormat[] = [
  {
    name: 'json',
    options: [
      option('json.timestamp-format.standard', 'How timestamps are written.', {
        type: ['SQL', 'ISO-8601'],
        default: 'SQL',
      }),
    ],
    validate: (options) => {
      const standard = options.get('json.timestamp-format.standard')?.toUpperCase() ?? 'SQL';
      if (standard === 'SQL' || standard === 'ISO-8601') return;
      throw new SqlError(
        sqlstate.invalidParameterValue,
        'json.timestamp-format.standard must be SQL or ISO-8601',
      );
    },
  },
  {
    name: 'csv',
    options: [
      option('csv.field-delimiter', 'The character between fields.', { default: ',' }),
      option('csv.quote-character', 'The character around fields.', { default: '"' }),
      option('csv.disable-quote-character', 'Never quote.', { type: 'boolean', default: 'false' }),
      option('csv.null-literal', 'The text of NULL.', { default: '' }),
    ],
    validate: checkCsvWriting,
  },
  { name: 'arrow', options: [], validate: () => undefined },
];

export const fileSinkConnector: SinkConnector = {
  name: 'file',
  aliases: ['filesystem', 'fs'],
  options: fileSinkSpecs,
  formats,
  appendOnly: true,
  partitions: true,
  validate: (options) => {
    readFileSinkOptions(options);
  },
  create: (context) => new FileSinkWriter(context, readFileSinkOptions(context.options)),
};
