/**
 * The tick of the last checkpoint, kept so that no tick is counted twice in the life of a database, even where
 * the clock of the machine was set back between two lives of the process.
 */

import { assert } from '../base/assert.ts';
import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { StateTable } from '../state/state-table.ts';

/** More ticks than can have passed since a checkpoint. */
const unknownTicks = 1_000_000_000;

export class TickMark implements StateTable {
  readonly name = 'tick';
  readonly rows = 1;
  readonly bytes = 0;
  dirty = false;
  #tick = 0;

  /** A tick has changed something. */
  set(tick: number): void {
    this.#tick = tick;
    this.dirty = true;
  }

  /** A tick after all of former lives. */
  get unused(): number {
    return this.#tick === 0 ? 0 : this.#tick + unknownTicks;
  }

  writeDelta(writer: ByteWriter): void {
    this.writeBase(writer);
  }

  writeBase(writer: ByteWriter): void {
    writer.uint8(1);
    writer.float64(this.#tick);
    this.dirty = false;
  }

  load(reader: ByteReader): void {
    assert(reader.uint8() === 1, 'the mark of the tick has another version');
    this.#tick = reader.float64();
    this.dirty = false;
  }
}
