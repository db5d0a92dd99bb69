/** Percentiles, means, charts and the comparison of results: the parts that only work on numbers and text. */

import { describe, expect, test } from 'vitest';
import { chartPage, chartSvg, figure, type Chart } from './chart.ts';
import { collapse } from './changelog.ts';
import { geometricMean } from './nexmark-report.ts';
import { percentile, spread } from './percentile.ts';
import { compareResults } from './result-check.ts';

describe('percentiles', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => 100 - index);

  test('are values that were measured, by nearest rank', () => {
    expect(spread(hundred)).toEqual({ count: 100, p50: 50, p99: 99, p999: 100, max: 100 });
    expect(spread(Float64Array.of(7))).toEqual({ count: 1, p50: 7, p99: 7, p999: 7, max: 7 });
    expect(percentile(Float64Array.of(1, 2, 3, 4), 0.25)).toBe(1);
    expect(percentile(Float64Array.of(1, 2, 3, 4), 0.26)).toBe(2);
  });

  test('of nothing there are none, and the values stay as they were', () => {
    expect(spread(new Float64Array(0))).toBeNull();
    expect(hundred[0]).toBe(100);
  });
});

test('the geometric mean of ratios', () => {
  expect(geometricMean([1, 4, 16])).toBeCloseTo(4);
  expect(geometricMean([])).toBeNull();
});

describe('charts', () => {
  const chart: Chart = {
    title: 'A < B',
    unit: 'seconds',
    series: [
      { name: 'ours', colour: '#111' },
      { name: 'theirs', colour: '#222' },
    ],
    rows: [
      { label: 'q0', values: [1, 4] },
      { label: 'q1', values: [2, null] },
    ],
  };

  test('bars are as long as their values', () => {
    const bars = [...chartSvg(chart).matchAll(/<rect x="210"[^>]* width="([\d.]+)"/g)];
    const lengths = bars.map((bar) => Number(bar[1]));
    // The first is the legend's.
    expect(lengths.slice(1)).toEqual([115, 460, 230]);
  });

  test('text is text, also where it looks like markup', () => {
    const page = chartPage(chart, ['a | <b>']);
    expect(page).toContain('A &lt; B');
    expect(page).toContain('<pre>a | &lt;b&gt;</pre>');
    expect(page).not.toContain('<b>');
  });

  test('a chart without rows, or with zeros only, is a chart', () => {
    expect(chartSvg({ ...chart, rows: [] })).toContain('</svg>');
    expect(chartSvg({ ...chart, rows: [{ label: 'q', values: [0, 0] }] })).not.toContain('NaN');
  });

  test('figures have three digits', () => {
    expect([0.01234, 1.005, 12.34, 123.4, 12345].map(figure)).toEqual([
      '0.0123',
      '1',
      '12.3',
      '123',
      '12,345',
    ]);
  });
});

describe('results of two engines', () => {
  test('are equal whatever their order and the form of their times', () => {
    const ours = [
      ['1', '2026-01-05 08:00:00', null],
      ['2', '2026-01-05 08:00:00.1', 'x'],
    ];
    const theirs = [
      ['2', '2026-01-05T08:00:00.100', 'x'],
      ['1', '2026-01-05T08:00', 'null'],
    ];
    expect(compareResults(ours, theirs)).toBeNull();
  });

  test('an average is cut where the other side has whole numbers', () => {
    expect(compareResults([['12.900']], [['12']])).toBeNull();
    expect(compareResults([['12.900']], [['13']])).not.toBeNull();
    expect(compareResults([['12.900']], [['12.9']])).not.toBeNull();
  });

  test('a row too many, too few or another is seen', () => {
    expect(compareResults([['a'], ['a']], [['a']])).toMatch(/2 rows here, 1 there; only here 1/);
    expect(compareResults([], [['a']])).toMatch(/only there 1, as \(a\)/);
    expect(compareResults([['a']], [['b']])).toMatch(
      /only here 1, as \(a\); only there 1, as \(b\)/,
    );
  });
});

describe('a printed changelog', () => {
  test('leaves the rows that were not taken back', () => {
    const lines = '+I[1, a]\n2026 WARN noise\n+I[2, b]\n-U[1, a]\n+U[1, c]\n+I[2, b]\n-D[2, b]\n';
    expect(collapse(lines)).toEqual([
      ['2', 'b'],
      ['1', 'c'],
    ]);
  });

  test('with a row taken back that never was is refused', () => {
    expect(() => collapse('-D[1, a]\n')).toThrow(/never was/);
  });
});
