/**
 * Catalog objects as bytes for the durable catalog: a version, then JSON in UTF-8. Maps become lists of
 * pairs, so no text of a user is ever an object key. A later version reads the bytes of every earlier one;
 * bytes of a later version are refused.
 */

import { assert } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { EnumRegistry } from '../types/enum-labels.ts';
import { withEnums } from '../types/enum-types.ts';
import type { CatalogObject, SchemaObject } from './objects.ts';

const version = 1;

export type StoredObject = CatalogObject | SchemaObject;

/** The bytes of an object. */
export function encodeObject(object: StoredObject): Uint8Array {
  const text = Buffer.from(JSON.stringify(object, mapsToPairs), 'utf8');
  const bytes = new Uint8Array(text.length + 1);
  bytes[0] = version;
  bytes.set(text, 1);
  return bytes;
}

/** The object in `bytes`; XX001 when they are not ours, 55000 when a newer release wrote them. */
export function decodeObject(bytes: Uint8Array, enums: EnumRegistry): StoredObject {
  const found = bytes[0];
  if (found === undefined || found === 0) throw damaged('the entry is empty');
  if (found > version) {
    throw new SqlError(
      sqlstate.objectNotInPrerequisiteState,
      `the catalog was written by a newer release (catalog version ${found})`,
      { hint: `This release reads catalog versions up to ${version}.` },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(1)));
  } catch {
    throw damaged('the entry cannot be read');
  }
  return toObject(withEnums(value, enums));
}

function mapsToPairs(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...(value as Map<unknown, unknown>)] : value;
}

function toObject(value: unknown): StoredObject {
  const fields = recordOf(value);
  for (const name of ['oid', 'name', 'kind'] as const) {
    if (!(name in fields)) throw damaged(`the entry has no ${name}`);
  }
  assert(Number.isSafeInteger(fields['oid']), 'the oid of a stored object is a whole number');
  switch (fields['kind']) {
    case 'source':
      return {
        ...fields,
        options: toMap(fields['options'], isText),
        formatOptions: toMap(fields['formatOptions'], isText),
        startPositions: toMap(fields['startPositions'], isNumber),
      } as unknown as CatalogObject;
    case 'sink':
      return {
        ...fields,
        options: toMap(fields['options'], isText),
        formatOptions: toMap(fields['formatOptions'], isText),
      } as unknown as CatalogObject;
    case 'schema':
    case 'table':
    case 'view':
    case 'materialized-view':
    case 'virtual':
    case 'index':
    case 'sequence':
    case 'type':
      return fields as unknown as StoredObject;
    default:
      throw damaged(`the entry has the unknown kind ${String(fields['kind'])}`);
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damaged('the entry is no object');
  }
  return value as Record<string, unknown>;
}

function toMap<T>(value: unknown, check: (item: unknown) => item is T): Map<string, T> {
  if (!Array.isArray(value)) throw damaged('a list of pairs is missing');
  return new Map(
    value.map((pair: unknown): [string, T] => {
      if (!Array.isArray(pair) || pair.length !== 2) throw damaged('a pair has not two parts');
      const [name, item] = pair as [unknown, unknown];
      if (!isText(name) || !check(item)) throw damaged('a pair holds the wrong types');
      return [name, item];
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function damaged(what: string): SqlError {
  return new SqlError(sqlstate.dataCorrupted, `the stored catalog is damaged: ${what}`);
}
