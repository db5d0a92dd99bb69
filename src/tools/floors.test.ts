import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { breaches, cycles, floors, readSources, type SourceFile, unused } from './floors.ts';

const sources = readSources(fileURLToPath(new URL('..', import.meta.url)));

describe('the source tree', () => {
  test('has files in it', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.some((source) => source.imports.length > 3)).toBe(true);
  });

  test('has no import that points upward or sideways', () => {
    expect(breaches(sources)).toEqual([]);
  });

  test('has no files that import each other', () => {
    expect(cycles(sources)).toEqual([]);
  });

  test('has no file that nothing imports', () => {
    expect(unused(sources)).toEqual([]);
  });

  test('has a floor for every folder', () => {
    const top = new Set(['', 'server', 'cli', 'testing', 'tools', 'decisions']);
    const folders = new Set(sources.map((source) => source.folder));
    expect([...folders].filter((folder) => !top.has(folder) && !floors.has(folder))).toEqual([]);
  });
});

describe('the checks themselves', () => {
  const file = (path: string, ...imports: string[]): SourceFile => ({
    path,
    folder: path.split('/')[0]!,
    imports,
  });

  test('catch an upward import, a cycle and a dead file', () => {
    const bad = [
      file('types/a.ts', 'operators/b.ts'),
      file('operators/b.ts', 'operators/c.ts'),
      file('operators/c.ts', 'operators/b.ts'),
      file('base/d.ts'),
    ];
    expect(breaches(bad)).toEqual(['types/a.ts → operators/b.ts']);
    expect(cycles(bad)).toEqual(['operators/b.ts → operators/c.ts → operators/b.ts']);
    expect(unused(bad)).toEqual(['types/a.ts', 'base/d.ts']);
  });
});
