/**
 * Statements as the catalog keeps them: names of relations with their schemas, so that a later search path
 * changes nothing, and values of secret options left out.
 */

import type { CatalogObject } from '../catalog/objects.ts';
import type { OptionSpec } from '../connectors/connector.ts';
import { printQuery, printStatement } from '../syntax/print.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';

/** A view's query with every relation's full name. */
export function storedQuery(query: ast.Query, binding: Binding): string {
  return printQuery(qualifyNames(query, binding.named) as ast.Query);
}

/** A CREATE statement under its full name, without secrets. */
export function storedStatement(
  statement: ast.CreateTable | ast.CreateView,
  name: { readonly schema: string; readonly name: string },
  binding: Binding,
  specs: readonly OptionSpec[] = [],
): string {
  const options = statement.options.map((option) => withoutSecret(option, specs));
  const named = { ...statement, options, name: fullName(name, statement.name.span) };
  return printStatement(qualifyNames(named, binding.named) as ast.Statement);
}

const secretNames = /password|secret|token|jaas|credential|private.?key|keystore|truststore/i;

function withoutSecret(option: ast.Option, specs: readonly OptionSpec[]): ast.Option {
  const name = option.name.toLowerCase();
  const spec = specs.find((each) => each.name === name || each.aliases.includes(name));
  const secret = spec?.secret ?? secretNames.test(name);
  if (!secret || option.value === null) return option;
  return { ...option, value: { ...option.value, kind: 'string', text: '***', items: [] } };
}

/** The tree with names of catalog objects replaced; everything else is shared. */
export function qualifyNames(
  node: unknown,
  named: ReadonlyMap<ast.QualifiedName, CatalogObject>,
): unknown {
  if (Array.isArray(node)) return mapSame(node, (item) => qualifyNames(item, named));
  if (typeof node !== 'object' || node === null) return node;
  const object = named.get(node as ast.QualifiedName);
  if (object !== undefined) return fullName(object, (node as ast.QualifiedName).span);
  const entries = Object.entries(node);
  const changed = mapSame(entries, (entry) => {
    const value = qualifyNames(entry[1], named);
    return value === entry[1] ? entry : ([entry[0], value] as [string, unknown]);
  });
  return changed === entries ? node : Object.fromEntries(changed);
}

function fullName(
  object: { readonly schema: string; readonly name: string },
  span: ast.Span,
): ast.QualifiedName {
  const part = (name: string): ast.Identifier => ({ name, quoted: true, spelling: name, span });
  return { kind: 'name', parts: [part(object.schema), part(object.name)], span };
}

function mapSame<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = list.map(change);
  return changed.every((item, i) => item === list[i]) ? list : changed;
}
