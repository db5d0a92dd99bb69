/**
 * Where the parser stands in the tokens: looking, taking, and refusing in PostgreSQL's words. It also holds
 * the bounds on nesting, and the way to parsers of other families (`grammar`), so that the files of the
 * families need not import each other in circles.
 */

import type {
  Expression,
  Identifier,
  InsertStatement,
  DeleteStatement,
  MergeStatement,
  QualifiedName,
  Query,
  SortItem,
  Span,
  Statement,
  SubscribeStatement,
  UpdateStatement,
} from './ast.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { tokenType, type Token } from './lexer.ts';

/** Parsers that families far from each other call. */
export interface Grammar {
  readonly expression: (cursor: TokenCursor) => Expression;
  readonly restricted: (cursor: TokenCursor) => Expression;
  readonly operand: (cursor: TokenCursor) => Expression;
  readonly sortItems: (cursor: TokenCursor) => SortItem[];
  readonly query: (cursor: TokenCursor) => Query;
  /** WITH may stand before INSERT, UPDATE, DELETE and MERGE as well as before a query. */
  readonly queryOrChange: (
    cursor: TokenCursor,
  ) => Query | InsertStatement | UpdateStatement | DeleteStatement | MergeStatement;
  readonly subscribe: (cursor: TokenCursor) => SubscribeStatement;
  readonly statement: (cursor: TokenCursor) => Statement;
}

/** How deep expressions, queries and joins may nest; each level costs stack in every later phase too. */
export const nestingMax = 600;

export class TokenCursor {
  readonly source: string;
  readonly grammar: Grammar;
  /** The token to be taken next. */
  token: Token;
  /** Links of left-deep chains so far: a tree can be deep without deep recursion. See parse.ts. */
  chainLinks = 0;
  readonly #tokens: Token[];
  #index = 0;
  #depth = 0;
  #parenthesesEnd = -1;
  #parenthesesHoldQuery = false;

  constructor(source: string, tokens: Token[], grammar: Grammar) {
    this.source = source;
    this.grammar = grammar;
    this.#tokens = tokens;
    this.token = tokens[0]!;
    this.#refuseBad();
  }

  // ── looking

  /** The token `ahead` places on; 0 is the current one. */
  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  /** Where the last taken token ends. */
  get lastEnd(): number {
    return this.#index === 0 ? 0 : this.#tokens[this.#index - 1]!.end;
  }

  get atEnd(): boolean {
    return this.token.type === tokenType.end;
  }

  /** The current token is this unquoted word. */
  isWord(word: string): boolean {
    return this.token.text === word && this.token.type === tokenType.word;
  }

  isWordAt(ahead: number, word: string): boolean {
    const token = this.peek(ahead);
    return token.text === word && token.type === tokenType.word;
  }

  /** The next tokens are these words. */
  areWords(...words: readonly string[]): boolean {
    return words.every((word, index) => this.isWordAt(index, word));
  }

  isSymbol(symbol: string): boolean {
    return this.token.text === symbol && this.token.type === tokenType.symbol;
  }

  isSymbolAt(ahead: number, symbol: string): boolean {
    const token = this.peek(ahead);
    return token.text === symbol && token.type === tokenType.symbol;
  }

  isType(type: Token['type']): boolean {
    return this.token.type === type;
  }

