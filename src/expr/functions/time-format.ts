/** to_char of times, to_timestamp, to_date, and Flink's DATE_FORMAT and TO_TIMESTAMP with Java's patterns. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { dateToTimestamp, isFiniteTimestamp, timestampToDate } from '../../types/datetime.ts';
import { parseDate, parseTimestamp } from '../../types/datetime-text.ts';
import type { Interval } from '../../types/interval.ts';
import { types } from '../../types/sql-type.ts';
import { localToUtc, utcToLocal, type Zone } from '../../types/zones.ts';
import { sessionZone, textIo } from '../context-io.ts';
import { call1, call2, scalar } from './define.ts';
import type { EvalContext, ScalarFunction } from './registry.ts';
import { printTemplate, timeOfInterval, timeOfTimestamp } from './time-print.ts';
import { readTemplate } from './time-read.ts';
import { TimePrinters } from './time-printer.ts';
import { javaToTemplate, looksLikeJava } from './time-template.ts';

const { text, date, timestamp, timestamptz, interval } = types;
const stable = { volatility: 'stable' } as const;

export function timeFormatFunctions(): readonly ScalarFunction[] {
  return [...printing(), ...reading()];
}

function printing(): ScalarFunction[] {
  const printers = new TimePrinters();
  const javaTemplates = new Map<string, string>();
  const javaTemplate = (pattern: string): string => {
    let template = javaTemplates.get(pattern);
    if (template === undefined) {
      template = fromJava(pattern);
      if (javaTemplates.size >= patternsMax) javaTemplates.clear();
      javaTemplates.set(pattern, template);
    }
    return template;
  };
  const local = (at: bigint, template: string): string | null =>
    isFiniteTimestamp(at) ? printers.print(at, template) : null;
  const zoned = (at: bigint, template: string, zone: Zone): string | null => {
    if (!isFiniteTimestamp(at)) return null;
    const time = timeOfTimestamp(utcToLocal(at, zone), {
      name: zone.abbreviationAt(at),
      offset: zone.offsetAt(at),
    });
    return printTemplate(printers.nodes(template), time);
  };
  return [
    scalar('to_char', [timestamp, text], text, call2(local)),
    scalar(
      'to_char',
      [timestamptz, text],
      text,
      call2((at: bigint, template: string, context) => zoned(at, template, sessionZone(context))),
      stable,
    ),
    scalar(
      'to_char',
      [interval, text],
      text,
      call2((span: Interval, template: string) =>
        printTemplate(printers.nodes(template), timeOfInterval(span)),
      ),
    ),
    scalar(
      'date_format',
      [timestamp, text],
      text,
      call2((at: bigint, pattern: string) => local(at, javaTemplate(pattern))),
    ),
    scalar(
      'date_format',
      [timestamptz, text],
      text,
      call2((at: bigint, pattern: string, context) =>
        zoned(at, javaTemplate(pattern), sessionZone(context)),
      ),
      stable,
    ),
    scalar(
      'date_format',
      [date, text],
      text,
      call2((days: number, pattern: string) => local(dateToTimestamp(days), javaTemplate(pattern))),
    ),
  ];
}

/** Patterns whose templates are remembered. */
const patternsMax = 64;

function fromJava(pattern: string): string {
  const template = javaToTemplate(pattern);
  if (template !== null) return template;
  throw new SqlError(sqlstate.invalidParameterValue, `invalid date pattern "${pattern}"`, {
    hint: 'Use letters such as yyyy, MM, dd, HH, mm, ss and SSS; quote other words.',
  });
}

/**
 * PostgreSQL's to_timestamp gives an instant in the session's zone. With one text, or a pattern that only makes
 * sense as Java's, it is Flink's, which reads the same.
 */
function reading(): ScalarFunction[] {
  const printers = new TimePrinters();
  const nodes = (template: string) =>
    printers.nodes(looksLikeJava(template) ? fromJava(template) : template);
  const instant = (value: string, template: string, context: EvalContext): bigint => {
    const read = readTemplate(nodes(template), value);
    if (read.offset !== null) return read.micros - BigInt(read.offset) * 1_000_000n;
    return localToUtc(read.micros, sessionZone(context));
  };
  return [
    scalar('to_timestamp', [text, text], timestamptz, call2(instant), stable),
    scalar(
      'to_timestamp',
      [text],
      timestamp,
      call1((value: string, context) => parseTimestamp(value, textIo(context))),
      stable,
    ),
    scalar(
      'to_date',
      [text, text],
      date,
      call2((value: string, template: string) => readTemplate(nodes(template), value).days),
    ),
    scalar(
      'to_date',
      [text],
      date,
      call1((value: string, context) => parseDate(value, textIo(context))),
      stable,
    ),
    scalar('date', [timestamp], date, call1(timestampToDate)),
    scalar(
      'date',
      [timestamptz],
      date,
      call1((at: bigint, context) => timestampToDate(utcToLocal(at, sessionZone(context)))),
      stable,
    ),
  ];
}
