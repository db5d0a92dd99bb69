/**
 * Fetches the released Flink distribution by its package coordinates, once, into a directory of the user's
 * choice: the libraries come from PyPI (`apache-flink-libraries` carries the distribution's jars), the Kafka
 * connector and the SQL gateway from Maven Central.
 */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { must } from '../base/assert.ts';

const run = promisify(execFile);

export const flinkVersion = '2.2.1';
const kafkaConnectorVersion = '5.0.0-2.2';

const mavenArtifacts = [
  `org.apache.flink:flink-sql-connector-kafka:${kafkaConnectorVersion}`,
  `org.apache.flink:flink-sql-gateway:${flinkVersion}`,
];

export interface FlinkJars {
  /** Everything on the class path of every process. */
  readonly classPath: readonly string[];
  /** What works out the memory options of a process. */
  readonly javaUtils: readonly string[];
}

/** The jars below `cache`, fetched when they are not there. Needs Java 17, Maven, and Python with pip. */
export async function fetchFlink(cache: string): Promise<FlinkJars> {
  const target = join(cache, `flink-${flinkVersion}`);
  if (!existsSync(target)) await download(target);
  const jars = readdirSync(join(target, 'lib')).sort();
  const classPath = jars.map((name) => join(target, 'lib', name));
  const utils = classPath.filter((path) => /\/(flink-dist|log4j)[^/]*$/.test(path));
  return { classPath, javaUtils: [...utils, join(target, 'bin', 'bash-java-utils.jar')] };
}

/** Fills another name and renames it, so that a broken download is not taken. */
async function download(target: string): Promise<void> {
  await need('java', ['-version'], 'Java 17');
  await need('mvn', ['--version'], 'Maven');
  await need('python3', ['-m', 'pip', '--version'], 'Python with pip');
  const work = `${target}.${process.pid}`;
  await mkdir(work, { recursive: true });
  try {
    const archive = `apache-flink-libraries==${flinkVersion}`;
    const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', ':all:', '-d', work];
    await run('python3', [...pip, archive], { maxBuffer: 1 << 24 });
    const name = must(
      readdirSync(work).find((each) => each.endsWith('.tar.gz')),
      'pip leaves an archive',
    );
    await run('tar', ['xzf', join(work, name), '-C', work, '--strip-components=1']);
    for (const artifact of mavenArtifacts) {
      await run('mvn', [
        '-B',
        '-q',
        'dependency:copy',
        `-Dartifact=${artifact}`,
        `-DoutputDirectory=${join(work, 'deps', 'lib')}`,
      ]);
    }
    await rename(join(work, 'deps'), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function need(program: string, args: readonly string[], what: string): Promise<void> {
  const found = await run(program, args).then(
    () => true,
    () => false,
  );
  if (!found) throw new Error(`Flink needs ${what}: there is no ${program} here`);
}
