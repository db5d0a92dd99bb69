/** CREATE TABLE, SOURCE and SCHEMA: what keeps rows, and what reads or writes them outside. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type {
  CatalogObject,
  ColumnDefinition,
  IndexObject,
  TableObject,
} from '../catalog/objects.ts';
import { primaryKeyName } from '../catalog/indexes.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import { bindColumns } from './bind-columns.ts';
import { freeName, indexOn, uniqueIndex } from './bind-index.ts';
import { type BoundOptions, bindOptions, findConnector } from './bind-options.ts';
import { sequenceNumbers, sequenceObject } from './bind-sequence.ts';
import { bindWholeQuery } from './bind-whole-query.ts';
import type { Binding } from './binding.ts';
import type {
  BoundCreateSchema,
  BoundCreateSource,
  BoundCreateTable,
  BoundQuery,
  ColumnSequence,
  CreateMode,
  Unnumbered,
} from './bound-statement.ts';
import { plainColumn } from './column-list.ts';
import type { SequenceColumn } from './column-values.ts';
import { nameForCreation } from './relation-lookup.ts';
import { storedStatement } from './stored-sql.ts';
import type { UniqueColumns } from './table-constraints.ts';

/** CREATE TABLE keeps rows; with a connector it is a source, which CREATE SOURCE always is. */
export function bindCreateTable(
  statement: ast.CreateTable,
  binding: Binding,
): BoundCreateTable | BoundCreateSource {
  refuseUnsupported(statement);
  const connector = findConnector(statement.options);
  if (connector !== undefined) return bindSource(statement, binding);
  if (statement.relation !== 'table') {
    throw new SqlError(
      sqlstate.invalidTableDefinition,
      `${statement.relation} "${statement.name.parts.at(-1)!.name}" needs a connector`,
      {
        hint: "Add WITH (connector = '…'), or use CREATE TABLE for rows that are inserted.",
        position: statement.span.start,
      },
    );
  }
  return bindStoredTable(statement, binding);
}

function refuseUnsupported(statement: ast.CreateTable): void {
  const position = statement.span.start;
  const refuse = (what: string, hint: string): never => {
    throw notSupported(what, { hint, position });
  };
  if (statement.fromSource !== null) refuse('a table from a change-capture source', cdcHint);
  if (statement.from !== null) {
    refuse('FROM … CONNECTION', "Give the address with WITH (connector = '…').");
  }
  if (statement.partitionMethod !== null) refuse('PARTITION BY', 'Leave it out.');
  if (statement.partitionedBy.length > 0 && findConnector(statement.options) === undefined) {
    refuse('PARTITIONED BY of a table that keeps its rows', 'Leave it out.');
  }
  if (statement.inherits.length > 0) refuse('INHERITS', 'Use LIKE to copy columns.');
  if (statement.like !== null) refuse('LIKE after the columns', 'Write LIKE among the columns.');
  if (statement.appendOnly) refuse('APPEND ONLY', 'Leave it out.');
  if (statement.onConflict !== null) {
    refuse('ON CONFLICT of a table', 'Use ON CONFLICT in INSERT.');
  }
  if (statement.temporary && findConnector(statement.options) === undefined) {
    refuse(
      'CREATE TEMPORARY TABLE',
      'Create an ordinary table, and drop it when it is not needed.',
    );
  }
}

const cdcHint = 'Read the topic of a change-capture tool as plain records.';

function bindStoredTable(statement: ast.CreateTable, binding: Binding): BoundCreateTable {
  const name = nameForCreation(binding, statement.name);
  const mode = createMode(statement, name, binding);
  refuseOptions(statement);
  const query = statement.as === null ? null : bindTableQuery(statement, statement.as, binding);
  const bound =
    query === null
      ? bindColumns(statement, binding, { relation: name.name, metadata: null, own: [] })
      : columnsOfQuery(statement, query.fields);
  const { uniques, sequences, indexes, ...definition } = bound;
  return {
    kind: 'create-table',
    ...mode,
    query: statement.withData === false ? null : query,
    sequences: mode.skip
      ? []
      : columnSequences({ ...name, columns: bound.columns }, sequences, binding),
    indexes: mode.skip ? [] : tableIndexes({ ...name, ...definition }, uniques, indexes, binding),
    object: {
      kind: 'table',
      ...name,
      ...definition,
      comment: statement.comment,
      sql: storedStatement(statement, name, binding),
    },
  };
}

