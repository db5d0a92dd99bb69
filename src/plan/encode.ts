/**
 * Expressions and dataflow plans as JSON values: data only, functions by id, constants as bytes of the row
 * codec. One form serves three needs: equality of expressions, the fingerprint of a plan, and saving it
 * (decode.ts reads it back). Source positions are left out; they mean nothing later.
 */

import { createHash } from 'node:crypto';
import { AssertionFailed, unreachable } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import type { Expr } from '../expr/expr.ts';
import { encodeDatum } from '../types/row-codec.ts';
import type { Datum } from '../types/datum.ts';
import type { SqlType } from '../types/sql-type.ts';
import type {
  AggregateCallSpec,
  ColumnSpec,
  DataflowPlan,
  JoinTime,
  NodeSpec,
  OverSpec,
} from './dataflow-plan.ts';
import type { WindowFrame } from './logical.ts';

export type Json = null | boolean | number | string | readonly Json[];

/** Stands first in a saved plan; raised when the form changes. */
export const planFormatVersion = 2;
/** Part of every fingerprint; raised when operators keep something else for the same plan. */
const stateVersion = 2;

export function encodePlan(plan: DataflowPlan): string {
  const nodes = plan.nodes.map((node) => [
    nodeToJson(node),
    node.columns.map(columnToJson),
    node.appendOnly,
    node.key,
    relationNames(node),
  ]);
  return JSON.stringify([planFormatVersion, plan.root, plan.fingerprint, nodes]);
}

/**
 * Hash of everything that decides what the state of the plan means: operators, expressions, types and
 * order. Names of columns and relations are no part of it.
 */
export function fingerprintOf(nodes: readonly NodeSpec[], root: number, salt: string): string {
  const meaning: Json = [
    planFormatVersion,
    stateVersion,
    salt,
    root,
    nodes.map((node) => [nodeToJson(node), node.columns.map((column) => typeToJson(column.type))]),
  ];
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
}

const expressionKeys = new WeakMap<Expr, string>();

/** Equal for two expressions exactly when they are the same but for source positions. */
export function expressionKey(expr: Expr): string {
  let key = expressionKeys.get(expr);
  if (key === undefined) {
    key = JSON.stringify(exprToJson(expr));
    expressionKeys.set(expr, key);
  }
  return key;
}

export function sameExpr(a: Expr, b: Expr): boolean {
  return a === b || expressionKey(a) === expressionKey(b);
}

export function typeToJson(type: SqlType): Json {
  switch (type.kind) {
    case 'numeric':
      return [type.kind, type.precision, type.scale, type.fixedScale ?? null];
    case 'varchar':
    case 'char':
      return [type.kind, type.length];
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return [type.kind, type.precision];
    case 'enum':
      return [type.kind, type.oid];
    case 'array':
      return [type.kind, typeToJson(type.element)];
    case 'row':
      return [
        type.kind,
        type.fields.map(({ name, declaredName, type: fieldType }) => [
          name,
          typeToJson(fieldType),
          ...(declaredName === undefined ? [] : [declaredName]),
        ]),
      ];
    case 'map':
      return [type.kind, typeToJson(type.key), typeToJson(type.value)];
    default:
      return type.kind;
  }
}

export function exprToJson(expr: Expr): Json {
  return [expr.kind, typeToJson(expr.type), ...exprFields(expr)];
}

function exprFields(expr: Expr): Json[] {
  const list = (exprs: readonly Expr[]): Json => exprs.map(exprToJson);
  switch (expr.kind) {
    case 'column':
    case 'parameter':
      return [expr.index];
    case 'outer':
      return [expr.depth, expr.index];
    case 'constant':
      return [expr.value === null ? null : datumToText(expr.value, expr.type)];
    case 'call':
      return [expr.fn.id, list(expr.args)];
    case 'cast':
      return [expr.mode, exprToJson(expr.arg)];
    case 'and':
    case 'or':
    case 'coalesce':
      return [list(expr.args)];
    case 'not':
      return [exprToJson(expr.arg)];
    case 'is-null':
      return [expr.negated, exprToJson(expr.arg)];
    case 'is-truth':
      return [expr.negated, expr.truth, exprToJson(expr.arg)];
    case 'is-distinct':
      return [expr.negated, exprToJson(expr.left), exprToJson(expr.right)];
    case 'case':
      return [
        expr.branches.map((branch) => [exprToJson(branch.when), exprToJson(branch.then)]),
        exprToJson(expr.otherwise),
      ];
    case 'in-list':
      return [expr.fn.id, expr.negated, exprToJson(expr.arg), list(expr.list)];
    case 'quantified':
      return [expr.fn.id, expr.all, exprToJson(expr.arg), exprToJson(expr.array)];
    case 'array':
      return [list(expr.elements)];
    case 'row':
      return [list(expr.fields)];
    case 'field':
      return [expr.index, exprToJson(expr.arg)];
    case 'subquery':
      throw new AssertionFailed('a subquery has no saved form');
    default:
      return unreachable(expr, 'expression');
  }
}

