/**
 * ALTER TABLE … DROP COLUMN: the table without the columns, and what goes along as in PostgreSQL: constraints and
 * indexes over them and sequences that they own without a word; generated columns, views and sinks by CASCADE alone.
 */

import { must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { planPartDrop } from '../catalog/column-drop.ts';
import { numberOf, numbersOf } from '../catalog/column-numbers.ts';
import { cascadeNotice, type PartName } from '../catalog/dependency-errors.ts';
import { indexesOf } from '../catalog/indexes.ts';
import { quoteName } from '../catalog/names.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  IndexObject,
  TableObject,
} from '../catalog/objects.ts';
import { columnsUsing } from '../catalog/sequences.ts';
import type { Expr } from '../expr/expr.ts';
import { columnsRead } from '../plan/expressions.ts';
import type * as ast from '../syntax/ast.ts';
import { bindScalarSql } from './bind-scalar.ts';
import type { Binding } from './binding.ts';
import { usersOf } from './column-users.ts';

export type DropColumn = Extract<ast.AlterAction, { kind: 'drop-column' | 'drop-constraint' }>;

export interface WithoutColumns {
  readonly table: TableObject;
  /** What goes along, dependents first. */
  readonly dropped: readonly CatalogObject[];
}

/** What the columns of a table are known by while some of them go. */
interface Going {
  readonly table: TableObject;
  /** Ordinals. */
  readonly columns: Set<number>;
  readonly objects: Map<number, CatalogObject>;
}

/** One statement's DROP COLUMN, all together. The mark of when they went is filled in by whoever makes it so. */
export function dropColumns(
  table: TableObject,
  actions: readonly DropColumn[],
  binding: Binding,
): WithoutColumns {
  const going: Going = { table, columns: new Set(), objects: new Map() };
  for (const action of actions) dropOne(going, action, binding);
  if (going.columns.size === 0) return { table, dropped: [] };
  if (going.columns.size === table.columns.length) {
    throw notSupported('a table without columns', {
      hint: 'DROP TABLE takes all of it.',
      position: actions[0]!.span.start,
    });
  }
  for (const part of partsOf(going, binding)) going.objects.set(part.oid, part);
  refuseKeyLoss(going, actions[0]!, binding);
  return { table: without(going, binding), dropped: [...going.objects.values()] };
}

function dropOne(going: Going, action: DropColumn, binding: Binding): void {
  const { table } = going;
  const { name, span } = action.name;
  const ordinal = table.columns.findIndex((column) => column.name === name);
  if (ordinal < 0 || going.columns.has(ordinal)) {
    const message = `column "${name}" of relation "${table.name}" does not exist`;
    if (!action.ifExists) {
      throw new SqlError(sqlstate.undefinedColumn, message, { position: span.start });
    }
    binding.notice(`${message}, skipping`);
    return;
  }
  const part = (at: number): PartName => ({
    kind: 'column',
    name: table.columns[at]!.name,
    of: table,
  });
  const target = part(ordinal);
  const generated = generatedFrom(going, ordinal, binding);
  const lost = [ordinal, ...generated.map((each) => each.ordinal)];
  refuseWatermark(table, lost, span.start, binding);
  const path = binding.path();
  const visible = (object: CatalogObject): boolean => binding.catalog.isVisible(object, path);
  const cascade = action.behavior === 'cascade';
  const planned = planPartDrop(binding.catalog, {
    target,
    columns: generated.map((each) => ({ column: part(each.ordinal), on: part(each.from) })),
    users: lost.flatMap((at) => usersOfColumn(going, at, binding, part(at))),
    cascade,
    visible,
  });
  refuseSequenceLoss(going, lost, { cascade, position: span.start }, binding);
  for (const each of lost) going.columns.add(each);
  for (const object of planned.objects) going.objects.set(object.oid, object);
  const notice = cascadeNotice(planned.cascaded, visible);
  if (notice !== null) binding.notice(notice.message, notice);
}

