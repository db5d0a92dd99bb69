/** `millrace sql`: a prompt for those without psql. Reads statements up to `;`, prints aligned tables. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { SqlError } from '../base/errors.ts';
import { formatTable } from '../base/text-layout.ts';
import { type ClientResult, PgClient } from '../client/pg-client.ts';
import type { Address } from '../server/config.ts';
import { errorText } from './print-error.ts';

export interface SqlOptions {
  readonly address: Address;
  readonly user: string;
  readonly command?: string;
}

const help = `Statements end with a semicolon.
  \\d [NAME]   list relations, or show the columns of one
  \\l          list late rows, dead letters and row errors by view
  \\watch N    run the last query every N seconds (Ctrl-C ends it)
  \\x          switch between tables and one value a line
  \\timing     switch the time of each statement on or off
  \\?          this help
  \\q          leave (or Ctrl-D)`;

export async function sql(options: SqlOptions): Promise<void> {
  const client = await PgClient.connect({
    host: options.address.host,
    port: options.address.port,
    user: options.user,
    database: 'millrace',
    password: process.env['PGPASSWORD'],
    applicationName: 'millrace sql',
  });
  client.onNotice = ({ severity, message }) => process.stderr.write(`${severity}:  ${message}\n`);
  const prompt = new Prompt(client);
  if (options.command !== undefined) {
    process.exitCode = (await prompt.run(options.command)) ? 0 : 1;
    await client.close();
    return;
  }
  await prompt.read();
  await client.close();
}

class Prompt {
  readonly #client: PgClient;
  #expanded = false;
  #timing = false;
  #last = '';
  #buffer = '';
  #busy = false;
  #stopWatch: (() => void) | null = null;
  #failed = false;

  constructor(client: PgClient) {
    this.#client = client;
  }

  /** Reads standard input to its end. From a pipe, the first error ends it with exit code 1. */
  async read(): Promise<void> {
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    const lines = createInterface({
      input: process.stdin,
      output: terminal ? process.stdout : undefined,
      history: terminal ? readHistory() : [],
      historySize: 1000,
      prompt: 'millrace=> ',
    } as Parameters<typeof createInterface>[0]);
    if (terminal) this.#greet(lines);
    lines.on('SIGINT', () => this.#interrupt(lines));
    for await (const line of lines) {
      if (await this.#line(line, terminal)) break;
      if (this.#failed && !terminal) break;
      if (terminal) {
        lines.setPrompt(this.#buffer === '' ? 'millrace=> ' : 'millrace-> ');
        lines.prompt();
      }
    }
    if (this.#buffer.trim() !== '' && !this.#failed) await this.run(this.#buffer);
    if (this.#failed && !terminal) process.exitCode = 1;
    lines.close();
  }

  #greet(lines: Interface): void {
    const version = this.#client.parameters.get('server_version') ?? '';
    process.stdout.write(`millrace (PostgreSQL ${version} protocol). Type \\? for help.\n`);
    lines.prompt();
  }

  #interrupt(lines: Interface): void {
    if (this.#stopWatch !== null) this.#stopWatch();
    else if (this.#busy) this.#client.cancel();
    else {
      this.#buffer = '';
      process.stdout.write('\n');
      lines.setPrompt('millrace=> ');
      lines.prompt();
    }
  }

  /** True when the prompt should end. */
  async #line(line: string, terminal: boolean): Promise<boolean> {
    if (this.#buffer === '' && line.trimStart().startsWith('\\'))
      return await this.#meta(line.trim());
    this.#buffer += `${line}\n`;
    if (!line.trimEnd().endsWith(';')) return false;
    const text = this.#buffer;
    this.#buffer = '';
    if (terminal) remember(text);
    this.#last = text;
    await this.run(text);
    return false;
  }

  async #meta(line: string): Promise<boolean> {
    const [command = '', argument = ''] = line.split(/\s+/, 2);
    switch (command) {
      case '\\q':
        return true;
      case '\\?':
        process.stdout.write(`${help}\n`);
        return false;
      case '\\x':
        this.#expanded = !this.#expanded;
        process.stdout.write(`Expanded display is ${this.#expanded ? 'on' : 'off'}.\n`);
        return false;
      case '\\timing':
        this.#timing = !this.#timing;
        process.stdout.write(`Timing is ${this.#timing ? 'on' : 'off'}.\n`);
        return false;
      case '\\d':
        await this.run(argument === '' ? listRelations : describe(argument));
        return false;
      case '\\l':
        await this.run(listRefused);
        return false;
      case '\\watch':
        await this.#watch(Number(argument === '' ? '2' : argument));
        return false;
      default:
        process.stderr.write(`invalid command ${command}; \\? lists them\n`);
        return false;
    }
  }

  async #watch(seconds: number): Promise<void> {
    if (!(seconds > 0) || this.#last === '') {
      process.stderr.write('\\watch needs a query before it and a number of seconds\n');
      return;
    }
    let stopped = false;
    while (!stopped) {
      process.stdout.write(`${new Date().toLocaleTimeString()} (every ${seconds}s)\n`);
      if (!(await this.run(this.#last))) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        this.#stopWatch = () => {
          stopped = true;
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#stopWatch = null;
  }

  /** Runs statements and prints what each gives as it comes; false when one failed. */
  async run(text: string): Promise<boolean> {
    this.#busy = true;
    const started = performance.now();
    try {
      await this.#client.query(text, (result) => this.#print(result));
      if (this.#timing)
        process.stdout.write(`Time: ${(performance.now() - started).toFixed(3)} ms\n`);
      return true;
    } catch (error) {
      this.#failed = true;
      if (!(error instanceof SqlError)) throw error;
      process.stderr.write(`${errorText(error, text)}\n`);
      return false;
    } finally {
      this.#busy = false;
    }
  }

  #print(result: ClientResult): void {
    const { fields, rows, tag } = result;
    if (fields === null) {
      for (const [line] of rows) process.stdout.write(`${line ?? ''}\n`);
      if (rows.length === 0 && tag !== '') process.stdout.write(`${tag}\n`);
      return;
    }
    const names = fields.map((field) => field.name);
    const text = this.#expanded ? expanded(names, rows) : table(fields, rows);
    process.stdout.write(`${text}\n(${rows.length} row${rows.length === 1 ? '' : 's'})\n\n`);
  }
}

/** Types whose values stand at the right edge of their column. */
const numeric: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

function table(
  fields: readonly { readonly name: string; readonly typeOid: number }[],
  rows: ClientResult['rows'],
): string {
  return formatTable(
    fields.map((field) => field.name),
    rows.map((row) => row.map((cell) => cell ?? '')),
    { align: fields.map((field) => (numeric.has(field.typeOid) ? 'right' : 'left')) },
  );
}

function expanded(names: readonly string[], rows: ClientResult['rows']): string {
  const width = Math.max(0, ...names.map((name) => name.length));
  return rows
    .map((row, index) => {
      const lines = names.map((name, column) => `${name.padEnd(width)} | ${row[column] ?? ''}`);
      return [`-[ RECORD ${index + 1} ]${'-'.repeat(Math.max(0, width - 10))}`, ...lines].join(
        '\n',
      );
    })
    .join('\n');
}

const listRelations = `SELECT table_schema AS schema, table_name AS name,
  CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'table' END AS type
  FROM information_schema.tables t JOIN pg_class c ON c.relname = t.table_name
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.table_schema
  WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'millrace') ORDER BY 1, 2`;

const listRefused = `SELECT name AS view, rows, late_rows, failed_rows, state FROM millrace.views ORDER BY 1`;

function describe(name: string): string {
  const literal = `'${name.replaceAll("'", "''")}'`;
  return `SELECT a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a WHERE a.attrelid = ${literal}::regclass AND a.attnum > 0 ORDER BY a.attnum`;
}

const historyFile = join(homedir(), '.millrace_history');

function readHistory(): string[] {
  try {
    return readFileSync(historyFile, 'utf8').split('\n').filter(Boolean).reverse().slice(0, 1000);
  } catch {
    return [];
  }
}

function remember(text: string): void {
  try {
    appendFileSync(historyFile, `${text.trim().replaceAll('\n', ' ')}\n`, { mode: 0o600 });
  } catch {
    // A prompt without history is still a prompt.
  }
}
