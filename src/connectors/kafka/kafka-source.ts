/**
 * Reads one topic, all its partitions, without a consumer group: positions are the engine's. It finds new
 * partitions while it runs, follows leaders, retries with growing pauses and says so in its status. It
 * stops, and says why, when the log is no longer the one it was reading: records deleted before they were
 * read (unless told to go on), or the topic deleted and made anew.
 */

import { assert } from '../../base/assert.ts';
import type { Timer } from '../../base/clock.ts';
import { ConnectorError } from '../../base/errors.ts';
import type {
  BadRecord,
  Positions,
  ReaderStatus,
  SourceBlock,
  SourceContext,
  SourceReader,
} from '../connector.ts';
import { readAllowedFile } from '../file-access.ts';
import { BlockPool } from './block-pool.ts';
import { earliestTimestamp, fetchTopic, latestTimestamp, listOffsets } from './cluster.ts';
import type { PartitionMetadata, TopicMetadata } from './cluster.ts';
import { Decompressor } from './compression.ts';
import { Crc32c } from './crc32c.ts';
import { errorCode, kafkaError } from './error-codes.ts';
import type { FetchedPartition } from './fetch.ts';
import { Fetcher } from './fetcher.ts';
import type { PartitionState } from './fetcher.ts';
import { readKafkaOptions } from './options.ts';
import type { KafkaOptions } from './options.ts';
import { RecordDecoder } from './record-batch.ts';
import { resolveStartup } from './startup.ts';
import { openKafkaTransport } from './transport.ts';
import type { KafkaTransport } from './transport.ts';

/** Name under which the topic's identity travels with the positions. */
const topicMark = '@topic';

const backoffFirstMs = 100;
const backoffLastMs = 5000;

type Life = 'new' | 'running' | 'retrying' | 'failed' | 'closed';

export class KafkaSource implements SourceReader {
  readonly #context: SourceContext;
  readonly #options: KafkaOptions;
  readonly #states = new Map<number, PartitionState>();
  readonly #pool: BlockPool;
  readonly #crc = new Crc32c();
  #transport: KafkaTransport | null = null;
  #decompressor: Decompressor | null = null;
  #fetcher: Fetcher | null = null;
  #life: Life = 'new';
  #error: string | null = null;
  #topicMark: number | null = null;
  #failures = 0;
  #retryTimer: Timer | null = null;
  #discoveryTimer: Timer | null = null;
  #refreshing = false;
  #turn: PartitionState[] = [];
  #lost: BadRecord[] = [];
  onReady: (() => void) | null = null;

  constructor(context: SourceContext) {
    this.#context = context;
    this.#options = readKafkaOptions(context.options);
    this.#pool = new BlockPool(context.blockRowsMax);
  }

  async startPositions(): Promise<Positions> {
    const transport = await this.#openTransport();
    try {
      const topic = await fetchTopic(transport, this.#options.topic);
      const positions = await resolveStartup(transport, topic, this.#options);
      const mark = markOf(topic);
      return new Map([...positions, ...(mark === null ? [] : [[topicMark, mark] as const])]);
    } finally {
      if (this.#life === 'new') {
        this.#transport = null;
        await transport.close();
      }
    }
  }

  #offsets(
    transport: KafkaTransport,
    partitions: readonly PartitionMetadata[],
    timestamp: number,
  ): Promise<Map<number, number | null>> {
    const { topic, committedOnly } = this.#options;
    return listOffsets(transport, { topic, committedOnly, timestamp }, partitions);
  }

  async #openTransport(): Promise<KafkaTransport> {
    if (this.#transport !== null) return this.#transport;
    const { bootstrap, clientId, security } = this.#options;
    const { log, allowedDirectories } = this.#context.environment;
    const readFile = (path: string) => readAllowedFile(path, allowedDirectories);
    this.#transport = await openKafkaTransport({ bootstrap, clientId, security, log, readFile });
    return this.#transport;
  }

  async open(from: Positions): Promise<void> {
    assert(this.#life === 'new', `the Kafka reader is opened while ${this.#life}`);
    this.#life = 'retrying';
    this.#decompressor = await Decompressor.load();
    const transport = await this.#openTransport();
    this.#fetcher = new Fetcher(transport, this.#options, this.#states, {
      arrived: () => this.onReady?.(),
      healthy: () => this.#healthy(),
      partitionFailed: (state, answer) => this.#partitionFailed(state, answer),
      requestFailed: (_states, error) => this.#retryLater(error),
    });
    for (const [name, offset] of from) {
      if (name === topicMark) this.#topicMark = offset;
      else if (!name.startsWith('@')) this.#addPartition(Number(name), offset);
    }
    // From here on failures are retried: a broker that is away must not keep the engine from starting.
    await this.#refresh();
    this.#scheduleDiscovery();
  }

