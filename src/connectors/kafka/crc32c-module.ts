/**
 * The WebAssembly module behind crc32c.ts, assembled here instruction by instruction:
 *
 *   look(at, end, crc): do { low = load64(at) ^ crc; high = load64(at + 8);
 *                            crc = xor of table[15 − i][byte i of low, high] for i in 0 .. 15; at += 16 }
 *                       while (at < end); return crc
 *   fold.k(at, end):    do { load128(at + reach) ^= xor of load128(at + reach − d × 16) for d in steps k;
 *                            at += 16 } while (at < end)
 *   add(to, from, end): do { load128(to) ^= load128(from); to += 16; from += 16 } while (to < end)
 *
 * Table k lies at k × 1024 of the memory. Every range is a positive multiple of sixteen bytes; those of
 * `fold` of `foldUnroll` times sixteen.
 */

export interface CrcModule {
  readonly memory: ArrayBuffer;
  readonly look: (start: number, end: number, crc: number) => number;
  /** One for each of the lists of steps. `at` and `end` lie `reach` before the words that change. */
  readonly folds: readonly ((at: number, end: number) => void)[];
  readonly add: (to: number, from: number, end: number) => void;
}

/** Words of sixteen bytes that one turn of `fold` takes. */
export const foldUnroll = 4;

/** What is used of the global, which the compiler's libraries for Node do not describe. */
interface WebAssemblyParts {
  readonly Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { e: { m: object } },
  ) => { exports: Record<string, unknown> };
}

/** Instantiates the module with a memory of its own. */
export function crcModule(pages: number, steps: readonly (readonly number[])[]): CrcModule {
  const { Memory, Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyParts;
  const memory = new Memory({ initial: pages, maximum: pages });
  const module = new Module(Uint8Array.from(assemble(steps)));
  const { exports } = new Instance(module, { e: { m: memory } });
  return {
    memory: memory.buffer,
    look: exports['0'] as CrcModule['look'],
    add: exports['1'] as CrcModule['add'],
    folds: steps.map((_, index) => exports[String(index + 2)] as CrcModule['folds'][number]),
  };
}

// Types and instructions, by their names in the WebAssembly text format.
const typeI32 = 0x7f;
const typeI64 = 0x7e;
const functionType = 0x60;
const emptyBlock = 0x40;
const loop = 0x03;
const endBlock = 0x0b;
const brIf = 0x0d;
const i32Add = 0x6a;
const i32And = 0x71;
const i32Xor = 0x73;
const i32Shl = 0x74;
const i32LtU = 0x49;
const i64Xor = 0x85;
const i64ShrU = 0x88;
const i32WrapI64 = 0xa7;
const i64ExtendI32U = 0xad;
const v128Xor = [0xfd, 0x51];

const localGet = (local: number) => [0x20, local];
const localSet = (local: number) => [0x21, local];
const localTee = (local: number) => [0x22, local];
const i32Const = (value: number) => [0x41, ...signed(value)];
const i64Const = (value: number) => [0x42, ...signed(value)];
const i32Load = (offset: number) => [0x28, 2, ...unsigned(offset)];
const i64Load = (offset: number) => [0x29, 0, ...unsigned(offset)];
const v128Load = (offset: number) => [0xfd, 0x00, 4, ...unsigned(offset)];
const v128Store = (offset: number) => [0xfd, 0x0b, 4, ...unsigned(offset)];

/** Moves the address in `local` on; leaves whether it is still before the one in `end`. */
const step = (local: number, bytes: number, end: number) => [
  ...[...localGet(local), ...i32Const(bytes), i32Add, ...localTee(local)],
  ...[...localGet(end), i32LtU],
];

function assemble(steps: readonly (readonly number[])[]): number[] {
  const bodies = [lookBody(), addBody(), ...steps.map(foldBody)];
  const types = [0, 1, ...steps.map(() => 2)];
  const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  const exported = bodies.flatMap((_, index) => [...name(String(index)), 0, index]);
  return [
    ...magicAndVersion,
    ...section(1, [
      3,
      ...[functionType, 3, typeI32, typeI32, typeI32, 1, typeI32],
      ...[functionType, 3, typeI32, typeI32, typeI32, 0],
      ...[functionType, 2, typeI32, typeI32, 0],
    ]),
    ...section(2, [1, ...name('e'), ...name('m'), 2, 0, 1]), // import a memory of at least a page
    ...section(3, [types.length, ...types]),
    ...section(7, [bodies.length, ...exported]),
    ...section(10, [
      bodies.length,
      ...bodies.flatMap((body) => [...unsigned(body.length), ...body]),
    ]),
  ];
}

function lookBody(): number[] {
  const [at, end, crc, low, high] = [0, 1, 2, 3, 4];
  return [
    ...[1, 2, typeI64], // two more locals
    ...[loop, emptyBlock],
    ...[...localGet(at), ...i64Load(0), ...localGet(crc), i64ExtendI32U, i64Xor, ...localSet(low)],
    ...[...localGet(at), ...i64Load(8), ...localSet(high)],
    ...lookups(low, high),
    ...localSet(crc),
    ...[...step(at, 16, end), brIf, 0],
    endBlock,
    ...localGet(crc),
    endBlock,
  ];
}

/**
 * Sixteen table entries, one for each byte of `low` and `high`, joined by xor. Those that wait for the sum
 * of the step before come last, so that the others are looked up meanwhile.
 */
function lookups(low: number, high: number): number[] {
  const code: number[] = [];
  for (let index = 15; index >= 0; index--) {
    const bit = 8 * (index % 8);
    const word = localGet(index < 8 ? low : high);
    // The byte times four, as an address within the table.
    const address =
      bit === 0
        ? [...word, i32WrapI64, ...i32Const(2), i32Shl]
        : [...word, ...i64Const(bit - 2), i64ShrU, i32WrapI64];
    code.push(...address, ...i32Const(0x3fc), i32And, ...i32Load((15 - index) * 1024));
    if (index < 15) code.push(i32Xor);
  }
  return code;
}

function addBody(): number[] {
  const [to, from, end] = [0, 1, 2];
  return [
    0, // no more locals
    ...[loop, emptyBlock],
    ...localGet(to),
    ...[...localGet(to), ...v128Load(0), ...localGet(from), ...v128Load(0), ...v128Xor],
    ...v128Store(0),
    ...[...localGet(from), ...i32Const(16), i32Add, ...localSet(from)],
    ...[...step(to, 16, end), brIf, 0],
    endBlock,
    endBlock,
  ];
}

function foldBody(steps: readonly number[]): number[] {
  const [at, end] = [0, 1];
  const reach = Math.max(...steps);
  const words = Array.from({ length: foldUnroll }, (_, index) => [
    ...localGet(at),
    ...[...localGet(at), ...v128Load((index + reach) * 16)],
    ...steps.flatMap((each) => [
      ...[...localGet(at), ...v128Load((index + reach - each) * 16), ...v128Xor],
    ]),
    ...v128Store((index + reach) * 16),
  ]);
  return [
    0, // no more locals
    ...[loop, emptyBlock],
    ...words.flat(),
    ...[...step(at, foldUnroll * 16, end), brIf, 0],
    endBlock,
    endBlock,
  ];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** Signed LEB128 of a number that is not negative: a sixth set bit needs one more byte. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x40; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
