/**
 * Tree → SQL text, such that parsing the text gives an equal tree, spans apart. One line; the spelling
 * is PostgreSQL's where there is a choice of dialects, and Flink's for what PostgreSQL lacks.
 */

import type { Expression, Query, Statement, TypeName } from './ast.ts';
import { unreachable } from '../base/assert.ts';
import { ChangePrinter } from './print-change.ts';
import {
  DefinitionPrinter,
  printCreateConnection,
  printDrop,
  printSequenceOptions,
  printWithData,
} from './print-define.ts';
import { ExpressionPrinter } from './print-expression.ts';
import { QueryPrinter } from './print-query.ts';
import {
  printFetch,
  printModes,
  printSet,
  printSubscribe,
  printTransaction,
} from './print-session.ts';
import {
  optional,
  printBareOptions,
  printIdentifier,
  printName,
  printNames,
  printOptionName,
  printString,
  words,
  type Printers,
} from './print-words.ts';

const printers: Printers = {
  expression: printExpression,
  query: printQuery,
  type: printType,
  statement: printStatement,
};
const expressions = new ExpressionPrinter(printers);
const queries = new QueryPrinter(printers, expressions);
const definitions = new DefinitionPrinter(printers, expressions);
const changes = new ChangePrinter(printers, expressions, queries, definitions);

export function printExpression(node: Expression): string {
  return expressions.print(node);
}

export function printQuery(node: Query): string {
  return queries.print(node);
}

export function printType(node: TypeName): string {
  return expressions.type(node);
}

export function printStatement(node: Statement): string {
  switch (node.kind) {
    case 'query':
      return printQuery(node);
    case 'create-table':
      return definitions.table(node);
    case 'create-view':
      return definitions.view(node);
    case 'create-sink':
      return definitions.sink(node);
    case 'create-schema':
      return words(
        'CREATE SCHEMA',
        node.ifNotExists && 'IF NOT EXISTS',
        node.name && printIdentifier(node.name),
        optional('AUTHORIZATION', node.authorization, printIdentifier),
      );
    case 'create-index':
      return definitions.index(node);
    case 'create-sequence':
      return words(
        node.temporary ? 'CREATE TEMPORARY SEQUENCE' : 'CREATE SEQUENCE',
        node.ifNotExists && 'IF NOT EXISTS',
        printName(node.name),
        printSequenceOptions(node.options),
      );
    case 'create-type':
      return definitions.createType(node);
    case 'create-connection':
      return printCreateConnection(node);
    case 'alter':
      return definitions.alter(node);
    case 'drop':
      return printDrop(node);
    case 'comment': {
      const text = node.text === null ? 'NULL' : printString(node.text);
      return `COMMENT ON ${node.object.toUpperCase()} ${printName(node.name)} IS ${text}`;
    }
    case 'refresh':
      return words(
        'REFRESH MATERIALIZED VIEW',
        node.concurrently && 'CONCURRENTLY',
        printName(node.name),
        printWithData(node.withData),
      );
    case 'insert':
      return changes.insert(node);
    case 'update':
      return changes.update(node);
    case 'delete':
      return changes.delete(node);
    case 'merge':
      return changes.merge(node);
    case 'truncate':
      return words(
        'TRUNCATE TABLE',
        node.only && 'ONLY',
        node.tables.map(printName).join(', '),
        node.restartIdentity === null
          ? null
          : `${node.restartIdentity ? 'RESTART' : 'CONTINUE'} IDENTITY`,
        node.behavior && node.behavior.toUpperCase(),
      );
    case 'copy':
      return changes.copy(node);
    case 'statement-set': {
      const inner = node.statements.map((statement) => `${changes.insert(statement)};`);
      return `EXECUTE STATEMENT SET BEGIN ${inner.join(' ')} END`;
    }
    case 'generic':
      return node.text;
    default:
      return printSessionStatement(node);
  }
}

