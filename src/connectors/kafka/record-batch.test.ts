import { describe, expect, test } from 'vitest';

import { SeededRandom } from '../../base/random.ts';
import type { RecordBlock } from '../connector.ts';
import { BlockPool } from './block-pool.ts';
import { Decompressor } from './compression.ts';
import { Crc32c } from './crc32c.ts';
import { RecordDecoder, offsetAfter } from './record-batch.ts';
import type { AbortedTransaction } from './record-batch.ts';
import { RecordBatchBuilder } from './record-encode.ts';
import type { BatchFields } from './record-encode.ts';

const crc = new Crc32c();
const decompressor = await Decompressor.load(1 << 20);

interface Log {
  readonly batches: Buffer[];
  next: number;
}

/** Appends a batch of values to a log, with gaps where `deltas` leaves them. */
function append(
  log: Log,
  values: readonly (string | null)[],
  fields: BatchFields = {},
  deltas?: readonly number[],
): void {
  const builder = new RecordBatchBuilder(crc);
  values.forEach((value, index) => {
    const bytes = value === null ? null : Buffer.from(value);
    const delta = deltas?.[index];
    builder.append(null, bytes, 1000 + index, delta === undefined ? {} : { offsetDelta: delta });
  });
  const batch = builder.finish({ ...fields, baseOffset: log.next });
  log.next += batch.readInt32BE(23) + 1;
  log.batches.push(batch);
}

function marker(log: Log, producerId: number, type: 'abort' | 'commit'): void {
  const builder = new RecordBatchBuilder(crc);
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  builder.append(key, Buffer.alloc(6), 0);
  const fields = { producerId, producerEpoch: 0, transactional: true, control: true };
  log.batches.push(builder.finish({ ...fields, baseOffset: log.next }));
  log.next += 1;
}

function decoder(position = 0, blockRowsMax = 1000, checkCrc = true): RecordDecoder {
  return new RecordDecoder(
    {
      stream: 't',
      partition: '0',
      blockRowsMax,
      committedOnly: true,
      checkCrc,
      crc,
      decompressor,
      pool: new BlockPool(blockRowsMax),
    },
    position,
  );
}

function feed(into: RecordDecoder, batches: readonly Buffer[], aborted: AbortedTransaction[] = []) {
  const bytes = Buffer.concat([...batches, Buffer.alloc(16)]);
  const end = bytes.length - 16;
  into.add({ bytes, memory: null, start: 0, end, fetchOffset: into.position, aborted });
}

function valuesOf(block: RecordBlock): (string | null)[] {
  return Array.from({ length: block.count }, (_, row) =>
    block.valueEnd[row]! < 0
      ? null
      : Buffer.from(block.bytes.subarray(block.valueStart[row], block.valueEnd[row])).toString(),
  );
}

function drain(from: RecordDecoder): (string | null)[] {
  const all: (string | null)[] = [];
  for (let block = from.next(); block !== null; block = from.next()) {
    all.push(...valuesOf(block));
    expect(block.nextOffset).toBe(from.position);
    block.release();
  }
  return all;
}

const transaction = (producerId: number) => ({ producerId, producerEpoch: 0, transactional: true });

