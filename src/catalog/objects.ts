/** What the catalog holds, as plain data. Everything here can be written to the store and read back. */

import type { OptionValues } from '../formats/options.ts';
import type { EnumDefinition } from '../types/enum-labels.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface ColumnDefinition {
  readonly name: string;
  /** The spelling of the declaration, which is the JSON key (`userId` declares column userid, key userId). */
  readonly declaredName: string;
  readonly type: SqlType;
  readonly notNull: boolean;
  /** SQL text of the default, or null. */
  readonly defaultSql: string | null;
  /**
   * physical: read from the record or stored; computed: `computedSql` over the other columns; metadata:
   * `metadataKey` of the connector (partition, offset, timestamp, key, topic, header:<name>…).
   */
  readonly source: 'physical' | 'computed' | 'metadata';
  readonly computedSql: string | null;
  readonly metadataKey: string | null;
  readonly comment: string | null;
  /** Oid of the sequence whose next value is the default; `defaultSql` names it by its oid. */
  readonly sequence?: number;
  /** GENERATED … AS IDENTITY. */
  readonly identity?: 'always' | 'by-default';
  /**
   * ALTER TABLE added it when this oid was the next one: stored queries with a lower oid do not see it, and go on
   * meaning what they meant.
   */
  readonly added?: number;
  /** The same for NOT NULL that ALTER TABLE made. */
  readonly notNullMade?: number;
  /** Its number where columns before it are gone, else its ordinal: stored queries and clients know it by that. */
  readonly number?: number;
}

/** A column that ALTER TABLE took away. Stored queries that are older have it in their scans, where nobody reads it. */
export interface DroppedColumn {
  readonly number: number;
  readonly name: string;
  readonly added?: number;
  /** The oid that was the next one when it went. */
  readonly dropped: number;
}

export interface WatermarkDefinition {
  /** Ordinal of the event-time column. */
  readonly column: number;
  /** SQL text of the watermark expression over the relation's columns, e.g. `ts - INTERVAL '5 seconds'`. */
  readonly sql: string;
}

interface ObjectBase {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly comment: string | null;
  /** The statement that made it, printed without secrets. */
  readonly sql: string;
}

/** CREATE TABLE without a connector: rows are kept, changed by INSERT, UPDATE and DELETE. */
export interface TableObject extends ObjectBase {
  readonly kind: 'table';
  readonly columns: readonly ColumnDefinition[];
  /** Ordinals; empty when there is no primary key. */
  readonly primaryKey: readonly number[];
  /** Of the primary key's constraint; absent: the table's with `_pkey` behind it. */
  readonly keyName?: string;
  /** The oid that was the next one when ALTER TABLE made the key: stored queries with a lower one do not rely on it. */
  readonly keyMade?: number;
  readonly checks: readonly { readonly name: string; readonly sql: string }[];
  readonly watermark: WatermarkDefinition | null;
  /** Under which number its rows are kept, where they were written anew since its making; else under its oid. */
  readonly storage?: number;
  /** In the order of their going. */
  readonly dropped?: readonly DroppedColumn[];
}

/** CREATE TABLE … WITH (connector = …) or CREATE SOURCE. */
export interface SourceObject extends ObjectBase {
  readonly kind: 'source';
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly number[];
  readonly watermark: WatermarkDefinition | null;
  readonly connector: string;
  readonly format: string | null;
  /** By canonical name. Secret values stand in the store only, never in `sql`. */
  readonly options: OptionValues;
  readonly formatOptions: OptionValues;
  /** Where a first reader begins, resolved at creation. */
  readonly startPositions: ReadonlyMap<string, number>;
  /** Why it cannot be read: its connector, its format or its partitions are for writing alone. */
  readonly unreadable?: string;
  /** PARTITIONED BY of a table that is written to: ordinals. */
  readonly partitionedBy?: readonly number[];
}

/** CREATE SINK, or INSERT INTO a table with a connector: a running dataflow whose rows go outside. */
export interface SinkObject extends ObjectBase {
  readonly kind: 'sink';
  /** What is written, in the types of the target. */
  readonly columns: readonly ViewColumn[];
  /** The keys of the columns outside, as they were declared. */
  readonly keys: readonly string[];
  /** The query, as printed SQL with qualified names. */
  readonly querySql: string;
  /** Temporary views that the query names, as they stood: they go with their session, and the sink stays. */
  readonly inlined: readonly PlainViewObject[];
  readonly dependsOn: readonly number[];
  /** The table that names the target, or null for CREATE SINK with options of its own. */
  readonly target: number | null;
  readonly emit: 'update' | 'window-close';
  readonly connector: string;
  readonly format: string | null;
  readonly options: OptionValues;
  readonly formatOptions: OptionValues;
  readonly partitionedBy: readonly number[];
  /** Sixteen hexadecimal digits that no other sink has. */
  readonly uid: string;
  readonly fingerprint: string;
}

