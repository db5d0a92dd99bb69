/**
 * Generates the decoder of one shape: a loop over records that compares the bytes between values as
 * little-endian words and parses each value in place. It stops at the first record that holds any
 * surprise and returns its index; the caller gives that record to another shape or to the slow path, which
 * overwrites the whole row. Keys enter the source only as the numbers of their bytes.
 *
 * Every read stays within 16 bytes after the record's end, and a record counts only if the last position
 * is its end, so a value that ran over the end is caught there at the latest.
 */

import { generate } from '../base/generate.ts';
import { unreachable } from '../base/assert.ts';
import { daysFromCivil, daysInMonth } from '../types/calendar.ts';
import type { NumericType, TimeType } from '../types/sql-type.ts';
import type { DecodedColumn } from './decoded-column.ts';
import type { Shape, ShapeSlot } from './json-shape.ts';
import { soundUtf8 } from './json-text.ts';

/** Decodes records [from, to) into rows from `row`; returns the first record it did not decode. */
export type ShapeDecoder = (
  bytes: Uint8Array,
  view: DataView,
  starts: Int32Array,
  ends: Int32Array,
  from: number,
  to: number,
  row: number,
) => number;

/** What generated code calls for the rare parts of a value. Positions; -1 is a surprise. */
export interface ShapeRuntime {
  /** A string with escapes from `start`: its text goes to the column's row. Gives the closing quote. */
  escaped(column: number, row: number, start: number, at: number, end: number): number;
  /** A string nobody needs, met at a backslash. Gives the closing quote. */
  skipEscaped(start: number, at: number, end: number): number;
  /** Any value nobody needs. Gives its end. */
  skip(at: number, end: number): number;
  /** Any value, coerced by the slow path's rules. Gives its end. */
  value(column: number, row: number, at: number, end: number): number;
}

export interface ShapeProgram {
  readonly run: ShapeDecoder;
  readonly source: string;
}

export function generateShape(
  shape: Shape,
  columns: readonly DecodedColumn[],
  runtime: ShapeRuntime,
  options: { readonly strict: boolean; readonly recordBytesMax: number },
): ShapeProgram {
  const source = shapeSource(shape, columns, options);
  const run = generate<ShapeDecoder>(source, {
    C: columns,
    R: runtime,
    DIGIT: digitTable(),
    sound: soundUtf8,
    dayOf: dayNumber,
  });
  return { run, source };
}

/** Value of an ASCII digit, or a number so negative that any sum with it is negative. */
function digitTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) =>
    byte >= 48 && byte <= 57 ? byte - 48 : -1_000_000,
  );
}

const noDay = -2_147_483_648;

/** Days since 1970 of `YYYY-MM-DD` at `at`, or the smallest integer when it is no date. */
function dayNumber(bytes: Uint8Array, at: number): number {
  const digit = (offset: number): number => {
    const value = (bytes[at + offset] ?? 0) - 48;
    return value >= 0 && value <= 9 ? value : Number.NaN;
  };
  const year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  const month = digit(5) * 10 + digit(6);
  const day = digit(8) * 10 + digit(9);
  if (bytes[at + 4] !== 45 || bytes[at + 7] !== 45) return noDay;
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return noDay;
  return day <= daysInMonth(year, month) ? daysFromCivil(year, month, day) : noDay;
}

const fail = 'return i;';

/** The value goes into the column's row, unless it is only checked. */
function store(index: number, column: DecodedColumn, value: string): string {
  return column.stored ? `a${index}[row]=${value};` : '';
}

