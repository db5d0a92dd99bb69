/** SQL identifiers as text. */

/** The name, in double quotes where it needs them. */
export function quoteName(name: string): string {
  if (/^[a-z_][a-z0-9_$]*$/.test(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}
