/**
 * Random expressions of a wanted type over typed columns. How daring they are is chosen: *total* ones never
 * fail on any row, *calm* ones not on small values, *risky* ones may.
 */

import type { Chance } from './chance.ts';
import { argumentChoice, inexact, mayFail, strides, total } from './arguments.ts';
import type { Column } from './schema.ts';
import type { Signature } from './signatures.ts';
import { literal, quote, type TypeName } from './value-types.ts';

export type Daring = 'total' | 'calm' | 'risky';

export interface ExpressionOptions {
  readonly chance: Chance;
  readonly signatures: readonly Signature[];
  readonly daring: Daring;
  /** Whether constants stay small. */
  readonly calm: boolean;
}

export const allTypes: readonly TypeName[] = [
  ...(['boolean', 'smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'] as const),
  ...(['text', 'varchar', 'char', 'bytea', 'date', 'time', 'timetz', 'timestamp'] as const),
  ...([
    'timestamptz',
    'interval',
    'uuid',
    'json',
    'jsonb',
    'integer[]',
    'text[]',
    'numeric[]',
  ] as const),
  ...(['bigint[]', 'timestamp[]', 'boolean[]', 'smallint[]', 'double precision[]'] as const),
  ...(['date[]', 'timestamptz[]', 'interval[]', 'uuid[]', 'jsonb[]'] as const),
];

/** Types that have an order and an equality. */
export const comparable: readonly TypeName[] = [
  ...allTypes.filter((type) => type !== 'json'),
  'mood',
];

/** Casts that lose nothing and never fail. */
const widening: readonly (readonly [TypeName, TypeName])[] = [
  ['smallint', 'integer'],
  ['smallint', 'bigint'],
  ['integer', 'bigint'],
  ['smallint', 'numeric'],
  ['integer', 'numeric'],
  ['bigint', 'numeric'],
  ['smallint', 'real'],
  ['integer', 'double precision'],
  ['bigint', 'double precision'],
  ['real', 'double precision'],
  ['boolean', 'integer'],
  ['integer', 'boolean'],
  ['varchar', 'text'],
  ['char', 'text'],
  ['text', 'varchar'],
  ['json', 'text'],
  ['integer[]', 'text[]'],
  ['integer[]', 'bigint[]'],
  ['jsonb', 'json'],
  ['timestamp', 'time'],
  ['time', 'interval'],
  ['timetz', 'time'],
];

/** Casts that may fail, or only for large values. */
const narrowing: readonly (readonly [TypeName, TypeName])[] = [
  ['integer', 'smallint'],
  ['bigint', 'integer'],
  ['numeric', 'integer'],
  ['numeric', 'bigint'],
  ['numeric', 'double precision'],
  ['numeric', 'real'],
  ['double precision', 'integer'],
  ['double precision', 'bigint'],
  ['double precision', 'numeric'],
  ['double precision', 'real'],
  ['real', 'numeric'],
  ['date', 'timestamp'],
  ['date', 'timestamptz'],
  ['timestamp', 'date'],
  ['timestamp', 'timestamptz'],
  ['timestamptz', 'timestamp'],
  ['timestamptz', 'date'],
  ['interval', 'time'],
];

export class ExpressionGenerator {
  readonly #options: ExpressionOptions;
  readonly #chance: Chance;
  readonly #byResult = new Map<TypeName, Signature[]>();
  /** Whether floating point results may differ in their last digits. */
  loose = false;

  constructor(options: ExpressionOptions) {
    this.#options = options;
    this.#chance = options.chance;
    for (const signature of options.signatures) {
      if (!allowed(signature, options.daring)) continue;
      const list = this.#byResult.get(signature.result) ?? [];
      list.push(signature);
      this.#byResult.set(signature.result, list);
    }
  }

  /** An expression of any type that has a column or is asked for now and then. */
  any(columns: readonly Column[], depth: number): { sql: string; type: TypeName } {
    const type =
      columns.length > 0 && this.#chance.oneIn(2)
        ? this.#chance.pick(columns).type
        : this.#chance.pick(allTypes);
    return { sql: this.of(type, columns, depth, true), type };
  }

