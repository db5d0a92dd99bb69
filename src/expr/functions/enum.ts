/** enum_first, enum_last and enum_range. Labels may be added at any time, so the answers are stable, not immutable. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { SqlArray } from '../../types/array.ts';
import type { Datum } from '../../types/datum.ts';
import type { EnumDefinition } from '../../types/enum-labels.ts';
import { arrayOf, type SqlType, types } from '../../types/sql-type.ts';
import { scalar, specializedOnly } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const options = { strict: false, volatility: 'stable' } as const;
const own = (args: readonly SqlType[]): SqlType => args[0] ?? types.text;
const list = (args: readonly SqlType[]): SqlType => arrayOf(own(args));

export function enumFunctions(): readonly ScalarFunction[] {
  return [
    end('enum_first', 0),
    end('enum_last', -1),
    scalar('enum_range', ['anyenum'], list, specializedOnly, {
      ...options,
      specialize:
        ([type]) =>
        () =>
          range(type, null, null),
    }),
    scalar('enum_range', ['anyenum', 'anyenum'], list, specializedOnly, {
      ...options,
      specialize:
        ([type]) =>
        ([from, to]) =>
          range(type, from ?? null, to ?? null),
    }),
  ];
}

/** The label at one end of the type; its argument only says which type it is. */
function end(name: string, at: 0 | -1): ScalarFunction {
  return scalar(name, ['anyenum'], own, specializedOnly, {
    ...options,
    specialize:
      ([type]) =>
      () => {
        const { name: shown, labels } = definitionOf(type);
        const label = labels.at(at);
        if (label !== undefined) return label.order;
        throw new SqlError(
          sqlstate.objectNotInPrerequisiteState,
          `enum ${shown} contains no values`,
        );
      },
  });
}

/** The labels between two of them, both included; null leaves an end open. */
function range(type: SqlType | undefined, from: Datum | null, to: Datum | null): SqlArray {
  const orders = definitionOf(type)
    .labels.map((label) => label.order)
    .filter((order) => from === null || order >= (from as number))
    .filter((order) => to === null || order <= (to as number));
  return orders.length === 0 ? SqlArray.empty : new SqlArray(orders, [orders.length]);
}

function definitionOf(type: SqlType | undefined): EnumDefinition {
  if (type?.kind === 'enum') return type.labels.definition;
  throw new SqlError(sqlstate.featureNotSupported, 'could not determine actual enum type');
}
