/**
 * WITH options of a source: which connector and format, every name known and in its canonical spelling.
 * What the values may be is the connector's and the format's own check.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { OptionSpec, SourceConnector } from '../connectors/connector.ts';
import type { Format } from '../formats/format.ts';
import type { FormatOptionSpec } from '../formats/options.ts';
import { parseExpression } from '../syntax/parse.ts';
import type * as ast from '../syntax/ast.ts';
import { bindInterval, spanMicros } from './bind-literal.ts';
import type { Binding } from './binding.ts';
import { didYouMean } from './closest-name.ts';

export interface BoundOptions {
  readonly connector: SourceConnector;
  readonly format: Format | null;
  readonly options: ReadonlyMap<string, string>;
  readonly formatOptions: ReadonlyMap<string, string>;
}

/** Names that say what the source is, rather than how it is read. */
const connectorNames: ReadonlySet<string> = new Set(['connector', 'connector.type']);
const formatNames: ReadonlySet<string> = new Set(['format', 'value.format', 'value_format']);

/** Whether a WITH clause makes the relation a source. */
export function findConnector(options: readonly ast.Option[]): ast.Option | undefined {
  return options.find((option) => connectorNames.has(option.name.toLowerCase()));
}

export function bindOptions(statement: ast.CreateTable, binding: Binding): BoundOptions {
  const written = statement.options;
  const chosen = findConnector(written)!;
  const connector = requireConnector(chosen, binding);
  const format = findFormat(statement, connector, binding);
  const options = new Map<string, string>();
  const formatOptions = new Map<string, string>();
  for (const option of written) {
    const name = option.name.toLowerCase();
    if (connectorNames.has(name) || formatNames.has(name)) continue;
    place(option, optionText(option, binding), { connector, format, options, formatOptions });
  }
  for (const option of statement.format?.options ?? []) {
    const text = optionText(option, binding);
    const spec = findInFormat(option.name, format);
    if (spec === undefined) throw unknownOption(option, connector, format);
    put(formatOptions, spec.name, text, option);
  }
  if (format !== null) options.set('format', format.name);
  checkRequired(connector.options, options, `connector "${connector.name}"`, chosen);
  checkRequired(format?.options ?? [], formatOptions, `format "${format?.name ?? ''}"`, chosen);
  connector.validate(options);
  return { connector, format, options, formatOptions };
}

function requireConnector(option: ast.Option, binding: Binding): SourceConnector {
  const { connectors } = binding.context;
  const name = optionText(option, binding);
  const found = connectors(name);
  if (found !== undefined) return found;
  const known = connectors.names ?? [];
  const list = known.length === 0 ? undefined : `Connectors are: ${known.join(', ')}.`;
  throw new SqlError(sqlstate.undefinedObject, `connector "${name}" does not exist`, {
    hint: didYouMean(name, known) ?? list,
    position: option.span.start,
  });
}

/** Flink's `'format' = 'json'` or RisingWave's FORMAT PLAIN ENCODE JSON. */
function findFormat(
  statement: ast.CreateTable,
  connector: SourceConnector,
  binding: Binding,
): Format | null {
  const option = statement.options.find((each) => formatNames.has(each.name.toLowerCase()));
  const clause = statement.format;
  const position = clause?.span.start ?? option?.span.start ?? statement.span.start;
  if (clause !== null) refuseEnvelope(clause);
  const name = clause?.encode ?? (option === undefined ? null : optionText(option, binding));
  if (!connector.needsFormat) {
    if (name === null || name === 'native' || name === 'none') return null;
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `connector "${connector.name}" makes its rows itself and takes no format`,
      { position },
    );
  }
  if (name === null) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `connector "${connector.name}" needs a format`,
      { hint: "Add format = 'json' to the WITH clause, or FORMAT PLAIN ENCODE JSON.", position },
    );
  }
  return requireFormat(name, position, binding);
}

const formatAliases: ReadonlyMap<string, string> = new Map([
  ['bytes', 'raw'],
  ['text', 'raw'],
]);

function requireFormat(name: string, position: number, binding: Binding): Format {
  const { formats } = binding.context;
  const found = formats(name) ?? formats(formatAliases.get(name.toLowerCase()) ?? name);
  if (found !== undefined) return found;
  const known = formats.names ?? ['json', 'csv', 'raw'];
  throw notSupported(`format "${name}"`, {
    hint: didYouMean(name, known) ?? `Formats are: ${known.join(', ')}.`,
    position,
  });
}

