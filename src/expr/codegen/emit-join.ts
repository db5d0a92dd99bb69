/**
 * Variables that one of several expressions fills: the result of CASE and COALESCE. Their form is the one
 * that all alternatives share, a datum when there is none.
 */

import type { Expr } from '../expr.ts';
import type { Emitter } from './emitter.ts';
import { constantBytes } from './runtime.ts';
import { datumCode, type Value } from './value.ts';

export interface JoinForm {
  readonly rep: 'number' | 'boolean' | 'text' | 'datum';
  readonly scale: number;
  readonly wide: boolean;
}

export interface Join {
  readonly value: Value;
  /** Emits an alternative and fills the variables with it. */
  assign(expr: Expr): void;
}

/** The form for alternatives that, tried out, came in these forms. */
export function joinForm(tried: readonly Value[]): JoinForm {
  const values = tried.filter((value) => value.rep !== 'null');
  const first = values[0];
  const rep = first?.rep ?? 'datum';
  const scale = first?.rep === 'number' ? first.scale : 0;
  const shared = values.every(
    (each) => each.rep === rep && (each.rep !== 'number' || each.scale === scale),
  );
  const wide = values.some((each) => each.rep === 'datum' && each.wide);
  return { rep: shared ? rep : 'datum', scale, wide };
}

export function declareJoin(emitter: Emitter, form: JoinForm, emit: (expr: Expr) => Value): Join {
  switch (form.rep) {
    case 'datum':
      return datumJoin(emitter, form.wide, emit);
    case 'text':
      return textJoin(emitter, emit);
    default:
      return plainJoin(emitter, form, emit);
  }
}

function datumJoin(emitter: Emitter, wide: boolean, emit: (expr: Expr) => Value): Join {
  const name = emitter.name();
  emitter.line(`let ${name}=null;`);
  return {
    value: { rep: 'datum', code: name, wide, nul: `${name}===null` },
    assign: (expr) => {
      emitter.line(`${name}=${datumCode(emit(expr), expr.type)};`);
    },
  };
}

function plainJoin(emitter: Emitter, form: JoinForm, emit: (expr: Expr) => Value): Join {
  const code = emitter.name();
  const nul = emitter.name();
  emitter.line(`let ${nul}=true,${code}=${form.rep === 'boolean' ? 'false' : '0'};`);
  return {
    value:
      form.rep === 'boolean'
        ? { rep: 'boolean', code, nul }
        : { rep: 'number', code, scale: form.scale, nul },
    assign: (expr) => {
      const each = emit(expr);
      const known = each.rep === 'number' || each.rep === 'boolean';
      const store = known ? `${code}=${each.code};` : '';
      emitter.line(`${nul}=${each.nul ?? 'false'};${store}`);
    },
  };
}

function textJoin(emitter: Emitter, emit: (expr: Expr) => Value): Join {
  const bytes = emitter.name();
  const offset = emitter.name();
  const length = emitter.name();
  const nul = emitter.name();
  const empty = emitter.constant(constantBytes(''));
  emitter.line(`let ${nul}=true,${bytes}=${empty},${offset}=0,${length}=0;`);
  return {
    value: { rep: 'text', bytes, offset, length, column: null, datum: null, nul },
    assign: (expr) => {
      const each = emit(expr);
      const store =
        each.rep === 'text'
          ? `${bytes}=${each.bytes};${offset}=${each.offset};${length}=${each.length};`
          : '';
      emitter.line(`${nul}=${each.nul ?? 'false'};${store}`);
    },
  };
}
