/** What every actor of the workload has at hand. */
import { type Client, CoreError, connect } from '@quorate/cluster/client';
import type { RangeResponse } from '@quorate/cluster/core';
import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { SeededStream } from '@quorate/sim/random';
import type { World } from '@quorate/sim/world';
import type { RevisionCheck } from '../checks/revision-check.ts';
import type { CoreCluster } from '../core-cluster.ts';
import type { ReferenceStore } from '../oracle/reference-store.ts';
import type { Shape } from '../shape.ts';
import type { Violations } from '../violations.ts';
import type { OperationLog } from './operation-log.ts';
import type { Values } from './values.ts';

export interface StageParts {
  readonly world: World;
  readonly shape: Shape;
  readonly cluster: CoreCluster;
  readonly operations: OperationLog;
  readonly values: Values;
  readonly reference: ReferenceStore;
  readonly revisions: RevisionCheck;
  readonly violations: Violations;
}

/** One process of clients. */
export class Stage {
  readonly parts: StageParts;
  readonly env: Env;
  readonly name: string;
  readonly random: SeededStream;
  /** The safety phase is over: begin nothing new. */
  readonly isOver: () => boolean;

  constructor(parts: StageParts, env: Env, name: string, isOver: () => boolean) {
    this.parts = parts;
    this.env = env;
    this.name = name;
    this.random = parts.world.stream(`workload ${name}`);
    this.isOver = isOver;
  }

  sleep(ms: number): Promise<void> {
    const { clock, timers } = this.env;
    return new Promise((resolve) => timers.at(Instant.add(clock.monotonic(), ms), resolve));
  }

  pause(): Promise<void> {
    return this.sleep(this.random.exponential(this.parts.shape.meanPauseMs));
  }

  key(): string {
    return `k${this.random.below(this.parts.shape.keys)}`;
  }

  timeoutMs(): number {
    return this.random.pick([300, 1000, 3000, 8000]);
  }

  /** Connects, and goes on trying until the run is over. */
  async connect(): Promise<Client | undefined> {
    while (!this.isOver()) {
      try {
        const endpoints = this.random.shuffled(this.parts.cluster.addresses);
        return await connect({ env: this.env, endpoints, name: this.name, timeoutMs: 3000 });
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        await this.sleep(100);
      }
    }
    return undefined;
  }

  /** Carries a read out, recorded and checked. Undefined when it failed. */
  async read(
    what: { readonly kind: string; readonly text: string; readonly key?: string },
    options: {
      readonly from: string;
      readonly to: string | undefined;
      readonly revision: number;
      readonly weak: boolean;
    },
    call: () => Promise<RangeResponse>,
  ): Promise<RangeResponse | undefined> {
    const { operations, revisions } = this.parts;
    const touches = what.key === undefined ? [] : [{ key: what.key, kind: 'read', value: undefined } as const];
    const recorded = operations.begin(this.name, what.kind, what.text, 0, touches);
    const floor = revisions.floor();
    try {
      const response = await call();
      revisions.readAnswered(recorded, options, response, floor);
      return response;
    } catch (error) {
      revisions.failed(recorded, error);
      return undefined;
    }
  }
}
