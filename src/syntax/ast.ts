/**
 * The tree as written: every statement, relation and expression of the dialect, as readonly unions tagged
 * by `kind`, each node with its `span`. Nothing is looked up here: no types resolved, no names bound. One
 * node stands for all spellings of one thing (a window function of time, a cast, a join), so that the
 * binder never asks which dialect a user writes. `print.ts` turns a tree back into SQL that parses to an
 * equal tree (spans apart).
 *
 * Conventions: `null` is "not written"; an empty list is "none written". Words of the language that are
 * kept as strings (units, formats, modes) are lower case.
 */

/** Zero-based UTF-16 offsets into the source text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A name. Unquoted names are folded to lower case in `name`; `spelling` keeps what was written. */
export interface Identifier {
  readonly name: string;
  /** Written in double quotes or backticks. */
  readonly quoted: boolean;
  /** The name as written, before folding (without quotes): JSON keys are matched by it. */
  readonly spelling: string;
  readonly span: Span;
}

/** `schema.table`, `table`, `database.schema.table`: one to three parts (columns may have more). */
export interface QualifiedName {
  readonly kind: 'name';
  readonly parts: readonly Identifier[];
  readonly span: Span;
}

// ─────────────────────────────────────────────────────────────────────────────── types

export type TypeName = NamedType | ArrayType | MapType | RowType;

/**
 * `int`, `varchar(10)`, `my_schema.my_type`. Multi-word names stand as one part in their standard spelling:
 * `double precision`, `character varying`, `character`, `bit varying`, `national character`,
 * `timestamp with time zone`, `timestamp without time zone`, `timestamp with local time zone`,
 * `time with time zone`, `time without time zone`. Plain `timestamp` and `time` stay as they are.
 * Other spellings (`int4`, `STRING`, `TIMESTAMP_LTZ`) are kept, folded.
 */
export interface NamedType {
  readonly kind: 'named-type';
  readonly name: QualifiedName;
  /** `(10, 2)`: constants, nearly always numbers. */
  readonly modifiers: readonly Expression[];
  /** For `interval day to second` only. */
  readonly intervalFields: IntervalFields | null;
  readonly span: Span;
}

/** `int[]`, `int[3][]`, `int ARRAY[4]`, `ARRAY<int>`. In PostgreSQL `int[][]` and `int[]` are the same type. */
export interface ArrayType {
  readonly kind: 'array-type';
  readonly element: TypeName;
  /** One entry a pair of brackets; the number is what stood inside. `ARRAY<x>` has one null entry. */
  readonly dimensions: readonly (number | null)[];
  readonly span: Span;
}

/** `MAP<key, value>` */
export interface MapType {
  readonly kind: 'map-type';
  readonly key: TypeName;
  readonly value: TypeName;
  readonly span: Span;
}

/** `ROW<a INT, b STRING>`, `ROW(a INT, b STRING)`, `STRUCT<a INT>`, `STRUCT<a: INT>` */
export interface RowType {
  readonly kind: 'row-type';
  readonly fields: readonly RowTypeField[];
  readonly span: Span;
}

export interface RowTypeField {
  readonly name: Identifier;
  readonly type: TypeName;
  readonly notNull: boolean;
  readonly comment: string | null;
  readonly span: Span;
}

export type IntervalField =
  | 'year'
  | 'quarter'
  | 'month'
  | 'week'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'millisecond'
  | 'microsecond';

/** `DAY TO SECOND(3)`: plural spellings are folded to the singular. */
export interface IntervalFields {
  readonly from: IntervalField;
  readonly to: IntervalField | null;
  /** Digits of a second. */
  readonly precision: number | null;
}

// ─────────────────────────────────────────────────────────────────────────────── expressions

export type Expression =
  | NullLiteral
  | BooleanLiteral
  | NumberLiteral
  | StringLiteral
  | BitLiteral
  | IntervalLiteral
  | TypedLiteral
  | Parameter
  | ColumnRef
  | Star
  | UnaryExpression
  | BinaryExpression
  | LogicalExpression
  | NotExpression
  | IsExpression
  | IsDistinctExpression
  | BetweenExpression
  | LikeExpression
  | InListExpression
  | InQueryExpression
  | QuantifiedExpression
  | QuantifiedQueryExpression
  | CaseExpression
  | CastExpression
  | CollateExpression
  | AtTimeZoneExpression
  | FunctionCall
  | ConditionalCall
  | SpecialValue
  | GroupingCall
  | RowExpression
  | ArrayExpression
  | MapExpression
  | SubqueryExpression
  | SubscriptExpression
  | FieldExpression
  | DefaultExpression
  | CurrentOfExpression;

export interface NullLiteral {
  readonly kind: 'null';
  readonly span: Span;
}

export interface BooleanLiteral {
  readonly kind: 'boolean';
  readonly value: boolean;
  readonly span: Span;
}

/**
 * Exact text: `12`, `1.50`, `1e10`, `.5`. A minus before a literal is folded into it as PostgreSQL does, so
 * text may start with `-`: `-9223372036854775808` is one literal.
 */
export interface NumberLiteral {
  readonly kind: 'number';
  readonly text: string;
  readonly span: Span;
}

/** `'…'`, `E'…'`, `U&'…'`, `$$…$$`: the value, escapes undone. Its type is unknown until bound. */
export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly span: Span;
}

/** `B'101'`, `X'1FF'` */
export interface BitLiteral {
  readonly kind: 'bits';
  readonly base: 'binary' | 'hexadecimal';
  readonly digits: string;
  readonly span: Span;
}

/** `INTERVAL '5' SECOND`, `INTERVAL '1 2:03' DAY TO MINUTE`, `INTERVAL '5 seconds'`, `INTERVAL(3) '…'` */
export interface IntervalLiteral {
  readonly kind: 'interval';
  readonly text: string;
  readonly fields: IntervalFields | null;
  /** `INTERVAL(p) '…'`; null when `fields` is there. */
  readonly precision: number | null;
  readonly span: Span;
}

/** `date '2024-01-01'`, `timestamp(3) '…'`, `my_type '…'`: means the cast of a string constant. */
export interface TypedLiteral {
  readonly kind: 'typed-literal';
  readonly type: TypeName;
  readonly value: string;
  readonly span: Span;
}

/** `$1` */
export interface Parameter {
  readonly kind: 'parameter';
  readonly number: number;
  readonly span: Span;
}

/** `a`, `t.a`, `s.t.a`; a field of a composite column looks the same (`t.a.b`) and the binder decides. */
export interface ColumnRef {
  readonly kind: 'column';
  readonly parts: readonly Identifier[];
  readonly span: Span;
}

/** `*`, `t.*`, `s.t.*` and, with `base`, `(composite).*`. Select lists, RETURNING and row values only. */
export interface Star {
  readonly kind: 'star';
  readonly qualifier: readonly Identifier[];
  readonly base: Expression | null;
  readonly span: Span;
}

