/**
 * Runs the test broker as a JVM of this machine. The released jars come through Maven by their
 * coordinates, once, into `.cache/kafka` of the repository.
 */

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { clusterId, scramArguments } from './broker-config.ts';
import type { BrokerRun, BrokerRuntime } from './broker-config.ts';

const run = promisify(execFile);

/** The broker's version on every machine, also of the container image. */
export const kafkaVersion = '4.1.0';

/** What is missing to run a broker here, or null. */
export async function javaMissing(): Promise<string | null> {
  const java = await run('java', ['-version']).catch(() => null);
  if (java === null) return 'there is no Java';
  const major = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? '0');
  if (major < 17) return `Java is ${major}, but the broker needs 17`;
  if (existsSync(jarDirectory())) return null;
  const maven = await run('mvn', ['--version']).catch(() => null);
  return maven === null ? 'there is no Maven to fetch the broker with' : null;
}

/** A broker that is not started yet; fetches the jars when they are not here. */
export async function javaRuntime(settings: BrokerRun): Promise<BrokerRuntime> {
  const jars = await fetchJars();
  const propertiesFile = join(settings.directory, 'server.properties');
  await writeFile(propertiesFile, settings.properties);
  const java = (main: string, args: readonly string[]) => [
    `-Xmx${settings.heapMb}m`,
    '-XX:+UseSerialGC',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-cp',
    join(jars, '*'),
    main,
    ...args,
  ];
  let formatted = false;
  let guard: ChildProcess | null = null;

  return {
    kind: 'java',
    start: async () => {
      if (!formatted) {
        const options = ['format', '-t', clusterId, '-c', propertiesFile];
        await run(
          'java',
          java('kafka.tools.StorageTool', [...options, ...scramArguments(settings.certificate)]),
        );
        formatted = true;
      }
      guard = spawnGuarded(java('kafka.Kafka', [propertiesFile]), settings.logFile);
    },
    alive: () => Promise.resolve(guard !== null && guard.exitCode === null),
    kill: async () => {
      if (guard === null) return;
      const ended = guard.exitCode === null ? exitOf(guard) : Promise.resolve();
      guard.stdin?.end();
      await ended;
      guard = null;
    },
    remove: () => Promise.resolve(),
  };
}

/**
 * A shell stands between us and the JVM and kills it when our end of its input closes, so that a test
 * process that is killed leaves no broker behind. It ends, too, when the JVM ends by itself.
 */
function spawnGuarded(args: readonly string[], logFile: string): ChildProcess {
  const script = 'java "$@" </dev/null & jvm=$!; (cat >/dev/null; kill -9 $jvm) <&3 & wait $jvm';
  const log = openSync(logFile, 'a');
  const child = spawn('sh', ['-c', `exec 3<&0; ${script}`, 'sh', ...args], {
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  return child;
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function jarDirectory(): string {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  return join(root, '.cache', 'kafka', `jars-${kafkaVersion}`);
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId><artifactId>test-broker</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>${kafkaVersion}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/** The jars' directory; filled under another name and renamed, so that a broken download is not taken. */
async function fetchJars(): Promise<string> {
  const target = jarDirectory();
  if (existsSync(target)) return target;
  const work = `${target}.${process.pid}`;
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'pom.xml'), pom);
  const options = ['-DincludeScope=runtime', `-DoutputDirectory=${join(work, 'jars')}`];
  await run('mvn', [
    '-B',
    '-q',
    '-f',
    join(work, 'pom.xml'),
    'dependency:copy-dependencies',
    ...options,
  ]);
  await rename(join(work, 'jars'), target).catch((error: unknown) => {
    if (!existsSync(target)) throw error; // another test process was faster
  });
  await rm(work, { recursive: true, force: true });
  return target;
}
