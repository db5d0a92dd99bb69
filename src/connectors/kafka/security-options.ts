/**
 * TLS and login for Kafka, from the settings that Kafka's own clients know: `security.protocol`,
 * `sasl.mechanism`, `sasl.jaas.config`, PEM certificates as text or as files. Files are read when the
 * connection is made, by the transport.
 */

import { SqlError, notSupported, sqlstate } from '../../base/errors.ts';
import type { OptionSpec } from '../connector.ts';
import { option } from '../option-reading.ts';
import type { OptionReader } from '../option-reading.ts';

/** PEM text itself, or a file that holds it. */
export type PemSource =
  | { readonly kind: 'text'; readonly pem: string }
  | { readonly kind: 'file'; readonly path: string };

export interface KafkaTls {
  /** Certificates to trust instead of the system's. */
  readonly ca: PemSource | null;
  readonly certificate: PemSource | null;
  readonly key: PemSource | null;
  readonly keyPassword: string | null;
  readonly verifyHost: boolean;
}

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

export interface KafkaSasl {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface KafkaSecurity {
  readonly tls: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
}

const protocols = ['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'] as const;

export const securityOptions: readonly OptionSpec[] = [
  option('properties.security.protocol', 'PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.', {
    default: 'plaintext',
  }),
  option('properties.sasl.mechanism', 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.', {
    aliases: ['properties.sasl.mechanisms'],
  }),
  option('properties.sasl.jaas.config', 'Login module with username and password, as for Java.', {
    secret: true,
  }),
  option('properties.sasl.username', 'User name, in place of sasl.jaas.config.'),
  option('properties.sasl.password', 'Password, in place of sasl.jaas.config.', { secret: true }),
  option('properties.ssl.truststore.location', 'File with the certificates to trust, as PEM.', {
    aliases: ['properties.ssl.ca.location'],
  }),
  option('properties.ssl.truststore.certificates', 'Certificates to trust, as PEM text.', {
    aliases: ['properties.ssl.ca.pem'],
  }),
  option('properties.ssl.truststore.type', 'Only PEM.', { default: 'PEM' }),
  option('properties.ssl.keystore.type', 'Only PEM.', { default: 'PEM' }),
  option('properties.ssl.keystore.location', 'File with our certificate and key, as PEM.'),
  option('properties.ssl.keystore.certificate.chain', 'Our certificate, as PEM text.', {
    aliases: ['properties.ssl.certificate.pem'],
  }),
  option('properties.ssl.certificate.location', 'File with our certificate, as PEM.'),
  option('properties.ssl.keystore.key', 'Our private key, as PEM text.', {
    aliases: ['properties.ssl.key.pem'],
    secret: true,
  }),
  option('properties.ssl.key.location', 'File with our private key, as PEM.'),
  option('properties.ssl.key.password', 'Password of the private key.', { secret: true }),
  option(
    'properties.ssl.endpoint.identification.algorithm',
    '"https" checks that the certificate names the broker\'s host; empty or "none" does not.',
    { default: 'https' },
  ),
];

export function readSecurity(reader: OptionReader): KafkaSecurity {
  const protocol = reader.choice('properties.security.protocol', protocols);
  return {
    tls: protocol === 'ssl' || protocol === 'sasl_ssl' ? readTls(reader) : null,
    sasl: protocol.startsWith('sasl') ? readSasl(reader) : null,
  };
}

function readTls(reader: OptionReader): KafkaTls {
  for (const name of ['properties.ssl.truststore.type', 'properties.ssl.keystore.type']) {
    if (reader.text(name)?.toUpperCase() !== 'PEM') {
      throw notSupported(`option "${name}" other than PEM`, {
        hint: 'Convert the store to PEM, for example with keytool -exportcert -rfc.',
      });
    }
  }
  const store = readPem(reader, [], ['properties.ssl.keystore.location']);
  const identification = reader.text('properties.ssl.endpoint.identification.algorithm') ?? '';
  return {
    ca: readPem(
      reader,
      ['properties.ssl.truststore.certificates'],
      ['properties.ssl.truststore.location'],
    ),
    certificate:
      readPem(
        reader,
        ['properties.ssl.keystore.certificate.chain'],
        ['properties.ssl.certificate.location'],
      ) ?? store,
    key: readPem(reader, ['properties.ssl.keystore.key'], ['properties.ssl.key.location']) ?? store,
    keyPassword: reader.text('properties.ssl.key.password'),
    verifyHost: identification.toLowerCase() === 'https',
  };
}

function readPem(
  reader: OptionReader,
  textNames: readonly string[],
  fileNames: readonly string[],
): PemSource | null {
  for (const name of textNames) {
    const pem = reader.text(name);
    if (pem !== null) return { kind: 'text', pem: pem.replaceAll('\\n', '\n') };
  }
  for (const name of fileNames) {
    const path = reader.text(name);
    if (path !== null) return { kind: 'file', path };
  }
  return null;
}

function readSasl(reader: OptionReader): KafkaSasl {
  const mechanism = reader.text('properties.sasl.mechanism')?.trim().toLowerCase();
  switch (mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return { mechanism, ...readLogin(reader) };
    case undefined:
    case 'gssapi':
    case 'oauthbearer':
    default:
      throw notSupported(`SASL mechanism "${mechanism?.toUpperCase() ?? 'GSSAPI'}"`, {
        hint: 'Set "properties.sasl.mechanism" to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.',
      });
  }
}

function readLogin(reader: OptionReader): { username: string; password: string } {
  const jaas = reader.text('properties.sasl.jaas.config');
  const username = jaasField(jaas, 'username') ?? reader.text('properties.sasl.username');
  const password = jaasField(jaas, 'password') ?? reader.text('properties.sasl.password');
  if (username === null || password === null) {
    throw new SqlError(sqlstate.invalidParameterValue, 'SASL needs a user name and a password', {
      hint: 'Set "properties.sasl.jaas.config", or "properties.sasl.username" and "properties.sasl.password".',
    });
  }
  return { username, password };
}

/** The field of a login module line: `… required username="alice" password="a\"b";`. */
function jaasField(jaas: string | null, name: 'username' | 'password'): string | null {
  if (jaas === null) return null;
  const pattern =
    name === 'username'
      ? /(?:^|\s)username\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/
      : /(?:^|\s)password\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/;
  const match = pattern.exec(jaas);
  if (match === null) return null;
  return (match[1] ?? match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1');
}
