/**
 * Reads a saved dataflow plan (encode.ts) back: `decodePlan(encodePlan(p))` is p, but for source positions.
 * The bytes are ours, so anything unexpected is an assertion; a function that no longer exists is named.
 */

import { AssertionFailed, assert, must } from '../base/assert.ts';
import { ByteReader } from '../base/bytes.ts';
import { spellingAggregates } from '../expr/aggregates-spelling.ts';
import type { Expr } from '../expr/expr.ts';
import type {
  AggregateFunction,
  FunctionRegistry,
  ScalarFunction,
  TableFunction,
} from '../expr/functions/registry.ts';
import { resolveFunction, resolveOperator } from '../expr/resolve.ts';
import { decodeDatum } from '../types/row-codec.ts';
import type { Datum } from '../types/datum.ts';
import type { EnumRegistry } from '../types/enum-labels.ts';
import { enumOf, type SqlType } from '../types/sql-type.ts';
import type { ColumnSpec, DataflowPlan, JoinTime, NodeSpec, OrderSpec } from './dataflow-plan.ts';
import { planFormatVersion } from './encode.ts';
import type { Json } from './encode.ts';
import { boolean, fields, number, numbers, string } from './json-read.ts';
import type { FrameBound, RelationRef, WindowFrame } from './logical.ts';

export function decodePlan(
  text: string,
  functions: FunctionRegistry,
  enums: EnumRegistry,
): DataflowPlan {
  const [version, root, fingerprint, nodes] = fields(JSON.parse(text) as Json);
  assert(version === planFormatVersion, `saved plan of version ${String(version)}`);
  const decoder = new PlanDecoder(functions, enums);
  return {
    root: number(root),
    fingerprint: string(fingerprint),
    nodes: fields(nodes).map((node, id) => decoder.node(node, id)),
  };
}

class PlanDecoder {
  readonly #scalars: ReadonlyMap<string, ScalarFunction>;
  readonly #aggregates: ReadonlyMap<string, AggregateFunction>;
  readonly #tables: ReadonlyMap<string, TableFunction>;

  readonly #functions: FunctionRegistry;
  readonly #enums: EnumRegistry;

  constructor(functions: FunctionRegistry, enums: EnumRegistry) {
    this.#functions = functions;
    this.#enums = enums;
    const all = functions.all();
    this.#scalars = new Map(all.scalars.map((fn) => [fn.id, fn]));
    this.#aggregates = new Map([...all.aggregates, ...spellingAggregates].map((fn) => [fn.id, fn]));
    this.#tables = new Map(all.tables.map((fn) => [fn.id, fn]));
  }

