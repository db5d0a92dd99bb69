/**
 * What a user can do wrong, in PostgreSQL's terms. A `SqlError` carries a SQLSTATE, a message in
 * PostgreSQL's style (a short lower-case fact), and optionally detail, hint and position.
 * Faults of our own are assertions (assert.ts); the outside world failing is a `ConnectorError`.
 */

export interface SqlErrorFields {
  /** Full sentences; what else is known. */
  readonly detail?: string | undefined;
  /** Full sentences; what the user can do. */
  readonly hint?: string | undefined;
  /** In what it happened: a line of COPY data. */
  readonly where?: string | undefined;
  /** Zero-based offset into the statement's source text, in UTF-16 units. */
  readonly position?: number | undefined;
  /** Schema object names, as the wire protocol's fields carry them. */
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
  readonly severity?: 'ERROR' | 'FATAL' | 'PANIC' | undefined;
}

export class SqlError extends Error {
  /** Five characters, see https://www.postgresql.org/docs/15/errcodes-appendix.html */
  readonly code: string;
  readonly fields: SqlErrorFields;

  constructor(code: string, message: string, fields: SqlErrorFields = {}) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
    this.fields = fields;
  }

  /** The same error with a position, unless it has one already. */
  at(position: number | undefined): SqlError {
    if (position === undefined || this.fields.position !== undefined) return this;
    return new SqlError(this.code, this.message, { ...this.fields, position });
  }
}

/** SQLSTATEs by their PostgreSQL condition name. Add a line when a new one is raised. */
export const sqlstate = {
  connectionException: '08000',
  protocolViolation: '08P01',
  featureNotSupported: '0A000',
  cardinalityViolation: '21000',
  dataException: '22000',
  stringDataRightTruncation: '22001',
  numericValueOutOfRange: '22003',
  nullValueNotAllowed: '22004',
  invalidDatetimeFormat: '22007',
  datetimeFieldOverflow: '22008',
  divisionByZero: '22012',
  invalidEscapeSequence: '22025',
  sequenceGeneratorLimitExceeded: '2200H',
  invalidParameterValue: '22023',
  invalidRegularExpression: '2201B',
  invalidRowCountInLimit: '2201W',
  invalidRowCountInOffset: '2201X',
  characterNotInRepertoire: '22021',
  substringError: '22011',
  invalidSqlJsonDatetimeArgument: '22031',
  invalidSqlJsonSubscript: '22033',
  nonNumericSqlJsonItem: '22036',
  singletonSqlJsonItemRequired: '22038',
  sqlJsonArrayNotFound: '22039',
  sqlJsonMemberNotFound: '2203A',
  sqlJsonNumberNotFound: '2203B',
  sqlJsonObjectNotFound: '2203C',
  arraySubscriptError: '2202E',
  invalidTextRepresentation: '22P02',
  invalidBinaryRepresentation: '22P03',
  badCopyFileFormat: '22P04',
  notNullViolation: '23502',
  uniqueViolation: '23505',
  checkViolation: '23514',
  invalidCursorState: '24000',
  invalidTransactionState: '25000',
  activeSqlTransaction: '25001',
  readOnlySqlTransaction: '25006',
  noActiveSqlTransaction: '25P01',
  inFailedSqlTransaction: '25P02',
  invalidSqlStatementName: '26000',
  invalidAuthorization: '28000',
  invalidPassword: '28P01',
  dependentObjectsStillExist: '2BP01',
  invalidCursorName: '34000',
  invalidSavepoint: '3B001',
  invalidCatalogName: '3D000',
  invalidSchemaName: '3F000',
  serializationFailure: '40001',
  insufficientPrivilege: '42501',
  syntaxError: '42601',
  invalidName: '42602',
  invalidColumnDefinition: '42611',
  undefinedColumn: '42703',
  ambiguousColumn: '42702',
  undefinedFunction: '42883',
  ambiguousFunction: '42725',
  undefinedTable: '42P01',
  undefinedParameter: '42P02',
  duplicateCursor: '42P03',
  duplicateSchema: '42P06',
  duplicateTable: '42P07',
  duplicateColumn: '42701',
  duplicateAlias: '42712',
  duplicateObject: '42710',
  duplicatePreparedStatement: '42P05',
  undefinedObject: '42704',
  ambiguousParameter: '42P08',
  invalidColumnReference: '42P10',
  indeterminateDatatype: '42P18',
  invalidTableDefinition: '42P16',
  invalidObjectDefinition: '42P17',
  datatypeMismatch: '42804',
  cannotCoerce: '42846',
  groupingError: '42803',
  windowingError: '42P20',
  wrongObjectType: '42809',
  invalidRecursion: '42P19',
  insufficientResources: '53000',
  diskFull: '53100',
  outOfMemory: '53200',
  tooManyConnections: '53300',
  configurationLimitExceeded: '53400',
  programLimitExceeded: '54000',
  statementTooComplex: '54001',
  objectNotInPrerequisiteState: '55000',
  objectInUse: '55006',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  snapshotTooOld: '72000',
  configFileError: 'F0000',
  fdwError: 'HV000',
  internalError: 'XX000',
  dataCorrupted: 'XX001',
} as const;

/**
 * What evaluating an expression threw: evaluation recurses as deep as values are, so that a stack that runs
 * over is the statement's error, 54001. Anything else is given back as it is.
 */
export function evaluationError(error: unknown): unknown {
  if (!(error instanceof RangeError) || !error.message.includes('call stack')) return error;
  return new SqlError(sqlstate.statementTooComplex, 'stack depth limit exceeded', {
    detail: 'A value or an expression is nested too deeply to be evaluated.',
  });
}

/** Something outside failed (a broker, a file, a socket). `retryable` says whether trying again may help. */
export class ConnectorError extends Error {
  readonly retryable: boolean;
  /** What was named is not there, and may come to be. */
  readonly missing: boolean;

  constructor(
    message: string,
    options: { retryable: boolean; missing?: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'ConnectorError';
    this.retryable = options.retryable;
    this.missing = options.missing ?? false;
  }
}

/** A feature of the dialect that parses but does not run yet. */
export function notSupported(what: string, fields: SqlErrorFields = {}): SqlError {
  return new SqlError(sqlstate.featureNotSupported, `${what} is not supported yet`, fields);
}
