/** Options that every source takes, whatever its connector. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { OptionSpec, SourceConnector } from '../connectors/connector.ts';
import { parseMillis } from './settings.ts';

const watermarkOptions: readonly OptionSpec[] = [
  {
    name: 'watermark.idle-timeout',
    aliases: ['scan.watermark.idle-timeout'],
    type: 'duration',
    required: false,
    default: null,
    secret: false,
    help: 'How long a partition that was read to its end may be silent before it no longer holds the watermark back; 0 for never. By default 30s.',
  },
  {
    name: 'watermark.max-ahead',
    aliases: [],
    type: 'duration',
    required: false,
    default: null,
    secret: false,
    help: 'A row whose event time lies further ahead of the clock does not move the watermark; 0 for no bound. By default 1h, and no bound for generators, which set their own time.',
  },
];

/** The connector with the common options beside its own. */
export function withSourceOptions(connector: SourceConnector): SourceConnector {
  return {
    ...connector,
    options: [...connector.options, ...watermarkOptions],
    validate: (options) => {
      for (const { name } of watermarkOptions) checkDuration(name, options.get(name));
      connector.validate(options);
    },
  };
}

function checkDuration(name: string, value: string | undefined): void {
  if (value === undefined || parseMillis(value) !== null) return;
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `invalid value for option "${name}": "${value}"`,
    {
      hint: 'Write a number with a unit: 500 ms, 30 s, 5 min, 1 h.',
    },
  );
}
