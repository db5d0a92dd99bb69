/** Predicates of a path: true, false, or null for "unknown", which faults of operands become. */

import type { JsonTree } from '../../types/jsonb.ts';
import {
  predicateOf,
  type PathChain,
  type PathPattern,
  type PathPredicate,
} from '../../types/jsonpath.ts';
import type { PathItem } from './items.ts';
import { comparePathItems } from './operators.ts';
import type { SessionZone } from './times.ts';

export interface PathWorld {
  /** The object of $name's values. */
  readonly variables: JsonTree;
  /** For comparisons between times with and without a zone; null where they are refused. */
  readonly zone: SessionZone | null;
  readonly matches: (text: string, pattern: PathPattern) => boolean;
}

/** What a predicate asks of the run that it is part of. */
export interface Operands {
  readonly lax: boolean;
  readonly world: PathWorld;
  /** Where the chain leads; `unwrap` replaces arrays by their elements in lax mode. */
  readonly items: (chain: PathChain, unwrap: boolean) => readonly PathItem[];
  readonly finds: (chain: PathChain) => boolean;
  /** Null after a fault. */
  readonly unlessFault: <T>(run: () => T) => T | null;
  readonly count: () => void;
}

/** Null is unknown; a fault of an operand makes a comparison unknown. */
export function truthOf(head: PathPredicate, run: Operands): boolean | null {
  switch (head.kind) {
    case 'and': {
      const left = truthOf(predicateOf(head.left), run);
      if (left === false) return false;
      const right = truthOf(predicateOf(head.right), run);
      return right === true ? left : right;
    }
    case 'or': {
      const left = truthOf(predicateOf(head.left), run);
      if (left === true) return true;
      const right = truthOf(predicateOf(head.right), run);
      return right === false ? left : right;
    }
    case 'not': {
      const value = truthOf(predicateOf(head.arg), run);
      return value === null ? null : !value;
    }
    case 'is-unknown':
      return truthOf(predicateOf(head.arg), run) === null;
    case 'exists':
      return run.unlessFault(() => run.finds(head.arg));
    case 'compare': {
      const { operator } = head;
      const { zone } = run.world;
      return compared(run, head.left, head.right, true, (a, b) =>
        comparePathItems(operator, a, b, zone),
      );
    }
    case 'starts-with':
      return compared(run, head.left, head.right, false, (a, b) =>
        typeof a === 'string' && typeof b === 'string' ? a.startsWith(b) : null,
      );
    case 'like-regex':
      return compared(run, head.left, null, false, (a) =>
        typeof a === 'string' ? run.world.matches(a, head.pattern) : null,
      );
  }
}

/** Some pair of items must do; in strict mode none may be unknown. */
function compared(
  run: Operands,
  left: PathChain,
  right: PathChain | null,
  unwrapRight: boolean,
  test: (a: PathItem, b: PathItem) => boolean | null,
): boolean | null {
  const lefts = run.unlessFault(() => run.items(left, true));
  if (lefts === null) return null;
  const rights = right === null ? [null] : run.unlessFault(() => run.items(right, unwrapRight));
  if (rights === null) return null;
  let found = false;
  let unknown = false;
  for (const a of lefts) {
    for (const b of rights) {
      run.count();
      const holds = test(a, b);
      if (holds === null) {
        if (!run.lax) return null;
        unknown = true;
      } else if (holds) {
        if (run.lax) return true;
        found = true;
      }
    }
  }
  if (found) return true;
  return unknown ? null : false;
}
