/**
 * When partitions are complete: some time after they were first seen, or when the watermark has passed the time
 * that their values stand for. A row that comes later makes its partition due once more.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import type { Row } from '../../types/datum.ts';
import { types } from '../../types/sql-type.ts';
import { parseText } from '../../types/text-io.ts';
import type { PartitionState } from './file-sink-state.ts';
import type { FileSinkOptions } from './options.ts';
import { type PartitionColumn, partitionText } from './partition-path.ts';

type Rules = NonNullable<FileSinkOptions['commit']>;

export class PartitionCommits {
  readonly #columns: readonly PartitionColumn[];
  readonly #rules: Rules;
  /** Directory → milliseconds when it is due. */
  readonly #waiting = new Map<string, number>();
  #watermarkMs = -Infinity;
  #nowMs = -Infinity;

  constructor(columns: readonly PartitionColumn[], rules: Rules) {
    this.#columns = columns;
    this.#rules = rules;
  }

  /** A row goes to the partition, whose values stand for `timeMs`. */
  saw(directory: string, timeMs: number, nowMs: number): void {
    if (this.#waiting.has(directory)) return;
    const fromMs = this.#rules.trigger === 'process-time' ? nowMs : timeMs;
    this.#waiting.set(directory, fromMs + this.#rules.delayMs);
  }

  /** The time that a row's values stand for, in milliseconds. Throws 22007 when they give no time. */
  timeOf(row: Row): number {
    if (this.#rules.trigger === 'process-time') return NaN;
    // Longer names first, so that $dt2 is not read as $dt.
    const columns = [...this.#columns].sort((a, b) => b.key.length - a.key.length);
    let text = this.#rules.pattern ?? '';
    for (const column of columns) {
      text = text.replaceAll(`$${column.key}`, () => partitionText(column, row) ?? '');
    }
    try {
      return Number(parseText(text, types.timestamp)) / 1000;
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      throw new SqlError(
        sqlstate.invalidDatetimeFormat,
        `partition time "${text}" is no timestamp`,
      );
    }
  }

  /** True: partitions are due. */
  advance(watermarkMs: number): boolean {
    this.#watermarkMs = watermarkMs;
    return this.due.length > 0;
  }

  tick(nowMs: number): boolean {
    this.#nowMs = nowMs;
    return this.due.length > 0;
  }

  /** Directories of partitions that are complete. */
  get due(): readonly string[] {
    const reached = this.#rules.trigger === 'process-time' ? this.#nowMs : this.#watermarkMs;
    return [...this.#waiting].filter(([, dueMs]) => dueMs <= reached).map(([name]) => name);
  }

  done(directory: string): void {
    this.#waiting.delete(directory);
  }

  state(): readonly PartitionState[] {
    return [...this.#waiting].map(([directory, dueMs]) => ({ directory, dueMs }));
  }

  restore(states: readonly PartitionState[]): void {
    for (const { directory, dueMs } of states) this.#waiting.set(directory, dueMs);
  }
}
