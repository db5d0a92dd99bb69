/** DEFAULT of a column: a value without columns, or the next value of a sequence. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { parseQualifiedName } from '../catalog/names.ts';
import type { ColumnDefinition } from '../catalog/objects.ts';
import { nextValueSql } from '../catalog/sequences.ts';
import { sequenceCalls } from '../expr/functions/sequence.ts';
import { someExpr } from '../expr/walk.ts';
import type * as ast from '../syntax/ast.ts';
import { bindScalar } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import { storedExpression } from './stored-sql.ts';

/** The column with that default, which is checked and kept as text. */
export function withDefaultOf(
  column: ColumnDefinition,
  expression: ast.Expression,
  columns: readonly ColumnDefinition[],
  binding: Binding,
): ColumnDefinition {
  const position = expression.span.start;
  const bound = bindScalar(expression, columns, binding, {
    clause: 'DEFAULT expressions',
    target: column,
  });
  if (someExpr(bound, (part) => part.kind === 'column')) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'cannot use column reference in DEFAULT expression',
      { position },
    );
  }
  const plain = withoutDefault(column);
  if (!someExpr(bound, (part) => part.kind === 'call' && sequenceCalls.has(part.fn.name))) {
    return { ...plain, defaultSql: storedExpression(expression, binding) };
  }
  const sequence = sequenceOf(expression, binding);
  return { ...plain, defaultSql: nextValueSql(sequence), sequence };
}

export function withoutDefault(column: ColumnDefinition): ColumnDefinition {
  const { sequence: _sequence, ...plain } = column;
  return { ...plain, defaultSql: null };
}

/** The sequence of `nextval('name')`, found now, so that neither a search path nor a new name changes it. */
function sequenceOf(expression: ast.Expression, binding: Binding): number {
  const position = expression.span.start;
  const name = nextvalArgument(expression);
  if (name === null) {
    throw notSupported('a sequence inside of a larger DEFAULT expression', {
      hint: "Make the default nextval('name') alone.",
      position,
    });
  }
  const parts = parseQualifiedName(name);
  const [relation, schema] = [parts.at(-1)!, parts.at(-2)];
  const found =
    schema === undefined
      ? binding.catalog.findInPath(binding.path(), relation)
      : binding.catalog.find(schema, relation);
  if (found === undefined) {
    throw new SqlError(sqlstate.undefinedTable, `relation "${name}" does not exist`, { position });
  }
  if (found.kind !== 'sequence') {
    throw new SqlError(sqlstate.wrongObjectType, `"${found.name}" is not a sequence`, { position });
  }
  return found.oid;
}

/** The text in `nextval('text')` or `nextval('text'::regclass)`; null for anything else. */
function nextvalArgument(expression: ast.Expression): string | null {
  if (expression.kind !== 'call' || expression.name.parts.at(-1)!.name !== 'nextval') return null;
  let argument = expression.arguments[0]?.value;
  while (argument?.kind === 'cast') argument = argument.operand;
  return argument?.kind === 'string' ? argument.value : null;
}
