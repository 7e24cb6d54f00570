/**
 * One acceptor more, or one fewer, while registers go on being changed. Rystsov, "CASPaxos: Replicated State Machines without Logs", 2018,
 * section 2.3. Quorums are majorities before and after; in between, more acceptances are asked for than promises.
 *
 *     odd -> even:   accept by all     rescan     prepare by all       even -> odd:   all by all
 *     even -> odd:   prepare by fewer  accept by fewer                 odd -> even:   all by fewer   rescan
 *       (shrinking)                                                      (shrinking)
 *
 * Every proposer takes a configuration before the next step begins. A rescan is an `identity` of every register: it brings what the smaller set held
 * to a quorum of the larger one. When a change is over, every register is held by a phase-2 quorum of the new configuration, so that the next
 * change may begin. To replace an acceptor, remove it and add another.
 *
 * A new acceptor has a new id and knows nothing: one that lost its disk must not come back under its old id. No proposer may be added and no
 * register collected meanwhile.
 */
import { assert, Instant } from '../../../base/index.ts';
import { majoritySize } from '../../../quorum/index.ts';
import type { NodeId } from '../ballot.ts';
import type { PhaseMembers, RegisterConfiguration } from './configuration.ts';
import type { ConfigureAnswer, ConfigureRequest } from './messages.ts';

export type MembershipStep =
  | { readonly kind: 'configure'; readonly configuration: RegisterConfiguration }
  | { readonly kind: 'rescan' };

/** The steps from `current`, a configuration of majorities, to one acceptor more. */
export function growthSteps(current: RegisterConfiguration, acceptor: NodeId): MembershipStep[] {
  const before = membersOf(current);
  assert(!before.includes(acceptor), `acceptor ${acceptor} is there already`);
  const [few, all] = [phase(before), phase([...before, acceptor])];
  const configure = configurer(current);
  // With an even number a majority of one more is no larger: the new acceptor is as one that has always been down.
  if (before.length % 2 === 0) return [configure(all, all)];
  return [configure(few, all), { kind: 'rescan' }, configure(all, all)];
}

/** The steps from `current`, a configuration of majorities, to one acceptor fewer. */
export function shrinkSteps(current: RegisterConfiguration, acceptor: NodeId): MembershipStep[] {
  const before = membersOf(current);
  assert(before.includes(acceptor), `acceptor ${acceptor} is not there`);
  assert(before.length > 1, 'the last acceptor must stay');
  const [all, few] = [phase(before), phase(before.filter((each) => each !== acceptor))];
  const configure = configurer(current);
  if (before.length % 2 === 0) return [configure(few, all), configure(few, few)];
  // What a majority with the one removed had accepted is held by a bare half of the rest.
  return [configure(few, few), { kind: 'rescan' }];
}

function membersOf({ prepare, accept }: RegisterConfiguration): readonly NodeId[] {
  const { acceptors, quorum } = prepare;
  const settled = accept.quorum === quorum && acceptors.join() === accept.acceptors.join();
  assert(
    settled && quorum === majoritySize(acceptors.length),
    'a change begins from majorities of one set of acceptors',
  );
  return acceptors;
}

function phase(acceptors: readonly NodeId[]): PhaseMembers {
  return { acceptors, quorum: majoritySize(acceptors.length) };
}

function configurer({
  version,
}: RegisterConfiguration): (prepare: PhaseMembers, accept: PhaseMembers) => MembershipStep {
  let last = version;
  return (prepare, accept) => {
    last += 1;
    return { kind: 'configure', configuration: { version: last, prepare, accept } };
  };
}

export interface MembershipChangeOptions {
  /** All that there are. */
  readonly proposers: readonly NodeId[];
  /** Without an answer, the question is repeated after so long. Default 500. */
  readonly resendMs?: number;
}

export type MembershipChangeInput =
  /** Once, first. */
  | { readonly kind: 'start' }
  /** Answers `rescan`: every register was written anew by a proposer that has the configuration. */
  | { readonly kind: 'rescanned' }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: ConfigureAnswer }
  | { readonly kind: 'tick' };

export type MembershipChangeEffect =
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: ConfigureRequest; readonly after: 0 }
  | { readonly kind: 'rescan' }
  | { readonly kind: 'finished' };

/** Immutable. `left[0]` is under way; a change that was interrupted goes on from here. */
export interface MembershipChangeState {
  readonly left: readonly MembershipStep[];
  readonly answeredBy: readonly NodeId[];
  readonly deadline: Instant | undefined;
}

/** Takes the steps, one after the other. Pure. O(proposers). */
export class MembershipChange {
  readonly #options: MembershipChangeOptions;
  #state: MembershipChangeState;

  constructor(options: MembershipChangeOptions, steps: readonly MembershipStep[] | MembershipChangeState) {
    this.#options = options;
    this.#state = 'left' in steps ? steps : { left: steps, answeredBy: [], deadline: undefined };
  }

  get state(): MembershipChangeState {
    return this.#state;
  }

  get deadline(): Instant | undefined {
    return this.#state.deadline;
  }

  step(input: MembershipChangeInput, now: Instant, out: MembershipChangeEffect[]): void {
    const current = this.#state.left[0];
    switch (input.kind) {
      case 'start':
        return this.#begin(now, out);
      case 'rescanned':
        if (current?.kind === 'rescan') this.#advance(now, out);
        return;
      case 'message':
        return this.#configured(input.from, input.message, now, out);
      case 'tick':
        if (this.deadline !== undefined && now >= this.deadline) this.#ask(now, out);
    }
  }

  #begin(now: Instant, out: MembershipChangeEffect[]): void {
    const step = this.#state.left[0];
    this.#state = { ...this.#state, answeredBy: [], deadline: undefined };
    if (step === undefined) out.push({ kind: 'finished' });
    else if (step.kind === 'rescan') out.push({ kind: 'rescan' });
    else this.#ask(now, out);
  }

  #advance(now: Instant, out: MembershipChangeEffect[]): void {
    this.#state = { ...this.#state, left: this.#state.left.slice(1) };
    this.#begin(now, out);
  }

  #configured(from: NodeId, { version }: ConfigureAnswer, now: Instant, out: MembershipChangeEffect[]): void {
    const { left, answeredBy } = this.#state;
    const [step] = left;
    if (step?.kind !== 'configure' || version < step.configuration.version) return;
    if (answeredBy.includes(from) || !this.#options.proposers.includes(from)) return;
    this.#state = { ...this.#state, answeredBy: [...answeredBy, from] };
    if (this.#state.answeredBy.length === this.#options.proposers.length) this.#advance(now, out);
  }

  #ask(now: Instant, out: MembershipChangeEffect[]): void {
    const { left, answeredBy } = this.#state;
    // Nothing else has a deadline.
    const [{ configuration }] = left as [Extract<MembershipStep, { readonly kind: 'configure' }>];
    this.#state = { ...this.#state, deadline: Instant.add(now, this.#options.resendMs ?? 500) };
    for (const to of this.#options.proposers)
      if (!answeredBy.includes(to))
        out.push({ kind: 'send', to, message: { kind: 'configure', configuration }, after: 0 });
  }
}
