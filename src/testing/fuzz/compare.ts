/**
 * Whether two answers to one question say the same, and what kind of difference it is when they do not.
 * Rows are compared as bags of text, so that spelling (display scale, zones, padding) counts.
 */

import type { Answer } from './judge.ts';
import { faultCode } from './subject.ts';

export type Verdict =
  | { readonly kind: 'same' }
  /** Both refuse, or ours says that it is not supported. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Both refuse, with SQLSTATEs of different classes. */
  | { readonly kind: 'other-error'; readonly reason: string }
  | { readonly kind: 'different'; readonly what: string };

const notSupported = '0A000';

export function compareAnswers(expected: Answer, actual: Answer, loose: boolean): Verdict {
  if (actual.kind === 'error') {
    if (actual.code === faultCode) return { kind: 'different', what: `fault: ${actual.message}` };
    if (
      actual.code === notSupported &&
      !(expected.kind === 'error' && expected.code === notSupported)
    ) {
      return { kind: 'refused', reason: actual.message };
    }
    if (expected.kind === 'rows') {
      return { kind: 'different', what: `fails with ${actual.code} ${actual.message}` };
    }
    if (expected.code.slice(0, 2) === actual.code.slice(0, 2)) return { kind: 'same' };
    const reason = `${expected.code} ${expected.message} | ${actual.code} ${actual.message}`;
    return { kind: 'other-error', reason };
  }
  if (expected.kind === 'error') {
    // PostgreSQL computes constants before it looks for rows; without rows there is nothing that fails here.
    if (actual.rows.length === 0 && expected.code.startsWith('22')) {
      return { kind: 'other-error', reason: `${expected.code} ${expected.message} | no rows` };
    }
    return { kind: 'different', what: `should fail with ${expected.code} ${expected.message}` };
  }
  if (expected.oids.join() !== actual.oids.join()) {
    return { kind: 'different', what: `types ${actual.oids.join()} for ${expected.oids.join()}` };
  }
  return sameRows(expected.rows, actual.rows, floats(expected, loose))
    ? { kind: 'same' }
    : { kind: 'different', what: 'rows' };
}

const real = 700;
const double = 701;

/** Which columns may differ in their last digits. */
function floats(answer: Answer & { kind: 'rows' }, loose: boolean): readonly boolean[] {
  return answer.oids.map((oid) => loose && (oid === real || oid === double));
}

type Rows = (Answer & { kind: 'rows' })['rows'];

function sameRows(expected: Rows, actual: Rows, near: readonly boolean[]): boolean {
  if (expected.length !== actual.length) return false;
  if (!near.includes(true)) {
    const left = expected.map(rowText).sort();
    const right = actual.map(rowText).sort();
    return left.every((line, i) => line === right[i]);
  }
  const left = [...actual];
  return expected.every((row) => {
    const at = left.findIndex((other) =>
      row.every((cell, i) => (near[i]! ? nearly(cell, other[i]!) : cell === other[i])),
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

export function rowText(row: readonly (string | null)[]): string {
  return row.map((cell) => (cell === null ? 'NULL' : JSON.stringify(cell))).join(' ');
}

function nearly(a: string | null, b: string | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  const [x, y] = [Number(a), Number(b)];
  return (
    Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1e-3) ||
    Math.fround(x) === Math.fround(y)
  );
}
