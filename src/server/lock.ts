/**
 * One process a data directory. The lock file names the process that holds it and when that process started,
 * so that a lock left behind by a crash is told from a live one even after the number was used again.
 */

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SqlError, sqlstate } from '../base/errors.ts';

export interface DirectoryLock {
  release(): void;
}

/** Takes the lock or throws SqlError 55006. Creates the directory. */
export function lockDirectory(directory: string): DirectoryLock {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(directory, error);
  }
  const path = join(directory, 'millrace.lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    if (tryCreate(path, directory)) return { release: () => rmSync(path, { force: true }) };
    const holder = readHolder(path);
    if (holder !== null && isAlive(holder)) {
      throw new SqlError(
        sqlstate.objectInUse,
        `data directory "${directory}" is in use by process ${holder.pid}`,
        { hint: 'Stop that process, or choose another directory with --data-dir DIR.' },
      );
    }
    rmSync(path, { force: true });
  }
  throw new SqlError(sqlstate.objectInUse, `data directory "${directory}" is in use`);
}

interface Holder {
  readonly pid: number;
  /** From /proc, empty where there is none. */
  readonly started: string;
}

function tryCreate(path: string, directory: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unusable(directory, error);
  }
  writeSync(file, `${process.pid} ${startOf(process.pid)}\n`);
  closeSync(file);
  return true;
}

function readHolder(path: string): Holder | null {
  try {
    const [pid = '', started = ''] = readFileSync(path, 'utf8').trim().split(' ');
    return /^\d+$/.test(pid) ? { pid: Number(pid), started } : null;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return holder.started === startOf(holder.pid);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie holds nothing any more; where nobody waits for it (no init in a container) it may stay for good.
  if (/^[ZX]$/.test(statOf(holder.pid)[0] ?? '')) return false;
  return holder.started === '' || holder.started === startOf(holder.pid);
}

/** Field 22 of /proc/PID/stat: start time in ticks since boot. */
function startOf(pid: number): string {
  return statOf(pid)[19] ?? '';
}

/** The fields of /proc/PID/stat from the third (the state) on; none where there is no such file. */
function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function unusable(directory: string, error: unknown): SqlError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SqlError('58030', `cannot use data directory "${directory}": ${reason}`, {
    hint: 'Choose a directory that this user can write with --data-dir DIR.',
  });
}
