/**
 * Bound expressions: names resolved, types known, every implicit cast made visible. The binder builds
 * them, the optimizer rewrites them, `interpret.ts` defines what they mean, `codegen.ts` makes them fast.
 */

import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import type { ScalarFunction } from './functions/registry.ts';

interface Base {
  readonly type: SqlType;
  /** Zero-based offset in the statement's text, for run-time errors of ad-hoc queries. */
  readonly at?: number | undefined;
}

/** Column `index` of the input row. */
export interface ColumnExpr extends Base {
  readonly kind: 'column';
  readonly index: number;
}

/**
 * Column of an enclosing query, `depth` (1 = the next one out) levels up. Only between binder and
 * decorrelation.
 */
export interface OuterExpr extends Base {
  readonly kind: 'outer';
  readonly depth: number;
  readonly index: number;
}

export interface ConstantExpr extends Base {
  readonly kind: 'constant';
  readonly value: Datum | null;
}

/**
 * $index of a prepared statement, from 1. The interpreter takes its value from the context; in a graph it is
 * replaced by a constant.
 */
export interface ParameterExpr extends Base {
  readonly kind: 'parameter';
  readonly index: number;
}

/** Any function, operator or cast that is a function in the registry. */
export interface CallExpr extends Base {
  readonly kind: 'call';
  readonly fn: ScalarFunction;
  readonly args: readonly Expr[];
}

/**
 * A cast. `implicit` ones were added by the binder. The meaning (by source and target type, including
 * numeric(p,s), varchar(n) and timestamp(p) length coercion) stands in casts.ts.
 */
export interface CastExpr extends Base {
  readonly kind: 'cast';
  readonly arg: Expr;
  readonly mode: 'implicit' | 'assignment' | 'explicit';
}

/** Three-valued AND / OR over two or more arguments, evaluated left to right. */
export interface LogicExpr extends Base {
  readonly kind: 'and' | 'or';
  readonly args: readonly Expr[];
}

export interface NotExpr extends Base {
  readonly kind: 'not';
  readonly arg: Expr;
}

export interface IsNullExpr extends Base {
  readonly kind: 'is-null';
  readonly arg: Expr;
  readonly negated: boolean;
}

/** IS [NOT] TRUE | FALSE | UNKNOWN. */
export interface IsTruthExpr extends Base {
  readonly kind: 'is-truth';
  readonly arg: Expr;
  readonly truth: boolean | null;
  readonly negated: boolean;
}

/** IS [NOT] DISTINCT FROM; both sides have one type. */
export interface IsDistinctExpr extends Base {
  readonly kind: 'is-distinct';
  readonly left: Expr;
  readonly right: Expr;
  readonly negated: boolean;
}

/** Searched CASE; the simple form is bound to it with equality. A missing ELSE is a NULL constant. */
export interface CaseExpr extends Base {
  readonly kind: 'case';
  readonly branches: readonly { readonly when: Expr; readonly then: Expr }[];
  readonly otherwise: Expr;
}

export interface CoalesceExpr extends Base {
  readonly kind: 'coalesce';
  readonly args: readonly Expr[];
}

/** arg IN (list) by SQL equality `fn`; NULLs as SQL says. */
export interface InListExpr extends Base {
  readonly kind: 'in-list';
  readonly arg: Expr;
  readonly list: readonly Expr[];
  readonly fn: ScalarFunction;
  readonly negated: boolean;
}

/** arg op ANY|ALL (array). */
export interface QuantifiedExpr extends Base {
  readonly kind: 'quantified';
  readonly arg: Expr;
  readonly array: Expr;
  readonly fn: ScalarFunction;
  readonly all: boolean;
}

/** ARRAY[…]. */
export interface ArrayExpr extends Base {
  readonly kind: 'array';
  readonly elements: readonly Expr[];
}

/** ROW(…). */
export interface RowExpr extends Base {
  readonly kind: 'row';
  readonly fields: readonly Expr[];
}

/** Field `index` of a composite value. */
export interface FieldExpr extends Base {
  readonly kind: 'field';
  readonly arg: Expr;
  readonly index: number;
}

/** A plan as an expression sees it: opaque. The plan floor gives the real type. */
export interface SubqueryPlan {
  readonly kind: string;
}

/**
 * A subquery in an expression; replaced by joins in decorrelation, and never seen by interpreter or codegen.
 *   scalar  its one value, NULL over no row, error 21000 over two
 *   exists  whether it has a row
 *   any/all `args` compared by `fns` (one a column) with each row; IN is `any` with equality
 *   array   ARRAY(SELECT …)
 */
export interface SubqueryExpr extends Base {
  readonly kind: 'subquery';
  readonly mode: 'scalar' | 'exists' | 'any' | 'all' | 'array';
  readonly plan: SubqueryPlan;
  readonly args: readonly Expr[];
  readonly fns: readonly ScalarFunction[];
}

export type Expr =
  | ColumnExpr
  | OuterExpr
  | ConstantExpr
  | ParameterExpr
  | CallExpr
  | CastExpr
  | LogicExpr
  | NotExpr
  | IsNullExpr
  | IsTruthExpr
  | IsDistinctExpr
  | CaseExpr
  | CoalesceExpr
  | InListExpr
  | QuantifiedExpr
  | ArrayExpr
  | RowExpr
  | FieldExpr
  | SubqueryExpr;
