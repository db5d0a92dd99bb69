/**
 * Every aggregate, and what a group's value is. An accumulator takes rows with positive and negative
 * weights in any order and finishes to exactly what a fresh computation over the remaining rows gives; where
 * the order of values shows in the result (array_agg, string_agg, WITHIN GROUP), it is the order in which
 * they are added.
 */

import { collectionAggregates } from './aggregates-collect.ts';
import { countingAggregates } from './aggregates-count.ts';
import { extremeAggregates } from './aggregates-extreme.ts';
import { orderedSetAggregates } from './aggregates-ordered.ts';
import { regressionAggregates } from './aggregates-regression.ts';
import { statisticAggregates } from './aggregates-statistics.ts';
import { sumAggregates } from './aggregates-sum.ts';
import type { AggregateFunction } from './functions/registry.ts';

export function aggregateFunctions(): readonly AggregateFunction[] {
  return [
    ...countingAggregates(),
    ...sumAggregates(),
    ...extremeAggregates(),
    ...collectionAggregates(),
    ...statisticAggregates(),
    ...regressionAggregates(),
    ...orderedSetAggregates(),
  ];
}
