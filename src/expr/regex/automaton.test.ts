/** The automaton against RE2JS: random patterns over random texts, chosen cases, and the bounds. */

import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { SqlError } from '../../base/errors.ts';
import { SeededRandom, type Random } from '../../base/random.ts';
import { RegexCache } from '../functions/regex.ts';
import { readRegexFlags } from '../functions/regex-syntax.ts';
import { found, noMatch, RegexAutomaton, unsuited } from './automaton.ts';
import { LiteralSearch, requiredLiteral } from './literal.ts';
import { readProgram } from './program.ts';

const cache = new RegexCache();
const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

function automatonOf(regex: RE2JS): RegexAutomaton {
  const program = readProgram(regex);
  if (program === null) throw new Error('the program of RE2JS is not understood');
  return new RegexAutomaton(program);
}

/** Begin and end of the match and its groups in bytes of UTF-8; null: no match. */
function expected(regex: RE2JS, text: string): number[] | null {
  const matcher = regex.matcher(text);
  if (!matcher.find()) return null;
  const bytes = (offset: number): number =>
    offset < 0 ? -1 : Buffer.byteLength(text.slice(0, offset));
  const slots: number[] = [];
  for (let group = 0; group <= matcher.groupCount(); group++) {
    slots.push(bytes(matcher.start(group)), bytes(matcher.end(group)));
  }
  return slots;
}

/** The same, by the automaton, with bytes around the text that do not belong to it. */
function actual(automaton: RegexAutomaton, text: string): number[] | null | 'unsuited' {
  const bytes = Buffer.from(`ab${text}ab`);
  const [start, end] = [2, bytes.length - 2];
  const outcome = automaton.find(bytes, start, end, true);
  if (outcome === unsuited) return 'unsuited';
  const slots = outcome === found ? [...automaton.slots] : null;
  expect(automaton.find(bytes, start, end, false)).toBe(outcome);
  return slots?.map((slot) => (slot < 0 ? -1 : slot - start)) ?? null;
}

const atoms = [
  'ab',
  'k1',
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\w',
  '\\d',
  '\\s',
  'é',
  '[à-ÿ]',
  '日',
  '😀',
  'k',
  'S',
];
const edges = ['^', '$', '\\y', '\\Y', '\\A', '\\Z'];
const counts = ['*', '+', '?', '{2}', '{1,3}', '{2,}', '{0,2}'];
const pieces = [
  'a',
  'b',
  'c',
  'ab',
  'é',
  'ÿ',
  'É',
  '日',
  '😀',
  '\n',
  ' ',
  '_',
  '1',
  'K',
  'k',
  'K',
  '\u017f',
  '\u212a',
  'S',
  '&',
];

function pattern(random: Random, depth: number): string {
  const chance = random.below(10);
  if (depth === 0 || chance < 3)
    return random.below(8) === 0 ? pick(random, edges) : pick(random, atoms);
  const inner = (): string => pattern(random, depth - 1);
  if (chance < 6) return inner() + inner();
  if (chance < 7) return `(${inner()}|${inner()})`;
  if (chance < 8) return `(?:${inner()}|${random.below(3) === 0 ? '' : inner()})`;
  const lazy = random.below(4) === 0 ? '?' : '';
  return `(${inner()})${pick(random, counts)}${lazy}`;
}

function subject(random: Random): string {
  return Array.from({ length: random.below(12) }, () => pick(random, pieces)).join('');
}

