/**
 * What in SQL text is nobody else's business: passwords, keys and tokens, told by the names of the options
 * they are given to and by their form. Whoever shows a statement to others, or keeps it, goes through here.
 * In doubt a value is hidden.
 */

import { type Token, tokenize, tokenType } from './lexer.ts';

/** What stands in place of a secret. */
export const hiddenText = '***';

const secretNames =
  /password|passwd|secret|token|jaas|credential|private.?key|keystore|truststore/i;
/** Secrets inside a longer value: an address with a password, a list of settings. */
const secretValues = /:\/\/[^/@\s]*:[^/@\s]*@|(password|passwd|secret|token)\s*=/i;

/** Whether an option of that name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretNames.test(name);
}

/** Whether a value holds a secret, whatever its option is called. */
export function hasSecret(value: string): boolean {
  return secretValues.test(value);
}

/**
 * The text with every secret replaced by `***`. Text without any is returned as it is; of other text the
 * comments are dropped too. It need not parse: the part that is no SQL is hidden as a whole.
 */
export function hideSecrets(source: string): string {
  return hideSecretsAt(source, 0).text;
}

/** The same, and where a place in the text has moved to. */
export function hideSecretsAt(
  source: string,
  position: number,
): { readonly text: string; readonly position: number } {
  if (!isSecretName(source) && !hasSecret(source)) return { text: source, position };
  const tokens = tokenize(source);
  const hidden = hiddenTokens(tokens);
  if (hidden.size === 0) return { text: source, position };
  let text = '';
  let end = 0;
  let moved = 0;
  tokens.forEach((token, i) => {
    const gap = source.slice(end, token.start);
    text += /\S/.test(gap) ? ` ${gap.replaceAll(/[^\n]/g, '')}` : gap;
    if (token.start <= position) {
      moved = text.length + (hidden.has(i) ? 0 : Math.min(position, token.end) - token.start);
    }
    text += hidden.has(i) ? `'${hiddenText}'` : source.slice(token.start, token.end);
    end = token.end;
  });
  return { text, position: moved };
}

function hiddenTokens(tokens: readonly Token[]): ReadonlySet<number> {
  const hidden = new Set<number>();
  let ofSecret = false;
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    if (before === undefined || isSymbol(before, ';')) ofSecret = false;
    // CREATE SECRET s AS '…', ALTER SECRET s AS '…'
    if (token.text === 'secret' && ['create', 'alter', 'replace'].includes(before?.text ?? '')) {
      ofSecret = true;
    }
    if (token.type === tokenType.bad) hidden.add(i);
    else if (isSymbol(token, '=') || isSymbol(token, '=>')) {
      if (isSecretName(nameBefore(tokens, i))) hideValue(tokens, i + 1, hidden);
    } else if (token.type === tokenType.string) {
      const named = before !== undefined && isNamePart(before) && isSecretName(before.text);
      if (ofSecret || named || hasSecret(token.text)) hidden.add(i);
    }
  });
  return hidden;
}

/** The option's name that ends before token `end`: words, and what joins them. */
function nameBefore(tokens: readonly Token[], end: number): string {
  let name = '';
  for (let i = end - 1; i >= 0; i--) {
    const token = tokens[i]!;
    const joined = i > 0 && (isSymbol(tokens[i - 1]!, '.') || isSymbol(tokens[i - 1]!, '-'));
    const reserved = token.keyword?.class === 'reserved' && !joined;
    const joins = isSymbol(token, '.') || isSymbol(token, '-');
    if (reserved || (!joins && !isNamePart(token))) break;
    name = `${token.text} ${name}`;
  }
  return name.replaceAll(/ ?([.-]) ?/g, '$1');
}

/** A value is one token, words joined by dots, a number with its sign, or a list in parentheses. */
function hideValue(tokens: readonly Token[], from: number, hidden: Set<number>): void {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.type === tokenType.end || isSymbol(token, ';')) return;
    if (isSymbol(token, '(')) depth++;
    else if (isSymbol(token, ')')) {
      if (depth === 0) return;
      depth--;
    } else if (!isSymbol(token, ',') && token.type !== tokenType.parameter) hidden.add(i);
    const goesOn =
      isSymbol(token, '-') ||
      isSymbol(token, '+') ||
      isSymbol(token, '.') ||
      (tokens[i + 1] !== undefined && isSymbol(tokens[i + 1]!, '.'));
    if (depth === 0 && !goesOn) return;
  }
}

function isNamePart(token: Token): boolean {
  return (
    token.type === tokenType.word ||
    token.type === tokenType.quotedName ||
    token.type === tokenType.string
  );
}

function isSymbol(token: Token, text: string): boolean {
  return token.type === tokenType.symbol && token.text === text;
}