/** Envelopes turn records into changes; only plain records are read. */
function refuseEnvelope(clause: ast.FormatClause): void {
  const { format, span } = clause;
  if (format !== null && format !== 'plain' && format !== 'none' && format !== 'native') {
    throw notSupported(`FORMAT ${format.toUpperCase()}`, {
      hint: 'Read the records as they are with FORMAT PLAIN.',
      position: span.start,
    });
  }
  if (clause.keyEncode !== null) {
    throw notSupported('KEY ENCODE', {
      hint: 'Read the key as bytes with INCLUDE key.',
      position: span.start,
    });
  }
}

interface Target {
  readonly connector: SourceConnector;
  readonly format: Format | null;
  readonly options: Map<string, string>;
  readonly formatOptions: Map<string, string>;
}

/** An option may concern the connector, the format, or (how CSV is cut) both. */
function place(option: ast.Option, text: string, target: Target): void {
  const { connector, format } = target;
  const name = option.name;
  const own = find(connector.options, name);
  const ofFormat = findInFormat(name, format) ?? findInFormat(own?.name ?? name, format);
  if (own !== undefined) put(target.options, own.name, text, option);
  if (ofFormat !== undefined) put(target.formatOptions, ofFormat.name, text, option);
  if (own !== undefined || ofFormat !== undefined) return;
  if (connector.passThrough.some((prefix) => name.toLowerCase().startsWith(prefix))) {
    put(target.options, name, text, option);
    return;
  }
  throw unknownOption(option, connector, format);
}

function put(into: Map<string, string>, name: string, text: string, option: ast.Option): void {
  if (into.has(name)) {
    throw new SqlError(sqlstate.syntaxError, `option "${option.name}" is given more than once`, {
      hint: option.name === name ? undefined : `It is another spelling of "${name}".`,
      position: option.span.start,
    });
  }
  into.set(name, text);
}

function find<T extends OptionSpec | FormatOptionSpec>(
  specs: readonly T[],
  name: string,
): T | undefined {
  const wanted = name.toLowerCase();
  return specs.find((spec) => spec.name === wanted || spec.aliases.includes(wanted));
}

/** Names of a format's options may be given without the format before them, with either dash. */
function findInFormat(name: string, format: Format | null): FormatOptionSpec | undefined {
  if (format === null) return undefined;
  const dashed = name.toLowerCase().replaceAll('_', '-');
  const prefixed = `${format.name}.${dashed}`;
  return (
    find(format.options, name) ?? find(format.options, dashed) ?? find(format.options, prefixed)
  );
}

function unknownOption(
  option: ast.Option,
  connector: SourceConnector,
  format: Format | null,
): SqlError {
  const known = [...connector.options, ...(format?.options ?? [])];
  const names = known.flatMap((spec) => [spec.name, ...spec.aliases]);
  const own = connector.options.map((spec) => spec.name);
  return new SqlError(
    sqlstate.invalidParameterValue,
    `option "${option.name}" is not known to connector "${connector.name}"` +
      (format === null ? '' : ` or format "${format.name}"`),
    {
      hint:
        didYouMean(option.name, names) ??
        (own.length === 0 ? undefined : `Its options are: ${own.join(', ')}.`),
      position: option.span.start,
    },
  );
}

function checkRequired(
  specs: readonly (OptionSpec | FormatOptionSpec)[],
  given: ReadonlyMap<string, string>,
  owner: string,
  at: ast.Option,
): void {
  for (const spec of specs) {
    if (!spec.required || given.has(spec.name)) continue;
    throw new SqlError(
      sqlstate.invalidParameterValue,
      `option "${spec.name}" is required by ${owner}`,
      { hint: spec.help, position: at.span.start },
    );
  }
}

/** The text of an option's value. A bare name means true; an interval is given in milliseconds. */
export function optionText(option: ast.Option, binding: Binding): string {
  const { value } = option;
  if (value === null) return 'true';
  if (value.kind === 'secret') {
    throw notSupported('SECRET', {
      hint: 'Give the value as text; it is never shown again.',
      position: value.span.start,
    });
  }
  if (value.kind !== 'interval') return value.text;
  const literal = parseExpression(value.text);
  if (literal.kind !== 'interval') return value.text;
  const micros = spanMicros(bindInterval(binding, literal), `option "${option.name}"`);
  return `${Math.round(micros / 1000)} ms`;
}
