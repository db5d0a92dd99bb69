/**
 * The catalog in memory: objects by oid and by name, schemas, what depends on what. Objects are immutable
 * values, so `snapshot` and `restore` are cheap and a statement that fails leaves nothing behind. Each
 * change raises `version`, by which cached plans know that they are old. Making it durable is the caller's
 * part (store.ts has the bytes); nothing here waits.
 */

import { assert, must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { dropBlocked, type DroppedName } from './dependency-errors.ts';
import { isPartOf } from './objects.ts';
import type {
  CatalogObject,
  RelationObject,
  SchemaObject,
  TypeObject,
  VirtualRelation,
} from './objects.ts';
import { EnumRegistry } from '../types/enum-labels.ts';
import { enumsIn } from '../types/enum-types.ts';
import { typeFromOid } from '../types/oid.ts';
import { arrayOf, enumOf, type SqlType } from '../types/sql-type.ts';

/** The first oid of users' objects, as in PostgreSQL. */
export const firstUserOid = 16384;

/** What everything was at one time. */
export interface CatalogSnapshot {
  readonly objects: ReadonlyMap<number, CatalogObject>;
  readonly schemas: ReadonlyMap<number, SchemaObject>;
  readonly nextOid: number;
}

/** Objects that a DROP takes away: dependents before what they depend on. */
export interface DropPlan {
  readonly objects: readonly CatalogObject[];
  readonly schemas: readonly SchemaObject[];
  /** Those that were not named, but go by CASCADE; for the notice. */
  readonly cascaded: readonly CatalogObject[];
}

export class Catalog {
  #objects = new Map<number, CatalogObject>();
  #schemas = new Map<number, SchemaObject>();
  /** Schema name → object name → oid. */
  #names = new Map<string, Map<string, number>>();
  #schemaNames = new Map<string, number>();
  /** What the types of columns and expressions know of their labels. */
  readonly enums = new EnumRegistry();
  #nextOid = firstUserOid;
  #version = 0;

  constructor() {
    for (const schema of builtInSchemas) this.#putSchema(schema);
  }

  /** Rises with each change of any object. */
  get version(): number {
    return this.#version;
  }

  /** The oid that the next object gets; stored, so that oids are never used twice. */
  get nextOid(): number {
    return this.#nextOid;
  }

  /** A fresh oid for an object about to be created. */
  allocateOid(): number {
    return this.#nextOid++;
  }

  // ── reading

  byOid(oid: number): CatalogObject | undefined {
    return this.#objects.get(oid);
  }

  find(schema: string, name: string): CatalogObject | undefined {
    const oid = this.#names.get(schema)?.get(name);
    return oid === undefined ? undefined : this.#objects.get(oid);
  }

  /** The relation, sink, index or sequence of that name in the first schema of `path` that has one. */
  findInPath(path: readonly string[], name: string): CatalogObject | undefined {
    for (const schema of path) {
      const found = this.find(schema, name);
      if (found !== undefined && found.kind !== 'type') return found;
    }
    return undefined;
  }

  /** The type of that name in the first schema of `path` that has one. */
  findTypeInPath(path: readonly string[], name: string): TypeObject | undefined {
    for (const schema of path) {
      const found = this.find(schema, name);
      if (found?.kind === 'type') return found;
    }
    return undefined;
  }

  /** All types that users made, by oid. */
  types(): readonly TypeObject[] {
    return this.objects().filter((object) => object.kind === 'type');
  }

  /** The type of an oid, users' own and their arrays among them; null when it can be no value's type. */
  typeOfOid(oid: number): SqlType | null {
    if (oid < firstUserOid) return typeFromOid(oid);
    const type = this.byOid(oid);
    if (type?.kind === 'type') return enumOf(this.enums.of(oid));
    const element = this.types().find((each) => each.arrayOid === oid);
    return element === undefined ? null : arrayOf(enumOf(this.enums.of(element.oid)));
  }

  /** Whether a name is found along the path without its schema. */
  isVisible(object: CatalogObject, path: readonly string[]): boolean {
    const { kind, name } = object;
    const found = kind === 'type' ? this.findTypeInPath(path, name) : this.findInPath(path, name);
    return found?.oid === object.oid;
  }

  schema(name: string): SchemaObject | undefined {
    const oid = this.#schemaNames.get(name);
    return oid === undefined ? undefined : this.#schemas.get(oid);
  }

  schemaByOid(oid: number): SchemaObject | undefined {
    return this.#schemas.get(oid);
  }

  /** All schemas, by oid. */
  schemas(): readonly SchemaObject[] {
    return [...this.#schemas.values()].sort((a, b) => a.oid - b.oid);
  }

  /** All objects, by oid: an object comes after what it was made from. */
  objects(): readonly CatalogObject[] {
    return [...this.#objects.values()].sort((a, b) => a.oid - b.oid);
  }

  /** All that has rows to read, by oid. */
  relations(): readonly RelationObject[] {
    return this.objects().filter(
      (object): object is RelationObject =>
        object.kind !== 'sink' &&
        object.kind !== 'index' &&
        object.kind !== 'sequence' &&
        object.kind !== 'type',
    );
  }

  objectsIn(schema: string): readonly CatalogObject[] {
    const oids = [...(this.#names.get(schema)?.values() ?? [])];
    return oids.map((oid) => must(this.#objects.get(oid), `object ${oid}`));
  }

  /** Objects whose definition names `oid` directly, by oid. */
  dependents(oid: number): readonly CatalogObject[] {
    return this.objects().filter((object) => dependenciesOf(object).includes(oid));
  }

  // ── changing

  /** Adds an object. 42P07 when its name is taken, 3F000 when its schema does not exist. */
  create(object: CatalogObject): void {
    this.checkNameFree(object.schema, object.name);
    assert(!this.#objects.has(object.oid), `oid ${object.oid} is taken`);
    this.#put(object);
  }

  /** 42P07 when a relation of that name exists, 3F000 when the schema does not. */
  checkNameFree(schema: string, name: string): void {
    if (!this.#schemaNames.has(schema) && !isTemporarySchema(schema)) throw noSchema(schema);
    const found = this.find(schema, name);
    if (found?.kind === 'type') throw typeExists(name);
    if (found !== undefined) {
      throw new SqlError(sqlstate.duplicateTable, `relation "${name}" already exists`, {
        schema,
        table: name,
      });
    }
  }

  /** Puts a new definition in the place of the object with its oid; the name may change. */
  replace(object: CatalogObject): void {
    const before = must(this.#objects.get(object.oid), `object ${object.oid}`);
    if (before.schema !== object.schema || before.name !== object.name) {
      this.checkNameFree(object.schema, object.name);
    }
    this.#names.get(before.schema)?.delete(before.name);
    this.#put(object);
  }

  createSchema(schema: SchemaObject): void {
    if (this.#schemaNames.has(schema.name)) {
      throw new SqlError(sqlstate.duplicateSchema, `schema "${schema.name}" already exists`);
    }
    this.#putSchema(schema);
  }

  /** Changes the comment or the name of a schema; its objects move along. */
  replaceSchema(schema: SchemaObject): void {
    const before = must(this.#schemas.get(schema.oid), `schema ${schema.oid}`);
    if (before.name !== schema.name) {
      if (this.#schemaNames.has(schema.name)) {
        throw new SqlError(sqlstate.duplicateSchema, `schema "${schema.name}" already exists`);
      }
      const objects = this.objectsIn(before.name);
      this.#names.delete(before.name);
      this.#schemaNames.delete(before.name);
      for (const object of objects) this.#put({ ...object, schema: schema.name });
    }
    this.#putSchema(schema);
  }

  /** A relation whose rows are made on demand; its oid is the maker's choice, below 16384. */
  registerVirtual(relation: VirtualRelation): void {
    assert(relation.oid < firstUserOid, `virtual relation ${relation.name} has a user's oid`);
    assert(this.#schemaNames.has(relation.schema), `schema ${relation.schema} does not exist`);
    this.create(relation);
  }

  /**
   * What dropping these takes. Throws 2BP01 when something else depends on them and `cascade` is off.
   * `visible` says whether a name needs no schema in messages.
   */
  planDrop(
    targets: readonly (CatalogObject | SchemaObject)[],
    cascade: boolean,
    visible: (object: CatalogObject) => boolean,
  ): DropPlan {
    const schemas = targets.filter((target) => target.kind === 'schema');
    const named = targets.filter((target) => target.kind !== 'schema');
    const chosen = new Set(named.map((target) => target.oid));
    const reasons: { object: CatalogObject; on: DroppedName; column?: string }[] = [];
    const columns: { object: CatalogObject; on: DroppedName; column: string }[] = [];
    const reported = new Set<number>(chosen);
    const report = (object: CatalogObject, on: DroppedName): void => {
      if (reported.has(object.oid)) return;
      reported.add(object.oid);
      reasons.push({ object, on });
    };
    const order: CatalogObject[] = [];
    const seen = new Set<number>();
    const take = (object: CatalogObject): void => {
      if (seen.has(object.oid)) return;
      seen.add(object.oid);
      for (const dependent of this.dependents(object.oid)) {
        const owned = object.kind === 'type' ? columnsOf(dependent, object.oid) : [];
        if (owned.length > 0) {
          for (const column of owned) columns.push({ object: dependent, on: object, column });
          // A table would only lose the column.
          continue;
        }
        if (!isPartOf(dependent)) report(dependent, object);
        take(dependent);
      }
      order.push(object);
    };
    for (const target of named) take(target);
    for (const schema of schemas) {
      const objects = this.objectsIn(schema.name);
      for (const object of objects) report(object, schema);
      objects.forEach(take);
    }
    const losing = columns.filter(({ object }) => !seen.has(object.oid));
    reasons.push(...losing);
    if (losing.length > 0 && cascade) throw columnLost(losing[0]!.object, losing[0]!.column);
    if (reasons.length > 0 && !cascade) throw dropBlocked(targets, reasons, visible);
    const cascaded = order.filter((object) => !chosen.has(object.oid) && !isPartOf(object));
    return { objects: order, schemas, cascaded: cascaded.sort((a, b) => a.oid - b.oid) };
  }

  /** Takes the objects of a plan away. */
  drop(plan: DropPlan): void {
    for (const object of plan.objects) {
      this.#objects.delete(object.oid);
      this.#names.get(object.schema)?.delete(object.name);
    }
    for (const schema of plan.schemas) {
      this.#schemas.delete(schema.oid);
      this.#schemaNames.delete(schema.name);
      this.#names.delete(schema.name);
    }
    this.#version++;
  }

  // ── whole states

  snapshot(): CatalogSnapshot {
    return {
      objects: new Map(this.#objects),
      schemas: new Map(this.#schemas),
      nextOid: this.#nextOid,
    };
  }

  /** Goes back to a snapshot, for a statement or transaction that failed. Oids are not given out again. */
  restore(snapshot: CatalogSnapshot): void {
    this.#clear();
    for (const schema of snapshot.schemas.values()) this.#putSchema(schema);
    for (const object of snapshot.objects.values()) this.#put(object);
    this.#nextOid = Math.max(this.#nextOid, snapshot.nextOid);
  }

  /** At start: puts stored objects beside the built-in ones, and goes on with stored oids. */
  load(schemas: readonly SchemaObject[], objects: readonly CatalogObject[], nextOid: number): void {
    for (const schema of schemas) this.#putSchema(schema);
    for (const object of objects) this.create(object);
    const highest = Math.max(0, ...this.#objects.keys(), ...this.#schemas.keys());
    this.#nextOid = Math.max(this.#nextOid, nextOid, highest + 1);
  }

  #clear(): void {
    this.#objects = new Map();
    this.#schemas = new Map();
    this.#names = new Map();
    this.#schemaNames = new Map();
  }

  #put(object: CatalogObject): void {
    this.#objects.set(object.oid, object);
    const names = this.#names.get(object.schema) ?? new Map<string, number>();
    names.set(object.name, object.oid);
    this.#names.set(object.schema, names);
    if (object.kind === 'type') this.enums.define(object);
    this.#version++;
  }

  #putSchema(schema: SchemaObject): void {
    this.#schemas.set(schema.oid, schema);
    this.#schemaNames.set(schema.name, schema.oid);
    if (!this.#names.has(schema.name)) this.#names.set(schema.name, new Map());
    this.#version++;
  }
}

/** The columns of a table or source that are of the type. */
function columnsOf(object: CatalogObject, type: number): readonly string[] {
  if (object.kind !== 'table' && object.kind !== 'source') return [];
  return object.columns
    .filter((column) => enumsIn(column.type).includes(type))
    .map((column) => column.name);
}

function columnLost({ name }: CatalogObject, column: string): SqlError {
  return notSupported('DROP TYPE … CASCADE of a type that a table has columns of', {
    detail: `Column "${column}" of "${name}" is of the type.`,
    hint: 'Drop the column or the table first.',
  });
}

/** Oids of the objects that this one's definition names. */
export function dependenciesOf(object: CatalogObject): readonly number[] {
  switch (object.kind) {
    case 'view':
    case 'materialized-view':
    case 'sink':
      return [...object.dependsOn, ...object.columns.flatMap((column) => enumsIn(column.type))];
    case 'index':
      return [object.relation];
    case 'sequence':
      return object.owner === null ? [] : [object.owner.relation];
    case 'table':
    case 'source':
      return object.columns.flatMap((column) => enumsIn(column.type));
    case 'type':
    case 'virtual':
      return [];
  }
}

/** Schemas that every engine has; users make nothing in them but in public. */
export const builtInSchemas: readonly SchemaObject[] = [
  { kind: 'schema', oid: 11, name: 'pg_catalog', comment: 'system catalog schema' },
  { kind: 'schema', oid: 2200, name: 'public', comment: 'standard public schema' },
  { kind: 'schema', oid: 13000, name: 'information_schema', comment: null },
  { kind: 'schema', oid: 13001, name: 'millrace', comment: 'what the engine knows of itself' },
];

export function isSystemSchema(name: string): boolean {
  return name === 'pg_catalog' || name === 'information_schema' || name === 'millrace';
}

/** Temporary schemas come into being with their first object. */
export function isTemporarySchema(name: string): boolean {
  return name.startsWith('pg_temp_');
}

/** A relation has a type of its name, too. */
function typeExists(name: string): SqlError {
  return new SqlError(sqlstate.duplicateObject, `type "${name}" already exists`, {
    hint: "A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type.",
  });
}

function noSchema(name: string): SqlError {
  return new SqlError(sqlstate.invalidSchemaName, `schema "${name}" does not exist`);
}