/** An operator by its symbol, as `OPERATOR(schema.=)` may qualify it. `!=` is read as `<>`. */
export interface OperatorName {
  readonly symbol: string;
  /** Empty unless written with `OPERATOR(…)`; then the schema's names. */
  readonly schema: readonly Identifier[];
  /** Written `OPERATOR(…)`, which gives every operator one precedence. */
  readonly explicit: boolean;
  readonly span: Span;
}

/** A prefix operator: `-a`, `+a`, `@ a`, `|/ a`, `~ a`. NOT is a `NotExpression`. */
export interface UnaryExpression {
  readonly kind: 'unary';
  readonly operator: OperatorName;
  readonly operand: Expression;
  readonly span: Span;
}

/** `a + b`, `a = b`, `a || b`, `a -> b`. AND and OR are a `LogicalExpression`. */
export interface BinaryExpression {
  readonly kind: 'binary';
  readonly operator: OperatorName;
  readonly left: Expression;
  readonly right: Expression;
  readonly span: Span;
}

/** `a AND b AND c` is one node with three operands, as in PostgreSQL's tree. At least two operands. */
export interface LogicalExpression {
  readonly kind: 'logical';
  readonly operator: 'and' | 'or';
  readonly operands: readonly Expression[];
  readonly span: Span;
}

export interface NotExpression {
  readonly kind: 'not';
  readonly operand: Expression;
  readonly span: Span;
}

/** `a IS [NOT] NULL`, `ISNULL`, `NOTNULL`, `IS TRUE`, `IS DOCUMENT`, `IS NFC NORMALIZED` */
export interface IsExpression {
  readonly kind: 'is';
  readonly operand: Expression;
  readonly test: 'null' | 'true' | 'false' | 'unknown' | 'document' | 'normalized';
  /** For `normalized`: nfc, nfd, nfkc or nfkd. */
  readonly form: string | null;
  readonly negated: boolean;
  readonly span: Span;
}

export interface IsDistinctExpression {
  readonly kind: 'is-distinct';
  readonly left: Expression;
  readonly right: Expression;
  /** `IS NOT DISTINCT FROM` */
  readonly negated: boolean;
  readonly span: Span;
}

export interface BetweenExpression {
  readonly kind: 'between';
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly symmetric: boolean;
  readonly negated: boolean;
  readonly span: Span;
}

export interface LikeExpression {
  readonly kind: 'like';
  readonly operator: 'like' | 'ilike' | 'similar';
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape: Expression | null;
  readonly negated: boolean;
  readonly span: Span;
}

export interface InListExpression {
  readonly kind: 'in-list';
  readonly operand: Expression;
  readonly items: readonly Expression[];
  readonly negated: boolean;
  readonly span: Span;
}

export interface InQueryExpression {
  readonly kind: 'in-query';
  readonly operand: Expression;
  readonly query: Query;
  readonly negated: boolean;
  readonly span: Span;
}

/** `a = ANY (array)`, `a LIKE ALL (array)`. LIKE is `~~`, ILIKE `~~*`, with NOT `!~~` and `!~~*`. SOME is ANY. */
export interface QuantifiedExpression {
  readonly kind: 'quantified';
  readonly operator: OperatorName;
  readonly quantifier: 'any' | 'all';
  readonly left: Expression;
  readonly array: Expression;
  readonly span: Span;
}

/** `a = ANY (SELECT …)`, `a > ALL (SELECT …)` */
export interface QuantifiedQueryExpression {
  readonly kind: 'quantified-query';
  readonly operator: OperatorName;
  readonly quantifier: 'any' | 'all';
  readonly left: Expression;
  readonly query: Query;
  readonly span: Span;
}

export interface CaseExpression {
  readonly kind: 'case';
  readonly operand: Expression | null;
  readonly branches: readonly CaseBranch[];
  readonly otherwise: Expression | null;
  readonly span: Span;
}

export interface CaseBranch {
  readonly when: Expression;
  readonly then: Expression;
  readonly span: Span;
}

/** `CAST(a AS t)`, `a::t`; `TRY_CAST(a AS t)` is `safe`: NULL where the cast fails. */
export interface CastExpression {
  readonly kind: 'cast';
  readonly operand: Expression;
  readonly type: TypeName;
  readonly safe: boolean;
  readonly span: Span;
}

export interface CollateExpression {
  readonly kind: 'collate';
  readonly operand: Expression;
  readonly collation: QualifiedName;
  readonly span: Span;
}

/** `a AT TIME ZONE zone` */
export interface AtTimeZoneExpression {
  readonly kind: 'at-time-zone';
  readonly operand: Expression;
  readonly zone: Expression;
  readonly span: Span;
}

/**
 * A call with a form of its own in SQL. `arguments` are in the order of the function that it means:
 * extract(field, source) · substring(text, from, for) · substring-similar: substring(text, pattern, escape) ·
 * position(haystack, needle) — written `needle IN haystack` · overlay(text, placing, from, for) ·
 * trim: `name` is btrim, ltrim or rtrim, (text, characters) · normalize(text, form) · overlaps(a, b, c, d) ·
 * collation-for: pg_collation_for(a) · floor-to: floor or ceil (a, unit), from Flink's `FLOOR(a TO HOUR)`.
 * A FOR without a FROM in substring arrives as FROM 1.
 */
export type CallForm =
  | 'extract'
  | 'substring'
  | 'substring-similar'
  | 'position'
  | 'overlay'
  | 'trim'
  | 'normalize'
  | 'overlaps'
  | 'collation-for'
  | 'floor-to';

/** Any function, aggregate or window function. */
export interface FunctionCall {
  readonly kind: 'call';
  readonly name: QualifiedName;
  /** Null for an ordinary `name(…)`. */
  readonly form: CallForm | null;
  readonly arguments: readonly CallArgument[];
  /** `count(*)`; `arguments` is empty. */
  readonly star: boolean;
  readonly distinct: boolean;
  /** Inside the parentheses. */
  readonly orderBy: readonly SortItem[];
  /** `WITHIN GROUP (ORDER BY …)`; empty when not written. */
  readonly withinGroup: readonly SortItem[];
  readonly filter: Expression | null;
  /** `IGNORE NULLS` or `RESPECT NULLS` (Flink). */
  readonly nulls: 'ignore' | 'respect' | null;
  readonly over: WindowReference | null;
  readonly span: Span;
}

export interface CallArgument {
  /** `name => value` or `name := value` */
  readonly name: Identifier | null;
  readonly value: Expression;
  readonly variadic: boolean;
}

/** Functions whose arguments are not all evaluated, or which take any number of one type. */
export interface ConditionalCall {
  readonly kind: 'conditional';
  readonly function: 'coalesce' | 'nullif' | 'greatest' | 'least';
  readonly arguments: readonly Expression[];
  readonly span: Span;
}

