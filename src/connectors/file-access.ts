/**
 * The one door to files. A path is resolved with all its links and must lie in an allowed directory; the
 * file is opened and then checked, so that a link cannot be swapped in between. Only regular files pass.
 */

import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ConnectorError, SqlError, sqlstate } from '../base/errors.ts';

function refused(path: string, detail: string): SqlError {
  return new SqlError(sqlstate.insufficientPrivilege, `permission denied for file "${path}"`, {
    detail,
    hint: 'Files are read and written only in directories that the server was started with: millrace serve --allow-dir DIR.',
  });
}

/**
 * An absolute path from an option: a plain path, or a file: URL. A relative one starts at the first
 * allowed directory; one that leads out of it again throws 42501.
 */
export function pathFromOption(text: string, allowed: readonly string[]): string {
  if (text.includes('\0')) throw refused(text.replaceAll('\0', ' '), 'The path holds a NUL.');
  if (allowed.length === 0) throw refused(text, 'No directory is allowed.');
  if (/^file:/i.test(text)) {
    try {
      return fileURLToPath(text);
    } catch {
      throw refused(text, 'The URL does not name a file of this machine.');
    }
  }
  if (isAbsolute(text)) return resolve(text);
  const path = resolve(allowed[0]!, text);
  if (!allowed.some((root) => isWithin(path, resolve(root)))) {
    throw refused(
      text,
      `A relative path starts at "${allowed[0]!}", and this one leads out of it.`,
    );
  }
  return path;
}

/** A path as the user wrote it, and what a relative one means, for messages. */
export function describePath(text: string, path: string): string {
  const relative = !isAbsolute(text) && !/^file:/i.test(text);
  return relative
    ? `"${text}" (a relative path starts at the first allowed directory, so it is "${path}")`
    : `"${text}"`;
}

/** Throws 42501 unless the resolved path lies in an allowed directory. `path` need not exist. */
export async function checkAllowed(path: string, allowed: readonly string[]): Promise<string> {
  const target = await resolveLinks(path).catch(() => {
    throw refused(path, 'It cannot be resolved.');
  });
  const roots = await Promise.all(allowed.map((root) => realpath(root).catch(() => resolve(root))));
  if (!roots.some((root) => isWithin(target, root))) {
    throw refused(path, 'It lies outside of the allowed directories.');
  }
  return target;
}

/** The real path; of what does not exist, the real path of the nearest parent that does. */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (!hasCode(error, 'ENOENT') || parent === path) throw error;
    return join(await resolveLinks(parent), basename(path));
  }
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Opens a regular file within the allowed directories for reading. The caller closes the handle. */
export async function openAllowed(path: string, allowed: readonly string[]): Promise<FileHandle> {
  await checkAllowed(path, allowed);
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => {
    if (hasCode(error, 'EACCES')) throw refused(path, 'The server may not read it.');
    if (hasCode(error, 'ENXIO')) throw refused(path, 'It is not a regular file.');
    throw new ConnectorError(`cannot open file "${path}": ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    });
  });
  try {
    const opened = await handle.stat();
    if (!opened.isFile()) throw refused(path, 'It is not a regular file.');
    // What was opened must be what the check saw: same file, still inside.
    const real = await checkAllowed(path, allowed);
    const again = await open(real, flags);
    try {
      const checked = await again.stat();
      if (checked.ino !== opened.ino || checked.dev !== opened.dev) {
        throw refused(path, 'It changed while it was opened.');
      }
    } finally {
      await again.close();
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The whole text of a small file (a certificate) within the allowed directories. */
export async function readAllowedFile(path: string, allowed: readonly string[]): Promise<string> {
  const handle = await openAllowed(pathFromOption(path, allowed), allowed);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