export interface ViewColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly time?: 'event' | 'processing';
  readonly comment: string | null;
}

/** CREATE VIEW: a name for a query. */
export interface PlainViewObject extends ObjectBase {
  readonly kind: 'view';
  readonly columns: readonly ViewColumn[];
  /** The query, as printed SQL with qualified names. */
  readonly querySql: string;
  readonly dependsOn: readonly number[];
  readonly temporary: boolean;
  /** The oid that was the next one when OR REPLACE gave it this query; its own where that never happened. */
  readonly made?: number;
}

/** CREATE MATERIALIZED VIEW: a running dataflow with its rows kept. */
export interface MaterializedViewObject extends ObjectBase {
  readonly kind: 'materialized-view';
  readonly columns: readonly ViewColumn[];
  readonly querySql: string;
  readonly dependsOn: readonly number[];
  readonly emit: 'update' | 'window-close';
  readonly appendOnly: boolean;
  /** Columns that are unique together, when known. */
  readonly key: readonly number[] | null;
  readonly fingerprint: string;
}

/** CREATE INDEX, or UNIQUE of a table: rows are found by these columns. Its contents are made from the rows. */
export interface IndexObject extends ObjectBase {
  readonly kind: 'index';
  /** Oid of the table or materialized view. */
  readonly relation: number;
  /** Names and types of the key. */
  readonly columns: readonly ViewColumn[];
  /** Ordinals in the relation, in the order of the index. */
  readonly key: readonly number[];
  /** Per key column, as it was asked for; look-ups are by equality. */
  readonly order: readonly { readonly descending: boolean; readonly nullsFirst: boolean }[];
  readonly method: 'btree' | 'hash';
  /** No two rows of the table are equal here, unless one of the columns is NULL. */
  readonly unique: boolean;
  /** UNIQUE of CREATE or ALTER TABLE made it, and it goes with the constraint alone. */
  readonly constraint: boolean;
}

/** CREATE SEQUENCE, or the one of a serial or identity column. Numbers are decimal digits. */
export interface SequenceObject extends ObjectBase {
  readonly kind: 'sequence';
  readonly columns: readonly ViewColumn[];
  readonly dataType: 'smallint' | 'integer' | 'bigint';
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cycle: boolean;
  /** As it was asked for; values are given out one by one. */
  readonly cache: string;
  /** The column that it goes with. */
  readonly owner: {
    readonly relation: number;
    readonly column: string;
    readonly identity: boolean;
  } | null;
}

/** A relation whose rows are made on demand (pg_catalog, information_schema, millrace). */
export interface VirtualRelation extends ObjectBase {
  readonly kind: 'virtual';
  readonly columns: readonly ViewColumn[];
}

/** CREATE TYPE … AS ENUM. */
export interface TypeObject extends ObjectBase, EnumDefinition {
  readonly kind: 'type';
  /** None: a type has no rows. */
  readonly columns: readonly ViewColumn[];
}

export interface SchemaObject {
  readonly kind: 'schema';
  readonly oid: number;
  readonly name: string;
  readonly comment: string | null;
}

export type CatalogObject =
  | TableObject
  | SourceObject
  | PlainViewObject
  | MaterializedViewObject
  | SinkObject
  | IndexObject
  | SequenceObject
  | TypeObject
  | VirtualRelation;

/** The number under which a relation's rows are kept; no two relations ever have the same. */
export function storageOf(object: CatalogObject): number {
  return object.kind === 'table' ? (object.storage ?? object.oid) : object.oid;
}

/** What can stand in FROM. */
export type RelationObject = Exclude<
  CatalogObject,
  SinkObject | IndexObject | SequenceObject | TypeObject
>;

/** Whether the object goes along with what it belongs to, without a word and without CASCADE. */
export function isPartOf(object: CatalogObject): boolean {
  return object.kind === 'index' || (object.kind === 'sequence' && object.owner !== null);
}
