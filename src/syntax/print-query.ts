/**
 * Query → SQL text: SELECT, set operations, FROM with windows of time and MATCH_RECOGNIZE.
 */

import type {
  CommonTable,
  FromAlias,
  FromItem,
  FunctionTable,
  GroupingElement,
  Join,
  MatchRecognize,
  Pattern,
  Query,
  QueryBody,
  Select,
  SelectItem,
  WindowTable,
  WithClause,
} from './ast.ts';
import { unreachable } from '../base/assert.ts';
import type { ExpressionPrinter } from './print-expression.ts';
import {
  optional,
  printIdentifier,
  printName,
  printNames,
  printParts,
  words,
  type Printers,
} from './print-words.ts';

export class QueryPrinter {
  readonly #printers: Printers;
  readonly #expressions: ExpressionPrinter;

  constructor(printers: Printers, expressions: ExpressionPrinter) {
    this.#printers = printers;
    this.#expressions = expressions;
  }

  print(query: Query): string {
    const e = this.#expressions;
    const limit =
      query.limit === null
        ? ''
        : query.withTies
          ? `FETCH FIRST (${e.print(query.limit)}) ROWS WITH TIES`
          : `LIMIT ${e.print(query.limit)}`;
    return words(
      query.with && this.with(query.with),
      this.#body(query.body),
      query.orderBy.length > 0 && `ORDER BY ${e.sortItems(query.orderBy)}`,
      optional('OFFSET', query.offset, (offset) => e.print(offset)),
      limit,
      ...query.locking.map((lock) =>
        words(
          `FOR ${lock.strength.toUpperCase()}`,
          lock.of.length > 0 && `OF ${lock.of.map(printName).join(', ')}`,
          lock.wait && lock.wait.toUpperCase(),
        ),
      ),
      optional('AS OF', query.asOf, (time) => e.print(time)),
      query.emit && (query.emit.mode === 'changes' ? 'EMIT CHANGES' : 'EMIT ON WINDOW CLOSE'),
    );
  }

  with(clause: WithClause): string {
    const tables = clause.queries.map((table) => this.#commonTable(table));
    return words('WITH', clause.recursive && 'RECURSIVE', tables.join(', '));
  }

  #commonTable(table: CommonTable): string {
    const { search, cycle } = table;
    const e = this.#expressions;
    const marks =
      cycle?.markValue && cycle.markDefault
        ? `TO ${e.print(cycle.markValue)} DEFAULT ${e.print(cycle.markDefault)}`
        : null;
    const list = (names: CommonTable['columns']): string =>
      (names ?? []).map(printIdentifier).join(', ');
    return words(
      printIdentifier(table.name),
      table.columns && printNames(table.columns),
      'AS',
      table.materialized === null ? null : table.materialized ? 'MATERIALIZED' : 'NOT MATERIALIZED',
      `(${this.#printers.statement(table.statement)})`,
      search &&
        `SEARCH ${search.order.toUpperCase()} FIRST BY ${list(search.columns)} SET ${printIdentifier(search.sequence)}`,
      cycle && `CYCLE ${list(cycle.columns)} SET ${printIdentifier(cycle.mark)}`,
      marks,
      cycle && `USING ${printIdentifier(cycle.path)}`,
    );
  }

