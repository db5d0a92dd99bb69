/**
 * What runs and depends on the labels of an enum, rather than on its values alone. Kept results were computed
 * with the labels of their time, so what takes them back later must meet the same labels.
 */

import type { Catalog } from '../catalog/catalog.ts';
import type { CatalogObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import { someExpr } from '../expr/walk.ts';
import { expressionsOf } from '../plan/children.ts';
import { mapPlanDeep } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { enumsIn } from '../types/enum-types.ts';
import type { SqlType } from '../types/sql-type.ts';
import { bindScalarSql } from './bind-scalar.ts';
import { bindStoredSink } from './bind-sink.ts';
import { bindViewQuery } from './bind-view-query.ts';
import type { BindContext } from './binding.ts';

/** A label is added: texts become values, and enum_last and its kind give another answer. Renamed: texts change too. */
export type LabelChange = 'add' | 'rename';

/** A source, materialized view or sink whose rows would no longer be what they were; undefined: there is none. */
export function askingLabels(
  catalog: Catalog,
  type: number,
  change: LabelChange,
  context: BindContext,
): CatalogObject | undefined {
  return catalog.objects().find((object) => {
    switch (object.kind) {
      case 'materialized-view':
        return planAsks(bindViewQuery(object, context), type, change);
      case 'sink': {
        const goesOut = object.columns.some((column) => enumsIn(column.type).includes(type));
        if (goesOut && change === 'rename') return true;
        return planAsks(bindStoredSink(object, context), type, change);
      }
      case 'table':
      case 'source': {
        const schema = object.columns.map((column) => ({ ...column, nullable: !column.notNull }));
        return object.columns.some(({ computedSql, ...target }) => {
          if (computedSql === null) return false;
          const expr = bindScalarSql(computedSql, schema, context, { target });
          return exprAsks(expr, type, change);
        });
      }
      case 'view':
      case 'index':
      case 'sequence':
      case 'type':
      case 'virtual':
        return false;
    }
  });
}

function planAsks(plan: LogicalPlan, type: number, change: LabelChange): boolean {
  let asks = false;
  mapPlanDeep(plan, (node) => {
    asks ||= expressionsOf(node).some((expr) => exprAsks(expr, type, change));
    const calls =
      node.kind === 'aggregate'
        ? node.aggregates.map(({ fn, args }) => ({ name: fn.name, args }))
        : node.kind === 'over'
          ? node.calls
          : [];
    asks ||=
      change === 'rename' &&
      calls.some(
        ({ name, args }) => name.startsWith('json') && args.some((arg) => has(arg.type, type)),
      );
    return node;
  });
  return asks;
}

function exprAsks(expr: Expr, type: number, change: LabelChange): boolean {
  return someExpr(expr, (part) => {
    switch (part.kind) {
      case 'cast':
        // Between two types with the enum in both, a value stays what it is.
        if (has(part.type, type) && !has(part.arg.type, type)) return true;
        return change === 'rename' && has(part.arg.type, type) && !has(part.type, type);
      case 'call': {
        if (!part.args.some((arg) => has(arg.type, type))) return false;
        if (part.fn.name.startsWith('enum_')) return change === 'add';
        return change === 'rename' && !has(part.type, type) && !withoutText.has(part.type.kind);
      }
      default:
        return false;
    }
  });
}

/** Results of functions in which no label can be. */
const withoutText: ReadonlySet<SqlType['kind']> = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'regtype',
]);

function has(inType: SqlType, type: number): boolean {
  return enumsIn(inType).includes(type);
}
