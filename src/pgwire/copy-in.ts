/**
 * COPY … FROM STDIN: the client's CopyData messages, until CopyDone or CopyFail. The statement that waits for
 * them takes messages out of the reader itself, so that nothing else is handled meanwhile.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { CopyIn } from '../session/session-api.ts';
import type { FrameReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import type { OutputStream } from './output-stream.ts';

export class CopyReceiver {
  readonly #reader: FrameReader;
  readonly #writer: MessageWriter;
  readonly #output: OutputStream;
  /** Lets the socket send. */
  readonly #listen: () => void;
  #wake: (() => void) | null = null;
  #stopped: SqlError | null = null;

  constructor(parts: {
    readonly reader: FrameReader;
    readonly writer: MessageWriter;
    readonly output: OutputStream;
    readonly listen: () => void;
  }) {
    this.#reader = parts.reader;
    this.#writer = parts.writer;
    this.#output = parts.output;
    this.#listen = parts.listen;
  }

  /** Data is waited for, and the socket must not be paused. */
  get waiting(): boolean {
    return this.#wake !== null;
  }

  /** More bytes have come. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** The connection is over, or is to end: whoever waits for data gets this error. */
  stop(error: SqlError): void {
    this.#stopped = error;
    this.wake();
  }

  /** Asks for the data and hands it on to its end. */
  async receive(copy: CopyIn): Promise<void> {
    this.#writer.copyInResponse(copy.columns);
    for (;;) {
      const frame = this.#reader.next();
      if (frame === null) {
        await this.#more();
        continue;
      }
      const { type, body } = frame;
      switch (type) {
        case 'd':
          copy.push(body.bytes(body.remaining));
          break;
        case 'c':
          body.end();
          copy.finish();
          return;
        case 'f':
          return copy.fail(body.text());
        case 'H':
        case 'S':
          // Clients that do not know that a COPY began may send these.
          break;
        default:
          throw new SqlError(
            sqlstate.protocolViolation,
            `unexpected message type 0x${type.charCodeAt(0).toString(16).toUpperCase()} during COPY from stdin`,
            { severity: 'FATAL' },
          );
      }
    }
  }

  async #more(): Promise<void> {
    this.#output.push();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#listen();
    });
    if (this.#stopped !== null) throw this.#stopped;
  }
}
