/**
 * After a syntax error: is the text another database's SQL? A cheap look for words that only another dialect
 * has comes first; then node-sql-parser, loaded only now and only if it is installed, must be able to parse
 * the text as that dialect. Nothing is ever planned from it; the answer is a sentence in a hint.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

interface Dialect {
  readonly name: string;
  /** Module of node-sql-parser with only this dialect. */
  readonly module: string;
  readonly tellTale: RegExp;
}

const dialects: readonly Dialect[] = [
  {
    name: 'MySQL',
    module: 'node-sql-parser/build/mysql.js',
    tellTale:
      /\bAUTO_INCREMENT\b|\bENGINE\s*=|\bLIMIT\s+\d+\s*,\s*\d+|\bUNSIGNED\b|\bSTRAIGHT_JOIN\b|\bREPLACE\s+INTO\b|\bON\s+DUPLICATE\s+KEY\b/i,
  },
  {
    name: 'Transact-SQL',
    module: 'node-sql-parser/build/transactsql.js',
    tellTale: /\bSELECT\s+TOP\b|\[\w+\]|\bIDENTITY\s*\(|\bNVARCHAR\b|\bCROSS\s+APPLY\b/i,
  },
  {
    name: 'BigQuery',
    module: 'node-sql-parser/build/bigquery.js',
    tellTale:
      /\bSTRUCT\s*<|\bSELECT\s+(\*|\w+\.\*)\s+EXCEPT\s*\(|\bUNNEST\s*\(.*\)\s+WITH\s+OFFSET\b|\bQUALIFY\b/i,
  },
];

/** Longer texts are not looked at: the other parser is slow. */
const lengthMax = 10_000;

interface OtherParser {
  readonly Parser: new () => { astify(sql: string): unknown };
}

/** The error, with a hint that names the dialect when it is recognised. */
export async function withDialectHint(error: unknown, sql: string): Promise<unknown> {
  if (!(error instanceof SqlError) || error.code !== sqlstate.syntaxError) return error;
  if (error.fields.hint !== undefined || sql.length > lengthMax) return error;
  const dialect = dialects.find((each) => each.tellTale.test(sql));
  if (dialect === undefined || !(await parses(dialect, sql))) return error;
  return new SqlError(error.code, error.message, {
    ...error.fields,
    hint: `This looks like ${dialect.name}. Millrace reads PostgreSQL's SQL and the streaming statements of Flink and RisingWave.`,
  });
}

async function parses(dialect: Dialect, sql: string): Promise<boolean> {
  try {
    const loaded = (await import(dialect.module)) as
      OtherParser | { readonly default: OtherParser };
    const { Parser } = 'default' in loaded ? loaded.default : loaded;
    new Parser().astify(sql);
    return true;
  } catch {
    // Not installed, or not that dialect either: the error stands as it is.
    return false;
  }
}
