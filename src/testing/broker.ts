/**
 * A real Apache Kafka broker for tests: one combined broker and controller. Where a Docker engine
 * answers it runs in a container; otherwise, where Java 17 and Maven are there, as a JVM of this machine
 * from the released jars. Where neither is to be had it throws `BrokerUnavailable`, which tests turn into
 * a visible skip. The broker dies with the process that started it.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate, serverProperties } from './broker-config.ts';
import type { BrokerPorts, BrokerRuntime } from './broker-config.ts';
import { containerRuntime, dockerAnswers } from './broker-container.ts';
import { javaRuntime, javaMissing } from './broker-java.ts';

/** No broker can be had on this machine; the message says what is missing. */
export class BrokerUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokerUnavailable';
  }
}

export interface BrokerOptions {
  /** Adds a SASL_SSL listener (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512) and an SSL listener. */
  readonly security?: boolean;
  /** More lines for server.properties. */
  readonly properties?: ReadonlyMap<string, string>;
  /** Heap of the JVM in megabytes. */
  readonly heapMb?: number;
}

export interface TestBroker {
  readonly kind: 'container' | 'java';
  /** host:port without encryption or login. */
  readonly bootstrap: string;
  /** Present with `security`. */
  readonly security: BrokerSecurity | null;
  readonly logFile: string;
  /** Ends the broker at once, as a power cut would. */
  kill(): Promise<void>;
  /** Starts a killed broker again on the same data and ports, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends the broker and removes its data. */
  stop(): Promise<void>;
}

export interface BrokerSecurity {
  /** host:port of the SASL_SSL listener. */
  readonly saslSsl: string;
  /** host:port of the SSL listener. */
  readonly ssl: string;
  /** Certificate that signs the broker's, as PEM text and as a file. */
  readonly caPem: string;
  readonly caFile: string;
  /** Known to PLAIN and to both SCRAM mechanisms. */
  readonly user: string;
  readonly password: string;
}

const startupLimitMs = 90_000;

/** Starts a broker, or throws `BrokerUnavailable`. */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const inContainer = await dockerAnswers();
  if (!inContainer) {
    const missing = await javaMissing();
    if (missing !== null) {
      throw new BrokerUnavailable(`no Docker engine answers, and ${missing}`);
    }
  }
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-'));
  try {
    return await start(options, directory, inContainer);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function start(
  options: BrokerOptions,
  directory: string,
  inContainer: boolean,
): Promise<TestBroker> {
  const ports = await freePorts();
  const logFile = join(directory, 'broker.log');
  const certificate = options.security === true ? await makeCertificate(directory) : null;
  const settings = {
    ports,
    certificate,
    properties: options.properties ?? new Map<string, string>(),
    bindHost: inContainer ? '0.0.0.0' : '127.0.0.1',
    dataDirectory: inContainer ? '/tmp/kafka-data' : join(directory, 'data'),
    keystoreFile: inContainer ? '/tmp/keystore.pem' : (certificate?.keystoreFile ?? ''),
  };
  const properties = serverProperties(settings);
  const run = { directory, properties, logFile, ports, certificate, heapMb: options.heapMb ?? 512 };
  const runtime = inContainer ? containerRuntime(run) : await javaRuntime(run);

  await runtime.start();
  await untilAnswering(runtime, ports.plain, logFile);
  return {
    kind: runtime.kind,
    bootstrap: `127.0.0.1:${ports.plain}`,
    security:
      certificate === null
        ? null
        : {
            saslSsl: `localhost:${ports.saslSsl}`,
            ssl: `localhost:${ports.ssl}`,
            caPem: await readFile(certificate.caFile, 'utf8'),
            caFile: certificate.caFile,
            user: certificate.user,
            password: certificate.password,
          },
    logFile,
    kill: () => runtime.kill(),
    restart: async () => {
      await runtime.start();
      await untilAnswering(runtime, ports.plain, logFile);
    },
    stop: async () => {
      await runtime.kill();
      await runtime.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits for the listener to accept and for an API call to be answered. */
async function untilAnswering(runtime: BrokerRuntime, port: number, logFile: string) {
  const end = performance.now() + startupLimitMs;
  for (;;) {
    if (await answers(port)) return;
    if (!(await runtime.alive()) || performance.now() > end) {
      const log = await readFile(logFile, 'utf8').catch(() => '');
      await runtime.kill();
      throw new Error(`the broker did not start; its log ends with:\n${log.slice(-3000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** An ApiVersions v0 request: a broker that is not ready refuses the connection or does not answer. */
const apiVersionsRequest = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2000, () => finish(false));
    socket.once('connect', () => socket.write(apiVersionsRequest));
    socket.once('data', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('end', () => finish(false));
  });
}

async function freePorts(): Promise<BrokerPorts> {
  const servers = [createServer(), createServer(), createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    ports.push(address.port);
  }
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
  );
  return { plain: ports[0]!, controller: ports[1]!, saslSsl: ports[2]!, ssl: ports[3]! };
}
