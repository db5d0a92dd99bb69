import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { SqlError } from '../base/errors.ts';
import { SeededRandom } from '../base/random.ts';
import { createReader, readSource, recordTexts } from '../testing/source-reading.ts';
import type { BadRecord, Positions, SourceReader } from './connector.ts';
import { markName } from './connector.ts';
import { LineCutter } from './file-lines.ts';
import { Crc32c } from './kafka/crc32c.ts';
import { fileConnector } from './file.ts';

let root: string;
let allowed: string;
const open: SourceReader[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-file-')));
  allowed = join(root, 'allowed');
  mkdirSync(allowed);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((reader) => reader.close()));
  rmSync(root, { recursive: true, force: true });
});

function reader(options: Record<string, string>, blockRowsMax = 1024): SourceReader {
  const made = createReader(fileConnector, {
    options: { 'source.monitor-interval': '5 ms', ...options },
    allowedDirectories: [allowed],
    blockRowsMax,
  });
  open.push(made);
  return made;
}

interface Read {
  readonly values: string[];
  readonly offsets: number[];
  readonly bad: BadRecord[];
}

async function read(source: SourceReader, done: (so: Read) => boolean): Promise<Read> {
  const so: Read = { values: [], offsets: [], bad: [] };
  await readSource(
    source,
    (block) => {
      if (block.kind !== 'records') throw new Error('records were expected');
      so.values.push(...recordTexts(block).map((value) => value ?? ''));
      so.offsets.push(...block.offsets.subarray(0, block.count));
      so.bad.push(...block.bad);
      expect(Math.max(0, ...block.valueEnd)).toBeLessThanOrEqual(block.bytes.length - 16);
      block.release();
    },
    () => done(so),
    10_000,
  );
  return so;
}

async function started(source: SourceReader, from?: Positions): Promise<SourceReader> {
  await source.open(from ?? (await source.startPositions()));
  return source;
}

