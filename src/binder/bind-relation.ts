/** Tables, views and common tables in FROM. Plain views are bound anew where they are used. */

import { assert } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { PlainViewObject, RelationObject } from '../catalog/objects.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import type { CommonTables, QueryEnv } from './expr-env.ts';
import { withAlias } from './from-alias.ts';
import { plainItem, type FromResult } from './from-result.ts';
import { bindStoredText, planWithoutPositions } from './positions.ts';
import { castColumns, moveInward, visiblePlan } from './query-result.ts';
import { numberedFields, relationToRead, requireRelation } from './relation-lookup.ts';
import { depthUnder } from './scope.ts';
import { parseViewQuery } from './view-query.ts';

export function bindTable(table: ast.TableRef, env: QueryEnv): FromResult {
  if (table.systemTime !== null) {
    throw notSupported('FOR SYSTEM_TIME AS OF outside the right side of a join', {
      hint: 'Write stream JOIN table FOR SYSTEM_TIME AS OF stream.processing_time ON …',
      position: table.systemTime.span.start,
    });
  }
  return withAlias(bindNamed(table.name, env), table.alias);
}

/** A relation or common table by its name, under that name. */
export function bindNamed(name: ast.QualifiedName, env: QueryEnv): FromResult {
  const common = name.parts.length === 1 ? useCommon(name, env) : null;
  if (common !== null) return common;
  const object = relationOf(name, env);
  if (object.kind === 'source' && object.unreadable !== undefined) {
    throw notSupported(`reading table "${object.name}"`, {
      detail: object.unreadable,
      hint: 'Read what is inserted into it.',
      position: name.span.start,
    });
  }
  const plan = object.kind === 'view' ? expandView(object, env) : scan(object, env.binding);
  const columnNames =
    object.kind === 'view' ? object.columns.map((column) => column.name) : undefined;
  const item = plainItem(plan, {
    name: object.name,
    schema: object.schema,
    relation: object,
    ...(columnNames === undefined ? {} : { columnNames }),
  });
  return { plan, items: [item] };
}

function relationOf(name: ast.QualifiedName, env: QueryEnv): RelationObject {
  try {
    return requireRelation(env.binding, name);
  } catch (error) {
    const [only, ...rest] = name.parts;
    if (!(error instanceof SqlError) || only === undefined || rest.length > 0) throw error;
    for (let each = env.common; each !== null; each = each.parent) {
      if (!each.names.has(only.name)) continue;
      throw new SqlError(error.code, error.message, {
        ...error.fields,
        detail:
          `There is a WITH item named "${only.name}",` +
          ' but it cannot be referenced from this part of the query.',
        hint: 'Use WITH RECURSIVE, or re-order the WITH items to remove forward references.',
      });
    }
    throw error;
  }
}

/** All columns of a relation that there were when the query was made. */
export function scan(
  object: Exclude<RelationObject, PlainViewObject>,
  binding: Binding,
): LogicalPlan {
  const { madeAt = Infinity } = binding.context;
  const read = numberedFields(object, madeAt);
  return {
    kind: 'scan',
    relation: relationToRead(object, binding),
    columns: read.map(({ number }) => number),
    schema: read.map(({ field }) => field),
  };
}

function useCommon(name: ast.QualifiedName, env: QueryEnv): FromResult | null {
  const wanted = name.parts[0]!.name;
  for (let each: CommonTables | null = env.common; each !== null; each = each.parent) {
    const table = each.tables.get(wanted);
    if (table === undefined) continue;
    const plan = moveInward(table.plan, depthUnder(env.parent) - table.depth);
    const item = plainItem(plan, { name: wanted, schema: null, relation: null });
    return { plan, items: [item] };
  }
  return null;
}

/** Deeper chains of views are a mistake long before. */
const viewDepthMax = 100;

function expandView(view: PlainViewObject, env: QueryEnv): LogicalPlan {
  const { binding } = env;
  assert(!binding.expanding.includes(view.oid), `view ${view.name} refers to itself`);
  if (binding.expanding.length >= viewDepthMax) {
    throw new SqlError(sqlstate.statementTooComplex, 'views are nested too deeply');
  }
  const inner: QueryEnv = {
    binding: binding.forView(view),
    parent: null,
    common: null,
    binders: env.binders,
  };
  const plan = bindStoredText(() =>
    planWithoutPositions(visiblePlan(env.binders.query(parseViewQuery(view), inner))),
  );
  assert(
    plan.schema.length === view.columns.length,
    `view ${view.name} has ${view.columns.length} columns, its query ${plan.schema.length}`,
  );
  const fixed = castColumns(
    binding,
    plan,
    view.columns.map((column) => column.type),
    'assignment',
  );
  const schema = fixed.schema.map((field, i) => ({
    ...field,
    name: view.columns[i]!.name,
    origin: { relationOid: view.oid, attribute: i + 1 },
  }));
  return { ...fixed, schema };
}
