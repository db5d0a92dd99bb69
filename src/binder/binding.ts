/**
 * What binding one statement knows and gathers: the context it was handed, parameter types, relations
 * read, notices. One `Binding` lives as long as one call of `bindStatement`.
 */

import type { Catalog } from '../catalog/catalog.ts';
import { effectivePath } from '../catalog/names.ts';
import type { CatalogObject, PlainViewObject } from '../catalog/objects.ts';
import type { SourceConnector } from '../connectors/connector.ts';
import type { SinkConnector } from '../connectors/sink.ts';
import type { EvalContext, FunctionRegistry } from '../expr/functions/registry.ts';
import type { Format } from '../formats/format.ts';
import type * as ast from '../syntax/ast.ts';
import type { BoundNotice } from './bound-statement.ts';
import { ParameterTypes } from './parameters.ts';

/** What the binder may know of the world. */
export interface BindContext {
  readonly catalog: Catalog;
  readonly functions: FunctionRegistry;
  /** The connector of that name, and the names for hints. */
  readonly connectors: ((name: string) => SourceConnector | undefined) & {
    readonly names?: readonly string[];
  };
  /** The connectors that can be written to. */
  readonly sinks: ((name: string) => SinkConnector | undefined) & {
    readonly names?: readonly string[];
  };
  readonly formats: ((name: string) => Format | undefined) & { readonly names?: readonly string[] };
  /** The session's search_path: schema names, "$user" replaced. */
  readonly searchPath: readonly string[];
  /** The session's own schema for temporary views (`pg_temp_` and a number); null: it can have none. */
  readonly temporarySchema: string | null;
  /** OIDs that the client gave for $1, $2, …; 0 or missing: inferred. */
  readonly parameterOids: readonly number[];
  /** Temporary views that stored SQL names and that live in no catalog any more. */
  readonly inlined?: readonly PlainViewObject[];
  /** A stored query is bound, which does not see columns that tables got since this oid was given. */
  readonly madeAt?: number;
  /** For constants: the session's time zone, now(), and the catalog behind reg* casts. */
  readonly evaluation: EvalContext;
}

/** What the statement is for; it decides what a query may hold. */
export type Purpose = 'query' | 'view' | 'materialized view' | 'sink' | 'definition';

export class Binding {
  readonly context: BindContext;
  readonly purpose: Purpose;
  readonly parameters: ParameterTypes;
  readonly notices: BoundNotice[] = [];
  /** Oids of relations that the statement itself names (not those behind plain views). */
  readonly relations = new Set<number>();
  /** Names in the tree that stand for a catalog object, for printing a view's query with full names. */
  readonly named = new Map<ast.QualifiedName, CatalogObject>();
  /** What stars in select lists stand for, where that can be written out. */
  readonly stars = new Map<ast.SelectItem, readonly ast.SelectItem[]>();
  /** Plain views being expanded now; a bound on how deep they nest. */
  readonly expanding: readonly number[];
  /** How deep the expression that is being bound is nested. */
  nesting = 0;

  constructor(context: BindContext, purpose: Purpose, inherit?: Binding, expanding?: number) {
    this.context = context;
    this.purpose = purpose;
    this.parameters =
      inherit?.parameters ??
      new ParameterTypes(context.parameterOids, (oid) => context.catalog.typeOfOid(oid));
    this.expanding =
      expanding === undefined
        ? (inherit?.expanding ?? [])
        : [...(inherit?.expanding ?? []), expanding];
  }

  /** For the query of a plain view: names in it are full, and it has no parameters of ours. */
  forView({ oid, made = oid }: PlainViewObject): Binding {
    const context = { ...this.context, searchPath: [], madeAt: made };
    return new Binding(context, this.purpose, this, oid);
  }

  get functions(): FunctionRegistry {
    return this.context.functions;
  }

  get catalog(): Catalog {
    return this.context.catalog;
  }

  get evaluation(): EvalContext {
    return this.context.evaluation;
  }

  /** Whether the result is kept up to date, so that it must not depend on chance. */
  get continuous(): boolean {
    return this.purpose === 'materialized view' || this.purpose === 'sink';
  }

  /** Schemas in the order in which an unqualified name is looked up. */
  path(): readonly string[] {
    return effectivePath(this.context.searchPath, this.context.temporarySchema);
  }

  notice(message: string, fields: Partial<Omit<BoundNotice, 'message'>> = {}): void {
    this.notices.push({ severity: 'NOTICE', code: '00000', ...fields, message });
  }
}