function usersOfColumn(
  { table, objects }: Going,
  ordinal: number,
  binding: Binding,
  on: PartName,
): { readonly object: CatalogObject; readonly on: PartName }[] {
  const number = numberOf(table.columns, ordinal);
  return usersOf(table, binding)
    .filter(({ object, columns }) => !objects.has(object.oid) && columns?.has(number) !== false)
    .map(({ object }) => ({ object, on }));
}

/** Generated columns over the column, and over those in turn. */
function generatedFrom(
  { table, columns: gone }: Going,
  ordinal: number,
  binding: Binding,
): { readonly ordinal: number; readonly from: number }[] {
  const found: { ordinal: number; from: number }[] = [];
  const lost = new Set([...gone, ordinal]);
  table.columns.forEach((column, at) => {
    if (column.computedSql === null || lost.has(at)) return;
    const reads = readsOf(column.computedSql, table, binding);
    const from = [...lost].find((each) => !gone.has(each) && reads.has(each));
    if (from === undefined) return;
    lost.add(at);
    found.push({ ordinal: at, from });
  });
  return found;
}

/** The ordinals that an expression of the table names. */
export function readsOf(
  sql: string,
  { columns, name }: Pick<TableObject, 'columns' | 'name'>,
  binding: Binding,
): ReadonlySet<number> {
  const expr: Expr = bindScalarSql(sql, columns, binding.context, { relation: name });
  return columnsRead(expr);
}

/** Rows without event time would leave windows over the table without their meaning. */
function refuseWatermark(
  table: TableObject,
  lost: readonly number[],
  position: number,
  binding: Binding,
): void {
  const { watermark } = table;
  if (watermark === null) return;
  const reads = readsOf(watermark.sql, table, binding);
  const at = lost.find((ordinal) => ordinal === watermark.column || reads.has(ordinal));
  if (at === undefined) return;
  const column = `column ${quoteName(table.columns[at]!.name)} of table ${quoteName(table.name)}`;
  throw new SqlError(
    sqlstate.dependentObjectsStillExist,
    `cannot drop ${column} because the watermark of the table requires it`,
    { hint: 'Make the table anew without it.', position },
  );
}

/** A sequence that goes with its column may be the default of another. */
function refuseSequenceLoss(
  { table, columns: gone }: Going,
  lost: readonly number[],
  how: { readonly cascade: boolean; readonly position: number },
  { catalog }: Binding,
): void {
  const names = lost.map((ordinal) => table.columns[ordinal]!.name);
  for (const sequence of ownedBy(table, names, catalog.dependents(table.oid))) {
    for (const user of columnsUsing(catalog, sequence.oid)) {
      const at = table.columns.findIndex((column) => column.name === user.column.name);
      if (user.table.oid === table.oid && (lost.includes(at) || gone.has(at))) continue;
      const place = `column ${quoteName(user.column.name)} of table ${quoteName(user.table.name)}`;
      if (how.cascade) {
        throw notSupported('DROP … CASCADE of a sequence that a default needs', {
          hint: `ALTER TABLE ${quoteName(user.table.name)} ALTER COLUMN ${quoteName(user.column.name)} DROP DEFAULT first.`,
          position: how.position,
        });
      }
      throw new SqlError(
        sqlstate.dependentObjectsStillExist,
        `cannot drop column ${quoteName(names[0]!)} of table ${quoteName(table.name)} because other objects depend on it`,
        {
          detail: `default value for ${place} depends on sequence ${quoteName(sequence.name)}`,
          hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
        },
      );
    }
  }
}

function ownedBy(
  table: TableObject,
  columns: readonly string[],
  dependents: readonly CatalogObject[],
): readonly CatalogObject[] {
  return dependents.filter(
    (object) =>
      object.kind === 'sequence' &&
      object.owner?.relation === table.oid &&
      columns.includes(object.owner.column),
  );
}

