/**
 * `npm run fuzz`: random schemas, histories and queries, each view and each query compared with PostgreSQL after
 * every step. A difference is made small and written to sql-tests/regressions. Ends with 1 when there is one.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../base/random.ts';
import { type Judge, openPglite } from '../testing/fuzz/judge.ts';
import { installedServer, openServer } from '../testing/fuzz/judge-server.ts';
import { writeDifference } from '../testing/fuzz/regression-file.ts';
import {
  type Difference,
  emptyOutcome,
  randomScenario,
  runScenario,
} from '../testing/fuzz/scenario.ts';
import { shrink } from '../testing/fuzz/shrink.ts';
import { sharedSignatures } from '../testing/fuzz/signatures.ts';

const help = `npm run fuzz -- [options]

  --seconds N    how long (60; without a bound where --cases is given)
  --cases N      how many cases at most; a case is one query compared after one step
  --seed S       where to begin (from the clock); the same seed gives the same cases
  --judge WHICH  pglite, server (from the machine's packages) or auto: a server where there is one
  --keep         write differences as they are, without making them small
  --help
`;

interface Options {
  readonly seconds: number;
  readonly cases: number;
  readonly seed: number;
  readonly judge: string;
  readonly shrink: boolean;
}

const unbounded = 'Infinity';

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      cases: { type: 'string', default: unbounded },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      judge: { type: 'string', default: 'auto' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (!['auto', 'server', 'pglite'].includes(values.judge)) {
    throw new Error(`--judge is pglite, server or auto, not "${values.judge}"`);
  }
  return {
    seconds: numberOf('seconds', values.seconds ?? (values.cases === unbounded ? '60' : unbounded)),
    cases: numberOf('cases', values.cases),
    seed: numberOf('seed', values.seed),
    judge: values.judge,
    shrink: !values.keep,
  };
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (!(value >= 0) || text.trim() === '') {
    throw new Error(`--${option} is a number, not "${text}"`);
  }
  return value;
}

async function openJudge(which: string): Promise<Judge> {
  const programs = which === 'pglite' ? null : installedServer();
  if (programs === null && which === 'server') throw new Error('no PostgreSQL server is installed');
  return programs === null ? await openPglite() : await openServer(programs);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) {
    process.stdout.write(help);
    return;
  }
  const judge = await openJudge(options.judge);
  try {
    await run(judge, options);
  } finally {
    await judge.close();
  }
}

async function run(judge: Judge, options: Options): Promise<void> {
  const signatures = await sharedSignatures(judge);
  say(`judge: ${judge.name}, ${signatures.length} shared functions, seed ${options.seed}`);
  const outcome = emptyOutcome();
  const begin = Date.now();
  let told = begin;
  let seed = options.seed;
  for (; outcome.cases < options.cases; seed++) {
    if (Date.now() - begin > options.seconds * 1000) break;
    const before = outcome.differences.length;
    await runScenario(judge, randomScenario(new SeededRandom(seed), signatures), outcome);
    for (const difference of outcome.differences.slice(before)) {
      await report(judge, difference, seed, options.shrink);
    }
    // What an engine has put off until the next turn of the event loop holds it until then.
    await nextTurn();
    if (Date.now() - told > progressMillis) {
      told = Date.now();
      say(`${outcome.cases} cases, ${outcome.differences.length} differences, at seed ${seed}`);
    }
  }
  listCounts('not supported', outcome.refused);
  listCounts('other error', outcome.otherErrors);
  listCounts('known difference', outcome.known);
  const cpu = process.cpuUsage();
  const seconds = (cpu.user + cpu.system) / 1e6;
  const refused = [...outcome.refused.values()].reduce((sum, count) => sum + count, 0);
  say(
    `seeds ${options.seed} to ${seed - 1}: ${outcome.cases} cases (${outcome.withRows} with rows), ` +
      `${outcome.differences.length} differences, ${refused} queries refused as not supported; ` +
      `${(outcome.cases / seconds).toFixed(0)} cases a second of CPU`,
  );
  if (outcome.differences.length > 0) process.exitCode = 1;
}

/** How often a long run says that it lives. */
const progressMillis = 10_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function listCounts(title: string, counts: ReadonlyMap<string, number>): void {
  for (const [reason, count] of [...counts].sort((a, b) => b[1] - a[1])) {
    say(`${title} ${count}: ${reason}`);
  }
}

async function report(
  judge: Judge,
  found: Difference,
  seed: number,
  small: boolean,
): Promise<void> {
  const difference = small ? await shrink(judge, found) : found;
  const { text, expected, actual } = await writeDifference(judge, difference, seed);
  say(`\nseed ${seed}, ${difference.how}: ${difference.what.split('\n')[0]!}`);
  say(`  ${[...difference.setup, ...difference.steps, difference.query.sql].join(';\n  ')}`);
  say(`  expected ${expected}\n  actual ${actual}`);
  if (text === null) return;
  const directory = process.env['MILLRACE_FUZZ_DIR'] ?? 'sql-tests/regressions';
  mkdirSync(directory, { recursive: true });
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(join(directory, `${day}-${seed}.test`), text);
}

await main();
