/** Names that the binder writes into SQL text: in quotes only where they need them. */

import type * as ast from '../syntax/ast.ts';
import { keywords } from '../syntax/tables.ts';

const plain = /^[a-z_][a-z0-9_]*$/;

/** The identifier that reads back as exactly `name`. */
export function writtenName(name: string, span: ast.Span): ast.Identifier {
  const word = keywords.get(name);
  const quoted = !plain.test(name) || (word !== undefined && word.class !== 'unreserved');
  return { name, quoted, spelling: name, span };
}

/** `schema.name` */
export function writtenFullName(
  object: { readonly schema: string; readonly name: string },
  span: ast.Span,
): ast.QualifiedName {
  const parts = [writtenName(object.schema, span), writtenName(object.name, span)];
  return { kind: 'name', parts, span };
}
