/** SQL's three-valued logic: true, false and null (unknown). Every other file asks here. */

export type Truth = boolean | null;

export function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

export function or(a: Truth, b: Truth): Truth {
  if (a === true || b === true) return true;
  return a === null || b === null ? null : false;
}

export function not(a: Truth): Truth {
  return a === null ? null : !a;
}

/** IS [NOT] TRUE | FALSE | UNKNOWN: never unknown. */
export function isTruth(value: Truth, truth: Truth, negated: boolean): boolean {
  return (value === truth) !== negated;
}

/** `any`: OR over the results. Stops at the first true one; an empty list is false. */
export function anyOf(count: number, test: (index: number) => Truth): Truth {
  let result: Truth = false;
  for (let i = 0; i < count; i++) {
    result = or(result, test(i));
    if (result === true) return true;
  }
  return result;
}

/** `all`: AND over the results. Stops at the first false one; an empty list is true. */
export function allOf(count: number, test: (index: number) => Truth): Truth {
  let result: Truth = true;
  for (let i = 0; i < count; i++) {
    result = and(result, test(i));
    if (result === false) return false;
  }
  return result;
}
