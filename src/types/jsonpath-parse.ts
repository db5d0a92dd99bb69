/**
 * Reads a path by PostgreSQL's grammar: expressions and predicates are told apart, and a predicate is a value
 * only in parentheses. Depth is bounded, since reading, printing and running recurse: that of the canonical
 * text, in which every operator of a list has parentheses of its own, and that of steps behind steps.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import { Decimal } from './decimal.ts';
import { pathSyntaxError, PathTokens, type PathToken } from './jsonpath-tokens.ts';
import {
  anyDepth,
  isPathPredicate,
  type ArithmeticOperator,
  type ComparisonOperator,
  type JsonPath,
  type PathChain,
  type PathHead,
  type PathMethod,
  type PathPattern,
  type PathRange,
  type PathStep,
} from './jsonpath.ts';

/** 22P02 for nothing at all, 42601 for what is no path, 0A000 for XQuery's flag x. */
export function parseJsonPath(text: string): JsonPath {
  const parser = new PathParser(text);
  if (parser.empty) {
    throw new SqlError(
      sqlstate.invalidTextRepresentation,
      `invalid input syntax for type jsonpath: "${text}"`,
    );
  }
  return parser.path();
}

const depthMax = 500;
/** Steps of a chain, with those of the chains around it: a run nests them. */
const stepsMax = 1000;

/** Keywords that are known in lower case only. */
const exactWords: ReadonlySet<string> = new Set(['null', 'true', 'false']);
const methods: ReadonlySet<string> = new Set<PathMethod>([
  'abs',
  'size',
  'type',
  'floor',
  'double',
  'ceiling',
  'keyvalue',
]);
const comparisons: ReadonlySet<string> = new Set<ComparisonOperator>([
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
]);

/** What was read: a predicate in parentheses (or exists) is `closed`. */
interface Read {
  readonly chain: PathChain;
  readonly predicate: boolean;
}

class PathParser {
  readonly #tokens: PathTokens;
  #token: PathToken;
  #depth = 0;
  #steps = 0;
  #filters = 0;
  #subscripts = 0;
  /** @ or last where it means nothing: told once the whole text is known to be a path. */
  #misplaced: string | null = null;

  constructor(text: string) {
    this.#tokens = new PathTokens(text);
    this.#token = this.#tokens.next();
  }

  /** Before anything is read: there are but blanks and comments. */
  get empty(): boolean {
    return this.#token.kind === 'end';
  }

  path(): JsonPath {
    const strict = this.#takeWord('strict');
    if (!strict) this.#takeWord('lax');
    const { chain } = this.#or();
    if (this.#token.kind !== 'end') throw this.#unexpected();
    if (this.#misplaced !== null) throw new SqlError(sqlstate.syntaxError, this.#misplaced);
    return { strict, chain };
  }

  #advance(): PathToken {
    const token = this.#token;
    this.#token = this.#tokens.next();
    return token;
  }

  #unexpected(): SqlError {
    return pathSyntaxError(this.#token.shown);
  }

  #isSymbol(text: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === text;
  }

