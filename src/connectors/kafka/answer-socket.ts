/**
 * A socket that shares its connection with kafkajs: kafkajs connects and logs in, then Fetch requests go out
 * and their answers come in here, read by the system straight into the memory in which records are decoded.
 * Any other answer is handed to kafkajs as it came. The two are told apart by their correlation ids.
 */

import * as net from 'node:net';
import * as tls from 'node:tls';

import { ConnectorError } from '../../base/errors.ts';
import { AnswerMemory, smallAnswerBytes } from './answer-memory.ts';
import type { Answer } from './answer-memory.ts';
import { malformed } from './wire.ts';

export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  /** Options of node:tls, or null for a plain connection. */
  readonly ssl: Record<string, unknown> | null;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** What the rest of an answer that came in part goes into. */
interface Filling {
  readonly answer: Answer;
  filled: number;
  /** Null: the whole frame is kafkajs's. */
  readonly correlation: number | null;
}

/** kafkajs counts its own from 0; it would take a year of requests to get here. */
const firstCorrelation = 0x4000_0000;
const correlationMax = 0x7fff_ffff;
/** Brokers send no larger answers unless a single batch is larger. */
const answerBytesMax = 0x4000_0000;
const keepAliveMs = 60_000;

export class AnswerSocket {
  readonly socket: net.Socket;
  readonly #memory: AnswerMemory;
  /** Where reading goes between answers: the first bytes tell whose the next one is. */
  readonly #staged = Buffer.allocUnsafeSlow(smallAnswerBytes);
  #stagedBytes = 0;
  #filling: Filling | null = null;
  readonly #waiting = new Map<number, Waiting>();
  #nextCorrelation = firstCorrelation;

  /** Connects at once. */
  constructor(target: SocketTarget, memory: AnswerMemory, onConnect: () => void) {
    this.#memory = memory;
    const { host, port, ssl } = target;
    const onread = {
      buffer: () => this.#place(),
      callback: (count: number) => this.#read(count),
    };
    if (ssl === null) {
      this.socket = net.connect({ host, port, onread }, onConnect);
    } else {
      const servername = net.isIP(host) === 0 ? { servername: host } : {};
      // The types know `onread` for plain sockets only.
      const options: tls.ConnectionOptions = { host, port, ...servername, ...ssl };
      this.socket = tls.connect(Object.assign(options, { onread }), onConnect);
    }
    this.socket.setKeepAlive(true, keepAliveMs);
    // A request must not wait until the one before it is acknowledged.
    this.socket.setNoDelay(true);
    this.socket.on('close', () => this.#rejectAll(connectionError('the connection was closed')));
  }

  /**
   * Sends a request, with its header, made by `encode`, and gives the answer after its correlation id. Does
   * not connect or log in: kafkajs must have.
   */
  request(encode: (correlation: number) => Buffer, timeoutMs: number): Promise<Answer> {
    const correlation = this.#nextCorrelation;
    this.#nextCorrelation = correlation === correlationMax ? firstCorrelation : correlation + 1;
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(connectionError('the connection was closed'));
        return;
      }
      const timer = setTimeout(() => {
        this.#fail(connectionError(`no answer came within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(correlation, { resolve, reject, timer });
      this.socket.write(encode(correlation));
    });
  }

  /** Ends the connection: what comes on it can no longer be told apart. */
  #fail(error: ConnectorError): void {
    this.#rejectAll(error);
    this.socket.destroy(error);
  }

  #rejectAll(error: ConnectorError): void {
    this.#filling = null;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }

  /** Where the next bytes shall go. */
  #place(): Buffer {
    const filling = this.#filling;
    if (filling === null) return this.#staged.subarray(this.#stagedBytes);
    return filling.answer.bytes.subarray(filling.filled, filling.answer.length);
  }

  /** `count` bytes have come to the place asked for. */
  #read(count: number): boolean {
    const filling = this.#filling;
    if (filling === null) {
      this.#stagedBytes += count;
      this.#takeStaged();
      return true;
    }
    filling.filled += count;
    if (filling.filled === filling.answer.length) {
      this.#filling = null;
      this.#deliver(filling);
    }
    return true;
  }

  /** Delivers whole answers among the staged bytes and makes room for one that came in part. */
  #takeStaged(): void {
    const staged = this.#staged;
    let at = 0;
    while (this.#filling === null && this.#stagedBytes - at >= 4) {
      const size = staged.readInt32BE(at);
      if (size < 0 || size > answerBytesMax) {
        this.#fail(malformed(`an answer of ${size} bytes`));
        return;
      }
      const available = this.#stagedBytes - at;
      if (available < Math.min(8, size + 4)) break;
      // An answer of less than four bytes belongs to a login from before requests were used for it.
      const correlation = size < 4 ? null : staged.readInt32BE(at + 4);
      const own = correlation !== null && correlation >= firstCorrelation;
      // kafkajs reads the size and the correlation id itself.
      const skipped = own ? 8 : 0;
      const length = size + 4 - skipped;
      const answer = own ? this.#memory.take(length) : AnswerMemory.apart(length);
      const filled = Math.min(available - skipped, length);
      staged.copy(answer.bytes, 0, at + skipped, at + skipped + filled);
      at += skipped + filled;
      const filling = { answer, filled, correlation: own ? correlation : null };
      if (filled === length) this.#deliver(filling);
      else this.#filling = filling;
    }
    staged.copyWithin(0, at, this.#stagedBytes);
    this.#stagedBytes -= at;
  }

  #deliver({ answer, correlation }: Filling): void {
    if (correlation === null) {
      this.socket.emit('data', answer.bytes.subarray(0, answer.length));
      return;
    }
    const waiting = this.#waiting.get(correlation);
    if (waiting === undefined) {
      this.#fail(malformed(`an answer to request ${correlation}, which was not sent`));
      return;
    }
    this.#waiting.delete(correlation);
    clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }
}

function connectionError(message: string): ConnectorError {
  return new ConnectorError(message, { retryable: true });
}
