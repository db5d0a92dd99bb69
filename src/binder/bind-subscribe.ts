/**
 * SUBSCRIBE. Its query is kept up to date as a view's is, so the same limits hold, but for parameters: they have
 * their values when it begins.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import type { Field, Schema } from '../types/schema.ts';
import { types } from '../types/sql-type.ts';
import { bindNamed } from './bind-relation.ts';
import { bindAsOf, bindWholeQuery, topLevel } from './bind-whole-query.ts';
import { Binding } from './binding.ts';
import type { BoundQuery, BoundSubscribe } from './bound-statement.ts';
import { withoutHidden } from './query-result.ts';
import { findRelation, relationRef } from './relation-lookup.ts';
import { checkViewPlan } from './view-limits.ts';

export function bindSubscribe(statement: ast.SubscribeStatement, binding: Binding): BoundSubscribe {
  refuseEnvelope(statement);
  const options = flags(statement);
  const query = subscribedQuery(statement, binding);
  const object = statement.name === null ? undefined : findRelation(binding, statement.name);
  const kept = object?.kind === 'table' || object?.kind === 'materialized-view';
  return {
    kind: 'subscribe',
    query,
    fields: [...leadingFields(options.progress), ...following(query.fields, options.progress)],
    relation: kept ? relationRef(object) : null,
    ...options,
    asOf: bindAsOf(statement.asOf, binding),
    upTo: bindAsOf(statement.upTo, binding),
  };
}

function refuseEnvelope({ envelope, span }: ast.SubscribeStatement): void {
  if (envelope === null) return;
  throw notSupported(`ENVELOPE ${envelope.kind.toUpperCase()}`, {
    hint: 'Without it each change is a row with a weight: -1 takes the old row away, 1 brings the new one.',
    position: span.start,
  });
}

/** Bound as a materialized view is: text constants are read in UTC. */
function subscribedQuery(statement: ast.SubscribeStatement, binding: Binding): BoundQuery {
  const context = { ...binding.context, evaluation: { ...binding.evaluation, timeZone: 'UTC' } };
  const inner = new Binding(context, 'materialized view', binding);
  const bound =
    statement.query === null
      ? wholeRelation(statement.name!, inner)
      : bindWholeQuery(statement.query, inner);
  for (const oid of inner.relations) binding.relations.add(oid);
  binding.notices.push(...inner.notices);
  checkViewPlan(bound.plan, (statement.query ?? statement.name!).span.start, 'subscription');
  const plan = withoutHidden(bound);
  return { ...bound, plan, fields: plan.schema };
}

function wholeRelation(name: ast.QualifiedName, binding: Binding): BoundQuery {
  const { plan, items } = bindNamed(name, topLevel(binding));
  const columns = items[0]!.columns;
  const fields = plan.schema.map((field, i) => ({ ...field, name: columns[i]!.name }));
  return { kind: 'query', plan, fields, order: [], emit: 'update', asOf: null };
}

function leadingFields(progress: boolean): Schema {
  const tick: Field = { name: 'tick', type: types.bigint, nullable: false };
  const weight: Field = { name: 'weight', type: types.bigint, nullable: progress };
  if (!progress) return [tick, weight];
  return [tick, { name: 'progressed', type: types.boolean, nullable: false }, weight];
}

/** A row of progress has none of them. */
function following(fields: Schema, progress: boolean): Schema {
  return progress ? fields.map((field) => ({ ...field, nullable: true })) : fields;
}

function flags(statement: ast.SubscribeStatement): {
  readonly snapshot: boolean;
  readonly progress: boolean;
} {
  const given = { snapshot: true, progress: false };
  const seen = new Set<string>();
  for (const { name, value, span } of statement.options) {
    if (name !== 'snapshot' && name !== 'progress') {
      throw new SqlError(sqlstate.syntaxError, `option "${name}" not recognized`, {
        hint: 'SUBSCRIBE takes SNAPSHOT and PROGRESS.',
        position: span.start,
      });
    }
    if (seen.has(name)) {
      throw new SqlError(sqlstate.syntaxError, 'conflicting or redundant options', {
        position: span.start,
      });
    }
    seen.add(name);
    given[name] = value === null || truth(name, value.text, span.start);
  }
  return given;
}

function truth(name: string, text: string, position: number): boolean {
  if (/^(true|on|1|yes)$/i.test(text)) return true;
  if (/^(false|off|0|no)$/i.test(text)) return false;
  throw new SqlError(sqlstate.syntaxError, `${name} requires a Boolean value`, { position });
}
