/**
 * The ways every test file is run. Each must give the same answers; each forces a law worth having, e.g.
 * that lateness depends on the order of rows and never on how they were batched.
 */

import type { TestModeOptions } from './engine-under-test.ts';

export interface TestMode {
  readonly name: string;
  readonly help: string;
  readonly options: TestModeOptions;
}

const plain: TestModeOptions = {
  batchRowsMax: 1024,
  apart: false,
  crash: false,
  store: 'memory',
  codegen: true,
  optimize: true,
  reprint: false,
  workers: 1,
  varyWorkers: false,
  wire: false,
};

export const testModes: readonly TestMode[] = [
  { name: 'default', help: 'generated code, memory store, whole batches', options: plain },
  {
    name: 'apart',
    help: 'each fed row is a tick of its own',
    options: { ...plain, apart: true, batchRowsMax: 1 },
  },
  {
    name: 'crash',
    help: 'crash without warning after every step, recover, go on',
    options: { ...plain, crash: true },
  },
  {
    name: 'store',
    help: 'state in LMDB, with a crash after every step',
    options: { ...plain, store: 'lmdb', crash: true },
  },
  { name: 'interpret', help: 'no generated code', options: { ...plain, codegen: false } },
  { name: 'plain', help: 'optimizer rules off', options: { ...plain, optimize: false } },
  {
    name: 'reprint',
    help: 'each statement is printed and parsed again before it runs',
    options: { ...plain, reprint: true },
  },
  {
    name: 'wire',
    help: 'through a socket and a PostgreSQL client',
    options: { ...plain, wire: true },
  },
  {
    name: 'workers',
    help: 'two workers, whose messages come in any order',
    options: { ...plain, workers: 2 },
  },
  {
    name: 'workers-crash',
    help: 'a crash after every step, each time with another number of workers',
    options: { ...plain, workers: 2, varyWorkers: true, crash: true },
  },
];

export function findMode(name: string): TestMode | undefined {
  return testModes.find((mode) => mode.name === name);
}
