/**
 * The source text of a keyed table's hot loops: hash a batch of keys, find them, add what is missing.
 * One text a key signature, and one compilation a table, so that no table shares inline caches with
 * another of other kinds. Text is made of fixed templates and key positions only.
 *
 * Key kinds: f64 (whole numbers), double (any double: −0 equals 0 unless `exact`, NaN equals NaN), i32,
 * bool, text, and wide, which compares canonical bytes and keeps datums beside them.
 */

import { generate } from '../base/generate.ts';
import type { AnyColumn, Column } from '../types/column.ts';
import { blockBits, idMask, tagMask } from './hash-slots.ts';
import { equalBytes, hashBytes, viewOf } from './bytes-hash.ts';

export type KeyKind = 'f64' | 'double' | 'i32' | 'bool' | 'text' | 'wide';

/**
 * Columns as the loops read them: narrow kinds as they are, wide keys as their encoded bytes (a text
 * column), with the datums in `datums`.
 */
export type KeyLoop<Table> = (
  table: Table,
  columns: readonly Column[],
  datums: readonly (AnyColumn | null)[],
  from: number,
  to: number,
  out: Int32Array,
) => void;

/** `Table` is the keyed table that the loops run over. Row i of `from` to `to` − 1 gives out[i − from]. */
export interface TableCode<Table> {
  readonly findOrAdd: KeyLoop<Table>;
  /** Like findOrAdd, with −1 for what is absent. */
  readonly find: KeyLoop<Table>;
  /** The hash of every row. */
  readonly hash: KeyLoop<Table>;
  /** The hash of the rows that stand in `out` at first. */
  readonly hashListed: KeyLoop<Table>;
}

type Mode = keyof TableCode<unknown>;
const modes: readonly Mode[] = ['hash', 'hashListed', 'find', 'findOrAdd'];

const isBytes = (kind: KeyKind): boolean => kind === 'text' || kind === 'wide';

export function compileTable<Table>(kinds: readonly KeyKind[], exact: boolean): TableCode<Table> {
  const loops = modes.map((mode) => `${mode}: ${loop(mode, kinds, exact)}`);
  const source = `const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);
return { ${loops.join(',\n')} };`;
  return generate<TableCode<Table>>(source, { hashBytes, equalBytes, viewOf });
}

/** Keys of bytes are not read again for their hash. */
export function storesHash(kinds: readonly KeyKind[]): boolean {
  return kinds.some(isBytes);
}

function loop(mode: Mode, kinds: readonly KeyKind[], exact: boolean): string {
  const each = (part: (kind: KeyKind, k: number) => string): string => kinds.map(part).join('\n');
  const hashes = mode === 'hash' || mode === 'hashListed';
  const [counter, row] = mode === 'hashListed' ? ['j', 'const i = out[j];'] : ['i', ''];
  return `function (table, columns, datums, from, to, out) {
${each(sourceLocals)}
${hashes ? '' : tableLocals(kinds)}
for (let ${counter} = from; ${counter} < to; ${counter}++) {
${row}
let h = 0x3c6ef372;
${each((kind, k) => readKey(kind, k, exact))}
${hashes ? `out[${counter} - from] = h;` : probe(mode, kinds, exact)}
}
}`;
}

function sourceLocals(kind: KeyKind, k: number): string {
  const nulls = `const n${k} = columns[${k}].nulls;`;
  if (!isBytes(kind)) return `const v${k} = columns[${k}].values; ${nulls}`;
  return `const o${k} = columns[${k}].offsets, l${k} = columns[${k}].lengths; ${nulls}
const b${k} = viewOf(columns[${k}].bytes);`;
}

/** Declares x (the value), z (is it null) and mixes both into h. */
function readKey(kind: KeyKind, k: number, exact: boolean): string {
  const mix = (part: string): string =>
    `h = Math.imul(h ^ (z${k} ? 0x5bd1e995 : ${part}), 0x9e3779b1); h ^= h >>> 15;`;
  const isNull = `const z${k} = n${k} !== null && n${k}[i] !== 0;`;
  switch (kind) {
    case 'f64':
      return `${isNull} const x${k} = v${k}[i];
${mix(`(x${k} | 0) ^ Math.imul((x${k} * 2.3283064365386963e-10) | 0, 0x85ebca6b)`)}`;
    case 'double':
      return `${isNull} const x${k} = v${k}[i];
scratch[0] = x${k} === x${k} ? x${k}${exact ? '' : ' + 0'} : NaN;
${mix(`words[0] ^ Math.imul(words[1], 0x85ebca6b)`)}`;
    case 'i32':
    case 'bool':
      return `${isNull} const x${k} = v${k}[i]; ${mix(`x${k}`)}`;
    case 'text':
    case 'wide':
      return `${isNull} const x${k} = z${k} ? 0 : o${k}[i], y${k} = z${k} ? 0 : l${k}[i];
${mix(`hashBytes(b${k}, x${k}, y${k})`)}`;
  }
}

