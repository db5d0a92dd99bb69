/**
 * Looking into values of type json, which are text and keep their spelling: members and elements are cut
 * out as they were written. The text is known to be valid JSON.
 */

import { quoteJson } from '../../types/jsonb.ts';

export type JsonTextKind = 'null' | 'boolean' | 'string' | 'number' | 'array' | 'object';

export function jsonTextKind(json: string): JsonTextKind {
  switch (json.trimStart()[0]) {
    case '{':
      return 'object';
    case '[':
      return 'array';
    case '"':
      return 'string';
    case 't':
    case 'f':
      return 'boolean';
    case 'n':
      return 'null';
    default:
      return 'number';
  }
}

/** Elements of an array, each as its own text. */
export function jsonElements(json: string): readonly string[] {
  return pieces(json);
}

/** Members of an object in the order written, equal keys included. */
export function jsonMembers(json: string): readonly (readonly [string, string])[] {
  return pieces(json).map((member) => {
    const end = stringEnd(member, 0);
    const key = JSON.parse(member.slice(0, end)) as string;
    return [key, member.slice(end).replace(/^\s*:\s*/, '')] as const;
  });
}

/** What stands between the commas of the outermost brackets. */
function pieces(json: string): string[] {
  const text = json.trim();
  const found: string[] = [];
  let depth = 0;
  let from = 1;
  for (let i = 1; i < text.length - 1;) {
    const character = text[i]!;
    if (character === '"') {
      i = stringEnd(text, i);
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      found.push(text.slice(from, i).trim());
      from = i + 1;
    }
    i++;
  }
  const last = text.slice(from, -1).trim();
  if (last !== '' || found.length > 0) found.push(last);
  return found;
}

/** The offset behind the string literal that starts at `from`. */
function stringEnd(text: string, from: number): number {
  let i = from + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

/** The value of the last member with this key. */
export function jsonMember(json: string, key: string): string | null {
  if (jsonTextKind(json) !== 'object') return null;
  const found = jsonMembers(json).filter((member) => member[0] === key);
  return found.at(-1)?.[1] ?? null;
}

/** Element `index`; negative ones count from the end. */
export function jsonElement(json: string, index: number): string | null {
  if (jsonTextKind(json) !== 'array') return null;
  return jsonElements(json).at(index) ?? null;
}

/** Follows a path of keys and (in arrays) indices. */
export function jsonAtPath(json: string, path: readonly (string | null)[]): string | null {
  let value: string | null = json;
  for (const step of path) {
    if (value === null || step === null) return null;
    const isArray: boolean = jsonTextKind(value) === 'array';
    if (isArray && !/^[+-]?\d+$/.test(step)) return null;
    value = isArray ? jsonElement(value, Number(step)) : jsonMember(value, step);
  }
  return value;
}

/** What ->> gives: strings without quotes, null as NULL. */
export function jsonTextToText(json: string): string | null {
  const text = json.trim();
  if (text === 'null') return null;
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** Members whose value is null left out, everywhere; spaces dropped. */
export function stripJsonNulls(json: string): string {
  switch (jsonTextKind(json)) {
    case 'object': {
      const kept = jsonMembers(json).filter((member) => member[1] !== 'null');
      return `{${kept.map(([key, value]) => `${quoteJson(key)}:${stripJsonNulls(value)}`).join(',')}}`;
    }
    case 'array':
      return `[${jsonElements(json).map(stripJsonNulls).join(',')}]`;
    case 'string':
      return quoteJson(JSON.parse(json) as string);
    default:
      return json.trim();
  }
}
