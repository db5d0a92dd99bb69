/**
 * The options of a server: from flags and the environment, checked once at the door and frozen. Nothing else
 * reads the environment.
 */

import { SqlError, sqlstate } from '../base/errors.ts';

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly logLevel: string;
  /** Directories (absolute) that file connectors may read. */
  readonly allowedDirectories: readonly string[];
  /** Asked of clients when set; never logged. */
  readonly password: string | null;
  readonly connectionsMax: number;
  readonly checkpointIntervalMs: number;
  readonly batchRowsMax: number;
  readonly codegen: boolean;
  /** Threads that views are divided over, 1 to `workersMax`. */
  readonly workers: number;
}

/** More would wait for each other more than they work. */
export const workersMax = 32;

export const defaultHost = '127.0.0.1';
export const defaultPort = 5477;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, `:PORT`, `[v6]:PORT` or `PORT`. */
export function parseAddress(text: string): Address {
  const match = /^(?:(\[[^\]]+\]|[^:[\]]*):)?(\d+)$/.exec(text.trim());
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    throw new SqlError(sqlstate.invalidParameterValue, `invalid address "${text}"`, {
      hint: 'Write it as HOST:PORT, for example 127.0.0.1:5477.',
    });
  }
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
  return { host: host === '' ? defaultHost : host, port };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** Whoever can be reached from other machines asks for a password. */
export function checkConfig(config: ServerConfig): ServerConfig {
  if (!isLoopback(config.host) && config.password === null) {
    throw new SqlError(
      sqlstate.invalidAuthorization,
      `refusing to listen on ${config.host} without a password`,
      {
        hint: 'Set the environment variable MILLRACE_PASSWORD, or listen on 127.0.0.1.',
      },
    );
  }
  checkWorkers(config.workers);
  return Object.freeze(config);
}

/** `workers`, when there may be so many. */
export function checkWorkers(workers: number): number {
  if (workers <= workersMax) return workers;
  throw new SqlError(sqlstate.invalidParameterValue, `${workers} workers are too many`, {
    hint: `Use at most ${workersMax}, and no more than the machine has cores.`,
  });
}

/** What the environment says; flags win over it. */
export function environmentPassword(environment: NodeJS.ProcessEnv): string | null {
  const password = environment['MILLRACE_PASSWORD'];
  return password === undefined || password === '' ? null : password;
}
