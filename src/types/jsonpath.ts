/**
 * SQL/JSON paths as data. A path is a chain: where it begins, and the steps that lead on from there. A datum
 * of type jsonpath is its canonical text, which reads back as the same path.
 */

import { fault } from '../base/assert.ts';
import type { Decimal } from './decimal.ts';

export interface JsonPath {
  /** strict: a step that does not fit its value is an error, and arrays are not unwrapped. */
  readonly strict: boolean;
  readonly chain: PathChain;
}

export interface PathChain {
  readonly head: PathHead;
  readonly steps: readonly PathStep[];
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type PathPredicate =
  | { readonly kind: 'and' | 'or'; readonly left: PathChain; readonly right: PathChain }
  | { readonly kind: 'not' | 'is-unknown' | 'exists'; readonly arg: PathChain }
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: PathChain;
      readonly right: PathChain;
    }
  | { readonly kind: 'starts-with'; readonly left: PathChain; readonly right: PathChain }
  | { readonly kind: 'like-regex'; readonly left: PathChain; readonly pattern: PathPattern };

export interface PathPattern {
  readonly source: string;
  /** The letters that were given, of "ismxq", in this order. */
  readonly flags: string;
}

export type PathHead =
  | { readonly kind: 'root' | 'current' | 'last' }
  | { readonly kind: 'constant'; readonly value: null | boolean | string | Decimal }
  | { readonly kind: 'variable'; readonly name: string }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: PathChain;
      readonly right: PathChain;
    }
  | { readonly kind: 'sign'; readonly operator: '+' | '-'; readonly arg: PathChain }
  | PathPredicate;

export type PathMethod = 'abs' | 'size' | 'type' | 'floor' | 'double' | 'ceiling' | 'keyvalue';

/** `last` of a level is any depth. */
export const anyDepth = 0xffffffff;

export interface PathRange {
  readonly from: PathChain;
  /** null: the one element at `from`. */
  readonly to: PathChain | null;
}

export type PathStep =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'any-key' | 'any-array' }
  | { readonly kind: 'elements'; readonly ranges: readonly PathRange[] }
  | { readonly kind: 'any'; readonly first: number; readonly last: number }
  | { readonly kind: 'filter'; readonly predicate: PathChain }
  | { readonly kind: 'method'; readonly method: PathMethod }
  | { readonly kind: 'datetime'; readonly template: string | null };

export function isPathPredicate(head: PathHead): head is PathPredicate {
  switch (head.kind) {
    case 'and':
    case 'or':
    case 'not':
    case 'is-unknown':
    case 'exists':
    case 'compare':
    case 'starts-with':
    case 'like-regex':
      return true;
    default:
      return false;
  }
}

/** The predicate that a chain consists of; the parser lets nothing else stand where one is wanted. */
export function predicateOf({ head }: PathChain): PathPredicate {
  return isPathPredicate(head) ? head : fault('a predicate is wanted');
}
