/** Temporary views go with their session. Nothing outlives them: sinks keep a copy, other views are refused. */

import { temporarySchema } from './evaluation.ts';
import type { SessionContext } from './session-context.ts';

/** Drops all that the session has made for itself. Nothing of it is stored, so nothing waits. */
export function dropTemporaryViews(session: SessionContext): void {
  const { catalog } = session.database;
  const objects = catalog.objectsIn(temporarySchema(session));
  if (objects.length === 0) return;
  catalog.drop(catalog.planDrop(objects, true, () => true));
}
