/**
 * A scenario: tables, rows, queries, and a history of changes. Every query is a materialized view and is asked
 * ad hoc as well; after each step both must be what the judge says. One query after one step is a case.
 */

import type { Random } from '../../base/random.ts';
import { Chance } from './chance.ts';
import { ChangeGenerator } from './changes.ts';
import { compareAnswers, type Question, type Verdict } from './compare.ts';
import type { Daring } from './expressions.ts';
import { type Answer, done, type Judge } from './judge.ts';
import { expressionQuery, QueryGenerator, type RandomQuery } from './queries.ts';
import { randomTables } from './schema.ts';
import { resolutionQuery, unionQuery } from './resolution.ts';
import type { Signature } from './signatures.ts';
import { moodDefinition } from './value-types.ts';
import { Subject } from './subject.ts';

export interface Scenario {
  readonly setup: readonly string[];
  readonly queries: readonly RandomQuery[];
  /** Each is one change; the queries are compared before the first and after each. */
  readonly steps: readonly string[];
}

export interface Difference {
  readonly query: RandomQuery;
  /** How it was asked: a view, ad hoc, or null when a statement of the history differed. */
  readonly how: 'view' | 'ad hoc' | 'statement';
  readonly what: string;
  readonly setup: readonly string[];
  /** The steps up to the difference. */
  readonly steps: readonly string[];
}

export interface Outcome {
  cases: number;
  /** Cases where the judge gave rows. */
  withRows: number;
  readonly differences: Difference[];
  readonly refused: Map<string, number>;
  readonly otherErrors: Map<string, number>;
  /** Differences that the README names, or that PostgreSQL leaves open. */
  readonly known: Map<string, number>;
}

export function emptyOutcome(): Outcome {
  return {
    cases: 0,
    withRows: 0,
    differences: [],
    refused: new Map(),
    otherErrors: new Map(),
    known: new Map(),
  };
}

const queriesPerScenario = 24;
const stepsPerScenario = 8;

export function randomScenario(random: Random, signatures: readonly Signature[]): Scenario {
  const chance = new Chance(random);
  const calm = !chance.oneIn(3);
  const tables = randomTables(chance, calm);
  const changes = new ChangeGenerator(chance, tables, calm);
  const setup = [moodDefinition, ...tables.map((table) => table.definition), ...changes.fill()];
  const options = (daring: Daring) => ({ chance, signatures, daring, calm });
  const queries = new QueryGenerator(options(calm ? 'calm' : 'total'), tables);
  return {
    setup,
    queries: Array.from({ length: queriesPerScenario }, () => {
      switch (chance.below(7)) {
        case 0:
          return expressionQuery(options('risky'), tables);
        case 2:
          if (chance.oneIn(6)) return unionQuery(options('risky'), tables);
          return resolutionQuery(options('risky'), tables);
        case 1:
          return expressionQuery(options(calm ? 'calm' : 'total'), tables);
        default:
          return queries.query();
      }
    }),
    steps: Array.from({ length: stepsPerScenario }, () => changes.change()),
  };
}

/** Runs a scenario; a query that differed, failed or was refused is not asked again. */
export async function runScenario(
  judge: Judge,
  scenario: Scenario,
  outcome: Outcome,
): Promise<void> {
  await judge.reset();
  const subject = await Subject.open();
  try {
    await new ScenarioRun(judge, subject, scenario, outcome).run();
  } finally {
    await subject.close();
  }
}

interface LiveQuery extends RandomQuery {
  readonly view: string;
  adHoc: boolean;
  stored: boolean;
}

class ScenarioRun {
  readonly #judge: Judge;
  readonly #subject: Subject;
  readonly #scenario: Scenario;
  readonly #outcome: Outcome;
  #done = 0;
  #live: LiveQuery[] = [];

  constructor(judge: Judge, subject: Subject, scenario: Scenario, outcome: Outcome) {
    this.#judge = judge;
    this.#subject = subject;
    this.#scenario = scenario;
    this.#outcome = outcome;
  }

