/** CREATE TYPE … AS ENUM and ALTER TYPE: the type's definition as it is to be. */

import { must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { CatalogObject, TypeObject } from '../catalog/objects.ts';
import { printString } from '../syntax/print-words.ts';
import type * as ast from '../syntax/ast.ts';
import { qualifiedName } from '../catalog/names.ts';
import type { EnumLabel } from '../types/enum-labels.ts';
import type { Binding } from './binding.ts';
import type { BoundAlter, BoundCreateType } from './bound-statement.ts';
import { missing } from './bind-drop.ts';
import { askingLabels, type LabelChange } from './enum-uses.ts';
import { findType, nameForCreation } from './relation-lookup.ts';
import { namedInSql, renameInDefinitions } from './rename-in-views.ts';

/** PostgreSQL keeps labels as names. */
const labelBytesMax = 63;

export function bindCreateType(statement: ast.CreateType, binding: Binding): BoundCreateType {
  const position = statement.span.start;
  const { definition } = statement;
  if (definition.kind !== 'enum') {
    throw notSupported(`CREATE TYPE of a ${definition.kind} type`, {
      hint:
        definition.kind === 'composite'
          ? 'Enums can be made; write ROW(…) in the column for a composite.'
          : 'Enums can be made.',
      position,
    });
  }
  const name = nameForCreation(binding, statement.name);
  const found = binding.catalog.find(name.schema, name.name);
  if (found !== undefined && hasRowType(found)) throw typeExists(name.name, position);
  const { labels } = definition;
  for (const [i, label] of labels.entries()) {
    checkLabel(label, position);
    if (labels.indexOf(label) !== i) {
      throw new SqlError(
        sqlstate.uniqueViolation,
        'duplicate key value violates unique constraint "pg_enum_typid_label_index"',
        { detail: `Label ${printString(label)} stands there more than once.`, position },
      );
    }
  }
  if (found !== undefined) throw typeExists(name.name, position);
  return { kind: 'create-type', ...name, labels };
}

/** An index or sequence has no type of its name; it takes the name here all the same. */
function hasRowType(object: CatalogObject): boolean {
  return object.kind !== 'index' && object.kind !== 'sequence';
}

/** The type with its labels in their order. `oid` gives out oids. */
export function newEnum(bound: BoundCreateType, oid: () => number): TypeObject {
  const own = oid();
  const arrayOid = oid();
  const labels = bound.labels.map((label, i) => ({ oid: oid(), label, order: i + 1 }));
  return typeObject({ oid: own, arrayOid, schema: bound.schema, name: bound.name, labels }, null);
}

function typeObject(
  definition: Pick<TypeObject, 'oid' | 'arrayOid' | 'schema' | 'name' | 'labels'>,
  comment: string | null,
): TypeObject {
  const { schema, name, labels } = definition;
  const list = labels.map(({ label }) => printString(label)).join(', ');
  const sql = `CREATE TYPE ${qualifiedName(schema, name)} AS ENUM (${list})`;
  return { ...definition, kind: 'type', columns: [], comment, sql };
}

export function bindAlterType(statement: ast.AlterStatement, binding: Binding): BoundAlter {
  const found = findType(binding, statement.name);
  if (found === undefined) throw missing('type', statement.name);
  let type = found.type;
  let others: readonly CatalogObject[] = [];
  for (const action of statement.actions) {
    switch (action.kind) {
      case 'add-value':
        type = withLabel(type, action, binding);
        if (type !== found.type) refuseAsked(type, 'add', action, binding);
        break;
      case 'rename-value':
        type = withRenamedLabel(type, action);
        refuseWritten(type, action, binding);
        refuseAsked(type, 'rename', action, binding);
        break;
      case 'rename':
      case 'set-schema': {
        const to =
          action.kind === 'rename'
            ? { schema: type.schema, name: action.to.name }
            : { schema: action.schema.name, name: type.name };
        const position = action.span.start;
        if (binding.catalog.schema(to.schema) === undefined) {
          throw new SqlError(sqlstate.invalidSchemaName, `schema "${to.schema}" does not exist`, {
            position,
          });
        }
        if (binding.catalog.find(to.schema, to.name) !== undefined) {
          throw typeExists(to.name, position);
        }
        const { schema, name } = type;
        others = renameInDefinitions(binding.catalog.objects(), (each) =>
          each.schema === schema && each.name === name ? to : null,
        );
        type = typeObject({ ...type, ...to }, type.comment);
        break;
      }
      case 'owner-to':
        break;
      default:
        throw notSupported('this form of ALTER TYPE', {
          hint: 'Values can be added and renamed, and the type renamed.',
          position: action.span.start,
        });
    }
  }
  const changed = type === found.type ? [] : [type];
  return { kind: 'alter', tag: 'ALTER TYPE', objects: [...changed, ...others], schemas: [] };
}

type AddValue = Extract<ast.AlterAction, { readonly kind: 'add-value' }>;
type RenameValue = Extract<ast.AlterAction, { readonly kind: 'rename-value' }>;

function withLabel(type: TypeObject, action: AddValue, binding: Binding): TypeObject {
  const { label, place } = action;
  const position = action.span.start;
  checkLabel(label, position);
  if (type.labels.some((each) => each.label === label)) {
    const message = `enum label "${label}" already exists`;
    if (!action.ifNotExists) throw new SqlError(sqlstate.duplicateObject, message, { position });
    binding.notice(`${message}, skipping`, { code: sqlstate.duplicateObject });
    return type;
  }
  let at = type.labels.length;
  if (place !== null) {
    const index = type.labels.findIndex((each) => each.label === place.of);
    if (index < 0) throw noLabel(place.of, position);
    at = place.side === 'before' ? index : index + 1;
  }
  const order = orderBetween(type.labels[at - 1], type.labels[at]);
  const oid = binding.catalog.allocateOid();
  const labels = [...type.labels.slice(0, at), { oid, label, order }, ...type.labels.slice(at)];
  return typeObject({ ...type, labels }, type.comment);
}

/** Stored values keep their numbers, so a new label gets one between those of its neighbours. */
function orderBetween(before: EnumLabel | undefined, after: EnumLabel | undefined): number {
  if (before === undefined) return after === undefined ? 1 : after.order - 1;
  if (after === undefined) return before.order + 1;
  const order = (before.order + after.order) / 2;
  if (order > before.order && order < after.order) return order;
  throw new SqlError(
    '54000',
    `there is no room for a label between "${before.label}" and "${after.label}"`,
    {
      hint: 'About fifty labels can be put into one place one after the other. Add it elsewhere.',
    },
  );
}

function withRenamedLabel(type: TypeObject, { from, to, span }: RenameValue): TypeObject {
  const position = span.start;
  checkLabel(to, position);
  if (!type.labels.some((each) => each.label === from)) throw noLabel(from, position);
  if (type.labels.some((each) => each.label === to)) {
    throw new SqlError(sqlstate.duplicateObject, `enum label "${to}" already exists`, { position });
  }
  const labels = type.labels.map((each) => (each.label === from ? { ...each, label: to } : each));
  return typeObject({ ...type, labels }, type.comment);
}

/** Views, defaults and checks keep labels as text, which would no longer be a value of the type. */
function refuseWritten(type: TypeObject, { from, span }: RenameValue, binding: Binding): void {
  const reading = binding.catalog.dependents(type.oid);
  const more = reading.flatMap((object) => binding.catalog.dependents(object.oid));
  for (const object of new Set([...reading, ...more])) {
    if (!namedInSql(object, from)) continue;
    const { name } = must(binding.catalog.byOid(object.oid), 'dependent object');
    throw notSupported('RENAME VALUE of a label that a definition names', {
      detail: `The text ${printString(from)} stands in the definition of "${name}".`,
      hint: 'Drop it, rename the value, and make it again.',
      position: span.start,
    });
  }
}

/** What was computed with the labels as they are must be taken back with the same ones. */
function refuseAsked(
  type: TypeObject,
  change: LabelChange,
  action: AddValue | RenameValue,
  { catalog, context }: Binding,
): void {
  const stored = { ...context, searchPath: [], parameterOids: [] };
  const found = askingLabels(catalog, type.oid, change, stored);
  if (found === undefined) return;
  const what = found.kind === 'materialized-view' ? 'materialized view' : found.kind;
  throw notSupported(`ALTER TYPE of labels that "${found.name}" has made results of`, {
    detail: `The ${what} turns labels into text or text into labels, and keeps what it has made.`,
    hint: `Drop the ${what}, alter the type, and make it again.`,
    position: action.span.start,
  });
}

function checkLabel(label: string, position: number): void {
  if (Buffer.byteLength(label) <= labelBytesMax) return;
  throw new SqlError(sqlstate.invalidName, `invalid enum label "${label}"`, {
    detail: `Labels must be ${labelBytesMax} bytes or less.`,
    position,
  });
}

function noLabel(label: string, position: number): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, `"${label}" is not an existing enum label`, {
    position,
  });
}

function typeExists(name: string, position: number): SqlError {
  return new SqlError(sqlstate.duplicateObject, `type "${name}" already exists`, { position });
}
