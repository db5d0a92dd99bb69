/**
 * What a path leads to: nodes of a jsonb tree and, behind .datetime(), dates and times, which jsonb itself
 * has not. A fault is an error that a predicate takes for "unknown" and a silent call for the end.
 */

import { SqlError, type SqlErrorFields } from '../../base/errors.ts';
import {
  formatDate,
  formatOffset,
  formatTime,
  formatTimestamp,
} from '../../types/datetime-text.ts';
import { jsonTypeOf, type JsonTree } from '../../types/jsonb.ts';

export type PathItem = JsonTree | PathTime;

export type PathTimeKind = 'date' | 'time' | 'timetz' | 'timestamp' | 'timestamptz';

export class PathTime {
  readonly kind: PathTimeKind;
  /** Local days since 1970; 0 for times of day. */
  readonly days: number;
  /** Local microseconds since midnight; 0 for dates. */
  readonly micros: bigint;
  /** Seconds east of UTC, as written; 0 without a zone. */
  readonly offset: number;

  constructor(kind: PathTimeKind, days: number, micros: bigint, offset: number) {
    this.kind = kind;
    this.days = days;
    this.micros = micros;
    this.offset = offset;
  }

  /** ISO 8601, as a JSON string shows it. */
  toString(): string {
    const zone = this.kind === 'timetz' || this.kind === 'timestamptz' ? this.#zone() : '';
    switch (this.kind) {
      case 'date':
        return formatDate(this.days);
      case 'time':
      case 'timetz':
        return formatTime(this.micros) + zone;
      default:
        return (
          formatTimestamp(BigInt(this.days) * dayMicros + this.micros).replace(' ', 'T') + zone
        );
    }
  }

  #zone(): string {
    const text = formatOffset(this.offset);
    return text.length === 3 ? `${text}:00` : text;
  }
}

export const dayMicros = 86_400_000_000n;

export class PathFault extends SqlError {
  constructor(code: string, message: string, fields: SqlErrorFields = {}) {
    super(code, message, fields);
    this.name = 'PathFault';
  }
}

const timeNames: Record<PathTimeKind, string> = {
  date: 'date',
  time: 'time without time zone',
  timetz: 'time with time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

/** What .type() answers. */
export function itemTypeName(item: PathItem): string {
  return item instanceof PathTime ? timeNames[item.kind] : jsonTypeOf(item);
}

/** The item as a value of jsonb; dates and times become strings. */
export function itemToTree(item: PathItem): JsonTree {
  return item instanceof PathTime ? item.toString() : item;
}

export function isArrayItem(item: PathItem): item is readonly JsonTree[] {
  return Array.isArray(item);
}

export function isObjectItem(item: PathItem): item is ReadonlyMap<string, JsonTree> {
  return item instanceof Map;
}

export function childrenOf(item: PathItem): Iterable<JsonTree> | null {
  if (isArrayItem(item)) return item;
  return isObjectItem(item) ? item.values() : null;
}
