/**
 * One view in one shard: its part of the dataflow, the ends of its exchanges, and its part of a tick. The
 * tick is a generator that stops where it has to wait for the other shards, so that the same code runs in a
 * thread of its own and, with others, in one thread under a scheduler.
 */

import { must } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes.ts';
import { Graph } from '../dataflow/graph.ts';
import type { Operator, Output } from '../dataflow/operator.ts';
import type { EvalContext } from '../expr/functions/registry.ts';
import { errorRow, lateRow } from '../jobs/row-reports.ts';
import { type BuiltGraph, type BuiltNode, buildGraph } from '../operators/build.ts';
import type { DataflowPlan } from '../plan/dataflow-plan.ts';
import type { Batch } from '../types/batch.ts';
import type { SqlType } from '../types/sql-type.ts';
import { ExchangeReceiver, ExchangeSender } from './exchange.ts';
import { frames } from './frames.ts';
import { placeNodes } from './placement.ts';
import type { ShardReport } from './report.ts';
import { planPreAggregation, PreAggregate } from './pre-aggregate.ts';
import { type Exchange, planOfShard, type ShardPlan } from './shard-plan.ts';

export interface ViewShardOptions {
  readonly id: number;
  /** Schema-qualified name of the view. */
  readonly name: string;
  readonly plan: DataflowPlan;
  readonly shard: number;
  readonly shards: number;
  readonly evaluation: EvalContext;
  readonly codegen: boolean;
  readonly send: (to: number, frame: Uint8Array) => void;
  readonly report: ShardReport;
}

export class ViewShard {
  readonly #options: ViewShardOptions;
  readonly #shardPlan: ShardPlan;
  readonly #graph = new Graph();
  readonly #built: BuiltGraph | null;
  readonly #partials: PreAggregate[] = [];
  readonly #receivers: (ExchangeReceiver | null)[] = [];
  readonly #inputs: readonly Output[];
  readonly #inputTypes: readonly (readonly SqlType[])[];
  /** By stage: how many other shards have ended it in this tick. */
  readonly #ended: number[];
  readonly #writer = new ByteWriter(64);
  #failed = false;

  constructor(options: ViewShardOptions) {
    this.#options = options;
    const { plan, shard } = options;
    const shardPlan = planOfShard(plan, placeNodes(plan), shard);
    this.#shardPlan = shardPlan;
    this.#ended = shardPlan.stageEnds.map(() => 0);
    this.#built = this.#build(shardPlan);
    const nodes = shardPlan.plan?.nodes ?? [];
    this.#inputs = shardPlan.scans.map((at) => this.#graph.source(this.#nodeAt(at).graphId));
    this.#inputTypes = shardPlan.scans.map((at) => nodes[at]!.columns.map(({ type }) => type));
  }

  #build(shardPlan: ShardPlan): BuiltGraph | null {
    if (shardPlan.plan === null) return null;
    const { id, name, shard, shards, report, send } = this.#options;
    const result: Output = {
      emit: (batch) => report.rows(id, batch),
      watermark: (micros) => report.watermark(id, shard, micros),
    };
    const nothing: Output = { emit: () => undefined, watermark: () => undefined };
    const built = buildGraph(shardPlan.plan, {
      graph: this.#graph,
      operator: {
        name,
        evaluation: this.#options.evaluation,
        codegen: this.#options.codegen,
        late: (row) => report.late(id, lateRow(name, row)),
        rowError: (error) =>
          report.rowError(id, error.code, error.message, errorRow(error), error.weight),
      },
      output: shardPlan.givesResult ? result : nothing,
    });
    for (const { exchange, sender, receiver } of shardPlan.exchanges) {
      const own =
        receiver < 0
          ? null
          : new ExchangeReceiver(
              exchange,
              shards,
              this.#graph.source(built.nodes[receiver]!.graphId),
            );
      this.#receivers.push(own);
      if (sender < 0) continue;
      const way = new ExchangeSender({ view: id, exchange, shard, shards, send, own });
      this.#graph.probe(built.nodes[sender]!.graphId, this.#preAggregated(exchange, way));
    }
    return built;
  }

  /** The way of an exchange, behind an aggregation of what goes into it where that is possible. */
  #preAggregated({ from, to }: Exchange, way: Output): Output {
    if (to.spec.kind !== 'aggregate') return way;
    const plan = planPreAggregation(to.spec, from.spec.columns);
    if (plan === null) return way;
    const partial = new PreAggregate(plan, way);
    this.#partials.push(partial);
    return partial;
  }

  #nodeAt(position: number): BuiltNode {
    return must(this.#built?.nodes[position], `node at ${position}`);
  }

  /** Operators, by id in the whole plan. */
  *nodes(): Iterable<{
    readonly id: number;
    readonly kind: string;
    readonly operator: Operator;
  }> {
    for (const { spec, operator } of this.#built?.nodes ?? []) {
      const id = this.#shardPlan.originals[spec.id]!;
      if (operator !== null) yield { id, kind: spec.kind, operator };
    }
  }

  get resultTypes(): readonly SqlType[] {
    const { plan } = this.#options;
    return plan.nodes[plan.root]!.columns.map((column) => column.type);
  }

  inputTypes(scan: number): readonly SqlType[] {
    return must(this.#inputTypes[scan], `scan ${scan}`);
  }

  pushRows(scan: number, batch: Batch): void {
    this.#guard(() => this.#inputs[scan]!.emit(batch));
  }

  pushWatermark(scan: number, micros: number): void {
    this.#guard(() => this.#inputs[scan]!.watermark(micros));
  }

  exchangeTypes(exchange: number): readonly SqlType[] {
    return this.#receiver(exchange).types;
  }

  exchangeRows(exchange: number, batch: Batch): void {
    this.#guard(() => this.#receiver(exchange).rows(batch));
  }

  exchangeWatermark(exchange: number, from: number, micros: number): void {
    this.#guard(() => this.#receiver(exchange).watermark(from, micros));
  }

  #receiver(exchange: number): ExchangeReceiver {
    return must(this.#receivers[exchange], `receiver of exchange ${exchange}`);
  }

  stageEnded(stage: number): void {
    this.#ended[stage] = this.#ended[stage]! + 1;
  }

  /** Its part of one tick. Yields while it waits for what others send; `waiting` says whether it still has to. */
  *tick(): Generator<void> {
    const { id, shard, shards, send, report } = this.#options;
    const { stageEnds } = this.#shardPlan;
    for (let stage = 0; stage < stageEnds.length; stage++) {
      while (stage > 0 && this.#ended[stage - 1]! < shards - 1) yield;
      this.#guard(() => {
        this.#graph.tick(this.#graphIdAfter(stageEnds[stage]!));
        for (const partial of this.#partials) partial.endStage();
      });
      if (stage === stageEnds.length - 1) break;
      this.#writer.clear();
      this.#writer.uint8(frames.stageEnded).varint(id).varint(stage);
      for (let to = 0; to < shards; to++) if (to !== shard) send(to, this.#writer.view());
    }
    this.#ended.fill(0);
    report.ended(id);
  }

  /** Nodes of the graph are made in the order of the plan's. */
  #graphIdAfter(position: number): number {
    const next = this.#built?.nodes[position];
    return next === undefined ? Infinity : next.graphId;
  }

  restored(): void {
    this.#built?.restored();
  }

  /** After a fault the view takes part in ticks, since others wait for it, but does nothing. */
  #guard(run: () => void): void {
    if (this.#failed) return;
    try {
      run();
    } catch (error) {
      this.#failed = true;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.report.failed(this.#options.id, text);
    }
  }
}
