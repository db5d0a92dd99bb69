/** The built program, killed while it writes files: every row stands in them once. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { ServerProcess } from './server-process.ts';

test('kill -9 while files are written', async () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  mkdirSync(join(root, 'files'));
  const out = join(root, 'files', 'out');
  const server = new ServerProcess(join(root, 'data'));
  const start = (): Promise<void> => server.start(['--allow-dir', join(root, 'files')]);
  try {
    await start();
    await server.psql(`
      CREATE TABLE numbers (n bigint) WITH ('connector' = 'datagen', 'rows-per-second' = '20000',
        'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');
      CREATE TABLE out (n bigint) WITH ('connector' = 'filesystem', 'path' = '${out}', 'format' = 'csv',
        'sink.rolling-policy.file-size' = '50KB');
      INSERT INTO out SELECT n FROM numbers;`);
    for (const ms of [700, 1500, 2100]) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      await server.kill();
      await start();
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await server.psql('DROP SINK insert_into_out');
    const numbers = readdirSync(out).flatMap((name) => {
      expect(name).toMatch(/^part-/);
      return readFileSync(join(out, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map(Number);
    });
    numbers.sort((a, b) => a - b);
    expect(numbers.length).toBeGreaterThan(20_000);
    expect(numbers.every((n, index) => n === index + 1)).toBe(true);
  } finally {
    await server.kill();
    rmSync(root, { recursive: true });
  }
}, 60_000);
