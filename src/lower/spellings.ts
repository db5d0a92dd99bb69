/**
 * Values that are equal but not the same: 1.0 and 1.00, '1 mon' and '30 days'. State keeps groups by equality
 * and with the spelling met first, which may be that of a row that is gone. Here groups whose keys can have several
 * spellings get an aggregate that gives the least spelling of the rows that are there, and it takes the keys' place.
 */

import { rowOf, spellingOfOne, spellingOfSeveral } from '../expr/aggregates-spelling.ts';
import type { Expr } from '../expr/expr.ts';
import { children } from '../plan/children.ts';
import {
  columnExpr,
  columnsFor,
  conjunction,
  isVolatile,
  notDistinct,
} from '../plan/expressions.ts';
import type {
  AggregateCall,
  AggregatePlan,
  DistinctPlan,
  JoinPlan,
  LogicalPlan,
  SetPlan,
} from '../plan/logical.ts';
import { makeDistinct, makeJoin, makeProject } from '../plan/make.ts';
import { propertiesOf } from '../plan/properties.ts';
import type { SqlType } from '../types/sql-type.ts';

/** The aggregate with the spellings added, and what puts them in the keys' place. */
interface SpelledKeys {
  readonly input: AggregatePlan;
  readonly exprs: readonly Expr[];
}

/** The aggregate with its keys as present rows spell them; null when its keys have one spelling. */
export function spellKeys(plan: AggregatePlan): SpelledKeys | null {
  const varying = varyingOf(plan.keys.map((key) => key.type)).filter(
    (key) => !isVolatile(plan.keys[key]!),
  );
  if (varying.length === 0 || plan.aggregates.some(isSpelling)) return null;
  const args = varying.map((key) => plan.keys[key]!);
  const several = args.length > 1;
  const type = several ? rowOf(args.map((arg) => arg.type)) : args[0]!.type;
  const fn = several ? spellingOfSeveral : spellingOfOne;
  const call: AggregateCall = { fn, args, distinct: false, filter: null, orderBy: [] };
  const width = plan.schema.length;
  const aggregate: AggregatePlan = {
    ...plan,
    aggregates: [...plan.aggregates, call],
    schema: [...plan.schema, { name: fn.name, type, nullable: true }],
  };
  const spelling = columnExpr(width, type);
  const exprs = columnsFor(plan.schema).map((column, i): Expr => {
    const place = varying.indexOf(i);
    if (place < 0) return column;
    if (!several) return spelling;
    return { kind: 'field', arg: spelling, index: place, type: args[place]!.type };
  });
  return { input: aggregate, exprs };
}

function isSpelling(call: AggregateCall): boolean {
  return call.fn === spellingOfOne || call.fn === spellingOfSeveral;
}

/**
 * DISTINCT as an aggregate of all columns; null when its rows have one spelling, because of their types or because
 * no two are equal, and in the step of a recursion, whose rows are known by equality.
 */
export function groupDistinct(plan: DistinctPlan): AggregatePlan | null {
  const { input, schema } = plan;
  if (!varies(plan) || propertiesOf(input).keys.length > 0 || readsSelf(input)) return null;
  const keys = columnsFor(input.schema);
  return { kind: 'aggregate', input, keys, aggregates: [], groupingSets: null, schema };
}

/**
 * The join that gives the rows of INTERSECT and EXCEPT as rows of their left input spell them: its left columns are
 * the set's, its right ones the result's. Null when there is one spelling.
 */
export function respellSet(plan: SetPlan): JoinPlan | null {
  if (!varies(plan) || readsSelf(plan)) return null;
  // Its columns may be of another form: numerics of a fixed scale beside others.
  const left = makeProject(plan.left, columnsFor(plan.left.schema), plan.schema);
  const right = makeDistinct(left);
  const width = plan.schema.length;
  const same = plan.schema.map(({ type }, i) =>
    notDistinct(columnExpr(i, type), columnExpr(width + i, type)),
  );
  return makeJoin('inner', plan, right, conjunction(same));
}

function varies(plan: LogicalPlan): boolean {
  return varyingOf(plan.schema.map((field) => field.type)).length > 0;
}

function readsSelf(plan: LogicalPlan): boolean {
  return plan.kind === 'self' || children(plan).some(readsSelf);
}

/**
 * Positions of types with several spellings. 0 and −0 alone are no reason: floats as keys are left as fast as
 * they are, and only go along with others.
 */
function varyingOf(keys: readonly SqlType[]): number[] {
  if (!keys.some((type) => hasSpellings(type) && !isFloat(type))) return [];
  return keys.flatMap((type, i) => (hasSpellings(type) ? [i] : []));
}

function isFloat(type: SqlType): boolean {
  return type.kind === 'double' || type.kind === 'real';
}

/** Whether values of a type can be equal and yet look different. */
function hasSpellings(type: SqlType): boolean {
  switch (type.kind) {
    case 'numeric':
      return type.fixedScale === undefined;
    case 'char':
      return type.length === null;
    case 'double':
    case 'real':
    case 'interval':
    case 'jsonb':
    case 'record':
    case 'anyarray':
      return true;
    case 'array':
      return hasSpellings(type.element);
    case 'row':
      return type.fields.some((field) => hasSpellings(field.type));
    case 'map':
      return hasSpellings(type.key) || hasSpellings(type.value);
    default:
      return false;
  }
}
