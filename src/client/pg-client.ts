/**
 * A small PostgreSQL client over pg-protocol, for `millrace sql`, `apply` and the wire mode of the tests:
 * simple queries, notices, COPY out, cancel. Values stay text, as the server sent them.
 */

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type DatabaseError, parse, serialize } from 'pg-protocol';
import type {
  BackendKeyDataMessage,
  BackendMessage,
  CommandCompleteMessage,
  CopyDataMessage,
  DataRowMessage,
  NoticeMessage,
  ParameterStatusMessage,
  RowDescriptionMessage,
} from 'pg-protocol/dist/messages.js';
import { SqlError } from '../base/errors.ts';

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string | undefined;
  readonly applicationName: string;
}

export interface ResultField {
  readonly name: string;
  readonly typeOid: number;
}

export interface ClientResult {
  /** Null: the statement gave no rows. */
  readonly fields: readonly ResultField[] | null;
  readonly rows: readonly (readonly (string | null)[])[];
  readonly tag: string;
}

export interface ClientNotice {
  readonly severity: string;
  readonly message: string;
  readonly hint: string | undefined;
}

interface Pending {
  readonly resolve: (results: ClientResult[]) => void;
  readonly reject: (error: Error) => void;
  /** Each statement's result as soon as it is whole. */
  readonly onResult: ((result: ClientResult) => void) | null;
  results: ClientResult[];
  fields: ResultField[] | null;
  rows: (string | null)[][];
  error: Error | null;
}

export class PgClient {
  readonly #socket: Socket;
  readonly #options: ClientOptions;
  readonly parameters = new Map<string, string>();
  #pending: Pending | null = null;
  #key: { pid: number; secret: number } | null = null;
  #scram: ScramClient | null = null;
  #closed: Error | null = null;
  onNotice: ((notice: ClientNotice) => void) | null = null;

  private constructor(socket: Socket, options: ClientOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Connects and logs in. Throws SqlError with the server's code, or 08001 when nobody answers. */
  static async connect(options: ClientOptions): Promise<PgClient> {
    const socket = connect({ host: options.host, port: options.port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(connectError(options, error)));
    });
    socket.setNoDelay(true);
    const client = new PgClient(socket, options);
    await client.#start();
    return client;
  }

  #start(): Promise<ClientResult[]> {
    const { user, database, applicationName } = this.#options;
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () =>
      this.#fail(new SqlError('08006', 'the server closed the connection')),
    );
    void parse(this.#socket, (message) => this.#receive(message));
    const ready = this.#expect(null);
    this.#socket.write(
      serialize.startup({
        user,
        database,
        application_name: applicationName,
        client_encoding: 'UTF8',
      }),
    );
    return ready;
  }

  #expect(onResult: Pending['onResult']): Promise<ClientResult[]> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#pending = {
        resolve,
        reject,
        onResult,
        results: [],
        fields: null,
        rows: [],
        error: null,
      };
    });
  }

  /**
   * Runs SQL text of any number of statements. Throws SqlError at the first that fails; `onResult` has heard
   * of those before it.
   */
  query(sql: string, onResult: Pending['onResult'] = null): Promise<ClientResult[]> {
    const done = this.#expect(onResult);
    this.#socket.write(serialize.query(sql));
    return done;
  }

  /** Asks the server, over a connection of its own, to end the running statement. */
  cancel(): void {
    if (this.#key === null) return;
    const { host, port } = this.#options;
    const socket = connect({ host, port });
    const { pid, secret } = this.#key;
    socket.on('error', () => undefined);
    socket.once('connect', () => socket.end(serialize.cancel(pid, secret)));
  }

  async close(): Promise<void> {
    if (this.#closed !== null) return;
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.end(serialize.end());
    await closed;
  }

  #receive(message: BackendMessage): void {
    const pending = this.#pending;
    switch (message.name) {
      case 'authenticationSASL':
        return this.#beginScram((message as unknown as { mechanisms: string[] }).mechanisms);
      case 'authenticationSASLContinue':
        return this.#continueScram((message as unknown as { data: string }).data);
      case 'parameterStatus': {
        const status = message as unknown as ParameterStatusMessage;
        this.parameters.set(status.parameterName, status.parameterValue);
        return;
      }
      case 'backendKeyData': {
        const key = message as unknown as BackendKeyDataMessage;
        this.#key = { pid: key.processID, secret: key.secretKey };
        return;
      }
      case 'notice': {
        const notice = message as unknown as NoticeMessage;
        this.onNotice?.({
          severity: notice.severity ?? 'NOTICE',
          message: notice.message ?? '',
          hint: notice.hint,
        });
        return;
      }
      case 'error': {
        const error = asSqlError(message as unknown as DatabaseError);
        if (pending !== null) pending.error = error;
        return;
      }
      case 'readyForQuery':
        return this.#finish();
      default:
        if (pending !== null) collect(pending, message);
    }
  }

  #finish(): void {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) return;
    if (pending.error === null) pending.resolve(pending.results);
    else pending.reject(pending.error);
  }

  #fail(error: SqlError): void {
    this.#closed = error;
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(pending.error ?? error);
  }

  #beginScram(mechanisms: readonly string[]): void {
    const { password } = this.#options;
    if (password === undefined || !mechanisms.includes('SCRAM-SHA-256')) {
      this.#socket.destroy();
      this.#fail(
        new SqlError('28P01', 'the server asks for a password', {
          hint: 'Set the environment variable PGPASSWORD.',
        }),
      );
      return;
    }
    this.#scram = new ScramClient(password);
    this.#socket.write(
      serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', this.#scram.first()),
    );
  }

  #continueScram(data: string): void {
    if (this.#scram === null) return;
    this.#socket.write(serialize.sendSCRAMClientFinalMessage(this.#scram.final(data)));
  }
}

