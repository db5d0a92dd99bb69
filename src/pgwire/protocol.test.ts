/** The protocol on raw sockets: hostile and unusual input, pipelining, cancel, portals, log-in. */

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serialize } from 'pg-protocol';
import { SeededRandom } from '../base/random.ts';
import {
  cells,
  codes,
  frame,
  int32s,
  type Message,
  names,
  tags,
  WireClient,
} from '../testing/wire-client.ts';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

let server: WireServer;

beforeAll(async () => {
  server = await startWireServer();
});

afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
});

const works = async (client: WireClient): Promise<void> => {
  expect(cells(await client.query('SELECT 41 + 1'))).toEqual([['42']]);
};

const startup = (version: number, ...words: readonly string[]): Buffer =>
  frame('', Buffer.concat([int32s(version), Buffer.from(`${words.join('\0')}\0\0`)]));

async function withClient(run: (client: WireClient) => Promise<void>): Promise<void> {
  const client = await WireClient.login(server.port);
  try {
    await run(client);
  } finally {
    client.close();
  }
}

/** What the server says to bytes sent instead of a start-up packet, until it hangs up. */
async function refused(bytes: Uint8Array): Promise<Message[]> {
  const client = await WireClient.open(server.port);
  client.send(bytes);
  return await client.untilClosed();
}

describe('start-up packets (J1)', () => {
  it.each([0, 3, 7, 10_001, 0x7fffffff, -1])('refuses length %i', async (length) => {
    expect(codes(await refused(int32s(length, 196608)))).toEqual(['08P01']);
  });

  it.each([
    ['an unknown major version', startup(0x40000, 'user', 'x'), '0A000'],
    ['version 2', startup(0x20000, 'user', 'x'), '0A000'],
    ['no user', startup(0x30000, 'database', 'x'), '28000'],
    ['an unknown database', startup(0x30000, 'user', 'u', 'database', 'nope'), '3D000'],
    ['a parameter without value', frame('', Buffer.from('\0\x03\0\0user\0x')), '08P01'],
    ['replication', startup(0x30000, 'user', 'u', 'replication', 'true'), '0A000'],
    [
      'an unknown setting',
      startup(0x30000, 'user', 'u', 'database', 'millrace', 'no_such', '1'),
      '42704',
    ],
  ] as const)('refuses %s', async (_, bytes, code) => {
    expect(codes(await refused(bytes))).toEqual([code]);
  });

  it('answers a later minor version and unknown protocol options with a negotiation', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    const words = ['user', 'millrace', 'database', 'millrace', '_pq_.test', 'x'];
    socket.write(startup(0x3270f, ...words));
    await expect.poll(() => Buffer.concat(chunks).includes('Z\0\0\0\x05I')).toBe(true);
    const name = '_pq_.test';
    const expected = frame('v', Buffer.concat([int32s(0x30000, 1), Buffer.from(`${name}\0`)]));
    expect(Buffer.concat(chunks).subarray(0, expected.length)).toEqual(expected);
    socket.destroy();
  });

  it.each([80877103, 80877104])(
    'answers encryption request %i with N and goes on',
    async (code) => {
      const client = await WireClient.open(server.port);
      const answer = new Promise<Buffer>((resolve) => client.socket.once('data', resolve));
      client.send(int32s(8, code));
      expect((await answer).toString()).toBe('N');
      client.close();
    },
  );

  it('logs in after both probes', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write(int32s(8, 80877104));
    await expect.poll(() => Buffer.concat(chunks).toString()).toBe('N');
    socket.write(int32s(8, 80877103));
    await expect.poll(() => Buffer.concat(chunks).toString()).toBe('NN');
    socket.write(startup(0x30000, 'user', 'millrace'));
    await expect.poll(() => Buffer.concat(chunks).includes('Z\0\0\0\x05I')).toBe(true);
    socket.destroy();
  });

  it('takes parameters in any case, quoted encodings and options', async () => {
    const client = await server.client({
      options: '-c search_path=a,b -c TimeZone=Europe/Berlin --extra-float-digits=3',
    } as never);
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'a,b' }]);
    expect((await client.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'Europe/Berlin' }]);
    await client.end();
    const raw = await WireClient.open(server.port);
    const words = ['user', 'millrace', 'CLIENT_encoding', "'utf-8'", 'datestyle', 'ISO, MDY'];
    raw.send(startup(0x30000, ...words));
    const messages = await raw.until('readyForQuery');
    expect(codes(messages)).toEqual([]);
    raw.close();
  });

  it('reports the parameters that clients rely on', async () => {
    const raw = await WireClient.open(server.port);
    raw.send(startup(0x30000, 'user', 'millrace'));
    const reported = (await raw.until('readyForQuery'))
      .filter((message) => message.name === 'parameterStatus')
      .map((message) => (message as unknown as { parameterName: string }).parameterName);
    expect(reported.sort()).toEqual(
      [
        'application_name',
        'client_encoding',
        'DateStyle',
        'default_transaction_read_only',
        'in_hot_standby',
        'integer_datetimes',
        'IntervalStyle',
        'is_superuser',
        'server_encoding',
        'server_version',
        'session_authorization',
        'standard_conforming_strings',
        'TimeZone',
      ].sort(),
    );
    raw.close();
  });
});

