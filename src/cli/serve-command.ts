/** `millrace serve`. */

import { SqlError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { checkConfig, environmentPassword, type Address } from '../server/config.ts';
import { createLog } from '../server/pino-log.ts';
import { PipelineError, runPipeline } from '../server/pipeline.ts';
import { type RunningServer, startServer } from '../server/serve.ts';
import { errorText } from './print-error.ts';
import { readSqlFiles } from './sql-files.ts';

export interface ServeOptions {
  readonly address: Address;
  readonly dataDir: string;
  readonly allowDir: readonly string[];
  readonly logLevel: string;
  readonly connections: number;
  readonly checkpointInterval: number;
  readonly batchRows: number;
  readonly workers: number;
  readonly codegen: boolean;
}

/** Runs until SIGTERM or SIGINT, then ends with 0. */
export async function serve(paths: readonly string[], options: ServeOptions): Promise<void> {
  const { server, log } = await start(options);
  try {
    await runPipeline(readSqlFiles(paths), server.open, log);
  } catch (error) {
    await server.stop();
    if (!(error instanceof PipelineError)) throw error;
    process.stderr.write(`${error.file.path}: ${errorText(error.error, error.file.text)}\n`);
    throw new SqlError(error.error.code, `stopped at a statement of ${error.file.path}`);
  }
  process.stdout.write(`millrace ready on ${options.address.host}:${server.port}\n`);
  await stopOnSignal(server, log);
}

export async function start(
  options: ServeOptions,
): Promise<{ readonly server: RunningServer; readonly log: Log }> {
  const config = checkConfig({
    host: options.address.host,
    port: options.address.port,
    dataDirectory: options.dataDir,
    logLevel: options.logLevel,
    allowedDirectories: options.allowDir,
    password: environmentPassword(process.env),
    connectionsMax: options.connections,
    checkpointIntervalMs: options.checkpointInterval,
    batchRowsMax: options.batchRows,
    workers: options.workers,
    codegen: options.codegen,
  });
  const log = await createLog({ level: config.logLevel, pretty: process.stderr.isTTY });
  const server = await startServer(config, log, (error) => fatal(error, log));
  return { server, log };
}

/** State in memory may be half changed: the last checkpoint is right, so the process ends and is started again. */
function fatal(error: unknown, log: Log): void {
  log.error(
    'a fault ends the server; it recovers from the last checkpoint when it is started again',
    {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    },
  );
  process.exit(70);
}

/** Resolves after a clean shut-down; a second signal ends at once. */
export async function stopOnSignal(server: RunningServer, log: Log): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  log.info('shutting down');
  const force = (): void => process.exit(1);
  process.once('SIGINT', force);
  process.once('SIGTERM', force);
  await server.stop();
  process.exit(0);
}
