/** UNION, INTERSECT and EXCEPT: columns brought to common types, names from the left. */

import { SqlError, sqlstate } from '../base/errors.ts';
import { commonType } from '../expr/common-type.ts';
import { isUnknown, withoutModifiers } from '../expr/type-category.ts';
import type { LogicalPlan, UnionPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field, Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';
import { checkGroupable } from './group-by.ts';
import { castColumns, columnPosition } from './query-result.ts';

export function bindSetOperation(
  operation: ast.SetOperation,
  binding: Binding,
  bindSide: (side: ast.QueryBody) => LogicalPlan,
): LogicalPlan {
  const left = bindSide(operation.left);
  const right = bindSide(operation.right);
  const word = operation.operator.toUpperCase();
  const position = columnPosition(right, 0);
  if (left.schema.length !== right.schema.length) {
    throw new SqlError(
      sqlstate.syntaxError,
      `each ${word} query must have the same number of columns`,
      { position },
    );
  }
  const wanted = left.schema.map((field, i) => {
    const both = [field.type, right.schema[i]!.type];
    const type = commonType(both, word, columnPosition(right, i));
    // An untyped constant is not cut to the length or scale of the other side.
    return both.some(isUnknown) ? withoutModifiers(type) : type;
  });
  const sides = [left, right].map((side) => castColumns(binding, side, wanted)) as [
    LogicalPlan,
    LogicalPlan,
  ];
  const schema = resultSchema(sides[0].schema, sides[1].schema, wanted);
  if (!operation.all) {
    schema.forEach((field, index) => {
      checkGroupable(binding, { kind: 'column', index, type: field.type }, position);
    });
  }
  if (operation.operator !== 'union') {
    const [a, b] = sides;
    const { all, operator: op } = operation;
    return { kind: 'set', op, all, left: a, right: b, schema };
  }
  const union: UnionPlan = { kind: 'union', inputs: flatten(sides), schema };
  return operation.all ? union : { kind: 'distinct', input: union, schema };
}

/** UNION ALL of a UNION ALL is one node. */
function flatten(sides: readonly LogicalPlan[]): readonly LogicalPlan[] {
  const [first, ...rest] = sides;
  return first?.kind === 'union' ? [...first.inputs, ...rest] : sides;
}

/** Names from the left; a time attribute only where both sides have it; no column of a relation. */
function resultSchema(left: Schema, right: Schema, wanted: readonly SqlType[]): Schema {
  return left.map((field, i): Field => {
    const other = right[i]!;
    const base = {
      name: field.name,
      type: wanted[i]!,
      nullable: field.nullable || other.nullable,
    };
    return field.time !== undefined && field.time === other.time
      ? { ...base, time: field.time }
      : base;
  });
}
