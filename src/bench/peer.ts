/** What a peer that runs beside Millrace gives for one query. */

import type { EventSource } from './nexmark-run.ts';
import type { NexmarkQuery } from './nexmark-queries.ts';

export interface PeerFigures {
  /** Null when the peer refuses the query. */
  readonly figures: {
    readonly rows: number;
    readonly wallMs: number;
    readonly cpuMs: number;
  } | null;
  readonly error: string | null;
}

export interface PeerOrder {
  readonly query: NexmarkQuery;
  readonly source: EventSource & { readonly kind: 'kafka' };
  readonly events: number;
  /** Part of the events that goes by before measuring. */
  readonly warmUp: number;
  readonly directory: string;
}

/** A stream processor that is started once and asked query after query. */
export interface Peer {
  readonly name: string;
  measure(order: PeerOrder): Promise<PeerFigures>;
  /** Final rows of the query over all events, a list of cells each; null is the text `null`. */
  rows(order: PeerOrder): Promise<readonly (readonly string[])[]>;
  close(): Promise<void>;
}
