/**
 * What writes outside: CREATE SINK with options of its own, and INSERT INTO a table with a connector. Both start
 * a dataflow that goes on until it is dropped. The catalog keeps the query of the one and the whole INSERT of
 * the other as text, with the temporary views that they name, since those go with their session.
 */

import { assert, must } from '../base/assert.ts';
import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import { isTemporarySchema } from '../catalog/catalog.ts';
import type {
  PlainViewObject,
  SinkObject,
  SourceObject,
  TableObject,
  ViewColumn,
} from '../catalog/objects.ts';
import { children } from '../plan/children.ts';
import { isNullable } from '../plan/expressions.ts';
import type { EmitMode, LogicalPlan } from '../plan/logical.ts';
import { parseStatements } from '../syntax/parse.ts';
import { printStatement } from '../syntax/print.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import { createMode } from './bind-create.ts';
import { bindOptions, type BoundOptions, findConnector } from './bind-options.ts';
import { bindRows, insertTargets } from './bind-insert.ts';
import { bindWith } from './bind-query.ts';
import { bindWholeQuery, topLevel } from './bind-whole-query.ts';
import { Binding, type BindContext } from './binding.ts';
import type { BoundCreateSink } from './bound-statement.ts';
import { renameColumns, withoutHidden } from './query-result.ts';
import { findRelation, nameForCreation } from './relation-lookup.ts';
import { storedQuery, storedStatement, writtenOut } from './stored-sql.ts';
import { checkViewPlan } from './view-limits.ts';
import { noticeZone } from './zone-notice.ts';

// CREATE SINK ----------------------------------------------------------------------------------------

export function bindCreateSink(statement: ast.CreateSink, binding: Binding): BoundCreateSink {
  refuseUnsupported(statement);
  const name = nameForCreation(binding, statement.name);
  const mode = createMode(statement, name, binding);
  if (findConnector(statement.options) === undefined) {
    throw new SqlError(sqlstate.invalidTableDefinition, `sink "${name.name}" needs a connector`, {
      hint: "Add WITH (connector = 'blackhole') or another one that writes.",
      position: statement.span.start,
    });
  }
  const chosen = bindOptions(statement, binding, 'sink');
  const inner = sinkBinding(binding.context);
  const ast = statement.query ?? allOf(statement.from!);
  const query = bindWholeQuery(ast, inner);
  checkSinkPlan(query.plan, statement.span.start);
  const plan = withoutHidden(query);
  const columns = columnsOf(plan.schema, statement.span.start);
  if (!mode.skip) noticeZone('sink', name.name, plan, binding);
  chosen.sinkFormat?.validate(chosen.formatOptions, plan.schema);
  return {
    kind: 'create-sink',
    ...mode,
    tag: 'CREATE SINK',
    plan,
    appendOnly: must(chosen.sink, 'a sink writes').appendOnly || wantsAppendOnly(chosen),
    prefersFinal: false,
    object: {
      ...describe(name, chosen, inner),
      columns,
      keys: columns.map((column) => column.name),
      querySql: storedQuery(ast, inner),
      target: null,
      emit: query.emit,
      partitionedBy: [],
      comment: null,
      sql: storedStatement(statement, name, inner, chosen.specs),
    },
  };
}

function refuseUnsupported(statement: ast.CreateSink): void {
  const position = statement.span.start;
  const refuse = (what: string, hint: string): never => {
    throw notSupported(what, { hint, position });
  };
  if (statement.into !== null) {
    refuse('CREATE SINK … INTO a table', 'Create a materialized view of the query instead.');
  }
  if (statement.connection !== null) {
    refuse('a sink over a CONNECTION', "Give the address with WITH (connector = '…').");
  }
  if (statement.key.length > 0) refuse('KEY of a sink', 'Leave it out.');
}

/** RisingWave's `type = 'append-only'`: the user says that nothing is ever taken back. */
function wantsAppendOnly(chosen: BoundOptions): boolean {
  return chosen.options.get('type')?.toLowerCase() === 'append-only';
}

function allOf(name: ast.QualifiedName): ast.Query {
  const [parsed] = parseStatements('SELECT * FROM x');
  assert(parsed?.kind === 'query' && parsed.body.kind === 'select', 'SELECT is a query');
  const [table] = parsed.body.from;
  assert(table?.kind === 'table', 'FROM holds a table');
  return { ...parsed, body: { ...parsed.body, from: [{ ...table, name }] }, span: name.span };
}

