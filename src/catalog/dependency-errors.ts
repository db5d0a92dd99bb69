/** What PostgreSQL says when something cannot be dropped because something else needs it. */

import { SqlError, sqlstate } from '../base/errors.ts';
import { kindName, qualifiedName, quoteName } from './names.ts';
import type { CatalogObject, SchemaObject } from './objects.ts';

interface PartOf<K extends string> {
  readonly kind: K;
  readonly name: string;
  readonly of: CatalogObject;
}

/** A column or constraint of a table. */
export type PartName = PartOf<'column'> | PartOf<'constraint'>;

export type DroppedName = CatalogObject | SchemaObject | PartName;

/** PostgreSQL lists no more in a message to the client. */
const linesMax = 100;

/** 2BP01 with a line for each dependent object. */
export function dropBlocked(
  targets: readonly DroppedName[],
  reasons: readonly {
    readonly object: DroppedName;
    readonly on: DroppedName;
    /** Only this column of it. */
    readonly column?: string;
  }[],
  visible: (object: CatalogObject) => boolean,
): SqlError {
  const lines = reasons.map(
    ({ object, on, column }) =>
      `${column === undefined ? '' : `column ${quoteName(column)} of `}${describe(object, visible)} depends on ${describe(on, visible)}`,
  );
  const message =
    targets.length === 1
      ? `cannot drop ${describe(targets[0]!, visible)} because other objects depend on it`
      : 'cannot drop desired object(s) because other objects depend on them';
  return new SqlError(sqlstate.dependentObjectsStillExist, message, {
    detail: limited(lines),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

/** The NOTICE of a DROP … CASCADE that took more than was named; null when it did not. */
export function cascadeNotice(
  cascaded: readonly DroppedName[],
  visible: (object: CatalogObject) => boolean,
): { readonly message: string; readonly detail?: string } | null {
  if (cascaded.length === 0) return null;
  if (cascaded.length === 1) {
    return { message: `drop cascades to ${describe(cascaded[0]!, visible)}` };
  }
  const lines = cascaded.map((object) => `drop cascades to ${describe(object, visible)}`);
  return {
    message: `drop cascades to ${cascaded.length} other objects`,
    detail: limited(lines),
  };
}

function describe(object: DroppedName, visible: (object: CatalogObject) => boolean): string {
  if (object.kind === 'column' || object.kind === 'constraint') {
    const link = object.kind === 'column' ? 'of' : 'on';
    return `${object.kind} ${quoteName(object.name)} ${link} ${describe(object.of, visible)}`;
  }
  // What only goes outside was made by CREATE TABLE and is no source to anybody.
  const written = object.kind === 'source' && object.unreadable !== undefined;
  const kind = kindName(written ? 'table' : object.kind);
  if (object.kind === 'schema') return `${kind} ${quoteName(object.name)}`;
  const short = visible(object);
  return `${kind} ${short ? quoteName(object.name) : qualifiedName(object.schema, object.name)}`;
}

function limited(lines: readonly string[]): string {
  if (lines.length <= linesMax) return lines.join('\n');
  const rest = lines.length - linesMax;
  return [...lines.slice(0, linesMax), `and ${rest} other objects (see server log for list)`].join(
    '\n',
  );
}
