/** Listens for clients, counts them, routes cancel requests, and closes all of them at shut-down. */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { SessionFactory } from '../session/session-api.ts';
import { Connection, type ConnectionServices } from './connection.ts';
import type { ScramVerifier } from './scram.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly sessions: SessionFactory;
  readonly clock: Clock;
  readonly log: Log;
  readonly verifiers: ReadonlyMap<string, ScramVerifier>;
  readonly connectionsMax: number;
  readonly messageBytesMax: number;
}

/** Connections beyond the limit that may still say what they want, which can be a cancel request. */
const surplusMax = 100;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Map<number, Connection>();
  readonly #services: ConnectionServices;
  #nextPid = 1;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#services = {
      sessions: options.sessions,
      clock: options.clock,
      log: options.log,
      verifiers: options.verifiers,
      scramSecret: randomBytes(32),
      messageBytesMax: options.messageBytesMax,
      cancel: (pid, secret) => this.#cancel(pid, secret),
    };
  }

  /** Resolves with the port once connections are accepted. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(listenError(error, host, port));
      });
      this.#server.listen({ host, port, backlog: 511 }, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  get connections(): number {
    return this.#connections.size;
  }

  #accept(socket: Socket): void {
    const { connectionsMax } = this.#options;
    if (this.#connections.size >= connectionsMax + surplusMax) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const surplus = this.#connections.size >= connectionsMax;
    const pid = this.#freePid();
    this.#connections.set(pid, new Connection(socket, pid, this.#services, surplus));
    socket.once('close', () => this.#connections.delete(pid));
  }

  #freePid(): number {
    do this.#nextPid = (this.#nextPid % 0x7fff_fffe) + 1;
    while (this.#connections.has(this.#nextPid));
    return this.#nextPid;
  }

  #cancel(pid: number, secret: number): void {
    const connection = this.#connections.get(pid);
    const expected = Buffer.alloc(4);
    const given = Buffer.alloc(4);
    expected.writeInt32BE(connection?.secret ?? 0);
    given.writeInt32BE(secret);
    if (timingSafeEqual(expected, given)) connection?.cancel();
  }

  /** `pg_cancel_backend` and `pg_terminate_backend`; false: there is no such session. */
  signal(pid: number, how: 'cancel' | 'terminate'): boolean {
    const connection = this.#connections.get(pid);
    if (connection === undefined) return false;
    if (how === 'cancel') connection.cancel();
    else connection.shutdown();
    return true;
  }

  /** Stops accepting and ends every session. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.values()) connection.shutdown();
    await closed;
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): SqlError {
  const reason =
    error.code === 'EADDRINUSE'
      ? 'address already in use'
      : error.code === 'EACCES'
        ? 'permission denied'
        : error.message;
  return new SqlError(
    sqlstate.connectionException,
    `could not listen on ${host}:${port}: ${reason}`,
    {
      hint: 'Is another server running there? Choose another address with --listen HOST:PORT.',
    },
  );
}
