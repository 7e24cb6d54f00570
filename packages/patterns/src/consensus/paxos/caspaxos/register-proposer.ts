/**
 * The proposer of registers: applies functions to named registers that acceptors keep, with no leader and no log. Any number of proposers may
 * work on the same registers at once; they stay linearizable, and a register is fastest when its changes come to the same proposer. Rystsov,
 * "CASPaxos: Replicated State Machines without Logs", 2018.
 *
 * This file decides which part sees an input: `changes.ts`, `quick-reads.ts`; and grows older and changes its configuration when told to. What
 * safety rests on is in `rules.ts` and `register-rules.ts`.
 *
 * Pure: no clock, no timers, no I/O.
 */
import type { Instant } from '../../../base/index.ts';
import type { NodeId } from '../ballot.ts';
import { roundsAfterRestart } from '../rounds.ts';
import { Changes } from './changes.ts';
import type { RegisterConfiguration } from './configuration.ts';
import { ProposerCore } from './proposer-core.ts';
import { QuickReads } from './quick-reads.ts';
import { ReadyRegisters } from './ready-registers.ts';
import { RegisterRules } from './register-rules.ts';
import type {
  Reach,
  RegisterProposerEffect,
  RegisterProposerImage,
  RegisterProposerInput,
  RegisterProposerOptions,
  RegisterProposerRecord,
} from './register-types.ts';

type Message<Value> = Extract<RegisterProposerInput<Value>, { readonly kind: 'message' }>['message'];

/** What a new proposer starts with. */
export function newRegisterProposer(configuration: RegisterConfiguration): RegisterProposerRecord {
  return { reservedRound: 0, age: 0, configuration };
}

/** A start from what the disk held: changes under way are lost, their outcome unknown. */
export function restartedRegisterProposer(record: RegisterProposerRecord): RegisterProposerImage<never> {
  const rounds = roundsAfterRestart(record.reservedRound);
  return { record, rounds, ticket: 0, changes: [], waiting: [], ready: [], queries: [], outdatedBy: undefined };
}

export class RegisterProposer<Value> {
  readonly #core: ProposerCore<Value>;
  readonly #ready: ReadyRegisters<Value>;
  readonly #changes: Changes<Value>;
  readonly #reads: QuickReads<Value>;
  #outdatedBy: string | undefined;

  /** `RangeError` when the quorums of the configuration do not meet. `rules` is for tests that break one. */
  constructor(
    options: RegisterProposerOptions,
    image: RegisterProposerImage<Value>,
    rules: RegisterRules = new RegisterRules(),
  ) {
    this.#core = new ProposerCore(options, image, rules);
    this.#ready = new ReadyRegisters(this.#core, image.ready);
    this.#changes = new Changes(this.#core, this.#ready);
    this.#changes.restore(image.changes, image.waiting);
    this.#reads = new QuickReads(this.#core, this.#changes);
    this.#reads.restore(image.queries);
    this.#outdatedBy = image.outdatedBy;
  }

  get configuration(): RegisterConfiguration {
    return this.#core.configuration;
  }

  /** When `tick` is next useful. */
  get deadline(): Instant | undefined {
    const { deadline: change } = this.#changes;
    const { deadline: read } = this.#reads;
    return change === undefined || (read !== undefined && read < change) ? read : change;
  }

  /** Everything, as data; to look at, or to go on from. O(all). */
  get image(): RegisterProposerImage<Value> {
    const { rounds, age, configuration, ticket } = this.#core;
    return {
      record: { reservedRound: rounds.reserved, age, configuration },
      rounds,
      ticket,
      changes: [...this.#changes.underWay],
      waiting: this.#changes.waiting,
      ready: [...this.#ready.all],
      queries: [...this.#reads.all],
      outdatedBy: this.#outdatedBy,
    };
  }

  step(input: RegisterProposerInput<Value>, now: Instant, out: RegisterProposerEffect<Value>[]): void {
    const core = this.#core;
    if (now > core.now) core.now = now;
    core.out = out;
    switch (input.kind) {
      case 'change':
        return this.#want(input.id, input.key, 'change', 'quorum');
      case 'identity':
        return this.#want(input.id, input.key, 'identity', input.reach);
      case 'read':
        if (this.#hasRoom(input.id)) this.#reads.begin(input.id, input.key);
        return;
      case 'applied':
        return this.#changes.applied(input.id, input.key, input.round, input.next);
      case 'message':
        return this.#message(input.from, input.message);
      case 'tick':
        this.#changes.tick();
        this.#reads.tick();
    }
  }

  #want(id: number, key: string, kind: 'change' | 'identity', reach: Reach): void {
    const core = this.#core;
    if (this.#hasRoom(id)) this.#changes.want({ id, key, kind, reach, giveUpAt: core.after(core.changeMs) });
  }

  #hasRoom(id: number): boolean {
    const { changesMax, out } = this.#core;
    if (this.#changes.size + this.#reads.size < changesMax) return true;
    out.push({ kind: 'failed', id, reason: 'busy', outcome: 'not-applied' });
    return false;
  }

  #message(from: NodeId, message: Message<Value>): void {
    switch (message.kind) {
      case 'promise':
        return this.#changes.promised(from, message);
      case 'accepted':
        return this.#changes.accepted(from, message);
      case 'rejected':
        return this.#changes.rejected(from, message);
      case 'queried':
        return this.#reads.answered(from, message);
      case 'outdate':
        return this.#outdate(from, message);
      case 'configure':
        return this.#configure(from, message.configuration);
    }
  }

  /** Section 3.1, step 2 (b). Done once per collection, however often it is asked for. */
  #outdate(from: NodeId, { run, keys, round }: Extract<Message<Value>, { readonly kind: 'outdate' }>): void {
    const core = this.#core;
    if (run !== this.#outdatedBy) {
      this.#outdatedBy = run;
      core.growOlder(round);
      this.#changes.outdated(keys);
      this.#reads.outdated(keys);
    }
    core.send(from, { kind: 'outdated', run, age: core.age });
  }

  #beginAnew(): void {
    this.#changes.configured();
    this.#reads.configured();
  }

  #configure(from: NodeId, configuration: RegisterConfiguration): void {
    const core = this.#core;
    if (configuration.version > core.configuration.version) {
      core.configure(configuration);
      if (!core.rules.outlivesConfiguration()) this.#beginAnew();
    }
    core.send(from, { kind: 'configured', version: core.configuration.version });
  }
}
