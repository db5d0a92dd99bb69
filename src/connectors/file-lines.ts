/**
 * Cuts the bytes of a growing file into records: lines, or CSV records whose quoted fields may hold line
 * breaks. A record counts only when its line break is there; what is cut short waits for more. Offsets
 * are byte positions in the file, so that reading can begin anew at any record's start.
 */

export interface LineOptions {
  readonly kind: 'lines' | 'csv';
  /** CSV: bytes of the quote, the delimiter and the escape; -1: there is none. */
  readonly quote: number;
  readonly delimiter: number;
  readonly escape: number;
  /** CSV: lines that begin with # are no data, so that none of them is the header. */
  readonly comments: boolean;
  /** The first record of the file is its header, and no data. */
  readonly header: boolean;
  /** Keep blank lines as records (a CSV file of one column). */
  readonly keepBlank: boolean;
  /** Longest record; what is longer is refused and passed over. */
  readonly recordBytesMax: number;
}

/** Records found in one buffer: record i is bytes[starts[i] .. ends[i]) at file position offsets[i]. */
export interface CutRecords {
  readonly bytes: Uint8Array;
  /** File position of bytes[0], and of bytes[0] of the next cut. */
  readonly base: number;
  readonly nextBase: number;
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly offsets: Float64Array;
  /** File position after each record's line break. */
  readonly nextOffsets: Float64Array;
  /** File positions of records that were too long. */
  readonly tooLong: readonly number[];
  /** File position up to which everything is dealt with. */
  readonly nextOffset: number;
}

const lineFeed = 10;
const carriageReturn = 13;
/** Readers of text may read this far past a record's end. */
const padding = 16;
const hash = 35;

/** Whether a record is a comment, in a format that has them. */
export function isComment(
  options: Pick<LineOptions, 'comments'>,
  bytes: Uint8Array,
  start: number,
): boolean {
  return options.comments && bytes[start] === hash;
}

export class LineCutter {
  readonly #options: LineOptions;
  /** Bytes of a record that has not ended yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** File position of the first byte of `#rest`. */
  #position: number;
  #headerDue: boolean;
  /** Where a record that is too long began, until its line break is found; -1: none. */
  #skipFrom = -1;
  // Where the scan of `#rest` stopped, and in which state.
  #scanned = 0;
  #quoted = false;
  #fieldStart = true;

  constructor(options: LineOptions, position: number) {
    this.#options = options;
    this.#position = position;
    this.#headerDue = options.header && position === 0;
  }

  /** File position of the first byte that is not in a finished record. */
  get position(): number {
    return this.#skipFrom < 0 ? this.#position : this.#skipFrom;
  }

  /** Position of the next byte to feed. */
  get fed(): number {
    return this.#position + this.#rest.length;
  }

  /** Takes the next bytes of the file; `last` says that the file ends here for good. */
  feed(chunk: Uint8Array, last = false): CutRecords {
    const size = this.#rest.length + chunk.length;
    const bytes = Buffer.allocUnsafeSlow(size + padding);
    bytes.set(this.#rest, 0);
    bytes.set(chunk, this.#rest.length);
    bytes.fill(0, size);
    const cut = new RecordList(bytes, this.#position);
    let start = this.#position === 0 && hasByteOrderMark(bytes, size) ? 3 : 0;
    if (start > 0) this.#scanned = Math.max(this.#scanned, start);
    for (;;) {
      const end = this.#recordEnd(bytes, size);
      if (end < 0) break;
      this.#take(cut, start, end, end + 1);
      start = end + 1;
    }
    if (last && (start < size || this.#skipFrom >= 0)) {
      this.#take(cut, start, size, size);
      start = size;
    }
    if (size - start > this.#options.recordBytesMax) {
      if (this.#skipFrom < 0) this.#skipFrom = this.#position + start;
      start = size;
    }
    this.#rest = Uint8Array.prototype.slice.call(bytes, start, size);
    this.#scanned = Math.max(0, this.#scanned - start);
    this.#position += start;
    return cut.finish(this.#position, this.position);
  }

  /** Where the record that begins at or before `#scanned` ends (its line feed), or -1. */
  #recordEnd(bytes: Buffer, size: number): number {
    if (this.#options.kind === 'lines' || this.#skipFrom >= 0) {
      const found = bytes.indexOf(lineFeed, this.#scanned);
      const end = found >= 0 && found < size ? found : -1;
      this.#scanned = end < 0 ? size : end + 1;
      return end;
    }
    const { quote, delimiter, escape } = this.#options;
    for (let at = this.#scanned; at < size; at++) {
      const byte = bytes[at]!;
      if (byte === escape && escape !== quote) {
        if (at + 1 >= size) {
          this.#scanned = at;
          return -1;
        }
        at++;
        this.#fieldStart = false;
      } else if (byte === quote && (this.#quoted || this.#fieldStart)) {
        // A doubled quote ends and begins again, which comes to the same.
        this.#fieldStart = this.#quoted;
        this.#quoted = !this.#quoted;
      } else if (!this.#quoted) {
        if (byte === lineFeed) {
          this.#fieldStart = true;
          this.#scanned = at + 1;
          return at;
        }
        this.#fieldStart = byte === delimiter;
      }
    }
    this.#scanned = size;
    return -1;
  }

  #take(cut: RecordList, start: number, end: number, next: number): void {
    if (this.#skipFrom >= 0) {
      cut.tooLong.push(this.#skipFrom);
      this.#skipFrom = -1;
      this.#headerDue = false;
      this.#quoted = false;
      this.#fieldStart = true;
      return;
    }
    const bytes = cut.bytes;
    const textEnd = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
    if (this.#headerDue) {
      this.#headerDue = isComment(this.#options, bytes, start);
      return;
    }
    if (textEnd === start && !this.#options.keepBlank) return;
    if (textEnd - start > this.#options.recordBytesMax) {
      cut.tooLong.push(this.#position + start);
      return;
    }
    cut.add(start, textEnd, next);
  }
}

function hasByteOrderMark(bytes: Uint8Array, size: number): boolean {
  return size >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Growing arrays of what was cut. */
class RecordList {
  readonly bytes: Uint8Array;
  readonly tooLong: number[] = [];
  readonly #base: number;
  #count = 0;
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);
  #offsets = new Float64Array(256);
  #nextOffsets = new Float64Array(256);

  constructor(bytes: Uint8Array, base: number) {
    this.bytes = bytes;
    this.#base = base;
  }

  add(start: number, end: number, next: number): void {
    if (this.#count === this.#starts.length) this.#grow();
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#offsets[this.#count] = this.#base + start;
    this.#nextOffsets[this.#count] = this.#base + next;
    this.#count += 1;
  }

  finish(nextBase: number, nextOffset: number): CutRecords {
    return {
      bytes: this.bytes,
      base: this.#base,
      nextBase,
      count: this.#count,
      starts: this.#starts,
      ends: this.#ends,
      offsets: this.#offsets,
      nextOffsets: this.#nextOffsets,
      tooLong: this.tooLong,
      nextOffset,
    };
  }

  #grow(): void {
    const capacity = this.#starts.length * 2;
    const starts = new Int32Array(capacity);
    starts.set(this.#starts);
    this.#starts = starts;
    const ends = new Int32Array(capacity);
    ends.set(this.#ends);
    this.#ends = ends;
    const offsets = new Float64Array(capacity);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
    const nextOffsets = new Float64Array(capacity);
    nextOffsets.set(this.#nextOffsets);
    this.#nextOffsets = nextOffsets;
  }
}
