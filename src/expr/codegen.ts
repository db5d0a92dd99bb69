/**
 * Compiles a filter and projection into a map kernel: the entry point of code generation.
 * The meaning stands in interpret.ts; generated kernels must agree with it row for row.
 */

import { GeneratedMapKernel } from './codegen/map-kernel.ts';
import { PlainMapKernel, type MapKernel, type MapKernelSpec } from './kernel.ts';

export type { MapKernel, MapKernelSpec, RowFailure } from './kernel.ts';

/** `codegen: false` gives the plain kernel, the judge of the generated one. */
export function compileMap(spec: MapKernelSpec, options: { readonly codegen: boolean }): MapKernel {
  return options.codegen ? new GeneratedMapKernel(spec) : new PlainMapKernel(spec);
}
