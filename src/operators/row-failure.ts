/** What happens when computing a value of a row fails: NULL and a report in views, the error itself ad hoc. */

import { evaluationError, SqlError } from '../base/errors.ts';
import type { OperatorContext, OperatorCounters, RowError } from '../dataflow/operator.ts';
import type { Datum } from '../types/datum.ts';

export interface FailureSite {
  readonly context: OperatorContext;
  readonly counters: OperatorCounters;
  readonly values: readonly (Datum | null)[];
  readonly weight: number;
  /** What the values are, where they are not the operator's input: keys of a group. */
  readonly columns?: NonNullable<RowError['columns']>;
}

/** The value of `run`; on a SqlError NULL with a row error, or the error where errors are thrown. */
export function evaluateOr(run: () => Datum | null, site: FailureSite): Datum | null {
  try {
    return run();
  } catch (thrown) {
    const error = evaluationError(thrown);
    if (!(error instanceof SqlError)) throw error;
    reportFailure(error, site);
    return null;
  }
}

/** Reports a row error, or throws it in ad-hoc queries. */
export function reportFailure(error: SqlError, site: FailureSite): void {
  const { rowError } = site.context;
  if (rowError === null) throw error;
  site.counters.rowsFailed++;
  const { values, weight, columns } = site;
  const failure = { code: error.code, message: error.message, values, weight };
  rowError(columns === undefined ? failure : { ...failure, columns });
}
