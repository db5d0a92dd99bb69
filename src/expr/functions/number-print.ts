/** One number by one numeric template: digits, group and decimal marks, signs, currency, ordinals, Roman numerals. */

import { notSupported, SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal, powerOfTen } from '../../types/decimal.ts';
import { ordinalSuffix } from './time-print.ts';

type Node =
  | { readonly kind: 'digit'; readonly zero: boolean; readonly after: boolean }
  | { readonly kind: 'group'; readonly text: string }
  | { readonly kind: 'point' }
  | { readonly kind: 'sign'; readonly form: 'S' | 'MI' | 'PL' | 'SG' }
  | { readonly kind: 'ordinal'; readonly upper: boolean }
  | { readonly kind: 'currency' }
  | { readonly kind: 'text'; readonly text: string };

interface Template {
  readonly nodes: readonly Node[];
  readonly fill: boolean;
  readonly brackets: boolean;
  /** Digits behind V: the number is multiplied by 10 to that. */
  readonly shift: number;
  readonly scientific: boolean;
}

export function printNumber(value: Decimal, template: string): string {
  const roman = /^(FM)?(RN)(FM)?$/i.exec(template.trim());
  if (roman !== null)
    return printRoman(value, roman[1] !== undefined || roman[3] !== undefined, roman[2]! === 'rn');
  const parsed = parse(template);
  if (parsed.scientific) return printScientific(value, parsed);
  return new NumberPrinter(value, parsed).run();
}

const token = /"((?:[^"\\]|\\.)*)"|FM|EEEE|PR|MI|PL|SG|TH|[09.,DGSLVBC$]|[^]/giu;

function parse(template: string): Template {
  const nodes: Node[] = [];
  const state = { fill: false, brackets: false, shift: 0, scientific: false };
  let after = false;
  let multiply = false;
  for (const match of template.matchAll(token)) {
    const [whole, quoted] = match;
    if (quoted !== undefined) {
      nodes.push({ kind: 'text', text: quoted.replace(/\\(.)/g, '$1') });
      continue;
    }
    switch (whole.toUpperCase()) {
      case 'FM':
        state.fill = true;
        break;
      case 'EEEE':
        state.scientific = true;
        break;
      case 'PR':
        state.brackets = true;
        break;
      case 'S':
      case 'MI':
      case 'PL':
      case 'SG':
        nodes.push({ kind: 'sign', form: whole.toUpperCase() as 'S' | 'MI' | 'PL' | 'SG' });
        break;
      case 'TH':
        nodes.push({ kind: 'ordinal', upper: whole === 'TH' });
        break;
      case '0':
      case '9':
        if (multiply) state.shift++;
        nodes.push({ kind: 'digit', zero: whole === '0', after });
        break;
      case '.':
      case 'D':
        if (after) throw new SqlError(sqlstate.syntaxError, 'multiple decimal points');
        after = true;
        nodes.push({ kind: 'point' });
        break;
      case ',':
      case 'G':
        nodes.push({ kind: 'group', text: ',' });
        break;
      case 'V':
        if (after)
          throw new SqlError(sqlstate.syntaxError, 'cannot use "V" and decimal point together');
        multiply = true;
        break;
      case 'L':
        nodes.push({ kind: 'currency' });
        break;
      // Blanks for zeros and the currency's code: read, and printed as nothing.
      case 'B':
      case 'C':
        break;
      default:
        nodes.push({ kind: 'text', text: whole });
    }
  }
  return { nodes, ...state };
}

class NumberPrinter {
  readonly #template: Template;
  readonly #negative: boolean;
  /** Digits before the point, right-aligned to the template; shorter when the number is. */
  readonly #whole: string;
  readonly #fraction: string;
  readonly #overflow: boolean;
  readonly #width: number;
  #result = '';
  #signPrinted = false;
  #position = 0;
  #fractionAt = 0;

