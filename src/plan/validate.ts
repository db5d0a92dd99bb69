/**
 * Checks that a plan is well formed: every column is in range and has the type its reference claims, every
 * schema has the arity and types its node makes, predicates are boolean, and, after decorrelation, that no
 * subquery, lateral join or outer reference is left. Tests run it after every rewrite; a breach is ours.
 */

import { assert } from '../base/assert.ts';
import type { Expr } from '../expr/expr.ts';
import { visitExpr } from '../expr/walk.ts';
import { sameType } from '../types/oid.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';
import { children, expressionsOf } from './children.ts';
import { isLateralRight, subqueryPlan } from './expressions.ts';
import { inputRow } from './input-row.ts';
import type { LogicalPlan } from './logical.ts';

export interface ValidateOptions {
  /** No subquery, lateral join or outer reference may be left. */
  readonly decorrelated: boolean;
}

/** Throws AssertionFailed with the first fault found. */
export function validatePlan(
  plan: LogicalPlan,
  options: ValidateOptions = { decorrelated: false },
): void {
  new Validation(options).plan(plan, []);
}

class Validation {
  readonly #decorrelated: boolean;

  constructor(options: ValidateOptions) {
    this.#decorrelated = options.decorrelated;
  }

  /** `outer` holds the rows of the enclosing queries, innermost first. */
  plan(plan: LogicalPlan, outer: readonly Schema[]): void {
    if (plan.kind === 'join' && plan.lateral) {
      assert(!this.#decorrelated, 'a lateral join is left after decorrelation');
    }
    children(plan).forEach((input, position) => {
      const inner =
        isLateralRight(plan, position) && plan.kind === 'join'
          ? [plan.left.schema, ...outer]
          : outer;
      this.plan(input, inner);
    });
    const row = inputRow(plan);
    for (const expr of expressionsOf(plan)) this.#expr(plan, expr, row, outer);
    this.#node(plan, row);
  }

  #expr(plan: LogicalPlan, expr: Expr, row: Schema, outer: readonly Schema[]): void {
    visitExpr(expr, (part) => {
      if (part.kind === 'column') {
        const field = row[part.index];
        assert(field !== undefined, `${plan.kind}: column ${part.index} of ${row.length}`);
        expectType(field.type, part.type, `${plan.kind}: column ${part.index}`);
      }
      if (part.kind === 'outer') {
        assert(!this.#decorrelated, `${plan.kind}: an outer reference is left`);
        const field = outer[part.depth - 1]?.[part.index];
        assert(
          field !== undefined,
          `${plan.kind}: outer column ${part.index} at depth ${part.depth}`,
        );
        expectType(field.type, part.type, `${plan.kind}: outer column ${part.index}`);
      }
      if (part.kind === 'subquery') {
        assert(!this.#decorrelated, `${plan.kind}: a subquery is left`);
        const inner = subqueryPlan(part);
        const width = inner.schema.length;
        if (part.mode === 'any' || part.mode === 'all') {
          assert(
            part.args.length === width && part.fns.length === width,
            `${part.mode} subquery of ${width} columns, ${part.args.length} arguments`,
          );
        } else if (part.mode !== 'exists') {
          assert(width === 1, `${part.mode} subquery of ${width} columns`);
        }
        this.plan(inner, [row, ...outer]);
      }
    });
  }

  #node(plan: LogicalPlan, row: Schema): void {
    const { schema } = plan;
    switch (plan.kind) {
      case 'scan':
        expectWidth(plan, plan.columns.length);
        return;
      case 'values':
        for (const values of plan.rows) {
          expectWidth(plan, values.length);
          expectExprs(plan, values, schema);
        }
        return;
      case 'filter':
        expectBoolean(plan, plan.predicate);
        expectSchema(plan, row);
        return;
      case 'project':
        expectWidth(plan, plan.exprs.length);
        expectExprs(plan, plan.exprs, schema);
        return;
      case 'window': {
        const time = row[plan.timeColumn];
        assert(time !== undefined, `window: time column ${plan.timeColumn} of ${row.length}`);
        expectWidth(plan, row.length + 3);
        expectSchema(plan, [...row, ...schema.slice(row.length)]);
        for (const field of schema.slice(row.length)) {
          expectType(field.type, time.type, `window: ${field.name}`);
        }
        if (plan.window.fn === 'session') expectColumns(plan, plan.window.partitionBy, row);
        return;
      }
      case 'aggregate': {
        expectWidth(plan, plan.keys.length + plan.aggregates.length);
        expectExprs(plan, plan.keys, schema);
        for (const call of plan.aggregates) if (call.filter) expectBoolean(plan, call.filter);
        for (const set of plan.groupingSets ?? []) {
          for (const key of set) assert(key < plan.keys.length, `grouping set key ${key}`);
        }
        return;
      }
      case 'join': {
        expectBoolean(plan, plan.on);
        const rightToo = plan.type !== 'semi' && plan.type !== 'anti';
        expectSchema(plan, rightToo ? row : plan.left.schema);
        return;
      }
      case 'union':
        assert(plan.inputs.length > 0, 'union of nothing');
        for (const input of plan.inputs) expectSchema(plan, input.schema);
        return;
      case 'set':
        expectSchema(plan, plan.left.schema);
        expectSchema(plan, plan.right.schema);
        return;
      case 'distinct':
      case 'sort':
        expectSchema(plan, row);
        return;
      case 'over':
        expectWidth(plan, row.length + plan.calls.length);
        expectSchema(plan, [...row, ...schema.slice(row.length)]);
        return;
      case 'flat-map': {
        const types = plan.args.map((arg) => arg.type);
        const made = plan.fn.columns(types).length + (plan.ordinality ? 1 : 0);
        expectWidth(plan, row.length + made);
        expectSchema(plan, [...row, ...schema.slice(row.length)]);
        return;
      }
      case 'single-row':
        expectSchema(plan, row);
        expectColumns(plan, plan.keys, row);
        return;
      case 'recursion':
        expectSchema(plan, plan.base.schema);
        expectSchema(plan, plan.step.schema);
        return;
      case 'self':
        return;
    }
  }
}

function expectWidth(plan: LogicalPlan, width: number): void {
  assert(
    plan.schema.length === width,
    `${plan.kind}: schema of ${plan.schema.length} columns for ${width} values`,
  );
}

function expectSchema(plan: LogicalPlan, made: Schema): void {
  expectWidth(plan, made.length);
  plan.schema.forEach((field, i) => {
    expectType(field.type, made[i]!.type, `${plan.kind}: column ${i} (${field.name})`);
    assert(
      field.time === undefined || made[i]!.time !== undefined || plan.kind === 'window',
      `${plan.kind}: column ${i} (${field.name}) became a time attribute`,
    );
  });
}

function expectExprs(plan: LogicalPlan, exprs: readonly Expr[], schema: Schema): void {
  exprs.forEach((expr, i) => {
    expectType(schema[i]!.type, expr.type, `${plan.kind}: column ${i} (${schema[i]!.name})`);
  });
}

function expectBoolean(plan: LogicalPlan, expr: Expr): void {
  assert(expr.type.kind === 'boolean', `${plan.kind}: condition of type ${expr.type.kind}`);
}

function expectColumns(plan: LogicalPlan, columns: readonly number[], row: Schema): void {
  for (const column of columns) {
    assert(column >= 0 && column < row.length, `${plan.kind}: column ${column} of ${row.length}`);
  }
}

function expectType(expected: SqlType, actual: SqlType, where: string): void {
  assert(sameType(expected, actual), `${where}: ${actual.kind} where ${expected.kind} is said`);
}
