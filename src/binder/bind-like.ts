/**
 * LIKE in CREATE TABLE: what INCLUDING takes over besides names, types and NOT NULL. As in PostgreSQL the
 * options count in the order written; parts that cannot be taken over are refused, never left out.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { must } from '../base/assert.ts';
import type {
  ColumnDefinition,
  IndexObject,
  RelationObject,
  SequenceObject,
  TableObject,
} from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import type { Binding } from './binding.ts';

const parts = [
  'comments',
  'constraints',
  'defaults',
  'generated',
  'identity',
  'indexes',
  // Nothing of these is kept here, so there is nothing to take over.
  'compression',
  'statistics',
  'storage',
] as const;

type Part = (typeof parts)[number];

/** The parts that a clause takes over. */
export function likeOptions(clause: ast.LikeClause): ReadonlySet<Part> {
  const taken = new Set<Part>();
  for (const option of clause.options) {
    const [word, what] = option.split(' ');
    const named = what === 'all' ? parts : parts.filter((part) => part === what);
    if (named.length === 0 || (word !== 'including' && word !== 'excluding')) {
      throw notSupported(`LIKE … ${option.toUpperCase()}`, {
        hint: 'Say it in the new definition.',
        position: clause.span.start,
      });
    }
    for (const part of named) {
      if (word === 'including') taken.add(part);
      else taken.delete(part);
    }
  }
  return taken;
}

/** One column of a table as it is in the copy; `plain` has its name, type and NOT NULL. */
export function likeColumn(
  column: ColumnDefinition,
  plain: ColumnDefinition,
  taken: ReadonlySet<Part>,
): ColumnDefinition {
  const { comment, computedSql, defaultSql, identity, sequence } = column;
  const copy = taken.has('comments') ? { ...plain, comment } : plain;
  if (column.source === 'computed') {
    return taken.has('generated') ? { ...copy, source: 'computed', computedSql } : copy;
  }
  if (identity !== undefined) return taken.has('identity') ? { ...copy, identity } : copy;
  if (!taken.has('defaults')) return copy;
  return { ...copy, defaultSql, ...(sequence === undefined ? {} : { sequence }) };
}

/** What a source would take over, or give, beyond plain columns. */
export function refuseLikeOfSource(
  object: RelationObject,
  taken: ReadonlySet<Part>,
  position: number,
): void {
  if (object.kind !== 'table' && object.kind !== 'source') return;
  const refuse = (what: Part): never => {
    throw notSupported(`LIKE … INCLUDING ${what.toUpperCase()} with a source`, {
      hint: 'Leave it out, and say it in the new definition.',
      position,
    });
  };
  for (const { source, identity, defaultSql } of object.columns) {
    if (taken.has('generated') && source !== 'physical') refuse('generated');
    if (taken.has('identity') && identity !== undefined) refuse('identity');
    if (taken.has('defaults') && identity === undefined && defaultSql !== null) refuse('defaults');
  }
  if (object.kind !== 'table') return;
  if (taken.has('constraints') && object.checks.length > 0) refuse('constraints');
  if (taken.has('indexes') && object.primaryKey.length > 0) refuse('indexes');
}

/** The options that make a sequence like that of an identity column. */
export function likeSequence(
  column: ColumnDefinition,
  { catalog }: Binding,
  span: ast.SequenceOption['span'],
): {
  readonly options: readonly ast.SequenceOption[];
  readonly dataType: SequenceObject['dataType'];
} {
  const object = catalog.byOid(must(column.sequence, 'sequence of an identity column'));
  if (object?.kind !== 'sequence') {
    throw new SqlError(sqlstate.undefinedObject, `column "${column.name}" has lost its sequence`);
  }
  const { increment, min, max, start, cache, cycle, dataType } = object;
  const values: readonly (readonly [string, string])[] = [
    ['increment', increment],
    ['minvalue', min],
    ['maxvalue', max],
    ['start', start],
    ['cache', cache],
    ...(cycle ? [['cycle', 'true'] as const] : []),
  ];
  return { options: values.map(([name, value]) => ({ name, value, span })), dataType };
}

/** The indexes of a table, those of UNIQUE among them, oldest first. */
export function likeIndexes(table: TableObject, { catalog }: Binding): readonly IndexObject[] {
  return catalog
    .dependents(table.oid)
    .filter((each): each is IndexObject => each.kind === 'index' && each.relation === table.oid)
    .sort((a, b) => a.oid - b.oid);
}