// INSERT INTO a table with a connector ---------------------------------------------------------------

/** Null: the table keeps its rows, or cannot be written to at all. */
export function bindInsertSink(
  statement: ast.InsertStatement,
  binding: Binding,
): BoundCreateSink | null {
  const target = findRelation(binding, statement.table);
  if (target?.kind !== 'source') return null;
  const chosen = writable(target, binding.context);
  if (chosen === null) return null;
  refuseInsertForms(statement);
  const inner = sinkBinding(binding.context);
  inner.named.set(statement.table, target);
  inner.relations.add(target.oid);
  const { plan, emit } = bindInserted(statement, target, inner);
  checkNotNull(plan, target, statement.source?.span.start);
  const at = statement.source?.span.start ?? statement.span.start;
  checkSinkPlan(plan, at);
  const written = printStatement(writtenOut(statement, inner) as ast.Statement);
  const same = binding.catalog
    .objects()
    .find(
      (each) => each.kind === 'sink' && each.target === target.oid && each.querySql === written,
    );
  if (same !== undefined) {
    binding.notice(`the same INSERT is running already, as sink "${same.name}", skipping`, {
      code: '42P07',
    });
  }
  if (same === undefined) noticeZone('the sink into table', target.name, plan, binding);
  chosen.validate(target.options);
  const format = chosen.formats.find((each) => each.name === target.format);
  format?.validate(target.formatOptions, plan.schema);
  const columns = columnsOf(plan.schema, at);
  const stored = physicalColumns(target);
  return {
    kind: 'create-sink',
    skip: same !== undefined,
    replaces: null,
    tag: 'INSERT 0 0',
    plan,
    appendOnly: chosen.appendOnly,
    prefersFinal: statement.source?.emit === null,
    object: {
      ...describe(freeName(target, binding), { ...target, name: target.connector }, inner),
      columns,
      keys: stored.map((column) => column.declaredName),
      format: target.format,
      querySql: written,
      target: target.oid,
      emit,
      partitionedBy: (target.partitionedBy ?? []).map((ordinal) =>
        stored.indexOf(target.columns[ordinal]!),
      ),
      comment: null,
      sql: written,
    },
  };
}

/** The connector that writes to the table, or null. */
function writable(target: SourceObject, { sinks }: BindContext) {
  const sink = sinks(target.connector);
  if (sink === undefined) return null;
  const formats = sink.formats.map((format) => format.name);
  return target.format === null || formats.includes(target.format) ? sink : null;
}

function refuseInsertForms(statement: ast.InsertStatement): void {
  const refuse = (what: string, hint: string, position = statement.span.start): never => {
    throw notSupported(what, { hint, position });
  };
  if (statement.overwrite) refuse('INSERT OVERWRITE', 'Write to a fresh path.');
  if (statement.overriding !== null) refuse('OVERRIDING', 'Leave it out.');
  if (statement.onConflict !== null) {
    refuse('ON CONFLICT into a table with a connector', 'What was written is not read again.');
  }
  if (statement.returning !== null) {
    refuse('RETURNING from a table with a connector', 'Its rows come later, as they arrive.');
  }
}

function physicalColumns(target: SourceObject) {
  return target.columns.filter((column) => column.source === 'physical');
}

/** Rows of the target's stored columns, cast for assignment as INSERT does. */
function bindInserted(
  statement: ast.InsertStatement,
  target: SourceObject,
  binding: Binding,
): { readonly plan: LogicalPlan; readonly emit: EmitMode } {
  const { source } = statement;
  if (source === null || source.body.kind === 'values') {
    throw notSupported('INSERT … VALUES into a table with a connector', {
      detail:
        'The statement starts a dataflow that follows its query, and these rows never change.',
      hint: 'Insert them into a table without a connector, and SELECT from that one.',
      position: statement.span.start,
    });
  }
  const table: TableObject = {
    kind: 'table',
    oid: target.oid,
    schema: target.schema,
    name: target.name,
    comment: null,
    sql: target.sql,
    columns: physicalColumns(target),
    primaryKey: [],
    checks: [],
    watermark: null,
  };
  const top = topLevel(binding);
  const env = statement.with === null ? top : bindWith(statement.with, top);
  const plan = bindRows(statement, table, insertTargets(statement, table), env);
  return { plan, emit: source.emit?.mode === 'on-window-close' ? 'window-close' : 'update' };
}

