/** The rows of pg_sequence, pg_sequences and information_schema.sequences. */

import { oidOf } from '../types/oid.ts';
import { types } from '../types/sql-type.ts';
import { sequencesOf } from './sequences.ts';
import type { SystemContext } from './system-context.ts';
import type { SystemProvider } from './system-relations.ts';

type Provider = SystemProvider<SystemContext>;

const bits = { smallint: 16, integer: 32, bigint: 64 } as const;

const pgSequence: Provider = ({ catalog }) =>
  sequencesOf(catalog).map((sequence) => ({
    seqrelid: sequence.oid,
    seqtypid: oidOf(types[sequence.dataType]),
    seqstart: BigInt(sequence.start),
    seqincrement: BigInt(sequence.increment),
    seqmax: BigInt(sequence.max),
    seqmin: BigInt(sequence.min),
    seqcache: BigInt(sequence.cache),
    seqcycle: sequence.cycle,
  }));

const pgSequences: Provider = ({ catalog, user, sequenceValue }) =>
  sequencesOf(catalog).map((sequence) => ({
    schemaname: sequence.schema,
    sequencename: sequence.name,
    sequenceowner: user,
    data_type: oidOf(types[sequence.dataType]),
    start_value: BigInt(sequence.start),
    min_value: BigInt(sequence.min),
    max_value: BigInt(sequence.max),
    increment_by: BigInt(sequence.increment),
    cycle: sequence.cycle,
    cache_size: BigInt(sequence.cache),
    last_value: sequenceValue(sequence),
  }));

/** Sequences of identity columns are left out, as the standard has it. */
export const informationSequences: Provider = ({ catalog, database }) =>
  sequencesOf(catalog)
    .filter((sequence) => sequence.owner?.identity !== true)
    .map((sequence) => ({
      sequence_catalog: database,
      sequence_schema: sequence.schema,
      sequence_name: sequence.name,
      data_type: sequence.dataType,
      numeric_precision: bits[sequence.dataType],
      numeric_precision_radix: 2,
      numeric_scale: 0,
      start_value: sequence.start,
      minimum_value: sequence.min,
      maximum_value: sequence.max,
      increment: sequence.increment,
      cycle_option: sequence.cycle ? 'YES' : 'NO',
    }));

export const sequenceRelations: readonly (readonly [string, Provider])[] = [
  ['pg_sequence', pgSequence],
  ['pg_sequences', pgSequences],
];
