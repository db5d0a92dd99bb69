/**
 * The canonical text of a path: PostgreSQL's, but that an operation with steps behind it keeps its
 * parentheses everywhere (PostgreSQL drops some, and the text then means another path).
 */

import { unreachable } from '../base/assert.ts';
import { Decimal } from './decimal.ts';
import { quoteJson } from './jsonb.ts';
import {
  anyDepth,
  type JsonPath,
  type PathChain,
  type PathHead,
  type PathStep,
} from './jsonpath.ts';

export function printJsonPath(path: JsonPath): string {
  return (path.strict ? 'strict ' : '') + chainText(path.chain, true);
}

function chainText(chain: PathChain, brackets: boolean): string {
  const { head, steps } = chain;
  if (steps.length === 0) return headText(head, brackets);
  const first =
    head.kind === 'constant' && head.value instanceof Decimal
      ? `(${headText(head, false)})`
      : headText(head, true);
  return first + steps.map(stepText).join('');
}

/** How strongly an operator binds; an operand that binds no stronger stands in parentheses. */
function strengthOf(head: PathHead): number {
  switch (head.kind) {
    case 'or':
      return 0;
    case 'and':
      return 1;
    case 'compare':
    case 'starts-with':
      return 2;
    case 'arithmetic':
      return head.operator === '+' || head.operator === '-' ? 3 : 4;
    case 'sign':
      return 5;
    default:
      return 6;
  }
}

function headText(head: PathHead, brackets: boolean): string {
  const operand = (chain: PathChain): string =>
    chainText(chain, strengthOf(chain.head) <= strengthOf(head));
  const enclosed = (text: string): string => (brackets ? `(${text})` : text);
  switch (head.kind) {
    case 'root':
      return '$';
    case 'current':
      return '@';
    case 'last':
      return 'last';
    case 'constant':
      return typeof head.value === 'string' ? quoteJson(head.value) : String(head.value);
    case 'variable':
      return `$${quoteJson(head.name)}`;
    case 'and':
    case 'or':
      return enclosed(
        `${operand(head.left)} ${head.kind === 'and' ? '&&' : '||'} ${operand(head.right)}`,
      );
    case 'compare':
    case 'arithmetic':
      return enclosed(`${operand(head.left)} ${head.operator} ${operand(head.right)}`);
    case 'starts-with':
      return enclosed(`${operand(head.left)} starts with ${operand(head.right)}`);
    case 'like-regex': {
      const { source, flags } = head.pattern;
      const suffix = flags === '' ? '' : ` flag "${flags}"`;
      return enclosed(`${operand(head.left)} like_regex ${quoteJson(source)}${suffix}`);
    }
    case 'sign':
      return enclosed(`${head.operator}${operand(head.arg)}`);
    case 'not':
      return `!(${chainText(head.arg, false)})`;
    case 'is-unknown':
      return `(${chainText(head.arg, false)}) is unknown`;
    case 'exists':
      return `exists (${chainText(head.arg, false)})`;
    default:
      return unreachable(head, 'path head');
  }
}

function stepText(step: PathStep): string {
  switch (step.kind) {
    case 'key':
      return `.${quoteJson(step.key)}`;
    case 'any-key':
      return '.*';
    case 'any-array':
      return '[*]';
    case 'elements': {
      const ranges = step.ranges.map(({ from, to }) => {
        const first = chainText(from, false);
        return to === null ? first : `${first} to ${chainText(to, false)}`;
      });
      return `[${ranges.join(',')}]`;
    }
    case 'any':
      return `.**${levels(step.first, step.last)}`;
    case 'filter':
      return `?(${chainText(step.predicate, false)})`;
    case 'method':
      return `.${step.method}()`;
    case 'datetime':
      return `.datetime(${step.template === null ? '' : quoteJson(step.template)})`;
    default:
      return unreachable(step, 'path step');
  }
}

function levels(first: number, last: number): string {
  if (first === 0 && last === anyDepth) return '';
  const name = (level: number): string => (level === anyDepth ? 'last' : String(level));
  return first === last ? `{${name(first)}}` : `{${name(first)} to ${name(last)}}`;
}
