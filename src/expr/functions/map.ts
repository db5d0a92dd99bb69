/** Functions on MAP values (Flink's and RisingWave's). Keys are compared by the map's key type. */

import { SqlError, sqlstate } from '../../base/errors.ts';
import { SqlArray, SqlMap } from '../../types/array.ts';
import { sameDatums } from '../../types/compare.ts';
import type { Datum, MapDatum } from '../../types/datum.ts';
import { formatType } from '../../types/oid.ts';
import type { MapType, SqlType } from '../../types/sql-type.ts';
import { arrayOf, types } from '../../types/sql-type.ts';
import { castDatum } from '../casts.ts';
import { commonType } from '../common-type.ts';
import { call1, scalar, specializedOnly, type Evaluate } from './define.ts';
import type { ScalarFunction } from './registry.ts';

const { text, integer, boolean } = types;

export function mapFunctions(): readonly ScalarFunction[] {
  return [
    scalar('map', ['any'], mapTypeOf, specializedOnly, {
      variadic: true,
      strict: false,
      specialize: buildMap,
    }),
    scalar('array_element', ['any', 'any'], (args) => mapType(args[0]!).value, specializedOnly, {
      specialize: (args) => keyed(args, (map, index) => map.entries[index]?.[1] ?? null),
    }),
    scalar('map_get', ['any', 'any'], (args) => mapType(args[0]!).value, specializedOnly, {
      specialize: (args) => keyed(args, (map, index) => map.entries[index]?.[1] ?? null),
    }),
    scalar('map_contains_key', ['any', 'any'], boolean, specializedOnly, {
      specialize: (args) => keyed(args, (_, index) => index >= 0),
    }),
    scalar(
      'map_keys',
      ['any'],
      (args) => arrayOf(mapType(args[0]!).key),
      call1((map: MapDatum) => SqlArray.of(map.entries.map((entry) => entry[0]))),
    ),
    scalar(
      'map_values',
      ['any'],
      (args) => arrayOf(mapType(args[0]!).value),
      call1((map: MapDatum) => SqlArray.of(map.entries.map((entry) => entry[1]))),
    ),
    scalar(
      'map_size',
      ['any'],
      integer,
      call1((map: MapDatum) => map.entries.length),
    ),
  ];
}

function mapType(type: SqlType): MapType {
  if (type.kind === 'map') return type;
  throw new SqlError(sqlstate.datatypeMismatch, `a map is needed, not ${formatType(type)}`);
}

function mapTypeOf(args: readonly SqlType[]): MapType {
  if (args.length % 2 !== 0) {
    throw new SqlError(
      sqlstate.invalidParameterValue,
      'argument list must have even number of elements',
      { hint: 'The arguments of map() must consist of alternating keys and values.' },
    );
  }
  const side = (rest: number): SqlType =>
    commonType(
      args.filter((_, i) => i % 2 === rest),
      'MAP',
    );
  return args.length === 0
    ? { kind: 'map', key: text, value: text }
    : { kind: 'map', key: side(0), value: side(1) };
}

/** MAP[k, v, …]: the last value of equal keys counts, at the place of the first. */
function buildMap(args: readonly SqlType[]): Evaluate {
  const type = mapTypeOf(args);
  return (values, context) => {
    const entries: [Datum, Datum | null][] = [];
    for (let i = 0; i < values.length; i += 2) {
      const key = castDatum(values[i] ?? null, args[i]!, type.key, 'implicit', context);
      if (key === null) {
        throw new SqlError(sqlstate.nullValueNotAllowed, 'map keys must not be null');
      }
      const value = castDatum(values[i + 1] ?? null, args[i + 1]!, type.value, 'implicit', context);
      const known = entries.find((entry) => sameDatums(entry[0], key, type.key));
      if (known === undefined) entries.push([key, value]);
      else known[1] = value;
    }
    return new SqlMap(entries);
  };
}

/** `answer` gets the index of the entry with the wanted key, or −1. */
function keyed(
  args: readonly SqlType[],
  answer: (map: MapDatum, index: number) => Datum | null,
): Evaluate {
  const { key } = mapType(args[0]!);
  return ([value, wanted], context) => {
    const map = value as MapDatum;
    const cast = castDatum(wanted ?? null, args[1]!, key, 'explicit', context);
    return answer(
      map,
      map.entries.findIndex((entry) => sameDatums(entry[0], cast, key)),
    );
  };
}
