/**
 * The `datagen` connector: rows of any schema, each column a sequence or random within bounds, as in
 * Flink. Equal seeds give equal rows; any row can be made again from its number.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { OptionValues } from '../formats/options.ts';
import { ColumnwiseGenerator } from './column-generators.ts';
import type { SourceConnector, SourceContext } from './connector.ts';
import { datagenColumn } from './datagen-columns.ts';
import type { FieldOptions } from './datagen-columns.ts';
import { GeneratorReader } from './generator-reader.ts';
import { OptionReader, option } from './option-reading.ts';

const specs = [
  option('rows-per-second', 'Rows in a second; 0: as fast as they are taken.', {
    aliases: ['datagen.rows.per.second'],
    type: 'integer',
    default: '0',
  }),
  option('number-of-rows', 'Rows in all; without it, no end (but a sequence ends at its end).', {
    type: 'integer',
  }),
  option('seed', 'Equal seeds give equal rows.', {
    aliases: ['datagen.seed'],
    type: 'integer',
    default: '0',
  }),
];

const fieldPrefix = 'fields.';
const fieldSettings = ['kind', 'min', 'max', 'length', 'start', 'end', 'max-past', 'null-rate'];
const settingAliases = new Map([['max_past', 'max-past']]);

function createReader(context: SourceContext): GeneratorReader {
  const reader = new OptionReader(context.options, specs);
  const rate = reader.integer('rows-per-second', 0, 1_000_000_000)!;
  const seed = reader.integer('seed', -2_147_483_648, 2_147_483_647)!;
  const fields = readFields(context);
  let rowsMax = reader.integer('number-of-rows', 0);
  const columns = context.columns.map((column, ordinal) => {
    const options = fields.get(column.name) ?? new Map<string, string>();
    // Without a pace, rows are a millisecond of event time apart.
    const rowMicros = rate === 0 ? 1000 : 1_000_000 / rate;
    const made = datagenColumn({ column, ordinal, seed, options, rowMicros });
    if (made.rowsMax !== null) rowsMax = Math.min(rowsMax ?? made.rowsMax, made.rowsMax);
    return made.column;
  });
  const generator = new ColumnwiseGenerator(columns);
  return new GeneratorReader(context, generator, {
    rowsPerSecond: rate === 0 ? null : rate,
    rowsMax,
  });
}

/** The `fields.NAME.SETTING` options by column name. */
function readFields(context: SourceContext): ReadonlyMap<string, FieldOptions> {
  const fields = new Map<string, Map<string, string>>();
  for (const [name, value] of context.options) {
    if (!name.toLowerCase().startsWith(fieldPrefix)) continue;
    const { field, setting } = splitField(name);
    const column =
      context.columns.find((each) => each.name === field) ??
      context.columns.find((each) => each.name.toLowerCase() === field.toLowerCase());
    if (column === undefined) {
      throw new SqlError(
        sqlstate.undefinedColumn,
        `option "${name}" names a column "${field}" that does not exist`,
      );
    }
    const settings = fields.get(column.name) ?? new Map<string, string>();
    settings.set(setting, value);
    fields.set(column.name, settings);
  }
  return fields;
}

function splitField(name: string): { field: string; setting: string } {
  const dot = name.lastIndexOf('.');
  const written = name.slice(dot + 1).toLowerCase();
  const setting = settingAliases.get(written) ?? written;
  if (dot < fieldPrefix.length || !fieldSettings.includes(setting)) {
    throw new SqlError(sqlstate.invalidParameterValue, `unknown option "${name}"`, {
      hint: `Columns have the settings ${fieldSettings.join(', ')}: "fields.<column>.kind".`,
    });
  }
  return { field: name.slice(fieldPrefix.length, dot), setting };
}

function validate(options: OptionValues): void {
  const reader = new OptionReader(options, specs);
  reader.integer('rows-per-second', 0, 1_000_000_000);
  reader.integer('number-of-rows', 0);
  reader.integer('seed', -2_147_483_648, 2_147_483_647);
  for (const name of options.keys()) {
    if (name.toLowerCase().startsWith(fieldPrefix)) splitField(name);
  }
}

export const datagenConnector: SourceConnector = {
  name: 'datagen',
  aliases: [],
  options: specs,
  passThrough: [fieldPrefix],
  needsFormat: false,
  metadata: ['partition', 'offset'],
  columns: null,
  validate,
  create: createReader,
};