/** Functions that are written without parentheses. */
export interface SpecialValue {
  readonly kind: 'special-value';
  readonly name:
    | 'current_date'
    | 'current_time'
    | 'current_timestamp'
    | 'localtime'
    | 'localtimestamp'
    | 'current_role'
    | 'current_user'
    | 'session_user'
    | 'user'
    | 'current_catalog'
    | 'current_schema';
  readonly precision: number | null;
  readonly span: Span;
}

/** `GROUPING(a, b)` */
export interface GroupingCall {
  readonly kind: 'grouping';
  readonly arguments: readonly Expression[];
  readonly span: Span;
}

/** `ROW(a, b)` (`explicit`), `(a, b)`. Items may hold a `Star`. */
export interface RowExpression {
  readonly kind: 'row';
  readonly items: readonly Expression[];
  readonly explicit: boolean;
  readonly span: Span;
}

/** `ARRAY[a, b]`; the inner lists of `ARRAY[[1, 2], [3, 4]]` are ArrayExpressions too (`bare`). */
export interface ArrayExpression {
  readonly kind: 'array';
  readonly items: readonly Expression[];
  /** Written without the word ARRAY, inside another one. */
  readonly bare: boolean;
  readonly span: Span;
}

/** Flink's `MAP['a', 1, 'b', 2]` */
export interface MapExpression {
  readonly kind: 'map';
  readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
  readonly span: Span;
}

/** `(SELECT …)`, `EXISTS (SELECT …)`, `ARRAY(SELECT …)` */
export interface SubqueryExpression {
  readonly kind: 'subquery';
  readonly form: 'scalar' | 'exists' | 'array';
  readonly query: Query;
  readonly span: Span;
}

/** `a[1]`, `a[1:2]`, `a[:]`, also on JSON and maps: `j['key']`. `a[1][2]` has two subscripts. */
export interface SubscriptExpression {
  readonly kind: 'subscript';
  readonly base: Expression;
  readonly subscripts: readonly Subscript[];
  readonly span: Span;
}

export type Subscript =
  | { readonly kind: 'index'; readonly value: Expression; readonly span: Span }
  | {
      readonly kind: 'slice';
      readonly lower: Expression | null;
      readonly upper: Expression | null;
      readonly span: Span;
    };

/** `(composite).field`, `f(x).field`, `a[1].field` */
export interface FieldExpression {
  readonly kind: 'field';
  readonly base: Expression;
  readonly field: Identifier;
  readonly span: Span;
}

/** `DEFAULT` in VALUES of an INSERT, and in SET of an UPDATE. */
export interface DefaultExpression {
  readonly kind: 'default';
  readonly span: Span;
}

/** `WHERE CURRENT OF cursor` */
export interface CurrentOfExpression {
  readonly kind: 'current-of';
  readonly cursor: Identifier;
  readonly span: Span;
}

export interface SortItem {
  readonly expression: Expression;
  readonly direction: 'asc' | 'desc' | null;
  /** `USING >` */
  readonly using: OperatorName | null;
  readonly nulls: 'first' | 'last' | null;
  readonly span: Span;
}

// ─────────────────────────────────────────────────────────────────────────────── OVER

/** `OVER name` or `OVER (…)` */
export type WindowReference = WindowName | WindowDefinition;

export interface WindowName {
  readonly kind: 'window-name';
  readonly name: Identifier;
  readonly span: Span;
}

export interface WindowDefinition {
  readonly kind: 'window-definition';
  /** `OVER (w ORDER BY …)`: starts from a named window. */
  readonly base: Identifier | null;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  readonly frame: Frame | null;
  readonly span: Span;
}

export interface Frame {
  readonly mode: 'rows' | 'range' | 'groups';
  readonly start: FrameBound;
  /** Null when written without BETWEEN: the end is the current row. */
  readonly end: FrameBound | null;
  readonly exclude: 'no others' | 'current row' | 'group' | 'ties' | null;
  readonly span: Span;
}

export interface FrameBound {
  readonly kind:
    'unbounded-preceding' | 'preceding' | 'current-row' | 'following' | 'unbounded-following';
  readonly offset: Expression | null;
  readonly span: Span;
}

// ─────────────────────────────────────────────────────────────────────────────── queries

/** A whole query: its body and what stands around it. Parentheses that add nothing leave no trace. */
export interface Query {
  readonly kind: 'query';
  readonly with: WithClause | null;
  readonly body: QueryBody;
  readonly orderBy: readonly SortItem[];
  /** Null: none, or LIMIT ALL. `FETCH FIRST n ROWS ONLY` is LIMIT n. */
  readonly limit: Expression | null;
  readonly offset: Expression | null;
  /** `FETCH FIRST n ROWS WITH TIES` */
  readonly withTies: boolean;
  readonly locking: readonly LockingClause[];
  /** Materialize's `AS OF time` at the end. */
  readonly asOf: Expression | null;
  readonly emit: EmitClause | null;
  readonly span: Span;
}

/** A `Query` as a body or operand was written in parentheses and has clauses of its own. */
export type QueryBody = Select | Values | TableQuery | SetOperation | Query;

export interface WithClause {
  readonly recursive: boolean;
  readonly queries: readonly CommonTable[];
  readonly span: Span;
}

export interface CommonTable {
  readonly name: Identifier;
  readonly columns: readonly Identifier[] | null;
  readonly materialized: boolean | null;
  readonly statement: Query | InsertStatement | UpdateStatement | DeleteStatement | MergeStatement;
  readonly search: SearchClause | null;
  readonly cycle: CycleClause | null;
  readonly span: Span;
}

export interface SearchClause {
  readonly order: 'depth' | 'breadth';
  readonly columns: readonly Identifier[];
  readonly sequence: Identifier;
}

export interface CycleClause {
  readonly columns: readonly Identifier[];
  readonly mark: Identifier;
  readonly markValue: Expression | null;
  readonly markDefault: Expression | null;
  readonly path: Identifier;
}

export interface Select {
  readonly kind: 'select';
  readonly distinct: DistinctClause | null;
  readonly items: readonly SelectItem[];
  /** `SELECT … INTO t`: PostgreSQL's older CREATE TABLE AS. */
  readonly into: IntoClause | null;
  /** Comma-separated; empty without FROM. */
  readonly from: readonly FromItem[];
  readonly where: Expression | null;
  readonly groupBy: GroupBy | null;
  readonly having: Expression | null;
  readonly windows: readonly NamedWindow[];
  readonly span: Span;
}

export interface DistinctClause {
  /** `DISTINCT ON (…)`; null for plain DISTINCT. */
  readonly on: readonly Expression[] | null;
  readonly span: Span;
}

export interface IntoClause {
  readonly name: QualifiedName;
  readonly temporary: boolean;
  readonly unlogged: boolean;
  readonly span: Span;
}

export interface SelectItem {
  readonly expression: Expression;
  readonly alias: Identifier | null;
  readonly span: Span;
}

export interface GroupBy {
  readonly distinct: boolean;
  readonly items: readonly GroupingElement[];
  readonly span: Span;
}

