/**
 * The smallest pieces of printed SQL: names, literals, lists, options. Also the interface by which the
 * printers of the families call each other.
 */

import type {
  Expression,
  Identifier,
  Option,
  OptionValue,
  QualifiedName,
  Query,
  Statement,
  TypeName,
} from './ast.ts';
import { unreachable } from '../base/assert.ts';
import { keywords } from './tables.ts';

export interface Printers {
  readonly expression: (node: Expression) => string;
  readonly query: (node: Query) => string;
  readonly type: (node: TypeName) => string;
  readonly statement: (node: Statement) => string;
}

export function printIdentifier(identifier: Identifier): string {
  return identifier.quoted ? quoteName(identifier.name) : identifier.spelling;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function printName(name: QualifiedName): string {
  return printParts(name.parts);
}

export function printParts(parts: readonly Identifier[]): string {
  return parts.map(printIdentifier).join('.');
}

export function printString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** `(a, b)` */
export function printNames(names: readonly Identifier[]): string {
  return `(${names.map(printIdentifier).join(', ')})`;
}

/** The pieces that are there, parted by blanks. */
export function words(...pieces: readonly (string | null | false)[]): string {
  return pieces.filter((piece) => piece !== null && piece !== false && piece !== '').join(' ');
}

/** `prefix text`, or nothing when there is nothing to print. */
export function optional<T>(prefix: string, value: T | null, print: (value: T) => string): string {
  return value === null ? '' : `${prefix} ${print(value)}`;
}

const plainName = /^[a-z_][a-z_0-9$]*(\.[a-z_][a-z_0-9$]*)*$/;

export function printOptionName(name: string): string {
  return isPlain(name) ? name : printString(name);
}

/** Whether the name can stand without quotes anywhere. */
function isPlain(name: string): boolean {
  const keyword = keywords.get(/^[^.]*/.exec(name)![0]);
  return plainName.test(name) && (keyword === undefined || keyword.class === 'unreserved');
}

/** `(a = 'x', b = 1)` */
export function printOptions(options: readonly Option[]): string {
  const items = options.map(({ name, value }) =>
    value === null
      ? printOptionName(name)
      : `${printOptionName(name)} = ${printOptionValue(value)}`,
  );
  return `(${items.join(', ')})`;
}

/** `(format csv, header)`: as COPY and EXPLAIN have them. */
export function printBareOptions(options: readonly Option[]): string {
  const items = options.map(({ name, value }) =>
    value === null ? printOptionName(name) : `${printOptionName(name)} ${printOptionValue(value)}`,
  );
  return `(${items.join(', ')})`;
}

export function printWithOptions(options: readonly Option[]): string {
  return options.length === 0 ? '' : `WITH ${printOptions(options)}`;
}

export function printOptionValue(value: OptionValue): string {
  switch (value.kind) {
    case 'string':
      return printString(value.text);
    case 'number':
    case 'interval':
      return value.text;
    case 'word':
      return printWord(value.text);
    case 'secret':
      return `SECRET ${printWord(value.text)}`;
    case 'list':
      return value.text === '*' ? '*' : `(${value.items.map(printItem).join(', ')})`;
    default:
      return unreachable(value.kind);
  }
}

function printWord(text: string): string {
  return plainName.test(text) ? text : quoteName(text);
}

function printItem(text: string): string {
  return plainName.test(text) ? text : printString(text);
}