/** Of UNIQUE, and copies (with names of their own) of those that LIKE took over. */
function tableIndexes(
  table: Pick<TableObject, 'schema' | 'name' | 'columns' | 'keyName'>,
  uniques: readonly UniqueColumns[],
  copied: readonly IndexObject[],
  { catalog }: Binding,
): readonly Unnumbered<IndexObject>[] {
  // Nothing else may have the table's own name, nor that of its key.
  const taken = new Set([table.name, primaryKeyName(table)]);
  const found = uniques.map((unique) => {
    const index = uniqueIndex(catalog, table, unique, taken);
    taken.add(index.name);
    return { ...index, comment: unique.comment ?? null };
  });
  for (const { key, order, method, unique, constraint, comment } of copied) {
    const base = [table.name, ...key.map((ordinal) => table.columns[ordinal]!.name)].join('_');
    const name = freeName(catalog, table.schema, base, 'idx', taken);
    taken.add(name);
    const index = indexOn(table, { name, key, order, method, unique, constraint });
    found.push({ ...index, comment });
  }
  return found;
}

/** Of serial and identity columns; `others` are names that are taken too. */
export function columnSequences(
  table: Pick<TableObject, 'schema' | 'name' | 'columns'> & { readonly oid?: number },
  sequences: readonly SequenceColumn[],
  { catalog }: Binding,
  others: Iterable<string> = [],
): readonly ColumnSequence[] {
  const taken = new Set([table.name, ...others]);
  return sequences.map(({ ordinal, options, dataType }) => {
    const column = table.columns[ordinal]!;
    const name = freeName(catalog, table.schema, `${table.name}_${column.name}`, 'seq', taken);
    taken.add(name);
    const numbers = sequenceNumbers(options, null, dataType);
    const owner = {
      relation: table.oid ?? 0,
      column: column.name,
      identity: column.identity !== undefined,
    };
    return { ordinal, object: sequenceObject({ schema: table.schema, name }, numbers, owner) };
  });
}

/** Storage parameters of PostgreSQL mean nothing here and are refused by name. */
function refuseOptions(statement: ast.CreateTable): void {
  const [option] = statement.options;
  if (option === undefined) return;
  throw new SqlError(sqlstate.invalidParameterValue, `unrecognized parameter "${option.name}"`, {
    hint: 'A table without a connector takes no options.',
    position: option.span.start,
  });
}

function bindTableQuery(
  statement: ast.CreateTable,
  query: ast.Query,
  binding: Binding,
): BoundQuery {
  if (statement.elements !== null) {
    throw notSupported('column definitions together with AS', {
      hint: 'Create the table, then INSERT INTO it.',
      position: statement.span.start,
    });
  }
  return bindWholeQuery(query, binding);
}

function columnsOfQuery(statement: ast.CreateTable, fields: Schema) {
  const names = checkColumnNames(statement.columnNames, fields);
  const columns = fields.map((field, i) => plainColumn(names[i]!, field.type));
  return {
    columns,
    primaryKey: [],
    checks: [],
    uniques: [],
    sequences: [],
    indexes: [],
    watermark: null,
  };
}

function bindSource(statement: ast.CreateTable, binding: Binding): BoundCreateSource {
  if (statement.as !== null) {
    throw notSupported('AS together with a connector', {
      hint: 'A source only reads. Create a materialized view over it.',
      position: statement.as.span.start,
    });
  }
  const name = nameForCreation(binding, statement.name);
  const mode = createMode(statement, name, binding);
  const chosen = bindOptions(statement, binding, 'table');
  const { connector, format, options, formatOptions } = chosen;
  if (statement.temporary) {
    binding.notice('the source is kept until it is dropped', {
      severity: 'NOTICE',
      code: '01000',
    });
  }
  const bound = bindColumns(statement, binding, {
    relation: name.name,
    metadata: connector?.metadata ?? [],
    own: connector?.columns?.(options) ?? [],
  });
  const physical = bound.columns.filter((column) => column.source === 'physical');
  if (bound.columns.length === 0) {
    throw new SqlError(sqlstate.invalidTableDefinition, 'a source needs columns', {
      hint: 'List them: CREATE TABLE name (column type, …) WITH (…).',
      position: statement.name.span.start,
    });
  }
  const schema = physical.map((column) => ({
    name: column.name,
    type: column.type,
    nullable: !column.notNull,
  }));
  format?.validate(formatOptions, schema);
  if (connector === null) chosen.sinkFormat?.validate(formatOptions, schema);
  const partitionedBy = bindPartitions(statement, bound.columns, chosen);
  const unreadable = unreadableFor(chosen, partitionedBy);
  return {
    kind: 'create-source',
    relation: statement.relation,
    ...mode,
    object: {
      kind: 'source',
      ...name,
      columns: bound.columns,
      primaryKey: bound.primaryKey,
      watermark: bound.watermark,
      connector: chosen.name,
      format: format?.name ?? chosen.sinkFormat?.name ?? null,
      options,
      formatOptions,
      startPositions: new Map(),
      comment: statement.comment,
      sql: storedStatement(statement, name, binding, chosen.specs),
      ...(partitionedBy.length === 0 ? {} : { partitionedBy }),
      ...(unreadable === null ? {} : { unreadable }),
    },
  };
}