  #body(body: QueryBody): string {
    switch (body.kind) {
      case 'query':
        return `(${this.print(body)})`;
      case 'select':
        return this.#select(body);
      case 'values': {
        const rows = body.rows.map((row) => `(${this.#expressions.list(row)})`);
        return `VALUES ${rows.join(', ')}`;
      }
      case 'table-query':
        return words('TABLE', body.only && 'ONLY', printName(body.name));
      case 'set-operation': {
        const level = setLevel(body);
        const left = this.#operand(body.left, level);
        const right = this.#operand(body.right, level + 1);
        return words(left, body.operator.toUpperCase(), body.all && 'ALL', right);
      }
      default:
        return unreachable(body);
    }
  }

  #operand(body: QueryBody, min: number): string {
    const text = this.#body(body);
    return body.kind === 'set-operation' && setLevel(body) < min ? `(${text})` : text;
  }

  #select(node: Select): string {
    const e = this.#expressions;
    const on = node.distinct?.on ?? null;
    const { into } = node;
    return words(
      'SELECT',
      node.distinct && 'DISTINCT',
      on && `ON (${e.list(on)})`,
      this.items(node.items),
      into &&
        words(
          'INTO',
          into.temporary && 'TEMPORARY',
          into.unlogged && 'UNLOGGED',
          `TABLE ${printName(into.name)}`,
        ),
      node.from.length > 0 && `FROM ${this.fromList(node.from)}`,
      optional('WHERE', node.where, (where) => e.print(where)),
      node.groupBy &&
        words(
          'GROUP BY',
          node.groupBy.distinct && 'DISTINCT',
          node.groupBy.items.map((item) => this.#grouping(item)).join(', '),
        ),
      optional('HAVING', node.having, (having) => e.print(having)),
      node.windows.length > 0 &&
        `WINDOW ${node.windows
          .map((w) => `${printIdentifier(w.name)} AS ${e.windowDefinition(w.definition)}`)
          .join(', ')}`,
    );
  }

  items(items: readonly SelectItem[]): string {
    return items
      .map(({ expression, alias }) =>
        words(this.#expressions.print(expression), optional('AS', alias, printIdentifier)),
      )
      .join(', ');
  }

  #grouping(element: GroupingElement): string {
    switch (element.kind) {
      case 'empty-grouping':
        return '()';
      case 'grouping-expression':
        return this.#expressions.print(element.expression);
      case 'rollup':
      case 'cube':
        return `${element.kind.toUpperCase()} (${this.#expressions.list(element.items)})`;
      case 'grouping-sets':
        return `GROUPING SETS (${element.sets.map((set) => this.#grouping(set)).join(', ')})`;
      default:
        return unreachable(element);
    }
  }

  // ── FROM

  fromList(items: readonly FromItem[]): string {
    return items.map((item) => this.from(item)).join(', ');
  }

  from(item: FromItem): string {
    const e = this.#expressions;
    switch (item.kind) {
      case 'table':
        return words(
          item.only && 'ONLY',
          printName(item.name),
          optional('FOR SYSTEM_TIME AS OF', item.systemTime, (time) => e.print(time)),
          printAlias(item.alias),
        );
      case 'derived-table':
        return words(
          item.lateral && 'LATERAL',
          `(${this.print(item.query)})`,
          printAlias(item.alias),
        );
      case 'function-table':
        return this.#functionTable(item);
      case 'window-table':
        return words(this.#windowTable(item), printAlias(item.alias));
      case 'join':
        return this.#join(item);
      case 'match-recognize':
        return words(this.#matchRecognize(item), printAlias(item.alias));
      default:
        return unreachable(item);
    }
  }

  #join(join: Join): string {
    const right = this.from(join.right);
    const bareJoin = join.right.kind === 'join' && join.right.alias === null;
    const text = words(
      this.from(join.left),
      join.natural && 'NATURAL',
      join.type === 'inner' ? null : join.type.toUpperCase(),
      'JOIN',
      bareJoin ? `(${right})` : right,
      optional('ON', join.on, (on) => this.#expressions.print(on)),
      join.using && `USING ${printNames(join.using)}`,
      optional('AS', join.usingAlias, printIdentifier),
    );
    return join.alias === null ? text : `(${text}) ${printAlias(join.alias)}`;
  }

  #functionTable(item: FunctionTable): string {
    const specs = (columns: FunctionTable['functions'][number]['columns']): string =>
      (columns ?? [])
        .map((column) =>
          words(
            printIdentifier(column.name),
            this.#expressions.type(column.type),
            optional('COLLATE', column.collation, printName),
          ),
        )
        .join(', ');
    const calls = item.functions.map(({ call, columns }) => {
      const text = this.#call(call);
      return item.rowsFrom && columns !== null ? `${text} AS (${specs(columns)})` : text;
    });
    const only = item.rowsFrom ? null : item.functions[0]!.columns;
    const name = item.alias?.name ?? null;
    return words(
      item.lateral && 'LATERAL',
      item.rowsFrom ? `ROWS FROM (${calls.join(', ')})` : calls[0]!,
      item.ordinality && 'WITH ORDINALITY',
      only === null
        ? printAlias(item.alias)
        : words('AS', name && printIdentifier(name), `(${specs(only)})`),
    );
  }

  /** A cast can only stand as CAST(…) where a function may. */
  #call(call: FunctionTable['functions'][number]['call']): string {
    if (call.kind !== 'cast') return this.#expressions.print(call);
    const type = this.#expressions.type(call.type);
    return `CAST(${this.#expressions.print(call.operand)} AS ${type})`;
  }

  #windowTable(window: WindowTable): string {
    const e = this.#expressions;
    const { input } = window;
    const table = input.kind === 'table' ? printName(input.name) : `(${this.print(input.query)})`;
    const named = (name: string, value: WindowTable['size']): string | null =>
      value === null ? null : `${name} => ${e.print(value)}`;
    const values = [
      words(
        `DATA => TABLE ${table}`,
        window.partitionBy.length > 0 && `PARTITION BY (${e.list(window.partitionBy)})`,
      ),
      `TIMECOL => DESCRIPTOR(${printParts(window.timeColumn.parts)})`,
      named('SIZE', window.size),
      named('SLIDE', window.slide),
      named('STEP', window.step),
      named('GAP', window.gap),
      named('OFFSET', window.offset),
    ].filter((value) => value !== null);
    return `TABLE(${window.function.toUpperCase()}(${values.join(', ')}))`;
  }

  #matchRecognize(match: MatchRecognize): string {
    const e = this.#expressions;
    const inner = words(
      match.partitionBy.length > 0 && `PARTITION BY ${e.list(match.partitionBy)}`,
      match.orderBy.length > 0 && `ORDER BY ${e.sortItems(match.orderBy)}`,
      match.measures.length > 0 && `MEASURES ${this.items(match.measures)}`,
      match.rowsPerMatch === 'all' ? 'ALL ROWS PER MATCH' : 'ONE ROW PER MATCH',
      match.afterMatch && printAfterMatch(match.afterMatch),
      `PATTERN (${printPattern(match.pattern)})`,
      optional('WITHIN', match.within, (within) => e.print(within)),
      match.subsets.length > 0 &&
        `SUBSET ${match.subsets
          .map((subset) => `${printIdentifier(subset.name)} = ${printNames(subset.of)}`)
          .join(', ')}`,
      `DEFINE ${match.define
        .map(({ name, condition }) => `${printIdentifier(name)} AS ${e.print(condition)}`)
        .join(', ')}`,
    );
    const input = this.from(match.input);
    const joined = match.input.kind === 'join' && match.input.alias === null;
    return `${joined ? `(${input})` : input} MATCH_RECOGNIZE (${inner})`;
  }
}

