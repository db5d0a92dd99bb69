/**
 * The real psql 15: its meta-commands, tab completion's queries, error positions, scripts, cursors and COPY.
 * Skipped where there is no psql, unless MILLRACE_REQUIRE_PSQL says that there must be one.
 */

import { execFile, spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

const version = spawnSync('psql', ['--version'], { encoding: 'utf8' }).stdout ?? '';
const required = (process.env['MILLRACE_REQUIRE_PSQL'] ?? '') !== '';

it('psql is installed', (context) => {
  if (!version.startsWith('psql')) context.skip(!required, 'psql is not installed');
  expect(version).toMatch(/^psql \(PostgreSQL\) \d+/);
});

interface Output {
  readonly out: string;
  readonly error: string;
  readonly code: number;
}

describe.runIf(version.startsWith('psql') || required)('psql', () => {
  let server: WireServer;

  /** Runs psql with arguments, `input` as its script. */
  function psql(args: readonly string[], input = ''): Promise<Output> {
    const connection = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'millrace', '-X'];
    return new Promise((resolve) => {
      const environment = { ...process.env, PAGER: '', PSQL_HISTORY: '/dev/null' };
      const child = execFile(
        'psql',
        [...connection, ...args],
        { encoding: 'utf8', env: environment, timeout: 30_000, maxBuffer: 1 << 26 },
        (error, out, errors) => {
          const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
          resolve({ out, error: errors, code });
        },
      );
      child.stdin?.end(input);
    });
  }

  /** Output of a script that must not complain. */
  async function script(input: string, ...args: readonly string[]): Promise<string> {
    const { out, error } = await psql(args, input);
    expect(error).toBe('');
    return out;
  }

  /** Lines of a table without alignment: cells parted by |. */
  const rows = async (input: string): Promise<string[]> =>
    (await script(input, '-A', '-t')).split('\n').filter((line) => line !== '');

  beforeAll(async () => {
    server = await startWireServer();
    await script(`
      CREATE TABLE orders (
        id INT PRIMARY KEY, customer TEXT NOT NULL, amount NUMERIC(10,2) DEFAULT 0,
        at TIMESTAMPTZ, CHECK (amount >= 0));
      CREATE MATERIALIZED VIEW totals AS
        SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer;
      CREATE VIEW big AS SELECT * FROM totals WHERE total > 10;
      COMMENT ON TABLE orders IS 'All orders';
      COMMENT ON COLUMN orders.customer IS 'Who';
      CREATE SCHEMA extra;
      CREATE TABLE extra.things (v TEXT[], j JSONB);
      INSERT INTO orders VALUES
        (1, 'ann', 5.50, '2024-01-01 10:00+00'), (2, 'bob', 20, NULL), (3, 'ann', 7, NULL);
    `);
  });

  afterAll(async () => {
    expect(server.faults).toEqual([]);
    await server.close();
  });

  describe('meta-commands', () => {
    it.each<[string, readonly string[]]>([
      [
        '\\d',
        [
          'public|big|view|millrace',
          'public|orders|table|millrace',
          'public|totals|materialized view|millrace',
        ],
      ],
      ['\\dt', ['public|orders|table|millrace']],
      ['\\dt extra.*', ['extra|things|table|millrace']],
      ['\\dv', ['public|big|view|millrace']],
      ['\\dm', ['public|totals|materialized view|millrace']],
      ['\\di', ['public|orders_pkey|index|millrace|orders']],
      ['\\dn', ['extra|millrace', 'millrace|millrace', 'public|millrace']],
      ['\\df lower', ['pg_catalog|lower|text|text|func']],
      ['\\da bool_and', ['pg_catalog|bool_and|boolean|boolean|']],
      ['\\du', ['millrace|Superuser, Bypass RLS|{}']],
      ['\\dx', []],
      ['\\dRp', []],
      ['\\des', []],
      ['\\dp orders', ['public|orders|table|||']],
      ['\\dT int4', ['pg_catalog|integer|']],
      ['\\dconfig search_path', ['search_path|"$user", public']],
      ['\\encoding', ['UTF8']],
    ])('%s', async (command, expected) => {
      expect(await rows(command)).toEqual(expected);
    });

    it('\\d of a table', async () => {
      expect((await script('\\d orders', '-A')).trim().split('\n').slice(2)).toEqual([
        'id|integer||not null|',
        'customer|text||not null|',
        'amount|numeric(10,2)|||0',
        'at|timestamp with time zone|||',
        'Indexes:',
        '    "orders_pkey" PRIMARY KEY, btree (id)',
        'Check constraints:',
        '    "orders_amount_check" CHECK (amount >= 0)',
      ]);
    });

    it('\\d+ of a table shows comments', async () => {
      expect(await rows('\\d+ orders')).toContain('customer|text||not null||extended|||Who');
      expect(await script('\\dt+')).toContain('All orders');
    });

    it('\\d of a system table', async () => {
      expect(await rows('\\d pg_am')).toContain('amname|name||not null|');
    });

    it('\\d+ and \\sv of views show their query', async () => {
      expect(await script('\\d+ totals')).toContain('View definition:\n SELECT customer, count(*)');
      expect(await script('\\d+ big')).toContain('View "public.big"');
      expect(await script('\\sv big')).toMatch(/^CREATE OR REPLACE VIEW public\.big AS\n SELECT /);
    });

    it('\\l', async () => {
      const [line] = await rows('\\l');
      expect(line).toBe('millrace|millrace|UTF8|C|C.UTF-8||libc|');
    });

    it('\\conninfo', async () => {
      expect(await script('\\conninfo')).toMatch(
        /database "millrace" as user "millrace" on host "127.0.0.1"/,
      );
    });

    it('\\gdesc describes without running', async () => {
      expect(await rows('SELECT 1/0 AS a, now() AS b, id, amount FROM orders \\gdesc')).toEqual([
        'a|integer',
        'b|timestamp with time zone',
        'id|integer',
        'amount|numeric(10,2)',
      ]);
    });

    it('\\x, \\gx, \\gset, \\timing', async () => {
      const out = await script(
        "SELECT 7 AS seven \\gset\n\\echo got :seven\n\\timing\nSELECT :seven + 1 AS e, 'x' AS f \\gx",
      );
      expect(out).toContain('got 7');
      expect(out).toMatch(/e \| 8\nf \| x/);
      expect(out).toMatch(/Time: [\d.]+ ms/);
    });

    it('\\watch repeats a query until it is interrupted', async () => {
      const port = String(server.port);
      const child = spawn('psql', ['-h', '127.0.0.1', '-p', port, '-U', 'millrace', '-XAt']);
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stdin.write('SELECT 5 \\watch 0.05\n');
      await expect
        .poll(() => out.match(/^5$/gm)?.length ?? 0, { timeout: 5000 })
        .toBeGreaterThan(2);
      child.kill('SIGKILL');
    });

    it.each([
      ...['\\d+', '\\dS', '\\dS+', '\\dn+', '\\l+', '\\df', '\\dfS+ abs', '\\dfa', '\\dT', '\\dT+'],
      ...[
        '\\dO',
        '\\dC',
        '\\dc',
        '\\dD',
        '\\dd',
        '\\dF',
        '\\dFd',
        '\\dFp',
        '\\dFt',
        '\\db',
        '\\dy',
      ],
      ...[
        '\\det',
        '\\dew',
        '\\dRs',
        '\\dX',
        '\\ddp',
        '\\dconfig',
        '\\drds',
        '\\dl',
        '\\dL',
        '\\ds',
      ],
      ...['\\dE', '\\dA', '\\dAc', '\\dAf', '\\dAo', '\\dAp', '\\dP', '\\dPt', '\\dg+', '\\z'],
      ...['\\dt *.*', '\\d *.*', '\\do =', '\\lo_list', '\\dx+', '\\d pg_class', '\\dp *.*'],
    ])('%s runs', async (command) => {
      const { error, code } = await psql(['-c', command]);
      // psql itself says so when nothing is found.
      expect(error.replace(/Did not find any .*\n/, '')).toBe('');
      expect(code).toBeLessThanOrEqual(1);
    });

    it('says when something is not there', async () => {
      expect((await psql(['-c', '\\d nosuch'])).error).toBe(
        'Did not find any relation named "nosuch".\n',
      );
    });
  });

  describe('tab completion', () => {
    // The words after which psql looks things up; PostgreSQL 15's tab-complete.c.
    const visible = `pg_catalog.pg_table_is_visible(c.oid)`;
    const names = `(c.relname) LIKE 'or%' AND ${visible} AND c.relnamespace <>
      (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')`;
    it.each<[string, string, readonly string[]]>([
      [
        'relations',
        `SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c
         WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND ${names}
         UNION ALL SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n
         WHERE n.nspname LIKE 'or%' AND n.nspname NOT LIKE E'pg\\\\_%' LIMIT 1000`,
        ['orders|'],
      ],
      [
        'columns',
        `SELECT attname FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c
         WHERE c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped AND (attname) LIKE 'a%'
           AND (c.relname) = ('orders') AND ${visible} LIMIT 1000`,
        ['amount', 'at'],
      ],
      [
        'functions',
        `SELECT p.proname FROM pg_catalog.pg_proc p WHERE p.prokind <> 'p'
         AND (p.proname) LIKE 'lower%' AND pg_catalog.pg_function_is_visible(p.oid) LIMIT 1000`,
        ['lower'],
      ],
      [
        'schemas',
        `SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'ex%' LIMIT 1000`,
        ['extra'],
      ],
      [
        'settings',
        `SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings
         WHERE pg_catalog.lower(name) LIKE pg_catalog.lower('timez%') LIMIT 1000`,
        ['timezone'],
      ],
      [
        'data types',
        `SELECT pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t
         WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c
                WHERE c.oid = t.typrelid)) AND t.typname !~ '^_'
           AND (pg_catalog.format_type(t.oid, NULL)) LIKE 'bigi%'
           AND pg_catalog.pg_type_is_visible(t.oid) LIMIT 1000`,
        ['bigint'],
      ],
      [
        'databases',
        `SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE 'm%'`,
        ['millrace'],
      ],
      ['roles', `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname LIKE 'm%'`, ['millrace']],
      [
        'encodings',
        `SELECT DISTINCT pg_catalog.pg_encoding_to_char(conforencoding)
         FROM pg_catalog.pg_conversion
         WHERE pg_catalog.pg_encoding_to_char(conforencoding) LIKE pg_catalog.upper('x%')`,
        [],
      ],
      [
        'prepared statements',
        `SELECT pg_catalog.quote_ident(name) FROM pg_catalog.pg_prepared_statements
         WHERE pg_catalog.quote_ident(name) LIKE 'x%'`,
        [],
      ],
      ['cursors', `SELECT name FROM pg_catalog.pg_cursors WHERE name LIKE 'x%'`, []],
      [
        'time zones',
        `SELECT pg_catalog.quote_literal(name) FROM pg_catalog.pg_timezone_names()
         WHERE pg_catalog.quote_literal(name) LIKE '''Europe/Berl%'`,
        ["'Europe/Berlin'"],
      ],
      [
        'constraints',
        `SELECT con.conname FROM pg_catalog.pg_constraint con, pg_catalog.pg_class c
         WHERE con.conrelid = c.oid AND c.relname = 'orders' AND con.conname LIKE 'orders_p%'
           AND ${visible}`,
        ['orders_pkey'],
      ],
    ])('%s', async (_, sql, expected) => {
      expect(await rows(`${sql};`)).toEqual(expected);
    });
  });

  describe('scripts', () => {
    it('mark the position of an error', async () => {
      const { error } = await psql(['-c', "SELECT 'é', nope FROM orders"]);
      expect(error.split('\n').slice(0, 3)).toEqual([
        'ERROR:  column "nope" does not exist',
        "LINE 1: SELECT 'é', nope FROM orders",
        '                    ^',
      ]);
    });

    it('stop at the first error when told to', async () => {
      const stopped = await psql(['-A', '-t', '-v', 'ON_ERROR_STOP=1'], 'SELECT 1/0;\nSELECT 5;');
      expect(stopped).toMatchObject({ code: 3, out: '' });
      expect((await psql(['-A', '-t'], 'SELECT 1/0;\nSELECT 5;')).out).toBe('5\n');
    });

    it('several statements of one -c are one transaction', async () => {
      await psql(['-c', 'CREATE TABLE one_message (v INT)']);
      await psql(['-c', 'INSERT INTO one_message VALUES (1); SELECT 1/0']);
      expect(await rows('SELECT count(*) FROM one_message;')).toEqual(['0']);
      await psql(['-1', '-f', '-'], 'INSERT INTO one_message VALUES (1);\nSELECT nope;\n');
      expect(await rows('SELECT count(*) FROM one_message;')).toEqual(['0']);
      await psql(['-1', '-f', '-'], 'INSERT INTO one_message VALUES (1);\n');
      expect(await rows('SELECT count(*) FROM one_message;')).toEqual(['1']);
    });

    it('transactions, savepoints and ON_ERROR_ROLLBACK', async () => {
      const { out } = await psql(
        ['-A', '-t', '-v', 'ON_ERROR_ROLLBACK=on'],
        `BEGIN; INSERT INTO orders VALUES (9, 'eve', 1, NULL); SELECT 1/0;
         SELECT count(*) FROM orders; ROLLBACK; SELECT count(*) FROM orders;`,
      );
      expect(out.split('\n').filter((line) => /^\d+$/.test(line))).toEqual(['4', '3']);
    });

    it('FETCH_COUNT reads through a cursor', async () => {
      const out = await rows(
        `\\set FETCH_COUNT 7\nSELECT * FROM generate_series(1, 50) ORDER BY 1;`,
      );
      expect(out.map(Number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    });

    it('variables are quoted', async () => {
      expect(await rows(`\\set who 'o''neil'\nSELECT :'who' AS :"who";`)).toEqual(["o'neil"]);
    });

    it('EXPLAIN and SHOW', async () => {
      expect((await script('EXPLAIN SELECT * FROM totals;')).length).toBeGreaterThan(20);
      expect(await rows('SHOW server_version_num;')).toEqual([
        expect.stringMatching(/^15\d{4}$/) as string,
      ]);
    });
  });

  describe('COPY', () => {
    const query = `SELECT id, customer, amount, at FROM orders ORDER BY id`;

    it('text', async () => {
      expect(await script(`COPY (${query}) TO STDOUT;`)).toBe(
        '1\tann\t5.50\t2024-01-01 10:00:00+00\n2\tbob\t20.00\t\\N\n3\tann\t7.00\t\\N\n',
      );
    });

    it('csv', async () => {
      expect(
        await script(
          `COPY (SELECT 'a"b' AS x, 'c,d' AS y, NULL AS z, '' AS w) TO STDOUT CSV HEADER;`,
        ),
      ).toBe('x,y,z,w\n"a""b","c,d",,""\n');
      expect(
        await script(`COPY orders (id, customer) TO STDOUT WITH (FORMAT csv, DELIMITER ';');`),
      ).toBe('1;ann\n2;bob\n3;ann\n');
    });

    it('escapes', async () => {
      expect(await script(`COPY (SELECT E'a\\tb\\\\c\\nd') TO STDOUT;`)).toBe('a\\tb\\\\c\\nd\n');
    });

    it('\\copy to a file and a program', async () => {
      const out = await script(
        `\\copy (${query}) to program 'sort -r | cut -f 1' csv delimiter E'\\t'`,
      );
      expect(out.replace('COPY 3\n', '')).toBe('3\n2\n1\n');
      expect(await script(`\\copy orders to stdout csv header`)).toContain(
        'id,customer,amount,at\n',
      );
    });

    it('binary has PostgreSQL’s signature and trailer', async () => {
      const client = await server.client();
      await client.end();
      const { out } = await psql([
        '-A',
        '-t',
        '-c',
        `\\copy (SELECT 1::int AS a, NULL AS b, 'x'::text AS c) to program 'od -An -v -tx1 | tr -d " \\n"' binary`,
      ]);
      expect(
        out
          .trim()
          .replace(/^COPY 1\n|COPY 1$/, '')
          .trim(),
      ).toBe(
        [
          Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1').toString('hex'),
          '00000000' + '00000000',
          '0003' + '00000004' + '00000001' + 'ffffffff' + '00000001' + '78',
          'ffff',
        ].join(''),
      );
    });
  });
});
