/**
 * The source of one variant of a map kernel: the kinds of the input columns are fixed, and columns without
 * NULLs, weights and row watermarks that are absent leave no trace in it.
 */

import { unreachable } from '../../base/assert.ts';
import { narrowKind, type ColumnKind, type SqlType } from '../../types/sql-type.ts';
import type { Expr } from '../expr.ts';
import type { MapKernelSpec } from '../kernel.ts';
import { columnsOf } from '../walk.ts';
import { ExprEmitter } from './emit-expr.ts';
import { Emitter, trip } from './emitter.ts';
import { datumCode, type Value } from './value.ts';

/** What one input column looks like in this variant. */
export interface InputForm {
  readonly kind: ColumnKind;
  readonly nullable: boolean;
}

export interface VariantForm {
  /** By column; null where the column is not read. */
  readonly inputs: readonly (InputForm | null)[];
  readonly weights: boolean;
  readonly watermarks: boolean;
  readonly offsets: boolean;
}

/** How an output column comes about. */
export type OutputPlan =
  | { readonly kind: 'shared'; readonly input: number }
  | { readonly kind: 'written'; readonly form: ColumnKind; readonly bytesOf: number | null };

export interface VariantSource {
  readonly source: string;
  readonly constants: readonly unknown[];
  readonly outputs: readonly OutputPlan[];
}

export function mapSource(spec: MapKernelSpec, form: VariantForm): VariantSource {
  const emitter = new Emitter();
  const exprs = new ExprEmitter(emitter, (index) =>
    columnValue(emitter, index, form.inputs[index]!, spec.inputTypes[index]!),
  );
  if (spec.predicate !== null) emitter.line(`if(!${exprs.condition(spec.predicate)}) continue;`);
  const outputs = spec.exprs.map((expr, index) =>
    emitOutput(exprs, expr, index, spec.predicate === null),
  );
  if (spec.predicate !== null) {
    if (form.weights) emitter.line('outWeights[k]=weights[i];');
    if (form.watermarks) emitter.line('outMarks[k]=marks[i];');
    if (form.offsets) emitter.line('outPlaces[k]=places[i];');
  }
  const body = emitter.take();
  const source = `${emitter.constants.map((_, index) => `const k${index}=K[${index}];`).join('\n')}
return function run(I,O,n,context,Z,utc,weights,outWeights,marks,outMarks,places,outPlaces){
${form.inputs.map((input, index) => (input === null ? '' : declareInput(index, input))).join('\n')}
${outputs.map((output, index) => declareOutput(index, output)).join('\n')}
let k=0; ${emitter.memos()}
for(let i=0;i<n;i++){
${body}
k++;
}
${outputs.map((output, index) => (output.kind === 'written' ? `O[${index}].hasNull=h${index};` : '')).join('')}
return k; };`;
  return { source, constants: emitter.constants, outputs };
}

/** Columns that the variant must know the form of. */
export function columnsRead(spec: MapKernelSpec): ReadonlySet<number> {
  const read = new Set<number>();
  const all = spec.predicate === null ? spec.exprs : [spec.predicate, ...spec.exprs];
  for (const expr of all) for (const column of columnsOf(expr)) read.add(column);
  return read;
}

function declareInput(index: number, input: InputForm): string {
  const nulls = input.nullable
    ? `const n${index}=I[${index}].nulls===null?Z:I[${index}].nulls;`
    : '';
  if (input.kind !== 'text') return `const a${index}=I[${index}].values; ${nulls}`;
  return `const b${index}=I[${index}].bytes,f${index}=I[${index}].offsets,l${index}=I[${index}].lengths; ${nulls}`;
}

