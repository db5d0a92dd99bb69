/**
 * The one place where source text becomes a function. Callers hand over text that they assembled from
 * fixed templates, indices and numbers of their own; names, SQL text, string constants, options and JSON
 * keys travel as values in `scope`, never in `source` (DESIGN, promise P7).
 */

import { assert } from './assert.ts';

/** Names that generated code may be given: short, plain, made by us. */
const scopeName = /^[a-zA-Z_$][a-zA-Z0-9_$]{0,40}$/;

/**
 * Compiles `source`, the body of a function whose parameters are the keys of `scope`, calls it with the
 * values of `scope` and returns what it returns (usually a function or a class).
 */
export function generate<T>(source: string, scope: Readonly<Record<string, unknown>>): T {
  const names = Object.keys(scope);
  for (const name of names) assert(scopeName.test(name), `scope name ${name} is not plain`);
  // eslint-disable-next-line no-restricted-syntax
  const make = new Function(...names, `'use strict';\n${source}`) as (...values: unknown[]) => T;
  return make(...names.map((name) => scope[name]));
}
