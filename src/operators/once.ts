/**
 * State of something that happens once in the life of a dataflow, such as the emission of constant rows:
 * a table of one row that exists once it is done, so that a restart does not do it again.
 */

import { KeyedTable } from '../state/keyed-table.ts';

export class Once {
  readonly table = new KeyedTable({ name: 'once', keys: [] });

  /** True the first time ever. */
  take(): boolean {
    if (this.table.rows > 0) return false;
    this.table.findOrAdd([], 1, new Int32Array(1));
    return true;
  }
}
