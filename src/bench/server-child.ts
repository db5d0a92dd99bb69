/** This program as a server in a process of its own, on an empty data directory that goes with it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../base/assert.ts';

/** Clock ticks a second of the CPU times in /proc. */
const ticksPerSecond = 100;

export class ServerChild {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, port: number, directory: string) {
    this.#child = child;
    this.port = port;
    this.#directory = directory;
  }

  /** Resolves when it accepts clients. `nodeFlags` go to Node itself. */
  static async start(
    flags: readonly string[] = [],
    nodeFlags: readonly string[] = [],
  ): Promise<ServerChild> {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
    const program = must(process.argv[1], 'path of the program');
    const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', directory, ...flags];
    const child = spawn(process.execPath, [...nodeFlags, program, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      return new ServerChild(child, await portOf(child), directory);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Resident memory; null where the system does not tell. */
  residentBytes(): number | null {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(this.#told('status'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  }

  /** CPU time of all its threads since its start, in seconds; null where the system does not tell. */
  cpuSeconds(): number | null {
    const fields = this.#told('stat').split(') ')[1]?.split(' ');
    if (fields === undefined) return null;
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  #told(file: string): string {
    try {
      return readFileSync(`/proc/${this.#child.pid ?? 0}/${file}`, 'utf8');
    } catch {
      return '';
    }
  }

  async stop(): Promise<void> {
    const ended = this.#child.exitCode !== null;
    const exited = new Promise<void>((done) => this.#child.once('exit', () => done()));
    this.#child.kill('SIGTERM');
    if (!ended) await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((found, failed) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const ready = /^millrace ready on .*:(\d+)$/m.exec(said);
      if (ready !== null) found(Number(ready[1]));
    });
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)));
  });
}
