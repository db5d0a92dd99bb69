/**
 * Aligned text for people: tables in psql's form and trees with lines. Every EXPLAIN and every printed
 * result goes through here; the same input always gives the same text.
 */

export interface TableOptions {
  /** One a column; left when not given. */
  readonly align?: readonly ('left' | 'right')[];
  /** How a null cell prints; nothing when not given. */
  readonly nullText?: string;
  /** Whether "(2 rows)" stands below. */
  readonly footer?: boolean;
}

/**
 *    id | name
 *   ----+------
 *     1 | a
 */
export function formatTable(
  headers: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  options: TableOptions = {},
): string {
  const { align = [], nullText = '', footer = false } = options;
  const cells = rows.map((row) => headers.map((_, column) => cellLines(row[column], nullText)));
  const widths = headers.map((header, column) =>
    Math.max(
      displayWidth(header),
      ...cells.map((row) => Math.max(...row[column]!.map(displayWidth))),
    ),
  );
  const lines = [
    tableLine(headers.map((header, column) => center(header, widths[column]!))),
    widths.map((width) => '-'.repeat(width + 2)).join('+'),
    ...cells.flatMap((row) => rowLines(row, widths, align)),
  ];
  if (footer) lines.push(`(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`);
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** A cell may hold line breaks; a tab takes the room of a blank. */
function cellLines(value: string | null | undefined, nullText: string): string[] {
  return (value ?? nullText).replace(/\t/g, ' ').split(/\r?\n/);
}

function rowLines(
  row: readonly (readonly string[])[],
  widths: readonly number[],
  align: readonly ('left' | 'right')[],
): string[] {
  const height = Math.max(1, ...row.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    tableLine(
      row.map((cell, column) => pad(cell[line] ?? '', widths[column]!, align[column] ?? 'left')),
    ),
  );
}

function tableLine(cells: readonly string[]): string {
  return ` ${cells.join(' | ')} `;
}

function center(text: string, width: number): string {
  const room = width - displayWidth(text);
  const left = Math.floor(room / 2);
  return ' '.repeat(left) + text + ' '.repeat(room - left);
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const room = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + room : room + text;
}

/** Zero-width marks and joiners, which take no room of their own. */
const zeroWidth = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** East Asian wide characters and emoji, which take two columns in a terminal. */
const doubleWidth =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (zeroWidth.test(character)) continue;
    width += doubleWidth.test(character) ? 2 : 1;
  }
  return width;
}

/** A node to print: one line, remarks under it, and children. */
export interface TreeNode {
  readonly label: string;
  readonly notes?: readonly string[];
  readonly children?: readonly TreeNode[];
}

/**
 *   materialize per_minute
 *   └─ time-window by window_start
 *      │  state counts
 *      ├─ source clicks
 *      └─ source users
 */
export function formatTree(node: TreeNode): string {
  const lines: string[] = [];
  writeTree(node, '', '', lines);
  return lines.join('\n');
}

/** `first` stands before the node's own line, `rest` before all lines below it. */
function writeTree(node: TreeNode, first: string, rest: string, lines: string[]): void {
  const children = node.children ?? [];
  lines.push(first + node.label);
  const noteIndent = children.length > 0 ? '│  ' : '   ';
  for (const note of node.notes ?? []) lines.push(rest + noteIndent + note);
  children.forEach((child, index) => {
    const isLast = index === children.length - 1;
    writeTree(child, rest + (isLast ? '└─ ' : '├─ '), rest + (isLast ? '   ' : '│  '), lines);
  });
}
