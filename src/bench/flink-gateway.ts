/** Statements and jobs of a Flink cluster over its REST interfaces. */

import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../base/assert.ts';
import type { FlinkCluster } from './flink-cluster.ts';

interface Answer {
  readonly sessionHandle?: string;
  readonly operationHandle?: string;
  readonly resultType?: string;
  readonly jobID?: string;
  readonly state?: string;
  readonly errors?: readonly string[];
  readonly exceptionHistory?: { readonly entries: readonly { readonly stacktrace: string }[] };
}

/** Runs statements in a session of their own; the job of the last one, which must be an INSERT. */
export async function submitJob(cluster: FlinkCluster, sql: string): Promise<string> {
  const { gateway } = cluster;
  const opened = await call(`${gateway}/sessions`, 'POST', {});
  const session = `${gateway}/sessions/${must(opened.sessionHandle, 'a session')}`;
  let job: string | undefined;
  for (const statement of statements(sql)) {
    const asked = await call(`${session}/statements`, 'POST', { statement });
    const result = `${session}/operations/${must(asked.operationHandle, 'an operation')}/result/0`;
    let answer = await call(result, 'GET');
    for (; answer.resultType === 'NOT_READY'; answer = await call(result, 'GET')) await sleep(50);
    job = answer.jobID ?? job;
  }
  return must(job, 'the last statement starts a job');
}

/** The statements of a text without semicolons in strings. */
function statements(sql: string): string[] {
  return sql
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

export async function jobState(cluster: FlinkCluster, job: string): Promise<string> {
  return must((await call(`${cluster.jobs}/jobs/${job}`, 'GET')).state, 'a state');
}

/** Waits until a bounded job has ended; fails with its first line of trouble when it did not finish. */
export async function jobFinished(cluster: FlinkCluster, job: string): Promise<void> {
  for (;;) {
    const state = await jobState(cluster, job);
    if (state === 'FINISHED') return;
    if (state === 'FAILED' || state === 'CANCELED') throw await failureOf(cluster, job);
    await sleep(100);
  }
}

/** Why a job failed. */
export async function failureOf(cluster: FlinkCluster, job: string): Promise<Error> {
  const { exceptionHistory } = await call(`${cluster.jobs}/jobs/${job}/exceptions`, 'GET');
  const trace = exceptionHistory?.entries[0]?.stacktrace ?? 'the job did not finish';
  return new Error(lastCause(trace));
}

/** Ends a job and waits until it has. */
export async function cancelJob(cluster: FlinkCluster, job: string): Promise<void> {
  await call(`${cluster.jobs}/jobs/${job}?mode=cancel`, 'PATCH');
  while (!['CANCELED', 'FAILED', 'FINISHED'].includes(await jobState(cluster, job))) {
    await sleep(50);
  }
}

async function call(url: string, method: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return text === '' ? {} : (JSON.parse(text) as Answer);
  throw new Error(lastCause(text.replaceAll('\\n', '\n')));
}

/** The innermost message of a Java stack trace. */
function lastCause(trace: string): string {
  const lines = trace.split('\n');
  const causes = lines.filter((line) => line.startsWith('Caused by: '));
  const last = causes.at(-1) ?? lines[0] ?? '';
  return last.replace(/^Caused by: (?:[\w.$]+: )?/, '').slice(0, 300);
}