/** `GROUP BY ()`, an expression, `ROLLUP (a, (b, c))`, `CUBE (…)`, `GROUPING SETS (…)` */
export type GroupingElement =
  | { readonly kind: 'empty-grouping'; readonly span: Span }
  | { readonly kind: 'grouping-expression'; readonly expression: Expression; readonly span: Span }
  | {
      readonly kind: 'rollup' | 'cube';
      /** `(b, c)` inside is a RowExpression. */
      readonly items: readonly Expression[];
      readonly span: Span;
    }
  | {
      readonly kind: 'grouping-sets';
      readonly sets: readonly GroupingElement[];
      readonly span: Span;
    };

export interface NamedWindow {
  readonly name: Identifier;
  readonly definition: WindowDefinition;
  readonly span: Span;
}

/** Rows may hold a `DefaultExpression` in an INSERT. */
export interface Values {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
  readonly span: Span;
}

/** `TABLE t` */
export interface TableQuery {
  readonly kind: 'table-query';
  readonly name: QualifiedName;
  readonly only: boolean;
  readonly span: Span;
}

export interface SetOperation {
  readonly kind: 'set-operation';
  readonly operator: 'union' | 'intersect' | 'except';
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
  readonly span: Span;
}

export interface LockingClause {
  readonly strength: 'update' | 'no key update' | 'share' | 'key share';
  readonly of: readonly QualifiedName[];
  readonly wait: 'nowait' | 'skip locked' | null;
  readonly span: Span;
}

/** `on-window-close`: also ksqlDB's EMIT FINAL. `changes`: EMIT CHANGES, and the default. */
export interface EmitClause {
  readonly mode: 'on-window-close' | 'changes';
  readonly span: Span;
}

// ─────────────────────────────────────────────────────────────────────────────── FROM

export type FromItem =
  TableRef | FunctionTable | DerivedTable | WindowTable | Join | MatchRecognize;

/** `AS name (columns)`. `name` is null in `AS (a int, b text)`, which only functions take. */
export interface FromAlias {
  readonly name: Identifier | null;
  readonly columns: readonly Identifier[];
  readonly span: Span;
}

export interface TableRef {
  readonly kind: 'table';
  readonly name: QualifiedName;
  readonly only: boolean;
  /** `FOR SYSTEM_TIME AS OF expr` */
  readonly systemTime: Expression | null;
  readonly alias: FromAlias | null;
  readonly span: Span;
}

/** `f(x)`, `LATERAL f(x)`, Flink's `LATERAL TABLE(f(x))`, `ROWS FROM (f(x), g(y))`, `WITH ORDINALITY` */
export interface FunctionTable {
  readonly kind: 'function-table';
  /** One, unless ROWS FROM. A SpecialValue or ConditionalCall or cast may stand as a function too. */
  readonly functions: readonly TableFunctionCall[];
  readonly rowsFrom: boolean;
  readonly lateral: boolean;
  readonly ordinality: boolean;
  readonly alias: FromAlias | null;
  readonly span: Span;
}

export interface TableFunctionCall {
  readonly call: Expression;
  /** `AS (a int, b text)` or `AS t (a int, b text)`; null when not written. */
  readonly columns: readonly ColumnSpec[] | null;
}

export interface ColumnSpec {
  readonly name: Identifier;
  readonly type: TypeName;
  readonly collation: QualifiedName | null;
  readonly span: Span;
}

export interface DerivedTable {
  readonly kind: 'derived-table';
  readonly query: Query;
  readonly lateral: boolean;
  readonly alias: FromAlias | null;
  readonly span: Span;
}

/**
 * A window function of time, all spellings:
 * `TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTES))`,
 * `TABLE(TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '5' MINUTES))`,
 * `TUMBLE(t, ts, INTERVAL '5 minutes')`.
 * The positional order is: tumble (size, offset) · hop (slide, size, offset) · cumulate (step, size, offset)
 * · session (gap). Which arguments must be there is checked by the parser.
 */
export interface WindowTable {
  readonly kind: 'window-table';
  readonly function: 'tumble' | 'hop' | 'cumulate' | 'session';
  /** A table or a derived table, without an alias of its own. */
  readonly input: TableRef | DerivedTable;
  readonly timeColumn: ColumnRef;
  /** `SESSION(TABLE t PARTITION BY k, …)` */
  readonly partitionBy: readonly Expression[];
  readonly size: Expression | null;
  readonly slide: Expression | null;
  readonly step: Expression | null;
  readonly gap: Expression | null;
  readonly offset: Expression | null;
  readonly alias: FromAlias | null;
  readonly span: Span;
}

export interface Join {
  readonly kind: 'join';
  readonly type: 'inner' | 'left' | 'right' | 'full' | 'cross';
  readonly natural: boolean;
  readonly left: FromItem;
  readonly right: FromItem;
  readonly on: Expression | null;
  readonly using: readonly Identifier[] | null;
  /** `USING (a) AS x` */
  readonly usingAlias: Identifier | null;
  /** `(a JOIN b ON …) AS x`: a parenthesised join may have an alias. */
  readonly alias: FromAlias | null;
  readonly span: Span;
}

export interface MatchRecognize {
  readonly kind: 'match-recognize';
  readonly input: FromItem;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  readonly measures: readonly SelectItem[];
  readonly rowsPerMatch: 'one' | 'all';
  readonly afterMatch: AfterMatch | null;
  readonly pattern: Pattern;
  /** `WITHIN INTERVAL '1' HOUR` */
  readonly within: Expression | null;
  readonly subsets: readonly { readonly name: Identifier; readonly of: readonly Identifier[] }[];
  readonly define: readonly { readonly name: Identifier; readonly condition: Expression }[];
  readonly alias: FromAlias | null;
  readonly span: Span;
}

export interface AfterMatch {
  readonly skip: 'past-last-row' | 'to-next-row' | 'to-first' | 'to-last';
  readonly variable: Identifier | null;
  readonly span: Span;
}

export type Pattern =
  | { readonly kind: 'pattern-variable'; readonly name: Identifier; readonly span: Span }
  | { readonly kind: 'pattern-sequence'; readonly items: readonly Pattern[]; readonly span: Span }
  | { readonly kind: 'pattern-choice'; readonly items: readonly Pattern[]; readonly span: Span }
  | {
      readonly kind: 'pattern-repeat';
      readonly item: Pattern;
      readonly min: number;
      /** Null: no upper bound. */
      readonly max: number | null;
      readonly reluctant: boolean;
      readonly span: Span;
    };

// ─────────────────────────────────────────────────────────────────────────────── options

/**
 * `'connector' = 'kafka'`, `properties.bootstrap.server = 'x'`, `fillfactor = 70`, `VERBOSE`. An unquoted
 * name is folded; a dotted one is joined with dots.
 */
export interface Option {
  readonly name: string;
  /** Null for a bare word: it means true. */
  readonly value: OptionValue | null;
  readonly span: Span;
}