/** Indexes and sequences that go without a word. */
function partsOf({ table, columns }: Going, { catalog }: Binding): readonly CatalogObject[] {
  const names = [...columns].map((ordinal) => table.columns[ordinal]!.name);
  const indexes = indexesOf(catalog, table.oid).filter((index) =>
    index.key.some((ordinal) => columns.has(ordinal)),
  );
  return [...indexes, ...ownedBy(table, names, catalog.dependents(table.oid))];
}

/** Plans of stored queries name the key, and may rely on it. */
function refuseKeyLoss(
  { table, columns, objects }: Going,
  action: DropColumn,
  binding: Binding,
): void {
  if (!table.primaryKey.some((ordinal) => columns.has(ordinal))) return;
  refuseKeyReaders(table, action.span.start, binding, objects);
}

/** 0A000 when a stored query reads a table that is to lose its primary key. `going`: what is dropped with it. */
export function refuseKeyReaders(
  table: TableObject,
  position: number,
  binding: Binding,
  going: ReadonlyMap<number, CatalogObject>,
): void {
  const [reader] = usersOf(table, binding).filter(({ object }) => !going.has(object.oid));
  if (reader === undefined) return;
  throw notSupported('dropping the primary key of a table that views or sinks read', {
    detail: `"${reader.object.name}" may rely on the key.`,
    hint: 'Drop what reads the table first, and create it again.',
    position,
  });
}

/** The table with the columns that stay, and all that names columns by ordinal moved. */
function without({ table, columns: gone }: Going, binding: Binding): TableObject {
  const place = places(table, gone);
  const numbers = numbersOf(table.columns);
  const keyGone = table.primaryKey.some((ordinal) => gone.has(ordinal));
  const columns = table.columns.flatMap((column, ordinal): readonly ColumnDefinition[] => {
    if (gone.has(ordinal)) return [];
    const notNull = column.notNull || (keyGone && table.primaryKey.includes(ordinal));
    return [{ ...column, notNull, number: numbers[ordinal]! }];
  });
  const dropped = [...gone].map((ordinal) => {
    const { name, added } = table.columns[ordinal]!;
    const number = numbers[ordinal]!;
    return { number, name, ...(added === undefined ? {} : { added }), dropped: 0 };
  });
  const { watermark } = table;
  const { keyName, keyMade, ...rest } = table;
  return {
    ...rest,
    ...(keyGone || keyName === undefined ? {} : { keyName }),
    ...(keyGone || keyMade === undefined ? {} : { keyMade }),
    columns,
    primaryKey: keyGone ? [] : table.primaryKey.map((ordinal) => place.get(ordinal)!),
    checks: table.checks.filter(({ sql }) => {
      const reads = readsOf(sql, table, binding);
      return ![...gone].some((ordinal) => reads.has(ordinal));
    }),
    watermark: watermark === null ? null : { ...watermark, column: place.get(watermark.column)! },
    dropped: [...(table.dropped ?? []), ...dropped],
  };
}

/** Old ordinal → new one. */
function places(table: TableObject, gone: ReadonlySet<number>): ReadonlyMap<number, number> {
  const staying = [...table.columns.keys()].filter((ordinal) => !gone.has(ordinal));
  return new Map(staying.map((ordinal, at) => [ordinal, at]));
}

/** An index of the table as it was, over the columns as they are: they may stand elsewhere and have other types. */
export function movedIndex(
  index: IndexObject,
  before: TableObject,
  after: TableObject,
): IndexObject {
  const numbers = numbersOf(after.columns);
  const key = index.key.map((ordinal) => {
    const at = numbers.indexOf(numberOf(before.columns, ordinal));
    return must(at < 0 ? undefined : at, `column of index ${index.name}`);
  });
  const columns = index.columns.map((column, i) => ({
    ...column,
    type: after.columns[key[i]!]!.type,
  }));
  return { ...index, key, columns };
}
