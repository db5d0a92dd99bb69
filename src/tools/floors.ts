/**
 * The floors of the source tree: which folder may import from which. Imports point down only; nothing is
 * imported sideways except within a folder, and no two files import each other, types included.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Folder → folders that it may import from. Its own is always allowed. */
export const floors: ReadonlyMap<string, readonly string[]> = new Map([
  ['base', []],
  ['client', ['base']],
  ['types', ['base']],
  ['syntax', ['base']],
  ['expr', ['types', 'base']],
  ['state', ['types', 'base']],
  ['formats', ['types', 'base']],
  ['plan', ['expr', 'types', 'base']],
  ['dataflow', ['state', 'expr', 'types', 'base']],
  ['connectors', ['formats', 'types', 'base']],
  ['catalog', ['plan', 'expr', 'formats', 'state', 'types', 'base']],
  ['optimizer', ['plan', 'expr', 'types', 'base']],
  ['lower', ['plan', 'expr', 'types', 'base']],
  ['operators', ['plan', 'dataflow', 'connectors', 'expr', 'formats', 'state', 'types', 'base']],
  ['checkpoint', ['dataflow', 'connectors', 'state', 'types', 'base']],
  ['binder', ['catalog', 'connectors', 'syntax', 'plan', 'expr', 'formats', 'types', 'base']],
  [
    'jobs',
    [
      'operators',
      'checkpoint',
      'catalog',
      'plan',
      'dataflow',
      'connectors',
      'expr',
      'formats',
      'state',
      'types',
      'base',
    ],
  ],
  [
    'shards',
    [
      'jobs',
      'operators',
      'catalog',
      'plan',
      'dataflow',
      'connectors',
      'expr',
      'formats',
      'state',
      'types',
      'base',
    ],
  ],
  [
    'serving',
    ['jobs', 'operators', 'catalog', 'plan', 'dataflow', 'expr', 'state', 'types', 'base'],
  ],
  ['observe', ['jobs', 'catalog', 'dataflow', 'types', 'base']],
  [
    'session',
    [
      'serving',
      'observe',
      'jobs',
      'binder',
      'optimizer',
      'lower',
      'operators',
      'catalog',
      'connectors',
      'plan',
      'expr',
      'formats',
      'state',
      'syntax',
      'types',
      'base',
    ],
  ],
  ['pgwire', ['session', 'types', 'base']],
  ['sqltest', ['session', 'connectors', 'types', 'base']],
  ['bench', ['server', 'session', 'jobs', 'checkpoint', 'connectors', 'client', 'types', 'base']],
]);

/** Folders at the top: they may import from everything below, and `testing` and `tools` from anywhere. */
const anything: ReadonlySet<string> = new Set(['server', 'cli', 'testing', 'tools']);

export interface SourceFile {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  readonly folder: string;
  /** Files of ours that it imports, relative to src. */
  readonly imports: readonly string[];
}

/** Every TypeScript file under `root`. */
export function readSources(root: string): SourceFile[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => readSource(root, name));
}

function readSource(root: string, name: string): SourceFile {
  const text = readFileSync(join(root, name), 'utf8');
  const imports = [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'(\.[^']+)'/g)].map(
    (match) => relative(root, resolve(root, dirname(name), match[1]!)),
  );
  return { path: name, folder: name.includes('/') ? name.split('/')[0]! : '', imports };
}

/** Imports that point upward or sideways, as `file → file`. */
export function breaches(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((target) => !allowed(source, target.split('/')[0]!))
      .map((target) => `${source.path} → ${target}`),
  );
}

function allowed(source: SourceFile, target: string): boolean {
  if (source.folder === target || source.folder === '') return true;
  // Tests may use what tests share.
  if (source.path.endsWith('.test.ts') || source.path.endsWith('.bench.ts')) return true;
  if (source.folder === 'server') return target !== 'cli' && target !== 'bench';
  if (anything.has(source.folder)) return true;
  return floors.get(source.folder)?.includes(target) ?? false;
}

/** Chains of files that import each other, each once. */
export function cycles(sources: readonly SourceFile[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push([...trail.slice(at), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of byPath.get(path)?.imports ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return found;
}

/** Files that nothing imports and that are no entry point. */
export function unused(sources: readonly SourceFile[]): string[] {
  const imported = new Set(sources.flatMap((source) => source.imports));
  return sources
    .map((source) => source.path)
    .filter(
      (path) => !imported.has(path) && !/\.(test|bench)\.ts$/.test(path) && !entries.has(path),
    );
}

const entries: ReadonlySet<string> = new Set([
  'testing/last-line.ts',
  'cli/main.ts',
  'server/shard-main.ts',
  'tools/bench-serving.ts',
  'index.ts',
  'tools/generate.ts',
  'tools/bench.ts',
  'tools/fuzz.ts',
]);
