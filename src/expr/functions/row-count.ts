/**
 * The counts of LIMIT and OFFSET where they are computed, as prefix operators that no query can write: a count is
 * itself unless it is negative.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { types } from '../../types/sql-type.ts';
import { call1, operator } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { bigint } = types;

export function rowCountFunctions(): readonly ScalarFunction[] {
  return (
    [
      ['LIMIT', sqlstate.invalidRowCountInLimit],
      ['OFFSET', sqlstate.invalidRowCountInOffset],
    ] as const
  ).map(([clause, code]) =>
    operator(
      clause,
      [bigint],
      bigint,
      call1((count: bigint) => {
        if (count < 0n) throw new SqlError(code, `${clause} must not be negative`);
        return count;
      }),
    ),
  );
}
