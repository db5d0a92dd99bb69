/** Helps tests of connectors: an environment, and reading a source until something is true. */

import { SystemClock } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { SeededRandom } from '../base/random.ts';
import type {
  RecordBlock,
  SourceBlock,
  SourceConnector,
  SourceContext,
  SourceReader,
} from '../connectors/connector.ts';
import type { Schema } from '../types/schema.ts';

export interface SourceSetup {
  readonly options: Readonly<Record<string, string>>;
  readonly columns?: Schema;
  readonly clock?: Clock;
  readonly allowedDirectories?: readonly string[];
  readonly blockRowsMax?: number;
}

/** A context as the engine would make it. */
export function sourceContext(setup: SourceSetup): SourceContext {
  return {
    source: 'public.test',
    options: new Map(Object.entries(setup.options)),
    columns: setup.columns ?? [],
    environment: {
      clock: setup.clock ?? new SystemClock(),
      random: new SeededRandom(1),
      log: silentLog,
      allowedDirectories: setup.allowedDirectories ?? [],
    },
    blockRowsMax: setup.blockRowsMax ?? 1024,
  };
}

/** A reader of a connector, with its options validated as the binder would. */
export function createReader(connector: SourceConnector, setup: SourceSetup): SourceReader {
  const context = sourceContext(setup);
  connector.validate(context.options);
  return connector.create(context);
}

/**
 * Hands blocks to `take` until `done`, waiting for the reader's signal in between. Fails, with the status
 * of the reader, when nothing comes for too long. `take` must release what it is given.
 */
export async function readSource(
  reader: SourceReader,
  take: (block: SourceBlock) => void,
  done: () => boolean,
  limitMs = 40_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!done()) {
    const block = reader.poll();
    if (block !== null) {
      take(block);
      continue;
    }
    if (performance.now() > deadline) {
      throw new Error(`nothing more came: ${JSON.stringify(reader.status())}`);
    }
    await new Promise<void>((resolve) => {
      // The status may change without anything to poll, so look again soon.
      const timer = setTimeout(resolve, 20);
      reader.onReady = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The values of a block of records, as text; null for a tombstone. */
export function recordTexts(block: RecordBlock): (string | null)[] {
  return Array.from({ length: block.count }, (_, row) => {
    const end = block.valueEnd[row]!;
    return end < 0
      ? null
      : Buffer.from(block.bytes.subarray(block.valueStart[row], end)).toString();
  });
}
