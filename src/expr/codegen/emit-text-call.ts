/**
 * Functions of text whose generated form works on bytes; null leaves a call to the function's own evaluator.
 * None of them fails, so they are also made for NULLs, whose bytes are safe to read.
 */

import { assert } from '../../base/assert.ts';
import { SqlError } from '../../base/errors.ts';
import type { Datum } from '../../types/datum.ts';
import { readRegexFlags } from '../functions/regex-syntax.ts';
import { compileRegex } from '../functions/regex.ts';
import type { Emitter } from './emitter.ts';
import { RegexTool } from './regex-tool.ts';
import {
  CaseTool,
  ConcatTool,
  partsMax,
  ReplaceTool,
  SplitTool,
  SubstringTool,
  TrimTool,
} from './text-tools.ts';
import {
  anyNull,
  type BooleanValue,
  type NumberValue,
  type TextValue,
  type Value,
} from './value.ts';

/** A call of a function by its id, with the values of its arguments and those that are constants. */
export interface TextCall {
  readonly id: string;
  readonly args: readonly Value[];
  /** By argument; undefined where it is not a constant, null for NULL. */
  readonly constants: readonly (Datum | null | undefined)[];
}

type Emit = (emitter: Emitter, call: TextCall, text: TextValue) => Value | null;

export function emitTextCall(emitter: Emitter, call: TextCall): Value | null {
  const [first] = call.args;
  const emit = first?.rep === 'text' ? emitters.get(call.id) : undefined;
  return emit === undefined || first?.rep !== 'text' ? null : emit(emitter, call, first);
}

const emitters: ReadonlyMap<string, Emit> = new Map<string, Emit>([
  ['lower(text)', foldCase('lower')],
  ['upper(text)', foldCase('upper')],
  ['length(text)', characters],
  ['char_length(text)', characters],
  ['character_length(text)', characters],
  ['split_index(text,text,integer)', splitIndex],
  ['split_part(text,text,integer)', splitPart],
  ['replace(text,text,text)', replace],
  ['count_char(text,text)', countCharacter],
  ['||(text,text)', concat],
  ['substring(text,integer,integer)', substring],
  ['substr(text,integer,integer)', substring],
  ['btrim(text,text)', trim(true, true)],
  ['trim(text,text)', trim(true, true)],
  ['ltrim(text,text)', trim(true, false)],
  ['rtrim(text,text)', trim(false, true)],
  ['starts_with(text,text)', startsWith],
  ['^@(text,text)', startsWith],
  ['~(text,text)', match('', true)],
  ['!~(text,text)', match('', false)],
  ['~*(text,text)', match('i', true)],
  ['!~*(text,text)', match('i', false)],
  ['regexp_like(text,text,text)', match(null, true)],
  ['regexp_extract(text,text,integer)', extract],
  ['substring(text,text)', extractFirst],
]);

/** The three arguments that stand for a text. */
const place = (text: TextValue): string => `${text.bytes},${text.offset},${text.length}`;

function foldCase(to: 'lower' | 'upper'): Emit {
  return (emitter, _call, text) => {
    const tool = emitter.tool(`${to} ${place(text)}`, () => new CaseTool(to));
    const length = emitter.onceNumber(`${tool}.run(${place(text)})`);
    return written(tool, length, text.nul);
  };
}

/** A result that stands in the tool's bytes from 0. */
function written(tool: string, length: string, nul: string | null): TextValue {
  return {
    rep: 'text',
    bytes: `${tool}.bytes`,
    offset: '0',
    length,
    column: null,
    datum: null,
    nul,
  };
}

/** A result that is part of the text. */
function part(text: TextValue, offset: string, length: string, nul: string | null): TextValue {
  return { ...text, offset, length, datum: null, nul };
}

/** An offset, or -1 where there is no part, whose length then is 0: as one that can be read. */
function safe(offset: string): string {
  return `(${offset}<0?0:${offset})`;
}

/** When a part is NULL: for a NULL, and where it is missing. */
function absent(text: TextValue, missing: string): string {
  return text.nul === null ? missing : `(${text.nul})||${missing}`;
}

function characters(emitter: Emitter, _call: TextCall, text: TextValue): NumberValue {
  const code = emitter.onceNumber(`R.characters(${place(text)})`);
  return { rep: 'number', code, scale: 0, nul: text.nul };
}

/** The part of an index, from 0, and the condition that there is none. All parts of a text share one tool. */
function splitAt(
  emitter: Emitter,
  text: TextValue,
  by: Datum | null | undefined,
  index: number,
): { readonly part: TextValue; readonly missing: string } | null {
  if (typeof by !== 'string' || by === '' || index >= partsMax) return null;
  const name = emitter.tool(`split ${by} ${place(text)}`, () => new SplitTool(by));
  const tool = emitter.valueOf(name);
  assert(tool instanceof SplitTool, 'the tool of a split is another');
  tool.want(index);
  const count = emitter.onceNumber(`${name}.run(${place(text)})`);
  const [start, length] = [`${name}.starts[${index}]`, `${name}.lengths[${index}]`];
  return { part: part(text, start, length, text.nul), missing: `${count}<=${index}` };
}

function splitIndex(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  const [, by, index] = call.constants;
  if (typeof index !== 'number') return null;
  if (index < 0) return { rep: 'null', nul: 'true' };
  const found = splitAt(emitter, text, by, index);
  return found === null ? null : { ...found.part, nul: absent(text, found.missing) };
}