/** `word`: an unquoted word, folded (true, on, json, default…). `list`: `(a, b)` or `*` in COPY. */
export interface OptionValue {
  readonly kind: 'string' | 'number' | 'word' | 'interval' | 'secret' | 'list';
  /** The text of the value; of a list, its items joined by commas; of an interval, its SQL. */
  readonly text: string;
  readonly items: readonly string[];
  readonly span: Span;
}

/**
 * How bytes become rows. RisingWave: `FORMAT UPSERT ENCODE JSON (opts) KEY ENCODE TEXT`. Materialize:
 * `FORMAT JSON`, `KEY FORMAT TEXT VALUE FORMAT JSON`, `ENVELOPE UPSERT`.
 */
export interface FormatClause {
  /** plain, upsert, debezium…; from Materialize, its envelope (none, upsert, debezium). Null: not written. */
  readonly format: string | null;
  /** json, csv, avro, protobuf, bytes, text… */
  readonly encode: string | null;
  readonly options: readonly Option[];
  readonly keyEncode: string | null;
  readonly keyOptions: readonly Option[];
  readonly span: Span;
}

/** `INCLUDE timestamp AS ts`, `INCLUDE header 'trace' AS h`, `INCLUDE KEY` */
export interface IncludeItem {
  /** key, partition, offset, timestamp, header, headers, payload… */
  readonly what: string;
  /** A single header's name. */
  readonly header: string | null;
  readonly type: TypeName | null;
  readonly alias: Identifier | null;
  readonly span: Span;
}

/** Materialize's `FROM KAFKA CONNECTION c (TOPIC 't')`; `connector` is the word, lower case. */
export interface ConnectionClause {
  readonly connector: string;
  readonly connection: QualifiedName | null;
  readonly options: readonly Option[];
  readonly span: Span;
}

// ─────────────────────────────────────────────────────────────────────────────── statements

export type Statement =
  // query.ts
  | Query
  // define.ts
  | CreateTable
  | CreateView
  | CreateSink
  | CreateSchema
  | CreateIndex
  | CreateSequence
  | CreateType
  | CreateConnection
  | AlterStatement
  | DropStatement
  | CommentStatement
  | RefreshStatement
  // change.ts
  | InsertStatement
  | UpdateStatement
  | DeleteStatement
  | MergeStatement
  | TruncateStatement
  | CopyStatement
  | StatementSet
  // session.ts
  | SubscribeStatement
  | TransactionStatement
  | SetTransactionStatement
  | SetStatement
  | ResetStatement
  | ShowStatement
  | ShowObjectsStatement
  | DescribeStatement
  | DiscardStatement
  | PrepareStatement
  | ExecuteStatement
  | DeallocateStatement
  | DeclareStatement
  | FetchStatement
  | CloseStatement
  | ListenStatement
  | NotifyStatement
  | ExplainStatement
  | CheckViewStatement
  | MaintenanceStatement
  | LockStatement
  | GenericStatement;

// ── definitions

/** CREATE TABLE, CREATE SOURCE and ksqlDB's CREATE STREAM, in all dialects. */
export interface CreateTable {
  readonly kind: 'create-table';
  readonly relation: 'table' | 'source' | 'stream';
  readonly name: QualifiedName;
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  readonly temporary: boolean;
  readonly unlogged: boolean;
  /** Null when no parentheses were written. */
  readonly elements: readonly TableElement[] | null;
  readonly include: readonly IncludeItem[];
  readonly options: readonly Option[];
  readonly format: FormatClause | null;
  readonly from: ConnectionClause | null;
  /** RisingWave's `FROM source TABLE 'schema.table'` of change capture. */
  readonly fromSource: { readonly source: QualifiedName; readonly table: string } | null;
  readonly comment: string | null;
  /** Flink's PARTITIONED BY (or PostgreSQL's PARTITION BY, whose method is in `partitionMethod`). */
  readonly partitionedBy: readonly Expression[];
  readonly partitionMethod: string | null;
  /** RisingWave's APPEND ONLY */
  readonly appendOnly: boolean;
  /** RisingWave's ON CONFLICT OVERWRITE | IGNORE | DO UPDATE IF NOT NULL, lower case. */
  readonly onConflict: string | null;
  readonly onCommit: 'preserve rows' | 'delete rows' | 'drop' | null;
  readonly inherits: readonly QualifiedName[];
  /** Flink's trailing `LIKE base (…)`. */
  readonly like: LikeClause | null;
  readonly as: Query | null;
  /** Column names of `CREATE TABLE t (a, b) AS …`; `elements` is null then. */
  readonly columnNames: readonly Identifier[] | null;
  /** `WITH NO DATA` is false. */
  readonly withData: boolean | null;
  readonly span: Span;
}

export type TableElement =
  ColumnDefinition | WatermarkDefinition | TableConstraint | LikeClause | StarElement;

export interface ColumnDefinition {
  readonly kind: 'column-definition';
  readonly name: Identifier;
  /** Null for a computed column without a type. */
  readonly type: TypeName | null;
  readonly collation: QualifiedName | null;
  /** `name AS expr`, `name type AS expr`. PostgreSQL's GENERATED ALWAYS AS … STORED is a constraint. */
  readonly computed: Expression | null;
  /** `METADATA [FROM 'key'] [VIRTUAL]` */
  readonly metadata: { readonly key: string | null; readonly virtual: boolean } | null;
  /** ksqlDB's `id INT KEY`. */
  readonly key: boolean;
  readonly constraints: readonly ColumnConstraint[];
  readonly comment: string | null;
  readonly span: Span;
}

export type ColumnConstraint =
  | { readonly kind: 'not-null'; readonly name: Identifier | null; readonly span: Span }
  | { readonly kind: 'nullable'; readonly name: Identifier | null; readonly span: Span }
  | {
      readonly kind: 'default' | 'check' | 'generated';
      readonly name: Identifier | null;
      readonly expression: Expression;
      readonly span: Span;
    }
  | {
      readonly kind: 'primary-key' | 'unique';
      readonly name: Identifier | null;
      /** False for NOT ENFORCED. */
      readonly enforced: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: 'identity';
      readonly name: Identifier | null;
      readonly always: boolean;
      readonly options: readonly SequenceOption[];
      readonly span: Span;
    }
  | {
      readonly kind: 'references';
      readonly name: Identifier | null;
      readonly table: QualifiedName;
      readonly columns: readonly Identifier[];
      /** ON DELETE …, MATCH …, DEFERRABLE…: lower-case words in the order written. */
      readonly actions: readonly string[];
      readonly span: Span;
    };

export interface TableConstraint {
  readonly kind: 'table-constraint';
  readonly name: Identifier | null;
  readonly constraint: 'primary-key' | 'unique' | 'check' | 'foreign-key';
  /** Of the key; empty for CHECK. */
  readonly columns: readonly Identifier[];
  readonly check: Expression | null;
  readonly references: {
    readonly table: QualifiedName;
    readonly columns: readonly Identifier[];
    readonly actions: readonly string[];
  } | null;
  readonly enforced: boolean;
  readonly span: Span;
}

