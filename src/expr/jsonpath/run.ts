/**
 * Runs a path over a document, by PostgreSQL's rules: lax paths unwrap arrays, wrap single values and pass
 * over what does not fit; strict ones make faults of it. Items are handed to a sink as they are found, depth
 * first; a call that only asks whether there are any stops at the first. Work is bounded by `stepsMax`.
 */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { Decimal } from '../../types/decimal.ts';
import { isJsonObject, jsonObject, type JsonTree } from '../../types/jsonb.ts';
import {
  anyDepth,
  predicateOf,
  type JsonPath,
  type PathChain,
  type PathHead,
  type PathRange,
  type PathStep,
} from '../../types/jsonpath.ts';
import { containerPlaces, type ContainerPlaces } from './container-place.ts';
import {
  childrenOf,
  isArrayItem,
  isObjectItem,
  itemTypeName,
  PathFault,
  type PathItem,
} from './items.ts';
import { calculate, doubleMethod, numberMethod, singleNumber } from './operators.ts';
import { truthOf, type Operands, type PathWorld } from './predicates.ts';
import { readDateTime } from './times.ts';

/** Steps of one call. */
export const stepsMax = 10_000_000;

/** Takes items; `any`: only whether there is one is asked. */
export interface Sink {
  readonly any: boolean;
  /** Tells to stop. */
  readonly take: (item: PathItem) => boolean;
}

/** Takes every item. */
export function collector(items: PathItem[]): Sink {
  return {
    any: false,
    take: (item) => {
      items.push(item);
      return false;
    },
  };
}

/** What the ids of .keyvalue() count from. */
interface Base {
  readonly tree: JsonTree;
  readonly id: number;
  /** Found when first asked for. */
  places: ContainerPlaces | null;
}

/** One run of one path over one document. */
export class PathRun implements Operands {
  readonly #chain: PathChain;
  readonly lax: boolean;
  readonly #root: Base;
  readonly #variables: Base;
  readonly world: PathWorld;

  /** Structural faults are passed over: in lax mode, and below `**`. */
  #forgiving: boolean;
  #current: PathItem;
  #base: Base;
  /** What `last` counts. */
  #size = 0;
  #generated = 2;
  #steps = 0;

  constructor(path: JsonPath, document: JsonTree, world: PathWorld) {
    this.#chain = path.chain;
    this.lax = !path.strict;
    this.#forgiving = this.lax;
    this.#root = { tree: document, id: 0, places: null };
    this.#variables = { tree: world.variables, id: 1, places: null };
    this.world = world;
    this.#current = document;
    this.#base = this.#root;
  }

  run(sink: Sink): void {
    this.#evaluate(this.#chain, sink);
  }

  exists(): boolean {
    return this.finds(this.#chain);
  }

  /** A strict path must have no fault anywhere, so all of it is run. */
  finds(chain: PathChain): boolean {
    if (!this.lax) return this.items(chain, false).length > 0;
    return this.#evaluate(chain, { any: true, take: () => true });
  }

  items(chain: PathChain, unwrap: boolean): readonly PathItem[] {
    const items: PathItem[] = [];
    this.#evaluate(chain, collector(items));
    if (!unwrap || !this.lax || !items.some(isArrayItem)) return items;
    return items.flatMap((item): readonly PathItem[] => (isArrayItem(item) ? item : [item]));
  }

  count(): void {
    if (++this.#steps > stepsMax) {
      throw new SqlError(sqlstate.programLimitExceeded, 'jsonpath takes too many steps', {
        detail: `One call may take up to ${stepsMax} steps.`,
      });
    }
  }

  #evaluate({ head, steps }: PathChain, sink: Sink): boolean {
    const single = sink.any && steps.length === 0;
    switch (head.kind) {
      case 'root':
        return this.#within(this.#root, () => this.#next(steps, 0, this.#root.tree, sink));
      case 'current':
        return this.#next(steps, 0, this.#current, sink);
      case 'last':
        return this.#next(steps, 0, numeric(this.#size - 1), sink);
      case 'constant':
        return this.#next(steps, 0, head.value, sink);
      case 'variable': {
        const value = this.#variable(head.name);
        return this.#within(this.#variables, () => this.#next(steps, 0, value, sink));
      }
      case 'arithmetic': {
        const left = this.items(head.left, true);
        const right = this.items(head.right, true);
        const value = calculate(
          head.operator,
          singleNumber(left, 'left', head.operator),
          singleNumber(right, 'right', head.operator),
        );
        return this.#next(steps, 0, value, sink);
      }
      case 'sign':
        return this.#signed(head, steps, sink);
      default:
        if (single) return sink.take(null);
        return this.#next(steps, 0, truthOf(head, this), sink);
    }
  }

