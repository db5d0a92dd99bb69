/**
 * Makes what runs out of objects of the catalog: tables, sources, and the jobs of views, sinks, queries and shared
 * parts, with all that they are told of the world and where their reports go. Nothing is filled or opened here.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type {
  MaterializedViewObject,
  SinkObject,
  SourceObject,
  TableObject,
} from '../catalog/objects.ts';
import type { Segments } from '../checkpoint/segments.ts';
import type { BadRecord } from '../connectors/connector.ts';
import type { SinkContext, SinkWriter } from '../connectors/sink.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { StoreChange } from '../state/store.ts';
import type { Cuts, JobObject, JobOptions } from './dataflow-job.ts';
import { ledgerName } from './ledger.ts';
import type { Ledgers } from './ledgers.ts';
import type { OwnRun } from './query-jobs.ts';
import type { Running } from './running.ts';
import type { SharedReaders } from './sharing.ts';
import { SinkJob } from './sink-job.ts';
import type { SourceFeed } from './source-feed.ts';
import { SourceRuntime } from './source-runtime.ts';
import type { Ticks } from './ticks.ts';
import type { DataflowFactory } from './view-dataflow.ts';
import { ViewJob, type ViewJobOptions } from './view-job.ts';

export interface MakerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Makes a feed over one source; `deadLetter` gets its refused records. */
  readonly makeFeed: (source: SourceObject, deadLetter: (record: BadRecord) => void) => SourceFeed;
  /** Makes the writer of a sink, not yet open. */
  readonly makeWriter: (sink: SinkObject, events: SinkContext['events']) => SinkWriter;
  /** What expressions of views know of the world: UTC, and one instant a tick. */
  readonly evaluation: (nowMicros: bigint) => EvalContext;
  readonly codegen: boolean;
  /** Where a view's dataflow runs: in one graph, or divided over workers. */
  readonly dataflow: DataflowFactory;
}

/** Where what is made goes, and what it tells. */
export interface MakerParts {
  readonly running: Running;
  readonly ticks: Ticks;
  readonly segments: Segments;
  readonly ledgers: Ledgers;
  /** Rows may have arrived at a source. */
  readonly arrived: () => void;
  /** Something changed outside of ticks. */
  readonly changed: () => void;
  /** A sink has written something, or has failed. */
  readonly sinkChanged: () => void;
  /** Changes that no checkpoint need wait for. */
  readonly forget: (changes: readonly StoreChange[]) => void;
}

export class ObjectMaker {
  readonly #options: MakerOptions;
  readonly #parts: MakerParts;

  constructor(options: MakerOptions, parts: MakerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  table(table: TableObject): void {
    const relation = this.#parts.running.addTable(table);
    this.#parts.segments.add(String(relation.storage), relation.store.name, relation.store);
  }

  // Sources ----------------------------------------------------------------------------------------

  source(source: SourceObject): void {
    const { running, segments, ledgers, arrived, forget } = this.#parts;
    const makeFeed = (current: SourceObject): SourceFeed => {
      const feed = this.#options.makeFeed(current, (record) => {
        if (runtime.firstRefusal(record)) this.#deadLetter(runtime.name, record);
      });
      feed.reader.onReady = arrived;
      return feed;
    };
    const runtime: SourceRuntime = new SourceRuntime(source, makeFeed, {
      sharedChanged: (feed, open) => {
        if (open) segments.add(String(source.oid), feed.name, feed);
        else forget(segments.remove(String(source.oid)));
      },
      refused: () => ledgers.refused(runtime.name),
    });
    running.addSource(runtime);
    ledgers.add(source);
  }

  #deadLetter(source: string, record: BadRecord): void {
    this.#parts.ledgers.deadLetter(source, record, this.#options.clock.nowMicros());
    this.#parts.changed();
  }

  // Jobs -------------------------------------------------------------------------------------------

  view(view: MaterializedViewObject, plan: DataflowPlan, cuts: Cuts = new Map()): ViewJob {
    const job = this.#viewJob(view, { ...this.#jobOptions(view, plan), cuts });
    this.#parts.ledgers.add(view);
    return job;
  }

  /** A view that no ledger knows of. */
  query(view: MaterializedViewObject, plan: DataflowPlan, own: OwnRun): ViewJob {
    return this.#viewJob(view, { ...this.#jobOptions(view, plan), ...own });
  }

  #viewJob(
    view: MaterializedViewObject,
    options: Omit<ViewJobOptions, 'view' | 'relation'>,
  ): ViewJob {
    const { running } = this.#parts;
    const { plan } = options;
    const { appendOnly } = plan.nodes[plan.root]!;
    const relation = running.addResult(view, { key: keyInPlace(plan), appendOnly });
    const job = new ViewJob({ view, relation, ...options });
    running.addJob(job);
    return job;
  }

  sink(sink: SinkObject, plan: DataflowPlan, cuts: Cuts = new Map()): SinkJob {
    const { running, ledgers, sinkChanged } = this.#parts;
    const job = new SinkJob({
      sink,
      makeWriter: this.#options.makeWriter,
      changed: sinkChanged,
      ...this.#jobOptions(sink, plan),
      cuts,
    });
    running.addJob(job);
    ledgers.add(sink);
    return job;
  }

  /** Of a part that several jobs share: what it reports is reported of all that it works for. */
  partOptions(part: SharedReaders, plan: DataflowPlan): JobOptions {
    const { ledgers } = this.#parts;
    const object = { oid: part.oid, schema: 'shared', name: String(part.oid) };
    return {
      ...this.#jobOptions(object, plan),
      late: ([, ...row]) => {
        const now = this.#options.clock.nowMicros();
        for (const name of part.names()) ledgers.late([name, ...row], now);
      },
      rowError: (code, message, row, weight) => {
        for (const name of part.names()) ledgers.rowErrors.add(name, code, message, row, weight);
      },
    };
  }

  #jobOptions(object: JobObject, plan: DataflowPlan): JobOptions {
    const { running, ledgers } = this.#parts;
    const { dataflow, codegen, clock, log } = this.#options;
    // Its name may change while it runs.
    const name = (): string => running.jobs.get(object.oid)?.name ?? ledgerName(object);
    return {
      plan,
      dataflow,
      codegen,
      evaluation: this.#evaluation(),
      late: (row) => ledgers.late(row, clock.nowMicros()),
      rowError: (code, message, row, weight) =>
        ledgers.rowErrors.add(name(), code, message, row, weight),
      log: log.with({ view: ledgerName(object) }),
    };
  }

  /** What views know of the world: PROCTIME() is the instant of the tick. */
  #evaluation(): EvalContext {
    const { ticks } = this.#parts;
    const base = this.#options.evaluation(0n);
    return {
      ...base,
      get nowMicros(): bigint {
        return BigInt(ticks.instant);
      },
    };
  }
}

/**
 * The key by which the rows of a plan's result can be kept: known, and each key's old row goes before its new one
 * comes. Aggregates promise that; what is mapped one to one from them keeps it.
 */
function keyInPlace(plan: DataflowPlan): readonly number[] | null {
  const root = plan.nodes[plan.root]!;
  let node = root;
  while (node.kind === 'map') node = plan.nodes[node.inputs[0]!]!;
  return node.kind === 'aggregate' || node.kind === 'session-aggregate' ? root.key : null;
}
