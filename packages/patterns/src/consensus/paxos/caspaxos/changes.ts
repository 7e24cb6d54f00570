/**
 * Changes of registers, one at a time per register: phase 1, the function, phase 2. Rystsov, "CASPaxos: Replicated State Machines without Logs", 2018,
 * section 2.2.
 *
 *              phase-1 quorum            applied              phase-2 quorum
 *     preparing -------------> applying ---------> accepting ---------------> changed
 *       ^    |                     ^                   |
 *       |    | no quorum is left   | next promised     | no quorum is left
 *       |    v                     | already           v
 *       +-- backing-off <----------|------------- backing-off
 *
 * Differs in what happens to a change whose phase 2 failed: the paper leaves it to the client. Here the next phase 1 looks for the change's mark in
 * what is held (`held.ts`). If it is there, the change has happened once what is held is chosen; if not, it never will, and is applied anew.
 */
import { Instant } from '../../../base/index.ts';
import { type NodeId, sameBallot } from '../ballot.ts';
import { type Held, heldAfter } from './held.ts';
import type { RegisterAnswer, RegisterRefusal, RegisterRequest } from './messages.ts';
import type { ProposerCore } from './proposer-core.ts';
import type { ReadyRegisters } from './ready-registers.ts';
import type { Attempt, Change, ChangePhase, Proposed, RegisterFailure, Wanted } from './register-types.ts';
import { Timetable } from './timetable.ts';

type Answer<Value, Kind> = Extract<RegisterAnswer<Value>, { readonly kind: Kind }>;
type Phase<Value, Kind> = Extract<ChangePhase<Value>, { readonly kind: Kind }>;

export class Changes<Value> {
  readonly #core: ProposerCore<Value>;
  readonly #ready: ReadyRegisters<Value>;
  readonly #underWay = new Map<string, Change<Value>>();
  /** First come, first served. Bounded, together with what is under way, by `changesMax`. */
  readonly #waiting = new Map<string, Wanted[]>();
  readonly #timetable = new Timetable<string>();
  #waitingCount = 0;

  constructor(core: ProposerCore<Value>, ready: ReadyRegisters<Value>) {
    this.#core = core;
    this.#ready = ready;
  }

  restore(changes: readonly Change<Value>[], waiting: readonly Wanted[]): void {
    for (const change of changes) this.#set(change);
    for (const wanted of waiting) this.#wait(wanted);
  }

  get size(): number {
    return this.#underWay.size + this.#waitingCount;
  }

  get deadline(): Instant | undefined {
    return this.#timetable.deadline;
  }

  get underWay(): Iterable<Change<Value>> {
    return this.#underWay.values();
  }

  get waiting(): Wanted[] {
    return [...this.#waiting.values()].flat();
  }

  want(wanted: Wanted): void {
    if (this.#underWay.has(wanted.key)) this.#wait(wanted);
    else this.#begin(wanted);
  }

  #wait(wanted: Wanted): void {
    const waiting = this.#waiting.get(wanted.key) ?? [];
    waiting.push(wanted);
    this.#waiting.set(wanted.key, waiting);
    this.#waitingCount += 1;
  }

  #begin(wanted: Wanted): void {
    const change: Change<Value> = {
      ...wanted,
      phase: { kind: 'backing-off' },
      proposals: [],
      refusedBy: [],
      failures: 0,
      delayMs: 0,
      dueAt: this.#core.now,
    };
    const ready = this.#ready.take(wanted.key);
    // What is to reach everywhere is there to be found by name: its tombstone must be all that each acceptor knows.
    if (ready === undefined || wanted.reach === 'everywhere') return this.#prepare(change);
    this.#apply(change, { ballot: ready.next, age: ready.age }, ready.accepted.value);
  }

