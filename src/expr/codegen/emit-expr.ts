/**
 * Expression → statements. What has a generated form gets one; everything else evaluates its arguments in
 * generated code, boxes them and calls the function's own evaluator (or the interpreter of that one node),
 * so that every expression compiles. Arguments are always evaluated where the interpreter evaluates them,
 * so that the same rows fail.
 */

import { assert } from '../../base/assert.ts';
import type { Datum } from '../../types/datum.ts';
import { narrowKind, type SqlType } from '../../types/sql-type.ts';
import type { CallExpr, CaseExpr, CoalesceExpr, Expr, InListExpr, LogicExpr } from '../expr.ts';
import { compileInterpreter } from '../interpret.ts';
import { childrenOf, mapChildren } from '../walk.ts';
import { emitCast } from './emit-cast.ts';
import { emitConstant, narrowed } from './emit-constant.ts';
import { declareJoin, joinForm, type Join, type JoinForm } from './emit-join.ts';
import { emitArithmetic, emitNumberComparison, emitUnary, isComparison } from './emit-number.ts';
import { emitLike, emitTextComparison } from './emit-text.ts';
import { emitTextCall } from './emit-text-call.ts';
import { emitExtract, emitShift, emitShortExtract, emitTruncate } from './emit-time.ts';
import type { Emitter } from './emitter.ts';
import { anyNull, classOf, datumCode, type BooleanValue, type Value } from './value.ts';

/** The value of input column `index` in the current row. */
export type ColumnSource = (index: number) => Value;

const nullValue: Value = { rep: 'null', nul: 'true' };

export class ExprEmitter {
  readonly emitter: Emitter;
  readonly #column: ColumnSource;
  /** What trial emissions found, so that nested ones are not repeated at every level. */
  readonly #joined = new Map<Expr, JoinForm>();
  readonly #listable = new Map<Expr, boolean>();

  constructor(emitter: Emitter, column: ColumnSource) {
    this.emitter = emitter;
    this.#column = column;
  }

