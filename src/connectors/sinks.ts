/** The connectors that can be written to, by name, with every other name they go by. */

import { blackholeConnector } from './blackhole.ts';
import { fileSinkConnector } from './file-sink/file-sink.ts';
import { printConnector } from './print.ts';
import type { SinkConnector } from './sink.ts';

export interface SinkConnectors {
  /** The connector of that name (without regard to case), or undefined. */
  (name: string): SinkConnector | undefined;
  /** Canonical names, sorted, for hints. */
  readonly names: readonly string[];
}

export function createSinkConnectors(): SinkConnectors {
  const all = [blackholeConnector, fileSinkConnector, printConnector];
  const byName = new Map<string, SinkConnector>();
  for (const connector of all) {
    for (const name of [connector.name, ...connector.aliases]) byName.set(name, connector);
  }
  const names = all.map((connector) => connector.name).sort();
  return Object.assign((name: string) => byName.get(name.trim().toLowerCase()), { names });
}
