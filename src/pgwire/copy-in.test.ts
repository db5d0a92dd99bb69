/** COPY … FROM STDIN on the wire: text and CSV, PostgreSQL's errors with the line they were in, and its end. */

import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Message, WireClient } from '../testing/wire-client.ts';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

let server: WireServer;
let client: WireClient;

beforeAll(async () => {
  server = await startWireServer();
});

afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
});

beforeEach(async () => {
  client = await WireClient.login(server.port);
  await query('DROP TABLE IF EXISTS t');
  await query(
    'CREATE TABLE t (a int PRIMARY KEY, b varchar(5) NOT NULL, c numeric(5,2) DEFAULT 7, d int GENERATED ALWAYS AS (a * 2) STORED, CHECK (a < 100))',
  );
});

async function query(sql: string): Promise<Message[]> {
  client.send(serialize.query(sql));
  return await client.until('readyForQuery');
}

async function rows(sql: string): Promise<string[]> {
  const messages = await query(sql);
  return messages
    .filter((message) => message.name === 'dataRow')
    .map((message) =>
      (message as unknown as { fields: (string | null)[] }).fields
        .map((field) => field ?? 'NULL')
        .join('|'),
    );
}

/** What became of the statement and its data, sent in pieces of `size` bytes. */
async function copy(sql: string, data: string, size = Infinity): Promise<string> {
  client.send(serialize.query(sql));
  const bytes = Buffer.from(data, 'utf8');
  for (let at = 0; at < bytes.length; at += size) {
    client.send(serialize.copyData(bytes.subarray(at, Math.min(bytes.length, at + size))));
  }
  client.send(serialize.copyDone());
  return outcome(await client.until('readyForQuery'));
}

function outcome(messages: readonly Message[]): string {
  const last = messages.at(-2) as unknown as {
    name: string;
    text: string;
    code: string;
    message: string;
    where: string | undefined;
    hint: string | undefined;
  };
  if (last.name === 'commandComplete') return last.text;
  return [`${last.code} ${last.message}`, last.where, last.hint].filter(Boolean).join(' / ');
}

describe('rows', () => {
  it.each([1, 3, Infinity])('of the text form, in pieces of %s bytes', async (size) => {
    const data = '1\tx\t1.5\r\n2\ta\\tb\t\\N\r\n3\t\\\\N\t2\r\n4\t\\303\\251\\x41\t0\r\n5\té\t3';
    expect(await copy('COPY t FROM STDIN', data, size)).toBe('COPY 5');
    expect(await rows('SELECT * FROM t ORDER BY a')).toEqual([
      '1|x|1.50|2',
      '2|a\tb|NULL|4',
      '3|\\N|2.00|6',
      '4|éA|0.00|8',
      '5|é|3.00|10',
    ]);
  });

  it.each([1, 3, Infinity])('of the CSV form, in pieces of %s bytes', async (size) => {
    const data = 'b,a\n"q""u",1\n"l\ni",2\n"",3\n\\.\nnever read\n';
    expect(await copy('COPY t (b, a) FROM STDIN (FORMAT csv, HEADER match)', data, size)).toBe(
      'COPY 3',
    );
    expect(await rows('SELECT a, b, c FROM t ORDER BY a')).toEqual([
      '1|q"u|7.00',
      '2|l\ni|7.00',
      '3||7.00',
    ]);
  });

  it('with characters of their own', async () => {
    expect(await copy("COPY t (a, b) FROM STDIN WITH DELIMITER ';' NULL 'nix'", '1;a\\;b\n')).toBe(
      'COPY 1',
    );
    expect(
      await copy("COPY t (b, a) FROM STDIN CSV DELIMITER '|' QUOTE '''' ESCAPE '\\'", "'a\\'b'|2"),
    ).toBe('COPY 1');
    expect(await rows('SELECT a, b FROM t ORDER BY a')).toEqual(['1|a;b', "2|a'b"]);
  });

  it('of a transaction that is rolled back are gone', async () => {
    await query('BEGIN');
    expect(await copy('COPY t (a, b) FROM STDIN', '1\tx\n2\ty\n')).toBe('COPY 2');
    expect(await rows('SELECT count(*) FROM t')).toEqual(['2']);
    await query('ROLLBACK');
    expect(await rows('SELECT count(*) FROM t')).toEqual(['0']);
  });

  it('in the extended protocol, with statements around them in one message', async () => {
    client.send(
      serialize.parse({ text: 'COPY t (a, b) FROM STDIN', types: [] }),
      serialize.bind({}),
      serialize.execute({}),
      serialize.copyData(Buffer.from('1\tx\n')),
      serialize.copyDone(),
      serialize.sync(),
    );
    expect(outcome(await client.until('readyForQuery'))).toBe('COPY 1');
    const both =
      'INSERT INTO t VALUES (2, $$y$$); COPY t (a, b) FROM STDIN; SELECT count(*) FROM t';
    client.send(serialize.query(both));
    await client.until('copyInResponse');
    client.send(serialize.copyData(Buffer.from('3\tz\n')), serialize.copyDone());
    const messages = await client.until('readyForQuery');
    expect(messages.filter((each) => each.name === 'commandComplete')).toHaveLength(2);
    expect(await rows('SELECT a FROM t ORDER BY a')).toEqual(['1', '2', '3']);
  });
});

