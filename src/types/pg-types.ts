/**
 * The rows of pg_type for every type we have, exactly as PostgreSQL 15 has them: drivers find types by
 * OID, by name, and by the names of their input and receive functions. Array types follow from their
 * element's row. `map` is ours; its OID lies in the range that PostgreSQL leaves to initdb, below all
 * user objects, and it travels as text.
 */

import type { EnumDefinition } from './enum-labels.ts';

/** One row of pg_type. */
export interface PgType {
  readonly oid: number;
  readonly name: string;
  readonly length: number;
  readonly byValue: boolean;
  readonly category: string;
  readonly preferred: boolean;
  readonly type: 'b' | 'p' | 'e';
  readonly align: 'c' | 's' | 'i' | 'd';
  readonly storage: 'p' | 'x' | 'm';
  /** 0 when there is none; so for elementOid and collation. */
  readonly arrayOid: number;
  readonly elementOid: number;
  readonly delimiter: string;
  /** Names of the I/O functions; '-' when there is none. */
  readonly input: string;
  readonly output: string;
  readonly receive: string;
  readonly send: string;
  readonly typmodIn: string;
  readonly typmodOut: string;
  readonly subscript: string;
  readonly collation: number;
}

export const mapOid = 16380;

type Subscript = 'none' | 'array' | 'raw' | 'jsonb';
// prettier-ignore
type TypeLine = readonly [
  oid: number, name: string, length: number, byValue: boolean, category: string, preferred: boolean,
  type: 'b' | 'p', align: 'c' | 's' | 'i' | 'd', storage: 'p' | 'x' | 'm', arrayOid: number,
  elementOid: number, input: string, output: string, receive: string, send: string, typmodIn: string,
  typmodOut: string, subscript: Subscript, collation: number,
];

