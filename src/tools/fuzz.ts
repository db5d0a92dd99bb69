/**
 * `npm run fuzz`: random schemas, histories and queries, each view and each query compared with PostgreSQL after
 * every step. A difference is made small and written to sql-tests/regressions. Ends with 1 when there is one.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

  --seconds N    how long (60)
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

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      cases: { type: 'string', default: 'Infinity' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      judge: { type: 'string', default: 'auto' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    seconds: Number(values.seconds),
    cases: Number(values.cases),
    seed: Number(values.seed),
    judge: values.judge,
    shrink: !values.keep,
  };
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
    const signatures = await sharedSignatures(judge);
    process.stdout.write(
      `judge: ${judge.name}, ${signatures.length} shared functions, seed ${options.seed}\n`,
    );
    const outcome = emptyOutcome();
    const end = Date.now() + options.seconds * 1000;
    let scenarios = 0;
    for (let seed = options.seed; Date.now() < end && outcome.cases < options.cases; seed++) {
      const before = outcome.differences.length;
      await runScenario(judge, randomScenario(new SeededRandom(seed), signatures), outcome);
      scenarios++;
      for (const difference of outcome.differences.slice(before)) {
        await report(judge, difference, seed, options.shrink);
      }
    }
    for (const [reason, count] of [...outcome.refused].sort((a, b) => b[1] - a[1]))
      process.stdout.write(`refused ${count}: ${reason}\n`);
    for (const [reason, count] of [...outcome.otherErrors].sort((a, b) => b[1] - a[1]))
      process.stdout.write(`other ${count}: ${reason}\n`);
    process.stdout.write(
      `${scenarios} scenarios, ${outcome.cases} cases (${outcome.withRows} with rows), ${outcome.differences.length} differences; cpu ${process.cpuUsage().user / 1e6}\n`,
    );
    if (outcome.differences.length > 0) process.exitCode = 1;
  } finally {
    await judge.close();
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
  process.stdout.write(`\nseed ${seed}, ${difference.how}: ${difference.what.split('\n')[0]!}\n`);
  process.stdout.write(
    `  ${[...difference.setup, ...difference.steps, difference.query.sql].join(';\n  ')}\n`,
  );
  process.stdout.write(`  expected ${expected}\n  actual ${actual}\n`);
  if (text === null) return;
  const directory = process.env['MILLRACE_FUZZ_DIR'] ?? 'sql-tests/regressions';
  mkdirSync(directory, { recursive: true });
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(join(directory, `${day}-${seed}.test`), text);
}

await main();
