/** TUMBLE_START and its family: the columns of an older Flink window in GROUP BY. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { Scope } from './scope.ts';

const namePattern = /^(tumble|hop|session)_(start|end|rowtime|proctime)$/;

/** The column that `tumble_start(…)` and so on stand for; null for every other name. */
export function groupWindowColumn(name: string, scope: Scope, at: number): Expr | null {
  const match = namePattern.exec(name);
  if (match === null) return null;
  const [, fn, part] = match;
  if (part === 'proctime') {
    throw notSupported(name.toUpperCase(), {
      hint: 'Use a window function of time in FROM over a processing-time column.',
      position: at,
    });
  }
  const window = scope.level.groupWindow;
  if (window === null || window.fn !== fn) {
    throw new SqlError(
      sqlstate.groupingError,
      `${name.toUpperCase()} needs ${fn!.toUpperCase()} in GROUP BY`,
      { position: at },
    );
  }
  const offset = part === 'start' ? 0 : part === 'end' ? 1 : 2;
  return { kind: 'column', index: window.startColumn + offset, type: window.type, at };
}
