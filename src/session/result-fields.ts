/** The columns that a statement's result will have, before it has run. Null: it gives no rows. */

import type { BoundStatement } from '../binder/bound-statement.ts';
import type { Schema } from '../types/schema.ts';
import { checkViewFields } from './check-view.ts';
import { explainFields } from './explain.ts';
import { textFields } from './result-cursor.ts';
import type { SessionContext } from './session-context.ts';
import { showFields } from './show-objects.ts';

export function resultFields(bound: BoundStatement, session: SessionContext): Schema | null {
  switch (bound.kind) {
    case 'query':
    case 'subscribe':
      return bound.fields;
    case 'insert':
    case 'update':
    case 'delete':
      return bound.returning?.fields ?? null;
    case 'explain':
      return explainFields(bound);
    case 'check-view':
      return checkViewFields;
    case 'session':
      return sessionFields(bound.statement, session);
    default:
      return null;
  }
}

function sessionFields(
  statement: Extract<BoundStatement, { kind: 'session' }>['statement'],
  session: SessionContext,
): Schema | null {
  switch (statement.kind) {
    case 'show':
      if (statement.name === null) return textFields('name', 'setting', 'description');
      return textFields(session.settings.displayName(statement.name));
    case 'show-objects':
    case 'describe':
      return showFields(statement);
    case 'execute':
      return session.hasPrepared(statement.name.name)
        ? session.prepared(statement.name.name).fields
        : null;
    case 'fetch':
      return statement.move ? null : session.cursors.fieldsOf(statement.cursor.name);
    default:
      return null;
  }
}