  /**
   * At `(`: whether the first token after this and all directly following parentheses starts a query. Runs
   * of parentheses are scanned once, however often they are asked about.
   */
  parenthesesHoldQuery(from = 0): boolean {
    let at = this.#index + from;
    if (at < this.#parenthesesEnd) return this.#parenthesesHoldQuery;
    while (this.#tokens[at]!.text === '(' && this.#tokens[at]!.type === tokenType.symbol) at++;
    const token = this.#tokens[at]!;
    const word = token.type === tokenType.word ? token.text : '';
    this.#parenthesesEnd = at;
    // Flink writes TABLE(f(x)) in FROM, which is no query.
    const table = word === 'table' && this.#tokens[at + 1]?.text !== '(';
    this.#parenthesesHoldQuery = table || word === 'select' || word === 'values' || word === 'with';
    return this.#parenthesesHoldQuery;
  }

  // ── taking

  take(): Token {
    const token = this.token;
    if (this.#index < this.#tokens.length - 1) this.#index++;
    this.token = this.#tokens[this.#index]!;
    this.#refuseBad();
    return token;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.take();
  }

  acceptWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.take();
    return true;
  }

  /** All of these words, or none. */
  acceptWords(...words: readonly string[]): boolean {
    if (!this.areWords(...words)) return false;
    this.skip(words.length);
    return true;
  }

  /** `IF NOT EXISTS`, or nothing. `if` alone may be a name. */
  ifNotExists(): boolean {
    if (!this.isWord('if') || !this.isWordAt(1, 'not')) return false;
    this.skip(2);
    this.expectWord('exists');
    return true;
  }

  acceptSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.take();
    return true;
  }

  expectWord(word: string): void {
    if (!this.acceptWord(word)) throw this.syntaxError();
  }

  expectWords(...words: readonly string[]): void {
    for (const word of words) this.expectWord(word);
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.syntaxError();
  }

  expectType(type: Token['type']): Token {
    if (this.token.type !== type) throw this.syntaxError();
    return this.take();
  }

  string(): string {
    return this.expectType(tokenType.string).text;
  }

  /** One `item`, then more after commas. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.acceptSymbol(',')) items.push(item());
    return items;
  }

  /** `( item, … )` */
  parenthesized<T>(item: () => T): T[] {
    this.expectSymbol('(');
    const items = this.list(item);
    this.expectSymbol(')');
    return items;
  }

  /**
   * Takes this character even from the front of a longer operator: `>>` closes two type arguments, `*?` is
   * a quantifier and its mark.
   */
  acceptCharacter(character: string): boolean {
    const token = this.token;
    if (this.isSymbol(character)) {
      this.take();
      return true;
    }
    if (token.type !== tokenType.operator || !token.text.startsWith(character)) return false;
    if (token.text.length === 1) {
      this.take();
      return true;
    }
    const text = token.text.slice(1);
    const type = '<>=+-*/%^'.includes(text) ? tokenType.symbol : tokenType.operator;
    this.token = { ...token, type, text, start: token.start + 1 };
    this.#tokens[this.#index] = this.token;
    return true;
  }

  expectClosingAngle(): void {
    if (!this.acceptCharacter('>')) throw this.syntaxError();
  }

  // ── names

  /** A name of a column or relation: any word but the type-or-function and reserved ones. */
  name(): Identifier {
    if (!this.isName()) throw this.syntaxError();
    return this.#identifier();
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead);
    if (token.type === tokenType.quotedName) return true;
    if (token.type !== tokenType.word) return false;
    const keyword = token.keyword;
    return keyword === null || keyword.class === 'unreserved' || keyword.class === 'column-name';
  }

  /** A name of a type or function: any word but the column-name and reserved ones. */
  typeOrFunctionName(): Identifier {
    if (!this.isTypeOrFunctionName()) throw this.syntaxError();
    return this.#identifier();
  }

  isTypeOrFunctionName(ahead = 0): boolean {
    const token = this.peek(ahead);
    if (token.type === tokenType.quotedName) return true;
    if (token.type !== tokenType.word) return false;
    const keyword = token.keyword;
    return (
      keyword === null || keyword.class === 'unreserved' || keyword.class === 'type-or-function'
    );
  }

  /** A name where any word will do: after AS and after a dot. */
  label(): Identifier {
    if (!this.isLabel()) throw this.syntaxError();
    return this.#identifier();
  }

  isLabel(ahead = 0): boolean {
    const { type } = this.peek(ahead);
    return type === tokenType.word || type === tokenType.quotedName;
  }

  /** Any word but a reserved one: roles, collations in some places, options. */
  nonReservedWord(): Identifier {
    if (this.token.keyword?.class === 'reserved' || !this.isLabel()) throw this.syntaxError();
    return this.#identifier();
  }

  #identifier(): Identifier {
    const token = this.take();
    const quoted = token.type === tokenType.quotedName;
    return {
      name: token.text,
      quoted,
      spelling: quoted ? token.text : this.source.slice(token.start, token.end),
      span: { start: token.start, end: token.end },
    };
  }

  /** `a`, `a.b`, `a.b.c` */
  qualifiedName(): QualifiedName {
    const parts = [this.name()];
    while (this.acceptSymbol('.')) parts.push(this.label());
    return { kind: 'name', parts, span: this.spanFrom(parts[0]!.span.start) };
  }

  // ── spans, limits, errors

  spanFrom(start: number): Span {
    return { start, end: this.lastEnd };
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    this.enter();
    const result = parse();
    this.leave();
    return result;
  }

  enter(): void {
    if (++this.#depth > nestingMax) throw tooComplex(this.token.start);
  }

  leave(): void {
    this.#depth--;
  }

  syntaxError(token: Token = this.token): SqlError {
    if (token.error !== null) return token.error;
    if (token.type === tokenType.end) {
      return new SqlError(sqlstate.syntaxError, 'syntax error at end of input', {
        position: token.start,
      });
    }
    return this.errorAt('syntax error', token);
  }

  /** `message at or near "token"` */
  errorAt(message: string, token: Token): SqlError {
    const near = this.source.slice(token.start, token.end);
    return new SqlError(sqlstate.syntaxError, `${message} at or near "${near}"`, {
      position: token.start,
    });
  }

  /** A mistake that PostgreSQL reports with a sentence of its own. */
  mistake(message: string, position: number): SqlError {
    return new SqlError(sqlstate.syntaxError, message, { position });
  }

  windowingError(message: string, position: number): SqlError {
    return new SqlError(sqlstate.windowingError, message, { position });
  }

  #refuseBad(): void {
    if (this.token.error !== null) throw this.token.error;
  }
}

export function tooComplex(position: number): SqlError {
  return new SqlError(sqlstate.statementTooComplex, 'stack depth limit exceeded', {
    hint: 'Write the statement with fewer levels of nesting.',
    position,
  });
}
