/** The name of a select item without an alias, as PostgreSQL derives it. */

import { SqlError } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/oid.ts';
import { bindType } from './bind-type.ts';

const unnamed = '?column?';

/** The column's name; `?column?` when the expression suggests none. */
export function columnName(expression: ast.Expression): string {
  return suggest(expression)?.name ?? unnamed;
}

/** Strong names come from columns and functions; a cast gives its type's name over a weak one only. */
interface Suggestion {
  readonly name: string;
  readonly strong: boolean;
}

const strong = (name: string): Suggestion => ({ name, strong: true });
const weak = (name: string): Suggestion => ({ name, strong: false });

function suggest(expression: ast.Expression): Suggestion | null {
  switch (expression.kind) {
    case 'column':
      return strong(expression.parts.at(-1)!.name);
    case 'field':
      return strong(expression.field.name);
    case 'call':
      return strong(expression.name.parts.at(-1)!.name);
    case 'conditional':
      return strong(expression.function);
    case 'special-value':
      return strong(expression.name);
    case 'grouping':
    case 'array':
    case 'row':
      return strong(expression.kind);
    case 'at-time-zone':
      return strong('timezone');
    case 'subscript':
      return suggest(expression.base);
    case 'collate':
      return suggest(expression.operand);
    case 'case': {
      const inner = expression.otherwise === null ? null : suggest(expression.otherwise);
      return inner?.strong === true ? inner : weak('case');
    }
    case 'cast': {
      const inner = suggest(expression.operand);
      return inner?.strong === true ? inner : ofType(expression.type);
    }
    case 'typed-literal':
      return ofType(expression.type);
    case 'interval':
      return weak('interval');
    case 'subquery':
      return ofSubquery(expression);
    default:
      return null;
  }
}

/** PostgreSQL's own name of the type; an array's is that of its elements. */
function ofType(type: ast.TypeName): Suggestion | null {
  if (type.kind === 'array-type') return ofType(type.element);
  if (type.kind !== 'named-type') return weak(type.kind.replace('-type', ''));
  try {
    return weak(typeName(bindType(type, null)));
  } catch (error) {
    // A type that a user made goes by its name.
    if (error instanceof SqlError) return weak(type.name.parts.at(-1)!.name);
    throw error;
  }
}

function ofSubquery(subquery: ast.SubqueryExpression): Suggestion | null {
  if (subquery.form !== 'scalar') return strong(subquery.form);
  let body: ast.QueryBody = subquery.query.body;
  while (body.kind === 'query' || body.kind === 'set-operation') {
    body = body.kind === 'query' ? body.body : body.left;
  }
  if (body.kind === 'values') return strong('column1');
  const item = body.kind === 'select' ? body.items[0] : undefined;
  if (item === undefined || item.expression.kind === 'star') return null;
  return strong(item.alias?.name ?? columnName(item.expression));
}
