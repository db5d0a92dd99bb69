/** Takes JSON values apart that we wrote ourselves: anything of another shape is an assertion. */

import { assert } from '../base/assert.ts';
import type { Json } from './encode.ts';

/** A list. */
export function fields(json: Json | undefined): readonly Json[] {
  assert(Array.isArray(json), `list expected in a saved plan, found ${typeof json}`);
  return json as readonly Json[];
}

/** A number. */
export function number(json: Json | undefined): number {
  assert(typeof json === 'number', `number expected in a saved plan, found ${typeof json}`);
  return json;
}

/** A list of numbers. */
export function numbers(json: Json | undefined): number[] {
  return fields(json).map(number);
}

/** A text. */
export function string(json: Json | undefined): string {
  assert(typeof json === 'string', `text expected in a saved plan, found ${typeof json}`);
  return json;
}

/** TRUE or FALSE. */
export function boolean(json: Json | undefined): boolean {
  assert(typeof json === 'boolean', `boolean expected in a saved plan, found ${typeof json}`);
  return json;
}
