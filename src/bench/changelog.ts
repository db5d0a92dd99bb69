/** Reads the changelog that a sink prints, line by line, and adds it up. */

/** The rows that are left of a printed changelog (`+I[1, a]`, `-U[…]`, `+U[…]`, `-D[…]`). */
export function collapse(changelog: string): string[][] {
  const counts = new Map<string, number>();
  for (const [, sign, row] of changelog.matchAll(/^([+-])[IUD]\[(.*)\]$/gm)) {
    const count = (counts.get(row!) ?? 0) + (sign === '+' ? 1 : -1);
    if (count === 0) counts.delete(row!);
    else counts.set(row!, count);
  }
  const rows: string[][] = [];
  for (const [row, count] of counts) {
    if (count < 0) throw new Error(`a changelog takes back a row that never was: ${row}`);
    for (let each = 0; each < count; each++) rows.push(row.split(', '));
  }
  return rows;
}
