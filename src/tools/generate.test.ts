/** The tables in src/syntax are what the grammar folder says; the grammar's own files are sound. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import { generateTables, readGrammar, SentenceGenerator } from './generate.ts';

const folder = new URL('../../grammar/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const classes = ['reserved', 'type-or-function', 'column-name', 'unreserved', 'streaming'];

describe('the generated tables', () => {
  it('are what the grammar folder gives', async () => {
    const text = generateTables({
      keywords: new Map(classes.map((name) => [name, read(`keywords/${name}.list`)])),
      precedence: read('precedence.list'),
    });
    await expect(text).toMatchFileSnapshot('../syntax/tables.ts');
  });

  it('refuse a keyword that stands in two lists', () => {
    const keywords = new Map([
      ['reserved', 'select\n'],
      ['unreserved', 'select\n'],
    ]);
    expect(() => generateTables({ keywords, precedence: '' })).toThrow('stands in two lists');
  });
});

describe('the sentence generator', () => {
  it('draws the same sentences from the same seed', () => {
    const rules = readGrammar(["s ::= 'a' { 'b' | s } [ INTEGER ] ;"]);
    const draw = (): string => new SentenceGenerator(rules).sentence('s', 20, new SeededRandom(3));
    expect(draw()).toBe(draw());
    expect(draw()).toMatch(/^a( a| b| \d+)*$/);
  });

  it('refuses a rule that never ends', () => {
    const rules = readGrammar(["s ::= 'a' s ;"]);
    expect(() => new SentenceGenerator(rules)).toThrow('no finite sentence');
  });
});
