/**
 * Statements as the catalog keeps them: names of relations with their schemas, so that a later search path
 * changes nothing, stars as the columns they stand for, and values of secret options left out.
 */

import type { OptionSpec } from '../connectors/connector.ts';
import { printExpression, printQuery, printStatement } from '../syntax/print.ts';
import { hasSecret, hiddenText, isSecretName } from '../syntax/secrets.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import { writtenFullName } from './written-name.ts';

/** A view's query with every relation's full name. */
export function storedQuery(query: ast.Query, binding: Binding): string {
  return printQuery(writtenOut(query, binding) as ast.Query);
}

/** An expression with the full names of types. Bind it first. */
export function storedExpression(expression: ast.Expression, binding: Binding): string {
  return printExpression(writtenOut(expression, binding) as ast.Expression);
}

/** A CREATE statement under its full name, without secrets. */
export function storedStatement(
  statement: ast.CreateTable | ast.CreateView | ast.CreateSink,
  name: { readonly schema: string; readonly name: string },
  binding: Binding,
  specs: readonly OptionSpec[] = [],
): string {
  const hide = (options: readonly ast.Option[]): readonly ast.Option[] =>
    options.map((option) => withoutSecret(option, specs));
  const named = {
    ...statement,
    options: hide(statement.options),
    ...('format' in statement && statement.format !== null
      ? {
          format: {
            ...statement.format,
            options: hide(statement.format.options),
            keyOptions: hide(statement.format.keyOptions),
          },
        }
      : {}),
    name: writtenFullName(name, statement.name.span),
  };
  return printStatement(writtenOut(named, binding) as ast.Statement);
}

function withoutSecret(option: ast.Option, specs: readonly OptionSpec[]): ast.Option {
  const name = option.name.toLowerCase();
  const spec = specs.find((each) => each.name === name || each.aliases.includes(name));
  if (option.value === null) return option;
  const secret = spec?.secret ?? isSecretName(name);
  if (!secret && !hasSecret(option.value.text)) return option;
  return { ...option, value: { ...option.value, kind: 'string', text: hiddenText, items: [] } };
}

/** The tree with names of catalog objects and stars written out; everything else is shared. */
export function writtenOut(node: unknown, binding: Binding): unknown {
  if (Array.isArray(node)) return writtenList(node, binding);
  if (typeof node !== 'object' || node === null) return node;
  const object = binding.named.get(node as ast.QualifiedName);
  if (object !== undefined) return writtenFullName(object, (node as ast.QualifiedName).span);
  const entries = Object.entries(node);
  const changed = mapSame(entries, (entry) => {
    const value = writtenOut(entry[1], binding);
    return value === entry[1] ? entry : ([entry[0], value] as [string, unknown]);
  });
  return changed === entries ? node : Object.fromEntries(changed);
}

function writtenList(list: readonly unknown[], binding: Binding): readonly unknown[] {
  const { stars } = binding;
  const written = list.some((item) => stars.has(item as ast.SelectItem))
    ? list.flatMap((item): readonly unknown[] => stars.get(item as ast.SelectItem) ?? [item])
    : list;
  return mapSame(written, (item) => writtenOut(item, binding));
}

function mapSame<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = list.map(change);
  return changed.every((item, i) => item === list[i]) ? list : changed;
}
