import { describe, expect, test } from 'vitest';

import { SqlError } from '../../base/errors.ts';
import { readKafkaOptions } from './options.ts';

const base = { topic: 'orders', 'properties.bootstrap.servers': 'a:9092, [::1]:9093' };

function read(more: Readonly<Record<string, string>> = {}) {
  return readKafkaOptions(new Map(Object.entries({ ...base, ...more })));
}

function error(more: Readonly<Record<string, string>>): [string, string] {
  try {
    read(more);
  } catch (caught) {
    if (caught instanceof SqlError) return [caught.code, caught.message];
  }
  return ['', 'no error'];
}

test('defaults lose nothing: from the first record, committed only, checked, errors on loss', () => {
  expect(read()).toMatchObject({
    topic: 'orders',
    bootstrap: ['a:9092', '[::1]:9093'],
    startup: { kind: 'earliest' },
    committedOnly: true,
    checkCrc: true,
    onOutOfRange: 'error',
    security: { tls: null, sasl: null },
  });
});

test('specific offsets by partition', () => {
  const text = 'partition:0,offset:42; partition:3 , offset:300;';
  const { startup } = read({
    'scan.startup.mode': 'Specific-Offsets',
    'scan.startup.specific-offsets': text,
  });
  expect(startup).toEqual({
    kind: 'offsets',
    offsets: new Map([
      [0, 42],
      [3, 300],
    ]),
  });
});

test.each<[Readonly<Record<string, string>>, string, string]>([
  [{ topic: ' ' }, '22023', 'option "topic" is required'],
  [{ topic: 'a;b' }, '0A000', 'a list of topics in one source is not supported yet'],
  [{ topic: 'sp ace' }, '22023', 'invalid value for option "topic": "sp ace"'],
  [{ 'topic-pattern': 'a.*' }, '0A000', 'option "topic-pattern" is not supported yet'],
  [
    { 'properties.bootstrap.servers': 'host' },
    '22023',
    'invalid value for option "properties.bootstrap.servers": "host"',
  ],
  [
    { 'scan.startup.mode': 'newest' },
    '22023',
    'invalid value for option "scan.startup.mode": "newest"',
  ],
  [
    { 'scan.startup.mode': 'timestamp' },
    '22023',
    'startup mode "timestamp" needs option "scan.startup.timestamp-millis"',
  ],
  [
    { 'scan.startup.mode': 'specific-offsets', 'scan.startup.specific-offsets': '0:42' },
    '22023',
    'invalid value for option "scan.startup.specific-offsets": "0:42"',
  ],
  [
    { 'properties.security.protocol': 'SASL_SSL', 'properties.sasl.mechanism': 'GSSAPI' },
    '0A000',
    'SASL mechanism "GSSAPI" is not supported yet',
  ],
  [
    { 'properties.security.protocol': 'SASL_SSL', 'properties.sasl.mechanism': 'PLAIN' },
    '22023',
    'SASL needs a user name and a password',
  ],
  [
    { 'properties.security.protocol': 'SSL', 'properties.ssl.truststore.type': 'JKS' },
    '0A000',
    'option "properties.ssl.truststore.type" other than PEM is not supported yet',
  ],
])('%j is refused', (options, code, message) => {
  expect(error(options)).toEqual([code, message]);
});

describe('login', () => {
  const sasl = {
    'properties.security.protocol': 'sasl_plaintext',
    'properties.sasl.mechanism': 'SCRAM-SHA-512',
  };

  test.each([
    [`x.ScramLoginModule required username="bob" password="a\\"b;c";`, 'bob', 'a"b;c'],
    [`x.PlainLoginModule required\n  username='bob'\n  password='p w';`, 'bob', 'p w'],
    [`x required password=plain username=bob;`, 'bob', 'plain'],
  ])('%s', (jaas, username, password) => {
    expect(read({ ...sasl, 'properties.sasl.jaas.config': jaas }).security.sasl).toEqual({
      mechanism: 'scram-sha-512',
      username,
      password,
    });
  });

  test('user and password as options of their own; escaped line breaks in PEM text', () => {
    const { security } = read({
      ...sasl,
      'properties.security.protocol': 'SASL_SSL',
      'properties.sasl.username': 'u',
      'properties.sasl.password': 'p',
      'properties.ssl.ca.pem': 'A\\nB',
      'properties.ssl.endpoint.identification.algorithm': '',
    });
    expect(security.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'p' });
    expect(security.tls).toMatchObject({ ca: { kind: 'text', pem: 'A\nB' }, verifyHost: false });
  });
});
