/**
 * What expressions of views know of the world: nothing that may change. The time zone is UTC whatever the
 * session or the machine has, and of the catalog only the names of types are known, which are fixed.
 */

import type { Clock } from '../base/clock.ts';
import { notSupported, type SqlError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { formatTypeOid } from '../types/oid.ts';
import { pgTypeByOid } from '../types/pg-types.ts';
import type { CatalogReader, EvalContext } from '../expr/functions/registry.ts';

const silentCatalog: CatalogReader = {
  setting: (name) => (name.toLowerCase() === 'timezone' ? 'UTC' : undefined),
  lookupOid: (catalog) => {
    throw readsCatalog(`a name as ${catalog}`);
  },
  nameOfOid: (catalog, oid) => {
    if (catalog !== 'regtype') throw readsCatalog(`${catalog} as text`);
    return pgTypeByOid(oid) === undefined ? null : formatTypeOid(oid, null);
  },
  call: (name) => {
    throw readsCatalog(`function ${name}`);
  },
};

function readsCatalog(what: string): SqlError {
  return notSupported(`${what} in a view`, {
    hint: 'It reads the catalog, which changes without the view; do it in a query.',
  });
}

export function viewEvaluation(world: {
  readonly clock: Clock;
  readonly random: Random;
}): (nowMicros: bigint) => EvalContext {
  return (nowMicros) => ({
    nowMicros,
    clockMicros: () => BigInt(world.clock.nowMicros()),
    timeZone: 'UTC',
    random: () => world.random.float(),
    catalog: silentCatalog,
  });
}
