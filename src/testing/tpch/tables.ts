/**
 * Tables, rows and changes of the TPC-H benchmark's wholesale business, made from a seed: the standard's tables and
 * key ranges, and values spread so that each of its queries has rows to find. Texts are drawn from short lists
 * rather than the standard's grammar.
 */

import type { Random } from '../../base/random.ts';

export const tableDefinitions: readonly string[] = [
  `CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152))`,
  `CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey int NOT NULL,
    n_comment varchar(152))`,
  `CREATE TABLE part (p_partkey int PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL,
    p_brand char(10) NOT NULL, p_type varchar(25) NOT NULL, p_size int NOT NULL, p_container char(10) NOT NULL,
    p_retailprice decimal(15, 2) NOT NULL, p_comment varchar(23) NOT NULL)`,
  `CREATE TABLE supplier (s_suppkey int PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL,
    s_nationkey int NOT NULL, s_phone char(15) NOT NULL, s_acctbal decimal(15, 2) NOT NULL,
    s_comment varchar(101) NOT NULL)`,
  `CREATE TABLE partsupp (ps_partkey int NOT NULL, ps_suppkey int NOT NULL, ps_availqty int NOT NULL,
    ps_supplycost decimal(15, 2) NOT NULL, ps_comment varchar(199) NOT NULL,
    PRIMARY KEY (ps_partkey, ps_suppkey))`,
  `CREATE TABLE customer (c_custkey int PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,
    c_nationkey int NOT NULL, c_phone char(15) NOT NULL, c_acctbal decimal(15, 2) NOT NULL,
    c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL)`,
  `CREATE TABLE orders (o_orderkey int PRIMARY KEY, o_custkey int NOT NULL, o_orderstatus char(1) NOT NULL,
    o_totalprice decimal(15, 2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL,
    o_clerk char(15) NOT NULL, o_shippriority int NOT NULL, o_comment varchar(79) NOT NULL)`,
  `CREATE TABLE lineitem (l_orderkey int NOT NULL, l_partkey int NOT NULL, l_suppkey int NOT NULL,
    l_linenumber int NOT NULL, l_quantity decimal(15, 2) NOT NULL, l_extendedprice decimal(15, 2) NOT NULL,
    l_discount decimal(15, 2) NOT NULL, l_tax decimal(15, 2) NOT NULL, l_returnflag char(1) NOT NULL,
    l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL,
    l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL,
    l_comment varchar(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber))`,
];

const regions = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'];
/** Name and region, by key. */
const nations: readonly (readonly [string, number])[] = [
  ['ALGERIA', 0],
  ['ARGENTINA', 1],
  ['BRAZIL', 1],
  ['CANADA', 1],
  ['EGYPT', 4],
  ['ETHIOPIA', 0],
  ['FRANCE', 3],
  ['GERMANY', 3],
  ['INDIA', 2],
  ['INDONESIA', 2],
  ['IRAN', 4],
  ['IRAQ', 4],
  ['JAPAN', 2],
  ['JORDAN', 4],
  ['KENYA', 0],
  ['MOROCCO', 0],
  ['MOZAMBIQUE', 0],
  ['PERU', 1],
  ['CHINA', 2],
  ['ROMANIA', 3],
  ['SAUDI ARABIA', 4],
  ['VIETNAM', 2],
  ['RUSSIA', 3],
  ['UNITED KINGDOM', 3],
  ['UNITED STATES', 1],
];
const segments = ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'MACHINERY', 'HOUSEHOLD'];
const priorities = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'];
const instructions = ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'];
const modes = ['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'];
const colours = ['almond', 'blue', 'forest', 'green', 'indian', 'lime', 'peru', 'red', 'sky'];
const typeWords = [
  ['STANDARD', 'SMALL', 'MEDIUM', 'LARGE', 'ECONOMY', 'PROMO'],
  ['ANODIZED', 'BURNISHED', 'PLATED', 'POLISHED', 'BRUSHED'],
  ['TIN', 'NICKEL', 'BRASS', 'STEEL', 'COPPER'],
];
const containers = [
  ['SM', 'LG', 'MED', 'JUMBO', 'WRAP'],
  ['CASE', 'BOX', 'BAG', 'JAR', 'PKG', 'PACK', 'CAN', 'DRUM'],
];
const remarks = [
  'carefully final deposits',
  'special packages wake; requests',
  'furiously regular ideas',
  'Customer of the year Complaints none',
  'quick pending special requests',
  'slyly even accounts',
];

