/** Things that fall due at a time: a binary heap. Entries may be stale; whoever pops them checks. */

export class TimeHeap<T> {
  #items: { readonly due: number; readonly item: T }[] = [];

  push(due: number, item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push({ due, item });
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.due <= items[at]!.due) return;
      [items[parent], items[at]] = [items[at]!, items[parent]!];
      at = parent;
    }
  }

  /** Takes the earliest item that is due at or before `now`. */
  popDue(now: number): { readonly due: number; readonly item: T } | undefined {
    const items = this.#items;
    const top = items[0];
    if (top === undefined || top.due > now) return undefined;
    const last = items.pop()!;
    if (items.length > 0) this.#sink(last);
    return top;
  }

  #sink(item: { readonly due: number; readonly item: T }): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]!.due < items[child]!.due) child++;
      if (items[child]!.due >= item.due) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
