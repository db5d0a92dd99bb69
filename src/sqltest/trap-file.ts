/**
 * The short test format: statements end with `;`, `? query` is followed by the rows it must return (cells
 * parted by ` | `, `(none)` for no rows, `''` for an empty string; `?o` where the order counts), and
 * `! CODE statement;` must fail with that SQLSTATE. Blocks stand in Markdown between ```trap and ```.
 */

export interface TrapBlock {
  /** The heading above the block, e.g. `A1 NULL group keys are one group`. */
  readonly title: string;
  readonly line: number;
  readonly steps: readonly TrapStep[];
}

export type TrapStep =
  | { readonly kind: 'run'; readonly sql: string; readonly line: number }
  | { readonly kind: 'fails'; readonly code: string; readonly sql: string; readonly line: number }
  | {
      readonly kind: 'query';
      readonly sql: string;
      readonly ordered: boolean;
      readonly rows: readonly (readonly string[])[];
      readonly line: number;
    };

/** All blocks of a Markdown text. */
export function parseTrapFile(text: string): TrapBlock[] {
  const blocks: TrapBlock[] = [];
  let title = '';
  let open: { start: number; lines: string[] } | null = null;
  text.split('\n').forEach((content, index) => {
    if (open !== null) {
      if (content.startsWith('```')) {
        blocks.push({ title, line: open.start, steps: parseSteps(open.lines, open.start + 1) });
        open = null;
      } else {
        open.lines.push(content);
      }
    } else if (content.startsWith('### ')) {
      title = content.slice(4).trim();
    } else if (content.startsWith('```trap')) {
      open = { start: index + 1, lines: [] };
    }
  });
  return blocks;
}

function parseSteps(lines: readonly string[], firstLine: number): TrapStep[] {
  const steps: TrapStep[] = [];
  for (let index = 0; index < lines.length;) {
    const line = firstLine + index;
    const content = lines[index]!;
    if (content.trim() === '') {
      index++;
      continue;
    }
    const query = /^\?(o?) (.*)$/.exec(content);
    if (query !== null) {
      const rows: string[][] = [];
      for (index++; index < lines.length && isRow(lines[index]!); index++) {
        if (lines[index] !== '(none)') rows.push(lines[index]!.split(' | ').map(cell));
      }
      steps.push({ kind: 'query', sql: query[2]!, ordered: query[1] === 'o', rows, line });
      continue;
    }
    const [sql, next] = takeStatement(lines, index);
    index = next;
    const fails = /^! (\S{5}) ([\s\S]*)$/.exec(sql);
    if (fails === null) steps.push({ kind: 'run', sql, line });
    else steps.push({ kind: 'fails', code: fails[1]!, sql: fails[2]!, line });
  }
  return steps;
}

const cell = (text: string): string => (text.trim() === "''" ? '' : text.trim());

const starts =
  /^(\?|!|(CREATE|INSERT|DELETE|UPDATE|BEGIN|COMMIT|ROLLBACK|DROP|SET|ALTER|TRUNCATE)\b)/;

/** A result row is any line that begins no further step. */
function isRow(line: string): boolean {
  return line !== '' && !starts.test(line);
}

/** Lines up to one that ends with a semicolon. */
function takeStatement(lines: readonly string[], from: number): [string, number] {
  let index = from;
  const taken: string[] = [];
  while (index < lines.length) {
    taken.push(lines[index]!);
    if (lines[index++]!.trimEnd().endsWith(';')) break;
  }
  return [taken.join('\n'), index];
}