type SessionStatement = Exclude<
  Statement,
  {
    readonly kind:
      | 'query'
      | `create-${string}`
      | 'alter'
      | 'drop'
      | 'comment'
      | 'refresh'
      | 'insert'
      | 'update'
      | 'delete'
      | 'merge'
      | 'truncate'
      | 'copy'
      | 'statement-set'
      | 'generic';
  }
>;

function printSessionStatement(node: SessionStatement): string {
  switch (node.kind) {
    case 'subscribe':
      return printSubscribe(node, printers, expressions);
    case 'transaction':
      return printTransaction(node);
    case 'set-transaction':
      return words(
        node.session ? 'SET SESSION CHARACTERISTICS AS TRANSACTION' : 'SET TRANSACTION',
        optional('SNAPSHOT', node.snapshot, printString),
        printModes(node.modes),
      );
    case 'set':
      return printSet(node);
    case 'reset':
      return `RESET ${node.name === null ? 'ALL' : printOptionName(node.name)}`;
    case 'show':
      return `SHOW ${node.name === null ? 'ALL' : printOptionName(node.name)}`;
    case 'show-objects':
      return words(
        `SHOW ${node.what.toUpperCase()}`,
        node.from && (node.what.startsWith('create ') ? '' : 'FROM'),
        node.from && printName(node.from),
        optional('LIKE', node.like, printString),
      );
    case 'describe':
      return words('DESCRIBE', node.extended && 'EXTENDED', printName(node.name));
    case 'discard':
      return `DISCARD ${node.what.toUpperCase()}`;
    case 'prepare':
      return words(
        'PREPARE',
        printIdentifier(node.name),
        node.types.length > 0 && `(${node.types.map(printType).join(', ')})`,
        `AS ${printStatement(node.statement)}`,
      );
    case 'execute':
      return words(
        'EXECUTE',
        printIdentifier(node.name),
        node.parameters.length > 0 && `(${expressions.list(node.parameters)})`,
      );
    case 'deallocate':
      return `DEALLOCATE ${node.name === null ? 'ALL' : printIdentifier(node.name)}`;
    case 'declare':
      return words(
        'DECLARE',
        printIdentifier(node.name),
        node.binary && 'BINARY',
        node.insensitive === null ? null : node.insensitive ? 'INSENSITIVE' : 'ASENSITIVE',
        node.scroll === null ? null : node.scroll ? 'SCROLL' : 'NO SCROLL',
        'CURSOR',
        node.hold && 'WITH HOLD',
        `FOR ${printStatement(node.query)}`,
      );
    case 'fetch':
      return printFetch(node);
    case 'close':
      return `CLOSE ${node.name === null ? 'ALL' : printIdentifier(node.name)}`;
    case 'listen':
    case 'unlisten':
      return `${node.kind.toUpperCase()} ${node.channel === null ? '*' : printIdentifier(node.channel)}`;
    case 'notify':
      return words(
        `NOTIFY ${printIdentifier(node.channel)}`,
        node.payload !== null && `, ${printString(node.payload)}`,
      );
    case 'explain':
      return words(
        'EXPLAIN',
        node.options.length > 0 && printBareOptions(node.options),
        node.statement && printStatement(node.statement),
        node.name && printName(node.name),
      );
    case 'check-view':
      return `CHECK VIEW ${printName(node.name)}`;
    case 'maintenance':
      return words(
        node.command.toUpperCase(),
        node.options.length > 0 && printBareOptions(node.options),
        node.tables
          .map(({ name, columns }) =>
            words(printName(name), columns.length > 0 && printNames(columns)),
          )
          .join(', '),
      );
    case 'lock':
      return words(
        'LOCK TABLE',
        node.tables.map(printName).join(', '),
        node.mode && `IN ${node.mode.toUpperCase()} MODE`,
        node.nowait && 'NOWAIT',
      );
    default:
      return unreachable(node);
  }
}
