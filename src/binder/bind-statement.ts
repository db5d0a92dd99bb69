/**
 * Statement → bound statement: the one dispatcher. Definitions and queries are bound in the files of their
 * family; what only the session knows passes through; what does not run yet is refused by name.
 */

import { unreachable } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { CatalogObject, MaterializedViewObject } from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import type * as ast from '../syntax/ast.ts';
import type { SqlType } from '../types/sql-type.ts';
import { bindAlter, bindComment } from './bind-alter.ts';
import { bindCopy } from './bind-copy.ts';
import { bindCreateView } from './bind-create-view.ts';
import { bindCreateSchema, bindCreateTable } from './bind-create.ts';
import { bindDrop } from './bind-drop.ts';
import { bindCreateType } from './bind-enum.ts';
import { bindCreateIndex } from './bind-index.ts';
import { bindInsert } from './bind-insert.ts';
import { bindScalar } from './bind-scalar.ts';
import { bindCreateSequence } from './bind-sequence.ts';
import { bindCreateSink, bindInsertSink } from './bind-sink.ts';
import { bindSubscribe } from './bind-subscribe.ts';
import { bindType } from './bind-type.ts';
import { bindDelete, bindTruncate, bindUpdate } from './bind-update.ts';
import { bindWholeQuery } from './bind-whole-query.ts';
import { Binding, type BindContext } from './binding.ts';
import type { Bound, BoundStatement } from './bound-statement.ts';
import { tryCoerce, typeName } from './coerce.ts';
import { explainOptions } from './explain-options.ts';
import { findRelation, requireRelation } from './relation-lookup.ts';

/** Binds one statement. Throws `SqlError`, with a position in the statement's source where there is one. */
export function bindStatement(statement: ast.Statement, context: BindContext): Bound {
  const binding = new Binding(context, 'query');
  const bound = bindOne(statement, binding);
  return {
    statement: bound,
    parameters: binding.parameters.finish(),
    notices: binding.notices,
    relations: [...binding.relations],
  };
}

/** The arguments of EXECUTE, in the types of the prepared statement's parameters. */
export function bindExecuteArguments(
  statement: ast.ExecuteStatement,
  parameterTypes: readonly SqlType[],
  context: BindContext,
): readonly Expr[] {
  const binding = new Binding(context, 'query');
  const { name } = statement.name;
  if (statement.parameters.length !== parameterTypes.length) {
    throw new SqlError(
      sqlstate.syntaxError,
      `wrong number of parameters for prepared statement "${name}"`,
      {
        detail: `Expected ${parameterTypes.length} parameters but got ${statement.parameters.length}.`,
        position: statement.span.start,
      },
    );
  }
  return statement.parameters.map((parameter, i) => {
    const type = parameterTypes[i]!;
    const expr = bindScalar(parameter, [], binding, { clause: 'EXECUTE parameters', keep: true });
    const coerced = tryCoerce(binding, expr, type, 'assignment');
    if (coerced !== null) return coerced;
    throw new SqlError(
      sqlstate.datatypeMismatch,
      `parameter $${i + 1} of type ${typeName(expr.type)} cannot be coerced to the expected type ${typeName(type)}`,
      {
        hint: 'You will need to rewrite or cast the expression.',
        position: parameter.span.start,
      },
    );
  });
}

/** The types that PREPARE names. */
export function bindPreparedTypes(
  statement: ast.PrepareStatement,
  context: BindContext,
): readonly SqlType[] {
  const binding = new Binding(context, 'query');
  return statement.types.map((type) => bindType(type, binding));
}

function bindOne(statement: ast.Statement, binding: Binding): BoundStatement {
  switch (statement.kind) {
    case 'query':
      return bindWholeQuery(statement, binding);
    case 'create-table':
      return bindCreateTable(statement, binding);
    case 'create-view':
      return bindCreateView(statement, binding);
    case 'create-sink':
      return bindCreateSink(statement, binding);
    case 'create-index':
      return bindCreateIndex(statement, binding);
    case 'create-sequence':
      return bindCreateSequence(statement, binding);
    case 'create-type':
      return bindCreateType(statement, binding);
    case 'create-schema':
      return bindCreateSchema(statement, binding);
    case 'alter':
      return bindAlter(statement, binding);
    case 'drop':
      return bindDrop(statement, binding);
    case 'comment':
      return bindComment(statement, binding);
    case 'insert':
      return bindInsertSink(statement, binding) ?? bindInsert(statement, binding);
    case 'update':
      return bindUpdate(statement, binding);
    case 'delete':
      return bindDelete(statement, binding);
    case 'truncate':
      return bindTruncate(statement, binding);
    case 'copy':
      return bindCopy(statement, binding);
    case 'subscribe':
      return bindSubscribe(statement, binding);
    case 'declare':
      return {
        kind: 'declare',
        declare: statement,
        source:
          statement.query.kind === 'query'
            ? bindWholeQuery(statement.query, binding)
            : bindSubscribe(statement.query, binding),
      };
    case 'explain': {
      const view = statement.name === null ? null : explained(binding, statement.name);
      const inner = statement.statement === null ? null : bindOne(statement.statement, binding);
      const { stage, format } = explainOptions(statement);
      return { kind: 'explain', stage, format, statement: statement.statement, inner, view };
    }
    case 'check-view':
      return { kind: 'check-view', view: requireView(statement.name, binding) };
    case 'refresh':
      return { kind: 'refresh', view: requireView(statement.name, binding) };
    case 'transaction':
    case 'set-transaction':
    case 'set':
    case 'reset':
    case 'show':
    case 'show-objects':
    case 'describe':
    case 'discard':
    case 'prepare':
    case 'execute':
    case 'deallocate':
    case 'fetch':
    case 'close':
    case 'listen':
    case 'unlisten':
    case 'notify':
    case 'maintenance':
    case 'lock':
    case 'generic':
      return { kind: 'session', statement };
    case 'create-connection':
    case 'merge':
    case 'statement-set':
      return refuse(statement);
    default:
      return unreachable(statement, 'statement');
  }
}

type Refused = ast.CreateConnection | ast.MergeStatement | ast.StatementSet;

function refuse(statement: Refused): never {
  const [what, hint] = refusals[statement.kind];
  throw notSupported(what, { hint, position: statement.span.start });
}

const refusals: Readonly<Record<Refused['kind'], readonly [what: string, hint: string]>> = {
  'create-connection': ['CREATE CONNECTION', 'Give the options in the WITH clause of the source.'],
  merge: ['MERGE', 'Use INSERT … ON CONFLICT, or UPDATE and DELETE in one transaction.'],
  'statement-set': ['EXECUTE STATEMENT SET', 'Create one materialized view for each result.'],
};

function requireView(name: ast.QualifiedName, binding: Binding): MaterializedViewObject {
  const object = requireRelation(binding, name);
  if (object.kind === 'materialized-view') return object;
  throw new SqlError(sqlstate.wrongObjectType, `"${object.name}" is not a materialized view`, {
    position: name.span.start,
  });
}

/** EXPLAIN ANALYZE shows a sink as it shows a view. */
function explained(binding: Binding, name: ast.QualifiedName): CatalogObject {
  const found = findRelation(binding, name);
  return found?.kind === 'sink' ? found : requireRelation(binding, name);
}
