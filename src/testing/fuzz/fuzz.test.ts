/**
 * A bounded run of the differential tester, with the judge that is always there: the same seeds each time, so
 * that a failure is one of the change at hand. `npm run fuzz` goes on from there with other seeds.
 */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../base/random.ts';
import { type Judge, openPglite } from './judge.ts';
import { emptyOutcome, randomScenario, runScenario } from './scenario.ts';
import { sharedSignatures, type Signature } from './signatures.ts';

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

let judge: Judge;
let signatures: readonly Signature[];

beforeAll(async () => {
  judge = await openPglite();
  signatures = await sharedSignatures(judge);
});

afterAll(async () => {
  await judge.close();
});

test('hundreds of functions are known to both', () => {
  expect(signatures.length).toBeGreaterThan(500);
});

test.each(seeds)('seed %i', async (seed) => {
  const outcome = emptyOutcome();
  await runScenario(judge, randomScenario(new SeededRandom(seed), signatures), outcome);
  expect(outcome.differences).toEqual([]);
  expect(outcome.cases).toBeGreaterThan(50);
  expect(outcome.withRows).toBeGreaterThan(outcome.cases / 2);
  // Vitest hears of progress only between turns of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
});