function collect(pending: Pending, message: BackendMessage): void {
  switch (message.name) {
    case 'rowDescription': {
      const description = message as unknown as RowDescriptionMessage;
      pending.fields = description.fields.map((field) => ({
        name: field.name,
        typeOid: field.dataTypeID,
      }));
      pending.rows = [];
      return;
    }
    case 'dataRow': {
      const row = (message as unknown as DataRowMessage).fields as (string | null)[];
      pending.rows.push(row);
      return;
    }
    case 'copyData': {
      const line = (message as unknown as CopyDataMessage).chunk
        .toString('utf8')
        .replace(/\n$/, '');
      pending.rows.push([line]);
      return;
    }
    case 'commandComplete':
    case 'emptyQuery': {
      const tag = (message as unknown as CommandCompleteMessage).text ?? '';
      const result = { fields: pending.fields, rows: pending.rows, tag };
      pending.results.push(result);
      pending.onResult?.(result);
      pending.fields = null;
      pending.rows = [];
      return;
    }
    default:
  }
}

function asSqlError(error: DatabaseError): SqlError {
  const position = error.position === undefined ? undefined : Number(error.position) - 1;
  return new SqlError(error.code ?? 'XX000', error.message, {
    detail: error.detail,
    hint: error.hint,
    position,
    severity: error.severity === 'FATAL' ? 'FATAL' : 'ERROR',
  });
}

function connectError(options: ClientOptions, error: Error): SqlError {
  const where = `${options.host}:${options.port}`;
  return new SqlError('08001', `could not connect to ${where}: ${error.message}`, {
    hint: 'Is the server running there? Start one with: millrace serve',
  });
}

/** The client's side of SCRAM-SHA-256 (RFC 7677). */
class ScramClient {
  readonly #password: string;
  readonly #nonce = randomBytes(18).toString('base64');

  constructor(password: string) {
    this.#password = password;
  }

  first(): string {
    return `n,,n=*,r=${this.#nonce}`;
  }

  final(serverFirst: string): string {
    const fields = new Map(
      serverFirst.split(',').map((part) => [part.slice(0, 1), part.slice(2)] as const),
    );
    const hmac = (key: Buffer, text: string): Buffer =>
      createHmac('sha256', key).update(text).digest();
    const salted = pbkdf2Sync(
      this.#password.normalize('NFKC'),
      Buffer.from(fields.get('s') ?? '', 'base64'),
      Number(fields.get('i') ?? '4096'),
      32,
      'sha256',
    );
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash('sha256').update(clientKey).digest();
    const withoutProof = `c=biws,r=${fields.get('r') ?? ''}`;
    const signature = hmac(storedKey, `n=*,r=${this.#nonce},${serverFirst},${withoutProof}`);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
    return `${withoutProof},p=${proof.toString('base64')}`;
  }
}
