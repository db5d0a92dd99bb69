/**
 * Makes a difference small: leaves out steps and statements, then rows, select items, joins and conditions, and
 * puts an expression's parts in its place, for as long as the same kind of difference remains. Works on the
 * trees of our own parser, so it knows nothing of how the text was made.
 */

import type { Judge } from './judge.ts';
import { type Difference, emptyOutcome, runScenario } from './scenario.ts';
import { parseStatements } from '../../syntax/parse.ts';
import { printStatement } from '../../syntax/print.ts';
import type { Statement } from '../../syntax/ast.ts';
import { withoutSpans } from '../../syntax/without-spans.ts';

const triesMax = 400;

type Text = readonly string[];

interface Candidate {
  readonly setup: Text;
  readonly steps: Text;
  readonly sql: string;
}

export async function shrink(judge: Judge, difference: Difference): Promise<Difference> {
  return await new Shrinker(judge, difference).run();
}

class Shrinker {
  readonly #judge: Judge;
  #best: Difference;
  #tries = 0;

  constructor(judge: Judge, difference: Difference) {
    this.#judge = judge;
    this.#best = difference;
  }

  async run(): Promise<Difference> {
    if (this.#best.how !== 'view') await this.#try({ ...this.#now(), ...this.#flattened() });
    for (let before = ''; before !== this.#size() && this.#tries < triesMax;) {
      before = this.#size();
      await this.#dropStatements('steps');
      await this.#dropStatements('setup');
      if (this.#best.how !== 'statement') await this.#shrinkQuery();
      await this.#dropColumns();
      await this.#shrinkStatements('steps');
      await this.#shrinkStatements('setup');
    }
    return this.#best;
  }

  #size(): string {
    return JSON.stringify(this.#now());
  }

  #now(): Candidate {
    const { setup, steps, query } = this.#best;
    return { setup, steps, sql: query.sql };
  }

  /** Where only the last state counts, the history is set-up. */
  #flattened(): Partial<Candidate> {
    if (this.#best.how === 'statement') return {};
    return { setup: [...this.#best.setup, ...this.#best.steps], steps: [] };
  }

  async #try(candidate: Candidate): Promise<boolean> {
    if (this.#tries++ >= triesMax) return false;
    const { how, what, query } = this.#best;
    const outcome = emptyOutcome();
    const queries = how === 'statement' ? [] : [{ ...query, sql: candidate.sql }];
    try {
      await runScenario(
        this.#judge,
        { setup: candidate.setup, steps: candidate.steps, queries },
        outcome,
      );
    } catch {
      return false;
    }
    const found = outcome.differences.find(
      (each) => each.how === how && kindOf(each.what) === kindOf(what),
    );
    if (found === undefined) return false;
    this.#best = found;
    return true;
  }

  async #dropStatements(part: 'setup' | 'steps'): Promise<void> {
    for (let i = this.#best[part].length - 1; i >= 0; i--) {
      const now = this.#now();
      const left = now[part].filter((_, index) => index !== i);
      await this.#try({ ...now, [part]: left });
      // The difference may have come earlier, with fewer steps.
      i = Math.min(i, this.#best[part].length);
    }
  }

  async #shrinkQuery(): Promise<void> {
    await this.#reduce(this.#best.query.sql, (sql) => ({ ...this.#now(), sql }));
  }

  async #shrinkStatements(part: 'setup' | 'steps'): Promise<void> {
    for (let i = 0; i < this.#best[part].length; i++) {
      await this.#reduce(this.#best[part][i]!, (sql) => {
        const now = this.#now();
        return { ...now, [part]: now[part].map((each, index) => (index === i ? sql : each)) };
      });
    }
  }

  async #reduce(sql: string, place: (sql: string) => Candidate): Promise<void> {
    let tree = parsed(sql);
    if (tree === null) return;
    let now = printed(tree);
    for (let at = 0; ; at++) {
      const smaller = nthReduction(tree, at);
      if (smaller === 'none') return;
      if (this.#tries >= triesMax) return;
      const text = printed(smaller);
      if (text === null || text === now || text.length > sql.length + 20) continue;
      if (!(await this.#try(place(text)))) continue;
      tree = smaller;
      now = text;
      // What came before this place was tried on nearly the same tree.
      at = Math.max(-1, at - 4);
    }
  }

  /** Leaves columns of tables out, with their values in every INSERT that names none. */
  async #dropColumns(): Promise<void> {
    for (let i = 0; i < this.#best.setup.length; i++) {
      const table = /^CREATE TABLE (\w+) \(/i.exec(this.#best.setup[i]!)?.[1];
      if (table === undefined) continue;
      for (let column = 8; column >= 0; column--) {
        const now = this.#now();
        const cut = (statements: Text): Text | null => {
          const result = statements.map((sql) => withoutColumn(sql, table, column));
          return result.every((sql) => sql !== null) ? result : null;
        };
        const [setup, steps] = [cut(now.setup), cut(now.steps)];
        if (setup === null || steps === null || setup.join() === now.setup.join()) continue;
        await this.#try({ ...now, setup, steps });
      }
    }
  }
}

function kindOf(what: string): string {
  const fault = /^fault: (.*)/.exec(what);
  if (fault !== null) return fault[1]!.slice(0, 30);
  return /^(fails|should fail) with \S+|^\w+/.exec(what)![0];
}

type Tree = { readonly [key: string]: unknown };

function parsed(sql: string): Statement[] | null {
  try {
    return parseStatements(sql);
  } catch {
    return null;
  }
}

function printed(tree: unknown): string | null {
  try {
    const text = (tree as Statement[]).map(printStatement).join('; ');
    return JSON.stringify(withoutSpans(parseStatements(text))) === '[]' ? null : text;
  } catch {
    return null;
  }
}

/** The tree with its n-th place made smaller, or 'none' when there are fewer places. */
function nthReduction(tree: unknown, n: number): Statement[] | 'none' {
  let left = n;
  const visit = (node: unknown): { node: unknown } | null => {
    if (node === null || typeof node !== 'object') return null;
    for (const smaller of reductionsOf(node)) if (left-- === 0) return { node: smaller };
    for (const [key, child] of Object.entries(node)) {
      // Without its order a window or an aggregate of many values is not determined.
      if (key === 'span' || key === 'orderBy') continue;
      const changed = visit(child);
      if (changed === null) continue;
      if (Array.isArray(node)) {
        return { node: node.map((each: unknown, i) => (String(i) === key ? changed.node : each)) };
      }
      return { node: { ...node, [key]: changed.node } };
    }
    return null;
  };
  const found = visit(tree);
  return found === null ? 'none' : (found.node as Statement[]);
}

function* reductionsOf(node: object): Generator<unknown> {
  if (Array.isArray(node)) {
    const list = node as unknown[];
    if (list.length > 3) {
      yield list.slice(0, list.length >> 1);
      yield list.slice(list.length >> 1);
    }
    for (let i = list.length - 1; i >= 0; i--) yield list.filter((_, index) => index !== i);
    return;
  }
  const tree = node as Tree;
  if (typeof tree['kind'] === 'string') {
    const kind = tree['kind'];
    if (!atoms.has(kind)) yield* partsOf(tree, 3);
    if (kind === 'column' || kind === 'function-call' || kind === 'cast') yield nullLiteral;
  }
  for (const [key, value] of Object.entries(tree)) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && key !== 'span') {
      yield { ...tree, [key]: null };
    }
    if (value === true) yield { ...tree, [key]: false };
  }
}