// prettier-ignore
const lines: readonly TypeLine[] = [
  [16, 'bool', 1, true, 'B', true, 'b', 'c', 'p', 1000, 0, 'boolin', 'boolout', 'boolrecv', 'boolsend', '-', '-', 'none', 0],
  [17, 'bytea', -1, false, 'U', false, 'b', 'i', 'x', 1001, 0, 'byteain', 'byteaout', 'bytearecv', 'byteasend', '-', '-', 'none', 0],
  [18, 'char', 1, true, 'Z', false, 'b', 'c', 'p', 1002, 0, 'charin', 'charout', 'charrecv', 'charsend', '-', '-', 'none', 0],
  [19, 'name', 64, false, 'S', false, 'b', 'c', 'p', 1003, 18, 'namein', 'nameout', 'namerecv', 'namesend', '-', '-', 'raw', 950],
  [20, 'int8', 8, true, 'N', false, 'b', 'd', 'p', 1016, 0, 'int8in', 'int8out', 'int8recv', 'int8send', '-', '-', 'none', 0],
  [21, 'int2', 2, true, 'N', false, 'b', 's', 'p', 1005, 0, 'int2in', 'int2out', 'int2recv', 'int2send', '-', '-', 'none', 0],
  [22, 'int2vector', -1, false, 'A', false, 'b', 'i', 'p', 1006, 21, 'int2vectorin', 'int2vectorout', 'int2vectorrecv', 'int2vectorsend', '-', '-', 'array', 0],
  [23, 'int4', 4, true, 'N', false, 'b', 'i', 'p', 1007, 0, 'int4in', 'int4out', 'int4recv', 'int4send', '-', '-', 'none', 0],
  [24, 'regproc', 4, true, 'N', false, 'b', 'i', 'p', 1008, 0, 'regprocin', 'regprocout', 'regprocrecv', 'regprocsend', '-', '-', 'none', 0],
  [25, 'text', -1, false, 'S', true, 'b', 'i', 'x', 1009, 0, 'textin', 'textout', 'textrecv', 'textsend', '-', '-', 'none', 100],
  [26, 'oid', 4, true, 'N', true, 'b', 'i', 'p', 1028, 0, 'oidin', 'oidout', 'oidrecv', 'oidsend', '-', '-', 'none', 0],
  [28, 'xid', 4, true, 'U', false, 'b', 'i', 'p', 1011, 0, 'xidin', 'xidout', 'xidrecv', 'xidsend', '-', '-', 'none', 0],
  [30, 'oidvector', -1, false, 'A', false, 'b', 'i', 'p', 1013, 26, 'oidvectorin', 'oidvectorout', 'oidvectorrecv', 'oidvectorsend', '-', '-', 'array', 0],
  [114, 'json', -1, false, 'U', false, 'b', 'i', 'x', 199, 0, 'json_in', 'json_out', 'json_recv', 'json_send', '-', '-', 'none', 0],
  [700, 'float4', 4, true, 'N', false, 'b', 'i', 'p', 1021, 0, 'float4in', 'float4out', 'float4recv', 'float4send', '-', '-', 'none', 0],
  [701, 'float8', 8, true, 'N', true, 'b', 'd', 'p', 1022, 0, 'float8in', 'float8out', 'float8recv', 'float8send', '-', '-', 'none', 0],
  [705, 'unknown', -2, false, 'X', false, 'p', 'c', 'p', 0, 0, 'unknownin', 'unknownout', 'unknownrecv', 'unknownsend', '-', '-', 'none', 0],
  [1042, 'bpchar', -1, false, 'S', false, 'b', 'i', 'x', 1014, 0, 'bpcharin', 'bpcharout', 'bpcharrecv', 'bpcharsend', 'bpchartypmodin', 'bpchartypmodout', 'none', 100],
  [1043, 'varchar', -1, false, 'S', false, 'b', 'i', 'x', 1015, 0, 'varcharin', 'varcharout', 'varcharrecv', 'varcharsend', 'varchartypmodin', 'varchartypmodout', 'none', 100],
  [1082, 'date', 4, true, 'D', false, 'b', 'i', 'p', 1182, 0, 'date_in', 'date_out', 'date_recv', 'date_send', '-', '-', 'none', 0],
  [1083, 'time', 8, true, 'D', false, 'b', 'd', 'p', 1183, 0, 'time_in', 'time_out', 'time_recv', 'time_send', 'timetypmodin', 'timetypmodout', 'none', 0],
  [1114, 'timestamp', 8, true, 'D', false, 'b', 'd', 'p', 1115, 0, 'timestamp_in', 'timestamp_out', 'timestamp_recv', 'timestamp_send', 'timestamptypmodin', 'timestamptypmodout', 'none', 0],
  [1184, 'timestamptz', 8, true, 'D', true, 'b', 'd', 'p', 1185, 0, 'timestamptz_in', 'timestamptz_out', 'timestamptz_recv', 'timestamptz_send', 'timestamptztypmodin', 'timestamptztypmodout', 'none', 0],
  [1186, 'interval', 16, false, 'T', true, 'b', 'd', 'p', 1187, 0, 'interval_in', 'interval_out', 'interval_recv', 'interval_send', 'intervaltypmodin', 'intervaltypmodout', 'none', 0],
  [1266, 'timetz', 12, false, 'D', false, 'b', 'd', 'p', 1270, 0, 'timetz_in', 'timetz_out', 'timetz_recv', 'timetz_send', 'timetztypmodin', 'timetztypmodout', 'none', 0],
  [1700, 'numeric', -1, false, 'N', false, 'b', 'i', 'm', 1231, 0, 'numeric_in', 'numeric_out', 'numeric_recv', 'numeric_send', 'numerictypmodin', 'numerictypmodout', 'none', 0],
  [2202, 'regprocedure', 4, true, 'N', false, 'b', 'i', 'p', 2207, 0, 'regprocedurein', 'regprocedureout', 'regprocedurerecv', 'regproceduresend', '-', '-', 'none', 0],
  [2203, 'regoper', 4, true, 'N', false, 'b', 'i', 'p', 2208, 0, 'regoperin', 'regoperout', 'regoperrecv', 'regopersend', '-', '-', 'none', 0],
  [2204, 'regoperator', 4, true, 'N', false, 'b', 'i', 'p', 2209, 0, 'regoperatorin', 'regoperatorout', 'regoperatorrecv', 'regoperatorsend', '-', '-', 'none', 0],
  [2205, 'regclass', 4, true, 'N', false, 'b', 'i', 'p', 2210, 0, 'regclassin', 'regclassout', 'regclassrecv', 'regclasssend', '-', '-', 'none', 0],
  [2206, 'regtype', 4, true, 'N', false, 'b', 'i', 'p', 2211, 0, 'regtypein', 'regtypeout', 'regtyperecv', 'regtypesend', '-', '-', 'none', 0],
  [2249, 'record', -1, false, 'P', false, 'p', 'd', 'x', 2287, 0, 'record_in', 'record_out', 'record_recv', 'record_send', '-', '-', 'none', 0],
  [2275, 'cstring', -2, false, 'P', false, 'p', 'c', 'p', 1263, 0, 'cstring_in', 'cstring_out', 'cstring_recv', 'cstring_send', '-', '-', 'none', 0],
  [2276, 'any', 4, true, 'P', false, 'p', 'i', 'p', 0, 0, 'any_in', 'any_out', '-', '-', '-', '-', 'none', 0],
  [2277, 'anyarray', -1, false, 'P', false, 'p', 'd', 'x', 0, 0, 'anyarray_in', 'anyarray_out', 'anyarray_recv', 'anyarray_send', '-', '-', 'none', 0],
  [2278, 'void', 4, true, 'P', false, 'p', 'i', 'p', 0, 0, 'void_in', 'void_out', 'void_recv', 'void_send', '-', '-', 'none', 0],
  [2283, 'anyelement', 4, true, 'P', false, 'p', 'i', 'p', 0, 0, 'anyelement_in', 'anyelement_out', '-', '-', '-', '-', 'none', 0],
  [2776, 'anynonarray', 4, true, 'P', false, 'p', 'i', 'p', 0, 0, 'anynonarray_in', 'anynonarray_out', '-', '-', '-', '-', 'none', 0],
  [3500, 'anyenum', 4, true, 'P', false, 'p', 'i', 'p', 0, 0, 'anyenum_in', 'anyenum_out', '-', '-', '-', '-', 'none', 0],
  [2950, 'uuid', 16, false, 'U', false, 'b', 'c', 'p', 2951, 0, 'uuid_in', 'uuid_out', 'uuid_recv', 'uuid_send', '-', '-', 'none', 0],
  [3802, 'jsonb', -1, false, 'U', false, 'b', 'i', 'x', 3807, 0, 'jsonb_in', 'jsonb_out', 'jsonb_recv', 'jsonb_send', '-', '-', 'jsonb', 0],
  [4072, 'jsonpath', -1, false, 'U', false, 'b', 'i', 'x', 4073, 0, 'jsonpath_in', 'jsonpath_out', 'jsonpath_recv', 'jsonpath_send', '-', '-', 'none', 0],
  [4089, 'regnamespace', 4, true, 'N', false, 'b', 'i', 'p', 4090, 0, 'regnamespacein', 'regnamespaceout', 'regnamespacerecv', 'regnamespacesend', '-', '-', 'none', 0],
  [4096, 'regrole', 4, true, 'N', false, 'b', 'i', 'p', 4097, 0, 'regrolein', 'regroleout', 'regrolerecv', 'regrolesend', '-', '-', 'none', 0],
  [16380, 'map', -1, false, 'U', false, 'b', 'i', 'x', 16381, 0, 'textin', 'textout', 'textrecv', 'textsend', '-', '-', 'none', 100],
];

