/**
 * A raw connection for protocol tests: bytes as the test makes them go out, and what comes back is read by
 * pg-protocol's parser, so that somebody else judges our output.
 */

import { connect, type Socket } from 'node:net';
import { parse, serialize } from 'pg-protocol';
import type {
  BackendMessage,
  CommandCompleteMessage,
  DataRowMessage,
} from 'pg-protocol/dist/messages.js';

export type Message = BackendMessage & { readonly code?: string | undefined };

export class WireClient {
  readonly #socket: Socket;
  readonly #messages: Message[] = [];
  #wake: (() => void) | null = null;
  #ended = false;
  /** How many messages `take` has handed out. */
  #taken = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
    void parse(socket, (message) => {
      this.#messages.push(message as Message);
      this.#wake?.();
    }).catch(() => undefined);
  }

  /** A bare connection: nothing is sent. */
  static async open(port: number): Promise<WireClient> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket);
  }

  /** A session that is ready for queries. */
  static async login(port: number): Promise<WireClient> {
    const client = await WireClient.open(port);
    client.send(serialize.startup({ user: 'millrace', database: 'millrace' }));
    await client.until('readyForQuery');
    return client;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The socket itself, for reading bytes that are no messages. */
  get socket(): Socket {
    return this.#socket;
  }

  send(...parts: readonly (Uint8Array | string)[]): void {
    this.#socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))));
  }

  /** All messages up to and with the `count`-th more of that name. Throws when the server hangs up first. */
  async until(name: string, count = 1): Promise<Message[]> {
    const from = this.#taken;
    let found = 0;
    for (;;) {
      while (this.#taken < this.#messages.length) {
        if (this.#messages[this.#taken++]!.name === name && ++found === count) {
          return this.#messages.slice(from, this.#taken);
        }
      }
      if (this.#ended) throw new Error(`the server closed the connection before ${name}`);
      await this.#news();
    }
  }

  /** Everything up to the end of the connection. */
  async untilClosed(): Promise<Message[]> {
    while (!this.#ended) await this.#news();
    const rest = this.#messages.slice(this.#taken);
    this.#taken = this.#messages.length;
    return rest;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }

  /** A simple query's messages. */
  async query(sql: string): Promise<Message[]> {
    this.send(serialize.query(sql));
    return await this.until('readyForQuery');
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** One message as bytes: letter, length, body. An empty letter makes a start-up packet. */
export function frame(letter: string, body: Uint8Array, length = body.length + 4): Buffer {
  const head = Buffer.alloc(letter.length + 4);
  head.write(letter, 'latin1');
  head.writeInt32BE(length, letter.length);
  return Buffer.concat([head, body]);
}

/** Bytes of 32-bit integers. */
export function int32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32BE(value | 0, index * 4));
  return bytes;
}

export const cells = (messages: readonly Message[]): (string | null)[][] =>
  messages
    .filter((message) => message.name === 'dataRow')
    .map((message) => (message as unknown as DataRowMessage).fields as (string | null)[]);

export const tags = (messages: readonly Message[]): string[] =>
  messages
    .filter((message) => message.name === 'commandComplete')
    .map((message) => (message as unknown as CommandCompleteMessage).text);

export const codes = (messages: readonly Message[]): (string | undefined)[] =>
  messages.filter((message) => message.name === 'error').map((message) => message.code);

export const names = (messages: readonly Message[]): string[] =>
  messages.map((message) => message.name);
