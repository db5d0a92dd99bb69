/** CREATE and ALTER SEQUENCE, and the sequences that serial and identity columns stand for. */

import { notSupported, SqlError, sqlstate } from '../base/errors.ts';
import type { SequenceObject, ViewColumn } from '../catalog/objects.ts';
import type * as ast from '../syntax/ast.ts';
import { types } from '../types/sql-type.ts';
import type { Binding } from './binding.ts';
import type { BoundCreateSequence, Unnumbered } from './bound-statement.ts';
import { nameForCreation } from './relation-lookup.ts';
import { qualifiedName } from '../catalog/names.ts';

type DataType = SequenceObject['dataType'];
type Numbers = Pick<
  SequenceObject,
  'dataType' | 'start' | 'increment' | 'min' | 'max' | 'cycle' | 'cache'
>;

const typeNames: ReadonlyMap<string, DataType> = new Map([
  ['smallint', 'smallint'],
  ['int2', 'smallint'],
  ['integer', 'integer'],
  ['int', 'integer'],
  ['int4', 'integer'],
  ['bigint', 'bigint'],
  ['int8', 'bigint'],
]);

const bits: Readonly<Record<DataType, bigint>> = { smallint: 15n, integer: 31n, bigint: 63n };

/** What `SELECT * FROM sequence` has in PostgreSQL. */
const columns: readonly ViewColumn[] = (
  [
    ['last_value', types.bigint],
    ['log_cnt', types.bigint],
    ['is_called', types.boolean],
  ] as const
).map(([name, type]) => ({ name, type, nullable: false, comment: null }));

export function bindCreateSequence(
  statement: ast.CreateSequence,
  binding: Binding,
): BoundCreateSequence {
  const position = statement.span.start;
  if (statement.temporary) {
    throw notSupported('a temporary sequence', { hint: 'Leave TEMPORARY out.', position });
  }
  const name = nameForCreation(binding, statement.name);
  let skip = false;
  if (binding.catalog.find(name.schema, name.name) !== undefined) {
    if (!statement.ifNotExists) {
      throw new SqlError(sqlstate.duplicateTable, `relation "${name.name}" already exists`);
    }
    binding.notice(`relation "${name.name}" already exists, skipping`, { code: '42P07' });
    skip = true;
  }
  const restart = optionOf(statement.options, 'restart');
  if (restart !== undefined) {
    throw new SqlError(sqlstate.syntaxError, 'RESTART is only for ALTER SEQUENCE', {
      position: restart.span.start,
    });
  }
  const owner = ownerOf(statement.options, name.schema, binding) ?? null;
  const numbers = sequenceNumbers(statement.options, null);
  return { kind: 'create-sequence', skip, object: sequenceObject(name, numbers, owner) };
}

export function sequenceObject(
  name: { readonly schema: string; readonly name: string },
  numbers: Numbers,
  owner: SequenceObject['owner'],
): Unnumbered<SequenceObject> {
  const shown = qualifiedName(name.schema, name.name);
  const { dataType, start, increment, min, max, cycle, cache } = numbers;
  const sql = `CREATE SEQUENCE ${shown} AS ${dataType} START WITH ${start} INCREMENT BY ${increment} MINVALUE ${min} MAXVALUE ${max} CACHE ${cache}${cycle ? ' CYCLE' : ''}`;
  return { kind: 'sequence', ...name, comment: null, sql, columns, ...numbers, owner };
}

/** ALTER SEQUENCE: the sequence as it is to be, and where it goes on (null: where it is). */
export function alteredSequence(
  before: SequenceObject,
  options: readonly ast.SequenceOption[],
  binding: Binding,
): { readonly object: SequenceObject; readonly restart: bigint | null } {
  const numbers = sequenceNumbers(options, before);
  const owned = ownerOf(options, before.schema, binding);
  if (owned !== undefined && before.owner?.identity === true) {
    throw notSupported('OWNED BY of the sequence of an identity column', {
      hint: 'Drop the column, or leave the sequence with it.',
      position: optionOf(options, 'owned by')?.span.start,
    });
  }
  const owner = owned === undefined ? before.owner : owned;
  const object = { ...before, ...sequenceObject(before, numbers, owner), comment: before.comment };
  const restart = optionOf(options, 'restart');
  if (restart === undefined) return { object, restart: null };
  const value = BigInt(restart.value ?? numbers.start);
  checkWithin('RESTART', value, numbers);
  return { object, restart: value };
}