/** `WATERMARK FOR ts AS ts - INTERVAL '5' SECOND`; the column may be nested (`payload.ts`). */
export interface WatermarkDefinition {
  readonly kind: 'watermark';
  readonly column: ColumnRef;
  readonly expression: Expression;
  readonly span: Span;
}

/** `LIKE other INCLUDING ALL`; Flink's `LIKE other (EXCLUDING OPTIONS)`. */
export interface LikeClause {
  readonly kind: 'like-table';
  readonly table: QualifiedName;
  /** 'including all', 'excluding defaults', … */
  readonly options: readonly string[];
  readonly span: Span;
}

/** RisingWave's `(*, extra AS expr)`: the columns of the registry's schema. */
export interface StarElement {
  readonly kind: 'star-element';
  readonly span: Span;
}

export interface CreateView {
  readonly kind: 'create-view';
  readonly materialized: boolean;
  readonly name: QualifiedName;
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  readonly temporary: boolean;
  readonly recursive: boolean;
  readonly columns: readonly Identifier[] | null;
  readonly options: readonly Option[];
  readonly comment: string | null;
  /** Its `emit` says when rows come out. */
  readonly query: Query;
  readonly checkOption: 'local' | 'cascaded' | null;
  readonly withData: boolean | null;
  readonly span: Span;
}

/** `CREATE SINK s FROM v WITH (…)`, `CREATE SINK s AS SELECT …`, `CREATE SINK s INTO t FROM v` */
export interface CreateSink {
  readonly kind: 'create-sink';
  readonly name: QualifiedName;
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  /** Exactly one of `from` and `query`. */
  readonly from: QualifiedName | null;
  readonly query: Query | null;
  /** RisingWave: INTO a table. */
  readonly into: QualifiedName | null;
  readonly intoColumns: readonly Identifier[];
  /** Materialize: INTO KAFKA CONNECTION c (…). */
  readonly connection: ConnectionClause | null;
  /** Materialize: KEY (a, b). */
  readonly key: readonly Identifier[];
  readonly options: readonly Option[];
  readonly format: FormatClause | null;
  readonly span: Span;
}

export interface CreateSchema {
  readonly kind: 'create-schema';
  /** Null: named after the role in `authorization`. */
  readonly name: Identifier | null;
  readonly ifNotExists: boolean;
  readonly authorization: Identifier | null;
  readonly span: Span;
}

export interface CreateIndex {
  readonly kind: 'create-index';
  readonly name: Identifier | null;
  readonly ifNotExists: boolean;
  readonly unique: boolean;
  readonly concurrently: boolean;
  readonly table: QualifiedName;
  readonly only: boolean;
  readonly method: Identifier | null;
  readonly elements: readonly IndexElement[];
  readonly include: readonly Identifier[];
  readonly nullsNotDistinct: boolean;
  readonly options: readonly Option[];
  readonly where: Expression | null;
  readonly span: Span;
}

export interface IndexElement {
  /** A ColumnRef for a plain column. */
  readonly expression: Expression;
  readonly collation: QualifiedName | null;
  readonly operatorClass: QualifiedName | null;
  readonly direction: 'asc' | 'desc' | null;
  readonly nulls: 'first' | 'last' | null;
  readonly span: Span;
}

/** increment, minvalue, maxvalue, start, cache, cycle, owned by, as, restart; `no minvalue` has value null. */
export interface SequenceOption {
  readonly name: string;
  readonly value: string | null;
  readonly span: Span;
}

export interface CreateSequence {
  readonly kind: 'create-sequence';
  readonly name: QualifiedName;
  readonly ifNotExists: boolean;
  readonly temporary: boolean;
  readonly options: readonly SequenceOption[];
  readonly span: Span;
}

export interface CreateType {
  readonly kind: 'create-type';
  readonly name: QualifiedName;
  readonly definition:
    | { readonly kind: 'enum'; readonly labels: readonly string[] }
    | { readonly kind: 'composite'; readonly fields: readonly ColumnSpec[] }
    | { readonly kind: 'range'; readonly options: readonly Option[] };
  readonly span: Span;
}

/** Materialize's `CREATE CONNECTION c TO KAFKA (BROKER 'x')` and `CREATE SECRET s AS 'x'`. */
export interface CreateConnection {
  readonly kind: 'create-connection';
  readonly object: 'connection' | 'secret';
  readonly name: QualifiedName;
  readonly ifNotExists: boolean;
  /** kafka, postgres…; null for a secret. */
  readonly connector: string | null;
  readonly options: readonly Option[];
  readonly secret: string | null;
  readonly span: Span;
}

export type ObjectKind =
  | 'table'
  | 'source'
  | 'stream'
  | 'view'
  | 'materialized view'
  | 'sink'
  | 'index'
  | 'schema'
  | 'database'
  | 'sequence'
  | 'type'
  | 'domain'
  | 'function'
  | 'procedure'
  | 'aggregate'
  | 'routine'
  | 'role'
  | 'user'
  | 'extension'
  | 'collation'
  | 'connection'
  | 'secret'
  | 'column'
  | 'constraint'
  | 'trigger'
  | 'rule'
  | 'policy'
  | 'catalog';

/** ALTER TABLE, SOURCE, VIEW, MATERIALIZED VIEW, SINK, INDEX, SEQUENCE, SCHEMA. Others are generic. */
export interface AlterStatement {
  readonly kind: 'alter';
  readonly object: ObjectKind;
  readonly name: QualifiedName;
  readonly ifExists: boolean;
  readonly only: boolean;
  readonly actions: readonly AlterAction[];
  readonly span: Span;
}

export type AlterAction =
  | { readonly kind: 'rename'; readonly to: Identifier; readonly span: Span }
  | {
      readonly kind: 'rename-column' | 'rename-constraint';
      readonly from: Identifier;
      readonly to: Identifier;
      readonly span: Span;
    }
  | { readonly kind: 'set-schema'; readonly schema: Identifier; readonly span: Span }
  | { readonly kind: 'owner-to'; readonly role: Identifier; readonly span: Span }
  | { readonly kind: 'swap-with'; readonly other: QualifiedName; readonly span: Span }
  | {
      readonly kind: 'add-column';
      readonly column: ColumnDefinition;
      readonly ifNotExists: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: 'drop-column' | 'drop-constraint';
      readonly name: Identifier;
      readonly ifExists: boolean;
      readonly behavior: DropBehavior;
      readonly span: Span;
    }
  | {
      readonly kind: 'column-type';
      readonly column: Identifier;
      readonly type: TypeName;
      readonly using: Expression | null;
      readonly span: Span;
    }
  | {
      readonly kind: 'column-default';
      readonly column: Identifier;
      /** Null: DROP DEFAULT. */
      readonly value: Expression | null;
      readonly span: Span;
    }
  | {
      readonly kind: 'column-not-null';
      readonly column: Identifier;
      /** SET NOT NULL is true, DROP NOT NULL false. */
      readonly notNull: boolean;
      readonly span: Span;
    }
  | { readonly kind: 'add-constraint'; readonly constraint: TableConstraint; readonly span: Span }
  | { readonly kind: 'set-options'; readonly options: readonly Option[]; readonly span: Span }
  | { readonly kind: 'reset-options'; readonly names: readonly string[]; readonly span: Span }
  | {
      /** `SET parallelism = 4`, `SET source_rate_limit TO 10` */
      readonly kind: 'set-parameter';
      readonly option: Option;
      readonly span: Span;
    }
  | {
      readonly kind: 'sequence-options';
      readonly options: readonly SequenceOption[];
      readonly span: Span;
    }
  | {
      /** ALTER TYPE … ADD VALUE */
      readonly kind: 'add-value';
      readonly label: string;
      readonly ifNotExists: boolean;
      readonly place: { readonly side: 'before' | 'after'; readonly of: string } | null;
      readonly span: Span;
    }
  | {
      readonly kind: 'rename-value';
      readonly from: string;
      readonly to: string;
      readonly span: Span;
    }
  /** Anything else PostgreSQL or a dialect has here, as its source text; the binder refuses it. */
  | { readonly kind: 'other-action'; readonly text: string; readonly span: Span };