export function shapeSource(
  shape: Shape,
  columns: readonly DecodedColumn[],
  options: { readonly strict: boolean; readonly recordBytesMax: number },
): string {
  const { strict, recordBytesMax } = options;
  const used = [...new Set([...shape.slots.map((slot) => slot.column), ...shape.missing])];
  const needed = used
    .filter((column) => column >= 0 && columns[column]!.stored)
    .sort((a, b) => a - b);
  let lastNeeded = shape.slots.length;
  if (!strict) {
    lastNeeded = 0;
    shape.slots.forEach((slot, index) => {
      if (slot.column >= 0) lastNeeded = index + 1;
    });
  }
  const body: string[] = [];
  for (const slot of shape.slots.slice(0, lastNeeded)) {
    body.push(compareBytes(slot.before), valueSource(slot, columns));
  }
  if (lastNeeded === shape.slots.length) body.push(compareBytes(shape.after));
  for (const column of shape.missing) body.push(nullSource(column, columns[column]!));
  return `
let dy0=${0x30373931},dy1=${0x2d31302d},dy2=${0x3130},dayNumber=0;
function day(u8,dv,p){ const n=dayOf(u8,p); if(n===${noDay}) return false;
  dayNumber=n; dy0=dv.getInt32(p,true); dy1=dv.getInt32(p+4,true); dy2=dv.getInt16(p+8,true); return true; }
return function run(u8,dv,starts,ends,from,to,row){
${needed.map((column) => declareColumn(column, columns[column]!)).join('\n')}
for(let i=from;i<to;i++,row++){
let p=starts[i]; const end=ends[i]; if(end-p>${recordBytesMax}) ${fail}
${body.join('\n')}
${strict ? `if(p!==end) ${fail}` : `if(p>end) ${fail}`}
}
return to; };`;
}

function declareColumn(index: number, column: DecodedColumn): string {
  const nulls = `let n${index}=C[${index}].nulls;`;
  switch (column.kind) {
    case 'i32':
      return `const a${index}=C[${index}].ints; ${nulls}`;
    case 'f64':
      return `const a${index}=C[${index}].floats; ${nulls}`;
    case 'bool':
      return `const a${index}=C[${index}].bools; ${nulls}`;
    case 'text':
      return `const o${index}=C[${index}].offsets,l${index}=C[${index}].lengths; ${nulls}`;
    case 'any':
      return '';
    default:
      return unreachable(column.kind, 'column kind');
  }
}

function nullSource(index: number, column: DecodedColumn): string {
  if (!column.nullable) return fail;
  if (!column.stored) return '';
  const flag = `if(n${index}===null) n${index}=C[${index}].ensureNulls(); n${index}[row]=1;`;
  if (column.kind === 'any') return `C[${index}].anys[row]=null;`;
  if (column.kind === 'text') return `o${index}[row]=0; l${index}[row]=0; ${flag}`;
  return `a${index}[row]=0; ${flag}`;
}

/** The bytes at p are these; p moves past them. */
function compareBytes(bytes: Uint8Array): string {
  const size = bytes.length;
  if (size === 0) return '';
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const tests = [`p+${size}>end`];
  let at = 0;
  for (; at + 4 <= size; at += 4) tests.push(word32(at, view.getInt32(at, true)));
  if (at < size && size >= 4) tests.push(word32(size - 4, view.getInt32(size - 4, true)));
  else if (size - at === 2) tests.push(`dv.getInt16(p+${at},true)!==${view.getInt16(at, true)}`);
  else for (; at < size; at++) tests.push(`u8[p+${at}]!==${bytes[at]!}`);
  return `if(${tests.join('||')}) ${fail} p+=${size};`;
}

function word32(at: number, value: number): string {
  return `dv.getInt32(p+${at},true)!==${value}`;
}

function valueSource(slot: ShapeSlot, columns: readonly DecodedColumn[]): string {
  if (slot.column < 0) return skipSource(slot);
  const index = slot.column;
  const column = columns[index]!;
  const orNull = slot.quoted ? fail : nullOr(index, column);
  switch (column.kind) {
    case 'i32':
      return column.type.kind === 'date'
        ? dateSource(index, column, orNull)
        : integerSource(index, column, orNull);
    case 'f64':
      return floatSource(index, column, orNull);
    case 'bool':
      return booleanSource(index, column, orNull);
    case 'text':
      return textSource(index, column, orNull);
    case 'any':
      return `p=R.value(${index},row,p,end); if(p<0) ${fail}`;
    default:
      return unreachable(column.kind, 'column kind');
  }
}

const nullWord = 0x6c6c756e;

/** The value does not begin as expected: null, or a surprise. */
function nullOr(index: number, column: DecodedColumn): string {
  if (!column.nullable) return fail;
  return `if(dv.getInt32(p,true)!==${nullWord}) ${fail} p+=4; ${nullSource(index, column)}`;
}

