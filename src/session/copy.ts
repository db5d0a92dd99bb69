/** COPY (query or SUBSCRIBE …) TO STDOUT: its rows, and the options that say how they are written. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { BoundCopyTo } from '../binder/bound-statement.ts';
import type { Option } from '../syntax/ast.ts';
import type { ParameterValues, SessionContext } from './session-context.ts';
import type { Queries } from './queries.ts';
import type { CopyOptions, StatementResult } from './session-api.ts';
import { subscribe } from './subscribe.ts';

export async function copyTo(
  bound: BoundCopyTo,
  queries: Queries,
  session: SessionContext,
  parameters: ParameterValues,
): Promise<StatementResult> {
  const copy = copyOptions(bound.options, 'to');
  const result =
    bound.source.kind === 'subscribe'
      ? await subscribe(bound.source, session, parameters)
      : await queries.run(bound.source, parameters);
  if (result.kind !== 'rows') return result;
  return { kind: 'copy-out', fields: result.fields, cursor: result.cursor, copy };
}

const formats: ReadonlySet<string> = new Set(['text', 'csv', 'binary']);

/** https://www.postgresql.org/docs/15/sql-copy.html; options that would be ignored are errors. */
export function copyOptions(options: readonly Option[], direction: 'from' | 'to'): CopyOptions {
  const given = new Map<string, string>();
  for (const option of options) {
    if (given.has(option.name)) throw conflicting(option);
    given.set(option.name, option.value?.text ?? 'true');
  }
  const format = (given.get('format') ?? 'text').toLowerCase();
  if (!formats.has(format)) {
    throw new SqlError(sqlstate.invalidParameterValue, `COPY format "${format}" not recognized`);
  }
  const csv = format === 'csv';
  const known = ['format', 'header', 'delimiter', 'null', 'quote', 'escape', 'encoding'];
  for (const option of options) {
    if (known.includes(option.name)) continue;
    if (unsupported.has(option.name)) {
      throw notSupported(`COPY option ${option.name.toUpperCase()}`, {
        hint: 'Leave it out.',
        position: option.span.start,
      });
    }
    throw new SqlError(sqlstate.syntaxError, `option "${option.name}" not recognized`, {
      position: option.span.start,
    });
  }
  const quote = character(given.get('quote') ?? '"', 'quote');
  return {
    format: format as CopyOptions['format'],
    header: headerOf(given.get('header') ?? 'false', direction),
    delimiter: character(given.get('delimiter') ?? (csv ? ',' : '\t'), 'delimiter'),
    nullText: given.get('null') ?? (csv ? '' : '\\N'),
    quote,
    escape: character(given.get('escape') ?? quote, 'escape'),
  };
}

const unsupported: ReadonlySet<string> = new Set([
  'force_quote',
  'force_not_null',
  'force_null',
  'freeze',
]);

function headerOf(text: string, direction: 'from' | 'to'): CopyOptions['header'] {
  if (/^(true|on|1)$/i.test(text)) return true;
  if (/^(false|off|0)$/i.test(text)) return false;
  if (!/^match$/i.test(text)) {
    throw new SqlError(sqlstate.syntaxError, 'header requires a Boolean value or "match"');
  }
  if (direction === 'from') return 'match';
  throw new SqlError(sqlstate.featureNotSupported, 'cannot use "match" with HEADER in COPY TO');
}

function character(text: string, what: string): string {
  if (text.length === 1 && text < '\u0080') return text;
  throw new SqlError(
    sqlstate.featureNotSupported,
    `COPY ${what} must be a single one-byte character`,
  );
}

function conflicting(option: Option): SqlError {
  return new SqlError(sqlstate.syntaxError, 'conflicting or redundant options', {
    position: option.span.start,
  });
}