function tableLocals(kinds: readonly KeyKind[]): string {
  return `let generation, slots, mask, blocks, blockMask;
${kinds.map((kind, k) => (isBytes(kind) ? `let sn${k}, so${k}, sl${k}, sb${k};` : `let sn${k}, sv${k};`)).join('\n')}
${reload(kinds)}`;
}

/** Written out where it is needed: a closure would put the hot locals on the heap. */
function reload(kinds: readonly KeyKind[]): string {
  return `generation = table.generation; slots = table.index.slots; mask = table.index.mask;
blocks = table.index.blocks; blockMask = table.index.blockMask;
${kinds.map(reloadKey).join('\n')}`;
}

function reloadKey(kind: KeyKind, k: number): string {
  const column = `table.keys[${k}].lookup`;
  if (!isBytes(kind)) return `sv${k} = ${column}.values; sn${k} = ${column}.nulls;`;
  return `so${k} = ${column}.offsets; sl${k} = ${column}.lengths; sn${k} = ${column}.nulls; sb${k} = viewOf(${column}.bytes);`;
}

function probe(mode: Mode, kinds: readonly KeyKind[], exact: boolean): string {
  const equal = kinds.map((kind, k) => equalKey(kind, k, exact)).join(' && ') || 'true';
  return `let s, e = 0;
${place}
for (;;) { const c = slots[s]; if (c === 0) { e = 0; break; }
if (((c ^ h) & ${tagMask}) === 0) { e = c & ${idMask}; if (${equal}) break; }
${next} }
${mode === 'findOrAdd' ? `if (e === 0) {\n${add(kinds)}\n}` : ''}
out[i - from] = e - 1;`;
}

/** The slot s where the probing of h begins, in its block (hash-slots.ts). */
const place = `s = h & mask;
if (blockMask !== 0) { let b = (h >>> ${blockBits}) & blockMask; if (b >= blocks) b &= blockMask >>> 1; s |= b << ${blockBits}; }`;
const next = `s = (s & ~mask) | ((s + 1) & mask);`;

function equalKey(kind: KeyKind, k: number, exact: boolean): string {
  const bothNull = `(sn${k} !== null && sn${k}[e - 1] !== 0)`;
  return `(z${k} ? ${bothNull} : (sn${k} === null || sn${k}[e - 1] === 0) && ${equalValue(kind, k, exact)})`;
}

function equalValue(kind: KeyKind, k: number, exact: boolean): string {
  switch (kind) {
    case 'f64':
    case 'i32':
    case 'bool':
      return `sv${k}[e - 1] === x${k}`;
    case 'double':
      return exact
        ? `Object.is(sv${k}[e - 1], x${k})`
        : `(sv${k}[e - 1] === x${k} || (x${k} !== x${k} && sv${k}[e - 1] !== sv${k}[e - 1]))`;
    case 'text':
    case 'wide':
      return `sl${k}[e - 1] === y${k} && equalBytes(sb${k}, so${k}[e - 1], b${k}, x${k}, y${k})`;
  }
}

/** Takes an entry, writes the key and puts it into the first free slot. Growth replaces every array. */
function add(kinds: readonly KeyKind[]): string {
  return `const entry = table.allocate(h);
if (table.generation !== generation) {
${reload(kinds)}
}
${kinds.map(storeKey).join('\n')}
${place}
while (slots[s] !== 0) ${next}
e = entry + 1; slots[s] = e | (h & ${tagMask});`;
}

function storeKey(kind: KeyKind, k: number): string {
  const key = `table.keys[${k}]`;
  if (kind === 'wide') {
    return `${key}.storeWide(entry, datums[${k}].values[i], columns[${k}].bytes, x${k}, y${k});
if (${key}.lookup.bytes.length !== sb${k}.byteLength) { ${reloadKey(kind, k)} }`;
  }
  const setNull = `if (sn${k} === null) { ${key}.stored.makeNulls(); ${reloadKey(kind, k)} } sn${k}[entry] = 1;`;
  if (kind === 'text') {
    return `if (z${k}) { ${setNull} } else { ${key}.stored.setText(entry, columns[${k}].bytes, x${k}, y${k});
if (${key}.lookup.bytes.length !== sb${k}.byteLength) { ${reloadKey(kind, k)} } }`;
  }
  return `if (z${k}) { ${setNull} } else sv${k}[entry] = x${k};`;
}
