/** EXPLAIN at each stage. */

import { notSupported } from '../base/errors.ts';
import type { BoundExplain } from '../binder/bound-statement.ts';
import type { SessionContext } from './session-context.ts';
import type { StatementResult } from './session-api.ts';

export function explain(bound: BoundExplain, _session: SessionContext): StatementResult {
  throw notSupported(`EXPLAIN (${bound.stage})`);
}
