/**
 * Statements about the session → SQL text.
 */

import type {
  FetchStatement,
  SetStatement,
  SubscribeStatement,
  TransactionModes,
  TransactionStatement,
} from './ast.ts';
import type { ExpressionPrinter } from './print-expression.ts';
import {
  optional,
  printIdentifier,
  printName,
  printNames,
  printOptionName,
  printOptionValue,
  printString,
  printWithOptions,
  words,
  type Printers,
} from './print-words.ts';

const transactionWords: ReadonlyMap<TransactionStatement['action'], string> = new Map([
  ['begin', 'BEGIN'],
  ['commit', 'COMMIT'],
  ['rollback', 'ROLLBACK'],
  ['savepoint', 'SAVEPOINT'],
  ['release', 'RELEASE SAVEPOINT'],
  ['rollback-to', 'ROLLBACK TO SAVEPOINT'],
  ['prepare', 'PREPARE TRANSACTION'],
  ['commit-prepared', 'COMMIT PREPARED'],
  ['rollback-prepared', 'ROLLBACK PREPARED'],
]);

export function printTransaction(node: TransactionStatement): string {
  return words(
    transactionWords.get(node.action) ?? '',
    printModes(node.modes),
    node.savepoint && printIdentifier(node.savepoint),
    node.transactionId !== null && printString(node.transactionId),
    node.chain && 'AND CHAIN',
  );
}

export function printModes(modes: TransactionModes): string {
  const items = [
    modes.isolation && `ISOLATION LEVEL ${modes.isolation.toUpperCase()}`,
    modes.readOnly === null ? null : modes.readOnly ? 'READ ONLY' : 'READ WRITE',
    modes.deferrable === null ? null : modes.deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE',
  ];
  return items.filter((item) => item !== null).join(', ');
}

export function printSet(node: SetStatement): string {
  const values = node.values?.map(printOptionValue).join(', ') ?? 'DEFAULT';
  return words('SET', node.scope === 'local' && 'LOCAL', printOptionName(node.name), '=', values);
}

export function printSubscribe(
  node: SubscribeStatement,
  printers: Printers,
  expressions: ExpressionPrinter,
): string {
  const { envelope } = node;
  return words(
    'SUBSCRIBE TO',
    node.name && printName(node.name),
    node.query && `(${printers.query(node.query)})`,
    envelope && `ENVELOPE ${envelope.kind.toUpperCase()} (KEY ${printNames(envelope.key)})`,
    printWithOptions(node.options),
    optional('AS OF', node.asOf, (time) => expressions.print(time)),
    optional('UP TO', node.upTo, (time) => expressions.print(time)),
  );
}

export function printFetch(node: FetchStatement): string {
  return words(
    node.move ? 'MOVE' : 'FETCH',
    node.direction.toUpperCase(),
    String(node.count).toUpperCase(),
    'FROM',
    printIdentifier(node.cursor),
    printWithOptions(node.options),
  );
}
