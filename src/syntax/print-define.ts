/**
 * CREATE, ALTER, DROP, COMMENT and REFRESH → SQL text.
 */

import type {
  AlterAction,
  AlterStatement,
  ColumnConstraint,
  ColumnDefinition,
  CreateConnection,
  CreateIndex,
  CreateSink,
  CreateTable,
  CreateType,
  CreateView,
  DropStatement,
  FormatClause,
  IncludeItem,
  IndexElement,
  SequenceOption,
  TableConstraint,
  TableElement,
} from './ast.ts';
import { unreachable } from '../base/assert.ts';
import type { ExpressionPrinter } from './print-expression.ts';
import {
  optional,
  printIdentifier,
  printName,
  printNames,
  printOptionName,
  printOptions,
  printOptionValue,
  printParts,
  printString,
  printWithOptions,
  words,
  type Printers,
} from './print-words.ts';

export class DefinitionPrinter {
  readonly #printers: Printers;
  readonly #expressions: ExpressionPrinter;

  constructor(printers: Printers, expressions: ExpressionPrinter) {
    this.#printers = printers;
    this.#expressions = expressions;
  }

  table(table: CreateTable): string {
    const { elements, columnNames, as } = table;
    const e = this.#expressions;
    return words(
      'CREATE',
      table.orReplace && 'OR REPLACE',
      table.temporary && 'TEMPORARY',
      table.unlogged && 'UNLOGGED',
      table.relation.toUpperCase(),
      table.ifNotExists && 'IF NOT EXISTS',
      printName(table.name),
      columnNames && printNames(columnNames),
      elements && `(${elements.map((element) => this.#element(element)).join(', ')})`,
      table.inherits.length > 0 && `INHERITS (${table.inherits.map(printName).join(', ')})`,
      optional('COMMENT', table.comment, printString),
      table.partitionedBy.length > 0 &&
        words(
          table.partitionMethod === null ? 'PARTITIONED BY' : 'PARTITION BY',
          table.partitionMethod,
          `(${e.list(table.partitionedBy)})`,
        ),
      table.appendOnly && 'APPEND ONLY',
      table.onConflict && `ON CONFLICT ${table.onConflict.toUpperCase()}`,
      ...table.include.map((item) => this.#include(item)),
      table.fromSource &&
        `FROM ${printName(table.fromSource.source)} TABLE ${printString(table.fromSource.table)}`,
      table.from && `FROM ${printConnection(table.from)}`,
      printWithOptions(table.options),
      printFormat(table.format),
      table.onCommit && `ON COMMIT ${table.onCommit.toUpperCase()}`,
      table.like && this.#like(table.like, true),
      as && `AS ${this.#printers.query(as)}`,
      printWithData(table.withData),
    );
  }

  #element(element: TableElement): string {
    switch (element.kind) {
      case 'star-element':
        return '*';
      case 'watermark': {
        const column = printParts(element.column.parts);
        return `WATERMARK FOR ${column} AS ${this.#expressions.print(element.expression)}`;
      }
      case 'like-table':
        return this.#like(element, false);
      case 'table-constraint':
        return this.constraint(element);
      case 'column-definition':
        return this.column(element);
      default:
        return unreachable(element);
    }
  }