/** Optional sign and up to `digitsMax` digits: sign in g, value in d (exact to 2^53), digits counted. */
function digitsSource(digitsMax: number): string {
  return `const s=p; let v=c-48; c=u8[++p]-48;
if(v===0&&c>=0&&c<=9) ${fail}
while(c>=0&&c<=9&&p-s<9){v=(v*10+c)|0;c=u8[++p]-48;}
let d=v; while(c>=0&&c<=9&&p-s<${digitsMax + 1}){d=d*10+c;c=u8[++p]-48;}`;
}

function signed(orNull: string, rest: string): string {
  return `{ let c=u8[p],g=false; if(c===45){g=true;c=u8[++p];}
if(!(c>=48&&c<=57)){ if(g) ${fail} ${orNull} } else {
${rest} } }`;
}

function integerSource(index: number, column: DecodedColumn, orNull: string): string {
  const top = column.type.kind === 'smallint' ? 32767 : 2147483647;
  return signed(
    orNull,
    `${digitsSource(10)}
if(d>${top}) ${fail}
${store(index, column, 'g?-d:d')}`,
  );
}

function floatSource(index: number, column: DecodedColumn, orNull: string): string {
  switch (column.type.kind) {
    case 'bigint':
      return signed(
        orNull,
        `${digitsSource(16)}
if(d>9007199254740991) ${fail}
${store(index, column, 'g?0-d:d')}`,
      );
    case 'numeric':
      return numericSource(index, column, column.type, orNull);
    case 'double':
      return doubleSource(index, column, orNull);
    case 'timestamp':
    case 'timestamptz':
      return timestampSource(index, column, column.type, orNull);
    default:
      return `p=R.value(${index},row,p,end); if(p<0) ${fail}`;
  }
}

/** Value × 10^scale; more digits than the scale (other than zeros) are rounded by the slow path. */
function numericSource(
  index: number,
  column: DecodedColumn,
  type: NumericType,
  orNull: string,
): string {
  const scale = type.fixedScale ?? 0;
  const top = 10 ** (type.precision ?? 15);
  const powers = Array.from({ length: scale + 1 }, (_, digits) => 10 ** (scale - digits));
  const fraction = `let k=0; if(c===-2){ c=u8[++p]-48; if(!(c>=0&&c<=9)) ${fail}
while(c>=0&&c<=9&&k<${scale}){d=d*10+c;k++;c=u8[++p]-48;}
while(c===0) c=u8[++p]-48; }
switch(k){${powers.map((power, digits) => `case ${digits}: d*=${power}; break;`).join('')}}`;
  return signed(
    orNull,
    `${digitsSource(15)}
${fraction}
if(d>=${top}) ${fail}
${store(index, column, 'g?0-d:d')}`,
  );
}

/** Up to 15 digits: an exact integer divided by an exact power of ten rounds once. */
function doubleSource(index: number, column: DecodedColumn, orNull: string): string {
  return signed(
    orNull,
    `const s0=p; ${digitsSource(15)}
let k=0; if(c===-2){ c=u8[++p]-48; if(!(c>=0&&c<=9)) ${fail}
while(c>=0&&c<=9&&k<16){d=d*10+c;k++;c=u8[++p]-48;} }
if(p-s0>15||c===21||c===53||(c>=0&&c<=9)){ p=R.value(${index},row,g?s0-1:s0,end); if(p<0) ${fail} }
else { if(k>0){ let t=10; while(--k>0) t*=10; d=d/t; } ${store(index, column, 'g?-d:d')} }`,
  );
}

function booleanSource(index: number, column: DecodedColumn, orNull: string): string {
  return `{ const w=dv.getInt32(p,true);
if(w===${0x65757274}){${store(index, column, '1')}p+=4;}
else if(w===${0x736c6166}&&u8[p+4]===101){${store(index, column, '0')}p+=5;}
else { ${orNull} } }`;
}

const dayPrefix = `if(dv.getInt32(p,true)!==dy0||dv.getInt32(p+4,true)!==dy1||dv.getInt16(p+8,true)!==dy2){ if(!day(u8,dv,p)) ${fail} }`;

function dateSource(index: number, column: DecodedColumn, orNull: string): string {
  return `if(u8[p]!==34){ ${orNull} } else { p++; ${dayPrefix}
if(u8[p+10]!==34) ${fail} ${store(index, column, 'dayNumber')} p+=11; }`;
}

