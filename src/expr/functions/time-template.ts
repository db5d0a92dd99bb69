/**
 * Templates of to_char, to_timestamp and to_date, taken apart: fields with their modifiers and the literal
 * text between them. Java's date patterns (Flink's DATE_FORMAT) are rewritten into the same fields.
 */

export interface TemplateField {
  readonly kind: 'field';
  /** In upper case: YYYY, MM, HH24, MONTH… */
  readonly name: string;
  /** As written, which decides the case of month and day names. */
  readonly written: string;
  /** FM: no padding. */
  readonly fill: boolean;
  /** TH or th behind a number. */
  readonly ordinal: '' | 'TH' | 'th';
}

export interface TemplateText {
  readonly kind: 'text';
  readonly text: string;
  /** Was in double quotes: matches any characters when reading. */
  readonly quoted: boolean;
}

export type TemplateNode = TemplateField | TemplateText;

/** Longest first, so that HH24 is not read as HH. */
const fieldNames = [
  'SSSSS',
  'Y,YYY',
  'MONTH',
  'HH24',
  'HH12',
  'IDDD',
  'IYYY',
  'SSSS',
  'YYYY',
  'A.D.',
  'A.M.',
  'B.C.',
  'P.M.',
  'DAY',
  'DDD',
  'FF1',
  'FF2',
  'FF3',
  'FF4',
  'FF5',
  'FF6',
  'IYY',
  'MON',
  'TZH',
  'TZM',
  'YYY',
  'AD',
  'AM',
  'BC',
  'CC',
  'DD',
  'DY',
  'HH',
  'ID',
  'IW',
  'IY',
  'MI',
  'MM',
  'MS',
  'OF',
  'PM',
  'RM',
  'SS',
  'TZ',
  'US',
  'WW',
  'YY',
  'D',
  'I',
  'J',
  'Q',
  'W',
  'Y',
] as const;

export function parseTemplate(template: string): readonly TemplateNode[] {
  const nodes: TemplateNode[] = [];
  let fill = false;
  for (let at = 0; at < template.length;) {
    const prefix = /^(?:FM|fm|FX|fx|TM|tm)/.exec(template.slice(at, at + 2));
    if (prefix !== null) {
      if (prefix[0].toUpperCase() === 'FM') fill = true;
      at += 2;
      continue;
    }
    const quoted = quotedText(template, at);
    if (quoted !== null) {
      nodes.push({ kind: 'text', text: quoted.text, quoted: true });
      at = quoted.end;
      continue;
    }
    const upper = template.slice(at, at + 5).toUpperCase();
    const name = fieldNames.find((each) => upper.startsWith(each));
    if (name === undefined) {
      nodes.push(literal(template, at));
      at += template[at] === '\\' && template[at + 1] === '"' ? 2 : 1;
      continue;
    }
    const written = template.slice(at, at + name.length);
    at += name.length;
    const ordinal = /^(?:TH|th)/.exec(template.slice(at, at + 2));
    at += ordinal === null ? 0 : 2;
    nodes.push({
      kind: 'field',
      name,
      written,
      fill,
      ordinal: (ordinal?.[0] ?? '') as '' | 'TH' | 'th',
    });
    fill = false;
  }
  return nodes;
}

function literal(template: string, at: number): TemplateText {
  const escaped = template[at] === '\\' && template[at + 1] === '"';
  return { kind: 'text', text: escaped ? '"' : template[at]!, quoted: false };
}

function quotedText(
  template: string,
  at: number,
): { readonly text: string; readonly end: number } | null {
  if (template[at] !== '"') return null;
  let text = '';
  let i = at + 1;
  for (; i < template.length && template[i] !== '"'; i++) {
    if (template[i] === '\\' && i + 1 < template.length) i++;
    text += template[i];
  }
  return { text, end: i + 1 };
}

const javaFields = new Map([
  ['yyyy', 'YYYY'],
  ['uuuu', 'YYYY'],
  ['yy', 'YY'],
  ['MMMM', 'FMMonth'],
  ['MMM', 'Mon'],
  ['MM', 'MM'],
  ['M', 'FMMM'],
  ['dd', 'DD'],
  ['d', 'FMDD'],
  ['DDD', 'DDD'],
  ['HH', 'HH24'],
  ['H', 'FMHH24'],
  ['hh', 'HH12'],
  ['h', 'FMHH12'],
  ['mm', 'MI'],
  ['m', 'FMMI'],
  ['ss', 'SS'],
  ['s', 'FMSS'],
  ['S', 'FF1'],
  ['SS', 'FF2'],
  ['SSS', 'MS'],
  ['SSSSSS', 'US'],
  ['a', 'AM'],
  ['EEEE', 'FMDay'],
  ['EEE', 'Dy'],
  ['E', 'Dy'],
  ['Q', 'Q'],
  ['w', 'FMIW'],
  ['ww', 'IW'],
  ['XXX', 'TZH:TZM'],
]);

/** Java's date pattern as a template; null when it uses a letter that has no counterpart. */
export function javaToTemplate(pattern: string): string | null {
  let result = '';
  const token = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g;
  for (const match of pattern.matchAll(token)) {
    const [whole, quoted, letter] = match;
    if (quoted !== undefined) {
      result += `"${(quoted === '' ? "'" : quoted.replaceAll("''", "'")).replaceAll('"', '\\"')}"`;
    } else if (letter === undefined) {
      result += whole;
    } else {
      const field = javaFields.get(whole);
      if (field === undefined) return null;
      result += field;
    }
  }
  return result;
}

/** HH:mm is Java's way to write hours and minutes, and nonsense in a template (hour and month). */
export function looksLikeJava(pattern: string): boolean {
  return /HH[^A-Za-z0-9]?mm/.test(pattern) || pattern.includes('yyyy-MM-dd');
}
