/**
 * nextval, currval, lastval and setval for one session. A value that was given out is never taken back; the
 * session's commit, or rollback, waits until it is durable.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { SequenceObject } from '../catalog/objects.ts';
import type { Datum } from '../types/datum.ts';
import type { Database } from './database.ts';

type Arguments = readonly (Datum | null)[];

export class SequenceValues {
  readonly #database: Database;
  /** By oid, what nextval gave to this session last. */
  readonly #given = new Map<number, bigint>();
  #last: number | null = null;
  /** A value was given out since the last commit or rollback. */
  used = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The answer to one of `sequenceCalls`. `readOnly`: the transaction may change nothing. */
  call(name: string, args: Arguments, readOnly: boolean): Datum | null {
    if (name === 'lastval') return this.#lastValue();
    const sequence = this.#sequence(args[0]);
    switch (name) {
      case 'nextval':
        refuseReadOnly(name, readOnly);
        return this.#next(sequence);
      case 'currval':
        return this.#current(sequence);
      case 'setval':
        refuseReadOnly(name, readOnly);
        return this.#set(sequence, BigInt(args[1] as bigint), args[2] !== false);
      default: {
        const { last, called } = this.#database.engine.sequences.value(sequence);
        return called ? last : null;
      }
    }
  }

  /** DISCARD SEQUENCES. */
  forget(): void {
    this.#given.clear();
    this.#last = null;
  }

  #sequence(oid: Datum | null | undefined): SequenceObject {
    const object = typeof oid === 'number' ? this.#database.catalog.byOid(oid) : undefined;
    if (object?.kind === 'sequence') return object;
    if (object === undefined) {
      throw new SqlError(
        sqlstate.undefinedTable,
        `could not open relation with OID ${String(oid)}`,
      );
    }
    throw new SqlError(sqlstate.wrongObjectType, `"${object.name}" is not a sequence`);
  }

  #next(sequence: SequenceObject): bigint {
    const value = this.#database.engine.sequences.next(sequence);
    this.#given.set(sequence.oid, value);
    this.#last = sequence.oid;
    this.used = true;
    return value;
  }

  #current({ oid, name }: SequenceObject): bigint {
    const value = this.#given.get(oid);
    if (value !== undefined) return value;
    throw new SqlError(
      sqlstate.objectNotInPrerequisiteState,
      `currval of sequence "${name}" is not yet defined in this session`,
    );
  }

  #lastValue(): bigint {
    const oid = this.#last;
    const value = oid === null ? undefined : this.#given.get(oid);
    if (oid !== null && value !== undefined && this.#database.catalog.byOid(oid) !== undefined) {
      return value;
    }
    throw new SqlError(
      sqlstate.objectNotInPrerequisiteState,
      'lastval is not yet defined in this session',
    );
  }

  #set(sequence: SequenceObject, value: bigint, called: boolean): bigint {
    if (value < BigInt(sequence.min) || value > BigInt(sequence.max)) {
      throw new SqlError(
        sqlstate.numericValueOutOfRange,
        `setval: value ${value} is out of bounds for sequence "${sequence.name}" (${sequence.min}..${sequence.max})`,
      );
    }
    this.#database.engine.sequences.set(sequence.oid, { last: value, called });
    if (called) this.#given.set(sequence.oid, value);
    this.used = true;
    return value;
  }
}

function refuseReadOnly(name: string, readOnly: boolean): void {
  if (!readOnly) return;
  throw new SqlError(
    sqlstate.readOnlySqlTransaction,
    `cannot execute ${name}() in a read-only transaction`,
  );
}