/** The numbers of a sequence: as asked for, and PostgreSQL's defaults for the rest. */
export function sequenceNumbers(
  options: readonly ast.SequenceOption[],
  before: SequenceObject | null,
  /** That of the column, for serial and identity. */
  ofColumn: DataType = 'bigint',
): Numbers {
  refuseTwice(options);
  const asked = optionOf(options, 'as');
  const dataType = asked === undefined ? (before?.dataType ?? ofColumn) : dataTypeOf(asked);
  const increment = numberOf(options, 'increment') ?? BigInt(before?.increment ?? '1');
  if (increment === 0n) throw invalid('INCREMENT must not be zero');
  const highest = (1n << bits[dataType]) - 1n;
  const lowest = -(1n << bits[dataType]);
  // A limit that only followed from the type before follows the new one.
  const kept = before !== null && before.dataType === dataType ? before : null;
  const limit = (name: 'minvalue' | 'maxvalue', was: string | undefined, natural: bigint) => {
    const option = optionOf(options, name);
    const value =
      option === undefined
        ? was === undefined
          ? natural
          : BigInt(was)
        : option.value === null
          ? natural
          : BigInt(whole(option));
    if (value < lowest || value > highest) {
      throw invalid(
        `${name.toUpperCase()} (${value}) is out of range for sequence data type ${dataType}`,
      );
    }
    return value;
  };
  const max = limit('maxvalue', kept?.max, increment > 0n ? highest : -1n);
  const min = limit('minvalue', kept?.min, increment > 0n ? 1n : lowest);
  if (min >= max) throw invalid(`MINVALUE (${min}) must be less than MAXVALUE (${max})`);
  const start =
    numberOf(options, 'start') ??
    (before === null ? (increment > 0n ? min : max) : BigInt(before.start));
  const cycle = optionOf(options, 'cycle');
  const cache = numberOf(options, 'cache') ?? BigInt(before?.cache ?? '1');
  if (cache < 1n) throw invalid(`CACHE (${cache}) must be greater than zero`);
  const numbers: Numbers = {
    dataType,
    start: String(start),
    increment: String(increment),
    min: String(min),
    max: String(max),
    cycle: cycle === undefined ? (before?.cycle ?? false) : cycle.value !== null,
    cache: String(cache),
  };
  checkWithin('START', start, numbers);
  return numbers;
}

function checkWithin(what: 'START' | 'RESTART', value: bigint, { min, max }: Numbers): void {
  if (value < BigInt(min)) {
    throw invalid(`${what} value (${value}) cannot be less than MINVALUE (${min})`);
  }
  if (value > BigInt(max)) {
    throw invalid(`${what} value (${value}) cannot be greater than MAXVALUE (${max})`);
  }
}

/** OWNED BY: undefined when it was not written, null for NONE. */
function ownerOf(
  options: readonly ast.SequenceOption[],
  schema: string,
  binding: Binding,
): SequenceObject['owner'] | undefined {
  const option = optionOf(options, 'owned by');
  if (option === undefined) return undefined;
  const parts = (option.value ?? '').split('.');
  const position = option.span.start;
  if (parts.length === 1 && parts[0] === 'none') return null;
  if (parts.length < 2) {
    throw new SqlError(sqlstate.syntaxError, 'invalid OWNED BY option', {
      hint: 'Specify OWNED BY table.column or OWNED BY NONE.',
      position,
    });
  }
  const [column, name, inSchema] = [parts.at(-1)!, parts.at(-2)!, parts.at(-3)];
  const table =
    inSchema === undefined
      ? binding.catalog.findInPath(binding.path(), name)
      : binding.catalog.find(inSchema, name);
  if (table === undefined) {
    const shown = inSchema === undefined ? name : `${inSchema}.${name}`;
    throw new SqlError(sqlstate.undefinedTable, `relation "${shown}" does not exist`, { position });
  }
  if (table.kind !== 'table') {
    throw new SqlError(
      sqlstate.wrongObjectType,
      `sequence cannot be owned by relation "${table.name}"`,
      { detail: 'Only tables without a connector have columns that are given values.', position },
    );
  }
  if (table.schema !== schema) {
    throw new SqlError(
      sqlstate.objectNotInPrerequisiteState,
      'sequence must be in same schema as table it is linked to',
      { position },
    );
  }
  if (!table.columns.some((each) => each.name === column)) {
    throw new SqlError(
      sqlstate.undefinedColumn,
      `column "${column}" of relation "${table.name}" does not exist`,
      { position },
    );
  }
  return { relation: table.oid, column, identity: false };
}

function dataTypeOf(option: ast.SequenceOption): DataType {
  const found = typeNames.get(option.value ?? '');
  if (found !== undefined) return found;
  throw invalid('sequence type must be smallint, integer, or bigint', option.span.start);
}

function optionOf(
  options: readonly ast.SequenceOption[],
  name: string,
): ast.SequenceOption | undefined {
  return options.find((option) => option.name === name);
}

function numberOf(options: readonly ast.SequenceOption[], name: string): bigint | null {
  const option = optionOf(options, name);
  return option === undefined || option.value === null ? null : BigInt(whole(option));
}

function whole(option: ast.SequenceOption): string {
  const text = option.value ?? '';
  if (/^-?[0-9]+$/.test(text)) return text;
  throw new SqlError(
    sqlstate.invalidTextRepresentation,
    `invalid input syntax for type bigint: "${text}"`,
    { position: option.span.start },
  );
}

function refuseTwice(options: readonly ast.SequenceOption[]): void {
  for (const [i, option] of options.entries()) {
    if (options.findIndex((each) => each.name === option.name) === i) continue;
    throw new SqlError(sqlstate.syntaxError, 'conflicting or redundant options', {
      position: option.span.start,
    });
  }
}

function invalid(message: string, position?: number): SqlError {
  return new SqlError(sqlstate.invalidParameterValue, message, { position });
}
