/**
 * A query of WITH RECURSIVE that reads itself: the non-recursive term gives names and types, and the recursive
 * term is bound with the query's own name standing for the rows of the round before.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { commonType } from '../expr/common-type.ts';
import type { LogicalPlan, RecursionRef } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import { formatType, identicalType } from '../types/oid.ts';
import type { Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';
import { checkGroupable } from './group-by.ts';
import { castColumns, columnPosition } from './query-result.ts';
import type { RecursiveForm } from './with-references.ts';

export interface RecursiveTerms {
  readonly binding: Binding;
  readonly table: ast.CommonTable;
  readonly form: RecursiveForm;
  /** Literals of no type stay unknown. */
  readonly bind: (term: ast.QueryBody) => LogicalPlan;
  /** Makes the name of the query stand for `plan` in what is bound from now on. */
  readonly declare: (plan: LogicalPlan) => void;
  /** The columns under the names that the list gives them. */
  readonly named: (plan: LogicalPlan) => LogicalPlan;
}

export function bindRecursive(terms: RecursiveTerms): LogicalPlan {
  const { binding, form } = terms;
  const ref: RecursionRef = { name: terms.table.name.name };
  const unsettled = terms.bind(form.base);
  const wanted = unsettled.schema.map((field) => columnType(field.type));
  const base = castColumns(binding, unsettled, wanted);
  const schema: Schema = terms.named(base).schema.map((field, i) => ({
    name: field.name,
    type: wanted[i]!,
    nullable: true,
  }));
  terms.declare({ kind: 'self', ref, schema });
  const step = terms.bind(form.step);
  const position = columnPosition(step, 0);
  if (step.schema.length !== schema.length) {
    throw new SqlError(
      sqlstate.syntaxError,
      'each UNION query must have the same number of columns',
      { position },
    );
  }
  const overalls = unsettled.schema.map((field, i) =>
    commonType([field.type, step.schema[i]!.type], 'UNION', columnPosition(step, i)),
  );
  // A literal that does not even read as the other term's type is the nearer mistake.
  castColumns(binding, unsettled, overalls);
  wanted.forEach((type, i) => {
    const overall = overalls[i]!;
    if (identicalType(overall, type)) return;
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `recursive query "${ref.name}" column ${i + 1} has type ${formatType(type)}` +
        ` in non-recursive term but type ${formatType(overall)} overall`,
      {
        hint: 'Cast the output of the non-recursive term to the correct type.',
        position: columnPosition(base, i) ?? columnPosition(unsettled, i),
      },
    );
  });
  if (!form.all) {
    schema.forEach((field, index) => {
      checkGroupable(
        binding,
        { kind: 'column', index, type: field.type },
        columnPosition(base, index),
      );
    });
  }
  return {
    kind: 'recursion',
    ref,
    all: form.all,
    base,
    step: castColumns(binding, step, wanted),
    schema,
  };
}

/** What the query calls a column's type; of a NUMERIC without a scale of its own no scale is known. */
function columnType(type: SqlType): SqlType {
  if (type.kind === 'unknown') return types.text;
  return type.kind === 'numeric' && type.precision === null ? types.numeric : type;
}