  /** `top`: the value is shown and goes nowhere else, so that its last digit may differ. */
  of(type: TypeName, columns: readonly Column[], depth: number, top = false): string {
    if (depth <= 0 || this.#chance.oneIn(6)) return this.leaf(type, columns);
    switch (this.#chance.below(type === 'boolean' ? 14 : 10)) {
      case 0:
        return `CASE WHEN ${this.condition(columns, depth - 1)} THEN ${this.of(type, columns, depth - 1)}${
          this.#chance.oneIn(3) ? '' : ` ELSE ${this.of(type, columns, depth - 1)}`
        } END`;
      case 1:
        return `coalesce(${this.of(type, columns, depth - 1)}, ${this.of(type, columns, depth - 1)})`;
      case 2:
        return this.#special(type, columns, depth);
      case 3:
        return this.#cast(type, columns, depth);
      case 10:
      case 11:
      case 12:
      case 13:
        return `(${this.condition(columns, depth)})`;
      default:
        return this.#call(type, columns, depth, top);
    }
  }

  leaf(type: TypeName, columns: readonly Column[]): string {
    const fitting = columns.filter((column) => column.type === type);
    if (fitting.length > 0 && !this.#chance.oneIn(5)) return this.#chance.pick(fitting).name;
    return this.constant(type);
  }

  constant(type: TypeName): string {
    return literal(this.#chance, type, this.#options.calm);
  }

  /** A boolean expression that is worth filtering by. */
  condition(columns: readonly Column[], depth: number): string {
    const again = (): string => this.condition(columns, depth - 1);
    const type = this.#columnType(columns, comparable);
    const side = (): string => this.of(type, columns, depth - 1);
    switch (this.#chance.below(depth > 0 ? 13 : 4)) {
      case 0:
      case 1:
        return `${side()} ${this.#chance.pick(['=', '<', '>=', '<>', '>', '<='])} ${side()}`;
      case 2:
        return `${side()} IS ${this.#chance.pick(['', 'NOT '])}NULL`;
      case 3:
        return `${side()} IS ${this.#chance.pick(['', 'NOT '])}DISTINCT FROM ${side()}`;
      case 4:
        return `(${again()} AND ${again()})`;
      case 5:
        return `(${again()} OR ${again()})`;
      case 6:
        return `NOT (${again()})`;
      case 7:
        return `${side()} ${this.#not()}IN (${[this.leaf(type, columns), this.leaf(type, columns), this.constant(type)].join(', ')})`;
      case 8:
        return `${side()} ${this.#not()}BETWEEN ${this.#chance.pick(['', 'SYMMETRIC '])}${side()} AND ${side()}`;
      case 9:
        return `(${this.of('boolean', columns, depth - 1)}) IS ${this.#not()}${this.#chance.pick(['TRUE', 'FALSE', 'UNKNOWN'])}`;
      case 10: {
        const array = this.#chance.pick(['integer', 'text', 'bigint'] as const);
        const quantifier = this.#chance.pick(['ANY', 'ALL']);
        const operator = this.#chance.pick(['=', '<>', '<', '>=']);
        return `${this.of(array, columns, depth - 1)} ${operator} ${quantifier} (${this.of(`${array}[]`, columns, depth - 1)})`;
      }
      case 11: {
        const other = this.#columnType(columns, comparable);
        const right = `${this.of(type, columns, 0)}, ${this.of(other, columns, 0)}`;
        return `(${side()}, ${this.of(other, columns, 0)}) ${this.#chance.pick(['=', '<', '<>'])} (${right})`;
      }
      default: {
        const text = this.of('text', columns, depth - 1);
        const operator = this.#chance.pick(['LIKE', 'ILIKE', 'NOT LIKE', '~', '!~*', 'SIMILAR TO']);
        return `${text} ${operator} ${quote(this.#chance.pick(['a%', '%b_', 'a', '(a|b)%', '_']))}`;
      }
    }
  }

  #not(): string {
    return this.#chance.pick(['', '', 'NOT ']);
  }

  #columnType(columns: readonly Column[], among: readonly TypeName[]): TypeName {
    const fitting = columns.filter((column) => among.includes(column.type));
    if (fitting.length > 0 && !this.#chance.oneIn(6)) return this.#chance.pick(fitting).type;
    return this.#chance.pick(['integer', 'text', 'bigint', 'numeric']);
  }

  #call(type: TypeName, columns: readonly Column[], depth: number, top: boolean): string {
    const candidates = this.#byResult.get(type) ?? [];
    if (candidates.length === 0) return this.leaf(type, columns);
    // A name with many forms should not be chosen all the time, nor a type that has no column.
    const names = new Set(candidates.map((candidate) => candidate.name));
    const name = this.#chance.pick([...names]);
    const signature = this.#chance.pick(candidates.filter((candidate) => candidate.name === name));
    const isFloat = type === 'double precision' || type === 'real';
    if (inexact.has(name) && isFloat) {
      if (!top) return this.leaf(type, columns);
      this.loose = true;
    }
    const args = signature.parameters.map((_, i) =>
      this.#argument(signature, i, columns, depth - 1),
    );
    if (!signature.operator) return `${name}(${args.join(', ')})`;
    if (args.length === 1) return `(${name} ${args[0]!})`;
    return `(${args[0]!} ${name} ${args[1]!})`;
  }

  #argument(
    signature: Signature,
    index: number,
    columns: readonly Column[],
    depth: number,
  ): string {
    const { name, parameters } = signature;
    const type = parameters[index]!;
    const other = parameters[index === 0 ? 1 : 0] ?? type;
    const { texts, range } = argumentChoice(name, index, type, other);
    const sensible = this.#options.daring !== 'risky' || !this.#chance.oneIn(25);
    if (texts !== null && sensible) return `${quote(this.#chance.pick(texts))}::text`;
    if (range !== null && sensible) {
      return `(${this.#chance.between(range[0], range[1])})::${type}`;
    }
    if (name === 'date_bin' && index === 0) return this.#chance.pick(strides);
    if (name === 'make_interval') return `(${this.#chance.between(-3, 40)})::${type}`;
    return this.of(type, columns, depth);
  }

