/** COPY. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { Expr } from '../expr/expr.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import type * as ast from '../syntax/ast.ts';
import type { Schema } from '../types/schema.ts';
import { wholeRow } from './bind-insert.ts';
import { bindNamed } from './bind-relation.ts';
import { bindSubscribe } from './bind-subscribe.ts';
import { bindWholeQuery, topLevel } from './bind-whole-query.ts';
import type { Binding } from './binding.ts';
import type { BoundCopyFrom, BoundCopyTo, BoundQuery, BoundSubscribe } from './bound-statement.ts';
import { columnIndexOf } from './column-index.ts';
import { relationRef } from './relation-lookup.ts';
import { requireTable, writableColumn } from './table-rows.ts';

export function bindCopy(
  statement: ast.CopyStatement,
  binding: Binding,
): BoundCopyTo | BoundCopyFrom {
  if (statement.place.kind !== 'stdio') {
    throw new SqlError(
      sqlstate.insufficientPrivilege,
      `COPY ${statement.direction === 'to' ? 'TO' : 'FROM'} a file or program is not allowed`,
      {
        hint: "Use \\copy in psql, or CREATE SOURCE with connector = 'file'.",
        position: statement.span.start,
      },
    );
  }
  if (statement.direction === 'from') return copyFrom(statement, binding);
  return { kind: 'copy-to', source: copySource(statement, binding), options: statement.options };
}

function copySource(statement: ast.CopyStatement, binding: Binding): BoundQuery | BoundSubscribe {
  const { query } = statement;
  if (query === null) return copyTable(statement, binding);
  if (query.kind === 'query') return bindWholeQuery(query, binding);
  if (query.kind === 'subscribe') return bindSubscribe(query, binding);
  throw notSupported(`COPY of ${query.kind.toUpperCase()} … RETURNING`, {
    hint: 'Run the statement by itself.',
    position: query.span.start,
  });
}

function copyTable(statement: ast.CopyStatement, binding: Binding): BoundQuery {
  const name = statement.table!;
  const { plan, items } = bindNamed(name, topLevel(binding));
  const names = items[0]!.columns.map((column) => column.name);
  const named: Schema = plan.schema.map((field, i) => ({ ...field, name: names[i]! }));
  const chosen = statement.columns?.map((column) =>
    columnIndexOf(named, column, items[0]!.name ?? ''),
  );
  return allColumns(chosen === undefined ? { ...plan, schema: named } : pick(plan, named, chosen));
}

function pick(input: LogicalPlan, fields: Schema, indices: readonly number[]): LogicalPlan {
  const schema = indices.map((index) => fields[index]!);
  const exprs = indices.map((index): Expr => ({
    kind: 'column',
    index,
    type: fields[index]!.type,
  }));
  return { kind: 'project', input, exprs, schema };
}

function allColumns(plan: LogicalPlan): BoundQuery {
  return { kind: 'query', plan, fields: plan.schema, order: [], emit: 'update', asOf: null };
}

function copyFrom(statement: ast.CopyStatement, binding: Binding): BoundCopyFrom {
  if (statement.where !== null) {
    throw notSupported('COPY FROM with WHERE', {
      hint: 'Copy into another table, and INSERT from it.',
      position: statement.where.span.start,
    });
  }
  const table = requireTable(binding, statement.table!, 'copy to');
  const columns =
    statement.columns?.map((name) => {
      const ordinal = writableColumn(table, name);
      const column = table.columns[ordinal]!;
      if (column.source === 'computed') {
        throw new SqlError(
          sqlstate.invalidColumnReference,
          `column "${column.name}" is a generated column`,
          { detail: 'Generated columns cannot be used in COPY.', position: name.span.start },
        );
      }
      return ordinal;
    }) ?? table.columns.flatMap((column, i) => (column.source === 'computed' ? [] : [i]));
  const twice = columns.find((ordinal, i) => columns.indexOf(ordinal) !== i);
  if (twice !== undefined) {
    throw new SqlError(
      sqlstate.duplicateColumn,
      `column "${table.columns[twice]!.name}" specified more than once`,
      { position: statement.span.start },
    );
  }
  const given = new Map(
    columns.map((ordinal, index): [number, Expr] => [
      ordinal,
      { kind: 'column', index, type: table.columns[ordinal]!.type },
    ]),
  );
  return {
    kind: 'copy-from',
    table: relationRef(table),
    columns,
    row: wholeRow(table, given, binding),
    options: statement.options,
  };
}
