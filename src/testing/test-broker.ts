/**
 * The broker of a test file: started when one can be had; otherwise the tests are skipped and say why. Where
 * MILLRACE_REQUIRE_BROKER is set (continuous integration) a missing broker is a failure instead.
 */

import { BrokerUnavailable, startBroker, type BrokerOptions, type TestBroker } from './broker.ts';

export interface BrokerOrReason {
  readonly broker: TestBroker | null;
  /** Empty when there is a broker. */
  readonly reason: string;
}

export async function brokerForTests(options: BrokerOptions = {}): Promise<BrokerOrReason> {
  try {
    return { broker: await startBroker(options), reason: '' };
  } catch (error) {
    const required = process.env['MILLRACE_REQUIRE_BROKER'] !== undefined;
    if (!(error instanceof BrokerUnavailable) || required) throw error;
    return { broker: null, reason: error.message };
  }
}