  constructor(value: Decimal, template: Template) {
    this.#template = template;
    const digits = template.nodes.filter((node) => node.kind === 'digit');
    const places = digits.filter((node) => node.after).length;
    this.#width = digits.length - places;
    const special = !value.isFinite;
    const shifted = special ? value : shift(value, template.shift).round(places);
    this.#negative = shifted.sign < 0;
    const [whole = '', fraction = ''] = shifted.abs().toString().split('.');
    this.#overflow = whole.replace(/^0+/, '').length > this.#width;
    const padded = special ? '' : fraction.padEnd(places, '0');
    // A zero before the point is shown only when nothing follows it, or when the template says 0.
    const bare = /^0*$/.test(whole) && places > 0;
    this.#fraction = template.fill ? trimmed(padded, digits) : padded;
    const hidden = bare && this.#width > 0 && this.#fraction === '' ? false : bare;
    this.#whole = hidden ? '' : whole.replace(/^0+(?=.)/, '');
  }

  run(): string {
    const { nodes, fill, brackets } = this.#template;
    const firstZero = nodes
      .filter((node) => node.kind === 'digit' && !node.after)
      .findIndex((node) => node.kind === 'digit' && node.zero);
    const explicit = nodes.some((node) => node.kind === 'sign' && node.form !== 'PL') || brackets;
    const firstShown = this.#overflow
      ? 0
      : Math.min(this.#width - this.#whole.length, firstZero < 0 ? this.#width : firstZero);
    // A template without places for digits has none for the sign beside them.
    const numbered = nodes.some((node) => node.kind === 'digit' || node.kind === 'point');
    if (!numbered) this.#signPrinted = true;
    for (const node of nodes) {
      if (numbered || !(node.kind === 'sign' && node.form === 'S')) {
        this.#node(node, numbered ? firstShown : 0, explicit);
      }
    }
    if (!numbered) return this.#result;
    if (!this.#signPrinted && this.#needsPlainSign(explicit)) this.#sign(explicit);
    if (brackets && (this.#negative || !fill)) this.#result += this.#negative ? '>' : ' ';
    return this.#result;
  }

  #needsPlainSign(explicit: boolean): boolean {
    return !explicit || this.#template.brackets;
  }

  /** The sign before the first digit: a column of its own. */
  #sign(explicit: boolean): void {
    this.#signPrinted = true;
    const { fill, brackets, nodes } = this.#template;
    if (brackets) this.#result += this.#negative ? '<' : fill ? '' : ' ';
    else if (!explicit) this.#result += this.#negative ? '-' : fill ? '' : ' ';
    else if (this.#leadingS(nodes)) this.#result += this.#negative ? '-' : '+';
  }

  /** S before the digits stands where the first digit does. */
  #leadingS(nodes: readonly Node[]): boolean {
    const sign = nodes.findIndex((node) => node.kind === 'sign' && node.form === 'S');
    return sign >= 0 && nodes.slice(sign).some((node) => node.kind === 'digit');
  }

  #node(node: Node, firstShown: number, explicit: boolean): void {
    const { fill, nodes } = this.#template;
    switch (node.kind) {
      case 'digit':
        if (node.after) this.#fractionDigit();
        else this.#wholeDigit(firstShown, explicit);
        return;
      case 'group':
        if (this.#position > firstShown) this.#result += node.text;
        else if (!fill) this.#result += ' ';
        return;
      case 'point':
        if (!this.#signPrinted) this.#sign(explicit);
        this.#result += '.';
        return;
      case 'sign':
        if (node.form === 'S') {
          if (!this.#leadingS(nodes)) this.#result += this.#negative ? '-' : '+';
        } else if (node.form === 'SG') this.#result += this.#negative ? '-' : '+';
        else if (node.form === 'MI') this.#result += this.#negative ? '-' : fill ? '' : ' ';
        else this.#result += this.#negative ? (fill ? '' : ' ') : '+';
        return;
      case 'ordinal': {
        if (this.#negative || this.#fraction !== '') return;
        const suffix = ordinalSuffix(this.#whole);
        this.#result += node.upper ? suffix.toUpperCase() : suffix;
        return;
      }
      case 'currency':
        this.#result += fill ? '' : ' ';
        return;
      case 'text':
        this.#result += node.text;
    }
  }

  #wholeDigit(firstShown: number, explicit: boolean): void {
    const at = this.#position++;
    if (at >= firstShown && !this.#signPrinted) this.#sign(explicit);
    if (this.#overflow) this.#result += '#';
    else if (at >= this.#width - this.#whole.length)
      this.#result += this.#whole[at - this.#width + this.#whole.length]!;
    else if (at >= firstShown) this.#result += '0';
    else if (!this.#template.fill) this.#result += ' ';
  }

  #fractionDigit(): void {
    const digit = this.#fraction[this.#fractionAt++];
    if (this.#overflow) this.#result += '#';
    else this.#result += digit ?? '';
  }
}

/** With FM, zeros at the end go where the template has nines. */
function trimmed(
  fraction: string,
  digits: readonly { readonly zero: boolean; readonly after: boolean }[],
): string {
  const lastZero = digits
    .filter((node) => node.after)
    .map((node) => node.zero)
    .lastIndexOf(true);
  let text = fraction;
  while (text.length > lastZero + 1 && text.endsWith('0')) text = text.slice(0, -1);
  return text;
}

function shift(value: Decimal, places: number): Decimal {
  return places === 0 ? value : value.mul(Decimal.fromBigInt(powerOfTen(places)));
}

function printScientific(value: Decimal, template: Template): string {
  if (
    template.nodes.some((node) => node.kind === 'sign') ||
    template.brackets ||
    template.shift > 0
  ) {
    throw new SqlError(sqlstate.syntaxError, '"EEEE" is incompatible with other formats');
  }
  const places = template.nodes.filter((node) => node.kind === 'digit' && node.after).length;
  if (!value.isFinite) throw notSupported('to_char of NaN or infinity with EEEE');
  const digits = value
    .abs()
    .toString()
    .replace('.', '')
    .replace(/^0+(?=.)/, '');
  const exponent = digits === '0' ? 0 : digits.length - 1 - value.scale;
  const mantissa = roundDigits(digits, places);
  const carried = mantissa.length > places + 1;
  const kept = mantissa.slice(0, places + 1).padEnd(places + 1, '0');
  const power = exponent + (carried ? 1 : 0);
  const shown = places === 0 ? kept : `${kept[0]!}.${kept.slice(1)}`;
  const sign = value.sign < 0 ? '-' : ' ';
  return `${sign}${shown}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** The first places + 1 digits, rounded half up; one digit longer when it carries over. */
function roundDigits(digits: string, places: number): string {
  const head = digits.slice(0, places + 1).padEnd(places + 1, '0');
  if ((digits[places + 1] ?? '0') < '5') return head;
  return String(BigInt(head) + 1n).padStart(head.length, '0');
}

const romanUnits = [
  [1000, 'M'],
  [900, 'CM'],
  [500, 'D'],
  [400, 'CD'],
  [100, 'C'],
  [90, 'XC'],
  [50, 'L'],
  [40, 'XL'],
  [10, 'X'],
  [9, 'IX'],
  [5, 'V'],
  [4, 'IV'],
  [1, 'I'],
] as const;

function printRoman(value: Decimal, fill: boolean, lower: boolean): string {
  const number = value.isFinite ? Number(value.round(0).toString()) : 0;
  if (number < 1 || number > 3999) return '###############';
  let rest = number;
  let text = '';
  for (const [unit, letters] of romanUnits) {
    while (rest >= unit) {
      text += letters;
      rest -= unit;
    }
  }
  const cased = lower ? text.toLowerCase() : text;
  return fill ? cased : cased.padStart(15);
}
