/**
 * Who refers to whom in WITH RECURSIVE: the names that stand for tables of a query, with what they stand inside of,
 * minding names that an inner WITH takes for itself. From that follow the order in which the queries of the
 * list are bound and whether a recursive one has the form it must have; PostgreSQL's rules and messages.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';

/** What around a reference keeps it from being recursive. */
type Inside = 'subquery' | 'outer join' | 'INTERSECT' | 'EXCEPT' | null;

/** A name in FROM without a schema. */
interface Reference {
  readonly name: ast.Identifier;
  readonly inside: Inside;
}

/** The queries of a list so that each stands after those that it reads. */
export function inOrderOfUse(tables: readonly ast.CommonTable[]): readonly ast.CommonTable[] {
  const names = new Set(tables.map((table) => table.name.name));
  const reads = new Map(
    tables.map((table) => {
      const others = referencesIn(table.statement).map((reference) => reference.name.name);
      return [table, new Set(others.filter((name) => names.has(name) && name !== table.name.name))];
    }),
  );
  const ordered: ast.CommonTable[] = [];
  const bound = new Set<string>();
  while (ordered.length < tables.length) {
    const next = tables.find(
      (table) =>
        !bound.has(table.name.name) && [...reads.get(table)!].every((name) => bound.has(name)),
    );
    if (next === undefined) {
      const first = tables.find((table) => !bound.has(table.name.name))!;
      throw notImplemented('mutual recursion between WITH items', {
        hint: 'Put both into one query with a column that tells them apart.',
        position: first.name.span.start,
      });
    }
    ordered.push(next);
    bound.add(next.name.name);
  }
  return ordered;
}

/** Whether the query of the list reads itself. */
export function readsItself(table: ast.CommonTable): boolean {
  return referencesIn(table.statement).some((each) => each.name.name === table.name.name);
}

/** A recursive query's two halves. */
export interface RecursiveForm {
  readonly all: boolean;
  readonly base: ast.QueryBody;
  readonly step: ast.QueryBody;
}

/** Throws 42P19 where a query that reads itself has not the form `base UNION [ALL] step`. */
export function recursiveForm(table: ast.CommonTable): RecursiveForm {
  const { name, statement } = table;
  const invalid = (message: string, position: number): SqlError =>
    new SqlError(sqlstate.invalidRecursion, message, { position });
  if (statement.kind !== 'query') {
    throw invalid(
      `recursive query "${name.name}" must not contain data-modifying statements`,
      name.span.start,
    );
  }
  const { body } = statement;
  if (body.kind !== 'set-operation' || body.operator !== 'union') {
    throw invalid(
      `recursive query "${name.name}" does not have the form` +
        ' non-recursive-term UNION [ALL] recursive-term',
      name.span.start,
    );
  }
  const own = (node: unknown): readonly Reference[] =>
    referencesIn(node).filter((reference) => reference.name.name === name.name);
  const refuse = (reference: Reference | undefined, place: string): void => {
    if (reference === undefined) return;
    throw invalid(
      `recursive reference to query "${name.name}" must not appear ${place}`,
      reference.name.span.start,
    );
  };
  refuse(own(body.left)[0], 'within its non-recursive term');
  own(body.right).forEach((reference, i) => {
    const { inside } = reference;
    if (inside !== null) {
      const article = inside === 'subquery' ? 'a ' : inside === 'outer join' ? 'an ' : '';
      refuse(reference, `within ${article}${inside}`);
    }
    if (i > 0) refuse(reference, 'more than once');
  });
  if (statement.with !== null) refuse(own(statement.with)[0], 'within a subquery');
  refuseAround(statement);
  return { all: body.all, base: body.left, step: body.right };
}

/** In PostgreSQL's words. */
function notImplemented(
  what: string,
  fields: { readonly hint: string; readonly position: number },
): SqlError {
  return new SqlError(sqlstate.featureNotSupported, `${what} is not implemented`, fields);
}

