/** The command line: subcommands, help and exit codes. Each command's work is in a file of its own, loaded when used. */

import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SqlError } from '../base/errors.ts';
import { defaultHost, defaultPort, parseAddress } from '../server/config.ts';
import type { BenchFlags } from './bench-command.ts';
import { printError } from './print-error.ts';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const defaultAddress = `${defaultHost}:${defaultPort}`;

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Not a positive number.');
  return value;
}

function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

/** Parses `argv`, runs the command and sets the exit code: 0 fine, 1 the command failed, 2 it was misused. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('millrace')
    .description('Streaming SQL that any Postgres client can read.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(millrace help COMMAND tells more)')
    .configureHelp({ sortSubcommands: false });
  addServe(program);
  addDemo(program);
  addSql(program);
  addApply(program);
  addTest(program);
  addExplain(program);
  addBench(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    printError(error);
    process.exitCode = 1;
    if (!(error instanceof SqlError)) throw error;
  }
}

interface ServeFlags {
  listen: string;
  dataDir: string;
  allowDir: readonly string[];
  logLevel: string;
  connections: number;
  checkpointInterval: number;
  batchRows: number;
  workers: number;
  codegen: boolean;
}

function addServe(program: Command): void {
  program
    .command('serve')
    .description('start a server; run the given SQL files, or all of a directory, first')
    .argument('[path...]', 'SQL files, or directories whose *.sql files run in order of name')
    .option('-l, --listen <host:port>', 'where to accept clients', defaultAddress)
    .option('-d, --data-dir <dir>', 'where state is kept', 'millrace-data')
    .option(
      '--allow-dir <dir>',
      'a directory where file sources may read and file sinks write (may be repeated)',
      collect,
      [],
    )
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .option('--connections <n>', 'most clients at one time', positive, 1000)
    .option('--checkpoint-interval <ms>', 'milliseconds between checkpoints', positive, 1000)
    .option('--batch-rows <n>', 'most rows of one batch', positive, 1024)
    .option('--workers <n>', 'threads that views are divided over, by key', positive, 1)
    .option('--no-codegen', 'interpret everything instead of generating code (slow; for comparing)')
    .addHelpText(
      'after',
      '\nMILLRACE_PASSWORD in the environment asks clients for that password (user millrace);\nwithout it the server listens on loopback addresses only.',
    )
    .action(async (paths: string[], flags: ServeFlags) => {
      const { serve } = await import('./serve-command.ts');
      await serve(paths, { ...flags, address: parseAddress(flags.listen) });
    });
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'start a server with a live auction and a few views over it, and watch them change',
    )
    .option('-l, --listen <host:port>', 'where to accept clients', defaultAddress)
    .option('-d, --data-dir <dir>', 'where state is kept; a fresh temporary directory by default')
    .option('--seconds <n>', 'stop after so many seconds', positive)
    .option('--rate <n>', 'events a second', positive, 1000)
    .action(async (flags: { listen: string; dataDir?: string; seconds?: number; rate: number }) => {
      const { demo } = await import('./demo-command.ts');
      await demo({ ...flags, address: parseAddress(flags.listen) });
    });
}

const connectHelp = 'address of the server';

function addSql(program: Command): void {
  program
    .command('sql')
    .description('a prompt for a running server; with -c or input from a pipe, runs that and ends')
    .option('-s, --server <host:port>', connectHelp, defaultAddress)
    .option('-c, --command <sql>', 'run this and end')
    .option('-U, --user <name>', 'user name', 'millrace')
    .addHelpText(
      'after',
      '\nPGPASSWORD in the environment is the password, where one is asked for.',
    )
    .action(async (flags: { server: string; command?: string; user: string }) => {
      const { sql } = await import('./sql-command.ts');
      await sql({ ...flags, address: parseAddress(flags.server) });
    });
}

function addApply(program: Command): void {
  program
    .command('apply')
    .description('run SQL files against a running server, statement by statement')
    .argument('<path...>', 'SQL files, or directories whose *.sql files run in order of name')
    .option('-s, --server <host:port>', connectHelp, defaultAddress)
    .option('-U, --user <name>', 'user name', 'millrace')
    .action(async (paths: string[], flags: { server: string; user: string }) => {
      const { apply } = await import('./apply-command.ts');
      await apply(paths, { ...flags, address: parseAddress(flags.server) });
    });
}

function addTest(program: Command): void {
  program
    .command('test')
    .description('run SQL test files on a manual clock, in every mode')
    .argument(
      '<file...>',
      'timeline files (*.test), Markdown files with trap blocks (*.md), or folders of timeline files',
    )
    .option('-m, --mode <name>', 'only this mode (may be repeated)', collect, [])
    .option('-u, --update', 'rewrite the expected blocks of timeline files from what came')
    .action(async (files: string[], flags: { mode: readonly string[]; update?: boolean }) => {
      const { test } = await import('./test-command.ts');
      await test(files, flags);
    });
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('show what becomes of a statement, without a server')
    .argument('<path...>', 'SQL files; the last query or view of the last file is explained')
    .addOption(
      new Option('--stage <stage>', 'how far the statement is taken')
        .choices(['ast', 'bound', 'rules', 'plan', 'dataflow', 'state', 'code'])
        .default('plan'),
    )
    .action(async (paths: string[], flags: { stage: string }) => {
      const { explainFiles } = await import('./explain-command.ts');
      await explainFiles(paths, flags.stage);
    });
}

/** Processes that benchmarks start of themselves. */
const parts = [
  'run',
  'nexmark-latency',
  'produce',
  'ivm-run',
  'change-run',
  'acknowledge',
  'keys-run',
  'keys-reopen',
];

function addBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure this engine, alone or beside another');
  bench
    .command('nexmark')
    .description('the Nexmark queries q0 to q22 over events made from a seed')
    .addOption(
      new Option('--from <where>', 'where the events come from')
        .choices(['generator', 'kafka', 'file'])
        .default('generator'),
    )
    .option('--events <n>', 'persons, auctions and bids together', positive, 2_000_000)
    .option('--seed <n>', 'equal seeds give equal events', positive, 1)
    .option('--gap <micros>', 'event time between two events', positive, 100)
    .option('--queries <names>', 'only these, as q0,q5')
    .option('--bootstrap <host:port>', 'a Kafka broker; its topic is filled when it is not there')
    .option('--topic <name>', 'a topic that has the events')
    .option('--file <path>', 'a file of events, written when it is not there')
    .option('--workers <n>', 'threads that the query is divided over, by key', positive, 1)
    .option('--checkpoint-interval <ms>', 'milliseconds between checkpoints', positive, 1000)
    .option('--warm-up <percent>', 'part of the events before measuring begins', positive, 20)
    .option('--latency <rate>', 'measure latency too, at so many events a second', positive)
    .option('--latency-seconds <n>', 'how long latency is measured', positive, 15)
    .addOption(new Option('--compare <peer>', 'run a peer beside it').choices(['flink']))
    .option('--check', 'compare the rows of the results with the peer instead of measuring')
    .option('--operators', 'print the rows through each operator')
    .option('--cache <dir>', 'where a peer is kept once it is fetched', '.cache')
    .option('--task-memory <size>', 'memory of the peer', '8g')
    .option('--json <file>', 'write all figures')
    .option('--chart <file>', 'draw them: an .svg or .html file')
    .option('--profile <dir>', 'write CPU profiles of the queries')
    .action(async (flags: BenchFlags) => {
      const { bench: run } = await import('./bench-command.ts');
      await run(flags);
    });
  bench
    .command('ivm')
    .description('a grouping and a join kept up to date, in rows per CPU second')
    .option('--events <n>', 'persons, auctions and bids together', positive, 2_000_000)
    .option('--seed <n>', 'equal seeds give equal events', positive, 1)
    .addOption(
      new Option('--compare <peer>', 'run another engine over the same rows').choices(['tanstack']),
    )
    .action(async (flags: { events: number; seed: number; compare?: string }) => {
      const { ivm } = await import('./bench-command.ts');
      await ivm(flags);
    });
  bench
    .command('change')
    .description('one UPDATE under a join and a grouping, for tables of growing size')
    .option('--rows <list>', 'sizes of the table', '10000,100000,1000000')
    .option('--updates <n>', 'updates measured at each size', positive, 1000)
    .action(async (flags: { rows: string; updates: number }) => {
      const { change } = await import('./bench-command.ts');
      await change(flags.rows.split(',').map(positive), flags.updates);
    });
  bench
    .command('startup')
    .description('from starting a server to its first answer')
    .option('--runs <n>', 'how often', positive, 7)
    .action(async (flags: { runs: number }) => {
      const { startup } = await import('./bench-command.ts');
      await startup(flags);
    });
  bench
    .command('latency')
    .description("from a Kafka producer's acknowledgement to the row at a subscriber")
    .requiredOption('--bootstrap <host:port>', 'a Kafka broker')
    .option('--rates <list>', 'events a second, as 1000,50000', '1000,50000')
    .option('--seconds <n>', 'how long each rate is kept up', positive, 20)
    .option('--profile <dir>', 'write CPU profiles of the server')
    .action(
      async (flags: { bootstrap: string; rates: string; seconds: number; profile?: string }) => {
        const { latency } = await import('./bench-command.ts');
        await latency({
          bootstrap: flags.bootstrap,
          rates: flags.rates.split(',').map(positive),
          seconds: flags.seconds,
          profile: flags.profile ?? null,
        });
      },
    );
  bench
    .command('keys')
    .description('a grouping with very many keys: cost, memory, pauses, restart')
    .option('--keys <list>', 'numbers of keys', '10000,1000000,10000000')
    .option('--changes <n>', 'rows of known keys afterwards', positive, 3_000_000)
    .action(async (flags: { keys: string; changes: number }) => {
      const { keys } = await import('./bench-command.ts');
      await keys({ keys: flags.keys.split(',').map(positive), updates: flags.changes });
    });
  for (const part of parts) {
    bench
      .command(part, { hidden: true })
      .argument('<order>')
      .action(async (order: string) => {
        const { benchChild } = await import('./bench-command.ts');
        await benchChild(part, order);
      });
  }
}
