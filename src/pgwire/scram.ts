/**
 * SCRAM-SHA-256, the server's side (RFC 5802 and 7677). What is kept of a password is its verifier; an
 * unknown user goes through the whole exchange with a salt derived from the name, so that names cannot be
 * probed.
 */

import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { SqlError, sqlstate } from '../base/errors.ts';

export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const iterationsDefault = 4096;
const derive = promisify(pbkdf2);

const hmac = (key: Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text, 'utf8').digest();
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** The verifier to keep for a password. */
export async function makeVerifier(
  password: string,
  salt = randomBytes(16),
): Promise<ScramVerifier> {
  const salted = await derive(password.normalize('NFKC'), salt, iterationsDefault, 32, 'sha256');
  return {
    iterations: iterationsDefault,
    salt,
    storedKey: sha256(hmac(salted, 'Client Key')),
    serverKey: hmac(salted, 'Server Key'),
  };
}

/** A verifier that no password fits, the same each time for one name. */
function mockVerifier(user: string, secret: Buffer): ScramVerifier {
  const seed = hmac(secret, user);
  return {
    iterations: iterationsDefault,
    salt: seed.subarray(0, 16),
    storedKey: randomBytes(32),
    serverKey: randomBytes(32),
  };
}

function malformed(): SqlError {
  return new SqlError(sqlstate.protocolViolation, 'malformed SCRAM message', { severity: 'FATAL' });
}

/** One exchange: `first` answers the client's first message, `final` its second. */
export class ScramExchange {
  readonly #verifier: ScramVerifier;
  readonly #known: boolean;
  #clientFirstBare = '';
  #serverFirst = '';
  #gs2Header = '';

  constructor(user: string, verifier: ScramVerifier | undefined, secret: Buffer) {
    this.#known = verifier !== undefined;
    this.#verifier = verifier ?? mockVerifier(user, secret);
  }

  first(message: string): string {
    const match = /^((?:n|y),[^,]*,)(n=[^,]*,r=([^,]+)(?:,.*)?)$/.exec(message);
    if (match === null) throw malformed();
    this.#gs2Header = match[1]!;
    this.#clientFirstBare = match[2]!;
    const nonce = match[3]! + randomBytes(18).toString('base64');
    const { salt, iterations } = this.#verifier;
    this.#serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
    return this.#serverFirst;
  }

  /** The server's signature, or null when the proof is wrong. */
  final(message: string): string | null {
    const match = /^(c=([^,]+),r=([^,]+)(?:,[^p][^,]*)*),p=([^,]+)$/.exec(message);
    if (match === null) throw malformed();
    const [, withoutProof, binding, nonce, proof] = match;
    if (Buffer.from(binding!, 'base64').toString('utf8') !== this.#gs2Header) throw malformed();
    if (!this.#serverFirst.startsWith(`r=${nonce},`)) throw malformed();
    const exchange = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const signature = hmac(this.#verifier.storedKey, exchange);
    const given = Buffer.from(proof!, 'base64');
    if (given.length !== signature.length) return null;
    const clientKey = Buffer.from(given.map((byte, index) => byte ^ signature[index]!));
    const right = timingSafeEqual(sha256(clientKey), this.#verifier.storedKey);
    if (!right || !this.#known) return null;
    return `v=${hmac(this.#verifier.serverKey, exchange).toString('base64')}`;
  }
}
