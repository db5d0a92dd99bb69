/** The log of a server: pino, JSON lines on stderr, or readable lines where stderr is a terminal. */

import { pino, type DestinationStream, type Logger } from 'pino';
import type { Log, LogFields } from '../base/log.ts';

export interface LogOptions {
  readonly level: string;
  /** Readable lines instead of JSON. */
  readonly pretty: boolean;
}

export async function createLog(options: LogOptions): Promise<Log> {
  const destination = options.pretty
    ? await prettyStream()
    : pino.destination({ fd: 2, sync: true });
  return wrap(pino({ level: options.level, base: null }, destination));
}

async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return (pretty as unknown as (options: object) => DestinationStream)({
    destination: 2,
    colorize: true,
    sync: true,
    translateTime: 'HH:MM:ss',
    ignore: 'pid,hostname',
  });
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    with: (fields: LogFields) => wrap(logger.child(fields)),
  };
}
