/** Records from columns are, byte for byte, what the row encoders give for the same values. */

import { describe, expect, it } from 'vitest';

import { ByteWriter } from '../base/bytes.ts';
import { SeededRandom } from '../base/random.ts';
import { narrowColumn } from '../types/column-access.ts';
import type { AnyColumn, Column } from '../types/column.ts';
import type { Datum } from '../types/datum.ts';
import { Decimal } from '../types/decimal.ts';
import { edgeCases } from '../types/samples.ts';
import { types, type SqlType } from '../types/sql-type.ts';
import { csvColumnsEncoder } from './csv-columns.ts';
import { csvRowEncoder } from './csv-encode.ts';
import { jsonColumnsEncoder } from './json-columns.ts';
import { encodeJsonRow } from './json-encode.ts';
import type { RecordEncoder } from './record-writer.ts';

const scaled: SqlType = { kind: 'numeric', precision: 10, scale: 2, fixedScale: 2 };

/** Every type with values that are easily written wrongly. */
const cases: readonly (readonly [SqlType, readonly Datum[]])[] = [
  ...edgeCases,
  [scaled, ['0.00', '-0.01', '12.50', '99999999.99', '-3.00'].map((text) => Decimal.parse(text))],
  [types.bigint, [9n, 10n, 99_999n, 100_000n, 9_999_999n, 10_000_000n, 2_147_483_648n, -10n]],
  [types.timestamp, [-62_135_596_800_000_000n, 253_402_300_799_999_999n, 253_402_300_800_000_000n]],
  [types.timestamp, [-62_135_596_800_000_001n, 1_500_000n, 86_399_999_999n, -1n, 100n]],
  [types.timestamptz, [0n, 1_700_000_000_123_000n, 9_223_372_036_854_775_807n]],
  [types.date, [-719_162, -719_163, 2_932_896, 2_932_897]],
  [types.text, ['a,b', '"', 'a"b"', 'x\ny', 'x\ry', 'NULL', '\\', '\t', '\u001f', '\u007f', 'ä"']],
  [types.varchar, ['abc', 'abc,', 'abcd', 'abcd"', 'abcdefg\n', ',', '€,', '-', '0', '2']],
];

function written(encoder: RecordEncoder, columns: readonly Column[], count: number): string[] {
  const write = encoder(columns);
  const out = new ByteWriter(8);
  return Array.from({ length: count }, (_, row) => {
    const start = out.length;
    try {
      write(out, row);
    } catch (error) {
      out.length = start;
      return String(error);
    }
    return Buffer.from(out.view().subarray(start)).toString('utf8');
  });
}

function expected(line: (row: readonly (Datum | null)[]) => string, rows: (Datum | null)[][]) {
  return rows.map((row) => {
    try {
      return `${line(row)}\n`;
    } catch (error) {
      return String(error);
    }
  });
}

/** Three columns of a type with its values and NULLs, as they come and as narrow as they can be. */
function forms(type: SqlType, values: readonly Datum[], random: SeededRandom) {
  const rows = Array.from({ length: 40 }, (_, index) =>
    [0, 1, 2].map((place) => {
      if (place === 1 && random.below(4) === 0) return null;
      return place === 0 ? values[index % values.length]! : values[random.below(values.length)]!;
    }),
  );
  const wide = [0, 1, 2].map((place): AnyColumn => {
    return { kind: 'any', values: rows.map((row) => row[place]!), nulls: null };
  });
  const narrow = wide.map((column) => narrowColumn(column, rows.length, type));
  return { rows, columns: [wide, narrow] as const };
}

const csvOptions: readonly (readonly (readonly [string, string])[])[] = [
  [],
  [['csv.field-delimiter', '|']],
  [['csv.field-delimiter', '\\t']],
  [['csv.field-delimiter', '-']],
  [['csv.field-delimiter', '€']],
  [['csv.quote-character', "'"]],
  [['csv.quote-character', '0']],
  [['csv.null-literal', 'NULL']],
  [['csv.null-literal', '2']],
  [['csv.null-literal', 'abc']],
  [['csv.disable-quote-character', 'true']],
];

describe.each(cases.map(([type, values]) => [type.kind, type, values] as const))(
  '%s',
  (_, type, values) => {
    const random = new SeededRandom(values.length);
    const three = [type, type, type];
    // Narrow where all values fit, and where the ones that do not are left out.
    const finite = values.filter((value) => {
      const one: AnyColumn = { kind: 'any', values: [value], nulls: null };
      return narrowColumn(one, 1, type).kind !== 'any';
    });
    const sets = [values, finite].filter((set) => set.length > 0);

    it.each(csvOptions.map((options) => [options.join(' '), options] as const))(
      'as csv %s',
      (_name, pairs) => {
        const options = new Map(pairs);
        for (const set of sets) {
          const { rows, columns } = forms(type, set, random);
          const lines = expected(csvRowEncoder(three, options), rows);
          for (const each of columns) {
            expect(written(csvColumnsEncoder(three, options), each, rows.length)).toEqual(lines);
          }
        }
      },
    );

    it.each(['SQL', 'ISO-8601'] as const)('as json, timestamps as %s', (timestamps) => {
      const keys = ['k', 'a"b', 'ä'];
      for (const set of sets) {
        const { rows, columns } = forms(type, set, random);
        const lines = expected((row) => encodeJsonRow(keys, three, row, { timestamps }), rows);
        for (const each of columns) {
          const encoder = jsonColumnsEncoder(keys, three, { timestamps });
          expect(written(encoder, each, rows.length)).toEqual(lines);
        }
      }
    });
  },
);
