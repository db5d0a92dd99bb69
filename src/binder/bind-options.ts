/**
 * WITH options of a source, a sink, or a table that is both: which connector and format, every name known and
 * in its canonical spelling. What the values may be is the connector's and the format's own check.
 */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { OptionSpec, SourceConnector } from '../connectors/connector.ts';
import type { SinkConnector, SinkFormat } from '../connectors/sink.ts';
import type { Format } from '../formats/format.ts';
import type { FormatOptionSpec } from '../formats/options.ts';
import { parseExpression } from '../syntax/parse.ts';
import type * as ast from '../syntax/ast.ts';
import { bindInterval, spanMicros } from './bind-literal.ts';
import type { Binding } from './binding.ts';
import { didYouMean } from './closest-name.ts';

export interface BoundOptions {
  /** The canonical name. */
  readonly name: string;
  /** Null where the connector, or its format, cannot be read. */
  readonly connector: SourceConnector | null;
  /** Null where it cannot be written. */
  readonly sink: SinkConnector | null;
  readonly format: Format | null;
  readonly sinkFormat: SinkFormat | null;
  readonly options: ReadonlyMap<string, string>;
  readonly formatOptions: ReadonlyMap<string, string>;
  /** Every option that there is, for the secrets among them. */
  readonly specs: readonly OptionSpec[];
}

/** What carries a WITH clause. */
export interface WithOptions {
  readonly options: readonly ast.Option[];
  readonly format: ast.FormatClause | null;
  readonly span: ast.Span;
}

/** Names that say what the source is, rather than how it is read. */
const connectorNames: ReadonlySet<string> = new Set(['connector', 'connector.type']);
const formatNames: ReadonlySet<string> = new Set(['format', 'value.format', 'value_format']);

/** Whether a WITH clause makes the relation a source. */
export function findConnector(options: readonly ast.Option[]): ast.Option | undefined {
  return options.find((option) => connectorNames.has(option.name.toLowerCase()));
}

/** `use`: a table may be for reading, writing or both; a sink is only written. */
export function bindOptions(
  statement: WithOptions,
  binding: Binding,
  use: 'table' | 'sink',
): BoundOptions {
  const written = statement.options;
  const chosen = findConnector(written)!;
  const found = requireConnector(chosen, binding, use);
  const sides = { ...found, ...findFormat(statement, found, binding) };
  const checked = checkOptions(statement, sides, binding);
  const { options, formatOptions } = checked;
  if (sides.connector !== null) sides.connector.validate(options);
  // A table that is read may never be written to; INSERT checks the rest.
  else sides.sink?.validate(options);
  return { ...sides, ...checked, options, formatOptions, specs: sides.specs };
}

function checkOptions(statement: WithOptions, sides: Sides, binding: Binding) {
  const options = new Map<string, string>();
  const formatOptions = new Map<string, string>();
  for (const option of statement.options) {
    const name = option.name.toLowerCase();
    if (connectorNames.has(name) || formatNames.has(name)) continue;
    place(option, optionText(option, binding), { sides, options, formatOptions });
  }
  for (const option of statement.format?.options ?? []) {
    const text = optionText(option, binding);
    const spec = findInFormat(option.name, sides);
    if (spec === undefined) throw unknownOption(option, sides);
    put(formatOptions, spec.name, text, option);
  }
  const chosen = findConnector(statement.options)!;
  if (sides.formatName !== null) options.set('format', sides.formatName);
  checkRequired(sides.specs, options, `connector "${sides.name}"`, chosen);
  checkRequired(sides.formatSpecs, formatOptions, `format "${sides.formatName ?? ''}"`, chosen);
  return { options, formatOptions };
}

interface Found {
  readonly name: string;
  readonly connector: SourceConnector | null;
  readonly sink: SinkConnector | null;
  readonly specs: readonly OptionSpec[];
}

interface Sides extends Found {
  readonly format: Format | null;
  readonly sinkFormat: SinkFormat | null;
  readonly formatName: string | null;
  readonly formatSpecs: readonly (OptionSpec | FormatOptionSpec)[];
}

function requireConnector(option: ast.Option, binding: Binding, use: 'table' | 'sink'): Found {
  const { connectors, sinks } = binding.context;
  const name = optionText(option, binding);
  const connector = use === 'sink' ? null : (connectors(name) ?? null);
  const sink = sinks(name) ?? null;
  const either = connector ?? sink;
  if (either !== null) {
    return {
      name: either.name,
      connector,
      sink,
      specs: union(connector?.options ?? [], sink?.options ?? []),
    };
  }
  if (use === 'sink' && connectors(name) !== undefined) {
    throw notSupported(`writing to connector "${name}"`, {
      hint: `Connectors that can be written to are: ${(sinks.names ?? []).join(', ')}.`,
      position: option.span.start,
    });
  }
  const reading = use === 'sink' ? [] : (connectors.names ?? []);
  const known = [...new Set([...reading, ...(sinks.names ?? [])])].sort();
  const list = known.length === 0 ? undefined : `Connectors are: ${known.join(', ')}.`;
  throw new SqlError(sqlstate.undefinedObject, `connector "${name}" does not exist`, {
    hint: didYouMean(name, known) ?? list,
    position: option.span.start,
  });
}

