/** nextval and its family. What they do is the session's: it knows which values were given to it. */

import { types } from '../../types/sql-type.ts';
import { scalar } from './define.ts';
import type { ParameterType, ScalarFunction } from './registry.ts';

/** The names under which the session answers. */
export const sequenceCalls: ReadonlySet<string> = new Set([
  'nextval',
  'currval',
  'lastval',
  'setval',
  'pg_sequence_last_value',
]);

export function sequenceFunctions(): readonly ScalarFunction[] {
  const { regclass, bigint, boolean, oid } = types;
  return [
    ofSession('nextval', [regclass]),
    ofSession('currval', [regclass]),
    ofSession('lastval', []),
    ofSession('setval', [regclass, bigint]),
    ofSession('setval', [regclass, bigint, boolean]),
    ofSession('pg_sequence_last_value', [oid]),
  ];
}

function ofSession(name: string, parameters: readonly ParameterType[]): ScalarFunction {
  return scalar(name, parameters, types.bigint, (args, { catalog }) => catalog.call(name, args), {
    volatility: 'volatile',
  });
}
