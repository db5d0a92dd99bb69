/** What the text forms of values depend on, read from the statement's context only when it is asked for. */

import type { TextIoOptions } from '../types/text-io.ts';
import { findSessionZone, resolveZone, type Zone } from '../types/zones.ts';
import type { EvalContext } from './functions/registry.ts';

const intervalStyles = ['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'] as const;

/** Input and output options of the session that `context` stands for. */
export function textIo(context: EvalContext): TextIoOptions {
  return new ContextIo(context);
}

/** The session's time zone. Views run in UTC. */
export function sessionZone(context: EvalContext): Zone {
  return findSessionZone(context.timeZone) ?? resolveZone(context.timeZone);
}

/** Getters, so that the many casts that need no setting look none up. */
class ContextIo implements TextIoOptions {
  readonly #context: EvalContext;

  constructor(context: EvalContext) {
    this.#context = context;
  }

  get timeZone(): string {
    return this.#context.timeZone;
  }

  get now(): bigint {
    return this.#context.nowMicros;
  }

  get dateStyle(): string {
    return this.#context.catalog.setting('datestyle') ?? 'ISO, MDY';
  }

  get extraFloatDigits(): number {
    return Number(this.#context.catalog.setting('extra_float_digits') ?? '1');
  }

  get intervalStyle(): (typeof intervalStyles)[number] {
    const name = this.#context.catalog.setting('intervalstyle');
    return intervalStyles.find((style) => style === name) ?? 'postgres';
  }

  get byteaOutput(): 'hex' | 'escape' {
    return this.#context.catalog.setting('bytea_output') === 'escape' ? 'escape' : 'hex';
  }
}