describe('message lengths (J2)', () => {
  it.each([
    ['0', frame('Q', Buffer.from('SELECT 1\0'), 0)],
    ['3', frame('Q', Buffer.from('SELECT 1\0'), 3)],
    ['negative', frame('Q', Buffer.from('SELECT 1\0'), -5)],
    ['above the limit', frame('Q', Buffer.from('SELECT 1\0'), 0x7fff_fff0)],
    ['an unknown letter', frame('!', Buffer.alloc(0))],
    ['a Sync with a body', frame('S', Buffer.from('x'))],
  ])('%s ends the connection', async (_, bytes) => {
    const client = await WireClient.login(server.port);
    client.send(bytes);
    expect(codes(await client.untilClosed())).toEqual(['08P01']);
    await withClient(works);
  });

  it.each([
    ['a query without terminator', frame('Q', Buffer.from('SELECT 1'))],
    ['bytes after a query', frame('Q', Buffer.from('SELECT 1\0x'))],
    ['an empty query message', frame('Q', Buffer.alloc(0))],
  ])('%s is a protocol violation', async (_, bytes) => {
    const client = await WireClient.login(server.port);
    client.send(bytes);
    expect(codes(await client.until('readyForQuery'))).toEqual(['08P01']);
    await works(client);
    client.close();
  });

  const binds: readonly [string, Buffer][] = [
    ['a parameter beyond the end', Buffer.from('\0s\0\0\0\0\x01\0\0\x01\0a\0\0')],
    ['a negative parameter length', Buffer.from('\0s\0\0\0\0\x01\xff\xff\xff\xfea\0\0', 'latin1')],
    ['more formats than bytes', Buffer.from('\0s\0\xff\xff', 'latin1')],
    ['nothing', Buffer.alloc(0)],
  ];
  it.each(binds)('Bind with %s', async (_, body) => {
    const client = await WireClient.login(server.port);
    client.send(serialize.parse({ name: 's', text: 'SELECT $1::text', types: [] }));
    client.send(frame('B', body), serialize.sync());
    expect(codes(await client.until('readyForQuery'))).toEqual(['08P01']);
    await works(client);
    client.close();
  });

  it('refuses text that is not UTF-8', () =>
    withClient(async (client) => {
      client.send(frame('Q', Buffer.from("SELECT '\xff'\0", 'latin1')));
      expect(codes(await client.until('readyForQuery'))).toEqual(['22021']);
      await works(client);
    }));
});

const extended = (sql: string, values: (string | null)[] = []): Buffer =>
  Buffer.concat([
    serialize.parse({ name: '', text: sql, types: [] }),
    serialize.bind({ portal: '', statement: '', values }),
    serialize.describe({ type: 'P', name: '' }),
    serialize.execute({ portal: '', rows: 0 }),
  ]);