const subscriptHandlers: Record<Subscript, string> = {
  none: '-',
  array: 'array_subscript_handler',
  raw: 'raw_array_subscript_handler',
  jsonb: 'jsonb_subscript_handler',
};

/** All types, arrays included. */
export const pgTypes: readonly PgType[] = lines.flatMap((line) => {
  const element = fromLine(line);
  return element.arrayOid === 0 ? [element] : [element, arrayTypeOf(element)];
});

function fromLine(line: TypeLine): PgType {
  return {
    oid: line[0],
    name: line[1],
    length: line[2],
    byValue: line[3],
    category: line[4],
    preferred: line[5],
    type: line[6],
    align: line[7],
    storage: line[8],
    arrayOid: line[9],
    elementOid: line[10],
    delimiter: ',',
    input: line[11],
    output: line[12],
    receive: line[13],
    send: line[14],
    typmodIn: line[15],
    typmodOut: line[16],
    subscript: subscriptHandlers[line[17]],
    collation: line[18],
  };
}

function arrayTypeOf(element: PgType): PgType {
  const isPseudo = element.type === 'p' && element.name === 'record';
  const isCString = element.name === 'cstring';
  return {
    oid: element.arrayOid,
    name: `_${element.name}`,
    length: -1,
    byValue: false,
    category: isPseudo ? 'P' : 'A',
    preferred: false,
    type: isPseudo ? 'p' : 'b',
    align: element.align === 'd' && !isCString ? 'd' : 'i',
    storage: 'x',
    arrayOid: 0,
    elementOid: element.oid,
    delimiter: ',',
    input: 'array_in',
    output: 'array_out',
    receive: 'array_recv',
    send: 'array_send',
    typmodIn: element.typmodIn,
    typmodOut: element.typmodOut,
    subscript: 'array_subscript_handler',
    collation: element.collation,
  };
}

type EnumNames = Pick<EnumDefinition, 'oid' | 'arrayOid' | 'name'>;

/** The row of a type made by CREATE TYPE … AS ENUM. */
export function enumPgType({ oid, arrayOid, name }: EnumNames): PgType {
  return {
    oid,
    name,
    length: 4,
    byValue: true,
    category: 'E',
    preferred: false,
    type: 'e',
    align: 'i',
    storage: 'p',
    arrayOid,
    elementOid: 0,
    delimiter: ',',
    input: 'enum_in',
    output: 'enum_out',
    receive: 'enum_recv',
    send: 'enum_send',
    typmodIn: '-',
    typmodOut: '-',
    subscript: '-',
    collation: 0,
  };
}

export function enumArrayPgType(definition: EnumNames): PgType {
  return arrayTypeOf(enumPgType(definition));
}

const byOid: ReadonlyMap<number, PgType> = new Map(pgTypes.map((type) => [type.oid, type]));
const byName: ReadonlyMap<string, PgType> = new Map(pgTypes.map((type) => [type.name, type]));

export function pgTypeByOid(oid: number): PgType | undefined {
  return byOid.get(oid);
}

/** By typname: int4, _text. */
export function pgTypeByName(name: string): PgType | undefined {
  return byName.get(name);
}