describe('record batches', () => {
  test('a record is written byte for byte as the format says', () => {
    const builder = new RecordBatchBuilder(crc);
    builder.append(Buffer.from('k'), Buffer.from('v'), 1_700_000_000_000, {
      headers: [['h', Buffer.from('1')]],
    });
    const batch = builder.finish();
    const record = ['18', '00', '00', '00', '02', '6b', '02', '76', '02', '02', '68', '02', '31'];
    expect(batch.subarray(61).toString('hex')).toBe(record.join(''));
    expect(batch.readInt32BE(8)).toBe(batch.length - 12);
    expect(batch.readBigInt64BE(27)).toBe(1_700_000_000_000n);
  });

  test('many small batches make one block; a block has at most so many rows', () => {
    const log: Log = { batches: [], next: 0 };
    for (let index = 0; index < 30; index++) append(log, [`a${index}`, `b${index}`]);
    const small = decoder(0, 25);
    feed(small, log.batches);
    const counts: number[] = [];
    for (let block = small.next(); block !== null; block = small.next()) counts.push(block.count);
    expect(counts).toEqual([25, 25, 10]);
    expect(small.position).toBe(60);
  });

  test('positions pass over compaction gaps, empty batches and the end of a batch', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['x', 'y'], {}, [2, 7]);
    append(log, ['z'], {}, [0]);
    // Compaction keeps the last offset of a batch although its record is gone.
    const emptied = new RecordBatchBuilder(crc);
    emptied.append(null, null, 0, { offsetDelta: 9 });
    const full = emptied.finish({ baseOffset: log.next });
    const empty = Buffer.from(full.subarray(0, 61));
    empty.writeInt32BE(61 - 12, 8);
    empty.writeInt32BE(0, 57);
    empty.writeUInt32BE(crc.sum(empty, 21, 61), 17);
    log.batches.push(empty);
    const reader = decoder();
    feed(reader, log.batches);
    const block = reader.next()!;
    expect([...block.offsets.subarray(0, block.count)]).toEqual([2, 7, 8]);
    expect(block.nextOffset).toBe(19);
    expect(reader.next()).toBeNull();

    const onlyEmpty = decoder(9);
    feed(onlyEmpty, [empty]);
    const moved = onlyEmpty.next()!;
    expect([moved.count, moved.nextOffset]).toEqual([0, 19]);
    expect(offsetAfter(empty, 0, empty.length, 9)).toBe(19);
  });

  test('reading can begin in the middle of a batch', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['a', 'b', 'c', 'd']);
    const reader = decoder(2);
    feed(reader, log.batches);
    expect(drain(reader)).toEqual(['c', 'd']);
  });

  test('a batch cut short at the end of an answer is left for the next fetch', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['a']);
    append(log, ['b']);
    const reader = decoder();
    feed(reader, [log.batches[0]!, log.batches[1]!.subarray(0, 40)]);
    expect(drain(reader)).toEqual(['a']);
    expect(reader.position).toBe(1);
  });

  test('null is not empty, LogAppendTime is the time of all', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, [null, ''], { logAppendTime: true });
    const reader = decoder();
    feed(reader, log.batches);
    const block = reader.next()!;
    expect(valuesOf(block)).toEqual([null, '']);
    expect([...block.timestampsMs.subarray(0, 2)]).toEqual([1001, 1001]);
    expect([...block.keyEnd.subarray(0, 2)]).toEqual([-1, -1]);
  });
});

describe('transactions', () => {
  test('one producer aborts and commits in turn', () => {
    const log: Log = { batches: [], next: 0 };
    const aborted: AbortedTransaction[] = [];
    for (const [name, end] of [
      ['a', 'abort'],
      ['b', 'commit'],
      ['c', 'abort'],
      ['d', 'commit'],
    ] as const) {
      if (end === 'abort') aborted.push({ producerId: 7, firstOffset: log.next });
      append(log, [`${name}1`, `${name}2`], transaction(7));
      marker(log, 7, end);
    }
    const reader = decoder();
    feed(reader, log.batches, aborted);
    expect(drain(reader)).toEqual(['b1', 'b2', 'd1', 'd2']);
    expect(reader.position).toBe(12);
  });

  test('an aborted transaction over several answers, another producer in between', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['x1'], transaction(1));
    append(log, ['y1'], transaction(2));
    append(log, ['x2'], transaction(1));
    marker(log, 1, 'abort');
    append(log, ['x3'], transaction(1));
    const reader = decoder();
    const aborted = [{ producerId: 1, firstOffset: 0 }];
    for (const batch of log.batches.slice(0, 4)) feed(reader, [batch], aborted);
    // The last answer lies after the marker, and its list no longer names the transaction.
    feed(reader, log.batches.slice(4), []);
    expect(drain(reader)).toEqual(['y1', 'x3']);
  });

  test('a record whose key looks like an abort marker is a record', () => {
    const log: Log = { batches: [], next: 0 };
    const builder = new RecordBatchBuilder(crc);
    builder.append(Buffer.from([0, 0, 0, 0]), Buffer.from('secret'), 0);
    log.batches.push(builder.finish({ ...transaction(3), baseOffset: 0 }));
    log.next = 1;
    append(log, ['also aborted'], transaction(3));
    marker(log, 3, 'abort');
    append(log, ['fine'], transaction(3));
    const reader = decoder();
    feed(reader, log.batches, [{ producerId: 3, firstOffset: 0 }]);
    expect(drain(reader)).toEqual(['fine']);
  });

  test('several transactions begun before one batch are all taken up', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['p'], transaction(10));
    append(log, ['q'], transaction(11));
    append(log, ['r'], transaction(10));
    append(log, ['s'], transaction(11));
    const reader = decoder(2);
    feed(reader, log.batches.slice(2), [
      { producerId: 10, firstOffset: 0 },
      { producerId: 11, firstOffset: 1 },
    ]);
    expect(drain(reader)).toEqual([]);
    expect(reader.position).toBe(4);
  });
});