describe('errors (J3, J4, J6)', () => {
  it('skips everything up to Sync, once', () =>
    withClient(async (client) => {
      client.send(extended('SELECT nonsense'), extended('SELECT 1'), serialize.sync());
      expect(names(await client.until('readyForQuery'))).toEqual(['error', 'readyForQuery']);
      await works(client);
    }));

  it('keeps what came before the error in the same exchange from being committed', () =>
    withClient(async (client) => {
      await client.query('CREATE TABLE j3 (v INT)');
      client.send(extended('INSERT INTO j3 VALUES (1)'), extended('SELECT 1/0'), serialize.sync());
      expect(codes(await client.until('readyForQuery'))).toEqual(['22012']);
      expect(cells(await client.query('SELECT count(*) FROM j3'))).toEqual([['0']]);
    }));

  it('refuses all but the end of a failed transaction', () =>
    withClient(async (client) => {
      const status = (messages: Message[]): unknown =>
        (messages.at(-1) as unknown as { status: string }).status;
      expect(status(await client.query('BEGIN'))).toBe('T');
      expect(status(await client.query('SELECT 1/0'))).toBe('E');
      expect(codes(await client.query('SELECT 1'))).toEqual(['25P02']);
      client.send(extended('SELECT 1'), serialize.sync());
      expect(codes(await client.until('readyForQuery'))).toEqual(['25P02']);
      const end = await client.query('COMMIT');
      expect(tags(end)).toEqual(['ROLLBACK']);
      expect(status(end)).toBe('I');
    }));

  it('makes one transaction of one Query message', () =>
    withClient(async (client) => {
      await client.query('CREATE TABLE j6 (v INT)');
      const answer = await client.query(
        'INSERT INTO j6 VALUES (1); SELECT 1/0; INSERT INTO j6 VALUES (2)',
      );
      expect(names(answer)).toEqual(['commandComplete', 'error', 'readyForQuery']);
      expect(cells(await client.query('SELECT count(*) FROM j6'))).toEqual([['0']]);
    }));

  it('gives positions in characters', () =>
    withClient(async (client) => {
      const [error] = await client.query(`SELECT '😀é', nope`);
      expect(error).toMatchObject({ code: '42703', position: '14' });
    }));
});

