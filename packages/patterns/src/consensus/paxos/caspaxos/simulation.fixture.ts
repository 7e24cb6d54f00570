/**
 * Whole clusters of registers in virtual time, from a seed: messages are lost, doubled and late, writes take their time, nodes crash and come back with
 * what was durable, acceptors come and go, tombstones are collected; then all faults end, and everything must come to an end. Each register's
 * history is then given to the dumb oracle of linearizability.
 */
import { Instant } from '../../../base/index.ts';
import { EventQueue } from '../../raft/event-queue.fixture.ts';
import { SeededRandom } from '../../raft/random.fixture.ts';
import { NodeId } from '../ballot.ts';
import type { SendEffect } from '../send-effect.ts';
import { SlowDisk } from '../slow-disk.fixture.ts';
import { majorityConfiguration, type RegisterConfiguration } from './configuration.ts';
import { collectionOf, GarbageCollection, type GarbageCollectionEffect } from './garbage-collection.ts';
import { apply, type Ended, linearization, type Operation } from './history.fixture.ts';
import { growthSteps, MembershipChange, type MembershipChangeEffect, shrinkSteps } from './membership-change.ts';
import type { Tombstone } from './messages.ts';
import { RegisterAcceptor, type RegisterAcceptorEffect, type RegisterRecord } from './register-acceptor.ts';
import { newRegisterProposer, RegisterProposer, restartedRegisterProposer } from './register-proposer.ts';
import { RegisterRules } from './register-rules.ts';
import type { RegisterProposerEffect, RegisterProposerInput, RegisterProposerRecord } from './register-types.ts';

const KEYS = ['x', 'y'] as const;
const FIRST_ACCEPTOR = 11;
const COLLECTOR = NodeId.of(50);
const OPERATOR = NodeId.of(60);
const CALM_MS = 60_000;

export interface Story {
  readonly seed: number;
  readonly operations?: number;
  readonly rules?: Partial<RegisterRules>;
}

export interface Told {
  readonly ended: number;
  readonly unknown: number;
  readonly collected: number;
  readonly erased: number;
  readonly configurations: number;
  readonly crashes: number;
}

/** What all nodes have in common. */
interface Node {
  readonly id: NodeId;
  readonly disk: SlowDisk;
  isUp: boolean;
  /** Counts lives, so that what was begun in one does not end in another. */
  life: number;
}

interface ProposerNode extends Node {
  start(): RegisterProposer<string>;
  kernel: RegisterProposer<string>;
  record: RegisterProposerRecord;
}

interface AcceptorNode extends Node {
  start(): RegisterAcceptor<string>;
  kernel: RegisterAcceptor<string>;
  readonly records: Map<string, RegisterRecord<string>>;
  readonly ages: Map<NodeId, number>;
}

interface Call {
  readonly op: string;
  readonly key: string;
  readonly operation: Operation;
  readonly began: number;
  ended: number;
  result: Ended['result'] | 'unknown';
}

/** Tells a story and returns what was in it. Throws when a history cannot be explained, or something never ends. */
export function tell(story: Story): Told {
  return new Cluster(story).run();
}

class Cluster {
  readonly #random: SeededRandom;
  readonly #events = new EventQueue();
  readonly #rules: RegisterRules;
  readonly #proposers: readonly ProposerNode[];
  readonly #acceptors: AcceptorNode[] = [];
  readonly #calls: Call[] = [];
  readonly #answers = new Map<number, (effect: RegisterProposerEffect<string>) => void>();
  readonly #operations = new Map<number, Operation>();
  readonly #tombstones: Tombstone[] = [];
  readonly #told = { ended: 0, unknown: 0, collected: 0, erased: 0, configurations: 0, crashes: 0 };
  readonly #wanted: number;
  #configuration: RegisterConfiguration;
  #collection: GarbageCollection | undefined;
  #change: MembershipChange | undefined;
  #now = 0;
  #isCalm = false;
  #lastId = 0;

