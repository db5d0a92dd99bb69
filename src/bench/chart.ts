/**
 * A table of figures as horizontal bars: one SVG picture, alone or in an HTML page with the figures beside it.
 * It needs nothing but text, so no chart library is among the dependencies.
 */

export interface ChartSeries {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
}

export interface ChartRow {
  readonly label: string;
  /** One value a series, at least 0; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  /** What the values are, for the axis. */
  readonly unit: string;
  readonly series: readonly ChartSeries[];
  readonly rows: readonly ChartRow[];
}

const width = 760;
const labelWidth = 210;
const valueWidth = 90;
const barHeight = 12;
const rowGap = 10;
const top = 64;

/** The chart as an SVG document. */
export function chartSvg(chart: Chart): string {
  const { series, rows } = chart;
  const rowHeight = series.length * barHeight + rowGap;
  const height = top + rows.length * rowHeight + 24;
  const largest = Math.max(0, ...rows.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const room = width - labelWidth - valueWidth;
  const lengthOf = (value: number): number => (largest === 0 ? 0 : (value / largest) * room);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(16, 22, chart.title, 'font-size="15" font-weight="bold"'),
    text(16, 40, chart.unit, 'fill="#555"'),
    ...series.map((each, index) => {
      const at = labelWidth + index * 130;
      const box = `<rect x="${at}" y="48" width="10" height="10" fill="${escaped(each.colour)}"/>`;
      return box + text(at + 15, 57, each.name);
    }),
  ];
  for (const [index, row] of rows.entries()) {
    const y = top + index * rowHeight;
    const middle = y + (series.length * barHeight) / 2 + 4;
    parts.push(text(labelWidth - 8, middle, row.label, 'text-anchor="end"'));
    for (const [each, { colour }] of series.entries()) {
      const value = row.values[each] ?? null;
      const barTop = y + each * barHeight;
      if (value === null) {
        parts.push(text(labelWidth + 4, barTop + barHeight - 2, '–', 'fill="#555"'));
        continue;
      }
      const length = round(lengthOf(value));
      parts.push(
        `<rect x="${labelWidth}" y="${barTop + 1}" width="${length}" height="${barHeight - 2}" fill="${escaped(colour)}"/>`,
        text(labelWidth + length + 4, barTop + barHeight - 2, figure(value)),
      );
    }
  }
  return `${parts.join('\n')}\n</svg>\n`;
}

/** A page with the chart and, below it, tables as they were printed. */
export function chartPage(chart: Chart, tables: readonly string[]): string {
  const blocks = tables.map((table) => `<pre>${escaped(table)}</pre>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(chart.title)}</title></head>
<body>
${chartSvg(chart)}${blocks}
</body>
</html>
`;
}

/** At most three digits that say something. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${more === '' ? '' : ` ${more}`}>${escaped(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
