/** The row that a node's own expressions see: its input's columns; for a join left columns, then right. */

import type { Schema } from '../types/schema.ts';
import { children } from './children.ts';
import type { LogicalPlan } from './logical.ts';

export function inputRow(plan: LogicalPlan): Schema {
  const inputs = children(plan);
  if (plan.kind === 'join') return inputs.flatMap((input) => input.schema);
  return inputs[0]?.schema ?? [];
}
