/** Errors for people: message, the line with a caret, detail and hint. */

import { SqlError } from '../base/errors.ts';
import { hideSecretsAt } from '../syntax/secrets.ts';

/** Writes an error to stderr; `source` is the SQL text that positions refer to. */
export function printError(error: unknown, source?: string): void {
  process.stderr.write(`${errorText(error, source)}\n`);
}

export function errorText(error: unknown, source?: string): string {
  if (!(error instanceof SqlError)) {
    return `millrace: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const lines = [`ERROR:  ${error.message} (${error.code})`];
  const { position, detail, hint } = error.fields;
  if (source !== undefined && position !== undefined) lines.push(...excerpt(source, position));
  if (detail !== undefined) lines.push(`DETAIL:  ${detail}`);
  if (hint !== undefined) lines.push(`HINT:  ${hint}`);
  return lines.join('\n');
}

/** The line of `position` and a caret under it. What is printed may end in a log, so secrets are left out. */
export function excerpt(source: string, position: number): string[] {
  const number = source.slice(0, position).split('\n').length;
  const label = `LINE ${number}: `;
  const shown = hideSecretsAt(source, position);
  const start = shown.text.lastIndexOf('\n', shown.position - 1) + 1;
  const end = shown.text.indexOf('\n', shown.position);
  const line = shown.text.slice(start, end < 0 ? undefined : end);
  return [label + line, ' '.repeat(label.length + shown.position - start) + '^'];
}
