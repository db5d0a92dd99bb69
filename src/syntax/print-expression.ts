/**
 * Expression → SQL text. Parentheses stand where the ladder of operators needs them, and in a few places
 * where they are only clearer.
 */

import type {
  Expression,
  FrameBound,
  FunctionCall,
  IntervalFields,
  OperatorName,
  SortItem,
  TypeName,
  WindowDefinition,
  WindowReference,
} from './ast.ts';
import { unreachable } from '../base/assert.ts';
import {
  optional,
  printIdentifier,
  printName,
  printParts,
  printString,
  words,
  type Printers,
} from './print-words.ts';
import { keywords, levels, symbolLevels } from './tables.ts';

/** Tighter than every operator. */
const atom = 100;

export class ExpressionPrinter {
  readonly #printers: Printers;

  constructor(printers: Printers) {
    this.#printers = printers;
  }

  print(node: Expression): string {
    switch (node.kind) {
      case 'null':
        return 'NULL';
      case 'boolean':
        return node.value ? 'TRUE' : 'FALSE';
      case 'number':
        return node.text;
      case 'string':
        return printString(node.value);
      case 'bits':
        return `${node.base === 'binary' ? 'B' : 'X'}'${node.digits}'`;
      case 'interval':
        return printInterval(node);
      case 'typed-literal':
        return `${this.type(node.type)} ${printString(node.value)}`;
      case 'parameter':
        return `$${node.number}`;
      case 'column':
        return printParts(node.parts);
      case 'star':
        if (node.base !== null) return `${this.#base(node.base, true)}.*`;
        return node.qualifier.length === 0 ? '*' : `${printParts(node.qualifier)}.*`;
      case 'default':
        return 'DEFAULT';
      case 'current-of':
        return `CURRENT OF ${printIdentifier(node.cursor)}`;
      case 'special-value':
        return node.precision === null ? node.name : `${node.name}(${node.precision})`;
      case 'unary':
      case 'binary':
      case 'logical':
      case 'not':
      case 'is':
      case 'is-distinct':
      case 'between':
      case 'like':
      case 'in-list':
      case 'in-query':
      case 'quantified':
      case 'quantified-query':
      case 'at-time-zone':
      case 'collate':
        return this.#operator(node);
      case 'cast':
        return node.safe
          ? `TRY_CAST(${this.print(node.operand)} AS ${this.type(node.type)})`
          : `${this.#child(node.operand, levels.cast)}::${this.type(node.type)}`;
      case 'call':
        return this.#call(node);
      case 'conditional':
        return `${node.function}(${this.list(node.arguments)})`;
      case 'grouping':
        return `GROUPING(${this.list(node.arguments)})`;
      case 'case':
        return words(
          'CASE',
          node.operand && this.print(node.operand),
          ...node.branches.map((b) => `WHEN ${this.print(b.when)} THEN ${this.print(b.then)}`),
          optional('ELSE', node.otherwise, (value) => this.print(value)),
          'END',
        );
      case 'row':
        return `${node.explicit ? 'ROW' : ''}(${this.list(node.items)})`;
      case 'array':
        return `${node.bare ? '' : 'ARRAY'}[${this.list(node.items)}]`;
      case 'map':
        return `MAP[${node.entries.map((e) => `${this.print(e.key)}, ${this.print(e.value)}`).join(', ')}]`;
      case 'subquery':
        return `${node.form === 'scalar' ? '' : node.form.toUpperCase()}(${this.#printers.query(node.query)})`;
      case 'subscript':
        return (
          this.#base(node.base, false) + node.subscripts.map((s) => this.#subscript(s)).join('')
        );
      case 'field':
        return `${this.#base(node.base, true)}.${printIdentifier(node.field)}`;
      default:
        return unreachable(node);
    }
  }

  list(nodes: readonly Expression[]): string {
    return nodes.map((node) => this.print(node)).join(', ');
  }

  /** In parentheses unless it is a single operand: for places that take a restricted expression. */
  restricted(node: Expression): string {
    return this.#child(node, atom);
  }

  // ── operators