  #within(base: Base, run: () => boolean): boolean {
    const before = this.#base;
    this.#base = base;
    const stopped = run();
    this.#base = before;
    return stopped;
  }

  #variable(name: string): JsonTree {
    const { variables } = this.world;
    const value = isJsonObject(variables) ? variables.get(name) : undefined;
    if (value !== undefined) return value;
    throw new SqlError(sqlstate.undefinedObject, `could not find jsonpath variable "${name}"`);
  }

  #signed(
    { operator, arg }: Extract<PathHead, { kind: 'sign' }>,
    steps: readonly PathStep[],
    sink: Sink,
  ): boolean {
    for (const item of this.items(arg, true)) {
      if (!(item instanceof Decimal)) {
        if (sink.any && steps.length === 0) continue;
        throw new PathFault(
          sqlstate.sqlJsonNumberNotFound,
          `operand of unary jsonpath operator ${operator} is not a numeric value`,
        );
      }
      if (this.#next(steps, 0, operator === '-' ? item.neg() : item, sink)) return true;
    }
    return false;
  }

  #next(steps: readonly PathStep[], index: number, item: PathItem, sink: Sink): boolean {
    this.count();
    return index === steps.length
      ? sink.take(item)
      : this.#step(steps, index, item, this.lax, sink);
  }

  /** A step applied to the elements of an array, which are not unwrapped again. */
  #each(
    steps: readonly PathStep[],
    index: number,
    array: readonly JsonTree[],
    sink: Sink,
  ): boolean {
    return array.some((each) => this.#step(steps, index, each, false, sink));
  }

  #misfit(code: string, message: string): false {
    if (this.#forgiving) return false;
    throw new PathFault(code, message);
  }

  #step(
    steps: readonly PathStep[],
    index: number,
    item: PathItem,
    unwrap: boolean,
    sink: Sink,
  ): boolean {
    this.count();
    const step = steps[index]!;
    const array = isArrayItem(item) ? item : null;
    const next = (value: PathItem): boolean => this.#next(steps, index + 1, value, sink);
    switch (step.kind) {
      case 'key': {
        if (!isObjectItem(item)) {
          if (unwrap && array !== null) return this.#each(steps, index, array, sink);
          return this.#misfit(
            sqlstate.sqlJsonMemberNotFound,
            'jsonpath member accessor can only be applied to an object',
          );
        }
        const value = item.get(step.key);
        if (value !== undefined) return next(value);
        return this.#misfit(
          sqlstate.sqlJsonMemberNotFound,
          `JSON object does not contain key "${step.key}"`,
        );
      }
      case 'any-key':
        if (isObjectItem(item)) return [...item.values()].some(next);
        if (unwrap && array !== null) return this.#each(steps, index, array, sink);
        return this.#misfit(
          sqlstate.sqlJsonObjectNotFound,
          'jsonpath wildcard member accessor can only be applied to an object',
        );
      case 'any-array':
        if (array !== null) return array.some(next);
        if (this.lax) return next(item);
        return this.#misfit(
          sqlstate.sqlJsonArrayNotFound,
          'jsonpath wildcard array accessor can only be applied to an array',
        );
      case 'elements':
        if (array === null && !this.lax) {
          return this.#misfit(
            sqlstate.sqlJsonArrayNotFound,
            'jsonpath array accessor can only be applied to an array',
          );
        }
        return this.#elements(step.ranges, array ?? [item], next);
      case 'any':
        return this.#anywhere(step.first, step.last, item, next);
      case 'filter': {
        if (unwrap && array !== null) return this.#each(steps, index, array, sink);
        const before = this.#current;
        this.#current = item;
        const holds = truthOf(predicateOf(step.predicate), this);
        this.#current = before;
        return holds === true && next(item);
      }
      case 'method':
        if (step.method === 'type') return next(itemTypeName(item));
        if (step.method === 'size') return this.#sizeOf(item, next);
        if (unwrap && array !== null) return this.#each(steps, index, array, sink);
        if (step.method === 'double') return next(doubleMethod(item));
        if (step.method === 'keyvalue') return this.#keyValue(item, next);
        return next(numberMethod(step.method, item));
      case 'datetime':
        if (unwrap && array !== null) return this.#each(steps, index, array, sink);
        if (typeof item === 'string') return next(readDateTime(item, step.template));
        throw new PathFault(
          sqlstate.invalidSqlJsonDatetimeArgument,
          'jsonpath item method .datetime() can only be applied to a string',
        );
    }
  }

  #elements(
    ranges: readonly PathRange[],
    list: readonly PathItem[],
    next: (item: PathItem) => boolean,
  ): boolean {
    const before = this.#size;
    this.#size = list.length;
    let stopped = false;
    for (const { from, to } of ranges) {
      const first = this.#subscript(from);
      const last = to === null ? first : this.#subscript(to);
      if (!this.#forgiving && (first < 0 || first > last || last >= list.length)) {
        throw new PathFault(
          sqlstate.invalidSqlJsonSubscript,
          'jsonpath array subscript is out of bounds',
        );
      }
      stopped = list.slice(Math.max(first, 0), Math.max(last + 1, 0)).some(next);
      if (stopped) break;
    }
    this.#size = before;
    return stopped;
  }

  #subscript(chain: PathChain): number {
    const items = this.items(chain, false);
    const [index] = items;
    if (items.length !== 1 || !(index instanceof Decimal)) {
      throw new PathFault(
        sqlstate.invalidSqlJsonSubscript,
        'jsonpath array subscript is not a single numeric value',
      );
    }
    const whole = index.trunc(0).toNumber();
    if (Math.abs(whole + 0.5) < 0x80000000) return whole;
    throw new PathFault(
      sqlstate.invalidSqlJsonSubscript,
      'jsonpath array subscript is out of integer range',
    );
  }

  #anywhere(
    first: number,
    last: number,
    item: PathItem,
    next: (item: PathItem) => boolean,
  ): boolean {
    const forgiven = (value: PathItem): boolean => {
      const before = this.#forgiving;
      this.#forgiving = true;
      const stopped = next(value);
      this.#forgiving = before;
      return stopped;
    };
    if (first === 0 && forgiven(item)) return true;
    const leaves = first === anyDepth && last === anyDepth;
    const descend = (container: PathItem, level: number): boolean => {
      this.count();
      const children = childrenOf(container);
      if (children === null || level > last) return false;
      for (const child of children) {
        const wanted = level >= first || (leaves && childrenOf(child) === null);
        if (wanted && forgiven(child)) return true;
        if (level < last && descend(child, level + 1)) return true;
      }
      return false;
    };
    return descend(item, 1);
  }

  #sizeOf(item: PathItem, next: (item: PathItem) => boolean): boolean {
    if (isArrayItem(item)) return next(numeric(item.length));
    if (this.lax) return next(Decimal.one);
    return this.#misfit(
      sqlstate.sqlJsonArrayNotFound,
      'jsonpath item method .size() can only be applied to an array',
    );
  }

  #keyValue(item: PathItem, next: (item: PathItem) => boolean): boolean {
    if (!isObjectItem(item)) {
      throw new PathFault(
        sqlstate.sqlJsonObjectNotFound,
        'jsonpath item method .keyvalue() can only be applied to an object',
      );
    }
    const base = this.#base;
    const id = Decimal.fromBigInt(
      BigInt(this.#placeIn(base, item)) + BigInt(base.id) * 10_000_000_000n,
    );
    for (const [key, value] of item) {
      const pair = jsonObject([
        ['id', id],
        ['key', key],
        ['value', value],
      ]);
      const generated = { tree: pair, id: this.#generated++, places: null };
      if (this.#within(generated, () => next(pair))) return true;
    }
    return false;
  }

  #placeIn(base: Base, container: JsonTree): number {
    if (container === base.tree) return 0;
    base.places ??= containerPlaces(base.tree, () => this.count());
    return base.places.get(container) ?? 0;
  }

  unlessFault<T>(run: () => T): T | null {
    const before = [this.#forgiving, this.#current, this.#base, this.#size] as const;
    try {
      return run();
    } catch (error) {
      if (!(error instanceof PathFault)) throw error;
      [this.#forgiving, this.#current, this.#base, this.#size] = before;
      return null;
    }
  }
}

function numeric(value: number): Decimal {
  return Decimal.fromBigInt(BigInt(value));
}
