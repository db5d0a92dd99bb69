/** Objects by entry id, in pages that exist where there are any: few among millions cost little, and none are moved. */

const pageBits = 10;
const pageSize = 1 << pageBits;

export class ObjectColumn<T extends object = object> {
  readonly #pages: ((T | null)[] | undefined)[] = [];
  /** How many entries have one. */
  size = 0;

  get bytes(): number {
    return this.#pages.length * 8 + this.size * 64;
  }

  get(entry: number): T | null {
    return this.#pages[entry >> pageBits]?.[entry & (pageSize - 1)] ?? null;
  }

  set(entry: number, value: T | null): void {
    const number = entry >> pageBits;
    let page = this.#pages[number];
    if (page === undefined) {
      if (value === null) return;
      while (this.#pages.length <= number) this.#pages.push(undefined);
      page = new Array<T | null>(pageSize).fill(null);
      this.#pages[number] = page;
    }
    const at = entry & (pageSize - 1);
    this.size += (value === null ? 0 : 1) - (page[at] === null ? 0 : 1);
    page[at] = value;
  }
}