const nullLiteral = { kind: 'null', span: { start: 0, end: 0 } };

const atoms: ReadonlySet<string> = new Set([
  'name',
  'named-type',
  'column',
  'string',
  'number',
  'null',
]);

/** Nodes within a node that might stand in its place. */
function* partsOf(tree: Tree, depth: number): Generator<unknown> {
  for (const [key, value] of Object.entries(tree)) {
    if (value === null || typeof value !== 'object' || key === 'span') continue;
    const children: unknown[] = Array.isArray(value) ? value : [value];
    for (const child of children) {
      if (child === null || typeof child !== 'object') continue;
      if (typeof (child as Tree)['kind'] === 'string') yield child;
      else if (depth > 0) yield* partsOf(child as Tree, depth - 1);
    }
  }
}

/** A statement without a column of a table; null when it cannot be told. */
function withoutColumn(sql: string, table: string, column: number): string | null {
  const statements = parsed(sql);
  if (statements === null) return null;
  const changed = statements.map((statement) => {
    const tree = statement as unknown as Tree;
    const name = (tree['name'] ?? tree['table']) as { parts?: { name: string }[] } | undefined;
    if (name?.parts?.at(-1)?.name !== table) return statement;
    if (statement.kind === 'create-table') {
      return { ...tree, elements: without(tree['elements'] as unknown[], column) };
    }
    return withoutValue(tree, column);
  });
  return printed(changed);
}

function withoutValue(tree: Tree, column: number): unknown {
  if (tree['kind'] !== 'insert' || (tree['columns'] as unknown[] | null)?.length) return tree;
  const cut = (node: unknown): unknown => {
    if (node === null || typeof node !== 'object') return node;
    if (Array.isArray(node)) return node.map(cut);
    const values = node as Tree;
    if (values['kind'] === 'values') {
      return {
        ...values,
        rows: (values['rows'] as unknown[][]).map((row) => without(row, column)),
      };
    }
    return Object.fromEntries(Object.entries(values).map(([key, child]) => [key, cut(child)]));
  };
  return cut(tree);
}

function without(list: readonly unknown[], index: number): unknown[] {
  return list.filter((_, i) => i !== index);
}
