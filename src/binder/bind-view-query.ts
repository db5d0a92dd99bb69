/** The plan of a materialized view that the catalog keeps as text: the same plan as when it was created. */

import type { MaterializedViewObject } from '../catalog/objects.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { bindWholeQuery } from './bind-whole-query.ts';
import { Binding, type BindContext } from './binding.ts';
import { renameColumns, withoutHidden } from './query-result.ts';
import { parseViewQuery } from './view-query.ts';

export function bindViewQuery(view: MaterializedViewObject, context: BindContext): LogicalPlan {
  const evaluation = { ...context.evaluation, timeZone: 'UTC' };
  const binding = new Binding(
    { ...context, evaluation, searchPath: [], parameterOids: [], madeAt: view.oid },
    'materialized view',
  );
  const query = bindWholeQuery(parseViewQuery(view), binding);
  return renameColumns(
    withoutHidden(query),
    view.columns.map((column) => column.name),
  );
}
