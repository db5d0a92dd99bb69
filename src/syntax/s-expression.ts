/**
 * Expressions of ours and of PostgreSQL's parser as S-expressions, so that trees can be compared: what
 * each of them leaves implicit is spelled out on both sides. Test support.
 */

import { unreachable } from '../base/assert.ts';
import type { Expression, OperatorName, TypeName } from './ast.ts';

export function fromOurs(node: Expression): string {
  const list = (...parts: readonly (string | Expression)[]): string =>
    `(${parts.map((part) => (typeof part === 'string' ? part : fromOurs(part))).join(' ')})`;
  const not = (negated: boolean): string => (negated ? 'not-' : '');
  switch (node.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return `'${node.value}'`;
    case 'parameter':
      return `$${node.number}`;
    case 'column':
      return node.parts.map((part) => part.name).join('.');
    case 'unary':
      return list(symbol(node.operator), node.operand);
    case 'binary':
      return list(symbol(node.operator), node.left, node.right);
    case 'logical':
      return list(node.operator, ...node.operands);
    case 'not':
      return list('not', node.operand);
    case 'is':
      return list(`is-${not(node.negated)}${node.test}`, node.operand);
    case 'is-distinct':
      return list(`${not(node.negated)}distinct`, node.left, node.right);
    case 'between': {
      const name = `${not(node.negated)}between${node.symmetric ? '-symmetric' : ''}`;
      return list(name, node.operand, node.low, node.high);
    }
    case 'like': {
      const escape = node.escape === null ? [] : [node.escape];
      return list(`${not(node.negated)}${node.operator}`, node.operand, node.pattern, ...escape);
    }
    case 'in-list':
      return list(`${not(node.negated)}in`, node.operand, ...node.items);
    case 'quantified':
      return list(`${symbol(node.operator)}-${node.quantifier}`, node.left, node.array);
    case 'at-time-zone':
      return list('zone', node.operand, node.zone);
    case 'collate':
      return list('collate', node.operand);
    case 'cast':
      return list('cast', node.operand, typeOf(node.type));
    case 'typed-literal':
      return list('cast', `'${node.value}'`, typeOf(node.type));
    case 'row':
      return list('row', ...node.items);
    case 'array':
      return list('array', ...node.items);
    case 'case': {
      const branches = node.branches.map((b) => list('when', b.when, b.then));
      return list('case', node.operand ?? '-', ...branches, node.otherwise ?? '-');
    }
    case 'call':
      return list(
        'call',
        node.name.parts.at(-1)!.name,
        ...node.arguments.map((argument) => argument.value),
      );
    case 'conditional':
      return list(node.function, ...node.arguments);
    case 'subscript': {
      const indices = node.subscripts.map((s) => (s.kind === 'index' ? s.value : 'slice'));
      return list('subscript', node.base, ...indices);
    }
    case 'field':
      return list('field', node.base, node.field.name);
    case 'bits':
    case 'interval':
    case 'star':
    case 'default':
    case 'current-of':
    case 'special-value':
    case 'grouping':
    case 'map':
    case 'subquery':
    case 'in-query':
    case 'quantified-query':
      throw new Error(`no S-expression of ${node.kind}`);
    default:
      return unreachable(node);
  }
}

function symbol(operator: OperatorName): string {
  return operator.symbol;
}

function typeOf(type: TypeName): string {
  if (type.kind === 'array-type') return `${typeOf(type.element)}[]`;
  if (type.kind !== 'named-type') throw new Error(`no S-expression of ${type.kind}`);
  const name = type.name.parts.at(-1)!.name;
  return standardNames.get(name) ?? name;
}

const standardNames: ReadonlyMap<string, string> = new Map([
  ['int', 'int4'],
  ['bigint', 'int8'],
  ['double precision', 'float8'],
  ['boolean', 'bool'],
]);

type Json = { readonly [key: string]: unknown };

