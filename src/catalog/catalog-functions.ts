/**
 * What the catalog answers to functions and reg* casts: names of oids, oids of names, printed definitions.
 * One reader a session, since visibility depends on its search path.
 */

import { must } from '../base/assert.ts';
import { SqlError, sqlstate } from '../base/errors.ts';
import type { CatalogReader, RegCatalog } from '../expr/functions/registry.ts';
import type { Datum } from '../types/datum.ts';
import { formatTypeOid, oidOf } from '../types/oid.ts';
import { pgTypeByOid } from '../types/pg-types.ts';
import { parseTypeText } from '../types/type-names.ts';
import { catalogAnswers } from './catalog-answers.ts';
import { indexDefinition } from './indexes.ts';
import type { CatalogObject, TypeObject } from './objects.ts';
import { sequencesOf } from './sequences.ts';
import { parseQualifiedName, qualifiedName, quoteName } from './names.ts';
import {
  columnRows,
  keyName,
  keyDefinition,
  ownerOid,
  primaryKeyIndexOid,
  primaryKeyOf,
  primaryKeyOid,
} from './pg-catalog.ts';
import type { SystemContext } from './system-context.ts';

type CatalogFunction = (args: readonly (Datum | null)[]) => Datum | null;

const classCatalog = 1259;

export class SessionCatalogReader implements CatalogReader {
  readonly #context: () => SystemContext;
  readonly #functions: ReadonlyMap<string, CatalogFunction>;
  readonly setting: (name: string) => string | undefined;

  /** `context` is asked anew each time, as the search path may change. */
  constructor(context: () => SystemContext, setting: (name: string) => string | undefined) {
    this.#context = context;
    this.setting = setting;
    this.#functions = this.#makeFunctions();
  }

  lookupOid = (catalog: RegCatalog, name: string): number | null => {
    switch (catalog) {
      case 'regclass':
        return this.#relationByName(name);
      case 'regtype': {
        const type = parseTypeText(name);
        return type === null ? this.#userType(name) : oidOf(type);
      }
      case 'regnamespace':
        return this.#context().catalog.schema(onlyPart(name))?.oid ?? null;
      case 'regproc':
      case 'regprocedure':
        return this.#context().procs.byName(functionName(name))[0]?.oid ?? null;
      case 'regrole':
        return onlyPart(name) === this.#context().user ? ownerOid : null;
      case 'regoper':
      case 'regoperator':
        return null;
    }
  };

  nameOfOid = (catalog: RegCatalog, oid: number): string | null => {
    switch (catalog) {
      case 'regclass':
        return this.#relationName(oid);
      case 'regtype':
        return this.#typeName(oid, null);
      case 'regnamespace': {
        const schema = this.#context().catalog.schemaByOid(oid);
        return schema === undefined ? null : quoteName(schema.name);
      }
      case 'regproc':
        return this.#context().procs.byOid(oid)?.name ?? null;
      case 'regoper':
      case 'regoperator':
        // Operators are not in the catalog, so one goes as its number.
        return null;
      case 'regprocedure': {
        const proc = this.#context().procs.byOid(oid);
        return proc === undefined ? null : `${proc.name}(${proc.argumentNames.join(',')})`;
      }
      case 'regrole':
        return oid === ownerOid ? quoteName(this.#context().user) : null;
    }
  };

  call = (name: string, args: readonly (Datum | null)[]): Datum | null => {
    const found = this.#functions.get(name);
    if (found === undefined) {
      throw new SqlError(sqlstate.featureNotSupported, `function ${name} is not supported`);
    }
    return found(args);
  };

  #object(oid: Datum | null | undefined): CatalogObject | undefined {
    return typeof oid === 'number' ? this.#context().catalog.byOid(oid) : undefined;
  }