  emit(expr: Expr): Value {
    switch (expr.kind) {
      case 'column':
        return this.#column(expr.index);
      case 'constant':
        return emitConstant(this.emitter, expr.value, expr.type);
      case 'call':
        return this.#call(expr);
      case 'cast': {
        const value = this.#number(this.emit(expr.arg), expr.arg.type);
        const cast = emitCast(this.emitter, value, expr.arg.type, expr.type);
        return cast ?? this.#interpreted(expr, [value]);
      }
      case 'and':
      case 'or':
        return this.#logic(expr);
      case 'not': {
        const value = this.boolean(this.emit(expr.arg));
        return { ...value, code: `!${value.code}` };
      }
      case 'is-null': {
        if (expr.arg.type.kind === 'row') break;
        const nul = this.emit(expr.arg).nul ?? 'false';
        return { rep: 'boolean', code: expr.negated ? `!(${nul})` : `(${nul})`, nul: null };
      }
      case 'is-truth': {
        const value = this.boolean(this.emit(expr.arg));
        const is =
          expr.truth === null
            ? `(${value.nul ?? 'false'})`
            : `(${value.nul === null ? '' : `!(${value.nul})&&`}${expr.truth ? '' : '!'}${value.code})`;
        return { rep: 'boolean', code: expr.negated ? `!${is}` : is, nul: null };
      }
      case 'is-distinct':
        return this.#distinct(expr);
      case 'case':
        return this.#case(expr);
      case 'coalesce':
        return this.#coalesce(expr);
      case 'in-list':
        return this.#inList(expr);
      default:
    }
    const children = childrenOf(expr);
    return this.#interpreted(
      expr,
      children.map((child) => this.emit(child)),
    );
  }

  /** As a condition: code that is true only where the value is TRUE. */
  condition(expr: Expr): string {
    const value = this.boolean(this.emit(expr));
    return value.nul === null ? value.code : `(!(${value.nul})&&${value.code})`;
  }

  boolean(value: Value): BooleanValue {
    if (value.rep === 'boolean') return value;
    if (value.rep === 'null') return { rep: 'boolean', code: 'false', nul: 'true' };
    assert(value.rep === 'datum', `a ${value.rep} where a boolean belongs`);
    return { rep: 'boolean', code: `(${value.code}===true)`, nul: `${value.code}===null` };
  }

  #number(value: Value, type: SqlType): Value {
    return narrowed(this.emitter, value, type);
  }

  #call(expr: CallExpr): Value {
    const args = expr.args.map((arg) => this.#number(this.emit(arg), arg.type));
    return this.#builtin(expr, args) ?? this.#evaluated(expr, args);
  }

  #builtin(expr: CallExpr, args: readonly Value[]): Value | null {
    const { fn } = expr;
    if (args.some((value) => value.rep === 'null')) return null;
    const text = this.#textCall(expr, args);
    if (text !== null) return text;
    const argTypes = expr.args.map((arg) => arg.type);
    const [left, right] = args;
    if (args.length === 1 && left?.rep === 'number') {
      const short = fn.operator
        ? null
        : emitShortExtract(this.emitter, fn.name, left, argTypes[0]!);
      if (short !== null) return short;
      const op = fn.operator ? fn.name : fn.name === 'abs' ? '@' : '';
      return ['-', '+', '@'].includes(op) ? emitUnary(this.emitter, op, left, argTypes[0]!) : null;
    }
    if (args.length !== 2 || left === undefined || right === undefined) return null;
    if (!fn.operator) return this.#named(expr, left, right);
    if (isComparison(fn.name)) return this.#compare(fn.name, left, right, argTypes);
    return this.#operator(expr, left, right);
  }

  #textCall(expr: CallExpr, args: readonly Value[]): Value | null {
    if (args[0]?.rep !== 'text') return null;
    const constants = expr.args.map((arg) => (arg.kind === 'constant' ? arg.value : undefined));
    return emitTextCall(this.emitter, { id: expr.fn.id, args, constants });
  }

  #operator(expr: CallExpr, left: Value, right: Value): Value | null {
    const { name } = expr.fn;
    const [a, b] = expr.args as [Expr, Expr];
    if ((name === '~~' || name === '!~~') && left.rep === 'text' && classOf(a.type) === 'text') {
      return emitLike(this.emitter, left, constantOf(b), name === '!~~');
    }
    if (left.rep !== 'number') return null;
    if (b.type.kind === 'interval' && (name === '+' || name === '-')) {
      return emitShift(this.emitter, name, left, { interval: constantOf(b), type: a.type });
    }
    if (right.rep !== 'number') return null;
    const types = { left: a.type, right: b.type, result: expr.type };
    return emitArithmetic(this.emitter, name, left, right, types);
  }

  #named(expr: CallExpr, left: Value, value: Value): Value | null {
    const [first, second] = expr.args as [Expr, Expr];
    if (value.rep !== 'number') return null;
    switch (expr.fn.name) {
      case 'mod': {
        if (left.rep !== 'number' || classOf(first.type) !== 'integer') return null;
        const types = { left: first.type, right: second.type, result: expr.type };
        return emitArithmetic(this.emitter, '%', left, value, types);
      }
      case 'date_trunc':
        return emitTruncate(this.emitter, constantOf(first), value, second.type);
      case 'extract':
      case 'date_part': {
        const field = emitExtract(this.emitter, constantOf(first), value, second.type);
        if (field === null || expr.type.kind === 'numeric') return field;
        if (expr.type.kind !== 'double') return null;
        return { ...field, scale: 0, code: `(${field.code}/${10 ** field.scale})` };
      }
      default:
        return null;
    }
  }

  #compare(
    op: string,
    left: Value,
    right: Value,
    [leftType, rightType]: readonly SqlType[],
  ): BooleanValue | null {
    if (classOf(leftType!) !== classOf(rightType!)) return null;
    if (left.rep === 'text' && right.rep === 'text') {
      return emitTextComparison(this.emitter, op, left, right);
    }
    if (left.rep === 'number' && right.rep === 'number') {
      return emitNumberComparison(this.emitter, op, left, right, leftType!);
    }
    if (left.rep === 'boolean' && right.rep === 'boolean' && (op === '=' || op === '<>')) {
      const code = `(${left.code}${op === '=' ? '===' : '!=='}${right.code})`;
      return { rep: 'boolean', code, nul: anyNull([left, right]) };
    }
    return null;
  }

  /** The function's own evaluator on boxed arguments. */
  #evaluated(expr: CallExpr, args: readonly Value[]): Value {
    const { emitter } = this;
    const nul = expr.fn.strict ? anyNull(args) : null;
    if (nul?.split('||').includes('(true)') === true) return nullValue;
    const code = emitter.guarded(nul, 'null', (set) => {
      const boxed = args.map((value, index) => datumCode(value, expr.args[index]!.type));
      const call = `${emitter.constant(expr.fn)}.evaluate([${boxed.join(',')}],context)`;
      set(expr.fn.volatility === 'volatile' ? call : emitter.once(call));
    });
    return this.#fromDatum(code, expr.type, args);
  }

  /** One node by the interpreter, over its evaluated children. */
  #interpreted(expr: Expr, children: readonly Value[]): Value {
    const { emitter } = this;
    const kept = childrenOf(expr);
    const boxed: string[] = [];
    let next = 0;
    const node = mapChildren(expr, (child) => {
      const index = next++;
      if (child.kind === 'constant') return child;
      boxed.push(datumCode(children[index]!, kept[index]!.type));
      return { kind: 'column', index: boxed.length - 1, type: child.type };
    });
    const call = `${emitter.constant(compileInterpreter(node))}([${boxed.join(',')}],context)`;
    return this.#fromDatum(emitter.let(call), expr.type, children);
  }

  #fromDatum(code: string, type: SqlType, args: readonly Value[]): Value {
    const nul = `${code}===null`;
    if (type.kind === 'boolean') return { rep: 'boolean', code: `(${code}===true)`, nul };
    if (narrowKind(type) === 'i32' || type.kind === 'double' || type.kind === 'real') {
      return { rep: 'number', code: this.emitter.let(`${nul}?0:${code}`), scale: 0, nul };
    }
    const wide = args.some((value) => value.rep === 'datum' && value.wide);
    return { rep: 'datum', code, wide, nul };
  }

  #logic(expr: LogicExpr): BooleanValue {
    const { emitter } = this;
    const and = expr.kind === 'and';
    const value = emitter.name();
    const nul = emitter.name();
    emitter.line(`let ${value}=${and},${nul}=false;`);
    let nullable = false;
    for (const arg of expr.args) {
      const { code } = emitter.capture(() => {
        const part = this.boolean(this.emit(arg));
        const decide = `if(${and ? '!' : ''}${part.code}) ${value}=${!and};`;
        if (part.nul === null) emitter.line(decide);
        else {
          nullable = true;
          emitter.line(`if(${part.nul}) ${nul}=true; else ${decide}`);
        }
      });
      emitter.line(`if(${and ? '' : '!'}${value}){${code}}`);
    }
    const undecided = and ? value : `!${value}`;
    return { rep: 'boolean', code: value, nul: nullable ? `(${nul}&&${undecided})` : null };
  }

  #distinct(expr: Extract<Expr, { kind: 'is-distinct' }>): Value {
    const left = this.#number(this.emit(expr.left), expr.left.type);
    const right = this.#number(this.emit(expr.right), expr.right.type);
    const equal = this.#compare('=', left, right, [expr.left.type, expr.right.type]);
    if (equal === null) return this.#interpreted(expr, [left, right]);
    const a = left.nul ?? 'false';
    const b = right.nul ?? 'false';
    const same = `((${a})===(${b})&&((${a})||${equal.code}))`;
    return { rep: 'boolean', code: expr.negated ? same : `!${same}`, nul: null };
  }

  #case(expr: CaseExpr): Value {
    const { emitter } = this;
    const result = this.#join(expr, [
      ...expr.branches.map((branch) => branch.then),
      expr.otherwise,
    ]);
    const emitFrom = (index: number): void => {
      const branch = expr.branches[index];
      if (branch === undefined) return result.assign(expr.otherwise);
      const when = this.condition(branch.when);
      const then = emitter.capture(() => {
        result.assign(branch.then);
      });
      const rest = emitter.capture(() => {
        emitFrom(index + 1);
      });
      emitter.line(`if(${when}){${then.code}}else{${rest.code}}`);
    };
    emitFrom(0);
    return result.value;
  }

  #coalesce(expr: CoalesceExpr): Value {
    const { emitter } = this;
    const result = this.#join(expr, expr.args);
    const emitFrom = (index: number): void => {
      result.assign(expr.args[index]!);
      if (index + 1 === expr.args.length) return;
      const rest = emitter.capture(() => {
        emitFrom(index + 1);
      });
      emitter.line(`if(${result.value.nul ?? 'false'}){${rest.code}}`);
    };
    emitFrom(0);
    return result.value;
  }

  #join(expr: Expr, alternatives: readonly Expr[]): Join {
    const emitEach = (each: Expr): Value => this.#number(this.emit(each), each.type);
    let form = this.#joined.get(expr);
    if (form === undefined) {
      form = joinForm(this.emitter.capture(() => alternatives.map(emitEach)).result);
      this.#joined.set(expr, form);
    }
    return declareJoin(this.emitter, form, emitEach);
  }

  /** As OR over equalities; the list is asked only until one is true. */
  #inList(expr: InListExpr): Value {
    const { emitter } = this;
    const arg = this.#number(this.emit(expr.arg), expr.arg.type);
    if (!this.#isListable(expr, arg)) {
      return this.#interpreted(expr, [arg, ...expr.list.map((item) => this.emit(item))]);
    }
    const found = emitter.name();
    const nul = emitter.name();
    emitter.line(`let ${found}=false,${nul}=false;`);
    for (const item of expr.list) {
      const { code } = emitter.capture(() => {
        const value = this.#number(this.emit(item), item.type);
        const equal =
          value.rep === 'null' ? value : this.#compare('=', arg, value, [expr.arg.type, item.type]);
        assert(equal !== null, 'an equality that compiled before');
        const set = equal.rep === 'null' ? '' : `else if(${equal.code}) ${found}=true;`;
        emitter.line(`if(${equal.nul ?? 'false'}) ${nul}=true; ${set}`);
      });
      emitter.line(`if(!${found}){${code}}`);
    }
    const code = expr.negated ? `!${found}` : found;
    return { rep: 'boolean', code, nul: `(${nul}&&!${found})` };
  }

  /** Whether every element can be compared in generated code. */
  #isListable(expr: InListExpr, arg: Value): boolean {
    if (expr.fn.name !== '=' || arg.rep === 'null') return false;
    const known = this.#listable.get(expr);
    if (known !== undefined) return known;
    const { result } = this.emitter.capture(() =>
      expr.list.every((item) => {
        const value = this.#number(this.emit(item), item.type);
        if (value.rep === 'null') return true;
        return this.#compare('=', arg, value, [expr.arg.type, item.type]) !== null;
      }),
    );
    this.#listable.set(expr, result);
    return result;
  }
}

/** The value of a constant expression, NULL for any other. */
function constantOf(expr: Expr): Datum | null {
  return expr.kind === 'constant' ? expr.value : null;
}