/** A node of PostgreSQL's tree, as `{ A_Expr: { … } }`. */
export function fromPostgres(node: unknown): string {
  const [kind, body] = Object.entries(node as Json)[0] as [string, Json];
  const list = (...parts: readonly unknown[]): string =>
    `(${parts.map((part) => (typeof part === 'string' ? part : fromPostgres(part))).join(' ')})`;
  const items = (value: unknown): readonly unknown[] =>
    (value as readonly unknown[] | undefined) ?? [];
  switch (kind) {
    case 'A_Const':
      return constant(body);
    case 'ParamRef':
      return `$${String(body.number ?? 0)}`;
    case 'ColumnRef':
      return items(body.fields).map(text).join('.');
    case 'BoolExpr': {
      const names: Json = { AND_EXPR: 'and', OR_EXPR: 'or', NOT_EXPR: 'not' };
      return list(names[String(body.boolop)], ...items(body.args));
    }
    case 'NullTest':
      return list(body.nulltesttype === 'IS_NULL' ? 'is-null' : 'is-not-null', body.arg);
    case 'BooleanTest':
      return list(String(body.booltesttype).toLowerCase().replaceAll('_', '-'), body.arg);
    case 'TypeCast': {
      const type = body.typeName as Json;
      const brackets = items(type.arrayBounds).length > 0 ? '[]' : '';
      return list('cast', body.arg, text(items(type.names).at(-1)) + brackets);
    }
    case 'CollateClause':
      return list('collate', body.arg);
    case 'RowExpr':
      return list('row', ...items(body.args));
    case 'A_ArrayExpr':
      return list('array', ...items(body.elements));
    case 'CaseExpr': {
      const branches = items(body.args).map((item) => {
        const when = (item as Json).CaseWhen as Json;
        return list('when', when.expr, when.result);
      });
      return list('case', body.arg ?? '-', ...branches, body.defresult ?? '-');
    }
    case 'CoalesceExpr':
      return list('coalesce', ...items(body.args));
    case 'MinMaxExpr':
      return list(body.op === 'IS_LEAST' ? 'least' : 'greatest', ...items(body.args));
    case 'A_Indirection': {
      const steps = items(body.indirection);
      const indices = steps.map(
        (step) => ((step as Json).A_Indices as Json | undefined)?.uidx ?? text(step),
      );
      return list('subscript', body.arg, ...indices);
    }
    case 'FuncCall': {
      const name = text(items(body.funcname).at(-1));
      if (name === 'timezone') return list('zone', items(body.args)[1], items(body.args)[0]);
      return list('call', name, ...items(body.args));
    }
    case 'A_Expr':
      return operator(body, list);
    default:
      throw new Error(`no S-expression of ${kind}`);
  }
}

function operator(body: Json, list: (...parts: readonly unknown[]) => string): string {
  const name = text((body.name as readonly unknown[]).at(-1));
  const right = body.rexpr;
  const inner = (value: unknown): readonly unknown[] =>
    ((value as Json).List as Json).items as readonly unknown[];
  switch (body.kind) {
    case 'AEXPR_OP':
      return body.lexpr === undefined ? list(name, right) : list(name, body.lexpr, right);
    case 'AEXPR_DISTINCT':
      return list('distinct', body.lexpr, right);
    case 'AEXPR_NOT_DISTINCT':
      return list('not-distinct', body.lexpr, right);
    case 'AEXPR_NULLIF':
      return list('nullif', body.lexpr, right);
    case 'AEXPR_IN':
      return list(name === '=' ? 'in' : 'not-in', body.lexpr, ...inner(right));
    case 'AEXPR_OP_ANY':
      return list(`${name}-any`, body.lexpr, right);
    case 'AEXPR_OP_ALL':
      return list(`${name}-all`, body.lexpr, right);
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR': {
      const word = String(body.kind).slice(6).toLowerCase();
      return list((name.startsWith('!') ? 'not-' : '') + word, body.lexpr, ...pattern(right));
    }
    default: {
      const word = String(body.kind).slice(6).toLowerCase().replaceAll('_', '-');
      return list(word.replace(/-sym$/, '-symmetric'), body.lexpr, ...inner(right));
    }
  }
}

/** PostgreSQL makes calls of `like_escape` and `similar_to_escape` out of a pattern. */
function pattern(node: unknown): readonly unknown[] {
  const call = (node as Json).FuncCall as Json | undefined;
  const name = call === undefined ? '' : text((call.funcname as readonly unknown[]).at(-1));
  return /^(like_escape|similar_to_escape)$/.test(name)
    ? (call!.args as readonly unknown[])
    : [node];
}

function text(node: unknown): string {
  const body = (node as Json).String as Json | undefined;
  return String(body?.sval ?? '');
}

function constant(body: Json): string {
  if (body.isnull === true) return 'null';
  if (body.ival !== undefined) return String((body.ival as Json).ival ?? 0);
  if (body.fval !== undefined) return String((body.fval as Json).fval);
  if (body.boolval !== undefined) return String((body.boolval as Json).boolval ?? false);
  return `'${String((body.sval as Json).sval ?? '')}'`;
}