  /** What has a syntax of its own, or takes any type. */
  #special(type: TypeName, columns: readonly Column[], depth: number): string {
    const of = (wanted: TypeName): string => this.of(wanted, columns, depth - 1);
    const anything = (): string => of(this.#columnType(columns, comparable));
    const { daring } = this.#options;
    switch (type) {
      case 'integer':
        return this.#chance.pick([
          () => `num_nulls(${anything()}, ${anything()})`,
          () => `array_length(${of('integer[]')}, 1)`,
          () => `(${of('integer[]')})[${this.#chance.between(0, 3)}]`,
          () => `nullif(${of('integer')}, ${of('integer')})`,
          () => `position(${of('text')} in ${of('text')})`,
          () => `array_ndims(${of('text[]')})`,
        ])();
      case 'text':
        return this.#chance.pick([
          () => `concat(${anything()}, ${anything()})`,
          () => `concat_ws('-', ${anything()}, ${of('text')})`,
          () => `format('%s %I %L', ${anything()}, coalesce(${of('text')}, 'n'), ${anything()})`,
          () => `(${of('text[]')})[${this.#chance.between(0, 2)}]`,
          () =>
            `trim(${this.#chance.pick(['both', 'leading', 'trailing'])} 'a ' from ${of('text')})`,
          () => `array_to_string(${of('integer[]')}, ',', '*')`,
          () => `(${of('text')} || ${anything()}::text)`,
          () => `jsonb_extract_path_text(${of('jsonb')}, 'b', '0')`,
          () => `(${of('jsonb')} #>> '{b,0}')`,
          () => `pg_typeof(${anything()})::text`,
        ])();
      case 'integer[]':
        return this.#chance.pick([
          () => `ARRAY[${of('integer')}, ${of('integer')}]`,
          () => `array_append(${this.leaf('integer[]', [])}, ${of('integer')})`,
          () => `(${of('integer[]')})[1:2]`,
          () => `array_remove(${of('integer[]')}, ${of('integer')})`,
          () => `array_replace(${of('integer[]')}, ${of('integer')}, 9)`,
        ])();
      case 'text[]':
        return this.#chance.pick([
          () => `ARRAY[${of('text')}, ${of('text')}]`,
          () => `string_to_array(${of('text')}, ${this.#chance.pick(["'a'", "''", 'NULL'])})`,
          () => `(${of('text[]')})[:1]`,
          () => `regexp_split_to_array(${of('text')}, '[ab]')`,
        ])();
      case 'json':
        return this.#chance.pick([
          () => `to_json(${anything()})`,
          () => `json_build_array(${anything()}, ${anything()})`,
          () => `json_build_object('a', ${anything()}, 'b', ${anything()})`,
          () => `row_to_json(ROW(${anything()}, ${of('text')}))`,
          () => `(${of('json')} #> '{b,1}')`,
        ])();
      case 'jsonb':
        return this.#chance.pick([
          () => `to_jsonb(${of('integer')})`,
          () => `jsonb_build_array(${of('text')}, ${of('boolean')}, ${of('date')})`,
          () => `jsonb_build_object('a', ${of('integer')}, 'b', ${of('text')})`,
          () => `(${of('jsonb')} || ${of('jsonb')})`,
          () => `(${of('jsonb')} #> '{b,1}')`,
        ])();
      case 'numeric':
        return this.#chance.pick([
          () =>
            `extract(${this.#chance.pick(['year', 'month', 'epoch', 'dow', 'week'])} from ${of(this.#chance.pick(['date', 'timestamp']))})`,
          () =>
            `extract(${this.#chance.pick(['hour', 'second', 'epoch', 'minute'])} from ${of(this.#chance.pick(['timestamp', 'interval', 'time']))})`,
          () => (daring === 'total' ? this.leaf('numeric', columns) : `round(${of('numeric')}, 2)`),
        ])();
      case 'timestamp':
        return daring === 'total'
          ? this.leaf(type, columns)
          : this.#chance.pick([
              () => `(${of('timestamptz')} AT TIME ZONE 'Europe/Berlin')`,
              () => `date_trunc('month', ${of('timestamp')})`,
            ])();
      case 'timestamptz':
        return daring === 'total'
          ? this.leaf(type, columns)
          : `(${of('timestamp')} AT TIME ZONE ${this.#chance.pick(["'America/New_York'", "'UTC'"])})`;
      default:
        if (!comparable.includes(type)) return this.leaf(type, columns);
        if (this.#chance.oneIn(2)) return `nullif(${of(type)}, ${of(type)})`;
        if (type === 'char') return this.leaf(type, columns);
        return `${this.#chance.pick(['greatest', 'least'])}(${of(type)}, ${of(type)})`;
    }
  }

  #cast(type: TypeName, columns: readonly Column[], depth: number): string {
    const { daring } = this.#options;
    const pairs = daring === 'total' ? widening : [...widening, ...narrowing];
    const from = pairs.filter(([, to]) => to === type).map(([source]) => source);
    if (type === 'text') from.push(this.#chance.pick(allTypes));
    if (daring === 'risky' && this.#chance.oneIn(4)) from.push('text');
    if (from.length === 0) return this.leaf(type, columns);
    const source = this.#chance.pick(from);
    const target = this.#castTarget(type);
    return `(${this.of(source, columns, depth - 1)})::${target}`;
  }

  #castTarget(type: TypeName): string {
    if (this.#options.daring !== 'risky' || !this.#chance.oneIn(3)) {
      return type === 'char' ? 'char(4)' : type;
    }
    switch (type) {
      case 'numeric':
        return this.#chance.pick(['numeric(8,3)', 'numeric(5)', 'numeric(20,10)']);
      case 'varchar':
        return 'varchar(3)';
      case 'timestamp':
      case 'timestamptz':
      case 'time':
      case 'timetz':
        return `${type}(${this.#chance.below(7)})`;
      default:
        return type === 'char' ? 'char(2)' : type;
    }
  }
}

function allowed({ name, parameters }: Signature, daring: Daring): boolean {
  if (daring === 'total') return total.has(name);
  return daring === 'risky' || !mayFail(name, parameters);
}