  #like(like: NonNullable<CreateTable['like']>, parenthesized: boolean): string {
    const options = like.options.join(' ').toUpperCase();
    const shown = parenthesized && options !== '' ? `(${options})` : options;
    return words('LIKE', printName(like.table), shown);
  }

  #include(item: IncludeItem): string {
    return words(
      'INCLUDE',
      item.what,
      item.header !== null && printString(item.header),
      item.type && this.#printers.type(item.type),
      optional('AS', item.alias, printIdentifier),
    );
  }

  column(column: ColumnDefinition): string {
    const { metadata } = column;
    return words(
      printIdentifier(column.name),
      column.type && this.#printers.type(column.type),
      optional('COLLATE', column.collation, printName),
      metadata &&
        words(
          'METADATA',
          optional('FROM', metadata.key, printString),
          metadata.virtual && 'VIRTUAL',
        ),
      optional('AS', column.computed, (node) => this.#expressions.print(node)),
      column.key && 'KEY',
      ...column.constraints.map((constraint) => this.#columnConstraint(constraint)),
      optional('COMMENT', column.comment, printString),
    );
  }

  #columnConstraint(constraint: ColumnConstraint): string {
    const e = this.#expressions;
    const named = optional('CONSTRAINT', constraint.name, printIdentifier);
    switch (constraint.kind) {
      case 'not-null':
        return words(named, 'NOT NULL');
      case 'nullable':
        return words(named, 'NULL');
      case 'default':
        return words(named, 'DEFAULT', e.restricted(constraint.expression));
      case 'check':
        return words(named, `CHECK (${e.print(constraint.expression)})`);
      case 'generated':
        return words(named, `GENERATED ALWAYS AS (${e.print(constraint.expression)}) STORED`);
      case 'primary-key':
      case 'unique':
        return words(
          named,
          constraint.kind === 'unique' ? 'UNIQUE' : 'PRIMARY KEY',
          !constraint.enforced && 'NOT ENFORCED',
        );
      case 'identity':
        return words(
          named,
          `GENERATED ${constraint.always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`,
          constraint.options.length > 0 && `(${printSequenceOptions(constraint.options)})`,
        );
      case 'references':
        return words(named, printReferences(constraint));
      default:
        return unreachable(constraint);
    }
  }

  constraint(constraint: TableConstraint): string {
    const columns = printNames(constraint.columns);
    const named = optional('CONSTRAINT', constraint.name, printIdentifier);
    const enforced = !constraint.enforced && 'NOT ENFORCED';
    switch (constraint.constraint) {
      case 'primary-key':
        return words(named, 'PRIMARY KEY', columns, enforced);
      case 'unique':
        return words(named, 'UNIQUE', columns, enforced);
      case 'check': {
        const { check } = constraint;
        return words(
          named,
          `CHECK (${check === null ? '' : this.#expressions.print(check)})`,
          enforced,
        );
      }
      case 'foreign-key': {
        const { references } = constraint;
        return words(named, 'FOREIGN KEY', columns, references && printReferences(references));
      }
      default:
        return unreachable(constraint.constraint);
    }
  }

  view(view: CreateView): string {
    return words(
      'CREATE',
      view.orReplace && 'OR REPLACE',
      view.temporary && 'TEMPORARY',
      view.recursive && 'RECURSIVE',
      view.materialized && 'MATERIALIZED',
      'VIEW',
      view.ifNotExists && 'IF NOT EXISTS',
      printName(view.name),
      view.columns && printNames(view.columns),
      optional('COMMENT', view.comment, printString),
      printWithOptions(view.options),
      `AS ${this.#printers.query(view.query)}`,
      view.checkOption && `WITH ${view.checkOption.toUpperCase()} CHECK OPTION`,
      printWithData(view.withData),
    );
  }

  sink(sink: CreateSink): string {
    return words(
      'CREATE',
      sink.orReplace && 'OR REPLACE',
      'SINK',
      sink.ifNotExists && 'IF NOT EXISTS',
      printName(sink.name),
      optional('INTO', sink.into, printName),
      sink.intoColumns.length > 0 && printNames(sink.intoColumns),
      optional('FROM', sink.from, printName),
      optional('AS', sink.query, (query) => this.#printers.query(query)),
      sink.connection && `INTO ${printConnection(sink.connection)}`,
      sink.key.length > 0 && `KEY ${printNames(sink.key)}`,
      printWithOptions(sink.options),
      printFormat(sink.format),
    );
  }

  index(index: CreateIndex): string {
    return words(
      'CREATE',
      index.unique && 'UNIQUE',
      'INDEX',
      index.concurrently && 'CONCURRENTLY',
      index.ifNotExists && 'IF NOT EXISTS',
      index.name && printIdentifier(index.name),
      'ON',
      index.only && 'ONLY',
      printName(index.table),
      optional('USING', index.method, printIdentifier),
      this.indexElements(index.elements),
      index.include.length > 0 && `INCLUDE ${printNames(index.include)}`,
      index.nullsNotDistinct && 'NULLS NOT DISTINCT',
      printWithOptions(index.options),
      optional('WHERE', index.where, (where) => this.#expressions.print(where)),
    );
  }

  indexElements(elements: readonly IndexElement[]): string {
    const items = elements.map(({ expression, ...element }) => {
      const plain = expression.kind === 'column' && expression.parts.length === 1;
      const text = this.#expressions.print(expression);
      return words(
        plain ? text : `(${text})`,
        optional('COLLATE', element.collation, printName),
        element.operatorClass && printName(element.operatorClass),
        element.direction && element.direction.toUpperCase(),
        element.nulls && `NULLS ${element.nulls.toUpperCase()}`,
      );
    });
    return `(${items.join(', ')})`;
  }

  createType(node: CreateType): string {
    const { definition } = node;
    const head = `CREATE TYPE ${printName(node.name)} AS`;
    switch (definition.kind) {
      case 'enum':
        return `${head} ENUM (${definition.labels.map(printString).join(', ')})`;
      case 'range':
        return `${head} RANGE ${printOptions(definition.options)}`;
      case 'composite': {
        const fields = definition.fields.map((field) =>
          words(
            printIdentifier(field.name),
            this.#printers.type(field.type),
            optional('COLLATE', field.collation, printName),
          ),
        );
        return `${head} (${fields.join(', ')})`;
      }
      default:
        return unreachable(definition);
    }
  }

  alter(node: AlterStatement): string {
    return words(
      'ALTER',
      node.object.toUpperCase(),
      node.ifExists && 'IF EXISTS',
      node.only && 'ONLY',
      printName(node.name),
      node.actions.map((action) => this.#action(action)).join(', '),
    );
  }

  #action(action: AlterAction): string {
    const e = this.#expressions;
    switch (action.kind) {
      case 'rename':
        return `RENAME TO ${printIdentifier(action.to)}`;
      case 'rename-column':
      case 'rename-constraint': {
        const what = action.kind === 'rename-column' ? 'COLUMN' : 'CONSTRAINT';
        return `RENAME ${what} ${printIdentifier(action.from)} TO ${printIdentifier(action.to)}`;
      }
      case 'set-schema':
        return `SET SCHEMA ${printIdentifier(action.schema)}`;
      case 'owner-to':
        return `OWNER TO ${printIdentifier(action.role)}`;
      case 'swap-with':
        return `SWAP WITH ${printName(action.other)}`;
      case 'add-column':
        return words(
          'ADD COLUMN',
          action.ifNotExists && 'IF NOT EXISTS',
          this.column(action.column),
        );
      case 'drop-column':
      case 'drop-constraint':
        return words(
          'DROP',
          action.kind === 'drop-column' ? 'COLUMN' : 'CONSTRAINT',
          action.ifExists && 'IF EXISTS',
          printIdentifier(action.name),
          action.behavior && action.behavior.toUpperCase(),
        );
      case 'column-type':
        return words(
          `ALTER COLUMN ${printIdentifier(action.column)} TYPE ${this.#printers.type(action.type)}`,
          optional('USING', action.using, (using) => e.print(using)),
        );
      case 'column-default': {
        const column = `ALTER COLUMN ${printIdentifier(action.column)}`;
        if (action.value === null) return `${column} DROP DEFAULT`;
        return `${column} SET DEFAULT ${e.print(action.value)}`;
      }
      case 'column-not-null': {
        const verb = action.notNull ? 'SET' : 'DROP';
        return `ALTER COLUMN ${printIdentifier(action.column)} ${verb} NOT NULL`;
      }
      case 'add-constraint':
        return `ADD ${this.constraint(action.constraint)}`;
      case 'set-options':
        return `SET ${printOptions(action.options)}`;
      case 'reset-options':
        return `RESET (${action.names.map(printOptionName).join(', ')})`;
      case 'set-parameter': {
        const { name, value } = action.option;
        return `SET ${name} = ${value === null ? 'true' : printOptionValue(value)}`;
      }
      case 'add-value':
        return words(
          'ADD VALUE',
          action.ifNotExists && 'IF NOT EXISTS',
          printString(action.label),
          action.place && `${action.place.side.toUpperCase()} ${printString(action.place.of)}`,
        );
      case 'rename-value':
        return `RENAME VALUE ${printString(action.from)} TO ${printString(action.to)}`;
      case 'sequence-options':
        return printSequenceOptions(action.options);
      case 'other-action':
        return action.text;
      default:
        return unreachable(action);
    }
  }
}

export function printDrop(node: DropStatement): string {
  return words(
    'DROP',
    node.temporary && 'TEMPORARY',
    node.object.toUpperCase(),
    node.concurrently && 'CONCURRENTLY',
    node.ifExists && 'IF EXISTS',
    node.names.map(printName).join(', '),
    node.behavior && node.behavior.toUpperCase(),
  );
}

export function printCreateConnection(node: CreateConnection): string {
  return words(
    'CREATE',
    node.object.toUpperCase(),
    node.ifNotExists && 'IF NOT EXISTS',
    printName(node.name),
    node.object === 'connection'
      ? `TO ${node.connector} ${printOptions(node.options)}`
      : words(printWithOptions(node.options), optional('AS', node.secret, printString)),
  );
}

export function printSequenceOptions(options: readonly SequenceOption[]): string {
  return options
    .map(({ name, value }) => {
      if (name === 'cycle') return value === null ? 'NO CYCLE' : 'CYCLE';
      if (value !== null) return `${name.toUpperCase()} ${value}`;
      return name === 'restart' ? 'RESTART' : `NO ${name.toUpperCase()}`;
    })
    .join(' ');
}

function printConnection(from: NonNullable<CreateTable['from']>): string {
  return words(
    from.connector.toUpperCase(),
    optional('CONNECTION', from.connection, printName),
    from.options.length > 0 && printOptions(from.options),
  );
}

function printFormat(format: FormatClause | null): string {
  if (format === null) return '';
  const options = format.options.length > 0 && printOptions(format.options);
  const keyOptions = format.keyOptions.length > 0 && printOptions(format.keyOptions);
  const key = format.keyEncode === null ? null : words(format.keyEncode, keyOptions);
  if (format.encode === null) {
    return words(key && `KEY FORMAT ${key}`, format.format && `ENVELOPE ${format.format}`);
  }
  const value = words(format.encode, options);
  if (format.format === null) {
    return key === null ? `FORMAT ${value}` : `KEY FORMAT ${key} VALUE FORMAT ${value}`;
  }
  return words(`FORMAT ${format.format} ENCODE ${value}`, key && `KEY ENCODE ${key}`);
}

function printReferences(node: NonNullable<TableConstraint['references']>): string {
  return words(
    'REFERENCES',
    printName(node.table),
    node.columns.length > 0 && printNames(node.columns),
    node.actions.join(' ').toUpperCase(),
  );
}

export function printWithData(withData: boolean | null): string {
  return withData === null ? '' : withData ? 'WITH DATA' : 'WITH NO DATA';
}
