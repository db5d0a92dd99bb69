/** The reg* types: oids that are written as names of catalog objects, and what is said of unknown names. */

import { SqlError, sqlstate } from '../base/errors.ts';

export const regKinds = [
  'regclass',
  'regtype',
  'regproc',
  'regprocedure',
  'regnamespace',
  'regrole',
  'regoper',
  'regoperator',
] as const;

export type RegKind = (typeof regKinds)[number];

/** How "no object" is written; `-` is the name of an operator. */
export function nothingOf(kind: RegKind): '-' | '0' {
  return kind === 'regoper' || kind === 'regoperator' ? '0' : '-';
}

/** The name of something that is not there. */
export function missingRegName(kind: RegKind, name: string): SqlError {
  switch (kind) {
    case 'regclass':
      return new SqlError(sqlstate.undefinedTable, `relation "${name}" does not exist`);
    case 'regtype':
      return new SqlError(sqlstate.undefinedObject, `type "${name}" does not exist`);
    case 'regproc':
    case 'regprocedure':
      return new SqlError(sqlstate.undefinedFunction, `function "${name}" does not exist`);
    case 'regnamespace':
      return new SqlError(sqlstate.invalidSchemaName, `schema "${name}" does not exist`);
    case 'regrole':
      return new SqlError(sqlstate.undefinedObject, `role "${name}" does not exist`);
    case 'regoperator':
      if (!name.includes('(')) {
        return new SqlError(sqlstate.invalidTextRepresentation, 'expected a left parenthesis');
      }
      return new SqlError(sqlstate.undefinedFunction, `operator does not exist: ${name}`);
    case 'regoper':
      return new SqlError(sqlstate.undefinedFunction, `operator does not exist: ${name}`);
  }
}
