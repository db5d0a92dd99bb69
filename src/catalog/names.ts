/**
 * Names of relations: quoting, parsing `schema.name` texts as regclass casts write them, and the search
 * path. A search path is a list of schema names in order; `effectivePath` adds what PostgreSQL looks
 * through before it: the session's temporary schema and pg_catalog.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { quoteName } from '../base/identifier.ts';

export { quoteName } from '../base/identifier.ts';

/** How kinds of objects are called in messages. */
export type RelationKind =
  | 'table'
  | 'source'
  | 'view'
  | 'materialized-view'
  | 'virtual'
  | 'sink'
  | 'index'
  | 'sequence'
  | 'type'
  | 'schema';

/** `materialized view` and so on, as PostgreSQL's messages say it. */
export function kindName(kind: RelationKind): string {
  switch (kind) {
    case 'materialized-view':
      return 'materialized view';
    case 'virtual':
      return 'view';
    default:
      return kind;
  }
}

/** `schema.name`, each part quoted where needed. */
export function qualifiedName(schema: string, name: string): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** The schemas that are searched, in order: the temporary one, pg_catalog unless listed, the path. */
export function effectivePath(
  searchPath: readonly string[],
  temporarySchema: string | null = null,
): readonly string[] {
  const implicit: string[] = [];
  if (temporarySchema !== null && !searchPath.includes('pg_temp')) implicit.push(temporarySchema);
  if (!searchPath.includes('pg_catalog')) implicit.push('pg_catalog');
  const listed = searchPath.flatMap((name) =>
    name === 'pg_temp' ? (temporarySchema === null ? [] : [temporarySchema]) : [name],
  );
  return [...implicit, ...listed];
}

/** The list in a `search_path` setting: names unquoted or quoted, `"$user"` replaced by `user`. */
export function parseSearchPath(text: string, user: string): readonly string[] {
  const names = splitNames(text, ',');
  if (names === null) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `invalid value for parameter "search_path": "${text}"`,
      { detail: 'List syntax is invalid.' },
    );
  }
  return names.map((name) => (name === '$user' ? user : name));
}

/** The parts of a name such as `public."My table"`; 42602 when it is none. */
export function parseQualifiedName(text: string): readonly string[] {
  const parts = splitNames(text, '.');
  if (parts === null || parts.length === 0 || parts.length > 3) {
    throw new SqlError(sqlstate.invalidName, 'invalid name syntax');
  }
  return parts;
}

/** Names parted by `separator`, folded unless quoted; null when the syntax is wrong. */
function splitNames(text: string, separator: string): string[] | null {
  const names: string[] = [];
  let at = 0;
  const skipBlanks = (): void => {
    while (at < text.length && /\s/.test(text[at]!)) at++;
  };
  skipBlanks();
  if (at === text.length) return [];
  for (;;) {
    skipBlanks();
    const name = text[at] === '"' ? quoted() : plain();
    if (name === null) return null;
    names.push(name);
    skipBlanks();
    if (at === text.length) return names;
    if (text[at] !== separator) return null;
    at++;
  }

  function quoted(): string | null {
    let name = '';
    for (at++; at < text.length; at++) {
      if (text[at] !== '"') name += text[at]!;
      else if (text[at + 1] === '"') name += text[at++]!;
      else {
        at++;
        return name === '' ? null : name;
      }
    }
    return null;
  }

  function plain(): string | null {
    const start = at;
    while (at < text.length && text[at] !== separator && !/[\s"]/.test(text[at]!)) at++;
    return at === start ? null : text.slice(start, at).toLowerCase();
  }
}
