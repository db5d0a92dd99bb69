/**
 * All ledgers of an engine: late rows, dead letters and the errors of rows (DESIGN, promise P5). Their rows go by
 * the names of objects, so they follow what becomes of these: renamed along with an object, forgotten with it,
 * and put right after a crash that came between a definition and its checkpoint.
 */

import type { BadRecord } from '../connectors/connector.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Row } from '../types/datum.ts';
import { ErrorLedger } from './error-ledger.ts';
import { deadLetterColumns, lateRowColumns, Ledger, ledgerName } from './ledger.ts';
import { LedgerNames } from './ledger-names.ts';

/** Under which name a checkpoint keeps them. */
export const ledgerOwner = 'ledgers';

/** What has a name in the ledgers. */
interface NamedObject {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

export class Ledgers {
  readonly lateRows: Ledger;
  readonly deadLetters: Ledger;
  readonly rowErrors: ErrorLedger;
  readonly #names = new LedgerNames();

  /** `rowsMax`: rows kept in each of them. */
  constructor(rowsMax: number) {
    this.lateRows = new Ledger('late_rows', lateRowColumns, rowsMax);
    this.deadLetters = new Ledger('dead_letters', deadLetterColumns, rowsMax);
    this.rowErrors = new ErrorLedger(rowsMax);
  }

  /** What a checkpoint keeps. */
  get tables(): readonly StateTable[] {
    return [this.lateRows, this.deadLetters, this.rowErrors, this.#names];
  }

  /** A late row, but for its arrival time. */
  late(row: Row, nowMicros: number): void {
    this.lateRows.append([...row, BigInt(nowMicros)]);
  }

  deadLetter(source: string, record: BadRecord, nowMicros: number): void {
    this.deadLetters.append([
      source,
      record.stream,
      record.partition,
      BigInt(record.offset),
      record.timestampMs === null ? null : BigInt(record.timestampMs) * 1000n,
      record.reason,
      record.raw,
      record.key,
      BigInt(nowMicros),
    ]);
  }

  /** Partition and offset of the records of a source that stand in the dead letters. */
  *refused(source: string): Iterable<readonly [partition: string, offset: number]> {
    for (const row of this.deadLetters.entries) {
      if (row[0] === source) yield [row[2] as string, Number(row[3])];
    }
  }

  /** From now on the ledgers know the object. */
  add(object: NamedObject): void {
    this.#names.set(object.oid, ledgerName(object));
  }

  /** The object is gone, and nothing shall be found under its name. False: there was nothing. */
  remove(oid: number, name: string): boolean {
    this.#names.forget(oid);
    return this.forget(name);
  }

  /** Forgets the rows under a name. False: there were none. */
  forget(name: string): boolean {
    const found = [this.lateRows, this.deadLetters, this.rowErrors].map((each) =>
      each.forget(name),
    );
    return found.includes(true);
  }

  /** Puts what stands under one name under another. */
  rename(oid: number, from: string, to: string): void {
    this.lateRows.rename(from, to);
    this.deadLetters.rename(from, to);
    this.rowErrors.rename(from, to);
    this.#names.set(oid, to);
  }

  /** After loading: takes over what became of objects between the ledgers' checkpoint and the crash. */
  follow(objects: readonly NamedObject[]): void {
    const present = new Map(objects.map((object) => [object.oid, ledgerName(object)]));
    const names = this.#names.entries();
    for (const [oid, name] of names) if (!present.has(oid)) this.remove(oid, name);
    for (const [oid, name] of names) {
      const now = present.get(oid);
      if (now !== undefined && now !== name) this.rename(oid, name, now);
    }
  }
}
