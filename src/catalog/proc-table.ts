/**
 * pg_proc: every function of the registry, and the input and output functions that pg_type names. Oids are
 * given by position in name order, so they are the same in every process of one release.
 */

import type {
  AggregateFunction,
  FunctionRegistry,
  ParameterType,
  ScalarFunction,
  TableFunction,
} from '../expr/functions/registry.ts';
import { formatType, oidOf } from '../types/oid.ts';
import { pgTypes } from '../types/pg-types.ts';
import type { SqlType } from '../types/sql-type.ts';

export interface Proc {
  readonly oid: number;
  readonly name: string;
  /** f: function, a: aggregate. */
  readonly kind: 'f' | 'a';
  readonly argumentOids: readonly number[];
  readonly argumentNames: readonly string[];
  readonly variadic: boolean;
  readonly optional: number;
  readonly returnOid: number;
  readonly returnName: string;
  readonly returnsSet: boolean;
  readonly strict: boolean;
  readonly volatility: 'i' | 's' | 'v';
  /** True for operators' functions, which have no name to call them by. */
  readonly operator: boolean;
}

const firstOid = 1000;
const polymorphic = new Map<string, number>([
  ['any', 2276],
  ['anyelement', 2283],
  ['anyarray', 2277],
  ['anynonarray', 2776],
  ['anyenum', 3500],
]);

export class ProcTable {
  readonly procs: readonly Proc[];
  readonly #byOid: ReadonlyMap<number, Proc>;
  readonly #byName = new Map<string, Proc[]>();

  constructor(registry: FunctionRegistry) {
    const all = registry.all();
    const drafts = [
      ...all.scalars.filter((fn) => !fn.operator).map(scalarProc),
      ...all.aggregates.map(aggregateProc),
      ...all.tables.map(tableProc),
      ...typeProcs(),
    ].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
    this.procs = drafts.map((draft, index) => ({ ...draft, oid: firstOid + index }));
    this.#byOid = new Map(this.procs.map((proc) => [proc.oid, proc]));
    for (const proc of this.procs) {
      const named = this.#byName.get(proc.name);
      if (named === undefined) this.#byName.set(proc.name, [proc]);
      else named.push(proc);
    }
  }

  byOid(oid: number): Proc | undefined {
    return this.#byOid.get(oid);
  }

  byName(name: string): readonly Proc[] {
    return this.#byName.get(name) ?? [];
  }

  /** The oid of the one function of that name, or 0. */
  oidOf(name: string): number {
    return this.#byName.get(name)?.[0]?.oid ?? 0;
  }
}

type Draft = Omit<Proc, 'oid'>;

function sortKey(proc: Draft): string {
  return `${proc.name}(${proc.argumentOids.join(',')})${proc.kind}`;
}

function parameterOid(type: ParameterType): number {
  return typeof type === 'string' ? polymorphic.get(type)! : oidOf(type);
}

/** A result type that depends on the arguments is shown as PostgreSQL's anyelement. */
function returnsOf(returns: SqlType | ((args: readonly SqlType[]) => SqlType)): {
  returnOid: number;
  returnName: string;
} {
  if (typeof returns === 'function') return { returnOid: 2283, returnName: 'anyelement' };
  return { returnOid: oidOf(returns), returnName: formatType(returns) };
}

function scalarProc(fn: ScalarFunction): Draft {
  return {
    name: fn.name,
    kind: 'f',
    argumentOids: fn.parameters.map(parameterOid),
    argumentNames: fn.parameters.map(parameterName),
    variadic: fn.variadic,
    optional: fn.optional,
    ...returnsOf(fn.returns),
    returnsSet: false,
    strict: fn.strict,
    volatility: fn.volatility.charAt(0) as 'i' | 's' | 'v',
    operator: fn.operator,
  };
}

function aggregateProc(fn: AggregateFunction): Draft {
  return {
    name: fn.name,
    kind: 'a',
    argumentOids: fn.parameters.map(parameterOid),
    argumentNames: fn.parameters.map(parameterName),
    variadic: fn.variadic,
    optional: 0,
    ...returnsOf(fn.returns),
    returnsSet: false,
    strict: false,
    volatility: 'i',
    operator: false,
  };
}

function tableProc(fn: TableFunction): Draft {
  return {
    name: fn.name,
    kind: 'f',
    argumentOids: fn.parameters.map(parameterOid),
    argumentNames: fn.parameters.map(parameterName),
    variadic: fn.variadic,
    optional: fn.optional,
    returnOid: 2249,
    returnName: 'record',
    returnsSet: true,
    strict: fn.strict,
    volatility: 'i',
    operator: false,
  };
}

function parameterName(type: ParameterType): string {
  return typeof type === 'string' ? (type === 'any' ? '"any"' : type) : formatType(type);
}

/** Drivers look for these by name: `array_in`, `boolrecv`… */
function typeProcs(): Draft[] {
  const names = new Set<string>();
  for (const type of pgTypes) {
    for (const name of [type.input, type.output, type.receive, type.send]) names.add(name);
    for (const name of [type.typmodIn, type.typmodOut, type.subscript]) names.add(name);
  }
  for (const name of ['enum_in', 'enum_out', 'enum_recv', 'enum_send']) names.add(name);
  names.delete('-');
  return [...names].map((name) => ({
    name,
    kind: 'f',
    argumentOids: [2281],
    argumentNames: ['internal'],
    variadic: false,
    optional: 0,
    returnOid: 2281,
    returnName: 'internal',
    returnsSet: false,
    strict: true,
    volatility: 'i',
    operator: false,
  }));
}
