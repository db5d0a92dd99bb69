/**
 * Whether stored queries mean what they meant when names under them change: each is planned before and after, and
 * the plans must be the same but for names. What runs goes on with its state then.
 */

import { assert, must } from '../base/assert.ts';
import { notSupported, SqlError } from '../base/errors.ts';
import { bindStatement } from '../binder/bind-statement.ts';
import { bindViewQuery } from '../binder/bind-view-query.ts';
import { dependenciesOf } from '../catalog/catalog.ts';
import { qualifiedName } from '../catalog/names.ts';
import type { CatalogObject, PlainViewObject } from '../catalog/objects.ts';
import { lowerQuery } from '../lower/lower-query.ts';
import { parseStatements } from '../syntax/parse.ts';
import { storedBinding } from './bind-stored.ts';
import type { Database } from './database.ts';
import { optimizeView, planView } from './plan-view.ts';
import { planStoredSink } from './sinks.ts';
import { viewEvaluation } from './view-evaluation.ts';

/** Fingerprints of all stored queries that read `oid`, by their oids. */
export function meaningsOver(oid: number, database: Database): ReadonlyMap<number, string> {
  const { catalog } = database;
  const meanings = new Map<number, string>();
  const reached = new Set([oid]);
  // An object comes after what it was made from, but OR REPLACE may turn that around.
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const object of catalog.objects()) {
      if (dependenciesOf(object).some((on) => reached.has(on))) reached.add(object.oid);
    }
  }
  for (const each of reached) {
    const object = must(catalog.byOid(each), `object ${each}`);
    const meaning = meaningOf(object, database);
    if (meaning !== null) meanings.set(each, meaning);
  }
  return meanings;
}

/** The same of those that run. Plain views are planned with what reads them. */
export function runningOver(oid: number, database: Database): ReadonlyMap<number, string> {
  return new Map(
    [...meaningsOver(oid, database)].filter(
      ([each]) => database.catalog.byOid(each)?.kind !== 'view',
    ),
  );
}

/** Throws 0A000 when one of the queries that are still there would mean something else now. */
export function requireMeanings(
  meanings: ReadonlyMap<number, string>,
  database: Database,
  refusal: { readonly what: string; readonly detail: string; readonly hint: string },
): void {
  for (const [oid, before] of meanings) {
    const object = database.catalog.byOid(oid);
    if (object === undefined || tryMeaningOf(object, database) === before) continue;
    throw notSupported(refusal.what, {
      detail: `"${object.name}" ${refusal.detail}`,
      hint: refusal.hint,
    });
  }
}

/** Null: it has none any more. */
function tryMeaningOf(object: CatalogObject, database: Database): string | null {
  try {
    return meaningOf(object, database);
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

function meaningOf(object: CatalogObject, database: Database): string | null {
  switch (object.kind) {
    case 'materialized-view': {
      const plan = bindViewQuery(object, bindingOf(database));
      return planView(plan, object.emit, database).fingerprint;
    }
    case 'sink':
      return planStoredSink(object, database).fingerprint;
    case 'view':
      return meaningOfView(object, database);
    default:
      return null;
  }
}

function meaningOfView(view: PlainViewObject, database: Database): string {
  const [read] = parseStatements(`SELECT * FROM ${qualifiedName(view.schema, view.name)}`);
  const { statement } = bindStatement(must(read, 'statement'), bindingOf(database));
  assert(statement.kind === 'query', 'a SELECT is a query');
  return lowerQuery(optimizeView(statement.plan, database).plan).plan.fingerprint;
}

function bindingOf(database: Database): ReturnType<typeof storedBinding> {
  const { catalog, registry, connectors, sinks, formats } = database;
  const evaluation = viewEvaluation(database)(0n);
  return storedBinding({ catalog, registry, connectors, sinks, formats, evaluation });
}
