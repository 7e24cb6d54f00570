/** All actors of a run, in a few processes of their own, and the checks that they report to. */
import type { Client } from '@quorate/cluster/client';
import type { Env } from '@quorate/env';
import type { World } from '@quorate/sim/world';
import { CounterCheck } from '../checks/counter-check.ts';
import { LeaseCheck } from '../checks/lease-check.ts';
import { LockCheck } from '../checks/lock-check.ts';
import { RevisionCheck } from '../checks/revision-check.ts';
import type { CoreCluster } from '../core-cluster.ts';
import { ReferenceStore } from '../oracle/reference-store.ts';
import type { Shape } from '../shape.ts';
import type { Violations } from '../violations.ts';
import { Caller } from './caller.ts';
import { Lessee } from './lessee.ts';
import { LOCK, Locker } from './locker.ts';
import { Observer } from './observer.ts';
import { describeOperation, OperationLog } from './operation-log.ts';
import { Operator } from './operator.ts';
import { Stage, type StageParts } from './stage.ts';
import { Values } from './values.ts';

export interface WorkloadParts {
  readonly world: World;
  readonly shape: Shape;
  readonly cluster: CoreCluster;
  readonly violations: Violations;
  /** Machines whose disks suffer. */
  readonly damageable: readonly string[];
}

export class Workload {
  readonly reference: ReferenceStore;
  readonly operations: OperationLog;
  readonly #parts: WorkloadParts;
  readonly #stageParts: StageParts;
  readonly #leases: LeaseCheck;
  readonly #locks: LockCheck;
  readonly #counter: CounterCheck;
  readonly #observers: Observer[] = [];
  #isOver = false;
  #busy = 0;
  #read: 'not begun' | 'begun' | 'done' = 'not begun';

  constructor(parts: WorkloadParts) {
    const { world, violations } = parts;
    this.#parts = parts;
    this.#leases = new LeaseCheck(violations);
    this.reference = new ReferenceStore({
      twice: (mark) => violations.report('exactly-once', `write ${mark} was carried out twice`),
      expired: (lease) => {
        world.mark('lease expired');
        this.#leases.expired(lease);
      },
      repeated: () => world.mark('repetition answered from the session table'),
    });
    this.operations = new OperationLog(() => world.nowMs);
    this.#locks = new LockCheck(LOCK, this.reference, violations);
    this.#counter = new CounterCheck(this.operations, violations);
    const revisions = new RevisionCheck(this.reference, this.operations, violations);
    const values = new Values(world.stream('values'), parts.shape, () => world.mark('large value written'));
    this.#stageParts = { ...parts, operations: this.operations, values, reference: this.reference, revisions };
  }

  /** Actors that have not come to their end. */
  get busy(): number {
    return this.#busy;
  }

  start(): void {
    const { shape } = this.#parts;
    for (let i = 1; i <= shape.clients; i++) {
      this.#process(`c${i}`, (stage, client) => {
        for (let caller = 0; caller < shape.callers; caller++) this.#act(new Caller(stage, client).run());
      });
    }
    if (shape.watchers > 0) this.#process('watchers', (stage, client) => this.#watch(stage, client));
    for (let i = 1; i <= shape.lessees; i++) {
      this.#process(`lessee${i}`, (stage, client) => {
        this.#act(new Lessee(stage, client, new Caller(stage, client), this.#leases).run());
      });
    }
    for (let i = 1; i <= shape.lockers; i++) {
      this.#process(`locker${i}`, (stage, client) => {
        this.#act(new Locker(stage, client, new Caller(stage, client), this.#leases, this.#locks).run());
      });
    }
    if (shape.changesMembers || shape.transfersLead) {
      this.#process('operator', (stage, client) => {
        this.#act(new Operator(stage, client, this.#parts.damageable).run());
      });
    }
  }

  /** The safety phase is over: nothing new is begun. */
  end(): void {
    this.#isOver = true;
  }

  #process(name: string, begin: (stage: Stage, client: Client) => void): void {
    this.#parts.world.node(name).start(async (env: Env) => {
      const stage = new Stage(this.#stageParts, env, name, () => this.#isOver);
      const client = await stage.connect();
      if (client !== undefined) begin(stage, client);
    });
  }

  #act(actor: Promise<void>): void {
    this.#busy += 1;
    void actor.finally(() => {
      this.#busy -= 1;
    });
  }

  #watch(stage: Stage, client: Client): void {
    for (let i = 1; i <= this.#parts.shape.watchers; i++) {
      const observer = new Observer(stage, client, i);
      this.#observers.push(observer);
      void observer.run();
    }
  }

  /** A new client reads everything, linearizably. Begins at the first call; true once it is done. */
  readEverything(): boolean {
    if (this.#read === 'not begun') {
      this.#read = 'begun';
      this.#parts.world.node('reader').start(async (env: Env) => {
        const stage = new Stage(this.#stageParts, env, 'reader', () => false);
        const client = await stage.connect();
        if (client === undefined) return;
        const caller = new Caller(stage, client);
        await caller.one('put');
        await caller.everything();
        this.#counter.judge(await client.get('counter'));
        this.#read = 'done';
      });
    }
    return this.#read === 'done';
  }

  /** What watchers have still to hear; undefined when nothing. */
  outstanding(): string | undefined {
    const waiting = this.#observers.filter((observer) => observer.outstanding > 0);
    if (waiting.length === 0) return undefined;
    return waiting.map((observer) => observer.describe()).join('; ');
  }

  lingering(): string | undefined {
    const ids = this.#leases.lingering(this.reference);
    return ids.length === 0 ? undefined : `leases ${ids.join(', ')} are still there`;
  }

  closeObservers(): void {
    for (const observer of this.#observers) observer.close();
  }

  /** What only the whole run can tell. */
  judge(): void {
    this.#stageParts.revisions.refusedStayOut();
    this.#locks.judge();
  }

  transcript(): string[] {
    return this.operations.all.map(describeOperation);
  }
}
