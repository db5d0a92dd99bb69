/**
 * The labels of one enum type, shared by everything that has a column or an expression of it. A value of the type is
 * a number, the place of its label in the order of the type, so that stored rows, keys and running views
 * stay right when labels are added or renamed; only reading and printing text asks here. Labels keep their
 * number for ever. Whoever owns the catalog (or a copy of it, in a worker) fills this in; the rest reads.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import { quoteName } from '../base/identifier.ts';

export interface EnumLabel {
  /** The row's oid in pg_enum. */
  readonly oid: number;
  readonly label: string;
  /** Values compare by it; finite, whole until a label was put between two others. */
  readonly order: number;
}

/** What a type is besides its oid; plain data. */
export interface EnumDefinition {
  readonly oid: number;
  readonly arrayOid: number;
  readonly schema: string;
  readonly name: string;
  /** In their order. */
  readonly labels: readonly EnumLabel[];
}

export class EnumLabels {
  readonly oid: number;
  #definition: EnumDefinition | null = null;
  #orders: ReadonlyMap<string, number> = new Map();
  #labels: ReadonlyMap<number, string> = new Map();

  constructor(oid: number) {
    this.oid = oid;
  }

  /** Takes the definition in the place of what was known. */
  define(definition: EnumDefinition): void {
    const { oid, arrayOid, schema, name, labels } = definition;
    this.#definition = { oid, arrayOid, schema, name, labels };
    this.#orders = new Map(labels.map(({ label, order }) => [label, order]));
    this.#labels = new Map(labels.map(({ label, order }) => [order, label]));
  }

  get isDefined(): boolean {
    return this.#definition !== null;
  }

  get definition(): EnumDefinition {
    return must(this.#definition, `labels of enum ${this.oid}`);
  }

  /** The type's name as one reads it whose search path is the default. */
  get shownName(): string {
    const { schema, name } = this.definition;
    const shown = quoteName(name);
    return schema === 'public' ? shown : `${quoteName(schema)}.${shown}`;
  }

  /** The value that a label stands for; 22P02 when the type has no such label. */
  orderOf(label: string): number {
    const order = this.#orders.get(label);
    if (order !== undefined) return order;
    throw new SqlError(
      sqlstate.invalidTextRepresentation,
      `invalid input value for enum ${this.shownName}: "${label}"`,
    );
  }

  labelOf(order: number): string {
    return must(this.#labels.get(order), `label ${order} of enum ${this.oid}`);
  }

  /** A type written as JSON names its labels by its oid alone. */
  toJSON(): undefined {
    return undefined;
  }
}

/** Labels by the oid of their type; what is not defined yet is there to be filled in. */
export class EnumRegistry {
  readonly #types = new Map<number, EnumLabels>();
  #version = 0;

  /** Rises with each definition; copies elsewhere tell by it whether they are old. */
  get version(): number {
    return this.#version;
  }

  of(oid: number): EnumLabels {
    let labels = this.#types.get(oid);
    if (labels === undefined) {
      labels = new EnumLabels(oid);
      this.#types.set(oid, labels);
    }
    return labels;
  }

  define(definition: EnumDefinition): void {
    this.of(definition.oid).define(definition);
    this.#version++;
  }

  /** What is defined, as plain data. */
  definitions(): readonly EnumDefinition[] {
    return [...this.#types.values()].flatMap((labels) =>
      labels.isDefined ? [labels.definition] : [],
    );
  }
}
