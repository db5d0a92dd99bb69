/**
 * The types of a statement's parameters ($1, $2, …): given by the client, or taken from the first place
 * that wants a type, as PostgreSQL infers them.
 */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { ParameterExpr } from '../expr/expr.ts';
import { formatType, sameType } from '../types/oid.ts';
import { types, type SqlType } from '../types/sql-type.ts';

/** More cannot be sent over the wire protocol. */
const parametersMax = 65535;

export class ParameterTypes {
  readonly #types: (SqlType | undefined)[] = [];
  readonly #firstUse: (number | undefined)[] = [];

  /** `oids`: 0 or missing means "infer". */
  constructor(oids: readonly number[], typeOfOid: (oid: number) => SqlType | null) {
    for (const [index, oid] of oids.entries()) {
      if (oid === 0 || oid === 705) continue;
      const type = typeOfOid(oid);
      if (type === null) {
        throw new SqlError(sqlstate.undefinedObject, `type with OID ${oid} does not exist`);
      }
      this.#types[index] = type;
    }
  }

  /** A reference to $number; its type is `unknown` while nothing has asked for one. */
  reference(number: number, at: number): ParameterExpr {
    if (number < 1 || number > parametersMax) {
      throw new SqlError(sqlstate.undefinedParameter, `there is no parameter $${number}`, {
        position: at,
      });
    }
    this.#firstUse[number - 1] ??= at;
    const type = this.#types[number - 1] ?? types.unknown;
    return { kind: 'parameter', index: number, type, at };
  }

  /** The parameter, which the context wants to be a `type`. */
  decide(parameter: ParameterExpr, type: SqlType): ParameterExpr {
    const known = this.#types[parameter.index - 1];
    if (known === undefined) this.#types[parameter.index - 1] = type;
    else if (!sameType(known, type)) {
      throw new SqlError(
        sqlstate.ambiguousParameter,
        `inconsistent types deduced for parameter $${parameter.index}`,
        { detail: `${formatType(known)} versus ${formatType(type)}`, position: parameter.at },
      );
    }
    return { ...parameter, type: known ?? type };
  }

  /** The highest number that is given or used. */
  get count(): number {
    return Math.max(this.#types.length, this.#firstUse.length);
  }

  /** All types, once the statement is bound; 42P18 for one that nothing decided. */
  finish(): readonly SqlType[] {
    const all: SqlType[] = [];
    for (let index = 0; index < this.count; index++) {
      const type = this.#types[index];
      if (type === undefined) throw undecidedParameter(index + 1, this.#firstUse[index]);
      all.push(type);
    }
    return all;
  }
}

/** 42P18: nothing says what type a parameter has. */
export function undecidedParameter(number: number, position: number | undefined): SqlError {
  return new SqlError(
    sqlstate.indeterminateDatatype,
    `could not determine data type of parameter $${number}`,
    { position },
  );
}