  /** The table whose primary key has this index oid. */
  #tableOfIndex(oid: number): CatalogObject | undefined {
    const table = this.#context().catalog.byOid(oid - primaryKeyIndexOid(0));
    return table !== undefined && primaryKeyOf(table).length > 0 ? table : undefined;
  }

  #relationByName(text: string): number | null {
    const { catalog, searchPath, database } = this.#context();
    const parts = parseQualifiedName(text);
    if (parts.length === 3 && parts[0] !== database) return null;
    const name = parts.at(-1)!;
    const path = parts.length === 1 ? searchPath : [parts.at(-2)!];
    const found = catalog.findInPath(path, name);
    if (found !== undefined) return found.oid;
    for (const schema of path) {
      const table = catalog
        .objectsIn(schema)
        .find((each) => primaryKeyOf(each).length > 0 && keyName(each) === name);
      if (table !== undefined) return primaryKeyIndexOid(table.oid);
    }
    return null;
  }

  #relationName(oid: number): string | null {
    const object = this.#context().catalog.byOid(oid);
    if (object !== undefined) {
      return this.#visible(object)
        ? quoteName(object.name)
        : qualifiedName(object.schema, object.name);
    }
    const table = this.#tableOfIndex(oid);
    return table === undefined ? null : quoteName(keyName(table));
  }

  #visible(object: CatalogObject): boolean {
    const { catalog, searchPath } = this.#context();
    return catalog.isVisible(object, searchPath);
  }

  /** `mood`, `public.mood`, `mood[]` or `_mood`. */
  #userType(text: string): number | null {
    const { catalog, searchPath } = this.#context();
    const element = text.replace(/(?:\s*\[\d*\])+\s*$/, '');
    const parts = parseQualifiedName(element);
    const name = parts.at(-1)!;
    const path = parts.length === 1 ? searchPath : [parts.at(-2)!];
    const type = catalog.findTypeInPath(path, name);
    if (type !== undefined) return element === text ? type.oid : type.arrayOid;
    return name.startsWith('_')
      ? (catalog.findTypeInPath(path, name.slice(1))?.arrayOid ?? null)
      : null;
  }

  /** A user's type by its own oid or that of its array. */
  #userTypeOf(oid: number): TypeObject | undefined {
    return this.#context()
      .catalog.types()
      .find((type) => type.oid === oid || type.arrayOid === oid);
  }

  #typeIsVisible(oid: number): boolean {
    const type = this.#userTypeOf(oid);
    return type === undefined ? pgTypeByOid(oid) !== undefined : this.#visible(type);
  }

  /** Null for an oid that is no type's. */
  #typeName(oid: number, typmod: number | null): string | null {
    const type = this.#userTypeOf(oid);
    if (type === undefined) {
      return pgTypeByOid(oid) === undefined ? null : formatTypeOid(oid, typmod);
    }
    const name = this.#visible(type) ? quoteName(type.name) : qualifiedName(type.schema, type.name);
    return oid === type.oid ? name : `${name}[]`;
  }

  #formatType(oid: Datum | null | undefined, typmod: Datum | null | undefined): string | null {
    if (typeof oid !== 'number') return null;
    if (oid === 0) return '-';
    return this.#typeName(oid, typeof typmod === 'number' ? typmod : null) ?? '???';
  }

  #makeFunctions(): ReadonlyMap<string, CatalogFunction> {
    const yes: CatalogFunction = ([first]) => (first === null ? null : true);
    const empty: CatalogFunction = () => null;
    const definitions: readonly (readonly [string, CatalogFunction])[] = [
      ['format_type', ([oid, typmod]) => this.#formatType(oid, typmod)],
      ['pg_get_expr', ([text]) => text ?? null],
      ['pg_table_is_visible', ([oid]) => this.#tableIsVisible(oid)],
      [
        'pg_type_is_visible',
        ([oid]) => (typeof oid === 'number' ? this.#typeIsVisible(oid) : null),
      ],
      [
        'pg_function_is_visible',
        ([oid]) =>
          typeof oid === 'number' ? this.#context().procs.byOid(oid) !== undefined : null,
      ],
      ['pg_operator_is_visible', yes],
      ['pg_opclass_is_visible', yes],
      ['pg_collation_is_visible', yes],
      ['pg_conversion_is_visible', yes],
      ['pg_statistics_obj_is_visible', yes],
      ['pg_ts_config_is_visible', yes],
      ['pg_ts_dict_is_visible', yes],
      ['pg_ts_parser_is_visible', yes],
      ['pg_ts_template_is_visible', yes],
      ['pg_opfamily_is_visible', yes],
      [
        'pg_get_userbyid',
        ([oid]) =>
          oid === ownerOid
            ? this.#context().user
            : oid === null
              ? null
              : `unknown (OID=${String(oid)})`,
      ],
      ['pg_get_viewdef', ([relation]) => this.#viewDefinition(relation)],
      ['pg_get_indexdef', (args) => this.#indexDefinition(args)],
      ['pg_get_constraintdef', ([oid]) => this.#constraintDefinition(oid)],
      ['pg_get_function_arguments', ([oid]) => this.#proc(oid)?.argumentNames.join(', ') ?? null],
      [
        'pg_get_function_identity_arguments',
        ([oid]) => this.#proc(oid)?.argumentNames.join(', ') ?? null,
      ],
      ['pg_get_function_result', ([oid]) => this.#functionResult(oid)],
      ['pg_get_functiondef', empty],
      ['pg_get_function_sqlbody', empty],
      ['pg_get_partkeydef', empty],
      ['pg_get_statisticsobjdef_columns', empty],
      ['pg_get_statisticsobjdef', empty],
      ['pg_get_triggerdef', empty],
      [
        'pg_get_ruledef',
        ([oid]) => (typeof oid === 'number' ? this.#viewDefinition(oid - 0x2000_0000) : null),
      ],
      ['pg_get_serial_sequence', (args) => this.#serialSequence(args)],
      ['pg_relation_is_publishable', () => false],
      ['obj_description', ([oid, catalog]) => this.#objectComment(oid, catalog)],
      ['shobj_description', empty],
      ['col_description', ([oid, number]) => this.#columnComment(oid, number)],
      ['pg_relation_size', ([oid]) => this.#bytes(oid)],
      ['pg_table_size', ([oid]) => this.#bytes(oid)],
      ['pg_total_relation_size', ([oid]) => this.#bytes(oid)],
      ['pg_indexes_size', ([oid]) => (oid === null ? null : 0n)],
      ['pg_database_size', () => this.#databaseBytes()],
      ['pg_tablespace_location', ([oid]) => (oid === null ? null : '')],
      ['pg_relation_filenode', ([oid]) => oid ?? null],
      ['pg_encoding_to_char', ([code]) => (code === null ? null : code === 6 ? 'UTF8' : '')],
      [
        'to_regclass',
        ([name]) => (typeof name === 'string' ? this.#quietly('regclass', name) : null),
      ],
      [
        'to_regtype',
        ([name]) => (typeof name === 'string' ? this.#quietly('regtype', name) : null),
      ],
      [
        'to_regproc',
        ([name]) => (typeof name === 'string' ? this.#quietly('regproc', name) : null),
      ],
      [
        'to_regnamespace',
        ([name]) => (typeof name === 'string' ? this.#quietly('regnamespace', name) : null),
      ],
      [
        'to_regrole',
        ([name]) => (typeof name === 'string' ? this.#quietly('regrole', name) : null),
      ],
    ];
    const answers = catalogAnswers({ context: this.#context, setting: this.setting });
    return new Map([...answers, ...definitions]);
  }

  #quietly(catalog: RegCatalog, name: string): number | null {
    try {
      return this.lookupOid(catalog, name);
    } catch (error) {
      if (error instanceof SqlError) return null;
      throw error;
    }
  }

  #serialSequence([table, column]: readonly (Datum | null)[]): string | null {
    if (typeof table !== 'string' || typeof column !== 'string') return null;
    const oid = this.#relationByName(table);
    const relation = oid === null ? undefined : this.#object(oid);
    if (relation === undefined) {
      throw new SqlError(sqlstate.undefinedTable, `relation "${table}" does not exist`);
    }
    if (!relation.columns.some((each) => each.name === column)) {
      throw new SqlError(
        sqlstate.undefinedColumn,
        `column "${column}" of relation "${relation.name}" does not exist`,
      );
    }
    const { catalog } = this.#context();
    const owned = sequencesOf(catalog).find(
      ({ owner }) => owner?.relation === relation.oid && owner.column === column,
    );
    return owned === undefined ? null : qualifiedName(owned.schema, owned.name);
  }

  #proc(oid: Datum | null | undefined) {
    return typeof oid === 'number' ? this.#context().procs.byOid(oid) : undefined;
  }

  #functionResult(oid: Datum | null | undefined): string | null {
    const proc = this.#proc(oid);
    if (proc === undefined) return null;
    return proc.returnsSet ? `SETOF ${proc.returnName}` : proc.returnName;
  }

  #tableIsVisible(oid: Datum | null | undefined): boolean | null {
    const object = this.#object(oid);
    if (object !== undefined) return this.#visible(object);
    if (typeof oid !== 'number') return null;
    const table = this.#tableOfIndex(oid);
    return table === undefined ? null : this.#visible(table);
  }

  #viewDefinition(relation: Datum | null | undefined): string | null {
    const oid = typeof relation === 'string' ? this.#relationByName(relation) : relation;
    const object = this.#object(oid);
    if (object?.kind !== 'view' && object?.kind !== 'materialized-view') return null;
    return ` ${object.querySql};`;
  }

  #indexDefinition([oid, column]: readonly (Datum | null)[]): string | null {
    if (typeof oid !== 'number') return null;
    const index = this.#object(oid);
    if (index?.kind === 'index') {
      if (typeof column === 'number' && column !== 0) {
        const named = index.columns[column - 1];
        return named === undefined ? null : quoteName(named.name);
      }
      const relation = must(this.#object(index.relation), 'indexed relation');
      return indexDefinition(index, relation);
    }
    const table = this.#tableOfIndex(oid);
    if (table === undefined) return null;
    if (typeof column !== 'number' || column === 0) return keyDefinition(table);
    const ordinal = primaryKeyOf(table)[column - 1];
    return ordinal === undefined ? null : quoteName(columnRows(table)[ordinal]!.name);
  }

  #constraintDefinition(oid: Datum | null | undefined): string | null {
    if (typeof oid !== 'number') return null;
    const keyed = this.#context().catalog.byOid(oid - primaryKeyOid(0));
    if (keyed?.kind === 'index') {
      return `UNIQUE (${keyed.columns.map((column) => quoteName(column.name)).join(', ')})`;
    }
    if (keyed !== undefined) {
      const columns = columnRows(keyed);
      return `PRIMARY KEY (${primaryKeyOf(keyed)
        .map((ordinal) => quoteName(columns[ordinal]!.name))
        .join(', ')})`;
    }
    const rest = oid - primaryKeyOid(0);
    const table = this.#context().catalog.byOid(Math.floor(rest / 1000));
    const check = table?.kind === 'table' ? table.checks[(rest % 1000) - 1] : undefined;
    return check === undefined ? null : `CHECK (${check.sql})`;
  }

  #objectComment(oid: Datum | null | undefined, catalog: Datum | null | undefined): string | null {
    if (catalog === 'pg_namespace') {
      return typeof oid === 'number'
        ? (this.#context().catalog.schemaByOid(oid)?.comment ?? null)
        : null;
    }
    const object = this.#object(oid);
    const own = object?.kind === 'type' ? ['pg_type'] : ['pg_class', classCatalog];
    if (catalog !== undefined && !own.includes(catalog as string | number)) return null;
    return object?.comment ?? null;
  }

  #columnComment(oid: Datum | null | undefined, number: Datum | null | undefined): string | null {
    const object = this.#object(oid);
    if (object === undefined || typeof number !== 'number') return null;
    return columnRows(object).find((each) => each.number === number - 1)?.comment ?? null;
  }

  #bytes(relation: Datum | null | undefined): bigint | null {
    const oid = typeof relation === 'string' ? this.#relationByName(relation) : relation;
    return typeof oid === 'number' ? BigInt(this.#context().relationBytes(oid)) : null;
  }

  #databaseBytes(): bigint {
    const { catalog, relationBytes } = this.#context();
    return catalog.objects().reduce((sum, object) => sum + BigInt(relationBytes(object.oid)), 0n);
  }
}

function onlyPart(name: string): string {
  return parseQualifiedName(name).at(-1) ?? name;
}

/** `lower`, `pg_catalog.lower` or `lower(text)`. */
function functionName(text: string): string {
  return onlyPart(text.replace(/\(.*$/s, ''));
}
