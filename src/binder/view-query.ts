/** The stored text of a view's query, parsed. */

import { assert, must } from '../base/assert.ts';
import { parseStatements } from '../syntax/parse.ts';
import type * as ast from '../syntax/ast.ts';

/** The query in `querySql`, which the binder itself has printed. */
export function parseViewQuery(view: {
  readonly name: string;
  readonly querySql: string;
}): ast.Query {
  const statements = parseStatements(view.querySql);
  assert(statements.length === 1, `view ${view.name} is not one statement`);
  const statement = must(statements[0], `query of view ${view.name}`);
  assert(statement.kind === 'query', `view ${view.name} holds a ${statement.kind} statement`);
  return statement;
}
