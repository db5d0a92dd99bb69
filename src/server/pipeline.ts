/**
 * Runs a pipeline's files on a server that starts. Definitions that are there already, word for word, are
 * kept. Statements that change data are run only for tables that this very run has made, so that seed rows
 * are not inserted again at every start.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { alreadyDefined } from '../session/already-defined.ts';
import { SqlSession } from '../session/session.ts';
import type { Statement } from '../syntax/ast.ts';
import { parseStatements } from '../syntax/parse.ts';
import { inProcessSession } from './in-process.ts';
import type { OpenDatabase } from './open-database.ts';

export interface PipelineFile {
  readonly path: string;
  readonly text: string;
}

/** The position of an error refers to the whole file. */
export class PipelineError extends Error {
  readonly file: PipelineFile;
  readonly error: SqlError;

  constructor(file: PipelineFile, error: SqlError) {
    super(`${file.path}: ${error.message}`);
    this.name = 'PipelineError';
    this.file = file;
    this.error = error;
  }
}

export async function runPipeline(
  files: readonly PipelineFile[],
  open: OpenDatabase,
  log: Log,
): Promise<void> {
  const session = new SqlSession(
    inProcessSession({
      parameters: new Map([['application_name', 'millrace serve']]),
      backendPid: 0,
      notice: ({ message }) => log.info(message),
    }),
    open.database,
  );
  const made = new Set<string>();
  try {
    for (const file of files) await runFile(file, session, made, log);
  } finally {
    session.close();
  }
}

const changedHint =
  'It exists with another definition. Drop it first, or write CREATE OR REPLACE for a view.';

async function runFile(
  file: PipelineFile,
  session: SqlSession,
  made: Set<string>,
  log: Log,
): Promise<void> {
  let start = 0;
  try {
    for (const statement of parseStatements(file.text)) {
      ({ start } = statement.span);
      const name = definedName(statement);
      if (name !== null && alreadyDefined(statement, session)) {
        log.debug('kept what is there already', { file: file.path, name });
        continue;
      }
      const target = changedName(statement);
      if (target !== null && !made.has(target)) {
        log.info('left out a change of a table that was there before', {
          file: file.path,
          name: target,
        });
        continue;
      }
      const sql = file.text.slice(start, statement.span.end);
      await session.simpleQuery(sql, () => Promise.resolve());
      if (name !== null) made.add(name);
    }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const { position } = error.fields;
    const moved = new SqlError(error.code, error.message, {
      ...error.fields,
      hint: error.fields.hint ?? (error.code === sqlstate.duplicateTable ? changedHint : undefined),
      position: position === undefined ? start : position + start,
    });
    throw new PipelineError(file, moved);
  }
  log.info('ran file', { file: file.path });
}

function definedName(statement: Statement): string | null {
  if (statement.kind !== 'create-table' && statement.kind !== 'create-view') return null;
  return statement.name.parts.map((part) => part.name).join('.');
}

function changedName(statement: Statement): string | null {
  if (statement.kind !== 'insert' && statement.kind !== 'update' && statement.kind !== 'delete') {
    return null;
  }
  return statement.table.parts.map((part) => part.name).join('.');
}