  /** `node`, in parentheses when its own operator is looser than `min`. */
  #child(node: Expression, min: number): string {
    const text = this.print(node);
    return levelOf(node) < min ? `(${text})` : text;
  }

  #operator(node: Expression): string {
    switch (node.kind) {
      case 'unary': {
        const level = levelOf(node);
        const operand = this.#child(node.operand, level === levels.sign ? level : level + 1);
        return `${printOperator(node.operator)} ${operand}`;
      }
      case 'binary': {
        const level = levelOf(node);
        const left = this.#child(node.left, level === levels.comparison ? level + 1 : level);
        return `${left} ${printOperator(node.operator)} ${this.#child(node.right, level + 1)}`;
      }
      case 'logical': {
        const level = levelOf(node);
        const operands = node.operands.map((operand) => this.#child(operand, level + 1));
        return operands.join(node.operator === 'and' ? ' AND ' : ' OR ');
      }
      case 'not':
        return `NOT ${this.#child(node.operand, levels.not)}`;
      case 'is': {
        const form = node.form === null ? '' : `${node.form.toUpperCase()} `;
        const test = `IS ${node.negated ? 'NOT ' : ''}${form}${node.test.toUpperCase()}`;
        return `${this.#child(node.operand, levels.is + 1)} ${test}`;
      }
      case 'is-distinct': {
        const left = this.#child(node.left, levels.is + 1);
        const right = this.#child(node.right, levels.is + 1);
        return `${left} IS ${node.negated ? 'NOT ' : ''}DISTINCT FROM ${right}`;
      }
      case 'at-time-zone': {
        const operand = this.#child(node.operand, levels.at);
        return `${operand} AT TIME ZONE ${this.#child(node.zone, levels.at + 1)}`;
      }
      case 'collate':
        return `${this.#child(node.operand, levels.collate)} COLLATE ${printName(node.collation)}`;
      case 'quantified':
        return `${this.#quantifier(node)} (${this.print(node.array)})`;
      case 'quantified-query':
        return `${this.#quantifier(node)} (${this.#printers.query(node.query)})`;
      default:
        return this.#range(node);
    }
  }

  #quantifier(node: Expression & { kind: 'quantified' | 'quantified-query' }): string {
    const left = this.#child(node.left, levelOf(node) + 1);
    return `${left} ${printOperator(node.operator)} ${node.quantifier.toUpperCase()}`;
  }

  /** BETWEEN, LIKE and IN. */
  #range(node: Expression): string {
    const above = levels.range + 1;
    switch (node.kind) {
      case 'between': {
        const word = node.symmetric ? 'BETWEEN SYMMETRIC' : 'BETWEEN';
        return words(
          this.#child(node.operand, above),
          node.negated && 'NOT',
          word,
          this.restricted(node.low),
          'AND',
          this.#child(node.high, above),
        );
      }
      case 'like':
        return words(
          this.#child(node.operand, above),
          node.negated && 'NOT',
          node.operator === 'similar' ? 'SIMILAR TO' : node.operator.toUpperCase(),
          this.#child(node.pattern, above),
          optional('ESCAPE', node.escape, (escape) => this.#child(escape, above)),
        );
      case 'in-list':
      case 'in-query': {
        const inner =
          node.kind === 'in-list' ? this.list(node.items) : this.#printers.query(node.query);
        return words(this.#child(node.operand, above), node.negated && 'NOT', `IN (${inner})`);
      }
      default:
        return this.print(node);
    }
  }

  // ── what may follow an operand

  /** The operand before `[` or `.`; a column before `.field` needs parentheses to be no longer name. */
  #base(node: Expression, field: boolean): string {
    const text = this.print(node);
    switch (node.kind) {
      case 'parameter':
      case 'field':
        return text;
      case 'subquery':
        return node.form === 'scalar' ? text : `(${text})`;
      case 'column':
        return field ? `(${text})` : text;
      case 'subscript':
        return field ? text : `(${text})`;
      default:
        return `(${text})`;
    }
  }

  #subscript(node: (Expression & { kind: 'subscript' })['subscripts'][number]): string {
    if (node.kind === 'index') return `[${this.print(node.value)}]`;
    const lower = node.lower === null ? '' : this.print(node.lower);
    return `[${lower}:${node.upper === null ? '' : this.print(node.upper)}]`;
  }

  // ── calls

  #call(node: FunctionCall): string {
    if (node.form !== null) return this.#form(node);
    const values = node.arguments.map((argument) =>
      words(
        argument.variadic && 'VARIADIC',
        argument.name && `${printIdentifier(argument.name)} =>`,
        this.print(argument.value),
      ),
    );
    const inside = words(
      node.distinct && 'DISTINCT',
      node.star ? '*' : values.join(', '),
      node.orderBy.length > 0 && `ORDER BY ${this.sortItems(node.orderBy)}`,
    );
    return words(
      `${printName(node.name)}(${inside})`,
      node.withinGroup.length > 0 && `WITHIN GROUP (ORDER BY ${this.sortItems(node.withinGroup)})`,
      node.filter && `FILTER (WHERE ${this.print(node.filter)})`,
      node.nulls && `${node.nulls.toUpperCase()} NULLS`,
      node.over && `OVER ${this.window(node.over)}`,
    );
  }

  #form(node: FunctionCall): string {
    const name = printName(node.name);
    const values = node.arguments.map((argument) => argument.value);
    const text = values.map((value) => this.print(value));
    const [first, second, third, fourth] = text;
    switch (node.form) {
      case null:
        return this.#call(node);
      case 'extract':
        return `${name}(${printField(values[0]!)} FROM ${second})`;
      case 'substring':
        return `${name}(${first} FROM ${second}${third === undefined ? '' : ` FOR ${third}`})`;
      case 'substring-similar':
        return `${name}(${first} SIMILAR ${second} ESCAPE ${third})`;
      case 'position':
        return `${name}(${this.restricted(values[1]!)} IN ${this.restricted(values[0]!)})`;
      case 'overlay': {
        const size = fourth === undefined ? '' : ` FOR ${fourth}`;
        return `${name}(${first} PLACING ${second} FROM ${third}${size})`;
      }
      case 'trim':
        return `trim(${trimSides.get(node.name.parts[0]!.name)} FROM ${text.join(', ')})`;
      case 'normalize': {
        const form = values[1]?.kind === 'string' ? `, ${values[1].value}` : '';
        return `${name}(${first}${form})`;
      }
      case 'overlaps':
        return `((${first}, ${second}) ${name} (${third}, ${fourth}))`;
      case 'collation-for':
        return `COLLATION FOR (${first})`;
      case 'floor-to':
        return `${name}(${first} TO ${values[1]?.kind === 'string' ? values[1].value : ''})`;
      default:
        return unreachable(node.form);
    }
  }

  window(reference: WindowReference): string {
    return reference.kind === 'window-name'
      ? printIdentifier(reference.name)
      : this.windowDefinition(reference);
  }

  windowDefinition(node: WindowDefinition): string {
    const { frame } = node;
    const inside = words(
      node.base && printIdentifier(node.base),
      node.partitionBy.length > 0 && `PARTITION BY ${this.list(node.partitionBy)}`,
      node.orderBy.length > 0 && `ORDER BY ${this.sortItems(node.orderBy)}`,
      frame?.mode.toUpperCase() ?? null,
      frame &&
        (frame.end === null ? this.#bound(frame.start) : this.#between(frame.start, frame.end)),
      frame?.exclude ? `EXCLUDE ${frame.exclude.toUpperCase()}` : null,
    );
    return `(${inside})`;
  }

  #between(start: FrameBound, end: FrameBound): string {
    return `BETWEEN ${this.#bound(start)} AND ${this.#bound(end)}`;
  }

  #bound(bound: FrameBound): string {
    const text = bound.kind.toUpperCase().replace('-', ' ');
    return bound.offset === null ? text : `${this.#child(bound.offset, levels.operator)} ${text}`;
  }

  sortItems(items: readonly SortItem[]): string {
    return items
      .map((item) =>
        words(
          this.print(item.expression),
          item.using && `USING ${printOperator(item.using)}`,
          item.direction && item.direction.toUpperCase(),
          item.nulls && `NULLS ${item.nulls.toUpperCase()}`,
        ),
      )
      .join(', ');
  }

  // ── types

  type(type: TypeName): string {
    switch (type.kind) {
      case 'named-type': {
        const modifiers = type.modifiers.length === 0 ? '' : `(${this.list(type.modifiers)})`;
        const fields = type.intervalFields === null ? '' : ` ${printFields(type.intervalFields)}`;
        const name = printName(type.name);
        // timestamp(3) with time zone: the digits stand inside the name.
        const zone = / (?=with(?:out)? )/.exec(type.name.parts[0]!.quoted ? '' : name);
        if (zone === null || modifiers === '') return name + modifiers + fields;
        return `${name.slice(0, zone.index)}${modifiers}${name.slice(zone.index)}`;
      }
      case 'array-type': {
        const { element, dimensions } = type;
        const brackets = dimensions.map((size) => `[${size ?? ''}]`).join('');
        if (element.kind !== 'array-type') return this.type(element) + brackets;
        // Brackets behind brackets would be dimensions of one array: an array of arrays needs ARRAY<…>.
        if (brackets === '[]') return `ARRAY<${this.type(element)}>`;
        return `ARRAY<${this.type(element.element)}>${brackets}`;
      }
      case 'map-type':
        return `MAP<${this.type(type.key)}, ${this.type(type.value)}>`;
      case 'row-type': {
        const fields = type.fields.map((field) =>
          words(
            printIdentifier(field.name),
            this.type(field.type),
            field.notNull && 'NOT NULL',
            field.comment !== null && printString(field.comment),
          ),
        );
        return `ROW<${fields.join(', ')}>`;
      }
      default:
        return unreachable(type);
    }
  }
}