export type DropBehavior = 'cascade' | 'restrict' | null;

export interface DropStatement {
  readonly kind: 'drop';
  readonly object: ObjectKind;
  readonly names: readonly QualifiedName[];
  readonly ifExists: boolean;
  readonly temporary: boolean;
  readonly concurrently: boolean;
  readonly behavior: DropBehavior;
  readonly span: Span;
}

export interface CommentStatement {
  readonly kind: 'comment';
  readonly object: ObjectKind;
  /** For a column, the relation's name and then the column. */
  readonly name: QualifiedName;
  /** Null removes the comment. */
  readonly text: string | null;
  readonly span: Span;
}

export interface RefreshStatement {
  readonly kind: 'refresh';
  readonly name: QualifiedName;
  readonly concurrently: boolean;
  readonly withData: boolean | null;
  readonly span: Span;
}

// ── changes

export interface InsertStatement {
  readonly kind: 'insert';
  readonly with: WithClause | null;
  readonly table: QualifiedName;
  readonly alias: Identifier | null;
  /** Null: all columns in order. */
  readonly columns: readonly Identifier[] | null;
  readonly overriding: 'user' | 'system' | null;
  /** Flink's INSERT OVERWRITE. */
  readonly overwrite: boolean;
  /** Null: DEFAULT VALUES. */
  readonly source: Query | null;
  readonly onConflict: OnConflict | null;
  /** Null without RETURNING. */
  readonly returning: readonly SelectItem[] | null;
  readonly span: Span;
}

export interface OnConflict {
  /** `ON CONFLICT (a, b)`: elements as in an index; empty when none was named. */
  readonly target: readonly IndexElement[];
  readonly targetWhere: Expression | null;
  readonly constraint: Identifier | null;
  readonly action: 'nothing' | 'update';
  readonly assignments: readonly Assignment[];
  readonly where: Expression | null;
  readonly span: Span;
}

/** `a = expr`; `(a, b) = (…)` has several columns and a row, or a subquery, as its value. */
export interface Assignment {
  readonly columns: readonly Identifier[];
  readonly value: Expression;
  /** Written with parentheses around the columns. */
  readonly multiple: boolean;
  readonly span: Span;
}

export interface UpdateStatement {
  readonly kind: 'update';
  readonly with: WithClause | null;
  readonly table: QualifiedName;
  readonly only: boolean;
  readonly alias: Identifier | null;
  readonly assignments: readonly Assignment[];
  readonly from: readonly FromItem[];
  readonly where: Expression | null;
  readonly returning: readonly SelectItem[] | null;
  readonly span: Span;
}

export interface DeleteStatement {
  readonly kind: 'delete';
  readonly with: WithClause | null;
  readonly table: QualifiedName;
  readonly only: boolean;
  readonly alias: Identifier | null;
  readonly using: readonly FromItem[];
  readonly where: Expression | null;
  readonly returning: readonly SelectItem[] | null;
  readonly span: Span;
}

export interface MergeStatement {
  readonly kind: 'merge';
  readonly with: WithClause | null;
  readonly table: QualifiedName;
  readonly only: boolean;
  readonly alias: Identifier | null;
  readonly source: FromItem;
  readonly on: Expression;
  readonly branches: readonly MergeBranch[];
  readonly span: Span;
}

export interface MergeBranch {
  readonly matched: boolean;
  readonly condition: Expression | null;
  readonly action:
    | { readonly kind: 'merge-nothing' }
    | { readonly kind: 'merge-delete' }
    | { readonly kind: 'merge-update'; readonly assignments: readonly Assignment[] }
    | {
        readonly kind: 'merge-insert';
        readonly columns: readonly Identifier[] | null;
        readonly overriding: 'user' | 'system' | null;
        /** Null: DEFAULT VALUES. */
        readonly values: readonly Expression[] | null;
      };
  readonly span: Span;
}

export interface TruncateStatement {
  readonly kind: 'truncate';
  readonly tables: readonly QualifiedName[];
  readonly only: boolean;
  readonly restartIdentity: boolean | null;
  readonly behavior: DropBehavior;
  readonly span: Span;
}

export interface CopyStatement {
  readonly kind: 'copy';
  readonly direction: 'from' | 'to';
  /** Exactly one of `table` and `query`. */
  readonly table: QualifiedName | null;
  readonly columns: readonly Identifier[] | null;
  readonly query:
    Query | SubscribeStatement | InsertStatement | UpdateStatement | DeleteStatement | null;
  /** `stdio` is STDIN or STDOUT. */
  readonly place:
    | { readonly kind: 'stdio' }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'program'; readonly command: string };
  /**
   * Both syntaxes under the new names: format, freeze, delimiter, null, header, quote, escape, force_quote,
   * force_not_null, force_null, encoding.
   */
  readonly options: readonly Option[];
  readonly where: Expression | null;
  readonly span: Span;
}

/** Flink's `EXECUTE STATEMENT SET BEGIN … END` and `BEGIN STATEMENT SET; … END;`: one job, several sinks. */
export interface StatementSet {
  readonly kind: 'statement-set';
  readonly statements: readonly InsertStatement[];
  readonly span: Span;
}

// ── session

export interface SubscribeStatement {
  readonly kind: 'subscribe';
  /** Exactly one of `name` and `query`. */
  readonly name: QualifiedName | null;
  readonly query: Query | null;
  /** `WITH (SNAPSHOT = false, PROGRESS)` */
  readonly options: readonly Option[];
  readonly asOf: Expression | null;
  readonly upTo: Expression | null;
  /** `ENVELOPE UPSERT (KEY (a, b))` or DEBEZIUM. */
  readonly envelope: {
    readonly kind: 'upsert' | 'debezium';
    readonly key: readonly Identifier[];
  } | null;
  readonly span: Span;
}

