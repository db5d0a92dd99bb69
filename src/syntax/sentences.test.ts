/**
 * The grammar folder and the parser agree: random sentences of every family are accepted, and print →
 * parse gives the same tree.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { readGrammar, SentenceGenerator } from '../tools/generate.ts';
import { parseStatement } from './parse.ts';
import { printStatement } from './print.ts';
import { withoutSpans } from './without-spans.ts';

const folder = new URL('../../grammar/', import.meta.url);
const families = ['expression', 'query', 'define', 'change', 'session'];
const rules = readGrammar(
  families.map((family) => readFileSync(new URL(`${family}.ebnf`, folder), 'utf8')),
);

const generator = new SentenceGenerator(rules);

function draw(start: string, seed: number, prefix: string): string {
  return prefix + generator.sentence(start, 12 + (seed % 40), new SeededRandom(seed));
}

const starts = [
  { start: 'expression', prefix: 'SELECT ', count: 3000 },
  { start: 'query', prefix: '', count: 3000 },
  { start: 'define', prefix: '', count: 1500 },
  { start: 'change', prefix: '', count: 1500 },
  { start: 'session', prefix: '', count: 1000 },
];

describe.each(starts)('sentences of $start', ({ start, prefix, count }) => {
  it('are accepted, and print to a text with the same tree', () => {
    for (let seed = 0; seed < count; seed++) {
      const sentence = draw(start, seed, prefix);
      const read = (text: string): unknown => {
        try {
          return withoutSpans(parseStatement(text));
        } catch (error) {
          throw new Error(`${String(error)}\nsentence: ${sentence}\nread: ${text}`);
        }
      };
      const tree = read(sentence);
      const printed = printStatement(parseStatement(sentence));
      const again = read(printed);
      // Text comparison is quick; the matcher shows the difference.
      if (JSON.stringify(again) === JSON.stringify(tree)) continue;
      expect(again, `sentence: ${sentence}\nprinted: ${printed}`).toEqual(tree);
    }
  });
});
