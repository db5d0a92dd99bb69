/** Takes the positions out of a tree, for comparing trees of differently spelled texts. Test support. */

export function withoutSpans(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSpans);
  if (typeof node !== 'object' || node === null) return node;
  const copy = new Map<string, unknown>();
  for (const [key, value] of Object.entries(node)) {
    // Where a word was read as text (a generic statement), it holds no span of its own.
    if (key !== 'span') copy.set(key, withoutSpans(value));
  }
  return Object.fromEntries(copy);
}