  #takeSymbol(text: string): boolean {
    const here = this.#isSymbol(text);
    if (here) this.#advance();
    return here;
  }

  #expect(text: string): void {
    if (!this.#takeSymbol(text)) throw this.#unexpected();
  }

  #word(): string | null {
    if (this.#token.kind !== 'name') return null;
    const { text } = this.#token;
    const lower = text.toLowerCase();
    return exactWords.has(lower) && text !== lower ? null : lower;
  }

  #takeWord(word: string): boolean {
    const here = this.#word() === word;
    if (here) this.#advance();
    return here;
  }

  #expectWord(word: string): void {
    if (!this.#takeWord(word)) throw this.#unexpected();
  }

  #deeper<T>(read: () => T): T {
    this.#deepen();
    const result = read();
    this.#depth--;
    return result;
  }

  #deepen(): void {
    if (++this.#depth > depthMax) {
      throw tooDeep(`A jsonpath may be nested up to ${depthMax} levels deep.`);
    }
  }

  #or(): Read {
    return this.#deeper(() =>
      this.#joined('||', 'or', () => this.#joined('&&', 'and', () => this.#not())),
    );
  }

  #joined(symbol: string, kind: 'and' | 'or', operand: () => Read): Read {
    const before = this.#depth;
    let left = operand();
    while (left.predicate && this.#takeSymbol(symbol)) {
      this.#deepen();
      const right = operand();
      if (!right.predicate) throw this.#unexpected();
      left = truth({ kind, left: left.chain, right: right.chain });
    }
    this.#depth = before;
    return left;
  }

  #not(): Read {
    if (!this.#takeSymbol('!')) return this.#comparison();
    if (this.#takeWord('exists')) return truth({ kind: 'not', arg: this.#exists() });
    this.#expect('(');
    const arg = this.#or();
    if (!arg.predicate) throw this.#unexpected();
    this.#expect(')');
    return truth({ kind: 'not', arg: arg.chain });
  }

  /** Behind the word. */
  #exists(): PathChain {
    this.#expect('(');
    const arg = this.#deeper(() => this.#sum());
    if (arg.predicate) throw this.#unexpected();
    this.#expect(')');
    return { head: { kind: 'exists', arg: arg.chain }, steps: [] };
  }

  #comparison(): Read {
    const left = this.#sum();
    if (left.predicate) return left;
    if (this.#token.kind === 'symbol' && comparisons.has(this.#token.text)) {
      const operator = this.#advance().text as ComparisonOperator;
      const right = this.#value(this.#sum());
      return truth({ kind: 'compare', operator, left: left.chain, right });
    }
    if (this.#takeWord('starts')) {
      this.#expectWord('with');
      return truth({ kind: 'starts-with', left: left.chain, right: this.#prefix() });
    }
    if (this.#takeWord('like_regex')) {
      return truth({ kind: 'like-regex', left: left.chain, pattern: this.#pattern() });
    }
    return left;
  }

  #value(read: Read): PathChain {
    if (read.predicate) throw this.#unexpected();
    return read.chain;
  }

  #prefix(): PathChain {
    const { kind, text } = this.#token;
    if (kind !== 'string' && kind !== 'variable') throw this.#unexpected();
    this.#advance();
    return kind === 'string'
      ? { head: { kind: 'constant', value: text }, steps: [] }
      : { head: { kind: 'variable', name: text }, steps: [] };
  }

  #string(): string {
    if (this.#token.kind !== 'string') throw this.#unexpected();
    return this.#advance().text;
  }

  #pattern(): PathPattern {
    const source = this.#string();
    return { source, flags: this.#takeWord('flag') ? readFlags(this.#string()) : '' };
  }

  #sum(): Read {
    return this.#operators(['+', '-'], () => this.#operators(['*', '/', '%'], () => this.#sign()));
  }

  #operators(symbols: readonly ArithmeticOperator[], operand: () => Read): Read {
    const before = this.#depth;
    let left = operand();
    for (;;) {
      const operator = symbols.find((each) => this.#isSymbol(each));
      if (operator === undefined || left.predicate) break;
      this.#advance();
      this.#deepen();
      const right = this.#value(operand());
      left = plain({ head: { kind: 'arithmetic', operator, left: left.chain, right }, steps: [] });
    }
    this.#depth = before;
    return left;
  }

  #sign(): Read {
    const operator = (['+', '-'] as const).find((each) => this.#isSymbol(each));
    if (operator === undefined) return this.#primary();
    this.#advance();
    const arg = this.#value(this.#deeper(() => this.#sign()));
    return plain({ head: signed(operator, arg), steps: [] });
  }

  #primary(): Read {
    if (this.#takeSymbol('(')) {
      const inner = this.#or();
      this.#expect(')');
      const steps = this.#stepsBehind(inner.chain.steps);
      if (steps.length > inner.chain.steps.length) {
        return plain({ head: inner.chain.head, steps });
      }
      if (!inner.predicate || !this.#takeWord('is')) return inner;
      this.#expectWord('unknown');
      return truth({ kind: 'is-unknown', arg: inner.chain });
    }
    if (this.#takeWord('exists')) return { chain: this.#exists(), predicate: true };
    const head = this.#head();
    return plain({ head, steps: this.#stepsBehind([]) });
  }

  #head(): PathHead {
    const { kind, text } = this.#token;
    switch (kind) {
      case 'string':
        this.#advance();
        return { kind: 'constant', value: text };
      case 'number':
        this.#advance();
        return { kind: 'constant', value: Decimal.parse(text) };
      case 'variable':
        this.#advance();
        return { kind: 'variable', name: text };
      default:
        break;
    }
    if (this.#takeSymbol('$')) return { kind: 'root' };
    if (this.#takeSymbol('@')) {
      if (this.#filters === 0) this.#misplaced ??= '@ is not allowed in root expressions';
      return { kind: 'current' };
    }
    if (this.#takeWord('last')) {
      if (this.#subscripts === 0) this.#misplaced ??= 'LAST is allowed only in array subscripts';
      return { kind: 'last' };
    }
    if (this.#takeWord('null')) return { kind: 'constant', value: null };
    if (this.#takeWord('true')) return { kind: 'constant', value: true };
    if (this.#takeWord('false')) return { kind: 'constant', value: false };
    throw this.#unexpected();
  }

  /** The steps that are known, and what follows. */
  #stepsBehind(known: readonly PathStep[]): readonly PathStep[] {
    const steps = [...known];
    const before = this.#steps;
    this.#steps += known.length;
    for (;;) {
      const read = this.#stepReader();
      if (read === null) break;
      if (++this.#steps > stepsMax) {
        throw tooDeep(`A jsonpath may have up to ${stepsMax} steps, one behind the other.`);
      }
      steps.push(read());
    }
    this.#steps = before;
    return steps;
  }

  #stepReader(): (() => PathStep) | null {
    if (this.#takeSymbol('.')) return () => this.#member();
    if (this.#takeSymbol('[')) return () => this.#elements();
    if (this.#takeSymbol('?')) return () => this.#filter();
    return null;
  }

  #filter(): PathStep {
    this.#expect('(');
    this.#filters++;
    const { chain, predicate } = this.#or();
    if (!predicate) throw this.#unexpected();
    this.#filters--;
    this.#expect(')');
    return { kind: 'filter', predicate: chain };
  }

  #member(): PathStep {
    if (this.#takeSymbol('*')) return { kind: 'any-key' };
    if (this.#takeSymbol('**')) return this.#levels();
    if (this.#token.kind === 'string') return { kind: 'key', key: this.#advance().text };
    if (this.#token.kind !== 'name') throw this.#unexpected();
    const word = this.#word();
    const key = this.#advance().text;
    if (word !== null && this.#isSymbol('(')) {
      if (word === 'datetime') return this.#datetime();
      if (methods.has(word)) {
        this.#advance();
        this.#expect(')');
        return { kind: 'method', method: word as PathMethod };
      }
    }
    return { kind: 'key', key };
  }

  #datetime(): PathStep {
    this.#expect('(');
    const template = this.#isSymbol(')') ? null : this.#string();
    this.#expect(')');
    return { kind: 'datetime', template };
  }

  #levels(): PathStep {
    if (!this.#takeSymbol('{')) return { kind: 'any', first: 0, last: anyDepth };
    const first = this.#level();
    const last = this.#takeWord('to') ? this.#level() : first;
    this.#expect('}');
    return { kind: 'any', first, last };
  }

  #level(): number {
    if (this.#takeWord('last')) return anyDepth;
    const { kind, text } = this.#token;
    if (kind !== 'number' || !/^[0-9]+$/.test(text)) throw this.#unexpected();
    this.#advance();
    if (Number(text) <= 0x7fffffff) return Number(text);
    throw new SqlError(
      sqlstate.numericValueOutOfRange,
      `value "${text}" is out of range for type integer`,
    );
  }

  #elements(): PathStep {
    if (this.#takeSymbol('*')) {
      this.#expect(']');
      return { kind: 'any-array' };
    }
    this.#subscripts++;
    const ranges: PathRange[] = [];
    do {
      const from = this.#subscript();
      ranges.push({ from, to: this.#takeWord('to') ? this.#subscript() : null });
    } while (this.#takeSymbol(','));
    this.#subscripts--;
    this.#expect(']');
    return { kind: 'elements', ranges };
  }

  #subscript(): PathChain {
    return this.#value(this.#deeper(() => this.#sum()));
  }
}

function tooDeep(detail: string): SqlError {
  return new SqlError(sqlstate.statementTooComplex, 'stack depth limit exceeded', { detail });
}

function plain(chain: PathChain): Read {
  return { chain, predicate: false };
}

function truth(head: PathHead): Read {
  return { chain: { head, steps: [] }, predicate: isPathPredicate(head) };
}

/** The sign of a written number is part of it. */
function signed(operator: '+' | '-', arg: PathChain): PathHead {
  const { head, steps } = arg;
  if (head.kind === 'constant' && head.value instanceof Decimal && steps.length === 0) {
    return operator === '+' ? head : { kind: 'constant', value: head.value.neg() };
  }
  return { kind: 'sign', operator, arg };
}

function readFlags(letters: string): string {
  for (const letter of letters) {
    if ('ismxq'.includes(letter)) continue;
    throw new SqlError(sqlstate.syntaxError, 'invalid input syntax for type jsonpath', {
      detail: `Unrecognized flag character "${letter}" in LIKE_REGEX predicate.`,
    });
  }
  const flags = [...'ismxq'].filter((letter) => letters.includes(letter)).join('');
  if (flags.includes('x') && !flags.includes('q')) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      'XQuery "x" flag (expanded regular expressions) is not implemented',
    );
  }
  return flags;
}
