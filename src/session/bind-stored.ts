/** Expressions and queries that the catalog keeps as SQL text, bound again when they are needed. */

import { type BindContext } from '../binder/binding.ts';
import { bindScalarSql } from '../binder/bind-scalar.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ColumnDefinition, SourceObject, TableObject } from '../catalog/objects.ts';
import type { SinkConnectors } from '../connectors/sinks.ts';
import type { EvalContext, FunctionRegistry } from '../expr/functions/registry.ts';
import type { Expr } from '../expr/expr.ts';
import { substituteColumns } from '../expr/walk.ts';
import type { SourceProgram } from '../jobs/source-program.ts';
import type { Schema } from '../types/schema.ts';
import type { Connectors, Formats } from './database.ts';
import { bindContext } from './bind-context.ts';
import type { SessionContext } from './session-context.ts';

/** A bind context that belongs to no session: full names only, UTC. */
export type StoredBinding = BindContext;

export function storedBinding(parts: {
  readonly catalog: Catalog;
  readonly registry: FunctionRegistry;
  readonly connectors: Connectors;
  readonly sinks: SinkConnectors;
  readonly formats: Formats;
  readonly evaluation: EvalContext;
}): StoredBinding {
  return {
    catalog: parts.catalog,
    functions: parts.registry,
    connectors: parts.connectors,
    sinks: parts.sinks,
    formats: parts.formats,
    searchPath: [],
    temporarySchema: null,
    parameterOids: [],
    evaluation: parts.evaluation,
  };
}

function schemaOf(columns: readonly ColumnDefinition[]): Schema {
  return columns.map(({ name, type, notNull }) => ({ name, type, nullable: !notNull }));
}

/** Computed columns and watermark of a source, over all of its columns. */
export function bindSourceProgram(source: SourceObject, binding: StoredBinding): SourceProgram {
  const schema = schemaOf(source.columns);
  const computed = new Map<number, Expr>();
  source.columns.forEach((column, ordinal) => {
    if (column.source !== 'computed' || column.computedSql === null) return;
    const bound = bindScalarSql(column.computedSql, schema, binding, { target: column });
    // A computed column may use one that was computed before it; here all are over what is read.
    computed.set(
      ordinal,
      substituteColumns(bound, (index) => computed.get(index)),
    );
  });
  const watermark = bindWatermark(source, schema, binding);
  return { computed, watermark };
}

function bindWatermark(source: SourceObject, schema: Schema, binding: StoredBinding): Expr | null {
  if (source.watermark === null) return null;
  const target = source.columns[source.watermark.column]!;
  return bindScalarSql(source.watermark.sql, schema, binding, { target });
}

/** A table's CHECK expressions, over its columns. */
export function bindChecks(
  table: TableObject,
  session: SessionContext,
): { readonly name: string; readonly expr: Expr }[] {
  if (table.checks.length === 0) return [];
  const schema = schemaOf(table.columns);
  const context = bindContext(session, []);
  // PostgreSQL looks at them in the order of their names, which decides what a row is told.
  const ordered = [...table.checks].sort((a, b) => (a.name < b.name ? -1 : 1));
  return ordered.map(({ name, sql }) => ({
    name,
    expr: bindScalarSql(sql, schema, context, { clause: 'check constraints' }),
  }));
}