  #addPartition(partition: number, offset: number): PartitionState {
    const name = String(partition);
    const { topic, committedOnly, checkCrc } = this.#options;
    const decoder = new RecordDecoder(
      {
        stream: topic,
        partition: name,
        blockRowsMax: this.#context.blockRowsMax,
        committedOnly,
        checkCrc,
        crc: this.#crc,
        decompressor: this.#decompressor!,
        pool: this.#pool,
      },
      offset,
    );
    const state: PartitionState = {
      partition,
      name,
      decoder,
      leader: -1,
      leaderEpoch: -1,
      fetchOffset: offset,
      end: null,
      stableEnd: null,
      paused: true,
    };
    this.#states.set(partition, state);
    this.#turn.push(state);
    return state;
  }

  /** Asks for leaders and partitions again and sets every partition going. */
  async #refresh(): Promise<void> {
    if (this.#refreshing || !this.#isLive()) return;
    this.#refreshing = true;
    try {
      const topic = await fetchTopic(this.#transport!, this.#options.topic);
      if (this.#isLive()) await this.#takeMetadata(topic);
    } catch (error) {
      if (this.#isLive()) this.#retryLater(asConnectorError(error));
    } finally {
      this.#refreshing = false;
    }
  }

  async #takeMetadata(topic: TopicMetadata): Promise<void> {
    const mark = markOf(topic);
    if (mark !== null && this.#topicMark !== null && mark !== this.#topicMark) {
      this.#fail(
        `topic "${this.#options.topic}" was deleted and made anew; ` +
          `the positions of this source belong to the old one`,
      );
      return;
    }
    this.#topicMark ??= mark;
    const found = topic.partitions.filter((each) => !this.#states.has(each.partition));
    if (found.length > 0) {
      const first = await this.#offsets(this.#transport!, found, earliestTimestamp);
      if (!this.#isLive()) return;
      for (const [partition, offset] of first) this.#addPartition(partition, offset ?? 0);
    }
    let leaderless: number | null = null;
    for (const each of topic.partitions) {
      const state = this.#states.get(each.partition);
      if (state === undefined) continue;
      state.leader = each.leader;
      state.leaderEpoch = each.leaderEpoch;
      state.paused = each.leader < 0;
      if (each.leader < 0) leaderless = each.partition;
    }
    const gone = [...this.#states.keys()].find(
      (partition) => !topic.partitions.some((each) => each.partition === partition),
    );
    this.#fetcher!.pump();
    if (gone !== undefined) {
      this.#fail(`topic "${this.#options.topic}" no longer has partition ${gone}`);
    } else if (leaderless !== null) {
      this.#retryLater(
        new ConnectorError(
          `partition ${leaderless} of topic "${this.#options.topic}" has no leader`,
          { retryable: true },
        ),
      );
    }
  }

  #isLive(): boolean {
    return this.#life === 'running' || this.#life === 'retrying';
  }

  #healthy(): void {
    const waiting = [...this.#states.values()].some((state) => state.paused);
    if (waiting || this.#life !== 'retrying') return;
    if (this.#error !== null) this.#log('info', 'kafka source is running again');
    this.#life = 'running';
    this.#error = null;
    this.#failures = 0;
  }

  /** Reports a failure and asks for metadata after a pause that grows from failure to failure. */
  #retryLater(error: ConnectorError): void {
    if (!this.#isLive()) return;
    if (!error.retryable) {
      // What stands in the log itself, or in the options: no retry mends it.
      this.#fail(error.message);
      return;
    }
    if (this.#error !== error.message) this.#log('warn', error.message);
    this.#life = 'retrying';
    this.#error = error.message;
    if (this.#retryTimer !== null) return;
    const pauseMs = Math.min(backoffLastMs, backoffFirstMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#retryTimer = this.#context.environment.clock.after(pauseMs, () => {
      this.#retryTimer = null;
      void this.#refresh();
    });
  }

  #partitionFailed(state: PartitionState, answer: FetchedPartition): void {
    if (answer.error === errorCode.offsetOutOfRange) {
      void this.#outOfRange(state);
      return;
    }
    const { name } = kafkaError(answer.error);
    const where = `topic "${this.#options.topic}", partition ${state.name}`;
    this.#retryLater(new ConnectorError(`cannot read ${where}: ${name}`, { retryable: true }));
  }

  /** The wanted offset is not there: deleted by retention, or never written. */
  async #outOfRange(state: PartitionState): Promise<void> {
    try {
      const partitions = [
        { partition: state.partition, leader: state.leader, leaderEpoch: state.leaderEpoch },
      ];
      const transport = this.#transport!;
      const first = await this.#offsets(transport, partitions, earliestTimestamp);
      const last = await this.#offsets(transport, partitions, latestTimestamp);
      if (!this.#isLive()) return;
      const begin = first.get(state.partition) ?? 0;
      const end = last.get(state.partition) ?? 0;
      this.#skipLost(state, begin, end);
    } catch (error) {
      if (this.#isLive()) this.#retryLater(asConnectorError(error));
    }
  }

  #skipLost(state: PartitionState, begin: number, end: number): void {
    const wanted = state.fetchOffset;
    const where = `topic "${this.#options.topic}", partition ${state.name}`;
    const policy = this.#options.onOutOfRange;
    const lost =
      wanted < begin
        ? `${begin - wanted} offsets (${wanted} to ${begin - 1}) were deleted before they were read`
        : `offset ${wanted} is past the end ${end}`;
    // Right after a change of leader the end may lag behind what was read; that passes.
    if (wanted >= begin && wanted <= end) {
      this.#retryLater(
        new ConnectorError(`${where}: offset ${wanted} is not available`, { retryable: true }),
      );
      return;
    }
    if (policy === 'error') {
      this.#fail(`${where}: ${lost}`);
      return;
    }
    const target = policy === 'earliest' ? begin : end;
    const queued = state.decoder.queuedBytes > 0;
    const reason = `${lost}; reading goes on at offset ${target}`;
    this.#log('warn', `${where}: ${reason}`);
    this.#lost.push({
      stream: this.#options.topic,
      partition: state.name,
      offset: wanted,
      timestampMs: null,
      reason,
      raw: null,
      key: null,
    });
    assert(!queued || state.decoder.position <= wanted, 'queued records lie past the lost ones');
    state.fetchOffset = target;
    if (!queued) state.decoder.reset(target);
    state.paused = false;
    this.#fetcher!.pump();
    this.onReady?.();
  }

  #fail(message: string): void {
    this.#log('error', message);
    this.#life = 'failed';
    this.#error = message;
    this.#stopWork();
    this.onReady?.();
  }

  #stopWork(): void {
    this.#retryTimer?.cancel();
    this.#discoveryTimer?.cancel();
    this.#fetcher?.close();
  }

  #log(level: 'info' | 'warn' | 'error', reason: string): void {
    const { log } = this.#context.environment;
    log[level]('kafka source', { source: this.#context.source, reason });
  }

  #scheduleDiscovery(): void {
    const { discoveryMs } = this.#options;
    if (discoveryMs === 0 || !this.#isLive()) return;
    this.#discoveryTimer = this.#context.environment.clock.after(discoveryMs, () => {
      // While a retry is due, that one asks for the partitions.
      const asked = this.#retryTimer === null ? this.#refresh() : Promise.resolve();
      void asked.then(() => this.#scheduleDiscovery());
    });
  }

  poll(): SourceBlock | null {
    // What was fetched before a failure still goes out.
    for (let tried = 0; tried < this.#turn.length; tried++) {
      const state = this.#turn.shift()!;
      this.#turn.push(state);
      const block = this.#pollPartition(state);
      if (block !== null) {
        this.#fetcher?.pump();
        return block;
      }
    }
    return null;
  }

  #pollPartition(state: PartitionState): SourceBlock | null {
    if (this.#life === 'closed') return null;
    const lost = this.#lost.filter(
      (each) => each.partition === state.name && each.offset <= state.decoder.position,
    );
    try {
      const block = state.decoder.next();
      if (block === null || lost.length === 0) return block;
      this.#lost = this.#lost.filter((each) => !lost.includes(each));
      return { ...block, bad: lost };
    } catch (error) {
      // Damaged on the way, perhaps: fetch it again.
      state.decoder.reset(state.decoder.position);
      state.fetchOffset = state.decoder.position;
      state.paused = true;
      this.#retryLater(asConnectorError(error));
      return null;
    }
  }

  #inOrder(): PartitionState[] {
    return [...this.#states.values()].sort((a, b) => a.partition - b.partition);
  }

  status(): ReaderStatus {
    const state = this.#life === 'new' ? 'starting' : this.#life;
    return {
      state,
      error: this.#error,
      partitions: this.#inOrder().map((each) => {
        const base = {
          partition: each.name,
          position: each.decoder.position,
          end: each.end,
        };
        const heldBack = (each.end ?? 0) - Math.max(each.stableEnd ?? 0, each.decoder.position);
        return each.stableEnd !== null && each.stableEnd < (each.end ?? 0) && heldBack > 0
          ? { ...base, heldBack }
          : base;
      }),
    };
  }

  get finished(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#life = 'closed';
    this.#stopWork();
    this.#states.clear();
    this.#turn = [];
    await this.#transport?.close();
  }
}

/** The topic's id as a safe integer, so that it can travel with the positions; null when not known. */
function markOf(topic: TopicMetadata): number | null {
  return topic.topicId === null ? null : Number.parseInt(topic.topicId.slice(0, 13), 16);
}

function asConnectorError(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ConnectorError(message, { retryable: true, cause: error });
}
