/**
 * The timeline test format: a step is a word at the start of a line, its body is indented, `#` starts a
 * comment line. Every line keeps its number, so that failures name it and `--update` can rewrite expected
 * blocks in place. sql-tests/README.md describes the format for those who write it.
 */

export interface Step {
  /** The first word: run, query, feed… */
  readonly word: string;
  /** The rest of the line. */
  readonly argument: string;
  /** From 1. */
  readonly line: number;
  readonly body: readonly BodyLine[];
  /** The `gives` block that follows a query, with what stands behind the word. */
  readonly gives: {
    readonly argument: string;
    readonly line: number;
    readonly body: readonly BodyLine[];
  } | null;
}

export interface BodyLine {
  readonly line: number;
  /** Without the indentation of the block. */
  readonly text: string;
}

export class TestFileError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'TestFileError';
    this.line = line;
  }
}

const words = new Set([
  'run',
  'query',
  'gives',
  'feed',
  'changes',
  'explain',
  'watermark',
  'late',
  'dead',
  'errors',
  'state',
  'clock',
  'idle',
  'end',
  'checkpoint',
  'crash',
  'skip',
]);

/** Steps of a file, `gives` joined to its query. Throws TestFileError. */
export function parseTestFile(text: string): Step[] {
  const steps: Step[] = [];
  for (const block of blocks(text)) {
    if (block.word !== 'gives') {
      steps.push({ ...block, gives: null });
      continue;
    }
    const query = steps.at(-1);
    if (query === undefined || query.word !== 'query' || query.gives !== null) {
      throw new TestFileError(block.line, '"gives" must follow a "query"');
    }
    steps[steps.length - 1] = { ...query, gives: block };
  }
  for (const step of steps) {
    if (step.word === 'query' && step.gives === null) {
      throw new TestFileError(step.line, '"query" needs a "gives"');
    }
  }
  return steps;
}

interface Block {
  readonly word: string;
  readonly argument: string;
  readonly line: number;
  readonly body: readonly BodyLine[];
}

function blocks(text: string): Block[] {
  const found: { word: string; argument: string; line: number; raw: BodyLine[] }[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = index + 1;
    const content = raw.replace(/\s+$/, '');
    if (/^#/.test(content)) return;
    if (content === '' || /^\s/.test(content)) {
      const block = found.at(-1);
      if (block !== undefined) block.raw.push({ line, text: content });
      else if (content !== '')
        throw new TestFileError(line, 'a step must begin at the start of a line');
      return;
    }
    const [word = '', ...rest] = content.split(/\s+/);
    if (!words.has(word)) {
      throw new TestFileError(
        line,
        `unknown step "${word}"; the steps are: ${[...words].join(', ')}`,
      );
    }
    found.push({ word, argument: rest.join(' '), line, raw: [] });
  });
  return found.map(({ word, argument, line, raw }) => ({
    word,
    argument,
    line,
    body: dedent(raw),
  }));
}

/** Trailing blank lines off, then the common indentation. */
function dedent(lines: readonly BodyLine[]): BodyLine[] {
  let end = lines.length;
  while (end > 0 && lines[end - 1]!.text === '') end--;
  const body = lines.slice(0, end);
  const indents = body
    .filter((line) => line.text !== '')
    .map((line) => /^\s*/.exec(line.text)![0].length);
  const indent = Math.min(...indents, 80);
  return body.map((line) => ({ line: line.line, text: line.text.slice(indent) }));
}

/** Cells of a table line: parted by two or more spaces; a quoted cell may hold anything. */
export function splitCells(text: string): string[] {
  const cells: string[] = [];
  const pattern = /"((?:[^"]|"")*)"|(\S+(?: \S+)*)/g;
  for (const match of text.matchAll(pattern)) {
    cells.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : match[2]!);
  }
  return cells;
}

/** The inverse of splitCells for one cell. */
export function quoteCell(text: string): string {
  const plain = /^\S+(?: \S+)*$/.test(text) && !text.startsWith('"');
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}
