/** What a source's declaration computes from its records. */

import type { Expr } from '../expr/expr.ts';

/** The expressions of a source's declaration, bound over all of its columns. */
export interface SourceProgram {
  /** By ordinal of the computed column. */
  readonly computed: ReadonlyMap<number, Expr>;
  readonly watermark: Expr | null;
}