/** What may not stand around the UNION. */
function refuseAround(query: ast.Query): void {
  const clauses: readonly (readonly [string, { readonly span: ast.Span } | null | undefined])[] = [
    ['ORDER BY', query.orderBy[0]],
    ['OFFSET', query.offset],
    ['LIMIT', query.limit],
    ['FOR UPDATE/SHARE', query.locking[0]],
  ];
  for (const [clause, written] of clauses) {
    if (written === null || written === undefined) continue;
    throw notImplemented(`${clause} in a recursive query`, {
      hint: 'Write it in the query that reads the recursive one.',
      position: written.span.start,
    });
  }
}

function referencesIn(node: unknown): readonly Reference[] {
  const walk = new ReferenceWalk();
  walk.visit(node);
  return walk.found;
}

class ReferenceWalk {
  readonly found: Reference[] = [];
  /** Names that inner WITHs have taken; a name may be there more than once. */
  readonly #taken: string[] = [];
  #inside: Inside = null;

  visit(node: unknown): void {
    if (Array.isArray(node)) {
      for (const each of node) this.visit(each);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    if (!isNode(node)) {
      this.#parts(node);
      return;
    }
    switch (node.kind) {
      case 'table':
        this.#reference(node.name);
        this.visit(node.systemTime);
        return;
      case 'table-query':
        this.#reference(node.name);
        return;
      case 'query':
        this.#query(node);
        return;
      case 'set-operation':
        this.#setOperation(node);
        return;
      case 'join':
        this.#join(node);
        return;
      case 'subquery':
        this.#within('subquery', node.query);
        return;
      case 'in-query':
        this.#within('subquery', node.query);
        this.visit(node.operand);
        return;
      case 'quantified-query':
        this.#within('subquery', node.query);
        this.visit(node.left);
        return;
      default:
        this.#parts(node);
    }
  }

  #parts(node: object): void {
    for (const part of Object.values(node) as readonly unknown[]) this.visit(part);
  }

  #reference(name: ast.QualifiedName): void {
    const [first, ...rest] = name.parts;
    if (first === undefined || rest.length > 0 || this.#taken.includes(first.name)) return;
    this.found.push({ name: first, inside: this.#inside });
  }

  #query(query: ast.Query): void {
    const depth = this.#taken.length;
    const { with: clause, ...rest } = query;
    if (clause !== null) {
      const names = clause.queries.map((table) => table.name.name);
      if (clause.recursive) this.#taken.push(...names);
      for (const table of clause.queries) {
        this.visit(table.statement);
        if (!clause.recursive) this.#taken.push(table.name.name);
      }
    }
    this.#parts(rest);
    this.#taken.length = depth;
  }

  #setOperation(operation: ast.SetOperation): void {
    const { operator, all, left, right } = operation;
    if (operator === 'intersect' && all) this.#within('INTERSECT', [left, right]);
    else if (operator === 'except') {
      if (all) this.#within('EXCEPT', left);
      else this.visit(left);
      this.#within('EXCEPT', right);
    } else this.visit([left, right]);
  }

  #join(join: ast.Join): void {
    const { type, left, right } = join;
    if (type === 'right' || type === 'full') this.#within('outer join', left);
    else this.visit(left);
    if (type === 'left' || type === 'full') this.#within('outer join', right);
    else this.visit(right);
    this.visit(join.on);
  }

  /** A subquery in an expression is one wherever it stands; the other places count where nothing else does. */
  #within(place: Exclude<Inside, null>, node: unknown): void {
    const before = this.#inside;
    if (place === 'subquery' || before === null) this.#inside = place;
    this.visit(node);
    this.#inside = before;
  }
}

type Node =
  | ast.Query
  | ast.SetOperation
  | ast.TableRef
  | ast.TableQuery
  | ast.Join
  | ast.SubqueryExpression
  | ast.InQueryExpression
  | ast.QuantifiedQueryExpression
  | { readonly kind: '' };

function isNode(node: object): node is Node {
  return 'kind' in node && typeof node.kind === 'string';
}
