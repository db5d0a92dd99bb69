/**
 * CREATE VIEW and MATERIALIZED VIEW: the query bound as a definition, which means the same in every session and
 * after a restart, and the columns it gives.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { isTemporarySchema } from '../catalog/catalog.ts';
import type { ViewColumn } from '../catalog/objects.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import { checkColumnNames, createMode } from './bind-create.ts';
import { optionText } from './bind-options.ts';
import { bindWholeQuery } from './bind-whole-query.ts';
import { Binding } from './binding.ts';
import type { BoundCreateMaterializedView, BoundCreateView } from './bound-statement.ts';
import { renameColumns, withoutHidden } from './query-result.ts';
import { nameForCreation } from './relation-lookup.ts';
import { storedQuery, storedStatement } from './stored-sql.ts';
import { checkViewPlan } from './view-limits.ts';
import { noticeZone } from './zone-notice.ts';

export function bindCreateView(
  statement: ast.CreateView,
  binding: Binding,
): BoundCreateView | BoundCreateMaterializedView {
  if (statement.recursive) {
    throw notSupported('a recursive view', { position: statement.span.start });
  }
  if (statement.checkOption !== null) {
    throw notSupported('WITH CHECK OPTION', {
      hint: 'Views cannot be written to.',
      position: statement.span.start,
    });
  }
  return statement.materialized
    ? bindMaterializedView(statement, binding)
    : bindPlainView(statement, binding);
}

function bindPlainView(statement: ast.CreateView, binding: Binding): BoundCreateView {
  const name = nameForCreation(binding, statement.name, statement.temporary);
  const mode = createMode(statement, name, binding);
  const inner = definitionBinding(binding, 'view');
  const query = bindWholeQuery(statement.query, inner);
  refuseParameters(inner);
  if (!statement.temporary && temporaryNames(inner).length > 0) {
    const shown = statement.name.parts.at(-1)!.name;
    binding.notice(`view "${shown}" will be a temporary view`);
    return bindPlainView({ ...statement, temporary: true }, binding);
  }
  const plan = withoutHidden(query);
  return {
    kind: 'create-view',
    ...mode,
    object: {
      kind: 'view',
      ...name,
      columns: viewColumns(statement, plan.schema),
      querySql: storedQuery(statement.query, inner),
      dependsOn: [...inner.relations],
      temporary: statement.temporary,
      comment: statement.comment,
      sql: storedStatement(statement, name, inner),
    },
  };
}

function bindMaterializedView(
  statement: ast.CreateView,
  binding: Binding,
): BoundCreateMaterializedView {
  if (statement.withData === false) {
    throw notSupported('WITH NO DATA', {
      hint: 'A materialized view always holds its rows.',
      position: statement.span.start,
    });
  }
  const name = nameForCreation(binding, statement.name, statement.temporary);
  const mode = createMode(statement, name, binding);
  const inner = definitionBinding(binding, 'materialized view');
  const query = bindWholeQuery(statement.query, inner);
  if (temporaryNames(inner).length > 0) {
    throw notSupported('a materialized view of a temporary view', {
      detail: `It would outlive view "${temporaryNames(inner)[0]}", which goes with its session.`,
      hint: 'Create the view without TEMPORARY.',
      position: statement.query.span.start,
    });
  }
  checkViewPlan(query.plan, statement.query.span.start);
  const visible = withoutHidden(query);
  const columns = viewColumns(statement, visible.schema);
  const plan: LogicalPlan = renameColumns(
    visible,
    columns.map((column) => column.name),
  );
  if (!mode.skip) noticeZone('materialized view', name.name, plan, binding);
  return {
    kind: 'create-materialized-view',
    ...mode,
    plan,
    options: new Map(statement.options.map((each) => [each.name, optionText(each, binding)])),
    object: {
      kind: 'materialized-view',
      ...name,
      columns,
      querySql: storedQuery(statement.query, inner),
      dependsOn: [...inner.relations],
      emit: query.emit,
      comment: statement.comment,
      sql: storedStatement(statement, name, inner),
    },
  };
}

/**
 * Views read text constants in UTC, whatever the session's time zone is, so that they mean the same after a
 * restart; and they take no parameters.
 */
function definitionBinding(binding: Binding, purpose: 'view' | 'materialized view'): Binding {
  const evaluation = { ...binding.evaluation, timeZone: 'UTC' };
  const inner = new Binding({ ...binding.context, evaluation, parameterOids: [] }, purpose);
  return inner;
}

/** Temporary views that the query names itself. */
function temporaryNames(binding: Binding): readonly string[] {
  return [...binding.relations].flatMap((oid) => {
    const object = binding.catalog.byOid(oid);
    return object !== undefined && isTemporarySchema(object.schema) ? [object.name] : [];
  });
}

/** A view has no parameters of its own; 42P02 as in PostgreSQL. */
function refuseParameters(binding: Binding): void {
  if (binding.parameters.count === 0) return;
  throw new SqlError(sqlstate.undefinedParameter, 'there is no parameter $1');
}

function viewColumns(statement: ast.CreateView, schema: Schema): readonly ViewColumn[] {
  const names = checkColumnNames(
    statement.columns,
    schema,
    'CREATE VIEW specifies more column names than columns',
  );
  const seen = new Set<string>();
  return schema.map((field, i) => {
    const name = names[i]!;
    if (seen.has(name)) {
      throw new SqlError(sqlstate.duplicateColumn, `column "${name}" specified more than once`, {
        position: statement.name.span.start,
      });
    }
    seen.add(name);
    const { type, nullable, time } = field;
    return { name, type, nullable, comment: null, ...(time === undefined ? {} : { time }) };
  });
}
