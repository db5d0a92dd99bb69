import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../base/random.ts';
import type { Row } from '../types/datum.ts';
import { types } from '../types/sql-type.ts';
import { PendingRows } from './pending-rows.ts';
import type { WeightedRow } from './row-set.ts';

const rowTypes = [types.integer, types.integer];

describe('rows of a transaction', () => {
  it('are found by their values through additions and undone statements', () => {
    const random = new SeededRandom(1);
    const pending = new PendingRows(rowTypes);
    const all: WeightedRow[] = [];
    const marks = [0];
    for (let step = 0; step < 300; step++) {
      if (random.below(4) === 0) {
        const mark = marks[random.below(marks.length)]!;
        if (mark > all.length) continue;
        all.length = mark;
        pending.truncate(mark);
      } else {
        const rows = Array.from({ length: random.below(5) }, () => ({
          row: [random.below(4), random.below(6) === 0 ? null : random.below(3)],
          weight: random.below(2) === 0 ? 1 : -1,
        }));
        all.push(...rows);
        pending.add(rows);
        marks.push(all.length);
      }
      expect(pending.rows).toEqual(all);
      for (const columns of [[0], [1], [0, 1]]) {
        const asked: Row = [random.below(4), random.below(3)];
        const same = ({ row }: WeightedRow): boolean => columns.every((c) => row[c] === asked[c]);
        expect(pending.matching(asked, columns)).toEqual(all.filter(same));
      }
    }
  });

  it('cost a statement what it changes, however many there are', () => {
    const pending = new PendingRows(rowTypes);
    pending.add(Array.from({ length: 20_000 }, (_, i) => ({ row: [i, 0], weight: 1 })));
    pending.matching([5, 0], [0]);
    const before = pending.visited;
    for (let i = 0; i < 100; i++) {
      expect(pending.matching([i, 0], [0])).toHaveLength(1);
      pending.add([
        { row: [i, 0], weight: -1 },
        { row: [i, 1], weight: 1 },
      ]);
      expect(pending.matching([i, 0], [0])).toHaveLength(3);
    }
    expect(pending.visited - before).toBeLessThan(1000);
  });
});
