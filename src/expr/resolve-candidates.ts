/**
 * PostgreSQL's choice among overloads (sections 10.2 and 10.3 of its manual; func_select_candidate in its
 * source): exact matches, preferred types, then guesses for unknown literals by category.
 */

import { sameType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { castAllowed } from './casts.ts';
import { findCommonType } from './common-type.ts';
import type { ParameterType } from './functions/registry.ts';
import {
  categoryOf,
  elementOf,
  isPreferred,
  isUnknown,
  type TypeCategory,
} from './type-category.ts';

/** An overload with one parameter an argument: optional ones left out, variadic ones repeated. */
export interface Candidate<F> {
  readonly fn: F;
  readonly parameters: readonly ParameterType[];
}

interface Overload {
  readonly parameters: readonly ParameterType[];
  readonly variadic?: boolean;
  readonly optional?: number;
}

/** The overloads that can be called with `count` arguments; fixed ones hide variadic ones. */
export function candidatesFor<F extends Overload>(
  overloads: readonly F[],
  count: number,
): readonly Candidate<F>[] {
  const fixed: Candidate<F>[] = [];
  const repeated: Candidate<F>[] = [];
  for (const fn of overloads) {
    const { parameters } = fn;
    if (fn.variadic === true) {
      if (count < parameters.length) continue;
      const last = parameters[parameters.length - 1]!;
      const extra = Array.from({ length: count - parameters.length }, () => last);
      repeated.push({ fn, parameters: [...parameters, ...extra] });
    } else if (count <= parameters.length && count >= parameters.length - (fn.optional ?? 0)) {
      fixed.push({ fn, parameters: parameters.slice(0, count) });
    }
  }
  return [...fixed, ...repeated];
}

export type Selection<F> =
  | { readonly kind: 'one'; readonly candidate: Candidate<F> }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' };

/** The best candidate for these argument types. */
export function selectCandidate<F>(
  args: readonly SqlType[],
  candidates: readonly Candidate<F>[],
): Selection<F> {
  const exact = candidates.find((each) =>
    args.every((arg, i) => isExact(arg, each.parameters[i]!)),
  );
  if (exact !== undefined) return { kind: 'one', candidate: exact };
  const usable = candidates.filter((each) => accepts(args, each.parameters));
  if (usable.length === 0) return { kind: 'none' };
  const chosen = narrow(args, usable);
  return chosen === null ? { kind: 'ambiguous' } : { kind: 'one', candidate: chosen };
}

export function accepts(args: readonly SqlType[], parameters: readonly ParameterType[]): boolean {
  if (!args.every((arg, i) => acceptsOne(arg, parameters[i]!))) return false;
  return polymorphicElement(parameters, args) !== undefined;
}

/** What anyelement stands for in a call; undefined when its arguments cannot agree. */
export function polymorphicElement(
  parameters: readonly ParameterType[],
  args: readonly SqlType[],
): SqlType | undefined {
  const elements: SqlType[] = [];
  for (const [i, parameter] of parameters.entries()) {
    const arg = args[i]!;
    if (typeof parameter !== 'string' || parameter === 'any') continue;
    elements.push(parameter === 'anyarray' ? (elementOf(arg) ?? arg) : arg);
  }
  if (elements.length === 0) return types.text;
  return findCommonType(elements) ?? undefined;
}

function acceptsOne(arg: SqlType, parameter: ParameterType): boolean {
  switch (parameter) {
    case 'any':
    case 'anyelement':
      return true;
    case 'anyarray':
      return isUnknown(arg) || elementOf(arg) !== null;
    case 'anyenum':
      return isUnknown(arg) || arg.kind === 'enum';
    case 'anynonarray':
      return isUnknown(arg) || elementOf(arg) === null;
    default:
      return castAllowed(arg, parameter, 'implicit');
  }
}

function isExact(arg: SqlType, parameter: ParameterType): boolean {
  return typeof parameter !== 'string' && !isUnknown(arg) && sameType(arg, parameter);
}

function narrow<F>(args: readonly SqlType[], usable: readonly Candidate<F>[]): Candidate<F> | null {
  let left = best(usable, (each) => count(args, (arg, i) => isExact(arg, each.parameters[i]!)));
  if (left.length === 1) return left[0]!;
  left = best(left, (each) =>
    count(args, (arg, i) => isExact(arg, each.parameters[i]!) || prefers(arg, each.parameters[i]!)),
  );
  if (left.length === 1) return left[0]!;
  // `any` takes what nothing more particular takes.
  left = best(left, (each) => -each.parameters.filter((parameter) => parameter === 'any').length);
  if (left.length === 1) return left[0]!;
  const unknown = args.flatMap((arg, i) => (isUnknown(arg) ? [i] : []));
  if (unknown.length === 0) return null;
  left = byUnknownCategory(unknown, left);
  if (left.length === 1) return left[0]!;
  return byKnownType(args, left);
}

function best<F>(
  candidates: readonly Candidate<F>[],
  score: (candidate: Candidate<F>) => number,
): readonly Candidate<F>[] {
  const scores = candidates.map(score);
  const top = Math.max(...scores);
  return candidates.filter((_, i) => scores[i] === top);
}

function count(args: readonly SqlType[], test: (arg: SqlType, index: number) => boolean): number {
  return args.filter((arg, i) => !isUnknown(arg) && test(arg, i)).length;
}

/** A parameter of the argument's own category that is preferred there. */
function prefers(arg: SqlType, parameter: ParameterType): boolean {
  if (typeof parameter === 'string' || !isPreferred(parameter)) return false;
  return categoryOf(parameter) === categoryOf(arg);
}

function parameterCategory(parameter: ParameterType): TypeCategory {
  return typeof parameter === 'string' ? 'P' : categoryOf(parameter);
}

function parameterPreferred(parameter: ParameterType): boolean {
  return typeof parameter !== 'string' && isPreferred(parameter);
}

/**
 * A literal of unknown type is a string if some candidate takes a string there, else of the category on
 * which all candidates agree; without agreement nothing is dropped.
 */
function byUnknownCategory<F>(
  unknown: readonly number[],
  candidates: readonly Candidate<F>[],
): readonly Candidate<F>[] {
  const slots = unknown.map((index) => slotOf(candidates.map((each) => each.parameters[index]!)));
  if (slots.includes(null)) return candidates;
  const left = candidates.filter((each) =>
    unknown.every((index, i) => {
      const slot = slots[i]!;
      const parameter = each.parameters[index]!;
      if (parameterCategory(parameter) !== slot.category) return false;
      return !slot.preferred || parameterPreferred(parameter);
    }),
  );
  return left.length === 0 ? candidates : left;
}

function slotOf(
  parameters: readonly ParameterType[],
): { readonly category: TypeCategory; readonly preferred: boolean } | null {
  const found = new Set(parameters.map(parameterCategory));
  const category = found.has('S') ? 'S' : found.size === 1 ? [...found][0]! : null;
  if (category === null) return null;
  const preferred = parameters.some(
    (each) => parameterCategory(each) === category && parameterPreferred(each),
  );
  return { category, preferred };
}

/** All known arguments of one type: unknown ones are that type too, if that settles it. */
function byKnownType<F>(
  args: readonly SqlType[],
  candidates: readonly Candidate<F>[],
): Candidate<F> | null {
  const known = args.filter((arg) => !isUnknown(arg));
  const first = known[0];
  if (first === undefined || !known.every((arg) => sameType(arg, first))) return null;
  const assumed = args.map(() => first);
  const left = candidates.filter((each) => accepts(assumed, each.parameters));
  return left.length === 1 ? left[0]! : null;
}
