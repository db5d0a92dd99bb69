/**
 * The Nexmark queries q0 to q22, one of a plainer kind, and the relations they read, as SQL that both Millrace
 * and Flink take. Each query's file makes a sink `nexmark_qN` and inserts into it; for reading its rows in
 * Millrace the same SELECT becomes a materialized view.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import events from './nexmark/events.sql';
import generated from './nexmark/generated.sql';
import q0 from './nexmark/q0.sql';
import q1 from './nexmark/q1.sql';
import q2 from './nexmark/q2.sql';
import q3 from './nexmark/q3.sql';
import q4 from './nexmark/q4.sql';
import q5 from './nexmark/q5.sql';
import q6 from './nexmark/q6.sql';
import q7 from './nexmark/q7.sql';
import q8 from './nexmark/q8.sql';
import q9 from './nexmark/q9.sql';
import q10 from './nexmark/q10.sql';
import q11 from './nexmark/q11.sql';
import q12 from './nexmark/q12.sql';
import q13 from './nexmark/q13.sql';
import q14 from './nexmark/q14.sql';
import q15 from './nexmark/q15.sql';
import q16 from './nexmark/q16.sql';
import q17 from './nexmark/q17.sql';
import q18 from './nexmark/q18.sql';
import q19 from './nexmark/q19.sql';
import q20 from './nexmark/q20.sql';
import q21 from './nexmark/q21.sql';
import q22 from './nexmark/q22.sql';
import tumble from './nexmark/tumble.sql';

export interface NexmarkQuery {
  readonly name: string;
  readonly title: string;
  /** Its statements, with `${directory}` where files stand. */
  readonly text: string;
  /** Why two right engines may give different rows; null when they may not. */
  readonly undetermined: string | null;
}

const undetermined: ReadonlyMap<string, string> = new Map([
  ['q6', 'bids of equal price, and auctions that end at one instant, have no order'],
  ['q12', 'its windows follow the clock'],
  ['q18', 'bids of one bidder within one millisecond have no order'],
  ['q19', 'bids of equal price have no order'],
]);

function query(name: string, title: string, text: string): NexmarkQuery {
  return { name, title, text, undetermined: undetermined.get(name) ?? null };
}

/** All queries, in order. */
export const nexmarkQueries: readonly NexmarkQuery[] = [
  query('q0', 'pass through', q0),
  query('q1', 'currency conversion', q1),
  query('q2', 'selection', q2),
  query('q3', 'local item suggestion', q3),
  query('q4', 'average price for a category', q4),
  query('q5', 'hot items', q5),
  query('q6', 'average selling price by seller', q6),
  query('q7', 'highest bid', q7),
  query('q8', 'new users', q8),
  query('q9', 'winning bids', q9),
  query('q10', 'log to file system', q10),
  query('q11', 'user sessions', q11),
  query('q12', 'processing-time windows', q12),
  query('q13', 'bounded side input', q13),
  query('q14', 'calculation', q14),
  query('q15', 'bidding statistics', q15),
  query('q16', 'channel statistics', q16),
  query('q17', 'auction statistics', q17),
  query('q18', 'last bid', q18),
  query('q19', 'auction top ten', q19),
  query('q20', 'bid with auction', q20),
  query('q21', 'channel id', q21),
  query('q22', 'directories of the address', q22),
  query('tumble', 'filter, tumbling sums', tumble),
];

/** The queries with these names, in the order of the benchmark; all when none is named. */
export function namedQueries(names: readonly string[]): readonly NexmarkQuery[] {
  const unknown = names.find((name) => !nexmarkQueries.some((each) => each.name === name));
  if (unknown !== undefined) {
    throw new SqlError(sqlstate.invalidParameterValue, `there is no Nexmark query "${unknown}"`, {
      hint: 'The queries are q0 to q22.',
    });
  }
  return names.length === 0
    ? nexmarkQueries
    : nexmarkQueries.filter((each) => names.includes(each.name));
}

/** Options of a relation as they stand in WITH. */
export function optionList(options: ReadonlyMap<string, string>): string {
  return [...options]
    .map(([name, value]) => `'${name}' = '${value.replaceAll("'", "''")}'`)
    .join(', ');
}

/** The relations person, auction and bid over one stream of enveloped events. */
export function enveloped(options: ReadonlyMap<string, string>): string {
  return events.replace('${source}', () => optionList(options));
}

/** The same relations over three generators, which make columns and no JSON. */
export function generatedStreams(options: ReadonlyMap<string, string>): string {
  return generated.replaceAll('${generator}', () => optionList(options));
}

/** The query as it stands, with a sink of its own. */
export function sinkSql(asked: NexmarkQuery, directory: string): string {
  return asked.text.replaceAll('${directory}', () => directory);
}

/** What a query reads beside the events: statements to run, and to wait for, before it starts. */
export function besideSql(asked: NexmarkQuery, directory: string): string {
  const tables = statementsOf(asked, directory).filter(
    (statement) => statement.includes('CREATE TABLE') && !makesSink(asked, statement),
  );
  // The texts are joined as they stand when an event comes, so all of the file has to be there first.
  return tables
    .map((table) => {
      const name = must(/CREATE TABLE (\w+)/.exec(table)?.[1], 'a table has a name');
      const file = table.replace(`CREATE TABLE ${name} `, `CREATE TABLE ${name}_file `);
      return `${file};\nCREATE MATERIALIZED VIEW ${name} AS SELECT * FROM ${name}_file;\n`;
    })
    .join('');
}

/** The query as a materialized view of the sink's name. */
export function viewSql(asked: NexmarkQuery, directory: string): string {
  const name = sinkName(asked);
  return statementsOf(asked, directory)
    .filter((statement) => !statement.includes('CREATE TABLE'))
    .map((statement) =>
      statement.replace(`INSERT INTO ${name}\n`, `CREATE MATERIALIZED VIEW ${name} AS\n`),
    )
    .map((statement) => `${statement};\n`)
    .join('');
}

/** The query into its sink, without what `besideSql` makes. */
export function insertSql(asked: NexmarkQuery, directory: string): string {
  return statementsOf(asked, directory)
    .filter((statement) => !statement.includes('CREATE TABLE') || makesSink(asked, statement))
    .map((statement) => `${statement};\n`)
    .join('');
}

function statementsOf(asked: NexmarkQuery, directory: string): string[] {
  return sinkSql(asked, directory)
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

function makesSink(asked: NexmarkQuery, statement: string): boolean {
  return statement.includes(`CREATE TABLE ${sinkName(asked)} `);
}

/** Name of the relation that holds or takes the query's rows. */
export function sinkName(asked: NexmarkQuery): string {
  return must(/INSERT INTO (\w+)/.exec(asked.text)?.[1], 'a query inserts into its sink');
}
