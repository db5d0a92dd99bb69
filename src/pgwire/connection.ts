/**
 * One client connection: start-up, authentication, then the simple and the extended protocol as the book
 * has them. Messages are handled one after another; everything that one chunk of input causes leaves in
 * one write. After an error in an extended exchange everything up to Sync is skipped.
 */

import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Session, SessionFactory } from '../session/session-api.ts';
import { CopyReceiver } from './copy-in.ts';
import { ExtendedQuery } from './extended-query.ts';
import { type FieldReader, type Frame, FrameReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import { OutputStream } from './output-stream.ts';
import { sendResult } from './send-result.ts';
import { type ScramVerifier, ScramExchange } from './scram.ts';
import { parseStartup, type StartupRequest } from './startup.ts';

export interface ConnectionServices {
  readonly sessions: SessionFactory;
  readonly clock: Clock;
  readonly log: Log;
  /** Verifiers by user; empty: nobody needs a password. */
  readonly verifiers: ReadonlyMap<string, ScramVerifier>;
  /** For salts of unknown users; random at start. */
  readonly scramSecret: Buffer;
  readonly messageBytesMax: number;
  /** Finds the connection that a cancel request names. */
  readonly cancel: (pid: number, secret: number) => void;
}

const loginTimeoutMs = 60_000;
const lingerMs = 2000;
/** What a client may send ahead while a live result goes out. */
const heardBytesMax = 256 * 1024;

export class Connection {
  readonly pid: number;
  readonly secret = randomBytes(4).readInt32BE();
  readonly #socket: Socket;
  readonly #services: ConnectionServices;
  readonly #reader: FrameReader;
  readonly #writer = new MessageWriter();
  readonly #copies: CopyReceiver;
  readonly #output: OutputStream;
  readonly #loginTimer: Timer;
  readonly #surplus: boolean;
  #idleTimer: Timer | null = null;
  #session: Session | null = null;
  #extended: ExtendedQuery | null = null;
  #running = false;
  #closed = false;
  #ending = false;

  /** `surplus`: there are too many sessions, so this may only ask to cancel one of them. */
  constructor(socket: Socket, pid: number, services: ConnectionServices, surplus: boolean) {
    this.#surplus = surplus;
    this.pid = pid;
    this.#socket = socket;
    this.#services = services;
    this.#reader = new FrameReader(services.messageBytesMax);
    this.#output = new OutputStream(socket, this.#writer);
    this.#copies = new CopyReceiver({
      reader: this.#reader,
      writer: this.#writer,
      output: this.#output,
      listen: () => socket.resume(),
    });
    this.#loginTimer = services.clock.after(loginTimeoutMs, () => this.#socket.destroy());
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.#close());
    socket.on('close', () => this.#close());
  }

  /** Called by the listener for a cancel request with the right key. */
  cancel(): void {
    this.#session?.cancel();
  }

  /** Ends the connection from our side with 57P01, once the running statement is done or canceled. */
  shutdown(): void {
    this.#ending = true;
    this.#session?.cancel();
    this.#copies.stop(
      new SqlError(sqlstate.adminShutdown, 'terminating connection due to administrator command'),
    );
    if (!this.#running) this.#endByAdministrator();
  }

  #endByAdministrator(): void {
    if (this.#closed) return;
    const message = 'terminating connection due to administrator command';
    this.#writer.error(new SqlError(sqlstate.adminShutdown, message, { severity: 'FATAL' }), null);
    this.#finish();
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#idleTimer?.cancel();
    this.#idleTimer = null;
    this.#reader.push(chunk);
    if (!this.#running) void this.#run();
    else if (this.#copies.waiting) this.#copies.wake();
    else if (this.#output.listening) this.#hearDuringResult();
    else this.#socket.pause();
  }

  /** While a live result goes out: a client that says good-bye is believed; what else it asks for waits. */
  #hearDuringResult(): void {
    if (this.#reader.holds('X')) this.#finish();
    else if (this.#reader.waiting > heardBytesMax) this.#socket.pause();
  }

  /**
   * A client that sends faster than it is answered waits in its socket. An answer that is there within the turn
   * does without: stopping to read and starting again costs two system calls.
   */
  readonly #pauseIfRunning = (): void => {
    if (!this.#running || this.#closed || this.#copies.waiting) return;
    if (!this.#output.listening) this.#socket.pause();
  };

  /** Handles all complete messages; only one run at a time. */
  async #run(): Promise<void> {
    this.#running = true;
    setImmediate(this.#pauseIfRunning);
    try {
      for (let frame = this.#reader.next(); frame !== null; frame = this.#reader.next()) {
        await this.#handle(frame);
        if (this.#closed) return;
        if (this.#output.isLarge) await this.#output.pushIfLarge();
      }
      this.#output.push();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = false;
      if (this.#ending) this.#endByAdministrator();
      else if (!this.#closed) this.#wait();
    }
  }

  /** It is the client's turn, for a while. */
  #wait(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
    const limit = this.#session?.idleLimit ?? null;
    if (limit === null) return;
    this.#idleTimer = this.#services.clock.after(limit.millis, () => {
      const error = limit.inTransaction
        ? new SqlError('25P03', 'terminating connection due to idle-in-transaction timeout')
        : new SqlError('57P05', 'terminating connection due to idle-session timeout');
      this.#fail(error);
    });
  }

  async #handle(frame: Frame): Promise<void> {
    if (this.#session === null) return await this.#login(frame);
    const extended = this.#extended!;
    if (extended.skipping && frame.type !== 'S' && frame.type !== 'X') return;
    switch (frame.type) {
      case 'Q':
        return await this.#simpleQuery(frame.body);
      case 'P':
      case 'B':
      case 'D':
      case 'E':
      case 'C':
        return await extended.handle(frame.type, frame.body);
      case 'H':
        frame.body.end();
        return this.#output.push();
      case 'S':
        frame.body.end();
        await extended.sync();
        return this.#ready();
      case 'X':
        return this.#finish();
      case 'F':
        return this.#refuseFunctionCall();
      case 'd':
      case 'c':
      case 'f':
        // COPY data that arrives after its statement failed is discarded, as the protocol says.
        return;
      default:
        throw new SqlError(
          sqlstate.protocolViolation,
          `invalid frontend message type ${frame.type.charCodeAt(0)}`,
          { severity: 'FATAL' },
        );
    }
  }

  #refuseFunctionCall(): void {
    const error = new SqlError(sqlstate.featureNotSupported, 'function calls are not supported', {
      hint: 'Call the function in a SELECT.',
    });
    this.#writer.error(error, null);
    this.#ready();
  }

  #ready(): void {
    this.#writer.readyForQuery(this.#session!.transactionStatus);
  }

  async #simpleQuery(body: FieldReader): Promise<void> {
    const session = this.#session!;
    let sql: string | null = null;
    this.#extended!.discardUnnamed();
    try {
      sql = body.text();
      body.end();
      await session.simpleQuery(sql, async (result) => {
        await sendResult(result, {
          output: this.#output,
          writer: this.#writer,
          session,
          formats: null,
          describe: true,
          rowsMax: 0,
          receive: (copy) => this.#copies.receive(copy),
        });
      });
    } catch (error) {
      const sqlError = this.#asSqlError(error);
      if (sqlError.fields.severity === 'FATAL') throw sqlError;
      session.fail(sqlError);
      this.#writer.abandon();
      this.#writer.error(sqlError, sql);
    }
    this.#ready();
  }

  // Start-up -------------------------------------------------------------------------------------

  #exchange: ScramExchange | null = null;
  #request: StartupRequest | null = null;

  async #login(frame: Frame): Promise<void> {
    if (this.#exchange !== null || frame.type !== '') return this.#password(frame);
    const request = parseStartup(frame.body);
    switch (request.kind) {
      case 'encryption':
        // Neither TLS nor GSSAPI is offered; the client goes on in the clear or gives up.
        this.#writer.raw(Buffer.from('N'));
        return this.#output.push();
      case 'cancel':
        this.#services.cancel(request.pid, request.secret);
        return this.#finish();
      case 'start':
        return this.#start(request);
    }
  }

  #start(request: StartupRequest): void {
    if (this.#surplus) {
      const message = 'sorry, too many clients already';
      throw new SqlError(sqlstate.tooManyConnections, message, { severity: 'FATAL' });
    }
    this.#request = request;
    this.#reader.startupDone();
    if (request.negotiate) {
      this.#writer.negotiateProtocolVersion(0x30000, request.unknownOptions);
    }
    if (this.#services.verifiers.size === 0) return this.#authenticated();
    const { verifiers, scramSecret } = this.#services;
    this.#exchange = new ScramExchange(request.user, verifiers.get(request.user), scramSecret);
    this.#writer.authenticationSasl(['SCRAM-SHA-256']);
    this.#output.push();
  }

  #saslStarted = false;

  #password(frame: Frame): void {
    if (frame.type !== 'p' || this.#exchange === null) {
      throw new SqlError(sqlstate.protocolViolation, 'expected a password response', {
        severity: 'FATAL',
      });
    }
    if (!this.#saslStarted) {
      this.#saslStarted = true;
      const mechanism = frame.body.text();
      if (mechanism !== 'SCRAM-SHA-256') {
        throw new SqlError(
          sqlstate.protocolViolation,
          'client selected an invalid SASL authentication mechanism',
          { severity: 'FATAL' },
        );
      }
      const length = frame.body.int32();
      const first = frame.body.bytes(length).toString('utf8');
      this.#writer.authenticationSaslData(11, this.#exchange.first(first));
      return this.#output.push();
    }
    const final = frame.body.bytes(frame.body.remaining).toString('utf8');
    const signature = this.#exchange.final(final);
    if (signature === null) {
      throw new SqlError(
        sqlstate.invalidPassword,
        `password authentication failed for user "${this.#request!.user}"`,
        { severity: 'FATAL' },
      );
    }
    this.#writer.authenticationSaslData(12, signature);
    this.#authenticated();
  }

  #authenticated(): void {
    const request = this.#request!;
    this.#loginTimer.cancel();
    const writer = this.#writer;
    let started = false;
    this.#session = this.#services.sessions.open({
      user: request.user,
      database: request.database,
      parameters: request.parameters,
      remoteAddress: this.#socket.remoteAddress ?? '',
      backendPid: this.pid,
      notice: (notice) => writer.notice(notice),
      parameterChanged: (name, value) => {
        if (started) writer.parameterStatus(name, value);
      },
    });
    started = true;
    writer.authenticationOk();
    for (const [name, value] of this.#session.reportedParameters()) {
      writer.parameterStatus(name, value);
    }
    writer.backendKeyData(this.pid, this.secret);
    this.#extended = new ExtendedQuery(
      this.#session,
      this.#writer,
      this.#output,
      (error) => this.#asSqlError(error),
      (copy) => this.#copies.receive(copy),
    );
    this.#ready();
  }

  // Ends -----------------------------------------------------------------------------------------

  #asSqlError(error: unknown): SqlError {
    if (error instanceof SqlError) return error;
    const message = error instanceof Error ? error.message : String(error);
    this.#services.log.error('internal error', {
      message,
      stack: error instanceof Error ? error.stack : undefined,
    });
    return new SqlError(sqlstate.internalError, `internal error: ${message}`, {
      hint: 'This is a fault of Millrace; please report it with the statement that caused it.',
    });
  }

  /** An error outside any statement ends the connection. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    const { code, message, fields } = this.#asSqlError(error);
    this.#writer.abandon();
    this.#writer.error(new SqlError(code, message, { ...fields, severity: 'FATAL' }), null);
    this.#finish();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#output.push();
    this.#socket.end();
    // Whatever the client still sends is read and forgotten, and one that does not hang up is hung up on.
    this.#socket.resume();
    const timer = this.#services.clock.after(lingerMs, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#loginTimer.cancel();
    this.#idleTimer?.cancel();
    this.#output.close();
    this.#copies.stop(new SqlError('08006', 'the connection was closed while data was copied'));
    this.#session?.cancel();
    this.#session?.close();
  }
}