  #prepare(change: Change<Value>): void {
    const core = this.#core;
    const ballot = core.takeBallot();
    this.#ask({ ...change, refusedBy: [] }, { kind: 'preparing', ballot, age: core.age, promises: [] });
  }

  promised(from: NodeId, { key, ballot, accepted }: Answer<Value, 'promise'>): void {
    const change = this.#underWay.get(key);
    if (change?.phase.kind !== 'preparing' || !sameBallot(change.phase.ballot, ballot)) return;
    const { phase } = change;
    if (phase.promises.some((promise) => promise.from === from)) return;
    const promises = [...phase.promises, { from, accepted }];
    const { rules, quorums } = this.#core;
    if (
      !rules.isQuorum(
        quorums,
        'read',
        promises.map((promise) => promise.from),
      )
    )
      return this.#set({ ...change, phase: { ...phase, promises } });
    const told = promises.flatMap((promise) => (promise.accepted === undefined ? [] : [promise.accepted]));
    this.#settle(change, phase, rules.binding(told)?.value);
  }

  /** After phase 1: was this change sent to acceptors before, and what came of it? */
  #settle(change: Change<Value>, attempt: Attempt, held: Held<Value> | undefined): void {
    const { proposals } = change;
    if (proposals.length === 0) return this.#apply(change, attempt, held);
    const { rules, self } = this.#core;
    const ballots = proposals.map(({ ballot }) => ballot);
    switch (rules.settlement(held, self, ballots)) {
      case 'happened': {
        const mark = held!.marks.find(({ node }) => node === self)!;
        return this.#propose(change, attempt, held!, proposals.find(({ ballot }) => sameBallot(ballot, mark))!);
      }
      case 'never':
        return this.#apply(change, attempt, held);
      case 'unknown':
        return this.#fail(change, 'contended');
    }
  }

  #apply(change: Change<Value>, { ballot, age }: Attempt, before: Held<Value> | undefined): void {
    const current = before?.value;
    if (change.kind !== 'change') {
      const held = before ?? { value: undefined, marks: [] };
      return this.#propose(change, { ballot, age }, held, { ballot, value: current });
    }
    const { id, key, giveUpAt } = change;
    this.#set({ ...change, phase: { kind: 'applying', ballot, age, before }, dueAt: giveUpAt });
    this.#core.out.push({ kind: 'apply', id, round: ballot.round, key, current });
  }

  applied(id: number, key: string, round: number, next: Value | undefined): void {
    const change = this.#underWay.get(key);
    if (change?.id !== id || change.phase.kind !== 'applying' || change.phase.ballot.round !== round) return;
    const { ballot, before } = change.phase;
    const result = { ballot, value: next };
    const proposals = [...change.proposals, result];
    this.#propose({ ...change, proposals }, change.phase, heldAfter(before, next, ballot), result);
  }

  #propose(change: Change<Value>, { ballot, age }: Attempt, held: Held<Value>, result: Proposed<Value>): void {
    const core = this.#core;
    const next = core.oneRoundTrip && change.reach === 'quorum' ? core.takeBallot() : undefined;
    this.#ask({ ...change, refusedBy: [] }, { kind: 'accepting', ballot, age, held, result, next, acceptedBy: [] });
  }

  accepted(from: NodeId, { key, ballot }: Answer<Value, 'accepted'>): void {
    const change = this.#underWay.get(key);
    if (change?.phase.kind !== 'accepting' || !sameBallot(change.phase.ballot, ballot)) return;
    const { phase } = change;
    if (phase.acceptedBy.includes(from)) return;
    const accepting = { ...phase, acceptedBy: [...phase.acceptedBy, from] };
    if (this.#isChosen(change, accepting.acceptedBy)) this.#changed(change, accepting);
    else this.#set({ ...change, phase: accepting });
  }

  #isChosen(change: Change<Value>, acceptedBy: readonly NodeId[]): boolean {
    const { rules, quorums } = this.#core;
    if (change.reach === 'everywhere') return quorums.members.every((member) => acceptedBy.includes(member));
    return rules.isQuorum(quorums, 'write', acceptedBy);
  }

  #changed(change: Change<Value>, { ballot, age, held, result, next }: Phase<Value, 'accepting'>): void {
    const { id, key, kind } = change;
    if (next !== undefined) this.#ready.add({ key, accepted: { ballot, value: held }, next, age });
    this.#core.out.push(
      kind === 'read' ? { kind: 'value', id, value: result.value } : { kind: 'changed', id, ...result },
    );
    this.#end(change);
  }

  rejected(from: NodeId, { key, ballot, why, promised }: Answer<Value, 'rejected'>): void {
    this.#core.saw(promised.round);
    const change = this.#underWay.get(key);
    if (change === undefined) return;
    const { phase } = change;
    if ((phase.kind !== 'preparing' && phase.kind !== 'accepting') || !sameBallot(phase.ballot, ballot)) return;
    const refusedBy = change.refusedBy.includes(from) ? change.refusedBy : [...change.refusedBy, from];
    const { quorums } = this.#core;
    const kind = phase.kind === 'preparing' ? 'read' : 'write';
    // One who refuses does not matter while the others suffice: whoever outbid us may be gone.
    const suffices = quorums.isQuorum(kind, (member) => !refusedBy.includes(member));
    if (suffices && change.reach === 'quorum') this.#set({ ...change, refusedBy });
    else this.#yield(change, why);
  }

  #yield(change: Change<Value>, why: RegisterRefusal): void {
    const failures = change.failures + 1;
    if (why === 'full') return this.#fail(change, 'full');
    if (failures >= this.#core.attemptsMax) return this.#fail(change, 'contended');
    const delayMs = this.#core.backOffMs(failures, change.delayMs);
    const dueAt = this.#core.after(delayMs);
    this.#set({ ...change, phase: { kind: 'backing-off' }, refusedBy: [], failures, delayMs, dueAt });
  }

  tick(): void {
    for (const key of this.#timetable.takeDue(this.#core.now)) this.#due(this.#underWay.get(key)!);
  }

  #due(change: Change<Value>): void {
    if (this.#core.now >= change.giveUpAt) return this.#fail(change, 'timed-out');
    // The rest would have answered by now: only a higher ballot helps.
    if (change.refusedBy.length > 0) return this.#yield(change, 'outbid');
    const { phase } = change;
    if (phase.kind === 'preparing' || phase.kind === 'accepting') this.#ask(change, phase);
    else this.#prepare(change);
  }

  /** The registers are about to be erased: what was proposed for them may be among what is forgotten. */
  outdated(keys: readonly string[]): void {
    // Promised ballots go with the age at which they were promised.
    for (const key of keys) {
      const change = this.#underWay.get(key);
      if (change === undefined) continue;
      if (this.#core.rules.outlivesErasure(change.proposals.length)) this.#restart(change);
      else this.#fail(change, 'deleted');
    }
  }

  configured(): void {
    this.#ready.clear();
    for (const change of [...this.#underWay.values()]) this.#restart(change);
  }

  #restart(change: Change<Value>): void {
    if (change.phase.kind !== 'backing-off') this.#prepare(change);
  }

  /** Asks whoever has not answered under the ballot under way, and will again. */
  #ask(change: Change<Value>, phase: Phase<Value, 'preparing' | 'accepting'>): void {
    const { key, reach } = change;
    const core = this.#core;
    this.#set({ ...change, phase, dueAt: core.after(core.resendMs) });
    const { ballot, age } = phase;
    const [members, answered, message]: [readonly NodeId[], readonly NodeId[], RegisterRequest<Value>] =
      phase.kind === 'preparing'
        ? [
            core.configuration.prepare.acceptors,
            phase.promises.map(({ from }) => from),
            { kind: 'prepare', key, ballot, age },
          ]
        : [
            core.configuration.accept.acceptors,
            phase.acceptedBy,
            { kind: 'accept', key, ballot, age, held: phase.held, next: phase.next },
          ];
    for (const to of reach === 'everywhere' ? core.quorums.members : members)
      if (!answered.includes(to)) core.send(to, message);
  }

  #fail(change: Change<Value>, reason: RegisterFailure): void {
    const outcome = change.proposals.length === 0 ? 'not-applied' : 'unknown';
    this.#core.out.push({ kind: 'failed', id: change.id, reason, outcome });
    this.#end(change);
  }

  #end({ key }: Change<Value>): void {
    this.#underWay.delete(key);
    this.#timetable.clear(key);
    const waiting = this.#waiting.get(key);
    const next = waiting?.shift();
    if (next === undefined) return;
    if (waiting!.length === 0) this.#waiting.delete(key);
    this.#waitingCount -= 1;
    this.#begin(next);
  }

  #set(change: Change<Value>): void {
    const { key, dueAt, giveUpAt } = change;
    this.#underWay.set(key, change);
    this.#timetable.set(key, Instant.of(Math.min(dueAt, giveUpAt)));
  }
}
