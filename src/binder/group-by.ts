/**
 * GROUP BY: its items to keys, and ROLLUP, CUBE and GROUPING SETS to the sets of keys that they stand for.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import { resolveOperator } from '../expr/resolve.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import { settleUnknown, typeName } from './coerce.ts';
import { sameExpr } from './same-expr.ts';
import type { SelectColumn } from './select-list.ts';

export interface Grouping {
  readonly keys: readonly Expr[];
  /** Each set lists positions in `keys`; null when every row has all keys. */
  readonly sets: readonly (readonly number[])[] | null;
}

/** PostgreSQL's limits, before anything is expanded. */
const setsMax = 4096;
const cubeMax = 12;

export interface GroupByContext {
  readonly binding: Binding;
  readonly columns: readonly SelectColumn[];
  /** Binds an expression of the clause; undefined for a plain name that FROM does not have. */
  readonly bind: (expression: ast.Expression) => Expr;
  readonly hasInputColumn: (reference: ast.ColumnRef) => boolean;
}

export function bindGroupBy(clause: ast.GroupBy, context: GroupByContext): Grouping {
  const keys: Expr[] = [];
  const keyOf = (expression: ast.Expression): number => {
    const expr = groupKey(expression, context);
    const found = keys.findIndex((key) => sameExpr(key, expr));
    return found >= 0 ? found : keys.push(expr) - 1;
  };
  const lists = clause.items.map((item) => setsOf(item, keyOf, clause.span.start));
  const plain = clause.items.every((item) => item.kind === 'grouping-expression');
  if (plain) return { keys, sets: null };
  let sets = product(lists, clause.span.start);
  if (clause.distinct) sets = withoutDuplicates(sets);
  // One set is what plain GROUP BY means; without any key, only sets tell that there is a group.
  if (sets.length === 1 && keys.length > 0 && sets[0]!.length === keys.length)
    return { keys, sets: null };
  return { keys, sets };
}

/** The sets that one element stands for. */
function setsOf(
  element: ast.GroupingElement,
  keyOf: (expression: ast.Expression) => number,
  position: number,
): readonly (readonly number[])[] {
  switch (element.kind) {
    case 'empty-grouping':
      return [[]];
    case 'grouping-expression':
      return [keysOf(element.expression, keyOf)];
    case 'rollup': {
      const parts = element.items.map((item) => keysOf(item, keyOf));
      return parts.map((_, i) => unique(parts.slice(0, parts.length - i).flat())).concat([[]]);
    }
    case 'cube': {
      if (element.items.length > cubeMax) {
        throw new SqlError('54011', `CUBE is limited to ${cubeMax} elements`, { position });
      }
      const parts = element.items.map((item) => keysOf(item, keyOf));
      return subsets(parts);
    }
    case 'grouping-sets':
      return element.sets.flatMap((each) => setsOf(each, keyOf, position));
  }
}

/** `(a, b)` is two keys together. */
function keysOf(
  expression: ast.Expression,
  keyOf: (expression: ast.Expression) => number,
): readonly number[] {
  if (expression.kind === 'row' && !expression.explicit) return unique(expression.items.map(keyOf));
  return [keyOf(expression)];
}

/** All subsets, the fullest first, in PostgreSQL's order. */
function subsets(parts: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const all: (readonly number[])[] = [];
  for (let mask = 2 ** parts.length - 1; mask >= 0; mask--) {
    const bit = (i: number): number => 2 ** (parts.length - 1 - i);
    all.push(unique(parts.flatMap((part, i) => (Math.floor(mask / bit(i)) % 2 === 1 ? part : []))));
  }
  return all;
}

/** GROUP BY a, ROLLUP (b): each set of the one with each of the other. */
function product(
  lists: readonly (readonly (readonly number[])[])[],
  position: number,
): readonly (readonly number[])[] {
  let sets: readonly (readonly number[])[] = [[]];
  for (const list of lists) {
    if (sets.length * list.length > setsMax) {
      throw new SqlError(
        sqlstate.statementTooComplex,
        `too many grouping sets present (maximum ${setsMax})`,
        { position },
      );
    }
    sets = sets.flatMap((set) => list.map((other) => unique([...set, ...other])));
  }
  return sets;
}

function unique(keys: readonly number[]): readonly number[] {
  return [...new Set(keys)];
}

function withoutDuplicates(sets: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const seen = new Set<string>();
  return sets.filter((set) => {
    const key = [...set].sort((a, b) => a - b).join(',');
    return !seen.has(key) && seen.add(key);
  });
}

/** A key: a position in the select list, a name (of FROM before the select list), or an expression. */
function groupKey(expression: ast.Expression, context: GroupByContext): Expr {
  const expr = settleUnknown(context.binding, findKey(expression, context));
  checkGroupable(context.binding, expr, expression.span.start);
  return expr;
}

function findKey(expression: ast.Expression, context: GroupByContext): Expr {
  const position = expression.span.start;
  if (expression.kind === 'number') {
    const column = columnAt(expression, context.columns, 'GROUP BY');
    if (column.aggregated) {
      throw new SqlError(
        sqlstate.groupingError,
        'aggregate functions are not allowed in GROUP BY',
        { position: column.expr.at },
      );
    }
    return column.expr;
  }
  if (expression.kind === 'string' || expression.kind === 'boolean') {
    throw new SqlError(sqlstate.syntaxError, 'non-integer constant in GROUP BY', { position });
  }
  const [only] = expression.kind === 'column' ? expression.parts : [];
  if (
    expression.kind === 'column' &&
    expression.parts.length === 1 &&
    !context.hasInputColumn(expression)
  ) {
    const named = context.columns.filter((column) => column.name === only!.name);
    const distinct = named.filter((column, i) => i === 0 || !sameExpr(column.expr, named[0]!.expr));
    if (distinct.length > 1) {
      throw new SqlError(sqlstate.ambiguousColumn, `GROUP BY "${only!.name}" is ambiguous`, {
        position,
      });
    }
    if (named[0] !== undefined) {
      if (named[0].aggregated) {
        throw new SqlError(
          sqlstate.groupingError,
          'aggregate functions are not allowed in GROUP BY',
          { position: named[0].expr.at },
        );
      }
      return named[0].expr;
    }
  }
  return context.bind(expression);
}

/** `GROUP BY 2`, `ORDER BY 2`: 42P10 for a position that is not there. */
export function columnAt(
  literal: ast.NumberLiteral,
  columns: readonly SelectColumn[],
  clause: string,
): SelectColumn {
  const position = literal.span.start;
  if (!/^-?\d+$/.test(literal.text)) {
    throw new SqlError(sqlstate.syntaxError, `non-integer constant in ${clause}`, { position });
  }
  const column = columns[Number(literal.text) - 1];
  if (column !== undefined) return column;
  throw new SqlError(
    sqlstate.invalidColumnReference,
    `${clause} position ${literal.text} is not in select list`,
    { position },
  );
}

/** 42883 for a type without equality, such as json. */
export function checkGroupable(binding: Binding, expr: Expr, position?: number): void {
  try {
    resolveOperator(binding.functions, '=', expr.type, expr.type, position);
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== sqlstate.undefinedFunction) throw error;
    throw new SqlError(
      sqlstate.undefinedFunction,
      `could not identify an equality operator for type ${typeName(expr.type)}`,
      { position },
    );
  }
}
