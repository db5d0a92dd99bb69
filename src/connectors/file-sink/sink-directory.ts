/**
 * The directory of a file sink: the only place that touches its files. A file is written under a hidden name
 * and renamed when it may be seen; both names stand in one directory, and both are synced. Everything is
 * checked to lie in the allowed directories, with all links resolved.
 */

import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { ConnectorError } from '../../base/errors.ts';
import { checkAllowed, hasCode } from '../file-access.ts';

export class SinkDirectory {
  readonly #root: string;
  readonly #allowed: readonly string[];
  readonly #uid: string;
  readonly #made = new Set<string>();

  constructor(root: string, allowed: readonly string[], uid: string) {
    this.#root = root;
    this.#allowed = allowed;
    this.#uid = uid;
  }

  hiddenName(name: string): string {
    return `.${name}.inprogress`;
  }

  /** Makes a directory with those above it, and the way to it durable. */
  async make(directory: string): Promise<void> {
    if (this.#made.has(directory)) return;
    const path = join(this.#root, directory);
    await checkAllowed(path, this.#allowed);
    await mkdir(path, { recursive: true });
    // A link that was put there meanwhile must not lead outside.
    await checkAllowed(path, this.#allowed);
    const parts = directory === '' ? [] : directory.split('/');
    for (let depth = 0; depth < parts.length; depth++) {
      await this.sync(parts.slice(0, depth).join('/'));
    }
    if (this.#made.size >= madeMax) this.#made.clear();
    this.#made.add(directory);
  }

  /** A new hidden file, or one of before, cut to the length that a checkpoint knows. */
  async openPart(directory: string, name: string, bytes: number | null): Promise<FileHandle> {
    await this.make(directory);
    const path = join(this.#root, directory, this.hiddenName(name));
    const fresh = constants.O_CREAT | constants.O_EXCL;
    const flags = constants.O_RDWR | constants.O_NOFOLLOW | (bytes === null ? fresh : 0);
    const handle = await open(path, flags, 0o644);
    if (bytes === null) return handle;
    const { size } = await handle.stat();
    if (size < bytes) {
      await handle.close();
      throw new ConnectorError(
        `file "${path}" has ${size} bytes, but ${bytes} were written to it before`,
        { retryable: false },
      );
    }
    await handle.truncate(bytes);
    return handle;
  }

  /** Shows a file under its name. Again after a crash: it may have been done. */
  async show(directory: string, name: string): Promise<void> {
    const path = join(this.#root, directory);
    await checkAllowed(path, this.#allowed);
    const hidden = join(path, this.hiddenName(name));
    const shown = join(path, name);
    try {
      await rename(hidden, shown);
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || !(await exists(shown))) throw error;
    }
    await this.sync(directory);
  }

  async writeEmpty(directory: string, name: string): Promise<void> {
    const path = join(this.#root, directory);
    await checkAllowed(path, this.#allowed);
    const flags = constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;
    const handle = await open(join(path, name), flags, 0o644);
    await handle.sync();
    await handle.close();
    await this.sync(directory);
  }

  /** Puts the names in a directory on stable storage. */
  async sync(directory: string): Promise<void> {
    const handle = await open(join(this.#root, directory), constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Removes hidden files of this sink that no checkpoint knows. */
  async removeHidden(keep: ReadonlySet<string>): Promise<void> {
    const own = `.part-${this.#uid}-`;
    const walk = async (directory: string): Promise<void> => {
      const entries = await readdir(join(this.#root, directory), { withFileTypes: true });
      for (const entry of entries) {
        const relative = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory()) await walk(relative);
        else if (entry.name.startsWith(own) && !keep.has(relative)) {
          await unlink(join(this.#root, relative));
        }
      }
    };
    await walk('');
  }
}

/** Directories that are known to exist; a bound on memory, not on directories. */
const madeMax = 10_000;

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
