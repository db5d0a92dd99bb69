/** A session's settings from its start-up packet. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { SessionOptions } from './session-api.ts';
import { Settings } from './settings.ts';

/** Unknown names are refused as PostgreSQL refuses them; `options='-c a=b'` is read too. */
export function openSettings(options: SessionOptions): Settings {
  const settings = new Settings(options.parameterChanged);
  settings.force('session_authorization', options.user);
  for (const [name, value] of options.parameters) {
    if (name === 'options') setFromOptions(settings, value);
    else settings.setDefault(name, value);
  }
  return settings;
}

/** `-c name=value`, `--name=value`; a backslash escapes a blank. */
function setFromOptions(settings: Settings, text: string): void {
  const words = [...text.matchAll(/(?:\\.|\S)+/g)].map((match) =>
    match[0].replaceAll(/\\(.)/g, '$1'),
  );
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const assignment = word === '-c' ? (words[++index] ?? '') : word.replace(/^(?:-c|--)/, '');
    const at = assignment.indexOf('=');
    if (at < 0) {
      throw new SqlError(
        sqlstate.syntaxError,
        `invalid command-line argument for server process: ${word}`,
        {
          severity: 'FATAL',
        },
      );
    }
    settings.setDefault(assignment.slice(0, at).replaceAll('-', '_'), assignment.slice(at + 1));
  }
}
