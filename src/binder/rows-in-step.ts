/**
 * Several set-returning functions in one select list run in step, as in PostgreSQL: row n of the result has
 * row n of each, and NULLs where one has ended before the others. Here they become one function.
 */

import type { TableFunction } from '../expr/functions/registry.ts';
import type { Datum } from '../types/datum.ts';
import type { RowsCall } from './query-level.ts';

/** One function over the arguments of all, with the columns of all. */
export function inStep(calls: readonly RowsCall[]): TableFunction {
  const members = calls.map(({ fn, args, columns }) => `${fn.id}/${args.length}/${columns.length}`);
  return {
    id: `in-step(${members.join(';')})`,
    name: calls.map((call) => call.fn.name).join(', '),
    parameters: calls.flatMap((call) => call.args.map((arg) => arg.type)),
    variadic: false,
    optional: 0,
    columns: () => calls.flatMap((call) => call.columns),
    strict: false,
    *evaluate(args, context) {
      let from = 0;
      const sources = calls.map((call) => {
        const own = args.slice(from, (from += call.args.length));
        const none = call.fn.strict && own.some((arg) => arg === null);
        const rows = none ? [] : call.fn.evaluate(own, context);
        return { rows: rows[Symbol.iterator](), width: call.columns.length };
      });
      for (;;) {
        let ended = true;
        const row: (Datum | null)[] = [];
        for (const { rows, width } of sources) {
          const next = rows.next();
          if (next.done !== true) ended = false;
          row.push(...(next.done === true ? new Array<null>(width).fill(null) : next.value));
        }
        if (ended) return;
        yield row;
      }
    },
  };
}
