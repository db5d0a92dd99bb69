/**
 * The sink that writes each change into the server's log: `+I[1, a]` for a row that comes, `-D[1, a]` for one
 * that goes. After a crash, changes since the last checkpoint are printed again.
 */

import type { Batch } from '../types/batch.ts';
import { readRows } from '../types/column-access.ts';
import { formatText } from '../types/text-io.ts';
import { option } from './option-reading.ts';
import type { SinkConnector, SinkContext } from './sink.ts';
import { CountingWriter } from './row-counter.ts';

export const printConnector: SinkConnector = {
  name: 'print',
  aliases: [],
  options: [option('print-identifier', 'A text before each row.')],
  formats: [],
  appendOnly: false,
  partitions: false,
  validate: () => undefined,
  create: (context) =>
    new CountingWriter(context.events.changed, (batch) => {
      printBatch(batch, context);
    }),
};

function printBatch(batch: Batch, context: SinkContext): void {
  const types = context.columns.map((column) => column.type);
  const identifier = context.options.get('print-identifier');
  const prefix = identifier === undefined || identifier === '' ? '' : `${identifier}> `;
  for (const { row, weight } of readRows(batch, types)) {
    const cells = row.map((value, index) =>
      value === null ? 'NULL' : formatText(value, types[index]!, { timeZone: 'UTC' }),
    );
    const line = `${prefix}${weight > 0 ? '+I' : '-D'}[${cells.join(', ')}]`;
    for (let copy = Math.abs(weight); copy > 0; copy--) {
      context.environment.log.info(line, { sink: context.sink });
    }
  }
}