export interface TransactionModes {
  readonly isolation:
    'serializable' | 'repeatable read' | 'read committed' | 'read uncommitted' | null;
  readonly readOnly: boolean | null;
  readonly deferrable: boolean | null;
}

export interface TransactionStatement {
  readonly kind: 'transaction';
  readonly action:
    | 'begin'
    | 'commit'
    | 'rollback'
    | 'savepoint'
    | 'release'
    | 'rollback-to'
    | 'prepare'
    | 'commit-prepared'
    | 'rollback-prepared';
  readonly modes: TransactionModes;
  readonly savepoint: Identifier | null;
  /** Of PREPARE TRANSACTION and its family. */
  readonly transactionId: string | null;
  /** AND CHAIN */
  readonly chain: boolean;
  readonly span: Span;
}

/** `SET TRANSACTION …`, `SET SESSION CHARACTERISTICS AS TRANSACTION …` (`session`) */
export interface SetTransactionStatement {
  readonly kind: 'set-transaction';
  readonly session: boolean;
  readonly modes: TransactionModes;
  readonly snapshot: string | null;
  readonly span: Span;
}

/**
 * `SET name = a, b`. SET TIME ZONE is `timezone`, SET NAMES `client_encoding`, SET SCHEMA `search_path`,
 * SET ROLE `role`, SET SESSION AUTHORIZATION `session_authorization`; names are lower case. Flink's
 * `SET 'key' = 'value'` has the key as written.
 */
export interface SetStatement {
  readonly kind: 'set';
  readonly scope: 'session' | 'local';
  readonly name: string;
  /** Null: DEFAULT, and FROM CURRENT (which only means something inside functions). */
  readonly values: readonly OptionValue[] | null;
  readonly span: Span;
}

export interface ResetStatement {
  readonly kind: 'reset';
  /** Null: ALL. */
  readonly name: string | null;
  readonly span: Span;
}

/** `SHOW name`, `SHOW ALL` (null), `SHOW TIME ZONE` (timezone), `SHOW TRANSACTION ISOLATION LEVEL`. */
export interface ShowStatement {
  readonly kind: 'show';
  readonly name: string | null;
  readonly span: Span;
}

/** `SHOW TABLES`, `SHOW MATERIALIZED VIEWS FROM s LIKE 'a%'`, `SHOW CREATE TABLE t`, `SHOW COLUMNS FROM t` */
export interface ShowObjectsStatement {
  readonly kind: 'show-objects';
  /** Lower case: tables, sources, views, materialized views, sinks, indexes, schemas, databases, functions,
   * jobs, columns, streams, connections, catalogs, `create table`, `create view`, … */
  readonly what: string;
  readonly from: QualifiedName | null;
  readonly like: string | null;
  readonly span: Span;
}

/** `DESCRIBE t`, `DESC t` */
export interface DescribeStatement {
  readonly kind: 'describe';
  readonly name: QualifiedName;
  readonly extended: boolean;
  readonly span: Span;
}

export interface DiscardStatement {
  readonly kind: 'discard';
  readonly what: 'all' | 'plans' | 'sequences' | 'temporary';
  readonly span: Span;
}

export interface PrepareStatement {
  readonly kind: 'prepare';
  readonly name: Identifier;
  readonly types: readonly TypeName[];
  readonly statement: Statement;
  readonly span: Span;
}

export interface ExecuteStatement {
  readonly kind: 'execute';
  readonly name: Identifier;
  readonly parameters: readonly Expression[];
  readonly span: Span;
}

export interface DeallocateStatement {
  readonly kind: 'deallocate';
  /** Null: ALL. */
  readonly name: Identifier | null;
  readonly span: Span;
}

export interface DeclareStatement {
  readonly kind: 'declare';
  readonly name: Identifier;
  readonly binary: boolean;
  readonly scroll: boolean | null;
  readonly insensitive: boolean | null;
  readonly hold: boolean;
  readonly query: Query | SubscribeStatement;
  readonly span: Span;
}

export interface FetchStatement {
  readonly kind: 'fetch';
  /** MOVE */
  readonly move: boolean;
  readonly direction: 'forward' | 'backward' | 'absolute' | 'relative';
  /** `'all'`, or a count: NEXT is forward 1, PRIOR backward 1, FIRST absolute 1, LAST absolute -1. */
  readonly count: number | 'all';
  readonly cursor: Identifier;
  /** Materialize's `FETCH … WITH (timeout = '1s')`. */
  readonly options: readonly Option[];
  readonly span: Span;
}

export interface CloseStatement {
  readonly kind: 'close';
  /** Null: ALL. */
  readonly name: Identifier | null;
  readonly span: Span;
}

export interface ListenStatement {
  readonly kind: 'listen' | 'unlisten';
  /** Null: UNLISTEN *. */
  readonly channel: Identifier | null;
  readonly span: Span;
}

export interface NotifyStatement {
  readonly kind: 'notify';
  readonly channel: Identifier;
  readonly payload: string | null;
  readonly span: Span;
}

/**
 * Options as written, names lower case: ast, bound, rules, dataflow, state, code, analyze, verbose,
 * format, costs, buffers… The old `EXPLAIN ANALYZE VERBOSE` arrives as options too.
 */
export interface ExplainStatement {
  readonly kind: 'explain';
  readonly options: readonly Option[];
  /** Exactly one of `statement` and `name` (`EXPLAIN ANALYZE v`, of a running view). */
  readonly statement: Statement | null;
  readonly name: QualifiedName | null;
  readonly span: Span;
}

/** `CHECK VIEW v`: recompute and compare. */
export interface CheckViewStatement {
  readonly kind: 'check-view';
  readonly name: QualifiedName;
  readonly span: Span;
}

export interface MaintenanceStatement {
  readonly kind: 'maintenance';
  readonly command: 'analyze' | 'vacuum' | 'checkpoint' | 'flush' | 'reindex' | 'cluster';
  readonly options: readonly Option[];
  readonly tables: readonly {
    readonly name: QualifiedName;
    readonly columns: readonly Identifier[];
  }[];
  readonly span: Span;
}

export interface LockStatement {
  readonly kind: 'lock';
  readonly tables: readonly QualifiedName[];
  /** 'access exclusive', …; null: access exclusive by default. */
  readonly mode: string | null;
  readonly nowait: boolean;
  readonly span: Span;
}

/**
 * A statement that is recognised by its first words and lexed, but has no tree: GRANT, REVOKE, DO, CALL,
 * CREATE FUNCTION, CREATE ROLE, CREATE DATABASE, ALTER ROLE and so on. The session answers it by `command`.
 */
export interface GenericStatement {
  readonly kind: 'generic';
  /** The command tag, upper case, as PostgreSQL gives it: 'GRANT', 'CREATE FUNCTION', 'DO'. */
  readonly command: string;
  /** IF [NOT] EXISTS stood there. */
  readonly conditional: boolean;
  /** The object's name when one follows the command. */
  readonly name: QualifiedName | null;
  /** The whole statement as written. */
  readonly text: string;
  readonly span: Span;
}
