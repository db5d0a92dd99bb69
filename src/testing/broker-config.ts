/** The settings of the test broker: server.properties, and a self-made certificate for its TLS listeners. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface BrokerPorts {
  readonly plain: number;
  readonly controller: number;
  readonly saslSsl: number;
  readonly ssl: number;
}

export interface BrokerCertificate {
  readonly caFile: string;
  /** Private key and certificate chain in one PEM file. */
  readonly keystoreFile: string;
  readonly user: string;
  readonly password: string;
}

export interface BrokerSettings {
  readonly ports: BrokerPorts;
  readonly certificate: BrokerCertificate | null;
  readonly properties: ReadonlyMap<string, string>;
  /** Address the listeners bind to. */
  readonly bindHost: string;
  readonly dataDirectory: string;
  /** Where the broker finds its key, which in a container is another path than here. */
  readonly keystoreFile: string;
}

/** What one run of a broker needs, whatever runs it. */
export interface BrokerRun {
  readonly directory: string;
  readonly properties: string;
  readonly logFile: string;
  readonly ports: BrokerPorts;
  readonly certificate: BrokerCertificate | null;
  readonly heapMb: number;
}

/** What runs the broker: a JVM of ours or a container. */
export interface BrokerRuntime {
  readonly kind: 'container' | 'java';
  /** Formats the storage and starts; returns when the process runs, not when it answers. */
  start(): Promise<void>;
  /** True while the process is there. */
  alive(): Promise<boolean>;
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** Any 16 bytes in Kafka's base64 spelling; one broker never meets another. */
export const clusterId = 'MillraceTestCluster000w';

/** The text of server.properties. */
export function serverProperties(settings: BrokerSettings): string {
  const { ports, bindHost, certificate } = settings;
  const listeners = [`PLAIN://${bindHost}:${ports.plain}`];
  const advertised = [`PLAIN://127.0.0.1:${ports.plain}`];
  if (certificate !== null) {
    listeners.push(`SECURE://${bindHost}:${ports.saslSsl}`, `TLS://${bindHost}:${ports.ssl}`);
    advertised.push(`SECURE://localhost:${ports.saslSsl}`, `TLS://localhost:${ports.ssl}`);
  }
  const lines = new Map([
    ['process.roles', 'broker,controller'],
    ['node.id', '1'],
    ['controller.quorum.voters', `1@127.0.0.1:${ports.controller}`],
    ['controller.listener.names', 'CONTROLLER'],
    ['listeners', [...listeners, `CONTROLLER://127.0.0.1:${ports.controller}`].join(',')],
    ['advertised.listeners', advertised.join(',')],
    [
      'listener.security.protocol.map',
      'PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL,TLS:SSL',
    ],
    ['inter.broker.listener.name', 'PLAIN'],
    ['log.dirs', settings.dataDirectory],
    ['auto.create.topics.enable', 'false'],
    // Tests write records with times of long ago, which retention would delete at its first round.
    ['log.retention.ms', '-1'],
    ['offsets.topic.replication.factor', '1'],
    ['offsets.topic.num.partitions', '2'],
    ['transaction.state.log.replication.factor', '1'],
    ['transaction.state.log.min.isr', '1'],
    ['transaction.state.log.num.partitions', '2'],
    ['group.initial.rebalance.delay.ms', '0'],
    // A broker that was killed is let in again soon.
    ['broker.session.timeout.ms', '2000'],
    ['broker.heartbeat.interval.ms', '300'],
    ['num.network.threads', '2'],
    ['num.io.threads', '4'],
    ...(certificate === null ? [] : securityLines(certificate, settings.keystoreFile)),
    ...settings.properties,
  ]);
  return [...lines].map(([name, value]) => `${name}=${value}\n`).join('');
}

function securityLines(
  certificate: BrokerCertificate,
  keystoreFile: string,
): (readonly [string, string])[] {
  const login = 'org.apache.kafka.common.security';
  const { user, password } = certificate;
  return [
    ['ssl.keystore.type', 'PEM'],
    ['ssl.keystore.location', keystoreFile],
    ['listener.name.secure.sasl.enabled.mechanisms', 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512'],
    [
      'listener.name.secure.plain.sasl.jaas.config',
      `${login}.plain.PlainLoginModule required user_${user}="${password}";`,
    ],
    [
      'listener.name.secure.scram-sha-256.sasl.jaas.config',
      `${login}.scram.ScramLoginModule required;`,
    ],
    [
      'listener.name.secure.scram-sha-512.sasl.jaas.config',
      `${login}.scram.ScramLoginModule required;`,
    ],
  ];
}

/** Arguments of the storage tool that make the SCRAM users known. */
export function scramArguments(certificate: BrokerCertificate | null): string[] {
  if (certificate === null) return [];
  const { user, password } = certificate;
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${user},password=${password}]`,
  ]);
}

/** A certificate authority and a certificate for localhost, through openssl. */
export async function makeCertificate(directory: string): Promise<BrokerCertificate> {
  const path = (name: string) => join(directory, name);
  const days = ['-days', '30'];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...days, '-subj', '/CN=millrace test CA'],
    ...['-keyout', path('ca.key'), '-out', path('ca.pem')],
  ]);
  await run('openssl', [
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost'],
    ...['-keyout', path('broker.key'), '-out', path('broker.csr')],
  ]);
  await writeFile(path('san.txt'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await run('openssl', [
    ...['x509', '-req', '-in', path('broker.csr'), '-CA', path('ca.pem'), '-CAkey', path('ca.key')],
    ...['-CAcreateserial', ...days, '-extfile', path('san.txt'), '-out', path('broker.pem')],
  ]);
  const key = await readFile(path('broker.key'), 'utf8');
  const chain = await readFile(path('broker.pem'), 'utf8');
  await writeFile(path('keystore.pem'), key + chain);
  return {
    caFile: path('ca.pem'),
    keystoreFile: path('keystore.pem'),
    user: 'alice',
    password: 'alice-secret',
  };
}
