/**
 * For tests: a catalog that SQL definitions fill, and statements bound against it. Definitions are carried
 * out as far as the catalog goes; nothing runs.
 */

import { SqlError } from '../base/errors.ts';
import { Catalog } from '../catalog/catalog.ts';
import { createConnectors } from '../connectors/registry.ts';
import { createSinkConnectors } from '../connectors/sinks.ts';
import { testContext } from '../expr/evaluate-for-test.ts';
import { createRegistry } from '../expr/functions/builtin.ts';
import { createFormats } from '../formats/registry.ts';
import { children } from '../plan/children.ts';
import type { LogicalPlan } from '../plan/logical.ts';
import { validatePlan } from '../plan/validate.ts';
import { parseStatements } from '../syntax/parse.ts';
import { formatType } from '../types/oid.ts';
import { bindStatement } from './bind-statement.ts';
import type { BindContext } from './binding.ts';
import type { Bound, BoundStatement } from './bound-statement.ts';

export class TestBinder {
  readonly catalog = new Catalog();
  readonly #functions = createRegistry();
  readonly #connectors = createConnectors();
  readonly #formats = createFormats();
  searchPath: readonly string[] = ['public'];

  context(parameterOids: readonly number[] = []): BindContext {
    return {
      catalog: this.catalog,
      functions: this.#functions,
      sinks: createSinkConnectors(),
      connectors: this.#connectors,
      formats: this.#formats,
      searchPath: this.searchPath,
      temporarySchema: 'pg_temp_1',
      parameterOids,
      evaluation: testContext(),
    };
  }

  /** Binds one statement, and checks every plan in it. */
  bind(sql: string, parameterOids: readonly number[] = []): Bound {
    const [statement, more] = parseStatements(sql);
    if (statement === undefined || more !== undefined) throw new Error('one statement, please');
    const bound = bindStatement(statement, this.context(parameterOids));
    for (const plan of plansOf(bound.statement)) validatePlan(plan);
    return bound;
  }

  /** Carries out definitions, several in one text. */
  define(sql: string): void {
    for (const statement of parseStatements(sql)) {
      const bound = bindStatement(statement, this.context()).statement;
      for (const plan of plansOf(bound)) validatePlan(plan);
      this.#apply(bound);
    }
  }

  #apply(bound: BoundStatement): void {
    const { catalog } = this;
    switch (bound.kind) {
      case 'create-table':
      case 'create-source':
      case 'create-view': {
        if (bound.skip) return;
        if (bound.replaces !== null) catalog.replace({ ...bound.object, oid: bound.replaces.oid });
        else catalog.create({ ...bound.object, oid: catalog.allocateOid() });
        return;
      }
      case 'create-materialized-view': {
        const planned = { appendOnly: false, key: null, fingerprint: '' };
        catalog.create({ ...bound.object, ...planned, oid: catalog.allocateOid() });
        return;
      }
      case 'create-schema':
        if (bound.skip) return;
        catalog.createSchema({
          kind: 'schema',
          oid: catalog.allocateOid(),
          name: bound.name,
          comment: null,
        });
        return;
      case 'drop':
        catalog.drop(bound.plan);
        return;
      case 'alter':
        for (const object of bound.objects) catalog.replace(object);
        for (const schema of bound.schemas) catalog.replaceSchema(schema);
        return;
      default:
        throw new Error(`${bound.kind} is no definition`);
    }
  }

  /** The plan of a query, one node a line. */
  plan(sql: string): string {
    const { statement } = this.bind(sql);
    const [plan] = plansOf(statement);
    if (plan === undefined) throw new Error(`${statement.kind} has no plan`);
    return printPlanForTest(plan);
  }

  /** `name type` of each column of a query's result. */
  columns(sql: string): string {
    const { statement } = this.bind(sql);
    if (statement.kind !== 'query') throw new Error(`${statement.kind} is no query`);
    return statement.fields.map((field) => `${field.name} ${formatType(field.type)}`).join(', ');
  }

  /** `SQLSTATE message`, then detail, hint and the text that the position points to. */
  error(sql: string): string {
    try {
      for (const statement of parseStatements(sql)) bindStatement(statement, this.context());
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      const { detail, hint, position } = error.fields;
      const at = position === undefined ? undefined : /^[\w.$]+|^./.exec(sql.slice(position))?.[0];
      return [
        `${error.code} ${error.message}`,
        ...(detail === undefined ? [] : [`detail: ${detail}`]),
        ...(hint === undefined ? [] : [`hint: ${hint}`]),
        ...(at === undefined ? [] : [`at: ${at}`]),
      ].join('\n');
    }
    return 'no error';
  }
}

/** Every plan that a bound statement holds. */
export function plansOf(bound: BoundStatement): readonly LogicalPlan[] {
  switch (bound.kind) {
    case 'query':
    case 'insert':
    case 'update':
    case 'delete':
    case 'create-materialized-view':
      return [bound.plan];
    case 'create-table':
      return bound.query === null ? [] : [bound.query.plan];
    case 'subscribe':
      return [bound.query.plan];
    case 'copy-to':
    case 'declare':
      return plansOf(bound.source);
    case 'explain':
      return bound.inner === null ? [] : plansOf(bound.inner);
    default:
      return [];
  }
}

/** Kinds and their essentials, indented by depth. */
export function printPlanForTest(plan: LogicalPlan, indent = ''): string {
  const inner = children(plan).map((child) => printPlanForTest(child, `${indent}  `));
  return [`${indent}${line(plan)}`, ...inner].join('\n');
}

function line(plan: LogicalPlan): string {
  switch (plan.kind) {
    case 'scan':
      return `scan ${plan.relation.name}`;
    case 'join':
      return `${plan.lateral ? 'lateral ' : ''}${plan.type} join`;
    case 'window':
      return `window ${JSON.stringify(plan.window)} on ${plan.timeColumn}`;
    case 'aggregate':
      return `aggregate ${plan.keys.length} keys: ${plan.aggregates.map((each) => each.fn.name).join(', ')}`;
    case 'project':
      return `project ${plan.schema.map((field) => field.name).join(', ')}`;
    case 'set':
      return `${plan.op}${plan.all ? ' all' : ''}`;
    case 'over':
      return `over ${plan.calls.map((call) => call.name).join(', ')}`;
    case 'flat-map':
      return `flat-map ${plan.fn.name}`;
    case 'sort':
      return `sort ${plan.order.length} keys${plan.limit === null ? '' : ' limited'}`;
    default:
      return plan.kind;
  }
}
