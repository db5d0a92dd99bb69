/**
 * Sends what the writer holds. Large results go out in chunks, wait for a slow reader, and give up a turn
 * of the event loop every 256 KiB, so that a fast reader never starves the other connections.
 */

import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessageWriter } from './message-writer.ts';

const chunkBytes = 32 * 1024;
const turnBytes = 256 * 1024;

export class OutputStream {
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  #sinceTurn = 0;
  #closed = false;
  #wake: (() => void) | null = null;
  /** A live result is going out. */
  listening = false;

  constructor(socket: Socket, writer: MessageWriter) {
    this.#socket = socket;
    this.#writer = writer;
    socket.on('drain', () => this.#wake?.());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends what there is. */
  push(): void {
    if (this.#closed || this.#writer.length === 0) return;
    const bytes = this.#writer.take();
    this.#sinceTurn += bytes.length;
    this.#socket.write(bytes);
  }

  /** A chunk is full. */
  get isLarge(): boolean {
    return this.#writer.length >= chunkBytes;
  }

  /** Between rows or messages: sends once a chunk is full, and waits where it must. */
  async pushIfLarge(): Promise<void> {
    if (!this.isLarge) return;
    await this.pushAll();
    if (this.#sinceTurn >= turnBytes) {
      this.#sinceTurn = 0;
      await nextTurn();
    }
  }

  /** Sends what there is, and waits for a reader that is slow to take it. */
  async pushAll(): Promise<void> {
    this.push();
    if (!this.#socket.writableNeedDrain || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }

  /**
   * Whether the client is heard while a result goes out, which may last as long as it likes: only then is it
   * noticed that it has gone.
   */
  listen(on: boolean): void {
    this.listening = on;
    if (this.#closed) return;
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}
