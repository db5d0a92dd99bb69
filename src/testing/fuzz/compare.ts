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
  /** A difference that the README names, or one that PostgreSQL leaves open. */
  | { readonly kind: 'known'; readonly reason: string }
  | { readonly kind: 'different'; readonly what: string };

/** What is compared: `loose` allows sums of floats to differ in their last digits. */
export interface Question {
  readonly sql: string;
  readonly loose: boolean;
}

const notSupported = '0A000';

/** `version`: the judge's major one. */
export function compareAnswers(
  expected: Answer,
  actual: Answer,
  question: Question,
  version: number,
): Verdict {
  const verdict = compareExactly(expected, actual, question);
  if (verdict.kind !== 'different') return verdict;
  const reason = knownDifference(expected, actual, question, version);
  return reason === null ? verdict : { kind: 'known', reason };
}

/** What is left of a difference when all that is known is taken from both; it must be nothing. */
function knownDifference(
  expected: Answer,
  actual: Answer,
  question: Question,
  version: number,
): string | null {
  const { sql } = question;
  if (expected.kind === 'error') {
    const overflow = expected.message === 'value out of range: overflow';
    if (actual.kind === 'rows' && overflow && floatSums.test(sql)) {
      return 'sums of floats that overflow on the way, which are exact here';
    }
    const extreme = /^function (?:min|max)\(uuid\) does not/.test(expected.message);
    return actual.kind === 'rows' && extreme ? uuidExtremes : null;
  }
  if (actual.kind === 'error') {
    if (version >= 18 && /^function (?:min|max)\(bytea\) does not/.test(actual.message)) {
      return 'min and max of bytea, which PostgreSQL has since 18';
    }
    const difference = actual.message === 'cannot subtract infinite timestamps';
    if (version >= 17 && difference && shows(expected, /^-?infinity$/)) {
      return infiniteInterval;
    }
    const infinite = actual.message === 'timestamp out of range' && /\bage\(/.test(sql);
    return infinite ? infiniteAge : null;
  }
  const same = (change: Change): boolean =>
    compareExactly(changed(expected, change), changed(actual, change), question).kind === 'same';
  const without = (text: RegExp): boolean =>
    same((cell, oid) => (oid === intervalOid && text.test(cell) ? null : cell));
  if (version >= 17 && / - |\bage\(/.test(sql) && without(/^-?infinity$/)) return infiniteInterval;
  if (version < 17 && /\bage\(/.test(sql) && without(/^-?29\d{4} years /)) return infiniteAge;
  if (version < 16 && /\^|\bpow(?:er)?\(/.test(sql) && same(roundPower)) {
    return 'digits of a power of numeric, chosen otherwise before PostgreSQL 16';
  }
  return null;
}

/** Whether an interval of that text is among the rows. */
function shows(answer: Answer & { kind: 'rows' }, text: RegExp): boolean {
  return answer.rows.some((row) =>
    row.some((cell, i) => answer.oids[i] === intervalOid && cell !== null && text.test(cell)),
  );
}

type Change = (cell: string, oid: number) => string | null;

function changed(answer: Answer & { kind: 'rows' }, change: Change): Answer {
  const rows = answer.rows.map((row) =>
    row.map((cell, i) => (cell === null ? null : change(cell, answer.oids[i]!))),
  );
  return { ...answer, rows };
}

const floatSums = /\b(?:sum|avg|stddev|variance|var_|corr|covar_|regr_)\w*\(/;
const uuidExtremes = 'min and max of uuid, which PostgreSQL has not';
const infiniteInterval = 'infinite intervals, which PostgreSQL has since 17';
const infiniteAge = 'age of infinity, which is no interval before PostgreSQL 17';

const numericOid = 1700;
const intervalOid = 1186;

/** A number to the digits that every version shows. */
function roundPower(cell: string, oid: number): string {
  return oid === numericOid ? Number(Number(cell).toPrecision(10)).toString() : cell;
}

function compareExactly(expected: Answer, actual: Answer, { loose }: Question): Verdict {
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
    // The README says so: a polymorphic function takes an untyped constant as text.
    if (expected.message.startsWith('could not determine polymorphic type because input has')) {
      return { kind: 'other-error', reason: `${expected.code} ${expected.message} | text` };
    }
    return { kind: 'different', what: `should fail with ${expected.code} ${expected.message}` };
  }
  if (typesOf(expected) !== typesOf(actual)) {
    return { kind: 'different', what: `types ${actual.oids.join()} for ${expected.oids.join()}` };
  }
  return sameRows(expected.rows, actual.rows, tolerances(expected, loose))
    ? { kind: 'same' }
    : { kind: 'different', what: 'rows' };
}

/** Types of users have other numbers in each database. */
function typesOf(answer: Answer & { kind: 'rows' }): string {
  return answer.oids.map((oid) => (oid < firstUserOid ? oid : 'user')).join();
}

const firstUserOid = 16384;
const real = 700;
const double = 701;

/** How much each column may differ, as a part of its value: sums of floats depend on the order of rows. */
function tolerances(answer: Answer & { kind: 'rows' }, loose: boolean): readonly number[] {
  return answer.oids.map((oid) => (!loose ? 0 : oid === real ? 1e-5 : oid === double ? 1e-9 : 0));
}

type Rows = (Answer & { kind: 'rows' })['rows'];

function sameRows(expected: Rows, actual: Rows, near: readonly number[]): boolean {
  if (expected.length !== actual.length) return false;
  if (near.every((part) => part === 0)) {
    const left = expected.map(rowText).sort();
    const right = actual.map(rowText).sort();
    return left.every((line, i) => line === right[i]);
  }
  const left = [...actual];
  return expected.every((row) => {
    const at = left.findIndex((other) => row.every((cell, i) => nearly(cell, other[i]!, near[i]!)));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

export function rowText(row: readonly (string | null)[]): string {
  return row.map((cell) => (cell === null ? 'NULL' : JSON.stringify(cell))).join(' ');
}

function nearly(a: string | null, b: string | null, part: number): boolean {
  if (a === b || a === null || b === null || part === 0) return a === b;
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isFinite(x) || !Number.isFinite(y)) return false;
  return Math.abs(x - y) <= part * Math.max(Math.abs(x), Math.abs(y), 1e-3);
}
