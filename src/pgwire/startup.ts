/** Start-up packets: protocol version, encryption probes, cancel requests and session parameters. */

import { SqlError, sqlstate } from '../base/errors.ts';
import type { FieldReader } from './message-reader.ts';

export type StartupPacket =
  | { readonly kind: 'encryption' }
  | { readonly kind: 'cancel'; readonly pid: number; readonly secret: number }
  | StartupRequest;

export interface StartupRequest {
  readonly kind: 'start';
  readonly user: string;
  readonly database: string;
  /** Names in lower case; without user, database and replication. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The client asked for a later minor version or for options we do not know. */
  readonly negotiate: boolean;
  readonly unknownOptions: readonly string[];
}

const cancelCode = 80877102;
const sslCode = 80877103;
const gssCode = 80877104;

/** Reads one start-up packet (after its length). Throws a FATAL SqlError when it is not acceptable. */
export function parseStartup(body: FieldReader): StartupPacket {
  const code = body.int32();
  if (code === sslCode || code === gssCode) return { kind: 'encryption' };
  if (code === cancelCode) return { kind: 'cancel', pid: body.int32(), secret: body.int32() };
  const major = code >> 16;
  const minor = code & 0xffff;
  if (major !== 3) {
    throw new SqlError(
      sqlstate.featureNotSupported,
      `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.0`,
      { severity: 'FATAL' },
    );
  }
  return startRequest(readParameters(body), minor);
}

function readParameters(body: FieldReader): Map<string, string> {
  const parameters = new Map<string, string>();
  for (let name = body.text(); name !== ''; name = body.text()) {
    parameters.set(name.toLowerCase(), body.text());
  }
  body.end();
  return parameters;
}

function startRequest(parameters: Map<string, string>, minor: number): StartupRequest {
  const user = parameters.get('user') ?? '';
  if (user === '') {
    throw new SqlError(
      sqlstate.invalidAuthorization,
      'no PostgreSQL user name specified in startup packet',
      { severity: 'FATAL' },
    );
  }
  if (/^(true|on|yes|1|database)$/i.test(parameters.get('replication') ?? '')) {
    throw new SqlError(sqlstate.featureNotSupported, 'replication connections are not supported', {
      severity: 'FATAL',
    });
  }
  const database = parameters.get('database') ?? '';
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  const rest = new Map(
    [...parameters].filter(
      ([name]) => !['user', 'database', 'replication'].includes(name) && !name.startsWith('_pq_.'),
    ),
  );
  return {
    kind: 'start',
    user,
    database: database === '' ? user : database,
    parameters: rest,
    negotiate: minor > 0 || unknownOptions.length > 0,
    unknownOptions,
  };
}
