/**
 * Keeps one Fetch request in flight per broker for the partitions it leads, and puts what comes into the
 * partitions' queues. It stops asking for a partition while that one's queue, or all queues together, are
 * full: that is the back-pressure. Failures are reported upward; it knows no policy.
 */

import { ConnectorError } from '../../base/errors.ts';
import type { Answer } from './answer-memory.ts';
import { chooseVersion } from './cluster.ts';
import { errorCode } from './error-codes.ts';
import { decodeFetch, encodeFetch, fetchApi, fetchVersions } from './fetch.ts';
import type { FetchedPartition } from './fetch.ts';
import type { KafkaOptions } from './options.ts';
import { offsetAfter } from './record-batch.ts';
import type { RecordDecoder } from './record-batch.ts';
import type { KafkaTransport } from './transport.ts';

/** One partition as the reader and the fetcher share it. */
export interface PartitionState {
  readonly partition: number;
  readonly name: string;
  readonly decoder: RecordDecoder;
  leader: number;
  leaderEpoch: number;
  /** Next offset to ask for; ahead of the decoder's position by what is queued. */
  fetchOffset: number;
  /** End of the log, and of what is readable, as last seen; null before the first answer. */
  end: number | null;
  stableEnd: number | null;
  /** Not fetched until the reader says so again (no leader, an error, waiting for a retry). */
  paused: boolean;
}

export interface FetcherEvents {
  /** Records or positions came for some partition. */
  arrived(): void;
  /** An answer without errors came from a broker. */
  healthy(): void;
  /** A partition was answered with an error code; it is paused. */
  partitionFailed(state: PartitionState, answer: FetchedPartition): void;
  /** A whole request failed; the partitions it was for are paused. */
  requestFailed(states: readonly PartitionState[], error: ConnectorError): void;
}

/** Longest wait of a broker for news while the queue of one of its partitions is full. */
const fullWaitMs = 10;

export class Fetcher {
  readonly #transport: KafkaTransport;
  readonly #options: KafkaOptions;
  readonly #states: ReadonlyMap<number, PartitionState>;
  readonly #events: FetcherEvents;
  readonly #inFlight = new Set<number>();
  #closed = false;

  constructor(
    transport: KafkaTransport,
    options: KafkaOptions,
    states: ReadonlyMap<number, PartitionState>,
    events: FetcherEvents,
  ) {
    this.#transport = transport;
    this.#options = options;
    this.#states = states;
    this.#events = events;
  }

  /** Sends a request to every broker that has something for us and none in flight. Cheap. */
  pump(): void {
    if (this.#closed || this.#queuedBytes() >= this.#options.queueBytesMax) return;
    const byLeader = new Map<number, PartitionState[]>();
    const full = new Set<number>();
    for (const state of this.#states.values()) {
      if (state.paused || state.leader < 0 || this.#inFlight.has(state.leader)) continue;
      // One answer queued and one in flight keeps both sides busy.
      if (state.decoder.queuedBytes >= this.#options.partitionBytesMax) {
        full.add(state.leader);
        continue;
      }
      const group = byLeader.get(state.leader);
      if (group === undefined) byLeader.set(state.leader, [state]);
      else group.push(state);
    }
    for (const [leader, group] of byLeader) {
      this.#inFlight.add(leader);
      // A full queue is soon empty, and must not wait until a quiet partition has news.
      const { fetchWaitMs } = this.#options;
      const waitMs = full.has(leader) ? Math.min(fetchWaitMs, fullWaitMs) : fetchWaitMs;
      void this.#fetch(leader, group, waitMs);
    }
  }

  close(): void {
    this.#closed = true;
  }

  #queuedBytes(): number {
    let total = 0;
    for (const state of this.#states.values()) total += state.decoder.queuedBytes;
    return total;
  }

  async #fetch(leader: number, group: readonly PartitionState[], waitMs: number): Promise<void> {
    try {
      const version = await chooseVersion(this.#transport, leader, fetchVersions);
      const asked = new Map(group.map((state) => [state.partition, state.fetchOffset]));
      const body = encodeFetch(this.#request(group, waitMs), version);
      const answer = await this.#transport.fetch(leader, {
        api: fetchApi,
        name: 'Fetch',
        version,
        flexible: false,
        body,
        timeoutMs: waitMs + 30_000,
      });
      this.#inFlight.delete(leader);
      try {
        if (!this.#closed) this.#take(answer, version, asked, group);
      } finally {
        answer.letGo();
      }
    } catch (error) {
      this.#inFlight.delete(leader);
      if (this.#closed) return;
      for (const state of group) state.paused = true;
      const known =
        error instanceof ConnectorError
          ? error
          : new ConnectorError(String(error), { retryable: true, cause: error });
      this.#events.requestFailed(group, known);
    }
    this.pump();
  }

  #request(group: readonly PartitionState[], waitMs: number) {
    const { topic, committedOnly, fetchBytesMax, partitionBytesMax } = this.#options;
    return {
      topic,
      committedOnly,
      waitMs,
      bytesMax: fetchBytesMax,
      partitionBytesMax,
      partitions: group.map((state) => ({
        partition: state.partition,
        leaderEpoch: state.leaderEpoch,
        offset: state.fetchOffset,
      })),
    };
  }

  #take(
    memory: Answer,
    version: number,
    asked: ReadonlyMap<number, number>,
    group: readonly PartitionState[],
  ): void {
    const answer = decodeFetch(memory.bytes, memory.length, version);
    if (answer.error !== errorCode.none) {
      const error = new ConnectorError(`a fetch failed with Kafka error ${answer.error}`, {
        retryable: true,
      });
      for (const state of group) state.paused = true;
      this.#events.requestFailed(group, error);
      return;
    }
    let healthy = true;
    let arrived = false;
    for (const each of answer.partitions) {
      const state = this.#states.get(each.partition);
      // The reader may have moved the partition elsewhere while the answer was on its way.
      if (state === undefined || state.fetchOffset !== asked.get(each.partition)) continue;
      if (each.error !== errorCode.none) {
        healthy = false;
        state.paused = true;
        this.#events.partitionFailed(state, each);
        continue;
      }
      state.end = each.highWatermark;
      state.stableEnd = each.stableOffset >= 0 ? each.stableOffset : each.highWatermark;
      if (each.end > each.start) {
        state.decoder.add({ ...each, memory, fetchOffset: state.fetchOffset });
        state.fetchOffset = offsetAfter(each.bytes, each.start, each.end, state.fetchOffset);
        arrived = true;
      }
    }
    if (healthy) this.#events.healthy();
    if (arrived) this.#events.arrived();
  }
}
