/**
 * What drivers and BI tools ask of pg_catalog and information_schema when they connect and look around. Each
 * text is the shape of query that the named client sends; each answer is checked where it matters.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { SqlError } from '../base/errors.ts';
import { catalogFunctions } from '../expr/functions/catalog.ts';
import { SessionCatalogReader } from './catalog-functions.ts';
import { startWireServer, type WireServer } from '../testing/wire-server.ts';

let server: WireServer;
let client: pg.Client;

beforeAll(async () => {
  server = await startWireServer();
  client = await server.client();
  await client.query(`
    CREATE TABLE orders (id INT PRIMARY KEY, customer VARCHAR(20) NOT NULL, amount NUMERIC(10,2) DEFAULT 0,
      at TIMESTAMPTZ, tags TEXT[], doc JSONB, CHECK (amount >= 0));
    CREATE MATERIALIZED VIEW totals AS
      SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer;
    CREATE VIEW big AS SELECT * FROM totals WHERE total > 10;
    COMMENT ON TABLE orders IS 'All orders';
    INSERT INTO orders VALUES (1, 'ann', 5.5, '2024-01-01 10:00+00', '{a,b}', '{"x":1}');
  `);
});

afterAll(async () => {
  await client.end();
  await server.close();
});

const rows = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await client.query<Record<string, unknown>>(sql, values)).rows;

describe('pgjdbc', () => {
  it('getTables', async () => {
    const found = await rows(`
      SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME,
      CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'
       WHEN true THEN CASE
         WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind
           WHEN 'r' THEN 'SYSTEM TABLE' WHEN 'v' THEN 'SYSTEM VIEW' WHEN 'i' THEN 'SYSTEM INDEX' ELSE NULL END
         WHEN n.nspname = 'pg_toast' THEN CASE c.relkind
           WHEN 'r' THEN 'SYSTEM TOAST TABLE' WHEN 'i' THEN 'SYSTEM TOAST INDEX' ELSE NULL END
         ELSE CASE c.relkind WHEN 'r' THEN 'TEMPORARY TABLE' WHEN 'p' THEN 'TEMPORARY TABLE'
           WHEN 'i' THEN 'TEMPORARY INDEX' WHEN 'S' THEN 'TEMPORARY SEQUENCE'
           WHEN 'v' THEN 'TEMPORARY VIEW' ELSE NULL END
         END
       WHEN false THEN CASE c.relkind
         WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'i' THEN 'INDEX'
         WHEN 'P' then 'PARTITIONED INDEX' WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
         WHEN 'c' THEN 'TYPE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW'
         ELSE NULL END
       ELSE NULL END AS TABLE_TYPE, d.description AS REMARKS,
       '' as TYPE_CAT, '' as TYPE_SCHEM, '' as TYPE_NAME, '' AS SELF_REFERENCING_COL_NAME, '' AS REF_GENERATION
      FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
       LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass)
      WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' AND c.relname LIKE '%'
      AND (false OR ( c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' )
        OR ( c.relkind = 'v' AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' )
        OR ( c.relkind = 'm' ))
      ORDER BY TABLE_TYPE,TABLE_SCHEM,TABLE_NAME`);
    expect(found.map((row) => [row['table_name'], row['table_type'], row['remarks']])).toEqual([
      ['totals', 'MATERIALIZED VIEW', null],
      ['orders', 'TABLE', 'All orders'],
      ['big', 'VIEW', null],
    ]);
  });

  it('getColumns', async () => {
    const found = await rows(`
      SELECT * FROM (SELECT n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)
        AS attnotnull,a.atttypmod,a.attlen,t.typtypmod,
        row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum,
        nullif(a.attidentity, '') as attidentity,nullif(a.attgenerated, '') as attgenerated,
        pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype
      FROM pg_catalog.pg_namespace n
       JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)
       JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid)
       JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
       LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum)
       LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
       LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class')
       LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog')
      WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped
       AND n.nspname LIKE 'public' AND c.relname LIKE 'orders') c WHERE true AND attname LIKE '%'
      ORDER BY nspname,c.relname,attnum`);
    expect(
      found.map((row) => [row['attname'], row['atttypid'], row['atttypmod'], row['adsrc']]),
    ).toEqual([
      ['id', 23, -1, null],
      ['customer', 1043, 24, null],
      ['amount', 1700, 655366, '0'],
      ['at', 1184, -1, null],
      ['tags', 1009, -1, null],
      ['doc', 3802, -1, null],
    ]);
  });

  it('getPrimaryKeys', async () => {
    const found = await rows(`
      SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME
      FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME,
        (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME,
        information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM
        FROM pg_catalog.pg_class ct
        JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)
        JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
        JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid)
        JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
        WHERE true AND n.nspname = 'public' AND ct.relname = 'orders' AND i.indisprimary) result
      where result.A_ATTNUM = (result.KEYS).x
      ORDER BY result.table_name, result.pk_name, result.key_seq`);
    expect(found).toEqual([
      {
        table_cat: null,
        table_schem: 'public',
        table_name: 'orders',
        column_name: 'id',
        key_seq: 1,
        pk_name: 'orders_pkey',
      },
    ]);
  });

  it('getIndexInfo', async () => {
    const found = await rows(`
      SELECT tmp.TABLE_NAME, tmp.NON_UNIQUE, tmp.INDEX_NAME, tmp.TYPE, tmp.ORDINAL_POSITION,
        trim(both '"' from pg_catalog.pg_get_indexdef(tmp.CI_OID, tmp.ORDINAL_POSITION, false)) AS COLUMN_NAME,
        CASE tmp.AM_NAME WHEN 'btree' THEN CASE tmp.I_INDOPTION[tmp.ORDINAL_POSITION - 1] & 1::smallint
          WHEN 1 THEN 'D' ELSE 'A' END ELSE NULL END AS ASC_OR_DESC, tmp.CARDINALITY, tmp.PAGES, tmp.FILTER_CONDITION
      FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, NOT i.indisunique AS NON_UNIQUE,
        NULL AS INDEX_QUALIFIER, ci.relname AS INDEX_NAME,
        CASE i.indisclustered WHEN true THEN 1 ELSE CASE am.amname WHEN 'hash' THEN 2 ELSE 3 END END AS TYPE,
        (information_schema._pg_expandarray(i.indkey)).n AS ORDINAL_POSITION, ci.reltuples AS CARDINALITY,
        ci.relpages AS PAGES, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS FILTER_CONDITION, ci.oid AS CI_OID,
        i.indoption AS I_INDOPTION, am.amname AS AM_NAME
        FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
        JOIN pg_catalog.pg_index i ON (ct.oid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
        JOIN pg_catalog.pg_am am ON (ci.relam = am.oid)
        WHERE true AND n.nspname = 'public' AND ct.relname = 'orders') AS tmp
      ORDER BY NON_UNIQUE, TYPE, INDEX_NAME, ORDINAL_POSITION`);
    expect(found).toMatchObject([
      { index_name: 'orders_pkey', column_name: 'id', asc_or_desc: 'A' },
    ]);
  });

  it('type lookup and getSchemas', async () => {
    expect(
      await rows(
        `SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid
         FROM pg_catalog.pg_type LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r
           from pg_namespace as ns join ( select s.r, (current_schemas(false))[s.r] as nspname
             from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r using ( nspname )
         ) as sp ON sp.nspoid = typnamespace WHERE typname = $1 ORDER BY sp.r, pg_type.oid DESC`,
        ['_text'],
      ),
    ).toEqual([{ is_array: true, typtype: 'b', typname: '_text', oid: 1009 }]);
    const schemas =
      await rows(`SELECT nspname AS TABLE_SCHEM, NULL AS TABLE_CATALOG FROM pg_catalog.pg_namespace
      WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1])
       AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_'))
       ORDER BY TABLE_SCHEM`);
    expect(schemas.map((row) => row['table_schem'])).toContain('public');
  });

  it('result set metadata', async () => {
    const [table] = await rows(`SELECT 'orders'::regclass::oid AS oid`);
    const found = await rows(`
      SELECT c.oid, a.attnum, a.attname, c.relname, n.nspname,
        a.attnotnull OR (t.typtype = 'd' AND t.typnotnull),
        a.attidentity != '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON (c.relnamespace = n.oid)
      JOIN pg_catalog.pg_attribute a ON (c.oid = a.attrelid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
      LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid = a.attrelid AND d.adnum = a.attnum)
      JOIN (SELECT ${String(table?.['oid'])} AS oid , 1 AS attnum UNION ALL SELECT ${String(table?.['oid'])}, 2) vals
       ON (c.oid = vals.oid AND a.attnum = vals.attnum)`);
    expect(found.map((row) => row['attname']).sort()).toEqual(['customer', 'id']);
  });
});

describe('SQLAlchemy', () => {
  it('starts', async () => {
    expect(await rows('select pg_catalog.version()')).toEqual([
      { version: expect.stringMatching(/^PostgreSQL 15\.\d+ /) as string },
    ]);
    expect(await rows('select current_schema()')).toEqual([{ current_schema: 'public' }]);
    expect(await rows('show standard_conforming_strings')).toHaveLength(1);
    expect(await rows(`SELECT CAST('test plain returns' AS VARCHAR(60)) AS anon_1`)).toHaveLength(
      1,
    );
  });

  it('has_table and get_table_names', async () => {
    expect(
      await rows(
        `SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class
         JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
         WHERE pg_catalog.pg_class.relname = $1::VARCHAR AND pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm'])
         AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid)
         AND pg_catalog.pg_namespace.nspname != 'pg_catalog'`,
        ['orders'],
      ),
    ).toEqual([{ relname: 'orders' }]);
  });

  it('get_columns with json_build_object over sequences', async () => {
    const found = await rows(
      `SELECT pg_catalog.pg_attribute.attname AS name,
        pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type,
        (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1
         FROM pg_catalog.pg_attrdef WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid
         AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND pg_catalog.pg_attribute.atthasdef) AS "default",
        pg_catalog.pg_attribute.attnotnull AS not_null, pg_catalog.pg_class.relname AS table_name,
        pg_catalog.pg_description.description AS comment, pg_catalog.pg_attribute.attgenerated AS generated,
        (SELECT json_build_object('always', pg_catalog.pg_attribute.attidentity = 'a', 'start', pg_catalog.pg_sequence.seqstart,
          'increment', pg_catalog.pg_sequence.seqincrement) AS json_build_object_1
         FROM pg_catalog.pg_sequence WHERE pg_catalog.pg_attribute.attidentity != ''
         AND pg_catalog.pg_sequence.seqrelid = CAST(CAST(pg_catalog.pg_get_serial_sequence(
           CAST(CAST(pg_catalog.pg_attribute.attrelid AS REGCLASS) AS TEXT), pg_catalog.pg_attribute.attname) AS REGCLASS) AS OID)
        ) AS identity_options
      FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute
        ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid
        AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped
      LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_attribute.attrelid
        AND pg_catalog.pg_description.objsubid = pg_catalog.pg_attribute.attnum
      JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
      WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r','p','f','v','m']) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid)
       AND pg_catalog.pg_namespace.nspname != 'pg_catalog' AND pg_catalog.pg_class.relname IN ('orders')
      ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum`,
    );
    expect(found.map((row) => row['format_type'])).toEqual([
      'integer',
      'character varying(20)',
      'numeric(10,2)',
      'timestamp with time zone',
      'text[]',
      'jsonb',
    ]);
  });

  it('get_pk_constraint', async () => {
    const found = await rows(`
      SELECT attr.conrelid, array_agg(CAST(attr.attname AS TEXT) ORDER BY attr.ord) AS cols, attr.conname,
        min(attr.description) AS description
      FROM (SELECT con.conrelid AS conrelid, con.conname AS conname, con.conindid AS conindid, con.description AS description,
          con.ord AS ord, pg_catalog.pg_attribute.attname AS attname
        FROM pg_catalog.pg_attribute JOIN (SELECT pg_catalog.pg_constraint.conrelid AS conrelid,
            pg_catalog.pg_constraint.conname AS conname, pg_catalog.pg_constraint.conindid AS conindid,
            unnest(pg_catalog.pg_constraint.conkey) AS attnum,
            generate_subscripts(pg_catalog.pg_constraint.conkey, 1) AS ord, pg_catalog.pg_description.description AS description
          FROM pg_catalog.pg_constraint LEFT OUTER JOIN pg_catalog.pg_description
            ON pg_catalog.pg_description.objoid = pg_catalog.pg_constraint.oid
          WHERE pg_catalog.pg_constraint.contype = 'p' AND pg_catalog.pg_constraint.conrelid = 'orders'::regclass) AS con
        ON pg_catalog.pg_attribute.attnum = con.attnum AND pg_catalog.pg_attribute.attrelid = con.conrelid) AS attr
      GROUP BY attr.conrelid, attr.conname ORDER BY attr.conrelid, attr.conname`);
    expect(found).toMatchObject([{ cols: ['id'], conname: 'orders_pkey' }]);
  });
});

describe('Npgsql', () => {
  it('loads types', async () => {
    const found = await rows(`
      SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
      FROM (
        SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
          elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
          CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype,
          CASE WHEN typ.typtype='b' AND typ.typname='_x' THEN 0 ELSE 1 END AS ord
        FROM (
          SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype
              WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
              WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid
          FROM pg_type AS typ
          LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
          LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
          LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
        ) AS typ
        LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
        LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
        LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
      ) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
      WHERE typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind='c') OR
        (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR
        (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR
          (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR (elemtyptype = 'c' AND elemrelkind='c')))
      ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'c' THEN 1 WHEN typtype = 'r' THEN 2
        WHEN typtype = 'a' THEN 5 ELSE 4 END`);
    const text = found.find((row) => row['oid'] === 25);
    expect(text).toMatchObject({ nspname: 'pg_catalog', typname: 'text', typtype: 'b' });
    expect(found.find((row) => row['oid'] === 1009)).toMatchObject({
      typtype: 'a',
      elemtypoid: 25,
    });
    const types = found.map((row) => row['typname']);
    expect(types).toEqual(
      expect.arrayContaining([
        'int4',
        'int8',
        'numeric',
        'timestamptz',
        'uuid',
        'jsonb',
        'bytea',
        'interval',
      ]),
    );
  });

  it('loads composites and enums', async () => {
    await rows(`SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ
      JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
      JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
      WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum`);
    await rows(`SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid
      ORDER BY oid, enumsortorder`);
  });
});

describe('Grafana', () => {
  it('checks the server and lists tables and columns', async () => {
    expect(await rows(`SELECT current_setting('server_version_num')::int/100 as version`)).toEqual([
      { version: 1500 },
    ]);
    const tables = await rows(`SELECT
      CASE WHEN quote_ident(table_schema) IN (
          SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1),
            array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
            string_to_array(current_setting('search_path'),',') s)
        THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
      FROM information_schema.tables
      WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', 'millrace')
      ORDER BY 1`);
    expect(tables.map((row) => row['table'])).toEqual(['big', 'orders', 'totals']);
    const columns = await rows(`SELECT quote_ident(column_name) AS "column", data_type AS "type"
      FROM information_schema.columns WHERE CASE WHEN array_length(parse_ident('totals'),1) = 2
        THEN quote_ident(table_schema) = (parse_ident('totals'))[1] AND quote_ident(table_name) = (parse_ident('totals'))[2]
        ELSE quote_ident(table_name) = 'totals' AND quote_ident(table_schema) IN (
          SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1),
            array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
            string_to_array(current_setting('search_path'),',') s) END`);
    expect(columns).toEqual([
      { column: 'customer', type: 'character varying' },
      { column: 'n', type: 'bigint' },
      { column: 'total', type: 'numeric' },
    ]);
  });

  it('runs what its macros expand to', async () => {
    const found =
      await rows(`SELECT floor(extract(epoch from at)/300)*300 AS "time", avg(amount) AS "value"
      FROM orders WHERE at BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z' GROUP BY 1 ORDER BY 1`);
    expect(found).toEqual([{ time: '1704103200', value: '5.5000000000000000' }]);
  });
});

describe('Metabase', () => {
  it('describes the database', async () => {
    const found = await rows(`
      select n.nspname as schema, c.relname as name, case c.relkind when 'r' then 'TABLE' when 'p' then 'PARTITIONED TABLE'
        when 'v' then 'VIEW' when 'f' then 'FOREIGN TABLE' when 'm' then 'MATERIALIZED VIEW' else null end as type,
        d.description as description, stat.n_live_tup as estimated_row_count
      from pg_catalog.pg_class as c inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
      left join pg_catalog.pg_description as d on c.oid = d.objoid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
      left join pg_stat_user_tables as stat on n.nspname = stat.schemaname and c.relname = stat.relname
      where c.relnamespace = n.oid and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> 'millrace'
        and c.relkind in ('r', 'p', 'v', 'f', 'm') order by type, schema, name`);
    expect(found.map((row) => row['name'])).toEqual(['totals', 'orders', 'big']);
  });

  it('describes fields', async () => {
    const found = await rows(`
      SELECT c.column_name AS name, CASE WHEN c.udt_schema IN ('public', 'pg_catalog')
        THEN format('%s', c.udt_name) ELSE format('"%s"."%s"', c.udt_schema, c.udt_name) END AS "database-type",
        c.ordinal_position - 1 AS "database-position", c.table_schema AS "table-schema", c.table_name AS "table-name",
        pk.column_name IS NOT NULL AS "pk?",
        col_description(CAST(CAST(format('%I.%I', CAST(c.table_schema AS TEXT), CAST(c.table_name AS TEXT)) AS REGCLASS) AS OID),
          c.ordinal_position) AS "field-comment",
        ((column_default IS NULL OR LOWER(column_default) = 'null') AND is_nullable = 'NO'
          AND NOT ((column_default IS NOT NULL AND column_default LIKE '%nextval(%') OR is_identity <> 'NO'))
          AS "database-required"
      FROM information_schema.columns AS c
      LEFT JOIN (SELECT tc.table_schema, tc.table_name, kc.column_name FROM information_schema.table_constraints AS tc
        INNER JOIN information_schema.key_column_usage AS kc ON tc.constraint_name = kc.constraint_name
          AND tc.table_schema = kc.table_schema AND tc.table_name = kc.table_name
        WHERE tc.constraint_type = 'PRIMARY KEY') AS pk
        ON c.table_schema = pk.table_schema AND c.table_name = pk.table_name AND c.column_name = pk.column_name
      WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND c.table_schema = 'public' AND c.table_name = 'orders'
      ORDER BY "database-position"`);
    expect(
      found.map((row) => [row['name'], row['database-type'], row['pk?'], row['database-required']]),
    ).toEqual([
      ['id', 'int4', true, true],
      ['customer', 'varchar', false, true],
      ['amount', 'numeric', false, false],
      ['at', 'timestamptz', false, false],
      ['tags', '_text', false, false],
      ['doc', 'jsonb', false, false],
    ]);
  });

  it('asks for privileges and the time zone', async () => {
    await rows(`with table_privileges as (
      select NULL as role, t.schemaname as schema, t.objectname as table,
        pg_catalog.has_any_column_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'update') as update,
        pg_catalog.has_table_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'delete') as delete
      from (select schemaname, tablename as objectname from pg_catalog.pg_tables
        union select schemaname, viewname as objectname from pg_views
        union select schemaname, matviewname as objectname from pg_matviews) t
      where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
        and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))
      select t.* from table_privileges t`);
    expect(await rows('show timezone')).toEqual([{ TimeZone: 'UTC' }]);
  });
});

describe('DBeaver', () => {
  it.each([
    `SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate OR db.datname =$$millrace$$ ORDER BY db.datname`,
    `SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
      LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname`,
    `SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
      FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem
      LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
      LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL
      AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')`,
    `SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,
      pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c
      LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
      WHERE c.relnamespace=2200 AND c.relkind not in ('i','I','c')`,
    `SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
      FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
      LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
      LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
      LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum
        and dep.classid = dep.refclassid
      WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') ORDER BY a.attnum`,
    `SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description,
      null as consrc_copy FROM pg_catalog.pg_constraint c
      INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
      LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
      ORDER BY c.oid`,
    `SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,
      pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,
      pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
      FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
      INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
      LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid ORDER BY tabrelname, c.relname`,
    `SELECT * FROM pg_catalog.pg_settings`,
    `SELECT current_schema(), session_user`,
    `SELECT x.oid,x.* FROM pg_catalog.pg_roles x`,
    `SELECT e.oid, e.* FROM pg_catalog.pg_extension e`,
    `SELECT sa.* FROM pg_catalog.pg_stat_activity sa`,
    `SELECT p.oid,p.*,l.lanname as lang,pg_catalog.pg_get_function_identity_arguments(p.oid) FROM pg_catalog.pg_proc p
      LEFT OUTER JOIN pg_catalog.pg_language l ON l.oid=p.prolang WHERE p.proname='lower'`,
    `SELECT * FROM pg_catalog.pg_enum`,
    `SELECT x.oid,x.* FROM pg_catalog.pg_event_trigger x`,
  ])('%s', async (sql) => {
    const { rows: found, fields } = await client.query(sql);
    expect(fields.length).toBeGreaterThan(0);
    if (!/extension|enum|event_trigger/.test(sql)) expect(found.length).toBeGreaterThan(0);
  });
});

describe('others', () => {
  it.each([
    [
      'postgres.js',
      `select b.oid, b.typarray from pg_catalog.pg_type a left join pg_catalog.pg_type b on b.oid = a.typelem
      where a.typcategory = 'A' group by b.oid, b.typarray order by b.oid`,
    ],
    [
      'Sequelize',
      `WITH ranges AS (SELECT pg_range.rngtypid, pg_type.typname AS rngtypname, pg_type.typarray AS rngtyparray,
      pg_range.rngsubtype FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = pg_range.rngtypid)
      SELECT pg_type.typname, pg_type.typtype, pg_type.oid, pg_type.typarray, ranges.rngtypname, ranges.rngtypid, ranges.rngtyparray
      FROM pg_type LEFT OUTER JOIN ranges ON pg_type.oid = ranges.rngsubtype WHERE (pg_type.typtype IN('b', 'e'))`,
    ],
    [
      'Rails',
      `SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
      FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid
      WHERE t.typname IN ('int2', 'int4', 'text') OR t.typtype IN ('r', 'e', 'd')
      OR t.typinput = 'array_in(cstring,oid,integer)'::regprocedure OR t.typelem != 0`,
    ],
    [
      'Django',
      `SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
      obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
      AND pg_catalog.pg_table_is_visible(c.oid)`,
    ],
    [
      'Power BI',
      `select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables
      where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME`,
    ],
    [
      'Power BI keys',
      `select i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME, ii.COLUMN_NAME, ii.ORDINAL_POSITION,
      case when i.CONSTRAINT_TYPE = 'PRIMARY KEY' then 'Y' else 'N' end as PRIMARY_KEY
      from INFORMATION_SCHEMA.table_constraints i inner join INFORMATION_SCHEMA.key_column_usage ii
      on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME
      and i.TABLE_SCHEMA = ii.TABLE_SCHEMA and i.TABLE_NAME = ii.TABLE_NAME
      where i.TABLE_SCHEMA = 'public' and i.TABLE_NAME = 'orders' and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE')`,
    ],
    [
      'sqlx',
      `SELECT NOT pg_attribute.attnotnull AS nullable FROM (VALUES (0, 'orders'::regclass::int4, 1::int2)) AS col(idx, table_id, col_idx)
      LEFT JOIN pg_catalog.pg_attribute ON table_id IS NOT NULL AND attrelid = table_id AND attnum = col_idx ORDER BY col.idx`,
    ],
    [
      'DataGrip',
      `select T.oid as table_id, T.xmin as table_state_number, T.relname from pg_catalog.pg_class T
      where relkind in ('r','m','v') order by table_id`,
    ],
    [
      'dbt',
      `select 'millrace' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables
      where schemaname ilike 'public' union all select 'millrace', viewname, schemaname, 'view' from pg_views
      where schemaname ilike 'public' union all select 'millrace', matviewname, schemaname, 'materialized_view'
      from pg_matviews where schemaname ilike 'public'`,
    ],
    [
      'tokio-postgres',
      `SELECT t.typname, t.typtype, t.typelem, r.rngsubtype, t.typbasetype, n.nspname, t.typrelid
      FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
      INNER JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1009`,
    ],
  ])('%s', async (_, sql) => {
    expect((await rows(sql)).length).toBeGreaterThan(0);
  });

  it('Looker stops queries through pg_stat_activity', async () => {
    const found = await rows(
      `SELECT pid, state, query FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
    );
    expect(found).toMatchObject([
      { state: 'active', query: expect.stringContaining('pg_stat_activity') as string },
    ]);
  });

  it('every catalog function that is declared answers, locks and notifications excepted', () => {
    const refused = new Set<string>();
    const reader = new SessionCatalogReader(
      () => {
        throw new Error('not needed to know what is refused');
      },
      () => undefined,
    );
    for (const name of new Set(catalogFunctions().map((each) => each.name))) {
      try {
        reader.call(name, []);
      } catch (error) {
        if (error instanceof SqlError) refused.add(name);
      }
    }
    expect(
      [...refused].filter(
        (each) => !/^to_reg|advisory|notify|snapshot|wal_lsn|_backend$/.test(each),
      ),
    ).toEqual([]);
  });
});
