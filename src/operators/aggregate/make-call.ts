/** Which kind of state an aggregate call has: the one place that knows the counters by name. */

import {
  compareSpellings,
  spellingOfOne,
  spellingOfSeveral,
} from '../../expr/aggregates-spelling.ts';
import type { AggregateCallSpec } from '../../plan/dataflow-plan.ts';
import type { SqlType } from '../../types/sql-type.ts';
import type { CallOptions, CallState } from './call.ts';
import { BooleanCall, CountCall } from './counter-calls.ts';
import { DoubleSumCall } from './double-sum-call.ts';
import { ExactSumCall } from './exact-sum-call.ts';
import { InsertOnlyExtreme } from './extreme-call.ts';
import { makeAccumulatorFold, makeExtremeFold, makeSpellingFold } from './fold-call.ts';

/** `orderTypes` are the types of the call's ORDER BY columns. */
export function makeCall(
  spec: AggregateCallSpec,
  options: CallOptions,
  orderTypes: readonly SqlType[],
): CallState {
  return (
    makeSpelling(spec, options) ??
    makeCounter(spec, options) ??
    makeAccumulatorFold(options, spec.fn, { specs: spec.orderBy, types: orderTypes })
  );
}

/** The least by exact bytes of the values that came, which are equal. */
function makeSpelling(spec: AggregateCallSpec, options: CallOptions): CallState | null {
  if (spec.fn === spellingOfSeveral) return makeSpellingFold(options);
  if (spec.fn !== spellingOfOne) return null;
  const type = options.argTypes[0]!;
  return options.insertOnly
    ? new InsertOnlyExtreme({ max: false, type, compare: compareSpellings(type) })
    : makeSpellingFold(options);
}

function makeCounter(spec: AggregateCallSpec, options: CallOptions): CallState | null {
  const argType = options.argTypes[0];
  const { name } = spec.fn;
  if (name === 'count') {
    const ofAll =
      options.countsRows && spec.args.length === 0 && spec.filter === null && !spec.distinct;
    return options.argTypes.length <= 1 ? new CountCall(ofAll) : null;
  }
  if (argType === undefined || options.argTypes.length !== 1) return null;
  switch (name) {
    case 'bool_and':
    case 'every':
      return new BooleanCall(true);
    case 'bool_or':
      return new BooleanCall(false);
    case 'sum':
    case 'avg':
      return makeSum(name === 'avg', argType, options.type);
    case 'min':
    case 'max':
      if (options.insertOnly) return new InsertOnlyExtreme({ max: name === 'max', type: argType });
      return makeExtremeFold(options, name === 'max');
    default:
      return null;
  }
}

function makeSum(average: boolean, argType: SqlType, type: SqlType): CallState | null {
  switch (argType.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
      return new ExactSumCall({ average, argType, type });
    case 'real':
    case 'double':
      return new DoubleSumCall({ average, real: argType.kind === 'real' && !average });
    default:
      return null;
  }
}