  constructor({ seed, rules, operations = 40 }: Story) {
    this.#random = new SeededRandom(seed);
    this.#wanted = operations;
    this.#rules = Object.assign(new RegisterRules(), rules);
    for (let at = 0; at < 3; at++) this.#acceptors.push(this.#newAcceptor());
    this.#configuration = majorityConfiguration(
      1,
      this.#acceptors.map(({ id }) => id),
    );
    this.#proposers = [1, 2, 3].map((id) => this.#newProposer(NodeId.of(id)));
  }

  run(): Told {
    for (const proposer of this.#proposers) this.#work(proposer);
    for (let at = 0; at < 8; at++) this.#at(this.#random.below(8_000), () => this.#fault());
    this.#administer();
    this.#play(8_000);
    this.#calm();
    this.#play(8_000 + CALM_MS);
    this.#check();
    return this.#told;
  }

  // Time and network.

  #at(ms: number, run: () => void): void {
    this.#events.add(this.#now + ms, run);
  }

  #play(until: number): void {
    for (let event = this.#events.takeUntil(until); event !== undefined; event = this.#events.takeUntil(until)) {
      this.#now = event.at;
      event.run();
    }
    this.#now = until;
  }

  #deliver(from: NodeId, to: NodeId, message: object): void {
    const copies = this.#isCalm ? 1 : this.#random.chance(0.1) ? 0 : this.#random.chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = !this.#isCalm && this.#random.chance(0.05) ? this.#random.below(1_500) : 0;
      this.#at(1 + this.#random.below(10) + late, () => this.#arrive(from, to, message));
    }
  }

  #arrive(from: NodeId, to: NodeId, message: object): void {
    const input = { kind: 'message', from, message } as never;
    const acceptor = this.#acceptors.find(({ id }) => id === to);
    const proposer = this.#proposers.find(({ id }) => id === to);
    if (acceptor?.isUp === true) this.#stepAcceptor(acceptor, input);
    else if (proposer?.isUp === true) this.#stepProposer(proposer, input);
    else if (to === COLLECTOR) this.#stepCollector(input);
    else if (to === OPERATOR) this.#stepOperator(input);
  }

  // Nodes.

  #newAcceptor(): AcceptorNode {
    const id = NodeId.of(FIRST_ACCEPTOR + this.#acceptors.length);
    const records = new Map<string, RegisterRecord<string>>();
    const ages = new Map<NodeId, number>();
    const start = (): RegisterAcceptor<string> => new RegisterAcceptor<string>({}, { records, ages }, this.#rules);
    return { id, isUp: true, life: 0, disk: this.#newDisk(), records, ages, start, kernel: start() };
  }

  #newProposer(self: NodeId): ProposerNode {
    const random = (): number => this.#random.uint32() / 2 ** 32;
    const options = { self, random, resendMs: 60, changeMs: 3_000, roundsPerWrite: 5, readyMax: 1 };
    const node = {
      id: self,
      isUp: true,
      life: 0,
      disk: this.#newDisk(),
      record: newRegisterProposer(this.#configuration),
    };
    const start = (): RegisterProposer<string> =>
      new RegisterProposer<string>(options, restartedRegisterProposer(made.record), this.#rules);
    const made: ProposerNode = Object.assign(node, { start, kernel: undefined as never });
    made.kernel = start();
    return made;
  }

  #newDisk(): SlowDisk {
    return new SlowDisk((run) => this.#at(1 + this.#random.below(this.#isCalm ? 3 : 15), run));
  }

  #crash(node: AcceptorNode | ProposerNode): void {
    if (!node.isUp) return;
    this.#told.crashes += 1;
    node.isUp = false;
    node.life += 1;
    node.disk.crash();
    this.#at(this.#random.below(1_000), () => this.#restart(node));
  }

  #restart(node: AcceptorNode | ProposerNode): void {
    if (node.isUp) return;
    node.isUp = true;
    (node as { kernel: unknown }).kernel = node.start();
  }

  #stepAcceptor(node: AcceptorNode, input: Parameters<RegisterAcceptor<string>['step']>[0]): void {
    const out: RegisterAcceptorEffect<string>[] = [];
    node.kernel.step(input, Instant.of(this.#now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#send(node, effect);
      else node.disk.persist(effect.ticket, () => this.#writeRecord(node, effect.write));
    }
  }

  #writeRecord(
    node: AcceptorNode,
    write: Extract<RegisterAcceptorEffect<string>, { readonly kind: 'persist' }>['write'],
  ): void {
    if (write.kind === 'record') node.records.set(write.key, write.record);
    if (write.kind === 'erase') for (const key of write.keys) node.records.delete(key);
    if (write.kind === 'ages') for (const [proposer, age] of write.ages) node.ages.set(proposer, age);
  }

  #send(node: Node, { to, message, after }: SendEffect<object>): void {
    node.disk.send(after, () => this.#deliver(node.id, to, message));
  }

  #stepProposer(node: ProposerNode, input: RegisterProposerInput<string>): void {
    const out: RegisterProposerEffect<string>[] = [];
    node.kernel.step(input, Instant.of(this.#now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#send(node, effect);
      else if (effect.kind === 'persist')
        node.disk.persist(effect.ticket, () => {
          node.record = effect.record;
        });
      else if (effect.kind === 'apply') {
        const next = apply(this.#operations.get(effect.id)!, effect.current);
        this.#stepProposer(node, { kind: 'applied', id: effect.id, key: effect.key, round: effect.round, next });
      } else this.#answers.get(effect.id)?.(effect);
    }
    this.#arm(node);
  }

  #arm(node: ProposerNode): void {
    const { deadline } = node.kernel;
    if (deadline === undefined) return;
    const { life } = node;
    this.#events.add(Math.max(deadline, this.#now), () => {
      if (node.life === life && node.isUp && node.kernel.deadline !== undefined && node.kernel.deadline <= this.#now)
        this.#stepProposer(node, { kind: 'tick' });
    });
  }

  // Clients: one at each proposer, one call after the other.

  #work(proposer: ProposerNode): void {
    if (this.#calls.length >= this.#wanted) return;
    const again = (): void => this.#at(this.#random.below(this.#isCalm ? 20 : 300), () => this.#work(proposer));
    if (!proposer.isUp) return again();
    const key = this.#random.pick(KEYS);
    const op = `${this.#calls.length + 1}`;
    const kind = this.#random.below(10);
    const operation: Operation =
      kind < 5 ? { kind: 'append', token: `${op}.` } : kind < 7 ? { kind: 'delete' } : { kind: 'read' };
    const call: Call = { op, key, operation, began: this.#now, ended: Number.POSITIVE_INFINITY, result: 'unknown' };
    this.#calls.push(call);
    const { life } = proposer;
    const id = this.#ask(
      proposer,
      { kind: operation.kind === 'read' ? 'read' : 'change', key },
      operation,
      (effect) => {
        call.ended = this.#now;
        if (effect.kind === 'failed') call.result = effect.outcome;
        else if (effect.kind === 'changed' || effect.kind === 'value') call.result = { value: effect.value };
        if (effect.kind === 'changed' && effect.value === undefined)
          this.#tombstones.push({ key, ballot: effect.ballot });
        again();
      },
    );
    // A client whose proposer crashed does not know; it goes on with the next.
    this.#at(5_000, () => {
      if (!this.#answers.delete(id)) return;
      if (proposer.life === life) throw new Error(`operation ${op} on ${key} never ended`);
      again();
    });
  }

  #ask(
    proposer: ProposerNode,
    what:
      | { readonly kind: 'change' | 'read'; readonly key: string }
      | { readonly kind: 'identity'; readonly key: string; readonly reach: 'quorum' | 'everywhere' },
    operation: Operation | undefined,
    answer: (effect: RegisterProposerEffect<string>) => void,
  ): number {
    this.#lastId += 1;
    const id = this.#lastId;
    if (operation !== undefined) this.#operations.set(id, operation);
    this.#answers.set(id, (effect) => {
      this.#answers.delete(id);
      answer(effect);
    });
    this.#stepProposer(proposer, { id, ...what } as RegisterProposerInput<string>);
    return id;
  }

  // Administration: one thing at a time.

  #administer(): void {
    this.#at(this.#random.below(600), () => {
      if (this.#collection === undefined && this.#change === undefined) {
        if (this.#tombstones.length > 0 && this.#random.chance(0.7)) this.#collect();
        else if (!this.#isCalm && this.#random.chance(0.6)) this.#reconfigure();
      }
      if (!this.#isCalm || this.#calls.length < this.#wanted || this.#tombstones.length > 0) this.#administer();
    });
  }

  #collect(): void {
    const proposers = this.#proposers.map(({ id }) => id);
    const acceptors = this.#configuration.prepare.acceptors;
    const latest = new Map(this.#tombstones.splice(0).map((tombstone) => [tombstone.key, tombstone]));
    this.#collection = new GarbageCollection(
      { proposers, acceptors, resendMs: 150 },
      collectionOf([...latest.values()]),
    );
    this.#stepCollector({ kind: 'start' });
  }

  #stepCollector(input: Parameters<GarbageCollection['step']>[0]): void {
    const collection = this.#collection;
    if (collection === undefined) return;
    const out: GarbageCollectionEffect[] = [];
    collection.step(input, Instant.of(this.#now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#deliver(COLLECTOR, effect.to, effect.message);
      else if (effect.kind === 'sweep') this.#sweep(effect.key);
      else {
        this.#told.collected += 1;
        this.#told.erased += effect.erased.length;
        this.#collection = undefined;
      }
    }
    const { deadline } = collection;
    if (deadline !== undefined)
      this.#events.add(
        Math.max(deadline, this.#now),
        () => this.#collection === collection && this.#stepCollector({ kind: 'tick' }),
      );
  }

  #sweep(key: string): void {
    const proposer = this.#random.pick(this.#proposers);
    const swept = (effect?: RegisterProposerEffect<string>): void => {
      const ballot = effect?.kind === 'changed' && effect.value === undefined ? effect.ballot : undefined;
      this.#stepCollector({ kind: 'swept', key, ballot });
    };
    if (!proposer.isUp) return swept();
    const id = this.#ask(proposer, { kind: 'identity', key, reach: 'everywhere' }, undefined, swept);
    this.#at(5_000, () => this.#answers.delete(id) && swept());
  }

  #reconfigure(): void {
    const { acceptors } = this.#configuration.prepare;
    const grows = acceptors.length <= 2 || (acceptors.length < 5 && this.#random.chance(0.5));
    let steps = shrinkSteps(this.#configuration, this.#random.pick(acceptors));
    if (grows) {
      const added = this.#newAcceptor();
      this.#acceptors.push(added);
      steps = growthSteps(this.#configuration, added.id);
    }
    for (const step of steps) if (step.kind === 'configure') this.#configuration = step.configuration;
    this.#change = new MembershipChange({ proposers: this.#proposers.map(({ id }) => id), resendMs: 150 }, steps);
    this.#stepOperator({ kind: 'start' });
  }

  #stepOperator(input: Parameters<MembershipChange['step']>[0]): void {
    const change = this.#change;
    if (change === undefined) return;
    const out: MembershipChangeEffect[] = [];
    change.step(input, Instant.of(this.#now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#deliver(OPERATOR, effect.to, effect.message);
      else if (effect.kind === 'rescan') this.#rescan([...KEYS]);
      else {
        this.#told.configurations += 1;
        this.#change = undefined;
      }
    }
    const { deadline } = change;
    if (deadline !== undefined)
      this.#events.add(
        Math.max(deadline, this.#now),
        () => this.#change === change && this.#stepOperator({ kind: 'tick' }),
      );
  }

  /** Every register, one after the other, as often as it takes. */
  #rescan(keys: readonly string[]): void {
    const [key, ...rest] = keys;
    if (key === undefined) return this.#stepOperator({ kind: 'rescanned' });
    const proposer = this.#random.pick(this.#proposers);
    const again = (): void => this.#at(50, () => this.#rescan(keys));
    if (!proposer.isUp) return again();
    const id = this.#ask(proposer, { kind: 'identity', key, reach: 'quorum' }, undefined, (effect) =>
      effect.kind === 'changed' ? this.#rescan(rest) : again(),
    );
    this.#at(5_000, () => this.#answers.delete(id) && again());
  }

  // Faults, their end, and what must hold then.

  #fault(): void {
    const acceptor = this.#random.pick(this.#acceptors);
    this.#crash(this.#random.chance(0.6) ? acceptor : this.#random.pick(this.#proposers));
  }

  #calm(): void {
    this.#isCalm = true;
    for (const node of [...this.#acceptors, ...this.#proposers]) this.#restart(node);
  }

  #check(): void {
    if (this.#collection !== undefined) throw new Error('a collection never ended');
    if (this.#change !== undefined) throw new Error('a change of acceptors never ended');
    if (this.#calls.length < this.#wanted) throw new Error(`only ${this.#calls.length} operations were begun`);
    for (const key of KEYS) {
      const calls = this.#calls.filter((call) => call.key === key);
      const history = calls.map(({ op, operation, began, result }): Ended => {
        const after = calls.filter(({ ended }) => ended < began).map((call) => call.op);
        return result === 'unknown'
          ? { op, operation, after }
          : { op, operation, after, ...(result !== undefined && { result }) };
      });
      this.#told.ended += history.filter(({ result }) => typeof result === 'object').length;
      this.#told.unknown += history.filter(({ result }) => result === undefined).length;
      if (linearization(history) === undefined)
        throw new Error(`register ${key} is not linearizable:\n${written(calls)}`);
    }
  }
}

function written(calls: readonly Call[]): string {
  return calls
    .map(
      ({ op, operation, began, ended, result }) =>
        `${began}..${ended} ${op} ${operation.kind}: ${JSON.stringify(result)}`,
    )
    .join('\n');
}
