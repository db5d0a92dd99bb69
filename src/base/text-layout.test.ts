import { describe, expect, it } from 'vitest';
import { displayWidth, formatTable, formatTree } from './text-layout.ts';

describe('tables', () => {
  it('align cells under centred headers', () => {
    const table = formatTable(
      ['id', 'name'],
      [
        ['1', 'a'],
        ['100', null],
        ['7', 'two\nlines'],
      ],
      { align: ['right', 'left'], nullText: '∅', footer: true },
    );
    expect(table.split('\n')).toEqual([
      ' id  | name',
      '-----+-------',
      '   1 | a',
      ' 100 | ∅',
      '   7 | two',
      '     | lines',
      '(3 rows)',
    ]);
  });

  it('count columns as a terminal does', () => {
    expect([displayWidth('日本'), displayWidth('😀'), displayWidth('e\u0301')]).toEqual([4, 2, 1]);
    expect(formatTable(['日本', 'b'], [['x', 'y']]).split('\n')[2]).toBe(' x    | y');
  });

  it('print without rows and without columns', () => {
    expect(formatTable(['a'], [], { footer: true })).toBe(' a\n---\n(0 rows)');
    expect(formatTable([], [[], []], { footer: true })).toBe('\n\n\n\n(2 rows)');
  });
});

describe('trees', () => {
  it('draw lines to children, notes between', () => {
    const tree = formatTree({
      label: 'materialize per_minute',
      notes: ['key window_start'],
      children: [
        {
          label: 'join',
          notes: ['on a = b'],
          children: [
            { label: 'source clicks', notes: ['watermark at'] },
            { label: 'source users' },
          ],
        },
        { label: 'second', children: [{ label: 'leaf' }] },
      ],
    });
    expect(tree.split('\n')).toEqual([
      'materialize per_minute',
      '│  key window_start',
      '├─ join',
      '│  │  on a = b',
      '│  ├─ source clicks',
      '│  │     watermark at',
      '│  └─ source users',
      '└─ second',
      '   └─ leaf',
    ]);
  });
});
