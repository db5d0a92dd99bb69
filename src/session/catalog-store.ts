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

const key = (oid: number): string => `object/${String(oid).padStart(10, '0')}`;

export class CatalogStore {
  readonly #store: Store;
  readonly #catalog: Catalog;

  constructor(store: Store, catalog: Catalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  /** Fills the catalog from the store. Throws when the directory is of a later version. */
  async load(): Promise<void> {
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
    const kept = put.filter((object) => object.kind === 'schema' || !isTemporary(object));
    const changes: StoreChange[] = [
      ...kept.map((object) => ({ key: key(object.oid), value: encodeObject(object) })),
      ...removed.map((oid) => ({ key: key(oid), value: null })),
      { key: nextOidKey, value: number(this.#catalog.nextOid) },
    ];
    await this.#store.commit(changes);
  }
}

/** Temporary views go with their session. */
function isTemporary(object: CatalogObject): boolean {
  return object.schema.startsWith('pg_temp_');
}

function number(value: number): Uint8Array {
  return new ByteWriter(4).uint32(value).take();
}