describe('damage', () => {
  const one = () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['good']);
    append(log, ['bad']);
    return log.batches;
  };

  test('a flipped bit is found by the checksum, after what came before it', () => {
    const [good, bad] = one();
    bad![bad!.length - 2]! ^= 1;
    const reader = decoder();
    feed(reader, [good!, bad!]);
    expect(valuesOf(reader.next()!)).toEqual(['good']);
    expect(() => reader.next()).toThrow(/the batch at offset 1 has a wrong checksum/);
    expect(reader.position).toBe(1);
    reader.reset(1);
    feed(reader, [one()[1]!]);
    expect(drain(reader)).toEqual(['bad']);
  });

  test('any flipped byte, checksum or not, is an error or a record, never a fault of ours', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 3000; round++) {
      const batch = one()[0]!;
      batch[random.below(batch.length)] = random.below(256);
      const reader = decoder(0, 100, false);
      feed(reader, [batch]);
      try {
        drain(reader);
      } catch (error) {
        expect((error as Error).name).toBe('ConnectorError');
      }
    }
  });

  test('old message formats are refused by name', () => {
    const batch = one()[0]!;
    batch[16] = 1;
    const reader = decoder();
    feed(reader, [batch]);
    expect(() => reader.next()).toThrow(/old message format v1; only format v2/);
  });

  test('a gzip batch that expands past the limit is stopped', () => {
    const log: Log = { batches: [], next: 0 };
    append(log, ['0'.repeat(3 << 20)], { compression: 'gzip' });
    expect(log.batches[0]!.length).toBeLessThan(10_000);
    const reader = decoder();
    feed(reader, log.batches);
    expect(() => reader.next()).toThrow(/larger than 1048576 bytes when decompressed/);
  });
});

test('random logs come out as they went in, however they are cut', () => {
  const random = new SeededRandom(11);
  for (let round = 0; round < 150; round++) {
    const log: Log = { batches: [], next: random.below(2) * 5_000_000_000 };
    const start = log.next;
    const expected: string[] = [];
    for (let batch = random.below(12); batch >= 0; batch--) {
      const values = Array.from(
        { length: 1 + random.below(40) },
        (_, index) => `${log.next}-${index}-${'x'.repeat(random.below(300))}`,
      );
      let delta = -1;
      const deltas = values.map(() => (delta += 1 + random.below(3)));
      append(log, values, { compression: random.below(2) === 0 ? 'gzip' : 'none' }, deltas);
      expected.push(...values);
    }
    const reader = decoder(start, 1 + random.below(50));
    const cut = random.below(log.batches.length + 1);
    feed(reader, log.batches.slice(0, cut));
    feed(reader, log.batches.slice(cut));
    expect(drain(reader)).toEqual(expected);
    expect(reader.position).toBe(log.next);
    expect(reader.queuedBytes).toBe(0);
  }
});
