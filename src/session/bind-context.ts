/** What the binder is told of a session. */

import type { BindContext } from '../binder/binding.ts';
import { listedPath, sessionEvaluation, temporarySchema } from './evaluation.ts';
import type { SessionContext } from './session-context.ts';

/** What the binder may know, for a statement of this session. */
export function bindContext(
  session: SessionContext,
  parameterOids: readonly number[],
): BindContext {
  const { catalog, registry, connectors, sinks, formats } = session.database;
  return {
    catalog,
    functions: registry,
    connectors,
    sinks,
    formats,
    searchPath: listedPath(session),
    temporarySchema: temporarySchema(session),
    parameterOids,
    evaluation: sessionEvaluation(session),
  };
}
