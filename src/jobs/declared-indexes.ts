/** Which indexes the relations of the engine are to keep. Their contents are the relations' own. */

import type { IndexObject } from '../catalog/objects.ts';
import type { RelationStore } from '../state/relation-store.ts';

export class DeclaredIndexes {
  readonly #indexes = new Map<number, IndexObject>();

  add(index: IndexObject): void {
    this.#indexes.set(index.oid, index);
  }

  has(oid: number): boolean {
    return this.#indexes.has(oid);
  }

  /** The relation that the index of that oid was for; null when it is no index. */
  remove(oid: number): number | null {
    const index = this.#indexes.get(oid);
    if (index === undefined) return null;
    this.#indexes.delete(oid);
    return index.relation;
  }

  /** Tells a relation's store what to keep. */
  apply(relation: number, store: RelationStore): void {
    const own = [...this.#indexes.values()].filter((index) => index.relation === relation);
    store.declareIndexes(own.map((index) => index.key));
  }
}