describe('the automaton', () => {
  it.each(Array.from({ length: 16 }, (_, seed) => seed))('agrees with RE2JS, seed %i', (seed) => {
    const random = new SeededRandom(seed + 1);
    let matches = 0;
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const letters = pick(random, ['', '', 'i', 'n', 'w', 'p']);
      const source = pattern(random, 1 + random.below(4));
      let regex: RE2JS;
      try {
        regex = cache.get(source, readRegexFlags(letters, false));
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        continue;
      }
      const automaton = automatonOf(regex);
      for (let turn = 0; turn < 12; turn++) {
        const text = subject(random);
        const result = actual(automaton, text);
        if (result === 'unsuited') {
          // Where words end is only known among ASCII.
          if (!/\\[yYmM]/.test(source) || /^[\x00-\x7f]*$/.test(text)) refused++;
          continue;
        }
        if (result !== null) matches++;
        expect({ source, letters, text, result }).toEqual({
          source,
          letters,
          text,
          result: expected(regex, text),
        });
      }
    }
    expect(matches).toBeGreaterThan(300);
    expect(refused).toBe(0);
  });

  it.each([
    ['(&|^)channel_id=([^&]*)', 'https://x/y?a=1&channel_id=77&b=2'],
    ['(&|^)channel_id=([^&]*)', 'channel_id='],
    ['(&|^)channel_id=([^&]*)', 'https://x/y?channel_id=7'],
    ['(a|ab)(c|bcd)(d*)', 'abcd'],
    ['(a*)(a*)', 'aaa'],
    ['(a|b)*', 'abba'],
    ['(?:(a)|b)*', 'ab'],
    ['x*', 'aaxx'],
    ['(a+)+$', 'aaaaaaaaaaaaaaaaaaaaaaaab'],
    ['', ''],
    ['^$', ''],
    ['a??b', 'aab'],
    ['(.*?)b(.*)', 'aabab'],
    ['\\yfoo\\y', 'a foo, foot'],
  ])('finds %s in %s as RE2JS does', (source, text) => {
    const regex = cache.get(source, readRegexFlags('', false));
    expect(actual(automatonOf(regex), text)).toEqual(expected(regex, text));
  });

  it('follows what RE2JS itself compiles, the first alternative as well as the longest', () => {
    for (const flags of [0, RE2JS.LONGEST_MATCH]) {
      const regex = RE2JS.compile('(a|ab)(c|bcd)?', flags);
      expect(actual(automatonOf(regex), 'xabcd')).toEqual(expected(regex, 'xabcd'));
    }
  });

  it('leaves bytes that are not UTF-8 to others', () => {
    const automaton = automatonOf(cache.get('[bx]', readRegexFlags('', false)));
    for (const bytes of [
      [0x80],
      [0xc3],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ]) {
      expect(automaton.find(Uint8Array.from([97, ...bytes, 98]), 0, bytes.length + 2, true)).toBe(
        unsuited,
      );
    }
  });

  it.each([
    ['(&|^)channel_id=([^&]*)', 'channel_id=', 1],
    ['abc', 'abc', 0],
    ['[ab]+cd', 'cd', Infinity],
    ['x?y?(ab|c)zz', 'zz', 4],
    ['(a|b)*c.*def', 'def', Infinity],
    ['a|b', null, 0],
    ['(abc)*', null, 0],
    ['a(bc)+d', 'abc', 0],
    ['é?ab', 'ab', 1],
    ['^ab', 'ab', 0],
    ['a$b', 'a', 0],
    ['x{2}[ab]{2,5}yyy', 'yyy', 7],
  ])('knows what every match of %s contains', (source, text, before) => {
    const program = readProgram(cache.get(source, readRegexFlags('', false)))!;
    const literal = requiredLiteral(program);
    expect(literal === null ? null : Buffer.from(literal.bytes).toString()).toBe(text);
    if (literal !== null) expect(literal.before).toBe(before);
  });

  it('looks for no literal where either case will do', () => {
    const program = readProgram(cache.get('abc', readRegexFlags('i', false)))!;
    expect(requiredLiteral(program)).toBe(null);
  });

  it('finds a literal wherever it is', () => {
    const random = new SeededRandom(3);
    const word = (length: number): string =>
      Array.from({ length }, () => pick(random, ['a', 'b'])).join('');
    for (let round = 0; round < 2000; round++) {
      const [literal, text] = [word(1 + random.below(4)), word(random.below(14))];
      const search = new LiteralSearch(Buffer.from(literal));
      const place = text.indexOf(literal);
      const bytes = Buffer.from(`bb${text}aa`);
      expect(search.find(bytes, 2, bytes.length - 2)).toBe(place < 0 ? -1 : place + 2);
    }
  });

  it('gives up on a pattern with too many states, for good', () => {
    const automaton = automatonOf(cache.get('[ab]*a[ab]{18}c', readRegexFlags('', false)));
    const random = new SeededRandom(7);
    const text = Buffer.from(
      Array.from({ length: 200_000 }, () => pick(random, ['a', 'b'])).join(''),
    );
    expect(automaton.find(text, 0, text.length, true)).toBe(unsuited);
    expect(automaton.states).toBe(0);
    expect(automaton.find(Buffer.from('b'), 0, 1, true)).toBe(unsuited);
  });

  it('makes no more states the longer the text is', () => {
    const automaton = automatonOf(cache.get('(x+x+)+y|[^&]*=z', readRegexFlags('', false)));
    const states = [100, 100_000].map((length) => {
      const text = Buffer.from('x'.repeat(length));
      expect(automaton.find(text, 0, length, true)).toBe(noMatch);
      return automaton.states;
    });
    expect(states[1]).toBe(states[0]);
  });

  it('stops where a match that must begin at the start cannot', () => {
    const automaton = automatonOf(cache.get('^ab', readRegexFlags('', false)));
    // A byte that would be refused, were it read.
    expect(automaton.find(Uint8Array.from([97, 97, 0xff]), 0, 3, true)).toBe(noMatch);
  });
});
