/**
 * A Flink session cluster on this machine: a JobManager, a TaskManager with one slot and a SQL gateway, each a
 * JVM that ends with this process. The settings are Nexmark's own where it has any (mini-batches, split
 * distinct aggregates), with object reuse and the heap state backend, the fastest choices Flink has.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { must } from '../base/assert.ts';
import type { FlinkJars } from './flink-fetch.ts';

const run = promisify(execFile);

export interface FlinkSettings {
  readonly checkpointIntervalMs: number;
  /** Memory of the TaskManager as a whole, as Flink writes sizes. */
  readonly taskMemory: string;
}

export interface FlinkCluster {
  /** Base addresses of the JobManager's and the gateway's REST interfaces. */
  readonly jobs: string;
  readonly gateway: string;
  /** Where tasks write what goes to their standard output. */
  readonly taskOutput: string;
  /** CPU seconds so far, of JobManager and TaskManager together. */
  cpuSeconds(): number;
  close(): Promise<void>;
}

/** Packages of the JDK that Flink reaches into; its own start scripts give the same list. */
const opened = [
  ...'lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic'.split(
    ' ',
  ),
  'util.concurrent.locks',
].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`);
const exported = [
  'java.base/sun.net.util',
  'java.management/sun.management',
  'java.rmi/sun.rmi.registry',
  'java.security.jgss/sun.security.krb5',
  ...['api', 'file', 'parser', 'tree', 'util'].map(
    (name) => `jdk.compiler/com.sun.tools.javac.${name}`,
  ),
].map((name) => `--add-exports=${name}=ALL-UNNAMED`);
const jdkOptions = [...opened, '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED', ...exported];

const startLimitMs = 120_000;

/** Starts the cluster below `directory` and waits until it takes jobs. */
export async function startFlink(
  jars: FlinkJars,
  directory: string,
  settings: FlinkSettings,
): Promise<FlinkCluster> {
  const [rpc = 0, rest = 0, sql = 0] = await freePorts(3);
  const conf = join(directory, 'conf');
  mkdirSync(conf, { recursive: true });
  writeFileSync(join(conf, 'config.yaml'), configuration(directory, settings, { rpc, rest }));
  writeFileSync(join(conf, 'log4j.properties'), logging);
  const common = [...jdkOptions, `-Dlog4j.configurationFile=file:${conf}/log4j.properties`];
  const classPath = jars.classPath.join(':');
  const start = (name: string, options: readonly string[], args: readonly string[]): Jvm =>
    new Jvm(join(directory, `${name}.log`), [...options, ...common, '-cp', classPath, ...args], {
      FLINK_CONF_DIR: conf,
    });
  const { jvm, dynamic } = await taskOptions(jars, conf);
  const entry = 'org.apache.flink.runtime';
  const manager = start(
    'jobmanager',
    ['-Xmx1g', '-XX:MaxMetaspaceSize=256m'],
    [`${entry}.entrypoint.StandaloneSessionClusterEntrypoint`, ...['--configDir', conf]],
  );
  const tasks = start('taskmanager', jvm, [
    `${entry}.taskexecutor.TaskManagerRunner`,
    ...['--configDir', conf],
    ...dynamic,
  ]);
  const gateway = start(
    'gateway',
    ['-Xmx1g'],
    [
      'org.apache.flink.table.gateway.SqlGateway',
      '-Dsql-gateway.endpoint.rest.address=127.0.0.1',
      `-Dsql-gateway.endpoint.rest.port=${sql}`,
    ],
  );
  const all = [manager, tasks, gateway];
  const cluster: FlinkCluster = {
    jobs: `http://127.0.0.1:${rest}`,
    gateway: `http://127.0.0.1:${sql}/v1`,
    taskOutput: tasks.log,
    cpuSeconds: () => manager.cpuSeconds() + tasks.cpuSeconds(),
    close: async () => {
      await Promise.all(all.map((each) => each.end()));
    },
  };
  try {
    await ready(cluster, all);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

async function ready(cluster: FlinkCluster, processes: readonly Jvm[]): Promise<void> {
  const until = performance.now() + startLimitMs;
  for (;;) {
    const ended = processes.find((each) => each.ended);
    if (ended !== undefined) throw new Error(`Flink did not start; see ${ended.log}`);
    const overview = (await answer(`${cluster.jobs}/overview`)) as { taskmanagers?: number } | null;
    if (overview?.taskmanagers === 1 && (await answer(`${cluster.gateway}/info`)) !== null) return;
    if (performance.now() > until) throw new Error('Flink does not become ready');
    await sleep(250);
  }
}

/** Null while nobody answers. */
async function answer(url: string): Promise<unknown> {
  try {
    const response = await fetch(url);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** A JVM whose output goes to a file and that ends when this process does. */
class Jvm {
  readonly log: string;
  readonly #guard: ChildProcess;
  #pid: number | null = null;

  constructor(log: string, args: readonly string[], environment: Record<string, string>) {
    this.log = log;
    const file = openSync(log, 'a');
    // The shell ends the JVM when the end of its input that this process holds is closed. It tells the JVM's
    // number first, since its times are wanted and not the shell's.
    const script =
      'java "$@" </dev/null >&2 & jvm=$!; echo $jvm; (cat >/dev/null; kill -9 $jvm) <&3 & wait $jvm';
    this.#guard = spawn('sh', ['-c', `exec 3<&0; ${script}`, 'sh', ...args], {
      stdio: ['pipe', 'pipe', file],
      env: { ...process.env, ...environment },
    });
    closeSync(file);
    this.#guard.stdout?.once('data', (line: Buffer) => {
      this.#pid = Number(line.toString());
    });
  }

  get ended(): boolean {
    return this.#guard.exitCode !== null;
  }

  /** CPU time of the process in user and system mode. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${must(this.#pid, 'a started JVM')}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticksPerSecond = 100;
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  async end(): Promise<void> {
    if (this.ended) return;
    const exited = new Promise<void>((done) => this.#guard.once('exit', () => done()));
    this.#guard.stdin?.end();
    await exited;
  }
}

const logging = `rootLogger.level = WARN
rootLogger.appenderRef.console.ref = ConsoleAppender
appender.console.name = ConsoleAppender
appender.console.type = CONSOLE
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c - %m%n
`;

function configuration(
  directory: string,
  settings: FlinkSettings,
  ports: { readonly rpc: number; readonly rest: number },
): string {
  const lines = {
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.rpc.port': ports.rpc,
    'jobmanager.bind-host': '127.0.0.1',
    'jobmanager.memory.process.size': '1600m',
    'rest.address': '127.0.0.1',
    'rest.bind-address': '127.0.0.1',
    'rest.port': ports.rest,
    'taskmanager.host': '127.0.0.1',
    'taskmanager.bind-host': '127.0.0.1',
    'taskmanager.memory.process.size': settings.taskMemory,
    // The heap backend takes no managed memory; window aggregation takes a little.
    'taskmanager.memory.managed.size': '512m',
    'taskmanager.numberOfTaskSlots': 1,
    'parallelism.default': 1,
    'pipeline.object-reuse': true,
    'state.backend.type': 'hashmap',
    'execution.checkpointing.dir': `file://${directory}/checkpoints`,
    'execution.checkpointing.interval': `${settings.checkpointIntervalMs} ms`,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'table.exec.mini-batch.enabled': true,
    'table.exec.mini-batch.allow-latency': '2 s',
    'table.exec.mini-batch.size': 50_000,
    'table.optimizer.distinct-agg.split.enabled': true,
    'restart-strategy.type': 'none',
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** JVM options and settings of the TaskManager, as Flink's own tool works them out. */
async function taskOptions(
  jars: FlinkJars,
  conf: string,
): Promise<{ readonly jvm: readonly string[]; readonly dynamic: readonly string[] }> {
  const tool = 'org.apache.flink.runtime.util.bash.BashJavaUtils';
  const options = ['-cp', jars.javaUtils.join(':'), tool, 'GET_TM_RESOURCE_PARAMS'];
  const { stdout } = await run('java', [...options, '--configDir', conf]);
  const results = [...stdout.matchAll(/^BASH_JAVA_UTILS_EXEC_RESULT:(.*)$/gm)];
  const words = results.map((each) => each[1]!.trim().split(/\s+/));
  return {
    jvm: must(words[0], 'memory options'),
    dynamic: must(words[1], 'settings of memory'),
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await new Promise((done) => server.once('listening', done));
    const address = server.address();
    ports.push(address !== null && typeof address === 'object' ? address.port : 0);
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
