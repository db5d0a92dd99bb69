/**
 * Where the values of a record go: for each key of the record's object the column that takes its value, or,
 * for a composite column of which only fields are read, the same for each key inside. The tree is made once a
 * decoder; the slow path walks it, and shapes are flattened along it.
 */

import { must } from '../base/assert.ts';
import { fieldKey } from '../types/sql-type.ts';
import type { RowType, SqlType } from '../types/sql-type.ts';
import type { DecoderOptions, FieldPath } from './format.ts';
import type { JsonNode } from './json-parse.ts';
import type { SeenMember } from './json-shape.ts';

/** What becomes of the value of one key. */
export type JsonTarget =
  | { readonly kind: 'column'; readonly column: number }
  | {
      readonly kind: 'fields';
      readonly type: RowType;
      readonly nullable: boolean;
      /** A Map: keys like __proto__ are ordinary. */
      readonly fields: ReadonlyMap<string, JsonTarget>;
      /** Every column below. */
      readonly columns: readonly number[];
    };

export interface RootTarget {
  /** JSON key. */
  readonly name: string;
  readonly target: JsonTarget;
}

/** One column that the decoder fills or checks. */
export interface ColumnRequest extends FieldPath {
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly stored: boolean;
}

/** All that a decoder reads: columns, then fields, then what is only checked. */
export function requestsOf(options: DecoderOptions): ColumnRequest[] {
  const request = ({ ordinal, path }: FieldPath, stored: boolean): ColumnRequest => {
    const field = must(options.schema[ordinal], `column ${ordinal}`);
    let type = field.type;
    for (const index of path) type = must((type as RowType).fields[index], 'a field').type;
    return { ordinal, path, type, nullable: path.length > 0 || field.nullable, stored };
  };
  const columns = options.columns.map((ordinal) => ({ ordinal, path: [] }));
  return [
    ...[...columns, ...(options.fields ?? [])].map((each) => request(each, true)),
    ...(options.checked ?? []).map((each) => request(each, false)),
  ];
}

/** The targets of the record's keys, in order of declaration. */
export function rootTargets(
  options: DecoderOptions,
  requests: readonly ColumnRequest[],
): RootTarget[] {
  const roots: RootTarget[] = [];
  for (const [ordinal, field] of options.schema.entries()) {
    const own = [...requests.entries()].filter(([, request]) => request.ordinal === ordinal);
    if (own.length === 0) continue;
    const target = targetOf(field.type, field.nullable, own, 0);
    roots.push({ name: options.keys[ordinal]!, target });
  }
  return roots;
}

function targetOf(
  type: SqlType,
  nullable: boolean,
  requests: readonly (readonly [number, ColumnRequest])[],
  depth: number,
): JsonTarget {
  const whole = requests.find(([, { path }]) => path.length === depth);
  if (whole !== undefined) return { kind: 'column', column: whole[0] };
  const { fields } = type as RowType;
  const targets = new Map<string, JsonTarget>();
  for (const [index, field] of fields.entries()) {
    const own = requests.filter(([, { path }]) => path[depth] === index);
    if (own.length > 0) targets.set(fieldKey(field), targetOf(field.type, true, own, depth + 1));
  }
  const columns = requests.map(([column]) => column);
  return { kind: 'fields', type: type as RowType, nullable, fields: targets, columns };
}

/** One key of an object and its value. */
export type Member = readonly [key: string, node: JsonNode];

/**
 * The members of a record as its shape has them: objects whose fields are read one by one are seen through,
 * and where such an object is null, that is part of the text between the values. The last of equal keys counts.
 */
export function seenMembers(
  members: readonly Member[],
  targets: ReadonlyMap<string, JsonTarget>,
  into: SeenMember[],
): void {
  const last = new Map(members.map(([key], index) => [key, index]));
  for (const [index, [key, node]] of members.entries()) {
    const target = last.get(key) === index ? targets.get(key) : undefined;
    if (target?.kind === 'fields') {
      if (node.kind === 'object') seenMembers(node.members, target.fields, into);
      continue;
    }
    const { start, end, kind } = node;
    into.push({ start, end, column: target?.column ?? -1, kind });
  }
}

/** The value of the last member of that key; null: there is none. */
export function lastMember(members: readonly Member[], key: string): JsonNode | null {
  for (let index = members.length - 1; index >= 0; index--) {
    if (members[index]![0] === key) return members[index]![1];
  }
  return null;
}
