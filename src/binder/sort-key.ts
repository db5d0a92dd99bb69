/** ORDER BY items as sort keys: direction, place of NULLs, and USING. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { resolveOperator } from '../expr/resolve.ts';
import type { SortKey } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import { settleUnknown, typeName } from './coerce.ts';

/** The key that orders by `expr` as `item` says. 42883 for a type without an order. */
export function sortKey(binding: Binding, item: ast.SortItem, expr: Expr): SortKey {
  const settled = settleUnknown(binding, expr);
  if (!isSortable(binding, settled)) {
    throw new SqlError(
      sqlstate.undefinedFunction,
      `could not identify an ordering operator for type ${typeName(settled.type)}`,
      {
        hint: 'Use an explicit ordering operator or modify the query.',
        position: item.expression.span.start,
      },
    );
  }
  const descending = isDescending(item);
  const nullsFirst = item.nulls === null ? descending : item.nulls === 'first';
  return { expr: settled, descending, nullsFirst };
}

/** False for a type without an order, such as json. */
export function isSortable(binding: Binding, expr: Expr): boolean {
  try {
    resolveOperator(binding.functions, '<', expr.type, expr.type);
    return true;
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== sqlstate.undefinedFunction) throw error;
    return false;
  }
}

function isDescending(item: ast.SortItem): boolean {
  if (item.using === null) return item.direction === 'desc';
  if (item.using.symbol === '<') return false;
  if (item.using.symbol === '>') return true;
  throw notSupported(`ORDER BY USING ${item.using.symbol}`, {
    hint: 'Use ASC or DESC.',
    position: item.using.span.start,
  });
}