const trimSides: ReadonlyMap<string, string> = new Map([
  ['btrim', 'BOTH'],
  ['ltrim', 'LEADING'],
  ['rtrim', 'TRAILING'],
]);

function levelOf(node: Expression): number {
  switch (node.kind) {
    case 'logical':
      return node.operator === 'and' ? levels.and : levels.or;
    case 'not':
      return levels.not;
    case 'is':
    case 'is-distinct':
      return levels.is;
    case 'between':
    case 'like':
    case 'in-list':
    case 'in-query':
      return levels.range;
    case 'binary':
    case 'quantified':
    case 'quantified-query':
      return operatorLevel(node.operator);
    case 'unary':
      return isSign(node.operator) ? levels.sign : levels.operator;
    case 'at-time-zone':
      return levels.at;
    case 'collate':
      return levels.collate;
    case 'cast':
      return node.safe ? atom : levels.cast;
    case 'number':
      return node.text.startsWith('-') ? levels.sign : atom;
    case 'current-of':
    case 'default':
      return 0;
    default:
      return atom;
  }
}

function operatorLevel(operator: OperatorName): number {
  if (operator.explicit) return levels.operator;
  return symbolLevels.get(operator.symbol) ?? levels.operator;
}

function isSign(operator: OperatorName): boolean {
  return !operator.explicit && (operator.symbol === '-' || operator.symbol === '+');
}