describe('errors leave nothing behind, and say where they were', () => {
  it.each([
    ['', '1\n', '22P04 missing data for column "b" / COPY t, line 1: "1"'],
    [
      '',
      '1\tx\t1\t9\n',
      '22P04 extra data after last expected column / COPY t, line 1: "1\tx\t1\t9"',
    ],
    [
      '',
      '1\tx\t1\nx\tx\t1\n',
      '22P02 invalid input syntax for type integer: "x" / COPY t, line 2, column a: "x"',
    ],
    [
      '',
      '1\ttoolong\t1\n',
      '22001 value too long for type character varying(5) / COPY t, line 1, column b: "toolong"',
    ],
    [
      '',
      '1\t\\N\t1\n',
      '23502 null value in column "b" of relation "t" violates not-null constraint / COPY t, line 1: "1\t\\N\t1"',
    ],
    [
      '',
      '1\tx\t1\n200\tx\t1\n',
      '23514 new row for relation "t" violates check constraint "t_a_check" / COPY t, line 2: "200\tx\t1"',
    ],
    ['', '1\tx\t1\n1\ty\t1\n', '23505 duplicate key value violates unique constraint "t_pkey"'],
    [
      '',
      '1\tx\t1\n2\tx\ry\t1\n',
      '22P04 literal carriage return found in data / COPY t, line 2 / Use "\\r" to represent carriage return.',
    ],
    ['(FORMAT csv)', '1,"x', '22P04 unterminated CSV quoted field / COPY t, line 1'],
    [
      '(FORMAT csv, HEADER match)',
      'a,x,c\n',
      '22P04 column name mismatch in header line field 2: got "x", expected "b" / COPY t, line 1: "a,x,c"',
    ],
    [
      '(FORMAT csv, HEADER match)',
      'a,b\n',
      '22P04 wrong number of fields in header line: got 2, expected 3 / COPY t, line 1: "a,b"',
    ],
  ])('%s %j', async (options, data, error) => {
    expect(await copy(`COPY t FROM STDIN ${options}`, data)).toBe(error);
    expect(await rows('SELECT count(*) FROM t')).toEqual(['0']);
  });

  it('when the client gives up', async () => {
    client.send(
      serialize.query('COPY t FROM STDIN'),
      serialize.copyData(Buffer.from('1\tx\t1\n')),
      serialize.copyFail('no more'),
    );
    expect(outcome(await client.until('readyForQuery'))).toBe(
      '57014 COPY from stdin failed: no more / COPY t, line 2',
    );
    expect(await rows('SELECT count(*) FROM t')).toEqual(['0']);
  });

  it.each([
    ['ADD CONSTRAINT small CHECK (a < 5)', '23514', '"small"'],
    ['ALTER COLUMN c SET NOT NULL', '23502', '"c"'],
    ['ADD UNIQUE (c)', '23505', '"t_c_key"'],
  ])('also by a constraint that came meanwhile: %s', async (action, code, name) => {
    client.send(serialize.query('COPY t (a, b, c) FROM STDIN'));
    await client.until('copyInResponse');
    client.send(serialize.copyData(Buffer.from('7\tx\t\\N\n8\tx\t1\n9\tx\t1\n')));
    const other = await WireClient.login(server.port);
    other.send(serialize.query(`ALTER TABLE t ${action}`));
    expect(outcome(await other.until('readyForQuery'))).toBe('ALTER TABLE');
    client.send(serialize.copyDone());
    const result = outcome(await client.until('readyForQuery'));
    expect(result.slice(0, 5)).toBe(code);
    expect(result).toContain(name);
    expect(await rows('SELECT count(*) FROM t')).toEqual(['0']);
  });

  it('when the client goes', async () => {
    client.send(serialize.query('COPY t (a, b) FROM STDIN'));
    await client.until('copyInResponse');
    client.send(serialize.copyData(Buffer.from('1\tx\n')));
    client.socket.destroy();
    client = await WireClient.login(server.port);
    expect(await rows('SELECT count(*) FROM t')).toEqual(['0']);
  });

  it.each([
    ['COPY t (a, d) FROM STDIN', '42P10 column "d" is a generated column'],
    ['COPY t FROM STDIN (FORMAT binary)', '0A000 COPY FROM in binary form is not supported yet'],
    ['COPY t FROM STDIN (FREEZE)', '0A000 COPY option FREEZE is not supported yet'],
    ['COPY nope FROM STDIN', '42P01 relation "nope" does not exist'],
  ])('%s', async (sql, error) => {
    expect(outcome(await query(sql))).toContain(error);
  });
});
