/**
 * The Arrow library, loaded by the first file that needs it: importing it takes a tenth of a second, which a
 * server without Arrow files need not wait for at its start.
 */

import { createRequire } from 'node:module';
import type * as ArrowModule from 'apache-arrow';
import type * as FileMetadata from 'apache-arrow/ipc/metadata/file';

const require = createRequire(import.meta.url);

type Arrow = typeof ArrowModule & Pick<typeof FileMetadata, 'FileBlock' | 'Footer'>;

let loaded: Arrow | undefined;

/** All names of `apache-arrow`, and `Footer` and `FileBlock` of its file format. */
export function arrow(): Arrow {
  if (loaded) return loaded;
  const { FileBlock, Footer } = require('apache-arrow/ipc/metadata/file') as typeof FileMetadata;
  loaded = { ...(require('apache-arrow') as typeof ArrowModule), FileBlock, Footer };
  return loaded;
}