const rowsPerInsert = 250;
const dayMs = 86_400_000;
const firstOrderDay = Date.UTC(1992, 0, 1) / dayMs;
const lastOrderDay = Date.UTC(1998, 7, 2) / dayMs;
/** Lines shipped by then are filled. */
const currentDay = Date.UTC(1995, 5, 17) / dayMs;

type Cell = string | number;

export class BusinessGenerator {
  readonly #random: Random;
  readonly #suppliers: number;
  readonly #parts: number;
  readonly #customers: number;
  readonly #orders: number;
  #nextOrder = 1;

  /** `scale` 1 is the standard's gigabyte. */
  constructor(random: Random, scale: number) {
    this.#random = random;
    this.#suppliers = Math.max(20, Math.round(10_000 * scale));
    this.#parts = Math.max(40, Math.round(200_000 * scale));
    this.#customers = Math.max(30, Math.round(150_000 * scale));
    this.#orders = Math.max(100, Math.round(1_500_000 * scale));
  }

  /** Statements that fill the tables. */
  *fill(): Iterable<string> {
    yield* inserts(
      'region',
      regions.map((name, key) => [key, text(name), text('')]),
    );
    yield* inserts(
      'nation',
      nations.map(([name, region], key) => [key, text(name), region, text('')]),
    );
    yield* inserts('part', this.#rows(this.#parts, this.#part));
    yield* inserts('supplier', this.#rows(this.#suppliers, this.#supplier));
    yield* inserts('partsupp', this.#rows(this.#parts, (part) => this.#offers(part)).flat());
    yield* inserts('customer', this.#rows(this.#customers, this.#customer));
    yield* this.#newOrders(this.#orders);
  }

  /** Statements of one batch of changes: new orders, old ones gone, and a few of everything changed. */
  *changes(): Iterable<string> {
    yield* this.#newOrders(1 + this.#random.below(20));
    for (let left = 1 + this.#random.below(8); left > 0; left--) {
      const order = 1 + this.#random.below(this.#nextOrder - 1);
      yield `DELETE FROM lineitem WHERE l_orderkey = ${order}`;
      yield `DELETE FROM orders WHERE o_orderkey = ${order}`;
    }
    const low = 1 + this.#random.below(this.#nextOrder - 1);
    const lines = `WHERE l_orderkey BETWEEN ${low} AND ${low + 30}`;
    yield `UPDATE lineitem SET l_quantity = l_quantity % 50 + 1, l_discount = 0.0${this.#random.below(9)} ${lines}`;
    yield `UPDATE lineitem SET l_receiptdate = l_receiptdate + 3, l_shipmode = ${text(this.#pick(modes))}
      ${lines} AND l_linenumber = 2`;
    yield `UPDATE orders SET o_custkey = ${1 + this.#random.below(this.#customers)},
      o_orderdate = o_orderdate - 10 WHERE o_orderkey BETWEEN ${low} AND ${low + 5}`;
    yield `UPDATE customer SET c_acctbal = c_acctbal - 100.25, c_mktsegment = ${text(this.#pick(segments))}
      WHERE c_custkey % 97 = ${this.#random.below(97)}`;
    yield `UPDATE supplier SET s_nationkey = ${this.#random.below(25)}, s_acctbal = s_acctbal + 7.5
      WHERE s_suppkey = ${1 + this.#random.below(this.#suppliers)}`;
    yield `UPDATE part SET p_size = p_size % 50 + 1, p_type = ${text(this.#type())}
      WHERE p_partkey % 211 = ${this.#random.below(211)}`;
    yield `UPDATE partsupp SET ps_supplycost = ps_supplycost * 1.01, ps_availqty = ps_availqty + 5
      WHERE ps_partkey % 199 = ${this.#random.below(199)}`;
  }

  #rows<T>(count: number, make: (this: this, key: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make.call(this, index + 1));
  }

  #part(key: number): Cell[] {
    const maker = 1 + this.#random.below(5);
    return [
      key,
      text(`${this.#pick(colours)} ${this.#pick(colours)} ${this.#pick(colours)}`),
      text(`Manufacturer#${maker}`),
      text(`Brand#${maker}${1 + this.#random.below(5)}`),
      text(this.#type()),
      1 + this.#random.below(50),
      text(containers.map((words) => this.#pick(words)).join(' ')),
      cents(this.#retail(key)),
      text(this.#pick(remarks).slice(0, 23)),
    ];
  }

  #type(): string {
    return typeWords.map((words) => this.#pick(words)).join(' ');
  }

  /** Price of a part in cents. */
  #retail(part: number): number {
    return 90_000 + (((part / 10) % 20_001) | 0) + 100 * (part % 1000);
  }

  #supplier(key: number): Cell[] {
    const nation = this.#random.below(25);
    return [
      key,
      text(`Supplier#${String(key).padStart(9, '0')}`),
      text(`street ${this.#random.below(1000)}`),
      nation,
      text(this.#phone(nation)),
      cents(this.#random.below(1_100_000) - 100_000),
      text(this.#pick(remarks)),
    ];
  }

  #offers(part: number): Cell[][] {
    return Array.from({ length: 4 }, (_, index) => [
      part,
      this.#supplierOf(part, index),
      1 + this.#random.below(9999),
      cents(100 + this.#random.below(99_901)),
      text(this.#pick(remarks)),
    ]);
  }

  /** One of the four suppliers that have a part. */
  #supplierOf(part: number, index: number): number {
    return ((part + index * Math.floor(this.#suppliers / 4)) % this.#suppliers) + 1;
  }

  #customer(key: number): Cell[] {
    const nation = this.#random.below(25);
    return [
      key,
      text(`Customer#${String(key).padStart(9, '0')}`),
      text(`road ${this.#random.below(1000)}`),
      nation,
      text(this.#phone(nation)),
      cents(this.#random.below(1_100_000) - 100_000),
      text(this.#pick(segments)),
      text(this.#pick(remarks)),
    ];
  }

  #phone(nation: number): string {
    const part = (): number => 100 + this.#random.below(900);
    return `${10 + nation}-${part()}-${part()}-${1000 + this.#random.below(9000)}`;
  }

  *#newOrders(count: number): Iterable<string> {
    const orders: Cell[][] = [];
    const lines: Cell[][] = [];
    for (let made = 0; made < count; made++) this.#order(this.#nextOrder++, orders, lines);
    yield* inserts('orders', orders);
    yield* inserts('lineitem', lines);
  }

  #order(key: number, orders: Cell[][], lines: Cell[][]): void {
    // A third of the customers never order.
    const customer = 1 + this.#random.below(this.#customers);
    const day = firstOrderDay + this.#random.below(lastOrderDay - firstOrderDay);
    let total = 0;
    let filled = 0;
    const count = 1 + this.#random.below(7);
    for (let line = 1; line <= count; line++) {
      const { cells, price, isFilled } = this.#line(key, line, day);
      lines.push(cells);
      total += price;
      if (isFilled) filled++;
    }
    orders.push([
      key,
      customer % 3 === 0 ? Math.max(1, customer - 1) : customer,
      text(filled === count ? 'F' : filled === 0 ? 'O' : 'P'),
      cents(total),
      date(day),
      text(this.#pick(priorities)),
      text(`Clerk#${String(1 + this.#random.below(1000)).padStart(9, '0')}`),
      0,
      text(this.#pick(remarks)),
    ]);
  }

  #line(order: number, line: number, day: number) {
    const part = 1 + this.#random.below(this.#parts);
    const quantity = 1 + this.#random.below(50);
    const price = quantity * this.#retail(part);
    const shipped = day + 1 + this.#random.below(121);
    const received = shipped + 1 + this.#random.below(30);
    const isFilled = shipped <= currentDay;
    const returned = received <= currentDay ? this.#pick(['R', 'A']) : 'N';
    const cells: Cell[] = [
      order,
      part,
      this.#supplierOf(part, this.#random.below(4)),
      line,
      quantity,
      cents(price),
      cents(this.#random.below(11)),
      cents(this.#random.below(9)),
      text(returned),
      text(isFilled ? 'F' : 'O'),
      date(shipped),
      date(day + 30 + this.#random.below(61)),
      date(received),
      text(this.#pick(instructions)),
      text(this.#pick(modes)),
      text(this.#pick(remarks)),
    ];
    return { cells, price, isFilled };
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }
}

function* inserts(table: string, rows: readonly (readonly Cell[])[]): Iterable<string> {
  for (let at = 0; at < rows.length; at += rowsPerInsert) {
    const values = rows.slice(at, at + rowsPerInsert).map((row) => `(${row.join(',')})`);
    yield `INSERT INTO ${table} VALUES ${values.join(',')}`;
  }
}

function text(value: string): string {
  return `'${value}'`;
}

function cents(value: number): string {
  return (value / 100).toFixed(2);
}

function date(day: number): string {
  return `'${new Date(day * dayMs).toISOString().slice(0, 10)}'`;
}
