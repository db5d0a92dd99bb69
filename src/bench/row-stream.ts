/**
 * A subscriber that costs little: a connection of its own that counts the rows of one endless statement and notes
 * when each came. Rows come in order, so the count says which they are.
 */

import { connect, type Socket } from 'node:net';
import { serialize } from 'pg-protocol';

/** Milliseconds of a clock that all processes of this machine share. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const dataRow = 'D'.charCodeAt(0);
const errorResponse = 'E'.charCodeAt(0);

export class RowStream {
  readonly #socket: Socket;
  /** When each row came. */
  readonly cameAt: Float64Array;
  #rows = 0;
  #rest: Buffer = Buffer.alloc(0);
  #last = '';
  #reached: (() => void) | null = null;
  #failed: (error: Error) => void = () => undefined;
  readonly failure: Promise<never>;

  private constructor(socket: Socket, rowsMax: number) {
    this.#socket = socket;
    this.cameAt = new Float64Array(rowsMax);
    this.failure = new Promise<never>((_, reject) => {
      this.#failed = reject;
    });
    this.failure.catch(() => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the server closed the connection')));
  }

  static async open(port: number, sql: string, rowsMax: number): Promise<RowStream> {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.write(serialize.startup({ user: 'millrace', database: 'millrace' }));
    socket.write(serialize.query(sql));
    return new RowStream(socket, rowsMax);
  }

  get rows(): number {
    return this.#rows;
  }

  /** The last column of the row that came last, as text. */
  get last(): string {
    return this.#last;
  }

  /** Resolves when all rows have come. */
  async all(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
    if (this.#rows < this.cameAt.length) await Promise.race([done, this.failure]);
  }

  #take(chunk: Buffer): void {
    const now = sharedMs();
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const from = this.#rows;
    let at = 0;
    let lastRow = -1;
    while (at + 5 <= bytes.length) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) break;
      if (bytes[at] === dataRow) {
        lastRow = at;
        this.#rows++;
      } else if (bytes[at] === errorResponse) {
        this.#failed(new Error(bytes.toString('utf8', at + 5, end).replaceAll('\0', ' ')));
      }
      at = end;
    }
    this.cameAt.fill(now, from, Math.min(this.#rows, this.cameAt.length));
    if (lastRow >= 0) this.#last = lastField(bytes, lastRow);
    this.#rest = bytes.subarray(at);
    if (this.#rows >= this.cameAt.length) this.#reached?.();
  }

  close(): void {
    this.#socket.destroy();
  }
}

function lastField(bytes: Buffer, row: number): string {
  const fields = bytes.readUInt16BE(row + 5);
  let at = row + 7;
  for (let field = 0; ; field++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (field === fields - 1) return length < 0 ? '' : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 0);
  }
}