function splitPart(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  const [, by, index] = call.constants;
  if (typeof index !== 'number' || index <= 0) return null;
  // Past the end it is empty.
  return splitAt(emitter, text, by, index - 1)?.part ?? null;
}

function replace(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  const [, from, to] = call.constants;
  if (typeof from !== 'string' || typeof to !== 'string') return null;
  if (from === '') return text;
  const key = `replace ${from.length} ${from} ${to} ${place(text)}`;
  const tool = emitter.tool(key, () => new ReplaceTool(from, to));
  return written(tool, emitter.onceNumber(`${tool}.run(${place(text)})`), text.nul);
}

function countCharacter(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  const character = call.constants[1];
  if (typeof character !== 'string' || [...character].length !== 1) return null;
  const key = `count ${character} ${place(text)}`;
  const tool = emitter.tool(key, () => new ReplaceTool(character, ''));
  const code = emitter.onceNumber(`${tool}.count(${place(text)})`);
  return { rep: 'number', code, scale: 0, nul: text.nul };
}

function concat(emitter: Emitter, call: TextCall, left: TextValue): Value | null {
  const right = call.args[1];
  if (right?.rep !== 'text') return null;
  const places = `${place(left)},${place(right)}`;
  const tool = emitter.tool(`concat ${places}`, () => new ConcatTool());
  return written(tool, emitter.onceNumber(`${tool}.run(${places})`), anyNull([left, right]));
}

function substring(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  const [, start, count] = call.args;
  const counted = call.args.length === 3;
  if (start?.rep !== 'number' || (counted && count?.rep !== 'number')) return null;
  // A negative count is an error; it is known not to be one only when it is a constant.
  const known = call.constants[2];
  if (counted && (typeof known !== 'number' || known < 0)) return null;
  const places = `${place(text)},${start.code},${counted ? String(known) : 'Infinity'}`;
  const tool = emitter.tool(`substring ${places}`, () => new SubstringTool());
  const offset = emitter.onceNumber(`${tool}.run(${places})`);
  const bytes = `${tool}.from`;
  const nul = anyNull([text, start]);
  return { ...part(text, offset, `${tool}.length`, nul), bytes, column: null };
}

function trim(start: boolean, end: boolean): Emit {
  return (emitter, call, text) => {
    const set = call.args.length === 1 ? ' ' : call.constants[1];
    if (typeof set !== 'string' || !isAscii(set)) return null;
    const key = `trim ${Number(start)}${Number(end)} ${set} ${place(text)}`;
    const tool = emitter.tool(key, () => new TrimTool(set, { start, end }));
    const offset = emitter.onceNumber(`${tool}.run(${place(text)})`);
    return part(text, offset, `${tool}.length`, text.nul);
  };
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character < '\u0080');
}

function startsWith(emitter: Emitter, call: TextCall, text: TextValue): BooleanValue | null {
  const prefix = call.args[1];
  if (prefix?.rep !== 'text') return null;
  const same = `R.equal(${text.bytes},${text.offset},${prefix.bytes},${prefix.offset},${prefix.length})`;
  const code = emitter.let(`${text.length}>=${prefix.length}&&${same}`);
  return { rep: 'boolean', code, nul: anyNull([text, prefix]) };
}

/** `letters` null: the options are the third argument. */
function match(letters: string | null, wanted: boolean): Emit {
  return (emitter, call, text) => {
    const given = letters ?? (call.args.length === 3 ? call.constants[2] : '');
    const tool = regexTool(emitter, call, text, { letters: given, group: 0 });
    if (tool === null) return null;
    const found = emitter.onceNumber(`${tool}.matches(${place(text)})?1:0`);
    return { rep: 'boolean', code: `(${found}===${wanted ? 1 : 0})`, nul: text.nul };
  };
}

function extract(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  const group = call.args.length === 3 ? call.constants[2] : 0;
  if (typeof group !== 'number') return null;
  return extractGroup(emitter, call, text, group);
}

/** The first group, or all of the match when there is none. */
function extractFirst(emitter: Emitter, call: TextCall, text: TextValue): Value | null {
  return extractGroup(emitter, call, text, null);
}

function extractGroup(
  emitter: Emitter,
  call: TextCall,
  text: TextValue,
  group: number | null,
): TextValue | null {
  const tool = regexTool(emitter, call, text, { letters: '', group });
  if (tool === null) return null;
  const offset = emitter.onceNumber(`${tool}.extract(${place(text)})`);
  const result = part(text, safe(offset), `${tool}.length`, absent(text, `${offset}<0`));
  return { ...result, bytes: `${tool}.from`, column: null };
}

/** Null too for a pattern or options that are wrong: the error is the row's. */
function regexTool(
  emitter: Emitter,
  call: TextCall,
  text: TextValue,
  options: { readonly letters: Datum | null | undefined; readonly group: number | null },
): string | null {
  const pattern = call.constants[1];
  const { letters, group } = options;
  if (typeof pattern !== 'string' || typeof letters !== 'string') return null;
  const key = `regex ${group ?? 'first'} ${letters.length} ${letters} ${pattern} ${place(text)}`;
  try {
    return emitter.tool(key, () => {
      const regex = compileRegex(pattern, readRegexFlags(letters, false));
      return new RegexTool(regex, group ?? Math.min(1, regex.groupCount()));
    });
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}