/** Y-M-D H:M:S with up to `precision` digits of fraction; Z only for timestamptz. Days are remembered. */
function timestampSource(
  index: number,
  column: DecodedColumn,
  type: TimeType,
  orNull: string,
): string {
  const zone = type.kind === 'timestamptz' ? 'if(u8[p]===90) p++;' : '';
  const precision = type.precision ?? 6;
  const two = (at: number): string => `DIGIT[u8[p+${at}]]*10+DIGIT[u8[p+${at + 1}]]`;
  return `if(u8[p]!==34){ ${orNull} } else { p++; ${dayPrefix}
const sep=u8[p+10], h=${two(11)}, m=${two(14)}, s=${two(17)};
if((sep!==32&&sep!==84)||u8[p+13]!==58||u8[p+16]!==58||!((h|m|s)>=0)||h>23||m>59||s>59) ${fail}
p+=19; let f=0; if(u8[p]===46){ let u=100000,k=0,c=u8[++p]-48; if(!(c>=0&&c<=9)) ${fail}
while(c>=0&&c<=9&&k<${precision}){f+=c*u;u=(u/10)|0;k++;c=u8[++p]-48;} while(c===0) c=u8[++p]-48; }
${zone}
if(u8[p]!==34) ${fail} p++;
${store(index, column, 'dayNumber*86400000000+((h*60+m)*60+s)*1000000+f')} }`;
}

/**
 * From p, inside a string, to its end or to a byte that needs a look, eight bytes at a time; h gathers the high
 * bits of what stands before it.
 */
const swar = `let h=0; for(;;){ const w=dv.getInt32(p,true),x=dv.getInt32(p+4,true);
const m=(((w^0x22222222)-0x01010101)|((w^0x5c5c5c5c)-0x01010101)|(w-0x20202020))&~w&0x80808080;
const n=(((x^0x22222222)-0x01010101)|((x^0x5c5c5c5c)-0x01010101)|(x-0x20202020))&~x&0x80808080;
if((m|n)===0){ h|=w|x; p+=8; if(p>end) ${fail} continue; }
if(m!==0){ const b=m&-m; h|=w&(b-1); p+=(31-Math.clz32(b))>>3; }
else { const b=n&-n; h|=w|(x&(b-1)); p+=4+((31-Math.clz32(b))>>3); }
break; }`;

const highBits = '(h&0x80808080)!==0';

function textSource(index: number, column: DecodedColumn, orNull: string): string {
  const { type } = column;
  const length = type.kind === 'name' ? 63 : type.kind === 'varchar' ? type.length : null;
  const tooLong = length === null ? '' : `if(p-s>${length}) ${fail}`;
  const unescape = column.stored ? `R.escaped(${index},row,s,p,end)` : 'R.skipEscaped(s,p,end)';
  const escaped = length === null ? `p=${unescape}; if(p<0) ${fail}` : fail;
  return `if(u8[p]!==34){ ${orNull} } else { const s=++p; ${swar}
const c=u8[p]; if(c!==34){ if(c!==92) ${fail} ${escaped} }
else { if(p>end||${highBits}&&!sound(u8,s,p)) ${fail} ${tooLong} ${column.stored ? `o${index}[row]=s; l${index}[row]=p-s;` : ''} }
p++; }`;
}

function skipSource(slot: ShapeSlot): string {
  const anything = `p=R.skip(p,end); if(p<0) ${fail}`;
  if (slot.seen === 'string') {
    return `if(u8[p]!==34){ ${anything} } else { const s=++p; ${swar}
const c=u8[p]; if(c!==34){ if(c!==92) ${fail} p=R.skipEscaped(s,p,end); if(p<0) ${fail} }
else if(p>end||${highBits}&&!sound(u8,s,p)) ${fail}
p++; }`;
  }
  if (slot.seen !== 'number') return anything;
  return `{ const s=p; let c=u8[p]; if(c===45) c=u8[++p];
if(c>=49&&c<=57){ c=u8[++p]; while(c>=48&&c<=57&&p<end) c=u8[++p]; if(c===46||c===101||c===69){ p=s; ${anything} } }
else { p=s; ${anything} } }`;
}
