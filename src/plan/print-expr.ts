/**
 * Expressions as text for people: operators between their operands, names from the schema, constants as SQL
 * literals. Not meant to be parsed again. Printing is stable: equal expressions give equal text.
 */

import { unreachable } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import { formatType } from '../types/oid.ts';
import { formatText } from '../types/text-io.ts';

/** How columns are named, by index. */
export type ColumnNames = (index: number) => string;

/** `print` gives the text of a subquery's plan on one line; without it the mode alone is shown. */
export function printExpr(expr: Expr, names: ColumnNames): string {
  return print(expr, names, false);
}

function print(expr: Expr, names: ColumnNames, nested: boolean): string {
  const inner = (part: Expr): string => print(part, names, true);
  const wrap = (text: string): string => (nested ? `(${text})` : text);
  const list = (parts: readonly Expr[]): string =>
    parts.map((part) => print(part, names, false)).join(', ');
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
      return wrap(expr.args.map(inner).join(expr.kind === 'and' ? ' AND ' : ' OR '));
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
          `WHEN ${print(branch.when, names, false)} THEN ${print(branch.then, names, false)}`,
      );
      return `CASE ${branches.join(' ')} ELSE ${print(expr.otherwise, names, false)} END`;
    }
    case 'coalesce':
      return `COALESCE(${list(expr.args)})`;
    case 'in-list':
      return wrap(`${inner(expr.arg)} ${expr.negated ? 'NOT ' : ''}IN (${list(expr.list)})`);
    case 'quantified': {
      const word = expr.all ? 'ALL' : 'ANY';
      return wrap(
        `${inner(expr.arg)} ${expr.fn.name} ${word} (${print(expr.array, names, false)})`,
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
