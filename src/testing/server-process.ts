/** The built program as a process of its own, as a user starts it; for tests that kill it. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url));

export class ServerProcess {
  readonly dataDir: string;
  #child: ChildProcess | null = null;
  #exited: Promise<number | null> = Promise.resolve(null);
  port = 0;
  stdout = '';
  stderr = '';

  constructor(dataDir = mkdtempSync(join(tmpdir(), 'millrace-server-'))) {
    this.dataDir = dataDir;
  }

  /** Resolves when it says that it accepts clients. */
  async start(extra: readonly string[] = []): Promise<void> {
    const listen = `127.0.0.1:${this.port}`;
    const args = [program, 'serve', '--listen', listen, '--data-dir', this.dataDir, ...extra];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.stdout = '';
    child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        this.stdout += chunk.toString();
        const ready = /^millrace ready on .*:(\d+)$/m.exec(this.stdout);
        if (ready === null) return;
        this.port = Number(ready[1]);
        resolve();
      });
      child.once('exit', (code) =>
        reject(new Error(`the server ended with ${code}: ${this.stderr}`)),
      );
    });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** SIGKILL: as a power cut, but for the page cache. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | null> {
    this.#child?.kill('SIGTERM');
    return await this.#exited;
  }

  /** Runs psql with unaligned, tuples-only output; its standard output. */
  async psql(sql: string, flags: readonly string[] = ['-At', '-F', '|']): Promise<string> {
    const args = ['-X', '-h', '127.0.0.1', '-p', String(this.port), '-U', 'millrace', ...flags];
    return await new Promise((resolve, reject) => {
      const child = execFile(
        'psql',
        [...args, '-v', 'ON_ERROR_STOP=1'],
        (error, stdout, stderr) => {
          if (error !== null) reject(new Error(`${error.message}\n${stderr}`));
          else resolve(stdout.trim());
        },
      );
      child.stdin?.end(sql);
    });
  }
}
