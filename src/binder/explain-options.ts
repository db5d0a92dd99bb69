/**
 * The options of EXPLAIN: which stage to show, in which format, and PostgreSQL's own.
 *
 *   ANALYZE             shows a running view with its counters; it is one of the stages
 *   VERBOSE             changes nothing: columns and schemas always stand in the plan
 *   COSTS               plans are made without estimates, so only OFF is taken, although ON is what PostgreSQL
 *                       does unasked; EXPLAIN without the option shows no costs
 *   BUFFERS, WAL, TIMING, SUMMARY, SETTINGS, GENERIC_PLAN
 *                       only OFF is taken: nothing of the kind is measured or shown
 *   FORMAT              TEXT or JSON
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type * as ast from '../syntax/ast.ts';
import type { BoundExplain, ExplainStage } from './bound-statement.ts';
import { didYouMean } from './closest-name.ts';

const stages: ReadonlySet<string> = new Set<ExplainStage>([
  'ast',
  'bound',
  'rules',
  'plan',
  'dataflow',
  'state',
  'code',
  'analyze',
]);

const counters = 'EXPLAIN ANALYZE v shows what has gone through the running view v.';

/** What cannot be shown, with what helps instead. */
const onlyOff: ReadonlyMap<string, string> = new Map([
  ['costs', 'Plans are made without estimates of cost. Leave COSTS out, or turn it off.'],
  ['buffers', counters],
  ['wal', counters],
  ['timing', counters],
  ['summary', 'Leave SUMMARY out, or turn it off.'],
  ['settings', 'SHOW ALL lists the settings.'],
  ['generic_plan', 'Leave GENERIC_PLAN out: a plan never depends on the values of parameters.'],
]);

/** Throws 42601 for an option that does not exist, 0A000 for one that cannot be honoured. */
export function explainOptions(
  statement: ast.ExplainStatement,
): Pick<BoundExplain, 'stage' | 'format'> {
  let stage: ExplainStage = 'plan';
  let format: BoundExplain['format'] = 'text';
  for (const option of statement.options) {
    const { name } = option;
    const position = option.span.start;
    const instead = onlyOff.get(name);
    if (name === 'format') format = formatOf(option);
    else if (stages.has(name)) {
      if (isOn(option)) stage = name as ExplainStage;
    } else if (name === 'verbose') isOn(option);
    else if (instead !== undefined) {
      if (isOn(option)) {
        throw notSupported(`EXPLAIN option ${name.toUpperCase()}`, { hint: instead, position });
      }
    } else {
      throw new SqlError(sqlstate.syntaxError, `unrecognized EXPLAIN option "${name}"`, {
        hint:
          didYouMean(name, [...stages, ...onlyOff.keys(), 'verbose', 'format']) ??
          `The stages are: ${[...stages].join(', ')}.`,
        position,
      });
    }
  }
  return { stage, format };
}

function isOn(option: ast.Option): boolean {
  switch (option.value?.text.toLowerCase()) {
    case undefined:
    case 'true':
    case 'on':
    case '1':
      return true;
    case 'false':
    case 'off':
    case '0':
      return false;
    default:
      throw new SqlError(sqlstate.syntaxError, `${option.name} requires a Boolean value`, {
        position: option.span.start,
      });
  }
}

function formatOf(option: ast.Option): BoundExplain['format'] {
  const position = option.span.start;
  if (option.value === null) {
    throw new SqlError(sqlstate.syntaxError, 'format requires a parameter', { position });
  }
  const text = option.value.text.toLowerCase();
  if (text === 'text' || text === 'json') return text;
  if (text === 'xml' || text === 'yaml') {
    throw notSupported(`EXPLAIN in format ${text.toUpperCase()}`, {
      hint: 'Use TEXT or JSON.',
      position,
    });
  }
  throw new SqlError(
    sqlstate.invalidParameterValue,
    `unrecognized value for EXPLAIN option "format": "${option.value.text}"`,
    { position },
  );
}