function checkNotNull(plan: LogicalPlan, target: SourceObject, position: number | undefined): void {
  physicalColumns(target).forEach((column, i) => {
    const nullable =
      plan.kind === 'project'
        ? isNullable(plan.exprs[i]!, plan.input.schema)
        : plan.schema[i]!.nullable;
    if (!column.notNull || !nullable) return;
    throw notSupported(`a query that may give NULL for column "${column.name}"`, {
      detail: `Table "${target.name}" declares the column NOT NULL.`,
      hint: 'Use COALESCE, or leave NOT NULL out of the table.',
      position,
    });
  });
}

/** `insert_into_t`, with a number when it is taken. */
function freeName(target: SourceObject, { catalog }: Binding) {
  const base = `insert_into_${target.name}`;
  let name = base;
  for (let number = 2; catalog.find(target.schema, name) !== undefined; number++) {
    name = `${base}_${number}`;
  }
  return { schema: target.schema, name };
}

// Both -----------------------------------------------------------------------------------------------

/** As of materialized views: constants are read in UTC, and there are no parameters. */
function sinkBinding(context: BindContext): Binding {
  const evaluation = { ...context.evaluation, timeZone: 'UTC' };
  return new Binding({ ...context, evaluation, parameterOids: [] }, 'sink');
}

function describe(
  name: { readonly schema: string; readonly name: string },
  chosen: Pick<BoundOptions, 'name' | 'options' | 'formatOptions'> & {
    readonly sinkFormat?: BoundOptions['sinkFormat'];
  },
  binding: Binding,
) {
  const inlined = temporaryViews([...binding.relations], binding);
  const passed = inlined.flatMap((view) => view.dependsOn);
  const dependsOn = new Set([...binding.relations, ...passed]);
  for (const view of inlined) dependsOn.delete(view.oid);
  return {
    kind: 'sink' as const,
    schema: name.schema,
    name: name.name,
    inlined,
    dependsOn: [...dependsOn],
    connector: chosen.name,
    format: chosen.sinkFormat?.name ?? null,
    options: chosen.options,
    formatOptions: chosen.formatOptions,
  };
}

/** Those among `oids`, and those that they read in turn. */
function temporaryViews(oids: readonly number[], binding: Binding): readonly PlainViewObject[] {
  return oids.flatMap((oid) => {
    const object = binding.catalog.byOid(oid);
    if (object?.kind !== 'view' || !isTemporarySchema(object.schema)) return [];
    return [...temporaryViews(object.dependsOn, binding), object];
  });
}

/** What a view cannot hold a sink cannot send; and something must flow. */
function checkSinkPlan(plan: LogicalPlan, position: number): void {
  checkViewPlan(plan, position, 'sink');
  if (readsAnything(plan)) return;
  throw notSupported('a sink that reads nothing', {
    detail: 'A sink follows the rows of what it reads, and this query names no relation.',
    hint: 'SELECT from a table, a view or a source.',
    position,
  });
}

function readsAnything(plan: LogicalPlan): boolean {
  return plan.kind === 'scan' || children(plan).some(readsAnything);
}

function columnsOf(schema: Schema, position: number): readonly ViewColumn[] {
  const seen = new Set<string>();
  return schema.map(({ name, type, nullable }) => {
    if (seen.has(name)) {
      throw new SqlError(sqlstate.duplicateColumn, `column "${name}" specified more than once`, {
        hint: 'Give one of them another name with AS.',
        position,
      });
    }
    seen.add(name);
    return { name, type, nullable, comment: null };
  });
}

/** The plan of a sink that the catalog keeps as text: the same plan as when it was created. */
export function bindStoredSink(sink: SinkObject, context: BindContext): LogicalPlan {
  const binding = sinkBinding({
    ...context,
    searchPath: [],
    inlined: sink.inlined,
    madeAt: sink.oid,
  });
  const [statement] = parseStatements(sink.querySql);
  if (statement?.kind === 'insert') {
    const target = sink.target === null ? undefined : context.catalog.byOid(sink.target);
    assert(target?.kind === 'source', `sink ${sink.name} has no target`);
    return bindInserted(statement, target, binding).plan;
  }
  assert(statement?.kind === 'query', `sink ${sink.name} holds no query`);
  return renameColumns(
    withoutHidden(bindWholeQuery(statement, binding)),
    sink.columns.map((column) => column.name),
  );
}
