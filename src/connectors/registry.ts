/** The connectors by name, with every other name they go by. */

import type { SourceConnector } from './connector.ts';
import { datagenConnector } from './datagen.ts';
import { fileConnector } from './file.ts';
import { kafkaConnector } from './kafka/connector.ts';
import { nexmarkConnector } from './nexmark.ts';

export interface Connectors {
  /** The connector of that name (without regard to case), or undefined. */
  (name: string): SourceConnector | undefined;
  /** Canonical names, sorted, for hints. */
  readonly names: readonly string[];
}

/** The built-in connectors and `extra` ones, which win over built-in names. */
export function createConnectors(extra: readonly SourceConnector[] = []): Connectors {
  const all = [kafkaConnector, fileConnector, datagenConnector, nexmarkConnector, ...extra];
  const byName = new Map<string, SourceConnector>();
  for (const connector of all) {
    for (const name of [connector.name, ...connector.aliases]) byName.set(name, connector);
  }
  const names = [...new Set([...byName.values()].map((connector) => connector.name))].sort();
  return Object.assign((name: string) => byName.get(name.trim().toLowerCase()), { names });
}