describe('pipelining (J5)', () => {
  it('answers 300 queries of one segment in order', () =>
    withClient(async (client) => {
      const numbers = Array.from({ length: 300 }, (_, index) => index);
      client.send(...numbers.map((n) => serialize.query(`SELECT ${n}`)));
      const answer = await client.until('readyForQuery', 300);
      expect(cells(answer).map(([cell]) => Number(cell))).toEqual(numbers);
    }));

  it('answers 300 extended exchanges of one segment in order', () =>
    withClient(async (client) => {
      const numbers = Array.from({ length: 300 }, (_, index) => String(index));
      client.send(...numbers.flatMap((n) => [extended('SELECT $1::int', [n]), serialize.sync()]));
      const answer = await client.until('readyForQuery', 300);
      expect(cells(answer).map(([cell]) => cell)).toEqual(numbers);
    }));

  it('takes messages byte by byte', () =>
    withClient(async (client) => {
      const bytes = Buffer.concat([extended('SELECT $1::text', ['é']), serialize.sync()]);
      for (const byte of bytes) {
        client.send(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(cells(await client.until('readyForQuery'))).toEqual([['é']]);
    }));

  it('answers 10,000 Syncs', () =>
    withClient(async (client) => {
      client.send(Buffer.concat(Array.from({ length: 10_000 }, () => serialize.sync())));
      expect(await client.until('readyForQuery', 10_000)).toHaveLength(10_000);
    }));

  it('sends what there is at Flush', () =>
    withClient(async (client) => {
      client.send(extended('SELECT 7'), serialize.flush());
      expect(cells(await client.until('commandComplete'))).toEqual([['7']]);
      client.send(serialize.sync());
      expect(names(await client.until('readyForQuery'))).toEqual(['readyForQuery']);
    }));

  it('answers empty statements', () =>
    withClient(async (client) => {
      expect(names(await client.query(''))).toEqual(['emptyQuery', 'readyForQuery']);
      expect(names(await client.query('-- ping'))).toEqual(['emptyQuery', 'readyForQuery']);
      client.send(extended(' ;'), serialize.sync());
      expect(names(await client.until('readyForQuery'))).toEqual([
        'parseComplete',
        'bindComplete',
        'noData',
        'emptyQuery',
        'readyForQuery',
      ]);
    }));
});

describe('portals (J9)', () => {
  it('go on where they were, on their snapshot', () =>
    withClient(async (client) => {
      await client.query('CREATE TABLE j9 (v INT)');
      await client.query('INSERT INTO j9 SELECT * FROM generate_series(1, 10)');
      await client.query('BEGIN');
      client.send(
        serialize.parse({ name: '', text: 'SELECT v FROM j9 ORDER BY v', types: [] }),
        serialize.bind({ portal: 'p' }),
        serialize.execute({ portal: 'p', rows: 4 }),
        serialize.sync(),
      );
      const first = await client.until('readyForQuery');
      expect(names(first).slice(-2)).toEqual(['portalSuspended', 'readyForQuery']);
      expect(cells(first)).toHaveLength(4);
      await withClient(async (other) => void (await other.query('DELETE FROM j9')));
      await client.query('SELECT 1');
      client.send(serialize.execute({ portal: 'p', rows: 4 }), serialize.sync());
      expect(cells(await client.until('readyForQuery'))).toEqual([['5'], ['6'], ['7'], ['8']]);
      client.send(serialize.execute({ portal: 'p', rows: 0 }), serialize.sync());
      const last = await client.until('readyForQuery');
      expect(cells(last)).toEqual([['9'], ['10']]);
      expect(tags(last)).toEqual(['SELECT 2']);
      await client.query('COMMIT');
      client.send(serialize.execute({ portal: 'p', rows: 0 }), serialize.sync());
      expect(codes(await client.until('readyForQuery'))).toEqual(['34000']);
    }));

  it('several at once', () =>
    withClient(async (client) => {
      await client.query('BEGIN');
      const text = 'SELECT * FROM generate_series($1::int, $2::int)';
      client.send(
        serialize.parse({ name: 's', text, types: [] }),
        serialize.bind({ portal: 'a', statement: 's', values: ['1', '4'] }),
        serialize.bind({ portal: 'b', statement: 's', values: ['11', '14'] }),
        ...['a', 'b', 'a', 'b'].map((portal) => serialize.execute({ portal, rows: 2 })),
        serialize.sync(),
      );
      expect(
        cells(await client.until('readyForQuery'))
          .flat()
          .map(Number),
      ).toEqual([1, 2, 11, 12, 3, 4, 13, 14]);
    }));

  it('refuse a second of the same name, and unknown ones', () =>
    withClient(async (client) => {
      client.send(
        serialize.parse({ name: '', text: 'SELECT 1', types: [] }),
        serialize.bind({ portal: 'p' }),
        serialize.bind({ portal: 'p' }),
        serialize.sync(),
      );
      expect(codes(await client.until('readyForQuery'))).toEqual(['42P03']);
      client.send(serialize.execute({ portal: 'none', rows: 0 }), serialize.sync());
      expect(codes(await client.until('readyForQuery'))).toEqual(['34000']);
      client.send(serialize.bind({ statement: 'none' }), serialize.sync());
      expect(codes(await client.until('readyForQuery'))).toEqual(['26000']);
      client.send(serialize.close({ type: 'S', name: 'none' }), serialize.sync());
      expect(names(await client.until('readyForQuery'))).toEqual([
        'closeComplete',
        'readyForQuery',
      ]);
    }));

  it('a write runs once, whatever the row limit and however often it is executed', () =>
    withClient(async (client) => {
      await client.query('CREATE TABLE once (v INT)');
      client.send(
        serialize.parse({ name: '', text: 'INSERT INTO once VALUES (1)', types: [] }),
        serialize.bind({ portal: 'w' }),
        serialize.execute({ portal: 'w', rows: 1 }),
        serialize.sync(),
      );
      expect(tags(await client.until('readyForQuery'))).toEqual(['INSERT 0 1']);
      expect(cells(await client.query('SELECT count(*) FROM once'))).toEqual([['1']]);
      await client.query('BEGIN');
      client.send(
        serialize.bind({ portal: 'w' }),
        serialize.execute({ portal: 'w', rows: 1 }),
        serialize.execute({ portal: 'w', rows: 1 }),
        serialize.sync(),
      );
      expect(codes(await client.until('readyForQuery'))).toEqual(['26000']);
    }));
});

describe('cancel (J8)', () => {
  const key = (messages: readonly Message[]): { processID: number; secretKey: number } =>
    messages.find((message) => message.name === 'backendKeyData') as never;

  async function withKey(
    run: (client: WireClient, pid: number, secret: number) => Promise<void>,
  ): Promise<void> {
    const client = await WireClient.open(server.port);
    client.send(serialize.startup({ user: 'millrace' }));
    const { processID, secretKey } = key(await client.until('readyForQuery'));
    await run(client, processID, secretKey);
    client.close();
  }

  /** Sends a cancel request and waits until the server has hung up; it must not say anything. */
  async function sendCancel(pid: number, secret: number): Promise<void> {
    const other = await WireClient.open(server.port);
    other.send(serialize.cancel(pid, secret));
    expect(await other.untilClosed()).toEqual([]);
  }

  const endless = `SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b`;

  it('ends a long query with the right key, and the session goes on', () =>
    withKey(async (client, pid, secret) => {
      client.send(serialize.query(endless));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await sendCancel(pid, secret);
      expect(codes(await client.until('readyForQuery'))).toEqual(['57014']);
      await works(client);
    }));

  it('ends an extended query', () =>
    withKey(async (client, pid, secret) => {
      client.send(extended(endless), serialize.sync());
      await new Promise((resolve) => setTimeout(resolve, 100));
      await sendCancel(pid, secret);
      expect(codes(await client.until('readyForQuery'))).toEqual(['57014']);
      await works(client);
    }));

  it('does nothing with a wrong key, an unknown pid, or when nothing runs', () =>
    withKey(async (client, pid, secret) => {
      await sendCancel(pid, secret ^ 1);
      await sendCancel(pid + 1000, secret);
      await sendCancel(pid, secret);
      await works(client);
    }));

  it('keys differ', () =>
    withKey(async (_, pid, secret) => {
      await withKey((__, pid2, secret2) => {
        expect(pid2).not.toBe(pid);
        expect(secret2).not.toBe(secret);
        return Promise.resolve();
      });
    }));
});

describe('limits', () => {
  it('refuses more connections than allowed with 53300, cancel requests excepted', async () => {
    const small = await startWireServer({ connectionsMax: 2 });
    const first = await WireClient.login(small.port);
    const second = await WireClient.login(small.port);
    const third = await WireClient.open(small.port);
    third.send(serialize.startup({ user: 'millrace' }));
    expect(codes(await third.untilClosed())).toEqual(['53300']);
    first.close();
    await expect
      .poll(async () => {
        const again = await WireClient.open(small.port);
        again.send(serialize.startup({ user: 'millrace' }));
        const answer = await Promise.race([again.untilClosed(), again.until('readyForQuery')]);
        again.close();
        return codes(answer);
      })
      .toEqual([]);
    second.close();
    await small.close();
  });
});

describe('log-in (K8)', () => {
  it('takes the right password and refuses others the same way', async () => {
    const locked = await startWireServer({ password: 'sesame' });
    const good = await WireServerLogin(locked, 'millrace', 'sesame');
    expect(good).toBeNull();
    for (const [user, password] of [
      ['millrace', 'wrong'],
      ['nobody', 'sesame'],
    ] as const) {
      expect(await WireServerLogin(locked, user, password)).toMatch(
        new RegExp(`password authentication failed for user "${user}"`),
      );
    }
    const raw = await WireClient.open(locked.port);
    raw.send(serialize.startup({ user: 'millrace' }));
    await raw.until('authenticationSASL');
    raw.send(serialize.query('SELECT 1'));
    expect(codes(await raw.untilClosed())).toEqual(['08P01']);
    await locked.close();
  });

  async function WireServerLogin(
    locked: WireServer,
    user: string,
    password: string,
  ): Promise<string | null> {
    try {
      const client = await locked.client({ user, password });
      await client.end();
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }
});

describe('mutated message streams', () => {
  const bases: readonly Buffer[] = [
    Buffer.concat([extended('SELECT $1::int, $2::text', ['1', 'x']), serialize.sync()]),
    Buffer.concat([serialize.query('SELECT 1; SELECT 2'), serialize.sync()]),
    Buffer.concat([
      serialize.parse({ name: 'n', text: 'SELECT generate_series(1, 5)', types: [23] }),
      serialize.bind({ portal: 'p', statement: 'n' }),
      serialize.execute({ portal: 'p', rows: 2 }),
      serialize.close({ type: 'P', name: 'p' }),
      serialize.flush(),
      serialize.sync(),
    ]),
    Buffer.concat([startup(0x30000, 'user', 'millrace'), serialize.query('SELECT 1')]),
  ];

  function mutate(bytes: Buffer, random: SeededRandom): Buffer {
    const copy = Buffer.from(bytes);
    const pick = (limit: number): number => Math.floor(random.float() * limit);
    for (let edits = 1 + pick(4); edits > 0; edits--) {
      const at = pick(copy.length);
      if (random.float() < 0.3) copy[at] = [0, 0xff, 0x7f, 0x80, 4][pick(5)]!;
      else copy[at] = pick(256);
    }
    const cut = random.float();
    if (cut < 0.2) return copy.subarray(0, pick(copy.length));
    if (cut < 0.3) return Buffer.concat([copy, copy.subarray(pick(copy.length))]);
    return copy;
  }

  it('never bring the server down', async () => {
    const random = new SeededRandom(7);
    const started = performance.now();
    const witness = await WireClient.login(server.port);
    for (let round = 0; round < 3000 && performance.now() - started < 15_000; round++) {
      const base = bases[round % bases.length]!;
      const client =
        base === bases.at(-1)
          ? await WireClient.open(server.port)
          : await WireClient.login(server.port);
      client.send(mutate(base, random));
      if (round % 10 === 0) await works(witness);
      client.close();
    }
    await works(witness);
    witness.close();
    expect(server.faults).toEqual([]);
  }, 30_000);
});
