/**
 * Expressions as text for people: operators between their operands, names from the schema, constants as SQL
 * literals. Not meant to be parsed again. Printing is stable: equal expressions give equal text.
 */

import { unreachable } from '../base/assert.ts';
import type { Expr, LogicExpr } from '../expr/expr.ts';
import { formatType } from '../types/oid.ts';
import { formatText } from '../types/text-io.ts';

/** How columns are named, by index. */
export type ColumnNames = (index: number) => string;

/** `print` gives the text of a subquery's plan on one line; without it the mode alone is shown. */
export function printExpr(expr: Expr, names: ColumnNames): string {
  return print(expr, names, 'alone');
}

/** What an expression stands in: nothing that could mix with it, an AND or OR, an operator. */
type Around = 'alone' | 'logic' | 'operator';

function print(expr: Expr, names: ColumnNames, around: Around): string {
  const inner = (part: Expr): string => print(part, names, 'operator');
  const wrap = (text: string): string => (around === 'operator' ? `(${text})` : text);
  const list = (parts: readonly Expr[]): string =>
    parts.map((part) => print(part, names, 'alone')).join(', ');
  switch (expr.kind) {
    case 'column':
      return names(expr.index);
    case 'outer':
      return expr.depth === 0 ? `#${expr.index + 1}` : `outer(${expr.depth}).${expr.index + 1}`;
    case 'constant':
      return printConstant(expr);
    case 'parameter':
      return `$${expr.index}`;
    case 'call': {
      const { fn, args } = expr;
      if (!fn.operator) return `${fn.name}(${list(args)})`;
      if (args.length === 2) return wrap(`${inner(args[0]!)} ${fn.name} ${inner(args[1]!)}`);
      return wrap(`${fn.name} ${args.map(inner).join(' ')}`);
    }
    case 'cast':
      return `${inner(expr.arg)}::${formatType(expr.type)}`;
    case 'and':
    case 'or':
      return printLogic(expr, names, around);
    case 'not':
      return wrap(`NOT ${inner(expr.arg)}`);
    case 'is-null':
      return wrap(`${inner(expr.arg)} IS ${expr.negated ? 'NOT ' : ''}NULL`);
    case 'is-truth': {
      const truth = expr.truth === null ? 'UNKNOWN' : expr.truth ? 'TRUE' : 'FALSE';
      return wrap(`${inner(expr.arg)} IS ${expr.negated ? 'NOT ' : ''}${truth}`);
    }
    case 'is-distinct': {
      const not = expr.negated ? 'NOT ' : '';
      return wrap(`${inner(expr.left)} IS ${not}DISTINCT FROM ${inner(expr.right)}`);
    }
    case 'case': {
      const branches = expr.branches.map(
        (branch) =>
          `WHEN ${print(branch.when, names, 'alone')} THEN ${print(branch.then, names, 'alone')}`,
      );
      return `CASE ${branches.join(' ')} ELSE ${print(expr.otherwise, names, 'alone')} END`;
    }
    case 'coalesce':
      return `COALESCE(${list(expr.args)})`;
    case 'in-list':
      return wrap(`${inner(expr.arg)} ${expr.negated ? 'NOT ' : ''}IN (${list(expr.list)})`);
    case 'quantified': {
      const word = expr.all ? 'ALL' : 'ANY';
      return wrap(
        `${inner(expr.arg)} ${expr.fn.name} ${word} (${print(expr.array, names, 'alone')})`,
      );
    }
    case 'array':
      return `ARRAY[${list(expr.elements)}]`;
    case 'row':
      return `ROW(${list(expr.fields)})`;
    case 'field': {
      const type = expr.arg.type;
      const name = type.kind === 'row' ? type.fields[expr.index]?.name : undefined;
      return `(${inner(expr.arg)}).${name ?? `f${expr.index + 1}`}`;
    }
    case 'subquery': {
      if (expr.args.length === 0) return `${expr.mode.toUpperCase()}(subquery)`;
      const operators = expr.fns.map((fn) => fn.name).join(', ');
      return wrap(`(${list(expr.args)}) ${operators} ${expr.mode.toUpperCase()} (subquery)`);
    }
    default:
      return unreachable(expr, 'expression');
  }
}

/** AND and OR within each other are told apart by parentheses, comparisons within them need none. */
function printLogic(expr: LogicExpr, names: ColumnNames, around: Around): string {
  const parts = expr.args.map((arg) => print(arg, names, 'logic'));
  const text = parts.join(expr.kind === 'and' ? ' AND ' : ' OR ');
  return around === 'alone' ? text : `(${text})`;
}

const bareKinds: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'oid',
  'numeric',
  'double',
  'real',
]);

function printConstant(expr: Expr & { kind: 'constant' }): string {
  const { value, type } = expr;
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  const text = formatText(value, type, { timeZone: 'UTC' });
  if (bareKinds.has(type.kind)) return text;
  const quoted = `'${text.replaceAll("'", "''")}'`;
  const plain = type.kind === 'text' || type.kind === 'varchar' || type.kind === 'unknown';
  return plain ? quoted : `${quoted}::${formatType(type)}`;
}
