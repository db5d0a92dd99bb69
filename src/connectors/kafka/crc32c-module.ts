/**
 * The WebAssembly module behind crc32c.ts, assembled here instruction by instruction:
 *
 *   sum(at, end, crc): do { low = load64(at) ^ crc; high = load64(at + 8);
 *                           crc = xor of table[15 − i][byte i of low, high] for i in 0 .. 15; at += 16 }
 *                      while (at < end); return crc
 *
 * Table k lies at k × 1024 of the memory. `end − at` must be a positive multiple of sixteen.
 */

export interface CrcModule {
  readonly memory: ArrayBuffer;
  readonly sumWindow: (start: number, end: number, crc: number) => number;
}

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
export function crcModule(pages: number): CrcModule {
  const { Memory, Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyParts;
  const memory = new Memory({ initial: pages, maximum: pages });
  const instance = new Instance(new Module(Uint8Array.from(assemble())), { e: { m: memory } });
  const sumWindow = instance.exports['f'] as CrcModule['sumWindow'];
  return { memory: memory.buffer, sumWindow };
}

// Locals of the function.
const at = 0;
const end = 1;
const crc = 2;
const low = 3;
const high = 4;

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

const localGet = (local: number) => [0x20, local];
const localSet = (local: number) => [0x21, local];
const localTee = (local: number) => [0x22, local];
const i32Const = (value: number) => [0x41, ...signed(value)];
const i64Const = (value: number) => [0x42, ...signed(value)];
const i32Load = (offset: number) => [0x28, 2, ...unsigned(offset)];
const i64Load = (offset: number) => [0x29, 0, ...unsigned(offset)];

function assemble(): number[] {
  const body = [
    ...[1, 2, typeI64], // two more locals
    ...[loop, emptyBlock],
    ...[...localGet(at), ...i64Load(0), ...localGet(crc), i64ExtendI32U, i64Xor, ...localSet(low)],
    ...[...localGet(at), ...i64Load(8), ...localSet(high)],
    ...lookups(),
    ...localSet(crc),
    ...[...localGet(at), ...i32Const(16), i32Add, ...localTee(at)],
    ...[...localGet(end), i32LtU, brIf, 0],
    endBlock,
    ...localGet(crc),
    endBlock,
  ];
  const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  return [
    ...magicAndVersion,
    ...section(1, [1, functionType, 3, typeI32, typeI32, typeI32, 1, typeI32]),
    ...section(2, [1, ...name('e'), ...name('m'), 2, 0, 1]), // import a memory of at least a page
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('f'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ];
}

/** Sixteen table entries, one for each byte of `low` and `high`, joined by xor. */
function lookups(): number[] {
  const code: number[] = [];
  for (let index = 0; index < 16; index++) {
    const bit = 8 * (index % 8);
    const word = localGet(index < 8 ? low : high);
    // The byte times four, as an address within the table.
    const address =
      bit === 0
        ? [...word, i32WrapI64, ...i32Const(2), i32Shl]
        : [...word, ...i64Const(bit - 2), i64ShrU, i32WrapI64];
    code.push(...address, ...i32Const(0x3fc), i32And, ...i32Load((15 - index) * 1024));
    if (index > 0) code.push(i32Xor);
  }
  return code;
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
