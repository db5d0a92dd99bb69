/**
 * The values of sequences. A value that was given out stays given out: no rollback takes it back, and it is
 * durable before the statement that took it is acknowledged. Values are written beside table changes, in one commit.
 */

import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { SequenceObject } from '../catalog/objects.ts';
import type { Store, StoreChange } from '../state/store.ts';

const keyFrom = 'sequence/';
const keyTo = 'sequence0';
const version = 1;

/** `called`: `last` was given out, and the next value is behind it. */
export interface SequenceValue {
  readonly last: bigint;
  readonly called: boolean;
}

export class Sequences {
  readonly #values = new Map<number, SequenceValue>();
  readonly #dirty = new Set<number>();

  value(sequence: SequenceObject): SequenceValue {
    return this.#values.get(sequence.oid) ?? { last: BigInt(sequence.start), called: false };
  }

  /** The next value. Throws 2200H at the end of a sequence that does not cycle. */
  next(sequence: SequenceObject): bigint {
    const { last, called } = this.value(sequence);
    const value = called ? following(sequence, last) : last;
    this.set(sequence.oid, { last: value, called: true });
    return value;
  }

  set(oid: number, value: SequenceValue): void {
    this.#values.set(oid, value);
    this.#dirty.add(oid);
  }

  /** What must be written since this was last asked. */
  takeChanges(): StoreChange[] {
    const changes = [...this.#dirty].map((oid): StoreChange => {
      const value = this.#values.get(oid);
      return { key: `${keyFrom}${oid}`, value: value === undefined ? null : encode(value) };
    });
    this.#dirty.clear();
    return changes;
  }

  remove(oid: number): void {
    if (this.#values.delete(oid)) this.#dirty.add(oid);
  }

  /** Reads the values of the sequences that there are; those of others are removed with the next commit. */
  load(store: Store, known: ReadonlySet<number>): void {
    for (const [key, bytes] of store.range(keyFrom, keyTo)) {
      const oid = Number(key.slice(keyFrom.length));
      if (known.has(oid)) this.#values.set(oid, decode(bytes));
      else this.#dirty.add(oid);
    }
  }
}

function following(sequence: SequenceObject, last: bigint): bigint {
  const increment = BigInt(sequence.increment);
  const min = BigInt(sequence.min);
  const max = BigInt(sequence.max);
  const next = last + increment;
  if (next >= min && next <= max) return next;
  if (sequence.cycle) return increment > 0n ? min : max;
  const [word, limit] = increment > 0n ? ['maximum', max] : ['minimum', min];
  throw new SqlError(
    sqlstate.sequenceGeneratorLimitExceeded,
    `nextval: reached ${word} value of sequence "${sequence.name}" (${limit})`,
  );
}

function encode({ last, called }: SequenceValue): Uint8Array {
  const text = Buffer.from(String(last), 'latin1');
  return new ByteWriter(32)
    .uint8(version)
    .uint8(called ? 1 : 0)
    .varint(text.length)
    .bytes(text)
    .take();
}

function decode(bytes: Uint8Array): SequenceValue {
  const reader = new ByteReader(bytes);
  const found = reader.uint8();
  if (found !== version) {
    throw new SqlError(
      sqlstate.dataCorrupted,
      `the value of a sequence has version ${found}, not ${version}`,
    );
  }
  const called = reader.uint8() === 1;
  const text = Buffer.from(reader.bytes(reader.varint())).toString('latin1');
  return { last: BigInt(text), called };
}