/** Options of both sides, each name once. */
function union<T extends { readonly name: string }>(
  a: readonly T[],
  b: readonly T[],
): readonly T[] {
  return [...a, ...b.filter((spec) => !a.some((each) => each.name === spec.name))];
}

/** Flink's `'format' = 'json'` or RisingWave's FORMAT PLAIN ENCODE JSON. */
function findFormat(statement: WithOptions, found: Found, binding: Binding) {
  const option = statement.options.find((each) => formatNames.has(each.name.toLowerCase()));
  const clause = statement.format;
  const position = clause?.span.start ?? option?.span.start ?? statement.span.start;
  if (clause !== null) refuseEnvelope(clause);
  const { connector, sink } = found;
  const name = clause?.encode ?? (option === undefined ? null : optionText(option, binding));
  const needed = connector?.needsFormat ?? (sink !== null && sink.formats.length > 0);
  if (!needed) {
    if (name === null || name === 'native' || name === 'none') return noFormat;
    const what =
      connector === null ? 'takes no format' : 'makes its rows itself and takes no format';
    throw new SqlError(sqlstate.invalidParameterValue, `connector "${found.name}" ${what}`, {
      position,
    });
  }
  if (name === null) {
    throw new SqlError(sqlstate.invalidParameterValue, `connector "${found.name}" needs a format`, {
      hint: "Add format = 'json' to the WITH clause, or FORMAT PLAIN ENCODE JSON.",
      position,
    });
  }
  const sinkFormat = sink?.formats.find((each) => each.name === name.toLowerCase()) ?? null;
  if (sinkFormat === null) return readFormat(name, position, found, binding);
  const format = connector === null ? null : (binding.context.formats(name) ?? null);
  return {
    // What cannot be read is written alone.
    connector: format === null ? null : connector,
    format,
    sinkFormat,
    formatName: sinkFormat.name,
    formatSpecs: union(format?.options ?? [], sinkFormat.options),
  };
}

const noFormat = { format: null, sinkFormat: null, formatName: null, formatSpecs: [] };

/** A format that is only read; the table cannot be written to then. */
function readFormat(name: string, position: number, found: Found, binding: Binding) {
  if (found.connector === null) {
    const known = (found.sink?.formats ?? []).map((each) => each.name);
    throw notSupported(`writing format "${name}"`, {
      hint: didYouMean(name, known) ?? `Formats are: ${known.join(', ')}.`,
      position,
    });
  }
  const format = requireFormat(name, position, binding);
  const { options } = format;
  return { sink: null, format, sinkFormat: null, formatName: format.name, formatSpecs: options };
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
  readonly sides: Sides;
  readonly options: Map<string, string>;
  readonly formatOptions: Map<string, string>;
}

/** An option may concern the connector, the format, or (how CSV is cut) both. */
function place(option: ast.Option, text: string, target: Target): void {
  const { sides } = target;
  const name = option.name;
  const own = find(sides.specs, name);
  const ofFormat = findInFormat(name, sides) ?? findInFormat(own?.name ?? name, sides);
  if (own !== undefined) put(target.options, own.name, text, option);
  if (ofFormat !== undefined) put(target.formatOptions, ofFormat.name, text, option);
  if (own !== undefined || ofFormat !== undefined) return;
  const passThrough = sides.connector?.passThrough ?? [];
  if (passThrough.some((prefix) => name.toLowerCase().startsWith(prefix))) {
    put(target.options, name, text, option);
    return;
  }
  throw unknownOption(option, sides);
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
function findInFormat(name: string, sides: Sides): OptionSpec | FormatOptionSpec | undefined {
  if (sides.formatName === null) return undefined;
  const dashed = name.toLowerCase().replaceAll('_', '-');
  const specs = sides.formatSpecs;
  const prefixed = `${sides.formatName}.${dashed}`;
  return find(specs, name) ?? find(specs, dashed) ?? find(specs, prefixed);
}

function unknownOption(option: ast.Option, sides: Sides): SqlError {
  const known = [...sides.specs, ...sides.formatSpecs];
  const names = known.flatMap((spec) => [spec.name, ...spec.aliases]);
  const own = sides.specs.map((spec) => spec.name);
  return new SqlError(
    sqlstate.invalidParameterValue,
    `option "${option.name}" is not known to connector "${sides.name}"` +
      (sides.formatName === null ? '' : ` or format "${sides.formatName}"`),
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
