/**
 * The one place that knows kafkajs. It carries requests made elsewhere to brokers: connections, TLS, SASL
 * login and matching of answers are kafkajs's; requests, answers and records are ours. Fetch requests, which
 * carry the records, share a connection with kafkajs but pass it by (answer-socket.ts). These are deep
 * imports of a frozen package (pinned to 2.2.4), loaded when the first Kafka source opens, and their
 * shape is tested then.
 */

import type { Socket } from 'node:net';

import { must } from '../../base/assert.ts';
import { ConnectorError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { AnswerMemory } from './answer-memory.ts';
import type { Answer } from './answer-memory.ts';
import { AnswerSocket } from './answer-socket.ts';
import type { KafkaSecurity, PemSource } from './security-options.ts';
import { WireWriter } from './wire.ts';

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** A request: everything after the header, already in the form of `version`. */
export interface KafkaRequest {
  readonly api: number;
  readonly name: string;
  readonly version: number;
  /** Versions whose header has tagged fields. */
  readonly flexible: boolean;
  readonly body: Buffer;
  readonly timeoutMs?: number;
}

/** The seam between Kafka's protocol and what carries it. */
export interface KafkaTransport {
  /** Sends to a broker known by `setBrokers`, and gives the answer after its header. */
  request(nodeId: number, request: KafkaRequest): Promise<Buffer>;
  /**
   * Like `request`, on a connection of its own, for answers that are large or many. Whoever gets the answer
   * holds it, and must let go of it.
   */
  fetch(nodeId: number, request: KafkaRequest): Promise<Answer>;
  /** Like `request`, to any broker that can be reached. */
  requestAny(make: (nodeId: number) => Promise<Buffer>): Promise<Buffer>;
  /** Highest version of an API that a broker takes, or null when it lacks it. Connects first. */
  versionOf(nodeId: number, api: number): Promise<{ min: number; max: number } | null>;
  /** Tells where brokers are; connections to brokers that moved are closed. */
  setBrokers(brokers: readonly BrokerAddress[]): void;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly bootstrap: readonly string[];
  readonly clientId: string;
  readonly security: KafkaSecurity;
  readonly log: Log;
  /** Reads a PEM file, if that is allowed. */
  readonly readFile: (path: string) => Promise<string>;
}

const connectTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

interface KafkaJsBroker {
  versions: Record<number, { minVersion: number; maxVersion: number }> | null;
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface KafkaJsConnection {
  rejectRequests(error: Error): void;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  readonly socket?: Socket | undefined;
}

interface KafkaJsPool {
  readonly pool: readonly KafkaJsConnection[];
  /** Connects when it is not connected. */
  getConnection(index: number): Promise<KafkaJsConnection>;
  send(protocol: {
    request: {
      apiKey: number;
      apiName: string;
      apiVersion: number;
      encode: () => Promise<unknown>;
    };
    response: {
      decode: (payload: Buffer) => Promise<{ payload: Buffer }>;
      parse: (decoded: { payload: Buffer }) => Promise<Buffer>;
    };
    requestTimeout: number;
    logResponseError: boolean;
  }): Promise<Buffer>;
}

type LogCreator = (level: number) => (entry: { level: number; log: { message: string } }) => void;

interface KafkaJs {
  readonly Broker: new (options: Record<string, unknown>) => KafkaJsBroker;
  readonly ConnectionPool: new (options: Record<string, unknown>) => KafkaJsPool;
  readonly createLogger: (options: { level: number; logCreator: LogCreator }) => unknown;
}

/** What kafkajs gives to the factory of its sockets. */
interface SocketOrder {
  readonly host: string;
  readonly port: number;
  readonly ssl: Record<string, unknown> | null;
  readonly onConnect: () => void;
}

/** Of the two connections that kafkajs has to each broker, the one for Fetch requests. */
const fetchConnection = 1;

/** A transport over kafkajs; nothing is connected yet. */
export async function openKafkaTransport(options: TransportOptions): Promise<KafkaTransport> {
  const kafkaJs = await loadKafkaJs();
  const ssl = await tlsOptions(options);
  return new KafkaJsTransport(kafkaJs, options, ssl);
}

async function loadKafkaJs(): Promise<KafkaJs> {
  // Paths in variables: these files have no types, and bundlers should leave them alone.
  const load = async (path: string): Promise<unknown> => {
    const module = (await import(path)) as { default: unknown };
    return module.default;
  };
  const Broker = await load('kafkajs/src/broker/index.js');
  const ConnectionPool = await load('kafkajs/src/network/connectionPool.js');
  const loggers = await load('kafkajs/src/loggers/index.js');
  const Connection = await load('kafkajs/src/network/connection.js');
  const createLogger = isObject(loggers) ? loggers['createLogger'] : undefined;
  const fits =
    hasMethods(Broker, ['connect', 'disconnect', 'isConnected']) &&
    hasMethods(ConnectionPool, ['send', 'destroy', 'isConnected', 'getConnection']) &&
    hasMethods(Connection, ['rejectRequests', 'isAuthenticated', 'authenticate']) &&
    typeof createLogger === 'function';
  if (!fits) {
    throw new ConnectorError('the installed kafkajs is not 2.2.4, which this version needs', {
      retryable: false,
    });
  }
  return { Broker, ConnectionPool, createLogger } as unknown as KafkaJs;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function hasMethods(constructor: unknown, names: readonly string[]): boolean {
  if (typeof constructor !== 'function') return false;
  const prototype = constructor.prototype as Record<string, unknown>;
  return names.every((name) => typeof prototype[name] === 'function');
}

/** Options for node:tls, with files read. */
async function tlsOptions(options: TransportOptions): Promise<Record<string, unknown> | null> {
  const { tls } = options.security;
  if (tls === null) return null;
  const read = async (source: PemSource | null): Promise<string | undefined> => {
    if (source === null) return undefined;
    return source.kind === 'text' ? source.pem : options.readFile(source.path);
  };
  return {
    ca: await read(tls.ca),
    cert: await read(tls.certificate),
    key: await read(tls.key),
    passphrase: tls.keyPassword ?? undefined,
    ...(tls.verifyHost ? {} : { checkServerIdentity: () => undefined }),
  };
}

interface Node {
  readonly address: BrokerAddress;
  readonly pool: KafkaJsPool;
  readonly broker: KafkaJsBroker;
}

class KafkaJsTransport implements KafkaTransport {
  readonly #kafkaJs: KafkaJs;
  readonly #options: TransportOptions;
  readonly #ssl: Record<string, unknown> | null;
  readonly #logger: unknown;
  #addresses = new Map<number, BrokerAddress>();
  readonly #nodes = new Map<number, Node>();
  readonly #memory = new AnswerMemory();
  readonly #sockets = new WeakMap<Socket, AnswerSocket>();
  #closed = false;
  #turn = 0;

  constructor(kafkaJs: KafkaJs, options: TransportOptions, ssl: Record<string, unknown> | null) {
    this.#kafkaJs = kafkaJs;
    this.#options = options;
    this.#ssl = ssl;
    // kafkajs reports as errors what we report, with more context, as a source that is retrying.
    const logCreator: LogCreator = () => (entry) => {
      options.log.debug('kafka connection', { detail: entry.log.message });
    };
    this.#logger = kafkaJs.createLogger({ level: 1, logCreator });
    this.#addBootstrap();
  }

  /** Servers to begin with have negative ids until an answer tells their real ones. */
  #addBootstrap(): void {
    this.#options.bootstrap.forEach((server, index) => {
      const colon = server.lastIndexOf(':');
      const host = server.slice(0, colon).replace(/^\[|\]$/g, '');
      const nodeId = -1 - index;
      this.#addresses.set(nodeId, { nodeId, host, port: Number(server.slice(colon + 1)) });
    });
  }

  setBrokers(brokers: readonly BrokerAddress[]): void {
    this.#addresses = new Map();
    this.#addBootstrap();
    for (const broker of brokers) this.#addresses.set(broker.nodeId, broker);
    for (const [nodeId, node] of this.#nodes) {
      const address = this.#addresses.get(nodeId);
      const moved = address?.host !== node.address.host || address.port !== node.address.port;
      if (moved) this.#drop(node);
    }
  }

  async requestAny(make: (nodeId: number) => Promise<Buffer>): Promise<Buffer> {
    const connected = [...this.#nodes.keys()].filter((id) => this.#addresses.has(id));
    const others = [...this.#addresses.keys()].filter((id) => !this.#nodes.has(id));
    // Brokers that a cluster named come before the servers of the option, which may be gone.
    others.sort((a, b) => Number(a < 0) - Number(b < 0));
    const first = this.#turn++ % Math.max(1, connected.length);
    const order = [...connected.slice(first), ...connected.slice(0, first), ...others];
    let lastError: unknown = null;
    for (const nodeId of order) {
      try {
        return await make(nodeId);
      } catch (error) {
        lastError = error;
        const retryable = error instanceof ConnectorError && error.retryable;
        if (!retryable || this.#closed) throw error;
      }
    }
    throw lastError;
  }

  async versionOf(nodeId: number, api: number): Promise<{ min: number; max: number } | null> {
    const node = await this.#connected(nodeId);
    const versions = node.broker.versions?.[api];
    return versions === undefined ? null : { min: versions.minVersion, max: versions.maxVersion };
  }

  async request(nodeId: number, request: KafkaRequest): Promise<Buffer> {
    const node = await this.#connected(nodeId);
    try {
      return await node.pool.send({
        request: {
          apiKey: request.api,
          apiName: request.name,
          apiVersion: request.version,
          encode: () => Promise.resolve(encoded(request)),
        },
        response: {
          // kafkajs reads a throttle time off what decode gives; ours has none, and we obey by waiting.
          decode: (payload) => Promise.resolve({ payload }),
          parse: (decoded) => Promise.resolve(decoded.payload),
        },
        requestTimeout: request.timeoutMs ?? requestTimeoutMs,
        logResponseError: false,
      });
    } catch (error) {
      // A connection that failed once may hold half an answer, so it is never used again.
      this.#drop(node);
      throw this.#connectorError(node.address, error);
    }
  }

  async fetch(nodeId: number, request: KafkaRequest): Promise<Answer> {
    const node = await this.#connected(nodeId);
    try {
      const connection = await node.pool.getConnection(fetchConnection);
      if (!connection.isAuthenticated()) await connection.authenticate();
      const socket = must(this.#sockets.get(must(connection.socket, 'socket')), 'answer socket');
      const { clientId } = this.#options;
      return await socket.request(
        (correlation) => framed(request, correlation, clientId),
        request.timeoutMs ?? requestTimeoutMs,
      );
    } catch (error) {
      this.#drop(node);
      throw this.#connectorError(node.address, error);
    }
  }

  async #connected(nodeId: number): Promise<Node> {
    if (this.#closed) throw closedError();
    const address = this.#addresses.get(nodeId);
    if (address === undefined) {
      throw new ConnectorError(`Kafka broker ${nodeId} is not known`, { retryable: true });
    }
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = this.#makeNode(address);
      this.#nodes.set(nodeId, node);
    }
    if (node.broker.isConnected()) return node;
    try {
      await node.broker.connect();
    } catch (error) {
      this.#drop(node);
      throw this.#connectorError(address, error);
    }
    return node;
  }

  #makeNode(address: BrokerAddress): Node {
    const { security, clientId } = this.#options;
    const pool = new this.#kafkaJs.ConnectionPool({
      host: address.host,
      port: address.port,
      ssl: this.#ssl,
      // kafkajs writes into it.
      sasl: security.sasl === null ? null : { ...security.sasl },
      clientId,
      logger: this.#logger,
      socketFactory: (order: SocketOrder) => this.#openSocket(order),
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
    });
    const broker = new this.#kafkaJs.Broker({
      connectionPool: pool,
      logger: this.#logger,
      nodeId: address.nodeId,
      allowAutoTopicCreation: false,
    });
    return { address, pool, broker };
  }

  #openSocket(order: SocketOrder): Socket {
    const opened = new AnswerSocket(order, this.#memory, order.onConnect);
    this.#sockets.set(opened.socket, opened);
    return opened.socket;
  }

  #drop(node: Node): void {
    if (this.#nodes.get(node.address.nodeId) === node) this.#nodes.delete(node.address.nodeId);
    for (const connection of node.pool.pool) connection.rejectRequests(closedError());
    const end = () => {
      for (const connection of node.pool.pool) connection.socket?.destroy();
    };
    node.broker.disconnect().then(end, end);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const node of [...this.#nodes.values()]) this.#drop(node);
    return Promise.resolve();
  }

  #connectorError(address: BrokerAddress, error: unknown): ConnectorError {
    if (error instanceof ConnectorError) return error;
    if (this.#closed) return closedError();
    const where = `${address.host}:${address.port}`;
    const name = error instanceof Error ? error.name : '';
    if (name === 'KafkaJSSASLAuthenticationError') {
      return new ConnectorError(`login to Kafka broker ${where} failed: ${messageOf(error)}`, {
        // Credentials may be on their way to a broker that has just started.
        retryable: true,
        cause: error,
      });
    }
    return new ConnectorError(`Kafka broker ${where} cannot be reached: ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    });
  }
}

function closedError(): ConnectorError {
  return new ConnectorError('the connection to Kafka was closed', { retryable: true });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What kafkajs takes for an encoder: it copies `buffer` behind its own request header. */
function encoded(request: KafkaRequest): { buf: Buffer; buffer: Buffer } {
  const body = request.flexible ? Buffer.concat([noTags, request.body]) : request.body;
  return { buf: body, buffer: body };
}

/** A request with its size and header, as it goes out. */
function framed(request: KafkaRequest, correlation: number, clientId: string): Buffer {
  const writer = new WireWriter(32 + clientId.length * 3 + request.body.length);
  writer.int32(0).int16(request.api).int16(request.version).int32(correlation).string(clientId);
  if (request.flexible) writer.raw(noTags);
  const frame = writer.raw(request.body).finish();
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

const noTags = Buffer.from([0]);
