/**
 * What expressions of views know of the world: nothing that may change. The time zone is UTC whatever the
 * session or the machine has, and the catalog answers nothing.
 */

import type { Clock } from '../base/clock.ts';
import { notSupported } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { CatalogReader, EvalContext } from '../expr/functions/registry.ts';

const silentCatalog: CatalogReader = {
  setting: (name) => (name.toLowerCase() === 'timezone' ? 'UTC' : undefined),
  lookupOid: () => null,
  nameOfOid: () => null,
  call: (name) => {
    throw notSupported(`function ${name} in a view`, {
      hint: 'It reads the catalog, which changes without the view; call it in a query.',
    });
  },
};

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
