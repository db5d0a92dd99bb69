/**
 * The durable catalog: one entry an object in a store of its own, apart from operator state. A definition is
 * acknowledged only when it is flushed.
 */

import { assert } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { CatalogObject, SchemaObject } from '../catalog/objects.ts';
import { decodeObject, encodeObject } from '../catalog/store.ts';
import type { Store, StoreChange } from '../state/store.ts';

/** Version of the whole data directory: a newer one is refused and left untouched. */
const directoryVersion = 1;
const versionKey = 'meta/version';
const nextOidKey = 'meta/next-oid';
/** In the store of state. */
const pendingKey = 'definition/pending';
const pendingVersion = 1;

const key = (oid: number): string => `object/${String(oid).padStart(10, '0')}`;

export class CatalogStore {
  readonly #store: Store;
  readonly #catalog: Catalog;

  constructor(store: Store, catalog: Catalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  /**
   * Fills the catalog from the store, after what `state` holds of a definition that was not finished. Throws when the
   * directory is of a later version.
   */
  async load(state: Store): Promise<void> {
    const version = this.#store.get(versionKey);
    if (version === undefined) {
      await this.#store.commit([{ key: versionKey, value: number(directoryVersion) }]);
      return;
    }
    const found = new ByteReader(version).uint32();
    if (found > directoryVersion) {
      throw new SqlError(
        sqlstate.objectNotInPrerequisiteState,
        `the data directory has version ${found}, this program reads up to ${directoryVersion}`,
        { hint: 'Start it with the release that wrote it, or a later one. Nothing was changed.' },
      );
    }
    assert(found === directoryVersion, `data directory version ${found}`);
    const pending = state.get(pendingKey);
    if (pending !== undefined) {
      await this.#store.commit(decodeChanges(pending));
      await state.commit([{ key: pendingKey, value: null }]);
    }
    const schemas: SchemaObject[] = [];
    const objects: CatalogObject[] = [];
    for (const [, value] of this.#store.range('object/', 'object0')) {
      const object = decodeObject(value, this.#catalog.enums);
      if (object.kind === 'schema') schemas.push(object);
      else objects.push(object);
    }
    const next = this.#store.get(nextOidKey);
    this.#catalog.load(schemas, objects, next === undefined ? 0 : new ByteReader(next).uint32());
  }

  /** Writes and deletes objects in one transaction; resolves when it is durable. */
  async save(
    put: readonly (CatalogObject | SchemaObject)[],
    removed: readonly number[] = [],
  ): Promise<void> {
    await this.#store.commit(this.#changes(put, removed));
  }

  /**
   * The same as a change of the store of state, which is committed together with rows that only fit the new
   * definitions. If `save` does not come to its end, the next start does it instead.
   */
  pending(
    put: readonly (CatalogObject | SchemaObject)[],
    removed: readonly number[] = [],
  ): StoreChange {
    return { key: pendingKey, value: encodeChanges(this.#changes(put, removed)) };
  }

  #changes(
    put: readonly (CatalogObject | SchemaObject)[],
    removed: readonly number[],
  ): readonly StoreChange[] {
    const kept = put.filter((object) => object.kind === 'schema' || !isTemporary(object));
    return [
      ...kept.map((object) => ({ key: key(object.oid), value: encodeObject(object) })),
      ...removed.map((oid) => ({ key: key(oid), value: null })),
      { key: nextOidKey, value: number(this.#catalog.nextOid) },
    ];
  }
}

function encodeChanges(changes: readonly StoreChange[]): Uint8Array {
  const writer = new ByteWriter();
  writer.uint8(pendingVersion).varint(changes.length);
  for (const { key: name, value } of changes) {
    writer.text(name).uint8(value === null ? 0 : 1);
    if (value !== null) writer.varint(value.length).bytes(value);
  }
  return writer.take();
}

function decodeChanges(bytes: Uint8Array): StoreChange[] {
  const reader = new ByteReader(bytes);
  const found = reader.uint8();
  assert(found === pendingVersion, `pending definition of version ${found}`);
  return Array.from({ length: reader.varint() }, () => {
    const name = reader.text();
    const value = reader.uint8() === 0 ? null : reader.bytes(reader.varint());
    return { key: name, value };
  });
}

/** Temporary views go with their session. */
function isTemporary(object: CatalogObject): boolean {
  return object.schema.startsWith('pg_temp_');
}

function number(value: number): Uint8Array {
  return new ByteWriter(4).uint32(value).take();
}
