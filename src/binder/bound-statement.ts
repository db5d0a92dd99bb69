/**
 * What binding gives: statements with every name resolved and every type known. Queries are logical
 * plans; definitions are finished catalog objects but for their oid; what only concerns the session passes
 * through as it was parsed. Nothing here has been carried out yet.
 */

import type { DropPlan } from '../catalog/catalog.ts';
import type {
  CatalogObject,
  IndexObject,
  MaterializedViewObject,
  PlainViewObject,
  SchemaObject,
  SequenceObject,
  SinkObject,
  SourceObject,
  TableObject,
} from '../catalog/objects.ts';
import type { Expr } from '../expr/expr.ts';
import type { EmitMode, LogicalPlan, RelationRef } from '../plan/logical.ts';
import type { OrderSpec } from '../plan/dataflow-plan.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import type { SqlType } from '../types/sql-type.ts';

/** The result of binding one statement. */
export interface Bound {
  readonly statement: BoundStatement;
  /** Types of $1, $2, …, given or inferred. */
  readonly parameters: readonly SqlType[];
  /** To be sent once the statement has succeeded. */
  readonly notices: readonly BoundNotice[];
  /** Oids of the relations that the statement names; those behind plain views are in the plan alone. */
  readonly relations: readonly number[];
}

export interface BoundNotice {
  readonly severity: 'NOTICE' | 'WARNING';
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export type BoundStatement =
  | BoundQuery
  | BoundCreateTable
  | BoundCreateSource
  | BoundCreateView
  | BoundCreateMaterializedView
  | BoundCreateSink
  | BoundCreateIndex
  | BoundCreateSequence
  | BoundCreateSchema
  | BoundCreateType
  | BoundDrop
  | BoundAlter
  | BoundInsert
  | BoundUpdate
  | BoundDelete
  | BoundTruncate
  | BoundCopyTo
  | BoundCopyFrom
  | BoundSubscribe
  | BoundDeclare
  | BoundExplain
  | BoundCheckView
  | BoundRefresh
  | BoundSession;

/**
 * A query. `plan` gives the columns of `fields`, and after them hidden ones that only `order` needs; with
 * ORDER BY or LIMIT its root is the sort node, whose keys are the plain columns that `order` repeats.
 * `withoutHidden` in query-result.ts gives the plan of the visible columns alone.
 */
export interface BoundQuery {
  readonly kind: 'query';
  readonly plan: LogicalPlan;
  /** The visible columns. */
  readonly fields: Schema;
  readonly order: readonly OrderSpec[];
  readonly emit: EmitMode;
  /** AS OF of Materialize, constant; null when not written. */
  readonly asOf: Expr | null;
}

/** An object that has no oid yet. */
export type Unnumbered<T extends { readonly oid: number }> = Omit<T, 'oid'>;

/** How CREATE treats an object of that name. */
export interface CreateMode {
  /** The name is taken and IF NOT EXISTS stood there: nothing happens (the notice says so). */
  readonly skip: boolean;
  /** OR REPLACE, and this object is there to be replaced. */
  readonly replaces: CatalogObject | null;
}

export interface BoundCreateTable extends CreateMode {
  readonly kind: 'create-table';
  readonly object: Unnumbered<TableObject>;
  /** What UNIQUE stands for; their `relation` is this table. */
  readonly indexes: readonly Unnumbered<IndexObject>[];
  /** What serial and identity columns take their values from; their owner is that column of this table. */
  readonly sequences: readonly ColumnSequence[];
  /** CREATE TABLE AS: its first rows. Null otherwise, and for WITH NO DATA. */
  readonly query: BoundQuery | null;
}

/** `startPositions` is empty; whoever creates the source asks its reader. */
export interface BoundCreateSource extends CreateMode {
  readonly kind: 'create-source';
  /** The word of the statement, which its completion repeats. */
  readonly relation: ast.CreateTable['relation'];
  readonly object: Unnumbered<SourceObject>;
}

export interface BoundCreateView extends CreateMode {
  readonly kind: 'create-view';
  readonly object: Unnumbered<PlainViewObject>;
}

/** What only planning knows (key, appendOnly, fingerprint) is added when the view is made. */
export interface BoundCreateMaterializedView extends CreateMode {
  readonly kind: 'create-materialized-view';
  readonly object: Omit<MaterializedViewObject, 'oid' | 'appendOnly' | 'key' | 'fingerprint'>;
  /** Visible columns only. */
  readonly plan: LogicalPlan;
  /** From the WITH clause, by name. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * CREATE SINK, or INSERT INTO a table with a connector. `appendOnly`: its target takes rows and no changes, which
 * is judged from the dataflow when the sink is made.
 */
export interface BoundCreateSink extends CreateMode {
  readonly kind: 'create-sink';
  readonly tag: string;
  readonly object: Omit<SinkObject, 'oid' | 'uid' | 'fingerprint'>;
  readonly plan: LogicalPlan;
  readonly appendOnly: boolean;
  /** Results are wanted once, when their windows close, where the query has such: what INSERT means in Flink. */
  readonly prefersFinal: boolean;
}

export interface BoundCreateIndex {
  readonly kind: 'create-index';
  /** The name is taken and IF NOT EXISTS stood there. */
  readonly skip: boolean;
  readonly object: Unnumbered<IndexObject>;
}

/** The sequence of the column at `ordinal`. */
export interface ColumnSequence {
  readonly ordinal: number;
  readonly object: Unnumbered<SequenceObject>;
}

export interface BoundCreateSequence {
  readonly kind: 'create-sequence';
  /** The name is taken and IF NOT EXISTS stood there. */
  readonly skip: boolean;
  readonly object: Unnumbered<SequenceObject>;
}

export interface BoundCreateSchema {
  readonly kind: 'create-schema';
  readonly name: string;
  readonly skip: boolean;
}

/** CREATE TYPE … AS ENUM. */
export interface BoundCreateType {
  readonly kind: 'create-type';
  readonly schema: string;
  readonly name: string;
  /** In their order; no two are equal. */
  readonly labels: readonly string[];
}

export interface BoundDrop {
  readonly kind: 'drop';
  /** The command tag: `DROP MATERIALIZED VIEW`. */
  readonly tag: string;
  readonly plan: DropPlan;
}

/** ALTER and COMMENT: new definitions for objects that exist. */
export interface BoundAlter {
  readonly kind: 'alter';
  readonly tag: string;
  /** Each replaces the object of its oid. */
  readonly objects: readonly CatalogObject[];
  readonly schemas: readonly SchemaObject[];
  /** Where sequences go on; null: where they are. */
  readonly sequences?: readonly { readonly oid: number; readonly restart: bigint | null }[];
  /** What UNIQUE adds to a table, whose rows must keep to it. */
  readonly newIndexes?: readonly Unnumbered<IndexObject>[];
  /** Those of added serial and identity columns, by the ordinals of these. */
  readonly newSequences?: readonly ColumnSequence[];
  /** What a constraint or a column takes along, dependents first. */
  readonly dropped?: readonly CatalogObject[];
  /** New values of columns, by their numbers, over the columns of the row as it was. */
  readonly values?: ReadonlyMap<number, Expr>;
}

/** RETURNING: expressions over the columns that the statement's comment names. */
export interface BoundReturning {
  readonly input: Schema;
  /** May hold subqueries, which see what was there before the statement. */
  readonly exprs: readonly Expr[];
  readonly fields: Schema;
}

/**
 * `plan` gives whole rows of the table: one column a column, in order, defaults and computed columns filled
 * in, cast for assignment. RETURNING sees the row as stored.
 */
export interface BoundInsert {
  readonly kind: 'insert';
  readonly table: RelationRef;
  readonly plan: LogicalPlan;
  readonly onConflict: BoundOnConflict | null;
  readonly returning: BoundReturning | null;
}

/**
 * `keys`: ordinals of the keys that a row may conflict in; of one alone for `update`. For `update`, `row` computes the new
 * row from the stored row's columns followed by the proposed row's (EXCLUDED); `where` over the same columns
 * (null: always) decides whether the stored row changes.
 */
export interface BoundOnConflict {
  readonly keys: readonly (readonly number[])[];
  readonly action: 'nothing' | 'update';
  readonly row: readonly Expr[];
  readonly where: Expr | null;
}

/**
 * `plan` gives the old row's columns, then the new row's (`width` each), then the columns of FROM. With
 * FROM (`joined`) an old row may come several times with different new ones: the first counts, for every
 * copy of the row. RETURNING sees the plan's whole output.
 */
export interface BoundUpdate {
  readonly kind: 'update';
  readonly table: RelationRef;
  readonly width: number;
  readonly plan: LogicalPlan;
  readonly joined: boolean;
  readonly returning: BoundReturning | null;
}

/**
 * `plan` gives the old row's columns (`width`), then, when `joined`, the columns of USING; then a row may
 * come several times and is deleted once. RETURNING sees the plan's whole output.
 */
export interface BoundDelete {
  readonly kind: 'delete';
  readonly table: RelationRef;
  readonly width: number;
  readonly plan: LogicalPlan;
  readonly joined: boolean;
  readonly returning: BoundReturning | null;
}

export interface BoundTruncate {
  readonly kind: 'truncate';
  readonly tables: readonly RelationRef[];
  /** RESTART IDENTITY: oids of the sequences that begin again; null: it was not written. */
  readonly restart: readonly number[] | null;
}

export interface BoundCopyTo {
  readonly kind: 'copy-to';
  readonly source: BoundQuery | BoundSubscribe;
  readonly options: readonly ast.Option[];
}

export interface BoundCopyFrom {
  readonly kind: 'copy-from';
  readonly table: RelationRef;
  /** Ordinals that the data gives, in its order. */
  readonly columns: readonly number[];
  /**
   * Computes a whole row of the table from the data's columns: casts are done when they are read, defaults
   * and computed columns are filled in here.
   */
  readonly row: readonly Expr[];
  readonly options: readonly ast.Option[];
}

export interface BoundSubscribe {
  readonly kind: 'subscribe';
  readonly query: BoundQuery;
  /** tick, weight (with PROGRESS between them: progressed), then the query's columns. */
  readonly fields: Schema;
  /** The relation, when the query is nothing but all columns of one. */
  readonly relation: RelationRef | null;
  readonly snapshot: boolean;
  readonly progress: boolean;
  readonly asOf: Expr | null;
  readonly upTo: Expr | null;
}

export interface BoundDeclare {
  readonly kind: 'declare';
  readonly declare: ast.DeclareStatement;
  readonly source: BoundQuery | BoundSubscribe;
}

/** Exactly one of `inner` and `view` (EXPLAIN ANALYZE of a running view) is there. */
export interface BoundExplain {
  readonly kind: 'explain';
  /** ast, bound, rules, plan (the default), dataflow, state, code or analyze. */
  readonly stage: ExplainStage;
  readonly format: 'text' | 'json';
  readonly statement: ast.Statement | null;
  readonly inner: BoundStatement | null;
  readonly view: CatalogObject | null;
}

export type ExplainStage =
  'ast' | 'bound' | 'rules' | 'plan' | 'dataflow' | 'state' | 'code' | 'analyze';

export interface BoundCheckView {
  readonly kind: 'check-view';
  readonly view: MaterializedViewObject;
}

/** REFRESH MATERIALIZED VIEW: views are always fresh, so there is nothing to do. */
export interface BoundRefresh {
  readonly kind: 'refresh';
  readonly view: MaterializedViewObject;
}

/** What the session does on its own. EXECUTE's arguments: `bindExecuteArguments`. */
export interface BoundSession {
  readonly kind: 'session';
  readonly statement:
    | ast.TransactionStatement
    | ast.SetTransactionStatement
    | ast.SetStatement
    | ast.ResetStatement
    | ast.ShowStatement
    | ast.ShowObjectsStatement
    | ast.DescribeStatement
    | ast.DiscardStatement
    | ast.PrepareStatement
    | ast.ExecuteStatement
    | ast.DeallocateStatement
    | ast.FetchStatement
    | ast.CloseStatement
    | ast.ListenStatement
    | ast.NotifyStatement
    | ast.MaintenanceStatement
    | ast.LockStatement
    | ast.GenericStatement;
}
