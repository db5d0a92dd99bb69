/** The sink that keeps nothing: it counts rows, of inserts and of deletes. For measuring, and for trying a query. */

import type { SinkConnector } from './sink.ts';
import { CountingWriter } from './row-counter.ts';

export const blackholeConnector: SinkConnector = {
  name: 'blackhole',
  aliases: ['discard'],
  options: [],
  formats: [],
  appendOnly: false,
  partitions: false,
  validate: () => undefined,
  create: ({ events }) => new CountingWriter(events.changed, () => undefined),
};
