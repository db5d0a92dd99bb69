/**
 * INSERT, UPDATE, DELETE, MERGE and COPY → SQL text.
 */

import type {
  Assignment,
  CopyStatement,
  DeleteStatement,
  InsertStatement,
  MergeBranch,
  MergeStatement,
  OnConflict,
  SelectItem,
  UpdateStatement,
} from './ast.ts';
import { unreachable } from '../base/assert.ts';
import type { DefinitionPrinter } from './print-define.ts';
import type { ExpressionPrinter } from './print-expression.ts';
import type { QueryPrinter } from './print-query.ts';
import {
  optional,
  printBareOptions,
  printIdentifier,
  printName,
  printNames,
  printString,
  words,
  type Printers,
} from './print-words.ts';

export class ChangePrinter {
  readonly #printers: Printers;
  readonly #expressions: ExpressionPrinter;
  readonly #queries: QueryPrinter;
  readonly #definitions: DefinitionPrinter;

  constructor(
    printers: Printers,
    expressions: ExpressionPrinter,
    queries: QueryPrinter,
    definitions: DefinitionPrinter,
  ) {
    this.#printers = printers;
    this.#expressions = expressions;
    this.#queries = queries;
    this.#definitions = definitions;
  }

  insert(node: InsertStatement): string {
    return words(
      node.with && this.#queries.with(node.with),
      node.overwrite ? 'INSERT OVERWRITE' : 'INSERT INTO',
      printName(node.table),
      optional('AS', node.alias, printIdentifier),
      node.columns && printNames(node.columns),
      printOverriding(node.overriding),
      node.source === null ? 'DEFAULT VALUES' : this.#printers.query(node.source),
      node.onConflict && this.#conflict(node.onConflict),
      this.#returning(node.returning),
    );
  }

  #conflict(node: OnConflict): string {
    const e = this.#expressions;
    return words(
      'ON CONFLICT',
      node.target.length > 0 && this.#definitions.indexElements(node.target),
      optional('WHERE', node.targetWhere, (where) => e.print(where)),
      optional('ON CONSTRAINT', node.constraint, printIdentifier),
      node.action === 'nothing' ? 'DO NOTHING' : `DO UPDATE ${this.#assignments(node.assignments)}`,
      optional('WHERE', node.where, (where) => e.print(where)),
    );
  }

  #assignments(assignments: readonly Assignment[]): string {
    const items = assignments.map(({ columns, value, multiple }) => {
      const target = multiple ? printNames(columns) : printIdentifier(columns[0]!);
      return `${target} = ${this.#expressions.print(value)}`;
    });
    return `SET ${items.join(', ')}`;
  }

  #returning(items: readonly SelectItem[] | null): string {
    return items === null ? '' : `RETURNING ${this.#queries.items(items)}`;
  }

  update(node: UpdateStatement): string {
    return words(
      node.with && this.#queries.with(node.with),
      'UPDATE',
      this.#target(node),
      this.#assignments(node.assignments),
      node.from.length > 0 && `FROM ${this.#queries.fromList(node.from)}`,
      optional('WHERE', node.where, (where) => this.#expressions.print(where)),
      this.#returning(node.returning),
    );
  }

  #target(node: UpdateStatement | DeleteStatement | MergeStatement): string {
    const alias = optional('AS', node.alias, printIdentifier);
    return words(node.only && 'ONLY', printName(node.table), alias);
  }

  delete(node: DeleteStatement): string {
    return words(
      node.with && this.#queries.with(node.with),
      'DELETE FROM',
      this.#target(node),
      node.using.length > 0 && `USING ${this.#queries.fromList(node.using)}`,
      optional('WHERE', node.where, (where) => this.#expressions.print(where)),
      this.#returning(node.returning),
    );
  }

  merge(node: MergeStatement): string {
    return words(
      node.with && this.#queries.with(node.with),
      'MERGE INTO',
      this.#target(node),
      `USING ${this.#queries.from(node.source)}`,
      `ON ${this.#expressions.print(node.on)}`,
      ...node.branches.map((branch) =>
        words(
          branch.matched ? 'WHEN MATCHED' : 'WHEN NOT MATCHED',
          optional('AND', branch.condition, (condition) => this.#expressions.print(condition)),
          `THEN ${this.#mergeAction(branch.action)}`,
        ),
      ),
    );
  }

  #mergeAction(action: MergeBranch['action']): string {
    switch (action.kind) {
      case 'merge-nothing':
        return 'DO NOTHING';
      case 'merge-delete':
        return 'DELETE';
      case 'merge-update':
        return `UPDATE ${this.#assignments(action.assignments)}`;
      case 'merge-insert':
        return words(
          'INSERT',
          action.columns && printNames(action.columns),
          printOverriding(action.overriding),
          action.values === null
            ? 'DEFAULT VALUES'
            : `VALUES (${this.#expressions.list(action.values)})`,
        );
      default:
        return unreachable(action);
    }
  }

  copy(node: CopyStatement): string {
    return words(
      'COPY',
      node.table && printName(node.table),
      node.columns && printNames(node.columns),
      node.query && `(${this.#printers.statement(node.query)})`,
      node.direction.toUpperCase(),
      printPlace(node),
      node.options.length > 0 && `WITH ${printBareOptions(node.options)}`,
      optional('WHERE', node.where, (where) => this.#expressions.print(where)),
    );
  }
}

function printOverriding(overriding: 'user' | 'system' | null): string {
  return overriding === null ? '' : `OVERRIDING ${overriding.toUpperCase()} VALUE`;
}

function printPlace({ place, direction }: CopyStatement): string {
  switch (place.kind) {
    case 'stdio':
      return direction === 'from' ? 'STDIN' : 'STDOUT';
    case 'file':
      return printString(place.path);
    case 'program':
      return `PROGRAM ${printString(place.command)}`;
    default:
      return unreachable(place);
  }
}
