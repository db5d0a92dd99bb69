/**
 * Expressions as readable, stable text for EXPLAIN: columns by name, casts as `::type`, operators infix with
 * just the parentheses they need. It is for people; it is not parsed again.
 */

import { unreachable } from '../base/assert.ts';
import type { Datum } from '../types/datum.ts';
import { formatType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { formatText } from '../types/text-io.ts';
import type { CallExpr, CaseExpr, Expr, SubqueryExpr } from './expr.ts';
import { isRegType } from './type-category.ts';

/** How tightly a form binds; a child that binds looser than its place gets parentheses. */
const strength = {
  or: 1,
  and: 2,
  not: 3,
  is: 4,
  compare: 5,
  other: 6,
  add: 7,
  multiply: 8,
  power: 9,
  atom: 10,
};

/** `columns` are the names of the input's columns; one that is missing prints as `#index`. */
export function printExpr(expr: Expr, columns: readonly string[]): string {
  return new Printer(columns).print(expr);
}

class Printer {
  readonly #columns: readonly string[];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  print(expr: Expr): string {
    switch (expr.kind) {
      case 'column':
        return this.#columns[expr.index] ?? `#${expr.index}`;
      case 'outer':
        return `outer(${expr.depth}).#${expr.index}`;
      case 'constant':
        return printConstant(expr.value, expr.type);
      case 'parameter':
        return `$${expr.index}`;
      case 'call':
        return this.#call(expr);
      case 'cast':
        return `${this.#child(expr.arg, strength.atom)}::${formatType(expr.type)}`;
      case 'and':
      case 'or':
        return expr.args
          .map((arg) => this.#child(arg, strength[expr.kind] + 1))
          .join(` ${expr.kind.toUpperCase()} `);
      case 'not':
        return `NOT ${this.#child(expr.arg, strength.not)}`;
      case 'is-null':
        return `${this.#child(expr.arg, strength.compare)} IS ${expr.negated ? 'NOT ' : ''}NULL`;
      case 'is-truth': {
        const truth = expr.truth === null ? 'UNKNOWN' : expr.truth ? 'TRUE' : 'FALSE';
        return `${this.#child(expr.arg, strength.compare)} IS ${expr.negated ? 'NOT ' : ''}${truth}`;
      }
      case 'is-distinct': {
        const [left, right] = [expr.left, expr.right].map((each) =>
          this.#child(each, strength.compare),
        );
        return `${left!} IS ${expr.negated ? 'NOT ' : ''}DISTINCT FROM ${right!}`;
      }
      case 'case':
        return this.#case(expr);
      case 'coalesce':
        return `COALESCE(${this.#list(expr.args)})`;
      case 'in-list':
        return `${this.#child(expr.arg, strength.compare)} ${expr.negated ? 'NOT ' : ''}IN (${this.#list(expr.list)})`;
      case 'quantified':
        return `${this.#child(expr.arg, strength.compare)} ${expr.fn.name} ${expr.all ? 'ALL' : 'ANY'} (${this.print(expr.array)})`;
      case 'array':
        return `ARRAY[${this.#list(expr.elements)}]`;
      case 'row':
        return `ROW(${this.#list(expr.fields)})`;
      case 'field':
        return `(${this.print(expr.arg)}).${fieldName(expr.arg.type, expr.index)}`;
      case 'subquery':
        return this.#subquery(expr);
      default:
        return unreachable(expr, 'expression');
    }
  }

  #list(exprs: readonly Expr[]): string {
    return exprs.map((each) => this.print(each)).join(', ');
  }

  #child(expr: Expr, least: number): string {
    const text = this.print(expr);
    return strengthOf(expr) < least ? `(${text})` : text;
  }

  #call(expr: CallExpr): string {
    const { fn, args } = expr;
    const [left, right] = args;
    if (!fn.operator || left === undefined) return `${fn.name}(${this.#list(args)})`;
    if (right === undefined) return `${fn.name}${this.#child(left, strength.atom)}`;
    const own = operatorStrength(fn.name);
    return `${this.#child(left, own)} ${fn.name} ${this.#child(right, own + 1)}`;
  }

  #case(expr: CaseExpr): string {
    const branches = expr.branches.map(
      (branch) => `WHEN ${this.print(branch.when)} THEN ${this.print(branch.then)}`,
    );
    const silent = expr.otherwise.kind === 'constant' && expr.otherwise.value === null;
    const otherwise = silent ? '' : ` ELSE ${this.print(expr.otherwise)}`;
    return `CASE ${branches.join(' ')}${otherwise} END`;
  }

  #subquery(expr: SubqueryExpr): string {
    const args = this.#list(expr.args);
    switch (expr.mode) {
      case 'exists':
        return 'EXISTS (subquery)';
      case 'scalar':
        return '(subquery)';
      case 'array':
        return 'ARRAY(subquery)';
      case 'any':
      case 'all':
        return `(${args}) ${expr.fns[0]?.name ?? '='} ${expr.mode.toUpperCase()} (subquery)`;
    }
  }
}

function fieldName(type: SqlType, index: number): string {
  return type.kind === 'row' ? (type.fields[index]?.name ?? `f${index + 1}`) : `f${index + 1}`;
}

function strengthOf(expr: Expr): number {
  switch (expr.kind) {
    case 'or':
    case 'and':
    case 'not':
      return strength[expr.kind];
    case 'is-null':
    case 'is-truth':
    case 'is-distinct':
      return strength.is;
    case 'in-list':
    case 'quantified':
      return strength.compare;
    case 'call':
      if (!expr.fn.operator) return strength.atom;
      return expr.args.length === 1 ? strength.power : operatorStrength(expr.fn.name);
    case 'constant':
      return typeof expr.value === 'number' && expr.value < 0 ? strength.power : strength.atom;
    default:
      return strength.atom;
  }
}

const strengths = new Map([
  ...['=', '<>', '<', '<=', '>', '>='].map((symbol) => [symbol, strength.compare] as const),
  ...['+', '-'].map((symbol) => [symbol, strength.add] as const),
  ...['*', '/', '%'].map((symbol) => [symbol, strength.multiply] as const),
  ['^', strength.power] as const,
]);

function operatorStrength(symbol: string): number {
  return strengths.get(symbol) ?? strength.other;
}

const bareKinds = new Set<SqlType['kind']>([
  'smallint',
  'integer',
  'bigint',
  'double',
  'real',
  'numeric',
  'oid',
]);

/** Numbers bare, strings quoted, the rest quoted with its type. */
export function printConstant(value: Datum | null, type: SqlType): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (isRegType(type)) return `${String(value as number)}::${formatType(type)}`;
  const text = formatText(value, type);
  if (bareKinds.has(type.kind)) return /^-?[0-9]/.test(text) ? text : `'${text}'`;
  const quoted = `'${text.replaceAll("'", "''")}'`;
  if (type.kind === 'text' || type.kind === 'varchar' || type.kind === 'unknown') return quoted;
  return `${quoted}::${formatType(type)}`;
}
