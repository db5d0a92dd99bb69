/** `millrace sql -c`: the built program against a server of the test's own. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

const program = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url));
let server: WireServer;

beforeAll(async () => {
  server = await startWireServer();
});

afterAll(async () => {
  await server.close();
});

function sql(command: string): Promise<{ out: string; error: string; code: unknown }> {
  const args = [program, 'sql', '-s', `127.0.0.1:${server.port}`, '-c', command];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (failed, out, error) =>
      resolve({ out, error, code: failed === null ? 0 : failed.code }),
    );
  });
}

test('results of the statements before a failing one are printed', async () => {
  const { out, error, code } = await sql(
    'SELECT 1 AS a; CREATE TABLE t (b int); SELECT 1/0; SELECT 2 AS c',
  );
  expect(out).toBe(' a\n---\n 1\n(1 row)\n\nCREATE TABLE\n');
  expect(error).toMatch(/^ERROR: {2}division by zero \(22012\)/);
  expect(code).toBe(1);
});

test('an error shows its line without secrets', async () => {
  const { error } = await sql(
    "CREATE SOURCE s (a int) WITH (connector = 'kafka', format = 'json', properties.sasl.password = 'hunter2', tpoic = 't')",
  );
  expect(error).toContain("properties.sasl.password = '***', tpoic = 't')");
  const [, line = '', caret = ''] = error.split('\n');
  expect(line.slice(caret.indexOf('^'))).toMatch(/^tpoic/);
  expect(error).not.toContain('hunter2');
});
