/**
 * Compares the rows of a query's result with another engine's, whatever their order. The other side's
 * timestamps may be in ISO form, and where it gives a whole number for an average (its sink's column is
 * BIGINT) ours is cut to one.
 */

/** Null when both hold the same rows, otherwise how they differ. */
export function compareResults(
  ours: readonly (readonly (string | null)[])[],
  theirs: readonly (readonly string[])[],
): string | null {
  const whole = wholeColumns(theirs);
  const counts = new Map<string, number>();
  for (const row of ours) {
    const cells = row.map((cell, at) => normal(cell ?? 'null', whole[at] ?? false));
    add(counts, cells.join(', '), 1);
  }
  for (const row of theirs) add(counts, row.map((cell) => normal(cell, false)).join(', '), -1);
  const extra = [...counts].filter(([, count]) => count > 0);
  const missing = [...counts].filter(([, count]) => count < 0);
  if (extra.length === 0 && missing.length === 0) return null;
  const sides = [`${ours.length} rows here, ${theirs.length} there`];
  if (extra.length > 0) sides.push(`only here ${extra.length}, as (${extra[0]![0]})`);
  if (missing.length > 0) sides.push(`only there ${missing.length}, as (${missing[0]![0]})`);
  return sides.join('; ');
}

function add(counts: Map<string, number>, row: string, by: number): void {
  const count = (counts.get(row) ?? 0) + by;
  if (count === 0) counts.delete(row);
  else counts.set(row, count);
}

/** Columns in which every cell is a whole number. */
function wholeColumns(rows: readonly (readonly string[])[]): boolean[] {
  return (rows[0] ?? []).map((_, at) => rows.every((row) => /^-?\d+$/.test(row[at] ?? '')));
}

function normal(cell: string, cut: boolean): string {
  if (cut && /^-?\d+\.\d+$/.test(cell)) return cell.slice(0, cell.indexOf('.'));
  const time = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d))?(?:\.(\d+))?$/.exec(cell);
  if (time === null) return cell;
  const fraction = (time[4] ?? '').replace(/0+$/, '');
  return `${time[1]} ${time[2]}:${time[3] ?? '00'}${fraction === '' ? '' : `.${fraction}`}`;
}
