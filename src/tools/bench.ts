/**
 * `npm run bench`: the benchmark with a broker of its own, so that nothing has to be set up.
 *
 * Without arguments it measures start-up, then Nexmark from the generator and from Kafka, with latency. Arguments
 * go to `millrace bench nexmark`, those after `latency` to `millrace bench latency`; where they do not say `--from`, the events come from the broker.
 */

import { spawn } from 'node:child_process';
import { BrokerUnavailable, startBroker } from '../testing/broker.ts';

const program = 'bin/millrace.js';
/** Memory of the broker's JVM. */
const heapMb = 1024;

/** Runs `millrace bench …` in this terminal; its exit code. */
function bench(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, 'bench', ...args], { stdio: 'inherit' });
  return new Promise((ended) => child.once('exit', (code) => ended(code ?? 1)));
}

/** Null, with a line saying why, where no broker can be had. */
async function withBroker(use: (bootstrap: string) => Promise<number>): Promise<number | null> {
  const broker = await startBroker({ heapMb }).catch((error: unknown) => {
    if (!(error instanceof BrokerUnavailable)) throw error;
    process.stdout.write(`Kafka is skipped: ${error.message}\n`);
    return null;
  });
  if (broker === null) return null;
  try {
    return await use(broker.bootstrap);
  } finally {
    await broker.stop();
  }
}

function fromKafka(args: readonly string[]): Promise<number | null> {
  return withBroker((bootstrap) =>
    bench(['nexmark', '--from', 'kafka', '--bootstrap', bootstrap, ...args]),
  );
}

const args = process.argv.slice(2);
if (args.length === 0) {
  const codes = [
    await bench(['startup']),
    await bench(['nexmark']),
    await fromKafka(['--latency', '10000']),
  ];
  process.exitCode = Math.max(...codes.map((code) => code ?? 0));
} else if (args[0] === 'latency') {
  process.exitCode =
    (await withBroker((bootstrap) =>
      bench(['latency', '--bootstrap', bootstrap, ...args.slice(1)]),
    )) ?? 1;
} else if (args.includes('--from') || args.some((each) => each.startsWith('--from='))) {
  process.exitCode = await bench(['nexmark', ...args]);
} else {
  process.exitCode = (await fromKafka(args)) ?? 1;
}
