/**
 * to_number: text read by a numeric template, step by step as PostgreSQL does. Each part of the template takes
 * what it can of the text; what is neither digit nor sign nor point is passed over, one character a part.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal, powerOfTen } from '../../types/decimal.ts';
import { isScientific, numericTokens, unquoted } from './number-tokens.ts';

/** NULL for an empty template. */
export function readNumber(value: string, template: string): Decimal | null {
  if (template === '') return null;
  return new NumberReader(value, template).run();
}

type Sign = '' | '+' | '-';

/** What the template says as a whole. */
interface Shape {
  /** Digits before the point, behind it, and behind V. */
  whole: number;
  fraction: number;
  shift: number;
  point: boolean;
  multiply: boolean;
  brackets: boolean;
  signs: Set<string>;
  leadingS: boolean;
}

class NumberReader {
  readonly #text: readonly string[];
  readonly #tokens: readonly string[];
  readonly #shape: Shape;
  #at = 0;
  #sign: Sign = '';
  #digits = '';
  #wholeRead = 0;
  #fractionRead = 0;
  #pointRead = false;

  constructor(text: string, template: string) {
    this.#text = [...text];
    this.#tokens = numericTokens(template);
    this.#shape = shapeOf(this.#tokens);
  }

  run(): Decimal {
    for (const token of this.#tokens) {
      if (this.#at >= this.#text.length) break;
      this.#take(token);
    }
    const shown = `${this.#sign === '' ? ' ' : this.#sign}${this.#digits.replace(/\.$/, '')}`;
    if (!/^[ +-](?:\d+\.?\d*|\.\d+)$/.test(shown)) {
      throw new SqlError(
        sqlstate.invalidTextRepresentation,
        `invalid input syntax for type numeric: "${shown}"`,
      );
    }
    const number = Decimal.parse(shown.trim());
    const { whole, shift } = this.#shape;
    if (number.abs().compare(Decimal.fromBigInt(powerOfTen(whole + shift))) >= 0) {
      throw new SqlError(sqlstate.numericValueOutOfRange, 'numeric field overflow');
    }
    return shift === 0 ? number : number.mul(tenthPower(shift));
  }

  #take(token: string): void {
    const here = this.#text[this.#at];
    switch (token.toUpperCase()) {
      case '9':
      case '0':
        this.#part(true);
        break;
      case '.':
      case 'D':
        this.#part(false);
        break;
      case ',':
      case 'G':
        if (here !== ',') return;
        break;
      case 'MI':
        if (here !== '-') return this.#pass(1);
        this.#sign = here;
        break;
      case 'PL':
        if (here !== '+') return this.#pass(1);
        this.#sign = here;
        break;
      case 'SG':
        if (here !== '+' && here !== '-') return this.#pass(1);
        this.#sign = here;
        break;
      case 'TH':
        return this.#pass(2);
      case 'FM':
      case 'PR':
      case 'S':
      case 'V':
      case 'B':
      case 'C':
        return;
      case 'L':
        return this.#pass(1);
      default:
        this.#at += [...unquoted(token)].length;
        return;
    }
    this.#at++;
  }

  /** Passes over characters that cannot be part of a number. */
  #pass(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#at >= this.#text.length || /[0-9.,+-]/.test(this.#text[this.#at]!)) return;
      this.#at++;
    }
  }

  /** A digit or a point, with the sign that stands before the first or behind the last. */
  #part(digit: boolean): void {
    if (this.#here() === ' ') this.#at++;
    if (this.#here() === '') return;
    const { brackets, fraction, point, signs, leadingS } = this.#shape;
    if (this.#sign === '' && digit && this.#digitsRead() === 0)
      this.#leadingSign(leadingS, brackets);
    let read = false;
    if (/\d/.test(this.#here())) {
      if (this.#pointRead && this.#fractionRead === fraction) return;
      this.#digits += this.#here();
      if (this.#pointRead) this.#fractionRead++;
      else this.#wholeRead++;
      read = true;
    } else if (point && !this.#pointRead && this.#here() === '.') {
      this.#digits += '.';
      this.#pointRead = true;
      read = true;
    }
    if (this.#here() === '' || this.#sign !== '' || this.#digitsRead() === 0) return;
    if (signs.has('S')) {
      const next = this.#text[this.#at + 1];
      if (!read || (next !== '+' && next !== '-')) return;
      this.#sign = next;
      this.#at++;
    } else if (!read && signs.size > 0) {
      const here = this.#here();
      if (here !== '+' && here !== '-') return;
      this.#sign = here;
      this.#at++;
    }
  }

  #leadingSign(anchored: boolean, brackets: boolean): void {
    const here = this.#here();
    if (this.#shape.signs.has('S') && !anchored && !brackets && here !== '+' && here !== '-')
      return;
    if (here === '-' || (brackets && here === '<')) this.#sign = '-';
    else if (here === '+') this.#sign = '+';
    else return;
    this.#at++;
  }

  #here(): string {
    return this.#text[this.#at] ?? '';
  }

  #digitsRead(): number {
    return this.#wholeRead + this.#fractionRead;
  }
}

/** 10^-places as PostgreSQL's power() gives it: with 16 digits behind the point. */
function tenthPower(places: number): Decimal {
  return Decimal.parse(`0.${'1'.padStart(places, '0').slice(0, 16).padEnd(16, '0')}`);
}

function shapeOf(tokens: readonly string[]): Shape {
  if (isScientific(tokens)) throw notForInput('EEEE');
  const shape: Shape = {
    whole: 0,
    fraction: 0,
    shift: 0,
    point: false,
    multiply: false,
    brackets: false,
    signs: new Set(),
    leadingS: false,
  };
  for (const token of tokens) addToShape(shape, token.toUpperCase());
  return shape;
}

function addToShape(shape: Shape, token: string): void {
  switch (token) {
    case '9':
    case '0':
      if (shape.brackets) throw misplaced(`"${token}" must be ahead of "PR"`);
      if (shape.multiply && token === '9') shape.shift++;
      else if (shape.point) shape.fraction++;
      else shape.whole++;
      return;
    case '.':
    case 'D':
      if (shape.point) throw misplaced('multiple decimal points');
      if (shape.multiply) throw misplaced('cannot use "V" and decimal point together');
      shape.point = true;
      return;
    case 'V':
      if (shape.point) throw misplaced('cannot use "V" and decimal point together');
      shape.multiply = true;
      return;
    case 'S':
      if (shape.signs.has('S')) throw misplaced('cannot use "S" twice');
      if (shape.signs.size > 0 || shape.brackets) {
        throw misplaced('cannot use "S" and "PL"/"MI"/"SG"/"PR" together');
      }
      shape.leadingS = !shape.point;
      shape.signs.add('S');
      return;
    case 'MI':
    case 'PL':
    case 'SG':
      if (shape.signs.has('S')) throw misplaced(`cannot use "S" and "${token}" together`);
      shape.signs.add(token);
      return;
    case 'PR':
      if (shape.signs.size > 0) {
        throw misplaced('cannot use "PR" and "S"/"PL"/"MI"/"SG" together');
      }
      shape.brackets = true;
      return;
    case 'RN':
      throw notForInput('RN');
  }
}

function notForInput(field: string): SqlError {
  return new SqlError(sqlstate.featureNotSupported, `"${field}" not supported for input`);
}

function misplaced(message: string): SqlError {
  return new SqlError(sqlstate.syntaxError, message);
}
