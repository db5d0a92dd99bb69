/**
 * Random recursive queries over a small graph, and random changes of it. Every query comes to an end: by UNION over
 * columns that take few values, or by a counter with a bound. Orders are total, so that limits and numbers
 * are the same everywhere.
 */

import type { Random } from '../base/random.ts';

export const graphDefinitions: readonly string[] = [
  'CREATE TABLE e (src int, dst int, w int)',
  'CREATE TABLE start (n int)',
  'CREATE TABLE closed (n int)',
];

const nodes = 7;

/** Every step gives (n, k); `{bound}` is a condition over k that ends UNION ALL. */
const steps: readonly string[] = [
  'SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n WHERE {bound}',
  'SELECT e.dst, {k} FROM e JOIN t ON e.src = t.n AND e.w > 1 WHERE {bound}',
  'SELECT e.dst, {k} FROM t LEFT JOIN e ON e.src = t.n WHERE {bound} AND t.n IS NOT NULL',
  'SELECT e.src, {k} FROM e RIGHT JOIN t ON e.dst = t.n AND e.w < 4 WHERE {bound} AND t.n IS NOT NULL',
  'SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n WHERE {bound} AND NOT EXISTS (SELECT 1 FROM closed WHERE closed.n = e.dst)',
  'SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n WHERE {bound} AND e.dst IN (SELECT n + 1 FROM closed)',
  'SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n WHERE {bound} AND e.w >= (SELECT coalesce(max(c.n), 0) - 3 FROM closed c WHERE c.n <= t.n)',
  'SELECT x.m, {k} FROM t, LATERAL (SELECT max(e.dst) AS m FROM e WHERE e.src = t.n) x WHERE {bound} AND x.m IS NOT NULL',
  'SELECT x.dst, {k} FROM t, LATERAL (SELECT dst FROM e WHERE e.src = t.n ORDER BY w, dst LIMIT 1) x WHERE {bound}',
  'SELECT m, {k} FROM t JOIN (SELECT src, min(dst) AS m FROM e GROUP BY src) s ON s.src = t.n WHERE {bound}',
  '(SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n WHERE {bound} EXCEPT SELECT n, 2 FROM closed)',
  '(SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n WHERE {bound} UNION SELECT n, 3 FROM closed WHERE n > 4)',
  'SELECT dst, {k} FROM (SELECT DISTINCT e.dst, t.k FROM t JOIN e ON e.src = t.n) t WHERE {bound}',
  'SELECT dst, {k} FROM (SELECT e.dst, t.k, row_number() OVER (ORDER BY e.dst, t.k) AS r FROM t JOIN e ON e.src = t.n) t WHERE {bound} AND r <= 3',
  'SELECT dst, {k} FROM (SELECT e.dst, t.k FROM t JOIN e ON e.src = t.n ORDER BY e.dst DESC, t.k LIMIT 2) t WHERE {bound}',
  'SELECT m % 7, {k} FROM (SELECT k, max(n) + count(*)::int AS m FROM (SELECT * FROM t) x GROUP BY k) t WHERE {bound}',
  'SELECT e.dst, {k} FROM t JOIN e ON e.src = t.n LEFT JOIN closed c ON c.n = e.dst WHERE {bound} AND c.n IS NULL',
  'SELECT v, {k} FROM t, generate_series(t.n, t.n + 1) v WHERE {bound} AND v < 7',
];

/** Over `r (n, k)`, the recursive query's result. */
const results: readonly string[] = [
  'SELECT n, k FROM r',
  'SELECT n, min(k), count(*) FROM r GROUP BY n',
  'SELECT a.n, b.n AS m FROM r a JOIN r b ON a.n < b.n AND a.k = b.k',
  'SELECT s.n, r.k FROM start s LEFT JOIN r ON r.n = s.n',
  'SELECT count(*), sum(n) FROM r WHERE k > 0',
];

export class RecursionGenerator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  query(): string {
    const all = this.#random.below(2) === 0;
    const bound = `k < ${2 + this.#random.below(3)}`;
    const counter = all || this.#random.below(2) === 0 ? 't.k + 1' : '(t.k + 1) % 3';
    const step = this.#of(steps)
      .replaceAll('{bound}', counter.endsWith('3') ? 'true' : `t.${bound}`)
      .replaceAll('{k}', counter);
    const base = this.#of([
      'SELECT n, 0 FROM start',
      'SELECT src, w % 2 FROM e WHERE w > 2',
      'SELECT 1, 0',
      'SELECT n, 0 FROM start UNION ALL SELECT n, 1 FROM closed',
    ]);
    const recursive = `t(n, k) AS (${base} UNION ${all ? 'ALL ' : ''}${step})`;
    const second =
      this.#random.below(4) > 0
        ? 'r AS (SELECT n, k FROM t)'
        : 'r(n, k) AS (SELECT n, k FROM t WHERE k < 3 UNION SELECT e.src, r.k FROM r JOIN e ON e.dst = r.n)';
    return `WITH RECURSIVE ${recursive}, ${second} ${this.#of(results)}`;
  }

  /** One statement. */
  change(): string {
    const node = (): number => this.#random.below(nodes);
    const edge = (): string => `(${node()}, ${node()}, ${this.#random.below(5)})`;
    switch (this.#random.below(8)) {
      case 0:
      case 1:
        return `INSERT INTO e VALUES ${edge()}, ${edge()}, ${edge()}`;
      case 2:
        return `INSERT INTO e VALUES ${edge()}`;
      case 3:
        return `DELETE FROM e WHERE src = ${node()} AND w < 3`;
      case 4:
        return `DELETE FROM e WHERE dst = ${node()}`;
      case 5:
        return `UPDATE e SET dst = ${node()}, w = (w + 1) % 5 WHERE src = ${node()}`;
      case 6:
        return this.#of([
          `INSERT INTO start VALUES (${node()})`,
          `DELETE FROM start WHERE n = ${node()}`,
          `UPDATE start SET n = (n + 1) % 7`,
        ]);
      default:
        return this.#of([
          `INSERT INTO closed VALUES (${node()})`,
          `DELETE FROM closed WHERE n > ${node()}`,
        ]);
    }
  }

  #of(list: readonly string[]): string {
    return list[this.#random.below(list.length)]!;
  }
}
