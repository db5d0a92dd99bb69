/**
 * COPY table FROM STDIN: records become rows of the open transaction, all of them or none. Errors say in which
 * line and column they were.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { TableObject } from '../catalog/objects.ts';
import type { Datum, Row } from '../types/datum.ts';
import { parseText, type TextIoOptions } from '../types/text-io.ts';
import { type CopyRecord, CopyRecords } from './copy-records.ts';
import type { CopyIn, CopyOptions } from './session-api.ts';

/** What is shown of a line or value, in characters. */
const shownMax = 100;

export interface CopyTarget {
  readonly table: TableObject;
  /** Ordinals that the data gives, in its order. */
  readonly columns: readonly number[];
  readonly copy: CopyOptions;
  readonly io: TextIoOptions;
  /** A whole row from the values of the data, checked by itself. */
  readonly row: (values: readonly (Datum | null)[]) => Row;
  /** Adds the rows to the transaction; throws for a key that stands twice. */
  readonly insert: (rows: readonly Row[]) => void;
  readonly checkCancel: () => void;
}

export class CopyRows implements CopyIn {
  readonly columns: number;
  readonly #target: CopyTarget;
  readonly #records: CopyRecords;
  readonly #rows: Row[] = [];
  #header: CopyOptions['header'];
  #tag: string | null = null;

  constructor(target: CopyTarget) {
    this.#target = target;
    this.#records = new CopyRecords(target.copy);
    this.#header = target.copy.header;
    this.columns = target.columns.length;
  }

  get tag(): string | null {
    return this.#tag;
  }

  push(bytes: Uint8Array): void {
    this.#target.checkCancel();
    this.#take(this.#records.push(bytes));
  }

  finish(): void {
    this.#take(this.#records.end());
    this.#target.insert(this.#rows);
    this.#tag = `COPY ${this.#rows.length}`;
  }

  fail(message: string): never {
    throw this.#in(
      new SqlError(sqlstate.queryCanceled, `COPY from stdin failed: ${message}`),
      `, line ${this.#records.line + 1}`,
    );
  }

  #take(records: Iterable<CopyRecord>): void {
    const iterator = records[Symbol.iterator]();
    for (;;) {
      const next = this.#at(
        () => '',
        () => iterator.next(),
      );
      if (next.done === true) return;
      this.#record(next.value);
    }
  }

  #record(record: CopyRecord): void {
    const line = (): string => `: "${shown(record.text)}"`;
    if (this.#header !== false) {
      const match = this.#header === 'match';
      this.#header = false;
      if (match) this.#at(line, () => this.#checkHeader(record));
      return;
    }
    const { table, columns, io } = this.#target;
    const { fields } = record;
    this.#at(line, () => {
      if (fields.length <= columns.length) return;
      throw new SqlError(sqlstate.badCopyFileFormat, 'extra data after last expected column');
    });
    const values = columns.map((ordinal, i): Datum | null => {
      const column = table.columns[ordinal]!;
      const field = fields[i];
      if (field === undefined) {
        return this.#at(line, () => {
          throw new SqlError(
            sqlstate.badCopyFileFormat,
            `missing data for column "${column.name}"`,
          );
        });
      }
      if (field === null) return null;
      try {
        return parseText(field, column.type, io);
      } catch (error) {
        const where = `, line ${this.#records.line}, column ${column.name}: "${shown(field)}"`;
        throw this.#in(error, where);
      }
    });
    this.#rows.push(this.#at(line, () => this.#target.row(values)));
  }

  /** HEADER MATCH. */
  #checkHeader({ fields }: CopyRecord): void {
    const { table, columns } = this.#target;
    if (fields.length !== columns.length) {
      throw new SqlError(
        sqlstate.badCopyFileFormat,
        `wrong number of fields in header line: got ${fields.length}, expected ${columns.length}`,
      );
    }
    columns.forEach((ordinal, i) => {
      const { name } = table.columns[ordinal]!;
      if (fields[i] === name) return;
      const got = fields[i] === null ? 'null value' : `"${fields[i]}"`;
      throw new SqlError(
        sqlstate.badCopyFileFormat,
        fields[i] === null
          ? `column name mismatch in header line field ${i + 1}: got ${got} ("${this.#target.copy.nullText}"), expected "${name}"`
          : `column name mismatch in header line field ${i + 1}: got ${got}, expected "${name}"`,
      );
    });
  }

  #at<T>(more: () => string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw this.#in(error, `, line ${this.#records.line}${more()}`);
    }
  }

  #in(error: unknown, where: string): unknown {
    if (!(error instanceof SqlError) || error.fields.where !== undefined) return error;
    return new SqlError(error.code, error.message, {
      ...error.fields,
      position: undefined,
      where: `COPY ${this.#target.table.name}${where}`,
    });
  }
}

function shown(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}...`;
}