export function printOperator(operator: OperatorName): string {
  if (!operator.explicit) return operator.symbol;
  const schema = operator.schema.map((part) => `${printIdentifier(part)}.`).join('');
  return `OPERATOR(${schema}${operator.symbol})`;
}

/** EXTRACT's field is a word where it can be one. */
function printField(node: Expression): string {
  if (node.kind !== 'string') return '';
  const word = /^[a-z_][a-z_0-9]*$/.test(node.value);
  const usable = !keywords.has(node.value) || postgresFields.has(node.value);
  return word && usable ? node.value : printString(node.value);
}

const postgresFields = new Set(['year', 'month', 'day', 'hour', 'minute', 'second']);

function printInterval(node: Expression & { kind: 'interval' }): string {
  const precision = node.precision === null ? '' : `(${node.precision})`;
  const text = `INTERVAL${precision} ${printString(node.text)}`;
  if (node.fields === null) return text;
  const literal = `${text} ${printFields(node.fields)}`;
  // In a select list the other units would be column labels.
  return postgresFields.has(node.fields.from) ? literal : `(${literal})`;
}

function printFields(fields: IntervalFields): string {
  const precision = fields.precision === null ? '' : `(${fields.precision})`;
  const to = fields.to === null ? '' : ` TO ${fields.to.toUpperCase()}`;
  return `${fields.from.toUpperCase()}${to}${precision}`;
}
