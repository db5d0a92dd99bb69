/** ISO 8601 durations: P1Y2M3DT4H5M6.7S, P2W, and the alternative form P0001-02-03T04:05:06. */

import { IntervalParts } from './interval-parts.ts';
import type { TimeUnit } from './time-units.ts';

const dateUnits: ReadonlyMap<string, TimeUnit> = new Map([
  ['Y', 'year'],
  ['M', 'month'],
  ['W', 'week'],
  ['D', 'day'],
]);
const timeUnits: ReadonlyMap<string, TimeUnit> = new Map([
  ['H', 'hour'],
  ['M', 'minute'],
  ['S', 'second'],
]);

const number = '([-+]?)(\\d*)(?:\\.(\\d*))?';
const designated = new RegExp(`${number}([A-Z])`, 'y');
const alternativeDate = /^(-?\d+)-(-?\d+)-(-?\d+)$/;
const alternativeTime = /^(-?\d+):(-?\d+)(?::(-?\d+(?:\.\d*)?))?$/;

/** The parts of a duration; null when the text is none. */
export function parseIsoDuration(text: string): IntervalParts | null {
  if (!text.startsWith('P') || text.length < 2) return null;
  const [date = '', time, ...more] = text.slice(1).split('T');
  if (more.length > 0) return null;
  const parts = new IntervalParts();
  if (!readDate(date, parts)) return null;
  if (time !== undefined && !readTime(time, parts)) return null;
  return parts;
}

function readDate(text: string, parts: IntervalParts): boolean {
  const match = alternativeDate.exec(text);
  if (match === null) return readDesignated(text, dateUnits, parts);
  parts.add('year', Number(match[1]), 0);
  parts.add('month', Number(match[2]), 0);
  parts.add('day', Number(match[3]), 0);
  return true;
}

function readTime(text: string, parts: IntervalParts): boolean {
  const match = alternativeTime.exec(text);
  if (match === null) return readDesignated(text, timeUnits, parts);
  const seconds = Number(match[3] ?? 0);
  parts.add('hour', Number(match[1]), 0);
  parts.add('minute', Number(match[2]), 0);
  parts.add('second', Math.trunc(seconds), seconds - Math.trunc(seconds));
  return true;
}

function readDesignated(
  text: string,
  units: ReadonlyMap<string, TimeUnit>,
  parts: IntervalParts,
): boolean {
  let at = 0;
  while (at < text.length) {
    designated.lastIndex = at;
    const match = designated.exec(text);
    if (match === null) return false;
    const [all, sign, whole = '', fraction = '', letter = ''] = match;
    const unit = units.get(letter);
    if (unit === undefined || whole + fraction === '') return false;
    const factor = sign === '-' ? -1 : 1;
    parts.add(unit, factor * Number(whole), factor * Number(`0.${fraction}0`));
    at += all.length;
  }
  return true;
}
