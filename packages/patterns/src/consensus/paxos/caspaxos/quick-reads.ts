/**
 * Reads that leave no trace: acceptors are asked what they hold, without a promise. If a phase-1 quorum has answered and a phase-2 quorum holds the
 * highest ballot that was told, that value is chosen, and nothing newer was chosen before the read began. Otherwise somebody is changing the
 * register, and the read becomes an identity change. Skrzypzcak, Schintke, Schütt, "RMWPaxos", IEEE TPDS 2020, calls such answers a
 * consistent quorum.
 */
import { Instant } from '../../../base/index.ts';
import { type Accepted, type NodeId, sameBallot } from '../ballot.ts';
import type { Changes } from './changes.ts';
import type { Held } from './held.ts';
import type { RegisterAnswer } from './messages.ts';
import type { ProposerCore } from './proposer-core.ts';
import type { Promised, Query } from './register-types.ts';
import { Timetable } from './timetable.ts';

export class QuickReads<Value> {
  readonly #core: ProposerCore<Value>;
  readonly #changes: Changes<Value>;
  /** By id. Bounded, together with changes, by `changesMax`. */
  readonly #queries = new Map<number, Query<Value>>();
  readonly #timetable = new Timetable<number>();

  constructor(core: ProposerCore<Value>, changes: Changes<Value>) {
    this.#core = core;
    this.#changes = changes;
  }

  restore(queries: readonly Query<Value>[]): void {
    for (const query of queries) this.#set(query);
  }

  get size(): number {
    return this.#queries.size;
  }

  get deadline(): Instant | undefined {
    return this.#timetable.deadline;
  }

  get all(): Iterable<Query<Value>> {
    return this.#queries.values();
  }

  begin(id: number, key: string): void {
    const core = this.#core;
    this.#ask({ id, key, answers: [], dueAt: core.now, giveUpAt: core.after(core.changeMs) });
  }

  answered(from: NodeId, { id, key, accepted }: Extract<RegisterAnswer<Value>, { readonly kind: 'queried' }>): void {
    const query = this.#queries.get(id);
    if (query?.key !== key || query.answers.some((answer) => answer.from === from)) return;
    const answers = [...query.answers, { from, accepted }];
    const { rules, quorums } = this.#core;
    const answeredBy = answers.map((answer) => answer.from);
    if (!rules.isQuorum(quorums, 'read', answeredBy)) return this.#set({ ...query, answers });
    const highest = rules.binding(
      answers.flatMap((answer) => (answer.accepted === undefined ? [] : [answer.accepted])),
    );
    // Nobody holds anything: nothing was ever chosen, or it is erased.
    if (highest === undefined) return this.#found(query, undefined);
    const holders = holdersOf(highest, answers);
    if (rules.mayTell(quorums, holders)) return this.#found(query, highest.value.value);
    const couldYet = quorums.isQuorum('write', (member) => holders.includes(member) || !answeredBy.includes(member));
    if (couldYet) this.#set({ ...query, answers });
    else this.#fallBack(query);
  }

  tick(): void {
    const core = this.#core;
    for (const id of this.#timetable.takeDue(core.now)) {
      const query = this.#queries.get(id)!;
      if (core.now >= query.giveUpAt) {
        this.#end(id);
        core.out.push({ kind: 'failed', id, reason: 'timed-out', outcome: 'not-applied' });
      } else if (
        core.rules.isQuorum(
          core.quorums,
          'read',
          query.answers.map(({ from }) => from),
        )
      )
        this.#fallBack(query);
      else this.#ask(query);
    }
  }

  /** The registers are about to be erased. */
  outdated(keys: readonly string[]): void {
    if (this.#core.rules.readOutlivesErasure()) return;
    for (const query of [...this.#queries.values()]) if (keys.includes(query.key)) this.#fallBack(query);
  }

  configured(): void {
    for (const query of [...this.#queries.values()]) this.#fallBack(query);
  }

  #ask(query: Query<Value>): void {
    const { id, key, answers } = query;
    const core = this.#core;
    this.#set({ ...query, dueAt: core.after(core.resendMs) });
    for (const to of core.quorums.members)
      if (!answers.some(({ from }) => from === to)) core.send(to, { kind: 'query', key, id });
  }

  #found({ id }: Query<Value>, value: Value | undefined): void {
    this.#end(id);
    this.#core.out.push({ kind: 'value', id, value });
  }

  #fallBack({ id, key, giveUpAt }: Query<Value>): void {
    this.#end(id);
    this.#changes.want({ id, key, kind: 'read', reach: 'quorum', giveUpAt });
  }

  #end(id: number): void {
    this.#queries.delete(id);
    this.#timetable.clear(id);
  }

  #set(query: Query<Value>): void {
    const { id, dueAt, giveUpAt } = query;
    this.#queries.set(id, query);
    this.#timetable.set(id, Instant.of(Math.min(dueAt, giveUpAt)));
  }
}

function holdersOf<Value>(highest: Accepted<Held<Value>>, answers: readonly Promised<Value>[]): NodeId[] {
  return answers
    .filter(({ accepted }) => accepted !== undefined && sameBallot(accepted.ballot, highest.ballot))
    .map(({ from }) => from);
}
