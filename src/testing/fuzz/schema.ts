/** Random tables, as SQL text that PostgreSQL takes too. */

import type { Chance } from './chance.ts';
import { cellText, columnTypes, type ColumnType, type TypeName } from './value-types.ts';

export interface Column {
  readonly name: string;
  readonly type: TypeName;
  /** Equal values of it are always spelled alike. */
  readonly exact: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly (Column & {
    readonly notNull: boolean;
    readonly hasDefault: boolean;
  })[];
  /** Whether the first column, `id`, is a primary key. */
  readonly keyed: boolean;
  readonly definition: string;
}

/** The id that a table's CHECK, where it has one, refuses. */
export const forbiddenId = 777_777;

/** Two to four tables; each has an integer column, so that tables can be joined. */
export function randomTables(chance: Chance, calm: boolean): Table[] {
  return chance.some(2, 4, (index) => randomTable(chance, `t${index + 1}`, calm));
}

function randomTable(chance: Chance, name: string, calm: boolean): Table {
  const keyed = chance.oneIn(2);
  const first: ColumnType = { base: 'integer', declared: 'integer', exact: true };
  const types = [first, ...chance.some(2, 6, () => chance.pick(columnTypes))];
  const parts: string[] = [];
  const columns = types.map((type, index) => {
    const column = index === 0 ? 'id' : `c${index}`;
    if (index === 0 && keyed) {
      parts.push('id integer PRIMARY KEY');
      return { name: 'id', type: type.base, exact: true, notNull: true, hasDefault: false };
    }
    const notNull = chance.oneIn(5);
    const preset = cellText(chance, type.base, calm);
    const hasDefault = chance.oneIn(6) && fits(preset, type) && !(notNull && preset === 'NULL');
    parts.push(
      [column, type.declared, notNull && 'NOT NULL', hasDefault && `DEFAULT ${preset}`]
        .filter((part) => part !== false)
        .join(' '),
    );
    return { name: column, type: type.base, exact: type.exact, notNull, hasDefault };
  });
  if (chance.oneIn(4)) parts.push(`CHECK (id <> ${forbiddenId})`);
  const definition = `CREATE TABLE ${name} (${parts.join(', ')})`;
  return { name, columns, keyed, definition };
}

/** Constants that a declared length or precision would refuse make no good default. */
function fits(constant: string, type: ColumnType): boolean {
  return type.declared === type.base || constant === 'NULL';
}
