/** The two questions that a path can be asked: what it leads to, and whether it leads anywhere. */

import type { JsonTree } from '../../types/jsonb.ts';
import type { JsonPath } from '../../types/jsonpath.ts';
import { PathFault, type PathItem } from './items.ts';
import type { PathWorld } from './predicates.ts';
import { collector, PathRun } from './run.ts';

/** What the path leads to. On a fault `silent` gives what was found before it. */
export function pathItems(
  path: JsonPath,
  document: JsonTree,
  world: PathWorld,
  silent: boolean,
): readonly PathItem[] {
  const items: PathItem[] = [];
  try {
    new PathRun(path, document, world).run(collector(items));
  } catch (error) {
    if (!(silent && error instanceof PathFault)) throw error;
  }
  return items;
}

/** Whether the path leads to anything; null for a silent fault. */
export function pathExists(
  path: JsonPath,
  document: JsonTree,
  world: PathWorld,
  silent: boolean,
): boolean | null {
  try {
    return new PathRun(path, document, world).exists();
  } catch (error) {
    if (silent && error instanceof PathFault) return null;
    throw error;
  }
}
