/**
 * What a scalar function, an aggregate or a table function is to the binder and to the evaluator, and
 * the registry in which they are found by name. The registry is built once at start and then frozen;
 * there is no module-level state.
 */

import type { Datum } from '../../types/datum.ts';
import type { RegKind } from '../../types/reg-names.ts';
import type { SqlType } from '../../types/sql-type.ts';

/** What an expression may know of the world while it is evaluated. One per statement or tick. */
export interface EvalContext {
  /** now(): transaction start, µs since 1970 UTC. */
  readonly nowMicros: bigint;
  /** clock_timestamp(), µs since 1970 UTC. */
  readonly clockMicros: () => bigint;
  /** The session's TimeZone; views always run in UTC. */
  readonly timeZone: string;
  /** A value in [0, 1) for random(). */
  readonly random: () => number;
  /** What catalog functions (format_type, pg_get_viewdef, regclass casts…) read. */
  readonly catalog: CatalogReader;
  /** Values of $1, $2, … where a prepared statement's expressions are evaluated as they are. */
  readonly parameters?: readonly (Datum | null)[] | undefined;
}

/** Answers of the catalog to functions and reg* casts. Names are as PostgreSQL prints them. */
export interface CatalogReader {
  /** Session facts by name: user, database, search_path, backend_pid, version, a setting… */
  readonly setting: (name: string) => string | undefined;
  /** Oid of a relation, type, function or namespace by (maybe qualified, maybe quoted) name, or null. */
  readonly lookupOid: (catalog: RegCatalog, name: string) => number | null;
  /** Printed name of an object by oid, or null when there is none. */
  readonly nameOfOid: (catalog: RegCatalog, oid: number) => string | null;
  /** Any other catalog function, by its SQL name; see catalog/functions.ts. */
  readonly call: (name: string, args: readonly (Datum | null)[]) => Datum | null;
}

export type RegCatalog = RegKind;

/**
 * A parameter's type: concrete, or one of the polymorphic ones. `any` takes anything as it is;
 * `anyelement`, `anyarray`, `anynonarray` and `anyenum` must agree with each other within one call.
 */
export type ParameterType = SqlType | 'any' | 'anyelement' | 'anyarray' | 'anynonarray' | 'anyenum';

export interface ScalarFunction {
  /**
   * Unique and stable, e.g. `+(integer,integer)` or `lower(text)`: name plus parameter kinds. Codegen
   * templates, EXPLAIN and saved plans refer to a function by it.
   */
  readonly id: string;
  /** SQL name in lower case, or an operator's symbol. */
  readonly name: string;
  readonly operator: boolean;
  readonly parameters: readonly ParameterType[];
  /** When true the last parameter may be repeated any number of times. */
  readonly variadic: boolean;
  /** How many trailing parameters may be left out. */
  readonly optional: number;
  /** Result type, given the (resolved) argument types. */
  readonly returns: SqlType | ((args: readonly SqlType[]) => SqlType);
  /** A NULL argument gives NULL without a call. */
  readonly strict: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  /** Throws SqlError. A strict function is never called with null. */
  readonly evaluate: (args: readonly (Datum | null)[], context: EvalContext) => Datum | null;
  /**
   * Functions over `any` and the polymorphic types need to know what they were given. Resolution calls
   * this once and hands out a copy of the function with the evaluator it returns; such a copy has
   * concrete parameters, a concrete id and no `specialize`.
   */
  readonly specialize?: (args: readonly SqlType[]) => ScalarFunction['evaluate'];
}

/** The obvious accumulator of one group: the definition of an aggregate's meaning. */
export interface Accumulator {
  /** `weight` rows with these arguments came (> 0) or went (< 0). */
  add(args: readonly (Datum | null)[], weight: number): void;
  finish(): Datum | null;
}

export interface AggregateFunction {
  readonly id: string;
  readonly name: string;
  readonly parameters: readonly ParameterType[];
  readonly variadic: boolean;
  readonly returns: SqlType | ((args: readonly SqlType[]) => SqlType);
  /**
   * How the engine may keep it:
   *   counter   count, sum, avg, bool_and/or…: a few columns, add and subtract
   *   extreme   min, max: one column while input is append-only, an ordered multiset otherwise
   *   values    everything else: the group's values with their multiplicity, folded by `accumulator`
   */
  readonly state: 'counter' | 'extreme' | 'values';
  readonly accumulator: (args: readonly SqlType[], context: EvalContext) => Accumulator;
  /** Whether rows with a NULL first argument are skipped (all but count(*), array_agg, json_agg…). */
  readonly skipsNull: boolean;
  /** percentile_cont and friends: takes WITHIN GROUP (ORDER BY …). */
  readonly orderedSet: boolean;
}

/** A function in FROM: generate_series, unnest… Gives rows. */
export interface TableFunction {
  readonly id: string;
  readonly name: string;
  readonly parameters: readonly ParameterType[];
  readonly variadic: boolean;
  readonly optional: number;
  /** Columns of the result; a single column usually takes the function's name. */
  readonly columns: (
    args: readonly SqlType[],
  ) => readonly { readonly name: string; readonly type: SqlType }[];
  readonly strict: boolean;
  readonly evaluate: (
    args: readonly (Datum | null)[],
    context: EvalContext,
  ) => Iterable<readonly (Datum | null)[]>;
  /** As for scalar functions. */
  readonly specialize?: (args: readonly SqlType[]) => TableFunction['evaluate'];
  /**
   * The caller says what the rows are, in a column definition list: PostgreSQL's "returns record". Behind the
   * arguments for the parameters then stands one more, of the row type that the list describes.
   */
  readonly described?: boolean;
}

/** All functions of one engine. Lists are by lower-case name; overload choice is in resolve.ts. */
export interface FunctionRegistry {
  readonly scalars: (name: string) => readonly ScalarFunction[];
  readonly operators: (symbol: string) => readonly ScalarFunction[];
  readonly aggregates: (name: string) => readonly AggregateFunction[];
  readonly tables: (name: string) => readonly TableFunction[];
  /** Every name, for \df, hints ("did you mean") and pg_proc. */
  readonly all: () => {
    readonly scalars: readonly ScalarFunction[];
    readonly aggregates: readonly AggregateFunction[];
    readonly tables: readonly TableFunction[];
  };
}
