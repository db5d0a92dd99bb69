/**
 * One call of a window operator: computes its values for some rows of a partition, and says which rows a change
 * reaches. A total that comes out as before stops a change from reaching rows behind it.
 */

import type { RowTable } from '../state/row-table.ts';
import { keyDatum } from '../state/keyed-table.ts';
import type { Datum } from '../types/datum.ts';
import { identicalDatums } from '../types/row-codec.ts';
import { FrameTotal, aggregateCall, slides } from './over-aggregates.ts';
import type { CallSite, Stretch } from './over-functions.ts';
import { evaluateCall } from './over-functions.ts';
import type { Farthest } from './over-reach.ts';
import { boundReach, reachOf } from './over-reach.ts';
import type { OverRows } from './over-rows.ts';
import type { PartitionChanges, Span } from './partition-changes.ts';

/** Totals of these over such values tell all that the totals of longer frames depend on. */
const tellingFunctions: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'min',
  'max',
  'bool_and',
  'bool_or',
  'every',
]);
const tellingTypes: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
]);

export interface ChangedRows {
  readonly changes: PartitionChanges;
  readonly before: OverRows;
  readonly now: OverRows;
}

export class OverCall {
  /** Values computed so far. */
  computed = 0;
  readonly #site: CallSite;
  readonly #farthest: Farthest = { back: 0, ahead: 0, nth: 0 };
  readonly #slides: boolean;
  /** Frames begin or end with the partition. */
  readonly #open: boolean;

  constructor(site: CallSite) {
    this.#site = site;
    const { call } = site;
    const { start, end } = call.frame;
    this.#slides = call.aggregate !== null && slides(site);
    this.#open = start.kind === 'unbounded-preceding' || end.kind === 'unbounded-following';
    if (call.args.length === 1) this.#notice(1);
  }

  /** Looks how far rows ask to look. */
  notice({ table }: RowTable, entries: Int32Array, count: number): void {
    const { call } = this.#site;
    if (call.aggregate !== null || call.args.length < 2) return;
    for (let i = 0; i < count; i++) {
      const distance = keyDatum(table, call.args[1]!, entries[i]!);
      if (distance !== null) this.#notice(Number(distance));
    }
  }

  #notice(distance: number): void {
    const far = this.#farthest;
    const back = this.#site.call.name === 'lag' ? distance : -distance;
    far.back = Math.max(far.back, back);
    far.ahead = Math.max(far.ahead, -back);
    far.nth = Math.max(far.nth, distance);
  }

  /** A total worth keeping for a partition; null where one would not help. */
  makeTotal(): FrameTotal | null {
    const worthIt = this.#slides && this.#open && this.#site.call.aggregate!.state === 'counter';
    return worthIt ? new FrameTotal(this.#site) : null;
  }

  evaluate(
    rows: OverRows,
    stretches: readonly Stretch[],
    total: FrameTotal | null,
  ): (Datum | null)[] {
    const values =
      this.#site.call.aggregate === null
        ? evaluateCall(this.#site, rows, stretches)
        : aggregateCall(this.#site, rows, stretches, total);
    this.computed += values.length;
    return values;
  }

  /** The spans in which values may differ. The total, of the rows before, is so again in the end. */
  reach(changed: ChangedRows, total: FrameTotal | null): Span[] {
    const of = {
      site: this.#site,
      changes: changed.changes,
      rows: changed.now,
      farthest: this.#farthest,
    };
    if (!this.#slides || !this.#open) return reachOf(of);
    const { start, end } = this.#site.call.frame;
    const { changes, before, now } = changed;
    if (start.kind === 'unbounded-preceding' && end.kind === 'unbounded-following') {
      if (before.count === 0 || now.count === 0) return [];
      return this.#isSame(changed, total, 0) ? [] : reachOf(of);
    }
    if (start.kind !== 'unbounded-preceding' || !this.#isTelling()) return reachOf(of);
    const near = boundReach(of, end);
    const behind = near.reduce((most, span) => Math.max(most, span.to), 0);
    if (behind < changes.unchanged && this.#isSame(changed, total, behind)) {
      return [
        { from: near.reduce((least, span) => Math.min(least, span.from), behind), to: behind },
      ];
    }
    return reachOf(of);
  }

  #isTelling(): boolean {
    const { call, argTypes } = this.#site;
    const [type] = argTypes;
    return (
      tellingFunctions.has(call.aggregate!.name) &&
      (call.aggregate!.name === 'count' || type === undefined || tellingTypes.has(type.kind))
    );
  }

  /** Whether an unchanged row has the same value as before. */
  #isSame(changed: ChangedRows, kept: FrameTotal | null, row: number): boolean {
    const { changes, before, now } = changed;
    const valueAt = (rows: OverRows, at: number, total: FrameTotal | null): Datum | null =>
      this.evaluate(rows, [{ from: at, to: at + 1 }], total)[0]!;
    const old = valueAt(before, changes.positionOf(row, 'before'), kept);
    kept?.rebase(now, changes, 'now');
    const fresh = valueAt(now, changes.positionOf(row, 'now'), kept);
    kept?.rebase(before, changes, 'before');
    return identicalDatums(old, fresh, this.#site.call.type);
  }
}
