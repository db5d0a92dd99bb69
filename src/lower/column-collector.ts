/**
 * Lays out the row that an operator wants below it: each expression gets a column, equal expressions the
 * same one. What the operator must pass through comes first.
 */

import type { Expr } from '../expr/expr.ts';
import type { Field } from '../types/schema.ts';
import { expressionKey } from '../plan/encode.ts';
import { cannotFail, fieldFor, isVolatile, nullConstant } from '../plan/expressions.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { makeProject } from '../plan/make.ts';

export class ColumnCollector {
  readonly #input: LogicalPlan;
  readonly #exprs: Expr[] = [];
  readonly #places = new Map<string, number>();
  readonly #fields = new Map<number, Field>();

  /** `passed` columns of the input keep their places at the front. */
  constructor(input: LogicalPlan, passed: number) {
    this.#input = input;
    for (let i = 0; i < passed; i++) {
      this.add({ kind: 'column', index: i, type: input.schema[i]!.type });
    }
  }

  add(expr: Expr): number {
    const key = expressionKey(expr);
    const before = isVolatile(expr) ? undefined : this.#places.get(key);
    if (before !== undefined) return before;
    this.#exprs.push(expr);
    this.#places.set(key, this.#exprs.length - 1);
    return this.#exprs.length - 1;
  }

  /** What only rows that pass `filter` need: for others it is not asked, since it may fail. */
  addWhere(filter: Expr | null, expr: Expr): number {
    if (filter === null || cannotFail(expr)) return this.add(expr);
    const branches = [{ when: filter, then: expr }];
    const otherwise = nullConstant(expr.type);
    return this.add({ kind: 'case', branches, otherwise, type: expr.type });
  }

  /** A column of its own, with its field, though an equal expression may have one. */
  addAnew(expr: Expr, field: Field): number {
    this.#exprs.push(expr);
    const place = this.#exprs.length - 1;
    this.#fields.set(place, field);
    const key = expressionKey(expr);
    if (!isVolatile(expr) && !this.#places.has(key)) this.#places.set(key, place);
    return place;
  }

  /** How many columns there are so far. */
  get count(): number {
    return this.#exprs.length;
  }

  /** The input projected to the columns asked for. */
  plan(): LogicalPlan {
    const { schema } = this.#input;
    const fields = this.#exprs.map((expr, i) => {
      const name = expr.kind === 'column' ? schema[expr.index]!.name : '?column?';
      return this.#fields.get(i) ?? fieldFor(name, expr, schema);
    });
    return makeProject(this.#input, this.#exprs, fields);
  }
}