function setLevel(body: QueryBody & { kind: 'set-operation' }): number {
  return body.operator === 'intersect' ? 2 : 1;
}

function printAlias(alias: FromAlias | null): string {
  if (alias === null || alias.name === null) return '';
  return words(
    `AS ${printIdentifier(alias.name)}`,
    alias.columns.length > 0 && printNames(alias.columns),
  );
}

function printAfterMatch(after: NonNullable<MatchRecognize['afterMatch']>): string {
  const place = after.skip === 'past-last-row' ? 'PAST LAST ROW' : null;
  const word = after.skip === 'to-first' ? 'TO FIRST' : 'TO LAST';
  if (place !== null) return `AFTER MATCH SKIP ${place}`;
  if (after.variable === null) return 'AFTER MATCH SKIP TO NEXT ROW';
  return `AFTER MATCH SKIP ${word} ${printIdentifier(after.variable)}`;
}

function printPattern(pattern: Pattern): string {
  const inner = (item: Pattern): string =>
    item.kind === 'pattern-variable' ? printPattern(item) : `(${printPattern(item)})`;
  switch (pattern.kind) {
    case 'pattern-variable':
      return printIdentifier(pattern.name);
    case 'pattern-sequence':
      return pattern.items
        .map((item) => (item.kind === 'pattern-repeat' ? printPattern(item) : inner(item)))
        .join(' ');
    case 'pattern-choice':
      return pattern.items.map(inner).join(' | ');
    case 'pattern-repeat': {
      const { min, max } = pattern;
      const bounds = min === max ? `{${min}}` : `{${min},${max ?? ''}}`;
      return `${inner(pattern.item)}${bounds}${pattern.reluctant ? '?' : ''}`;
    }
    default:
      return unreachable(pattern);
  }
}