  async run(): Promise<void> {
    for (const statement of this.#scenario.setup) {
      if (!(await this.#both(statement))) return;
    }
    for (const [index, query] of this.#scenario.queries.entries())
      await this.#makeView(query, index);
    await this.#compare();
    for (const step of this.#scenario.steps) {
      this.#done++;
      if (!(await this.#both(step))) return;
      await this.#compare();
    }
  }

  /** False when the two disagree on a statement: what follows would be another history. */
  async #both(statement: string): Promise<boolean> {
    const [expected, actual] = await this.#change(statement);
    let verdict = this.#verdict(expected, actual, { sql: statement, loose: false });
    if (verdict.kind === 'same' && expected.kind === 'error' && actual.kind === 'error') {
      // What is refused must be refused by the same name.
      if (expected.code === actual.code) return true;
      const what = `fails with ${actual.code} ${actual.message} for ${expected.code}`;
      verdict = { kind: 'different', what };
    }
    if (verdict.kind === 'same') return true;
    if (verdict.kind === 'refused') count(this.#outcome.refused, verdict.reason);
    if (verdict.kind === 'other-error') count(this.#outcome.otherErrors, verdict.reason);
    if (verdict.kind === 'known') count(this.#outcome.known, verdict.reason);
    if (verdict.kind === 'different') {
      this.#report({ sql: statement, loose: false }, 'statement', verdict.what);
    }
    return verdict.kind === 'other-error';
  }

  /** What both answer to a statement, which changes both. */
  async #change(statement: string): Promise<[Answer, Answer]> {
    if (/ RETURNING /.test(statement)) {
      const [expected] = await this.#judge.ask([statement]);
      return [expected!, await this.#subject.ask(statement)];
    }
    const expected = await this.#judge.run(statement);
    const actual = await this.#subject.run(statement);
    return [expected ?? done, actual ?? done];
  }

  async #makeView(query: RandomQuery, index: number): Promise<void> {
    const view = `v${index}`;
    const error = await this.#subject.run(`CREATE MATERIALIZED VIEW ${view} AS ${query.sql}`);
    const live: LiveQuery = { ...query, view, adHoc: true, stored: error === null };
    this.#live.push(live);
    if (error === null) return;
    if (error.code === '0A000') count(this.#outcome.refused, error.message);
    // That the judge refuses it too is seen when it is asked ad hoc.
    const verdict = this.#verdict(done, error, { sql: query.sql, loose: false });
    if (verdict.kind !== 'different') return;
    const [expected] = await this.#judge.ask([query.sql]);
    if (expected?.kind === 'rows') {
      this.#report(query, 'view', verdict.what);
      live.adHoc = false;
    }
  }

  async #compare(): Promise<void> {
    const asked = this.#live;
    const expected = await this.#judge.ask(asked.map((query) => query.sql));
    for (const [i, query] of asked.entries()) await this.#compareOne(query, expected[i]!);
    this.#live = asked.filter((query) => query.adHoc || query.stored);
  }

  async #compareOne(query: LiveQuery, expected: Answer): Promise<void> {
    this.#outcome.cases++;
    if (expected.kind === 'rows') this.#outcome.withRows++;
    if (query.adHoc) {
      const actual = await this.#subject.ask(query.sql);
      const same = (await this.#onlyPlanned(query, expected, actual))
        ? this.#planned(expected)
        : this.#judged(query, 'ad hoc', expected, actual);
      query.adHoc = same && expected.kind === 'rows';
    }
    if (!query.stored) return;
    // A failing row stops the judge's query and is a row's error here: there is nothing to compare.
    if (expected.kind === 'error') {
      query.stored = false;
      return;
    }
    const actual = await this.#subject.ask(`SELECT * FROM ${query.view}`);
    query.stored = this.#judged(query, 'view', expected, actual);
  }

  /** Whether the judge fails on a constant before it looks for rows, and no row needs that constant. */
  async #onlyPlanned(query: LiveQuery, expected: Answer, actual: Answer): Promise<boolean> {
    if (expected.kind === 'rows' || actual.kind === 'error') return false;
    if (!expected.code.startsWith('22')) return false;
    const [plan] = await this.#judge.ask([`EXPLAIN ${query.sql}`]);
    return plan?.kind === 'error' && plan.code === expected.code;
  }

  #planned(expected: Answer): boolean {
    const text = expected.kind === 'error' ? `${expected.code} ${expected.message}` : 'rows';
    count(this.#outcome.otherErrors, `${text} | a constant that no row needs`);
    return false;
  }

  #judged(query: LiveQuery, how: 'view' | 'ad hoc', expected: Answer, actual: Answer): boolean {
    const verdict = this.#verdict(expected, actual, query);
    switch (verdict.kind) {
      case 'same':
        return true;
      case 'refused':
        count(this.#outcome.refused, verdict.reason);
        // What is refused in one row is that row's error in a view.
        query.stored = false;
        return false;
      case 'other-error':
        count(this.#outcome.otherErrors, verdict.reason);
        return false;
      case 'known':
        count(this.#outcome.known, verdict.reason);
        // Another spelling may be followed by another difference after the next step.
        return expected.kind === 'rows' && actual.kind === 'rows';
      case 'different':
        this.#report(query, how, verdict.what);
        if (how === 'ad hoc') query.stored = false;
        return false;
    }
  }

  #verdict(expected: Answer, actual: Answer, question: Question): Verdict {
    return compareAnswers(expected, actual, question, this.#judge.version);
  }

  #report(query: RandomQuery, how: Difference['how'], what: string): void {
    this.#outcome.differences.push({
      query: { sql: query.sql, loose: query.loose },
      how,
      what,
      setup: this.#scenario.setup,
      steps: this.#scenario.steps.slice(0, this.#done),
    });
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
