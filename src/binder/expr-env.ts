/**
 * What binding an expression or a query needs around it: the scope, the common tables, the clause it
 * stands in. The binding functions travel in here too, so that the files for single kinds of expressions
 * need not know the file that knows them all.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';
import type { Scope } from './scope.ts';

/** A WITH query: bound once, used wherever its name stands in FROM. */
export interface CommonTable {
  readonly name: string;
  /** While its own recursive term is bound: the rows of the round before. */
  readonly plan: LogicalPlan;
  /** Scopes around it, by which `outer` references are corrected where it is used. */
  readonly depth: number;
}

export interface CommonTables {
  readonly tables: ReadonlyMap<string, CommonTable>;
  /** All names of the list, those included that cannot be read yet. */
  readonly names: ReadonlySet<string>;
  readonly parent: CommonTables | null;
}

/** Around a query. */
export interface QueryEnv {
  readonly binding: Binding;
  readonly parent: Scope | null;
  readonly common: CommonTables | null;
  readonly binders: Binders;
}

/** Around an expression. */
export interface ExprEnv {
  readonly binding: Binding;
  readonly scope: Scope;
  readonly common: CommonTables | null;
  readonly clause: Clause;
  readonly binders: Binders;
}

export interface Binders {
  readonly expr: (expression: ast.Expression, env: ExprEnv) => Expr;
  readonly query: (query: ast.Query, env: QueryEnv, options?: QueryOptions) => QueryResult;
}

export interface QueryOptions {
  /** Literals without a type stay unknown, for whoever decides (set operations, INSERT). */
  readonly keepUnknown?: boolean;
}

/** A bound query: `width` visible columns, then hidden ones that `order` needs. */
export interface QueryResult {
  readonly plan: LogicalPlan;
  readonly width: number;
  readonly order: readonly OrderSpec[];
  readonly emit: EmitMode | null;
}

/**
 * Where an expression stands, as messages name it. What may be used there stands beside it:
 * a aggregates, w window functions, r set-returning functions.
 */
export type Clause = keyof typeof allowed;

const allowed = {
  SELECT: 'awr',
  'ORDER BY': 'awr',
  'DISTINCT ON': 'awr',
  HAVING: 'a',
  WHERE: '',
  'GROUP BY': 'r',
  'JOIN conditions': '',
  'functions in FROM': '',
  FILTER: '',
  LIMIT: '',
  OFFSET: '',
  VALUES: '',
  UPDATE: '',
  RETURNING: '',
  'DEFAULT expressions': '',
  'check constraints': '',
  'column generation expressions': '',
  'watermark expressions': '',
  'transform expressions': '',
  'EXECUTE parameters': '',
  'AS OF': '',
  'window definitions': 'a',
  'window ROWS': '',
  'aggregate arguments': '',
  'window arguments': 'a',
} as const;

/** Refuses an aggregate, window function or set-returning function where it may not stand. */
export function checkAllowed(
  what: 'aggregate' | 'window' | 'set-returning',
  clause: Clause,
  position: number,
): void {
  const letter = what === 'aggregate' ? 'a' : what === 'window' ? 'w' : 'r';
  if ((allowed[clause] as string).includes(letter)) return;
  const codes = {
    aggregate: sqlstate.groupingError,
    window: sqlstate.windowingError,
    'set-returning': sqlstate.featureNotSupported,
  };
  const inAggregate = clause === 'aggregate arguments' && what === 'window';
  const code = inAggregate ? sqlstate.groupingError : codes[what];
  throw new SqlError(code, refusal(what, clause), { position });
}

function refusal(what: 'aggregate' | 'window' | 'set-returning', clause: Clause): string {
  if (clause === 'aggregate arguments') {
    if (what === 'aggregate') return 'aggregate function calls cannot be nested';
    if (what === 'window') return 'aggregate function calls cannot contain window function calls';
    return 'aggregate function calls cannot contain set-returning function calls';
  }
  if (clause === 'window arguments') {
    if (what === 'window') return 'window function calls cannot be nested';
    return 'window function calls cannot contain set-returning function calls';
  }
  return `${what} functions are not allowed in ${clause}`;
}

/** The same surroundings in another clause. */
export function inClause(env: ExprEnv, clause: Clause): ExprEnv {
  return env.clause === clause ? env : { ...env, clause };
}

/** An expression of the tree, bound. */
export function bindIn(env: ExprEnv, expression: ast.Expression): Expr {
  return env.binders.expr(expression, env);
}

/** Surroundings of a subquery in an expression. */
export function subqueryEnv(env: ExprEnv): QueryEnv {
  return { binding: env.binding, parent: env.scope, common: env.common, binders: env.binders };
}