  node(json: Json | undefined, id: number): NodeSpec {
    const [spec, columns, appendOnly, key, names] = fields(json);
    const base = {
      id,
      columns: fields(columns).map((column) => columnFrom(column, this.#enums)),
      appendOnly: boolean(appendOnly),
      key: key === null ? null : numbers(key),
    };
    const [kind, inputs, ...rest] = fields(spec);
    const own = this.#fields(string(kind), rest, names);
    return { ...base, inputs: numbers(inputs), ...own } as unknown as NodeSpec;
  }

  #fields(kind: string, json: readonly Json[], names: Json | undefined): object {
    const [a, b, c, d, e, f] = json;
    switch (kind) {
      case 'scan': {
        const [schemaName, name] = fields(names);
        const relation: RelationRef = {
          oid: number(a),
          schemaName: string(schemaName),
          name: string(name),
          kind: string(b) as RelationRef['kind'],
          appendOnly: boolean(c),
          ...(d === null ? {} : { keys: fields(d).map(numbers) }),
        };
        return { kind, relation, ordinals: numbers(e) };
      }
      case 'values':
        return { kind, rows: fields(a).map((row) => this.#exprs(row)) };
      case 'map':
        return { kind, predicate: this.#optional(a), exprs: this.#exprs(b) };
      case 'window': {
        const fn = string(a);
        const size = number(b);
        const step = number(c);
        const offset = number(d);
        const window =
          fn === 'hop'
            ? { fn, size, slide: step, offset }
            : fn === 'cumulate'
              ? { fn, size, step, offset }
              : { fn, size, offset };
        const byClock = f === 'clock';
        const lateness = f === null || byClock ? null : number(f);
        return { kind, window, timeColumn: number(e), lateness, byClock };
      }
      case 'session':
        return {
          kind,
          gap: number(a),
          partitionBy: numbers(b),
          timeColumn: number(c),
          lateness: d === null ? null : number(d),
        };
      case 'session-aggregate': {
        const [gap, partitionBy, timeColumn, lateness] = fields(a);
        return {
          kind,
          gap: number(gap),
          partitionBy: numbers(partitionBy),
          timeColumn: number(timeColumn),
          lateness: lateness === null ? null : number(lateness),
          bounds: fields(b).map(string),
          exprs: this.#exprs(c),
          calls: fields(d).map((call) => this.#aggregateCall(call)),
          emit: string(e),
        };
      }
      case 'aggregate':
        return {
          kind,
          keys: numbers(a),
          calls: fields(b).map((call) => this.#aggregateCall(call)),
          insertOnly: boolean(c),
          window: d === null ? null : windowFrom(d),
          emit: string(e),
          global: boolean(f),
        };
      case 'join':
        return {
          kind,
          type: string(a),
          leftKeys: numbers(b),
          rightKeys: numbers(c),
          nullSafe: fields(d).map(boolean),
          residual: this.#optional(e),
          time: f === null ? null : joinTimeFrom(f),
        };
      case 'lookup-join':
        return {
          kind,
          type: string(a),
          leftKeys: numbers(b),
          rightKeys: numbers(c),
          nullSafe: fields(d).map(boolean),
          residual: this.#optional(e),
          awaitsRight: boolean(f),
        };
      case 'union':
      case 'distinct':
        return { kind };
      case 'set':
        return { kind, op: string(a), all: boolean(b) };
      case 'top-n':
        return {
          kind,
          partitionBy: numbers(a),
          order: orderFrom(b),
          limit: c === null ? null : number(c),
          offset: number(d),
          withTies: boolean(e),
          numbers: f === undefined ? 0 : number(f),
        };
      case 'over':
        return {
          kind,
          partitionBy: numbers(a),
          order: orderFrom(b),
          calls: fields(c).map((call) => this.#overCall(call)),
        };
      case 'flat-map': {
        const args = this.#exprs(b);
        const fn = this.#table(
          a,
          args.map((arg) => arg.type),
        );
        return { kind, fn, args, ordinality: boolean(c), outer: boolean(d) };
      }
      case 'single-row':
        return { kind, keys: numbers(a) };
      case 'recursion':
        return { kind, loop: number(a), all: boolean(b), name: string(fields(names)[0]) };
      case 'recursion-end':
        return { kind, once: boolean(a) };
      default:
        throw assertionOf(`node kind ${kind}`);
    }
  }

  #aggregateCall(json: Json): object {
    const [fn, args, distinct, filter, orderBy, type] = fields(json);
    return {
      fn: known(this.#aggregates, string(fn)),
      args: numbers(args),
      distinct: boolean(distinct),
      filter: filter === null ? null : number(filter),
      orderBy: orderFrom(orderBy),
      type: typeFrom(type, this.#enums),
    };
  }

  #overCall(json: Json): object {
    const [name, aggregate, args, filter, frame, type] = fields(json);
    return {
      name: string(name),
      aggregate: aggregate === null ? null : known(this.#aggregates, string(aggregate)),
      args: numbers(args),
      filter: filter === null ? null : number(filter),
      frame: this.#frame(frame),
      type: typeFrom(type, this.#enums),
    };
  }

  #frame(json: Json | undefined): WindowFrame {
    const [mode, start, end, exclude] = fields(json);
    const bound = (value: Json | undefined): FrameBound => {
      const [kind, offset] = fields(value);
      return { kind: string(kind) as FrameBound['kind'], offset: this.#optional(offset) };
    };
    return {
      mode: string(mode) as WindowFrame['mode'],
      start: bound(start),
      end: bound(end),
      exclude: string(exclude) as WindowFrame['exclude'],
    };
  }

  /** By id; a function made for its argument types is made again. */
  #scalar(json: Json | undefined, args: readonly SqlType[]): ScalarFunction {
    const id = string(json);
    const fn = this.#scalars.get(id);
    if (fn !== undefined) return fn;
    const name = nameOf(id);
    const resolved = /^[a-z_]/.test(name)
      ? resolveFunction(this.#functions, name, args).fn
      : resolveOperator(this.#functions, name, args.length > 1 ? args[0]! : null, args.at(-1)!).fn;
    assert(resolved.id === id, `saved plan uses the unknown function ${id}`);
    return resolved;
  }

  /** A table function over polymorphic parameters is made for its arguments, as resolution does. */
  #table(json: Json | undefined, args: readonly SqlType[]): TableFunction {
    const { specialize, ...fn } = known(this.#tables, string(json));
    if (specialize === undefined) return fn;
    return { ...fn, parameters: args, evaluate: specialize(args) };
  }

  #optional(json: Json | undefined): Expr | null {
    return json === null ? null : this.#expr(json);
  }

  #exprs(json: Json | undefined): Expr[] {
    return fields(json).map((expr) => this.#expr(expr));
  }

  #expr(json: Json | undefined): Expr {
    const [kindJson, typeJson, a, b, c, d] = fields(json);
    const kind = string(kindJson) as Expr['kind'];
    const type = typeFrom(typeJson, this.#enums);
    switch (kind) {
      case 'column':
      case 'parameter':
        return { kind, type, index: number(a) };
      case 'constant':
        return { kind, type, value: a === null ? null : datumFromText(string(a), type) };
      case 'call': {
        const args = this.#exprs(b);
        const fn = this.#scalar(
          a,
          args.map((arg) => arg.type),
        );
        return { kind, type, fn, args };
      }
      case 'cast':
        return {
          kind,
          type,
          mode: string(a) as 'implicit' | 'assignment' | 'explicit',
          arg: this.#expr(b),
        };
      case 'and':
      case 'or':
      case 'coalesce':
        return { kind, type, args: this.#exprs(a) };
      case 'not':
        return { kind, type, arg: this.#expr(a) };
      case 'is-null':
        return { kind, type, negated: boolean(a), arg: this.#expr(b) };
      case 'is-truth':
        return {
          kind,
          type,
          negated: boolean(a),
          truth: b === null ? null : boolean(b),
          arg: this.#expr(c),
        };
      case 'is-distinct':
        return { kind, type, negated: boolean(a), left: this.#expr(b), right: this.#expr(c) };
      case 'case':
        return {
          kind,
          type,
          branches: fields(a).map((branch) => {
            const [when, then] = fields(branch);
            return { when: this.#expr(when), then: this.#expr(then) };
          }),
          otherwise: this.#expr(b),
        };
      case 'in-list': {
        const arg = this.#expr(c);
        const list = this.#exprs(d);
        const fn = this.#scalar(a, [arg.type, list[0]?.type ?? arg.type]);
        return { kind, type, fn, negated: boolean(b), arg, list };
      }
      case 'quantified': {
        const arg = this.#expr(c);
        const array = this.#expr(d);
        const element = array.type.kind === 'array' ? array.type.element : array.type;
        return {
          kind,
          type,
          fn: this.#scalar(a, [arg.type, element]),
          all: boolean(b),
          arg,
          array,
        };
      }
      case 'array':
        return { kind, type, elements: this.#exprs(a) };
      case 'row':
        return { kind, type, fields: this.#exprs(a) };
      case 'field':
        return { kind, type, index: number(a), arg: this.#expr(b) };
      case 'outer':
      case 'subquery':
        throw assertionOf(`${kind} in a saved plan`);
    }
  }
}

/** `lower` of `lower(text)`, `+` of `+(integer,integer)`. */
function nameOf(id: string): string {
  return id.slice(0, id.indexOf('('));
}

function known<F>(functions: ReadonlyMap<string, F>, id: string): F {
  return must(functions.get(id), `saved plan uses the unknown function ${id}`);
}

export function typeFrom(json: Json | undefined, enums: EnumRegistry): SqlType {
  if (typeof json === 'string') return { kind: json } as SqlType;
  const [kindJson, a, b, c] = fields(json);
  const kind = string(kindJson);
  const size = (value: Json | undefined): number | null => (value === null ? null : number(value));
  switch (kind) {
    case 'numeric': {
      const type = { kind, precision: size(a), scale: size(b) } as const;
      return c === null ? type : { ...type, fixedScale: number(c) };
    }
    case 'varchar':
    case 'char':
      return { kind, length: size(a) };
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return { kind, precision: size(a) };
    case 'enum':
      return enumOf(enums.of(number(a)));
    case 'array':
      return { kind, element: typeFrom(a, enums) };
    case 'row':
      return {
        kind,
        fields: fields(a).map((field) => {
          const [name, type, declared] = fields(field);
          return {
            name: string(name),
            ...(declared === undefined ? {} : { declaredName: string(declared) }),
            type: typeFrom(type, enums),
          };
        }),
      };
    case 'map':
      return { kind, key: typeFrom(a, enums), value: typeFrom(b, enums) };
    default:
      throw assertionOf(`type ${kind}`);
  }
}

function datumFromText(text: string, type: SqlType): Datum | null {
  const bytes = Buffer.from(text, 'hex');
  return decodeDatum(new ByteReader(bytes), type);
}

function columnFrom(json: Json, enums: EnumRegistry): ColumnSpec {
  const [name, type, nullable] = fields(json);
  return { name: string(name), type: typeFrom(type, enums), nullable: boolean(nullable) };
}

function orderFrom(json: Json | undefined): OrderSpec[] {
  return fields(json).map((key) => {
    const [column, descending, nullsFirst] = fields(key);
    return {
      column: number(column),
      descending: boolean(descending),
      nullsFirst: boolean(nullsFirst),
    };
  });
}

function joinTimeFrom(json: Json | undefined): JoinTime {
  const [forget, lateBy, delay, rowWatermarks] = fields(json);
  const side = (i: number): JoinTime['forget'][0] => {
    const each = fields(forget)[i]!;
    if (each === null) return null;
    const [column, offset, settled] = fields(each);
    if (settled === null) return { column: number(column), offset: number(offset), settled };
    const [settledColumn, settledOffset] = numbers(settled);
    return {
      column: number(column),
      offset: number(offset),
      settled: { column: settledColumn!, offset: settledOffset! },
    };
  };
  const late = fields(lateBy).map((each) => (each === null ? null : number(each)));
  return {
    forget: [side(0), side(1)],
    lateBy: [late[0] ?? null, late[1] ?? null],
    delay: number(delay),
    rowWatermarks: boolean(rowWatermarks),
  };
}

function windowFrom(json: Json | undefined): object {
  const [start, end, lateness] = fields(json);
  return {
    start: start === null ? null : number(start),
    end: number(end),
    lateness: number(lateness),
  };
}

function assertionOf(what: string): Error {
  return new AssertionFailed(`saved plan holds an unknown ${what}`);
}
