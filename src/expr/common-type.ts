/**
 * The one type that several expressions are brought to: UNION, VALUES, CASE, COALESCE, ARRAY, GREATEST, IN.
 * PostgreSQL's rules (section 10.5 of its manual).
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { formatType, identicalType, sameType } from '../types/oid.ts';
import type { SqlType } from '../types/sql-type.ts';
import { types } from '../types/sql-type.ts';
import { castAllowed } from './casts.ts';
import { commonNumericType } from './numeric-scale.ts';
import { categoryOf, isPreferred, isUnknown, withoutModifiers } from './type-category.ts';

/**
 * `contextName` begins the message, as PostgreSQL spells it: `UNION`, `CASE`, `COALESCE`, `ARRAY`, `VALUES`.
 * Only unknown literals: text. Modifiers are kept when all agree.
 */
export function commonType(
  args: readonly SqlType[],
  contextName: string,
  position?: number,
): SqlType {
  const known = args.filter((type) => !isUnknown(type));
  const first = known[0];
  if (first === undefined) return types.text;
  if (known.every((type) => identicalType(type, first))) {
    return sameScale(known) ? first : withoutModifiers(first);
  }
  const chosen = choose(known, contextName, position);
  for (const type of known) {
    if (!sameType(type, chosen) && !castAllowed(type, chosen, 'implicit')) {
      throw new SqlError(
        sqlstate.cannotCoerce,
        `${contextName} could not convert type ${nameOf(type)} to ${nameOf(chosen)}`,
        { position },
      );
    }
  }
  return chosen.kind === 'numeric' ? commonNumericType(known) : withoutModifiers(chosen);
}

/** The common type, or null where there is none. */
export function findCommonType(args: readonly SqlType[]): SqlType | null {
  try {
    return commonType(args, '');
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

/** Identical numerics may still differ in what is known of their scale. */
function sameScale(known: readonly SqlType[]): boolean {
  const scales = known.map((type) => (type.kind === 'numeric' ? type.fixedScale : undefined));
  return scales.every((scale) => scale === scales[0]);
}

function choose(
  known: readonly SqlType[],
  contextName: string,
  position: number | undefined,
): SqlType {
  let chosen = known[0]!;
  for (const type of known.slice(1)) {
    if (sameType(type, chosen)) continue;
    if (categoryOf(type) !== categoryOf(chosen)) {
      throw new SqlError(
        sqlstate.datatypeMismatch,
        `${contextName} types ${nameOf(chosen)} and ${nameOf(type)} cannot be matched`,
        { position },
      );
    }
    const forward = castAllowed(chosen, type, 'implicit');
    if (!isPreferred(chosen) && forward && !castAllowed(type, chosen, 'implicit')) chosen = type;
  }
  return chosen;
}

function nameOf(type: SqlType): string {
  return formatType(withoutModifiers(type));
}
