/** Enums on the wire: a type's own oid, labels as bytes in both forms, and parameters of the type. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import type pg from 'pg';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

let server: WireServer;
let client: pg.Client;
let oid: number;
let arrayOid: number;

beforeAll(async () => {
  server = await startWireServer();
  client = await server.client();
  await client.query(`CREATE TYPE "Mood" AS ENUM ('sad', 'o''k', 'héllo')`);
  await client.query(`CREATE TABLE t (m "Mood", ms "Mood"[])`);
  const { rows } = await client.query(`SELECT oid, typarray FROM pg_type WHERE typname = 'Mood'`);
  ({ oid, typarray: arrayOid } = rows[0] as { oid: number; typarray: number });
});

afterAll(async () => {
  await client.end();
  expect(server.faults).toEqual([]);
  await server.close();
});

it('takes parameters as labels and gives back the oids of the type and of its array', async () => {
  await client.query('INSERT INTO t VALUES ($1, $2)', ["o'k", ['sad', 'héllo']]);
  const { rows, fields } = await client.query('SELECT * FROM t WHERE m = $1', ["o'k"]);
  expect(rows).toEqual([{ m: "o'k", ms: '{sad,héllo}' }]);
  expect(fields.map((field) => field.dataTypeID)).toEqual([oid, arrayOid]);
  expect(fields.map((field) => field.dataTypeSize)).toEqual([4, -1]);
});

it('sends labels as UTF-8 in the binary form', async () => {
  const { rows } = await client.query({
    text: 'SELECT m, ms FROM t WHERE m = $1',
    values: ["o'k"],
    binary: true,
    types: { getTypeParser: () => (bytes: unknown) => bytes },
  } as never);
  const [row] = rows as { m: Buffer | string; ms: Buffer | string }[];
  const array = Buffer.from(row!.ms as string);
  expect(row!.m.toString()).toBe("o'k");
  // Dimensions, no NULL, the element's oid; then one dimension of two from 1.
  expect([0, 4, 8, 12, 16].map((at) => array.readInt32BE(at))).toEqual([1, 0, oid, 2, 1]);
  expect(array.subarray(24, 27).toString()).toBe('sad');
});

it('reads binary parameters and refuses what is no label', async () => {
  const { rows } = await client.query('SELECT $1::"Mood" AS m, $1::"Mood" > $2 AS later', [
    Buffer.from('héllo'),
    'sad',
  ]);
  expect(rows).toEqual([{ m: 'héllo', later: true }]);
  await expect(client.query('SELECT $1::"Mood"', [Buffer.from('none')])).rejects.toMatchObject({
    code: '22P02',
    message: 'invalid input value for enum "Mood": "none"',
  });
});

it('answers what psql asks for \\dT', async () => {
  const { rows } = await client.query(`
    SELECT n.nspname, pg_catalog.format_type(t.oid, NULL) AS name FROM pg_catalog.pg_type t
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid))
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type el WHERE el.oid = t.typelem AND el.typarray = t.oid)
      AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'
      AND pg_catalog.pg_type_is_visible(t.oid)`);
  expect(rows).toEqual([{ nspname: 'public', name: '"Mood"' }]);
});