/** The bytes of one value, as hexadecimal text. */
export function datumToText(value: Datum, type: SqlType): string {
  const writer = new ByteWriter(32);
  encodeDatum(writer, value, type);
  return Buffer.from(writer.view()).toString('hex');
}

function columnToJson(column: ColumnSpec): Json {
  return [column.name, typeToJson(column.type), column.nullable];
}

function relationNames(node: NodeSpec): Json {
  if (node.kind === 'recursion') return [node.name];
  return node.kind === 'scan' ? [node.relation.schemaName, node.relation.name] : null;
}

/** What a node does, without the names of its columns and the facts derived from it. */
export function nodeToJson(node: NodeSpec): Json {
  return [node.kind, node.inputs, ...nodeFields(node)];
}

function nodeFields(node: NodeSpec): Json[] {
  const optional = (expr: Expr | null): Json => (expr === null ? null : exprToJson(expr));
  switch (node.kind) {
    case 'scan': {
      const { relation } = node;
      const keys: Json = relation.keys ?? null;
      return [relation.oid, relation.kind, relation.appendOnly, keys, node.ordinals];
    }
    case 'values':
      return [node.rows.map((row) => row.map(exprToJson))];
    case 'map':
      return [optional(node.predicate), node.exprs.map(exprToJson)];
    case 'window': {
      const { window } = node;
      const step = window.fn === 'hop' ? window.slide : window.fn === 'cumulate' ? window.step : 0;
      return [
        window.fn,
        window.size,
        step,
        window.offset,
        node.timeColumn,
        node.lateness ?? (node.byClock ? 'clock' : null),
      ];
    }
    case 'session':
      return [node.gap, node.partitionBy, node.timeColumn, node.lateness];
    case 'session-aggregate': {
      const { gap, partitionBy, timeColumn, lateness, bounds, exprs, calls, emit } = node;
      const window = [gap, partitionBy, timeColumn, lateness];
      return [window, bounds, exprs.map(exprToJson), calls.map(aggregateCallToJson), emit];
    }
    case 'aggregate':
      return [
        node.keys,
        node.calls.map(aggregateCallToJson),
        node.insertOnly,
        node.window === null ? null : [node.window.start, node.window.end, node.window.lateness],
        node.emit,
        node.global,
      ];
    case 'join':
      return [
        node.type,
        node.leftKeys,
        node.rightKeys,
        node.nullSafe,
        optional(node.residual),
        node.time === null ? null : joinTimeToJson(node.time),
      ];
    case 'lookup-join':
      return [
        node.type,
        node.leftKeys,
        node.rightKeys,
        node.nullSafe,
        optional(node.residual),
        node.awaitsRight,
      ];
    case 'union':
    case 'distinct':
      return [];
    case 'set':
      return [node.op, node.all];
    case 'top-n':
      return [
        node.partitionBy,
        orderToJson(node.order),
        node.limit,
        node.offset,
        node.withTies,
        // Left out where there are none, as in plans that were saved before there could be.
        ...(node.numbers === 0 ? [] : [node.numbers]),
      ];
    case 'over':
      return [node.partitionBy, orderToJson(node.order), node.calls.map(overCallToJson)];
    case 'flat-map':
      return [node.fn.id, node.args.map(exprToJson), node.ordinality, node.outer];
    case 'single-row':
      return [node.keys];
    case 'recursion':
      return [node.loop, node.all];
    case 'recursion-end':
      return [node.once];
    default:
      return unreachable(node, 'node');
  }
}

function joinTimeToJson({ forget, lateBy, delay, rowWatermarks }: JoinTime): Json {
  const sides = forget.map((side): Json => {
    if (side === null) return null;
    const { column, offset, settled } = side;
    return [column, offset, settled === null ? null : [settled.column, settled.offset]];
  });
  return [sides, lateBy, delay, rowWatermarks];
}

function orderToJson(
  order: readonly { column: number; descending: boolean; nullsFirst: boolean }[],
): Json {
  return order.map((key) => [key.column, key.descending, key.nullsFirst]);
}

function aggregateCallToJson(call: AggregateCallSpec): Json {
  return [
    call.fn.id,
    call.args,
    call.distinct,
    call.filter,
    orderToJson(call.orderBy),
    typeToJson(call.type),
  ];
}

function overCallToJson(call: OverSpec['calls'][number]): Json {
  return [
    call.name,
    call.aggregate?.id ?? null,
    call.args,
    call.filter,
    frameToJson(call.frame),
    typeToJson(call.type),
  ];
}

function frameToJson(frame: WindowFrame): Json {
  const bound = ({ kind, offset }: WindowFrame['start']): Json => [
    kind,
    offset === null ? null : exprToJson(offset),
  ];
  return [frame.mode, bound(frame.start), bound(frame.end), frame.exclude];
}