/** PARTITIONED BY: ordinals of plain columns of a table that is written to. */
function bindPartitions(
  statement: ast.CreateTable,
  columns: readonly ColumnDefinition[],
  { sink, name }: BoundOptions,
): readonly number[] {
  const [first] = statement.partitionedBy;
  if (first === undefined) return [];
  if (sink?.partitions !== true) {
    throw notSupported(`PARTITIONED BY with connector "${name}"`, {
      hint: 'Leave it out.',
      position: first.span.start,
    });
  }
  const ordinals = statement.partitionedBy.map((expression) => {
    const part = expression.kind === 'column' && expression.parts.length === 1;
    const wanted = part ? expression.parts[0]!.name : null;
    const ordinal = columns.findIndex((column) => column.name === wanted);
    if (ordinal >= 0 && columns[ordinal]!.source === 'physical') return ordinal;
    throw new SqlError(
      sqlstate.undefinedColumn,
      wanted === null || ordinal >= 0
        ? 'a table is partitioned by columns that it stores'
        : `column "${wanted}" named in partition key does not exist`,
      { position: expression.span.start },
    );
  });
  if (new Set(ordinals).size < ordinals.length) {
    throw new SqlError(sqlstate.duplicateColumn, 'a column is named twice in the partition key', {
      position: first.span.start,
    });
  }
  if (ordinals.length === columns.filter((column) => column.source === 'physical').length) {
    throw new SqlError(
      sqlstate.invalidTableDefinition,
      'cannot partition by all columns: nothing would be left to write',
      { position: first.span.start },
    );
  }
  return ordinals;
}

function unreadableFor(chosen: BoundOptions, partitionedBy: readonly number[]): string | null {
  if (partitionedBy.length > 0) return 'Partitioned files are written, but not read.';
  if (chosen.connector !== null) return null;
  return chosen.sinkFormat === null
    ? `Connector "${chosen.name}" only writes.`
    : `Format "${chosen.sinkFormat.name}" is written, but not read.`;
}

/** Names given before AS, for the first columns or all of them. */
export function checkColumnNames(
  given: readonly ast.Identifier[] | null,
  fields: Schema,
  tooMany = 'too many column names were specified',
): readonly string[] {
  const names = given ?? [];
  if (names.length > fields.length) {
    throw new SqlError(sqlstate.syntaxError, tooMany, {
      position: names[fields.length]!.span.start,
    });
  }
  return fields.map((field, i) => names[i]?.name ?? field.name);
}

/** IF NOT EXISTS and OR REPLACE against what has the name now. */
export function createMode(
  statement: ast.CreateTable | ast.CreateView | ast.CreateSink,
  name: { readonly schema: string; readonly name: string },
  binding: Binding,
): CreateMode {
  const found = binding.catalog.find(name.schema, name.name);
  if (found === undefined) return { skip: false, replaces: null };
  if (statement.ifNotExists) {
    binding.notice(`relation "${name.name}" already exists, skipping`, { code: '42P07' });
    return { skip: true, replaces: null };
  }
  if (statement.orReplace && sameKind(statement, found)) return { skip: false, replaces: found };
  if (statement.orReplace) {
    const wanted = statement.kind.slice('create-'.length);
    throw new SqlError(sqlstate.wrongObjectType, `"${name.name}" is not a ${wanted}`, {
      position: statement.name.span.start,
    });
  }
  throw new SqlError(sqlstate.duplicateTable, `relation "${name.name}" already exists`);
}

function sameKind(
  statement: ast.CreateTable | ast.CreateView | ast.CreateSink,
  found: CatalogObject,
): boolean {
  if (statement.kind === 'create-sink') return found.kind === 'sink';
  if (statement.kind === 'create-table') return found.kind === 'table' || found.kind === 'source';
  return found.kind === (statement.materialized ? 'materialized-view' : 'view');
}

export function bindCreateSchema(statement: ast.CreateSchema, binding: Binding): BoundCreateSchema {
  const name = statement.name?.name ?? statement.authorization?.name ?? '';
  if (name.startsWith('pg_')) {
    throw new SqlError('42939', `unacceptable schema name "${name}"`, {
      detail: 'The prefix "pg_" is reserved for system schemas.',
    });
  }
  const exists = binding.catalog.schema(name) !== undefined;
  if (exists && statement.ifNotExists) {
    binding.notice(`schema "${name}" already exists, skipping`, { code: '42P06' });
  } else if (exists) {
    throw new SqlError(sqlstate.duplicateSchema, `schema "${name}" already exists`);
  }
  return { kind: 'create-schema', name, skip: exists };
}