function columnValue(emitter: Emitter, index: number, input: InputForm, type: SqlType): Value {
  if (input.kind === 'any') {
    const code = emitter.let(`a${index}[i]`);
    return { rep: 'datum', code, wide: narrowKind(type) !== 'any', nul: `${code}===null` };
  }
  const isNull = `n${index}[i]===1`;
  if (input.kind === 'text') {
    // Not by names of their own, so that equal calls over a column have equal text.
    return {
      rep: 'text',
      bytes: `b${index}`,
      offset: `f${index}[i]`,
      length: `l${index}[i]`,
      column: index,
      datum: null,
      nul: input.nullable ? isNull : null,
    };
  }
  const nul = input.nullable ? emitter.let(isNull) : null;
  switch (input.kind) {
    case 'bool':
      return { rep: 'boolean', code: emitter.let(`a${index}[i]===1`), nul };
    case 'i32':
    case 'f64': {
      const scale = type.kind === 'numeric' ? (type.fixedScale ?? 0) : 0;
      return { rep: 'number', code: emitter.let(`a${index}[i]`), scale, nul };
    }
    default:
      return unreachable(input.kind, 'column kind');
  }
}

function declareOutput(index: number, output: OutputPlan): string {
  if (output.kind === 'shared') return '';
  const arrays = { i32: 'ints', f64: 'floats', bool: 'bools', any: 'anys', text: 'offsets' };
  const lengths = output.form === 'text' ? `,q${index}=O[${index}].lengths` : '';
  return `const o${index}=O[${index}],p${index}=o${index}.${arrays[output.form]}${lengths},m${index}=o${index}.nulls; let h${index}=false;`;
}

function emitOutput(
  exprs: ExprEmitter,
  expr: Expr,
  index: number,
  shareColumns: boolean,
): OutputPlan {
  if (shareColumns && expr.kind === 'column') return { kind: 'shared', input: expr.index };
  const { emitter } = exprs;
  const value = exprs.emit(expr);
  const form = outputForm(value, expr.type);
  if (form === 'any') {
    emitter.line(`p${index}[k]=${datumCode(value, expr.type)};`);
    return { kind: 'written', form, bytesOf: null };
  }
  if (value.rep === 'null') {
    emitter.line(`m${index}[k]=1; h${index}=true; ${safeValue(form, index)}`);
    return { kind: 'written', form, bytesOf: null };
  }
  const { code } = emitter.capture(() => {
    store(emitter, value, expr.type, index);
  });
  if (value.nul === null) {
    emitter.line(`{${code}}`);
  } else {
    emitter.line(
      `if(${value.nul}){m${index}[k]=1;h${index}=true;${safeValue(form, index)}}else{m${index}[k]=0;${code}}`,
    );
  }
  const bytesOf = value.rep === 'text' ? value.column : null;
  return { kind: 'written', form, bytesOf };
}

/** The narrow form where the value is known to have it, or trips where it has not. */
function outputForm(value: Value, type: SqlType): ColumnKind {
  const narrow = narrowKind(type);
  if (value.rep === 'datum' && value.wide) return 'any';
  if (value.rep === 'number' && type.kind === 'numeric' && value.scale !== type.fixedScale) {
    return 'any';
  }
  return narrow;
}

function safeValue(form: ColumnKind, index: number): string {
  return form === 'text' ? `p${index}[k]=0;q${index}[k]=0;` : `p${index}[k]=0;`;
}

function store(
  emitter: Emitter,
  value: Exclude<Value, { rep: 'null' }>,
  type: SqlType,
  index: number,
): void {
  const at = `p${index}[k]`;
  switch (value.rep) {
    case 'number':
      emitter.line(`${at}=${value.code};`);
      return;
    case 'boolean':
      emitter.line(`${at}=${value.code}?1:0;`);
      return;
    case 'text':
      emitter.line(
        value.column === null
          ? `${at}=o${index}.putBytes(${value.bytes},${value.offset},${value.length});q${index}[k]=${value.length};`
          : `${at}=${value.offset};q${index}[k]=${value.length};`,
      );
      return;
    case 'datum': {
      if (narrowKind(type) === 'text') {
        emitter.line(`${at}=o${index}.putText(${value.code});q${index}[k]=o${index}.putLength;`);
        return;
      }
      const number = emitter.let(`R.narrow(${value.code},${emitter.constant(type)})`);
      emitter.line(`if(${number}!==${number}) ${trip} ${at}=${number};`);
      return;
    }
    default:
      unreachable(value, 'value');
  }
}
