/**
 * Runs the test broker in a container of the `apache/kafka` image through testcontainers. The container
 * listens on the very ports that were chosen on this machine, so that the advertised addresses are right.
 */

import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { StartedTestContainer } from 'testcontainers';

import { clusterId, scramArguments } from './broker-config.ts';
import type { BrokerRun, BrokerRuntime } from './broker-config.ts';
import { kafkaVersion } from './broker-java.ts';

const run = promisify(execFile);

/** True where a Docker engine answers within five seconds. */
export async function dockerAnswers(): Promise<boolean> {
  const version = ['version', '--format', '{{.Server.Version}}'];
  return run('docker', version, { timeout: 5000 }).then(
    () => true,
    () => false,
  );
}

export function containerRuntime(settings: BrokerRun): BrokerRuntime {
  let container: StartedTestContainer | null = null;
  return {
    kind: 'container',
    start: async () => {
      if (container === null) container = await createContainer(settings);
      else await run('docker', ['start', container.getId()]);
    },
    alive: async () => {
      if (container === null) return false;
      const format = ['inspect', '--format', '{{.State.Running}}', container.getId()];
      const state = await run('docker', format).catch(() => null);
      return state?.stdout.trim() === 'true';
    },
    kill: async () => {
      if (container !== null) await run('docker', ['kill', container.getId()]).catch(() => null);
    },
    remove: async () => {
      await container?.stop({ timeout: 0 });
      container = null;
    },
  };
}

async function createContainer(settings: BrokerRun): Promise<StartedTestContainer> {
  const { GenericContainer } = await import('testcontainers');
  const { ports, certificate } = settings;
  const quoted = scramArguments(certificate).map((part) => `'${part}'`);
  const bin = '/opt/kafka/bin';
  const format = `${bin}/kafka-storage.sh format --ignore-formatted -t ${clusterId} -c /tmp/server.properties`;
  const script = `${format} ${quoted.join(' ')} && exec ${bin}/kafka-server-start.sh /tmp/server.properties`;
  const files = [{ content: settings.properties, target: '/tmp/server.properties' }];
  if (certificate !== null) {
    const content = await readFile(certificate.keystoreFile, 'utf8');
    files.push({ content, target: '/tmp/keystore.pem' });
  }
  const published = [ports.plain, ports.saslSsl, ports.ssl];
  return new GenericContainer(`apache/kafka:${kafkaVersion}`)
    .withExposedPorts(...published.map((port) => ({ container: port, host: port })))
    .withEnvironment({ KAFKA_HEAP_OPTS: `-Xmx${settings.heapMb}m` })
    .withCopyContentToContainer(files)
    .withEntrypoint(['bash', '-c', script])
    .withLogConsumer((stream) => stream.pipe(createWriteStream(settings.logFile)))
    .withStartupTimeout(120_000)
    .start();
}