const file = (name: string, text?: string): string => {
  const path = join(allowed, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};

describe('lines', () => {
  test('CRLF, a byte-order mark, blank lines; offsets are the starts of records', async () => {
    const path = file('a.jsonl', '\ufeff{"a":1}\r\n\n{"a":2}\n');
    const source = await started(reader({ path, format: 'json', follow: 'false' }));
    const so = await read(source, () => source.finished);
    expect(so.values).toEqual(['{"a":1}', '{"a":2}']);
    expect(so.offsets).toEqual([3, 13]);
    expect(source.status().partitions).toEqual([{ partition: 'a.jsonl', position: 21, end: 21 }]);
  });

  test('a last line without line break waits until it is whole', async () => {
    const path = file('a.jsonl', 'one\ntw');
    const source = await started(reader({ path }));
    await read(source, (so) => so.values.length === 1);
    expect(source.status().partitions[0]!.position).toBe(4);
    appendFileSync(path, 'o\nthree');
    const so = await read(source, (all) => all.values.length === 1);
    expect(so.values).toEqual(['two']);
    appendFileSync(path, '\n');
    expect((await read(source, (all) => all.values.length === 1)).values).toEqual(['three']);
  });

  test('a bounded source takes the last line as it is, and finishes', async () => {
    const path = file('a.jsonl', 'one\ntwo');
    const source = await started(reader({ path, follow: 'false' }));
    expect((await read(source, () => source.finished)).values).toEqual(['one', 'two']);
    expect(source.status().state).toBe('finished');
  });

  test('opened at a saved position it goes on there', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index} é`);
    const path = file('big.jsonl', `${lines.join('\n')}\n`);
    const source = await started(reader({ path, follow: 'false' }, 1000));
    let position = 0;
    const first = await read(source, (so) => {
      position = source.status().partitions[0]!.position;
      return so.values.length >= 20_000;
    });
    const again = await started(
      reader({ path, follow: 'false' }),
      new Map([['big.jsonl', position]]),
    );
    const rest = await read(again, () => again.finished);
    expect([...first.values, ...rest.values]).toEqual(lines);
  });

  test('a record longer than the limit is reported and passed over', async () => {
    const path = file('a.jsonl', `short\n${'x'.repeat(700_000)}\nafter\n`);
    const source = await started(reader({ path, follow: 'false', 'record.bytes': '1000' }));
    const so = await read(source, () => source.finished);
    expect(so.values).toEqual(['short', 'after']);
    expect(so.bad.map(({ offset, reason }) => [offset, reason])).toEqual([
      [6, 'record is longer than 1000 bytes'],
    ]);
  });
});

describe('csv', () => {
  test('quoted line breaks stay inside, the header is passed over', async () => {
    const text = 'id,name\n1,"two\nlines, ""quoted"""\r\n2,pl"ain\n3,"x"\n';
    const path = file('a.csv', text);
    const source = await started(
      reader({ path, format: 'csv', 'csv.header': 'true', follow: 'false' }),
    );
    const so = await read(source, () => source.finished);
    expect(so.values).toEqual(['1,"two\nlines, ""quoted"""', '2,pl"ain', '3,"x"']);
    expect(so.offsets[0]).toBe(8);
  });

  test('however the bytes arrive, the records are the same', () => {
    const random = new SeededRandom(9);
    const options = {
      kind: 'csv',
      quote: 34,
      delimiter: 44,
      escape: -1,
      comments: false,
      header: false,
      keepBlank: true,
    } as const;
    const alphabet = ['"', ',', '\n', '\r\n', 'a', 'bc', '""', 'é'];
    for (let round = 0; round < 500; round++) {
      let text = '';
      for (let count = random.below(40); count >= 0; count--) {
        text += alphabet[random.below(alphabet.length)]!;
      }
      const bytes = Buffer.from(text);
      const whole = cut(new LineCutter({ ...options, recordBytesMax: 1000 }, 0), [bytes]);
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length;) {
        const size = 1 + random.below(5);
        parts.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(cut(new LineCutter({ ...options, recordBytesMax: 1000 }, 0), parts)).toEqual(whole);
    }
  });

  function cut(cutter: LineCutter, parts: readonly Buffer[]): string[] {
    const records: string[] = [];
    parts.forEach((part, index) => {
      const found = cutter.feed(part, index === parts.length - 1);
      for (let row = 0; row < found.count; row++) {
        const text = Buffer.from(found.bytes.subarray(found.starts[row], found.ends[row]));
        records.push(`${found.offsets[row]!}-${found.nextOffsets[row]!}:${text.toString()}`);
      }
    });
    return records;
  }
});

describe('directories and patterns', () => {
  test('a file that appears while running is taken once', async () => {
    file('1.jsonl', 'a\n');
    file('.hidden', 'no\n');
    file('other.txt', 'no\n');
    const source = await started(reader({ path: join(allowed, '*.jsonl') }));
    await read(source, (so) => so.values.length === 1);
    file('2.jsonl', 'b\n');
    expect((await read(source, (so) => so.values.length === 1)).values).toEqual(['b']);
    appendFileSync(join(allowed, '1.jsonl'), 'c\n');
    expect((await read(source, (so) => so.values.length === 1)).values).toEqual(['c']);
    expect(source.status().partitions.map((each) => each.partition)).toEqual([
      '1.jsonl',
      '2.jsonl',
    ]);
  });

  test('a directory is all its files', async () => {
    file('1.jsonl', 'a\n');
    file('2.jsonl', 'b');
    mkdirSync(join(allowed, 'sub'));
    const source = await started(reader({ path: allowed, follow: 'false' }));
    expect((await read(source, () => source.finished)).values).toEqual(['a', 'b']);
  });
});

describe('what is lost is reported', () => {
  const failure = async (source: SourceReader): Promise<string | null> => {
    await read(source, () => source.status().state === 'failed');
    return source.status().error;
  };

  test('a file that shrinks', async () => {
    const path = file('a.jsonl', 'one\ntwo\n');
    const source = await started(reader({ path }));
    await read(source, (so) => so.values.length === 2);
    truncateSync(path, 4);
    expect(await failure(source)).toBe('file "a.jsonl" was cut to 4 bytes, but 8 were read');
  });

  test('a file that is replaced, also while nobody looked', async () => {
    const path = file('a.jsonl', 'one\ntwo\n');
    const source = await started(reader({ path }));
    await read(source, (so) => so.values.length === 2);
    renameSync(file('b.tmp', 'other content, longer\n'), path);
    expect(await failure(source)).toBe('file "a.jsonl" was replaced by another file');
    const later = await started(reader({ path }), new Map([['a.jsonl', 8]]));
    expect(await failure(later)).toBe('file "a.jsonl" was replaced by another file');
  });

  test('a file that was rewritten while nobody looked, with a line break in the right place', async () => {
    const path = file('a.jsonl', 'one\ntwo\n');
    const source = await started(reader({ path }));
    const positions = new Map<string, number>();
    await readSource(
      source,
      (block) => {
        if (block.kind !== 'records') throw new Error('records were expected');
        positions.set(block.partition, block.nextOffset);
        positions.set(markName(block.partition), block.markAt!(block.nextOffset));
        // The mark of a place within the block is that of the bytes before it alone.
        expect(block.markAt!(4)).toBe(new Crc32c().sum(Buffer.from('one\n'), 0, 4));
      },
      () => positions.size > 0,
    );
    writeFileSync(path, 'one\nTWO\nthree\n');
    const message = await failure(await started(reader({ path }), positions));
    expect(message).toMatch(/was replaced or rewritten: its first 8 bytes are not those/);
    writeFileSync(path, 'one\ntwo\nthree\n');
    const again = await started(reader({ path }), positions);
    expect((await read(again, (so) => so.values.length === 1)).values).toEqual(['three']);
  });

  test('a file that is gone', async () => {
    const path = file('a.jsonl', 'one\n');
    const source = await started(reader({ path }));
    await read(source, (so) => so.values.length === 1);
    rmSync(path);
    expect(await failure(source)).toBe('file "a.jsonl" is gone');
    await expect(reader({ path }).startPositions()).rejects.toThrow(/does not exist/);
  });
});

describe('only allowed directories', () => {
  const code = async (path: string): Promise<string | null> => {
    try {
      const source = reader({ path });
      await source.startPositions();
      return null;
    } catch (error) {
      return error instanceof SqlError ? error.code : String(error);
    }
  };

  test.each([
    '/etc/passwd',
    '../../etc/passwd',
    'file:///etc/passwd',
    '/proc/self/environ',
    '/dev/zero',
    '/etc/*',
    '/nowhere/at/all',
  ])('%s is refused', async (path) => {
    expect(await code(path)).toBe('42501');
  });

  test('links that lead out, files beside, FIFOs', async () => {
    writeFileSync(join(root, 'secret'), 'x\n');
    symlinkSync(join(root, 'secret'), join(allowed, 'link'));
    symlinkSync(root, join(allowed, 'out'));
    expect(await code(join(allowed, 'link'))).toBe('42501');
    expect(await code(join(allowed, 'out', 'secret'))).toBe('42501');
    expect(await code(`${allowed}-beside`)).toBe('42501');
    execFileSync('mkfifo', [join(allowed, 'fifo')]);
    expect(await code(join(allowed, 'fifo'))).toBe('42501');
    symlinkSync(file('inside.jsonl', 'x\n'), join(allowed, 'good'));
    expect(await code(join(allowed, 'good'))).toBeNull();
    expect(await code('inside.jsonl')).toBeNull();
  });

  test('a link swapped in while the source runs is not followed', async () => {
    writeFileSync(join(root, 'secret'), 'secret\n'.repeat(10));
    const path = file('a.jsonl', 'one\n');
    const source = await started(reader({ path }));
    await read(source, (so) => so.values.length === 1);
    rmSync(path);
    symlinkSync(join(root, 'secret'), path);
    const so = await read(source, () => source.status().state === 'failed');
    expect(so.values).toEqual([]);
    expect(source.status().error).toMatch(/permission denied|is gone/);
  });

  test('without allowed directories nothing is read', () => {
    expect(() =>
      createReader(fileConnector, { options: { path: '/tmp/x' }, allowedDirectories: [] }),
    ).toThrow(/permission denied/);
  });
});
