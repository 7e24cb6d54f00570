/**
 * All that can happen to one transaction of a coordinator and two participants. Messages are never taken out of the network, so each may come late, many
 * times, in any order or never; each node may crash at any time, with any part of what it had not forced. Time is left out of the states: a tick is
 * always late for everything. So there are finitely many, and all are visited.
 *
 * A node's state is a number, and what an input does to it is computed once: by a kernel that is fed its inputs since its last start.
 */
import { Instant } from '../base/index.ts';
import type { CommitCoordinatorInput, CommitParticipantInput } from './index.ts';
import { CommitCoordinator, CommitParticipant } from './index.ts';

export interface ShownEffect {
  readonly kind: string;
  readonly ticket?: number;
  readonly forced?: boolean;
  readonly record?: unknown;
  readonly to?: string;
  readonly message?: unknown;
  readonly outcome?: string;
}
/** A kernel, seen without its types, and without time. */
export interface Station {
  step(input: unknown, now: Instant, out: ShownEffect[]): void;
  /** All that its behaviour depends on. */
  shown(): unknown;
  /** Undefined: not known, or ended. */
  readonly phase: string | undefined;
}
export type MakeStation = (name: string) => Station;

const T = 't';
const names = ['c', 'p1', 'p2'] as const;

export const soundStations: MakeStation = (name) => {
  if (name === 'c') {
    const kernel = new CommitCoordinator({ votesMs: 1e12, retryMs: 1 });
    return {
      get phase() {
        return kernel.transactions.get(T)?.phase;
      },
      step: (input, now, out) => kernel.step(input as CommitCoordinatorInput, now, out as never),
      shown: () => {
        const state = kernel.transactions.get(T);
        if (state?.phase === 'collecting') return [state.phase, [...state.votes].sort()];
        return state?.phase === 'committed' ? [state.phase, [...state.waitsFor].sort()] : [state?.phase];
      },
    };
  }
  const kernel = new CommitParticipant<string>({ self: name, activeMs: 1, inquiryMs: 1 });
  return {
    get phase() {
      return kernel.transactions.get(T)?.phase;
    },
    step: (input, now, out) => kernel.step(input as CommitParticipantInput<string>, now, out as never),
    shown: () => [kernel.transactions.get(T), kernel.ended(T)],
  };
};

interface NodeState {
  readonly inputs: readonly unknown[];
  readonly durable: readonly unknown[];
  readonly tail: readonly { readonly forced: boolean; readonly ticket: number; readonly record: unknown }[];
  readonly isAsked: boolean;
  /** What the application or the resource was told, or found out, ever. */
  readonly told: string;
  /** What it voted, ever. */
  readonly voted: string;
  readonly phase: string | undefined;
}

interface Led {
  readonly to: number;
  readonly sent: number;
}

/** `crash 1`: one record of the tail survives; `vote yes`: what the resource answers; a number: that message arrives. */
type Move = string | number;

export class Exploration {
  readonly #make: MakeStation;
  readonly #messages: string[] = [];
  readonly #ids = new Map<string, number>();
  /** By node: the messages that are for it. */
  readonly #inbox = [0, 0, 0];
  readonly #states: NodeState[][] = [[], [], []];
  readonly #numbers: Map<string, number>[] = [new Map(), new Map(), new Map()];
  /** By node and state: what each move leads to. */
  readonly #led: Map<Move, Led>[][] = [[], [], []];
  readonly #movesOf: Move[][][] = [[], [], []];
  readonly #votes: readonly string[];

  constructor(votes: readonly string[], make: MakeStation = soundStations) {
    this.#votes = votes;
    this.#make = make;
  }

  get messages(): readonly string[] {
    return this.#messages;
  }

  node(node: number, state: number): NodeState {
    return this.#states[node]![state]!;
  }

  /** The first state of all: both participants work, and the coordinator has just been asked to commit. */
  start(): number[] {
    let sent = 0;
    const nodes = names.map((name, node) => {
      const blank: NodeState = { inputs: [], durable: [], tail: [], isAsked: false, told: '', voted: '', phase: '' };
      const first =
        name === 'c'
          ? { kind: 'commit', transaction: T, participants: ['p1', 'p2'], hasUpdates: false }
          : { kind: 'enlist', transaction: T, coordinator: 'c' };
      const begun = this.#feed(node, blank, { kind: 'recover', records: [] });
      const state = this.#feed(node, begun.state, first);
      sent |= state.sent;
      return this.#intern(node, state.state);
    });
    return [...nodes, sent];
  }

  /** What can happen at a node in this state, messages aside. */
  movesOf(node: number, state: number): readonly Move[] {
    return this.#movesOf[node]![state]!;
  }

  /** 1: commit, 2: abort, 3: both. */
  toldMask(node: number, state: number): number {
    const { told } = this.node(node, state);
    return (told.includes('commit') ? 1 : 0) | (told.includes('abort') ? 2 : 0);
  }

  #listMoves({ tail, isAsked }: NodeState): Move[] {
    const moves: Move[] = ['tick', 'abort'];
    for (let survive = 0; survive <= tail.length; survive++) moves.push(`crash ${survive}`);
    if (tail.length > 0) moves.push('sync');
    if (isAsked) for (const vote of this.#votes) moves.push(`vote ${vote}`);
    return moves;
  }

  /** The messages of the set `sent` that are for this node. */
  arrivals(node: number, sent: number): number[] {
    const ids: number[] = [];
    for (let rest = sent & this.#inbox[node]!; rest !== 0; rest &= rest - 1) ids.push(31 - Math.clz32(rest & -rest));
    return ids;
  }

  move(node: number, state: number, move: Move): Led {
    const known = this.#led[node]![state]!.get(move);
    if (known !== undefined) return known;
    const made = this.#makeMove(node, this.node(node, state), move);
    const found = { to: this.#intern(node, made.state), sent: made.sent };
    this.#led[node]![state]!.set(move, found);
    return found;
  }

  #makeMove(node: number, state: NodeState, move: Move): { state: NodeState; sent: number } {
    if (typeof move === 'number') {
      const [from, , json] = split(this.#messages[move]!);
      return this.#feed(node, state, { kind: 'message', from, message: JSON.parse(json) });
    }
    const [kind, argument] = move.split(' ') as [string, string];
    if (kind === 'crash') {
      const durable = [...state.durable, ...state.tail.slice(0, Number(argument)).map(({ record }) => record)];
      // What was neither prepared nor read-only is undone by the crash: as good as an abort.
      const isLost = node > 0 && durable.length === 0 && state.voted !== 'read-only';
      const told = isLost ? both(state.told, 'abort') : state.told;
      const dead: NodeState = { ...state, inputs: [], durable, tail: [], isAsked: false, told };
      return this.#feed(node, dead, { kind: 'recover', records: durable });
    }
    if (kind === 'sync') {
      const durable = [...state.durable, ...state.tail.map(({ record }) => record)];
      const ticket = Math.max(...state.tail.map((each) => each.ticket));
      return this.#feed(node, { ...state, durable, tail: [] }, { kind: 'recorded', ticket });
    }
    if (kind === 'vote') {
      const voted = { ...state, isAsked: false, voted: argument };
      return this.#feed(node, voted, { kind: 'voted', transaction: T, vote: argument, work: 'w' });
    }
    if (kind === 'abort') return this.#feed(node, state, { kind: 'abort', transaction: T, participants: ['p1', 'p2'] });
    return this.#feed(node, state, { kind: 'tick' });
  }

  #feed(node: number, state: NodeState, input: unknown): { state: NodeState; sent: number } {
    const inputs = [...state.inputs, input];
    const station = this.#make(names[node]!);
    const out: ShownEffect[] = [];
    for (const [i, each] of inputs.entries()) {
      out.length = 0;
      station.step(each, Instant.of(i * 1e6), out);
    }
    let { tail, isAsked, told } = state;
    let sent = 0;
    for (const effect of out) {
      if (effect.kind === 'record')
        tail = [...tail, { forced: effect.forced!, ticket: effect.ticket!, record: effect.record }];
      else if (effect.kind === 'presume')
        sent |= 1 << this.#idOf(`c ${effect.to} ${JSON.stringify({ kind: 'abort', transaction: T })}`);
      else if (effect.kind === 'send')
        sent |= 1 << this.#idOf(`${names[node]} ${effect.to} ${JSON.stringify(effect.message)}`);
      else if (effect.kind === 'prepare') isAsked = true;
      else if (effect.kind === 'outcome') told = both(told, effect.outcome!);
      else if (effect.kind === 'commit' || effect.kind === 'abort') {
        told = both(told, effect.kind);
        isAsked = false;
      }
    }
    return { state: { ...state, inputs, tail, isAsked, told, phase: station.phase }, sent };
  }

  #idOf(message: string): number {
    let id = this.#ids.get(message);
    if (id === undefined) {
      id = this.#messages.push(message) - 1;
      if (id > 30) throw new Error('more than 31 messages do not fit into a set of bits');
      this.#ids.set(message, id);
      this.#inbox[names.indexOf(split(message)[1] as 'c')]! |= 1 << id;
    }
    return id;
  }

  #intern(node: number, state: NodeState): number {
    const station = this.#make(names[node]!);
    for (const [i, each] of state.inputs.entries()) station.step(each, Instant.of(i * 1e6), []);
    const { durable, isAsked, told, voted } = state;
    const tail = state.tail.map(({ forced, record }) => ({ forced, record }));
    const shown = JSON.stringify([station.shown(), durable, tail, isAsked, told, voted]);
    const numbers = this.#numbers[node]!;
    let number = numbers.get(shown);
    if (number === undefined) {
      number = this.#states[node]!.push(state) - 1;
      this.#led[node]!.push(new Map());
      this.#movesOf[node]!.push(this.#listMoves(state));
      numbers.set(shown, number);
    }
    return number;
  }
}

function split(message: string): [string, string, string] {
  const first = message.indexOf(' ');
  const second = message.indexOf(' ', first + 1);
  return [message.slice(0, first), message.slice(first + 1, second), message.slice(second + 1)];
}

function both(told: string, more: string): string {
  return told === '' || told === more ? more : 'commit and abort';
}

export interface Report {
  readonly states: number;
  /** What led to the first state in which not all were told the same. */
  readonly violation: readonly string[] | undefined;
}

/** Visits every state, breadth first. `visit` sees each once. */
export function explore(
  exploration: Exploration,
  statesMax: number,
  visit: (here: readonly number[]) => void = () => {},
): Report {
  const queue: number[][] = [exploration.start()];
  const from: number[] = [-1];
  const by: Move[] = ['start'];
  const seen = new Map<number, Set<number>>();
  isNew(seen, queue[0]!);
  for (let at = 0; at < queue.length; at++) {
    const here = queue[at]!;
    visit(here);
    if (isMixed(exploration, here)) return { states: at + 1, violation: path(exploration, from, by, at) };
    for (let node = 0; node < 3; node++) {
      const moves = exploration.movesOf(node, here[node]!);
      for (const move of [...moves, ...exploration.arrivals(node, here[3]!)]) {
        const { to, sent } = exploration.move(node, here[node]!, move);
        if (to === here[node] && (here[3]! | sent) === here[3]) continue;
        const there = here.slice();
        there[node] = to;
        there[3] = here[3]! | sent;
        if (!isNew(seen, there)) continue;
        if (queue.length >= statesMax) throw new Error(`more than ${statesMax} states`);
        queue.push(there);
        from.push(at);
        by.push(typeof move === 'number' ? move : `${names[node]} ${move}`);
      }
    }
  }
  return { states: queue.length, violation: undefined };
}

function isNew(seen: Map<number, Set<number>>, here: readonly number[]): boolean {
  const nodes = (here[0]! * 4096 + here[1]!) * 4096 + here[2]!;
  let same = seen.get(here[3]!);
  if (same === undefined) {
    same = new Set();
    seen.set(here[3]!, same);
  }
  if (same.has(nodes)) return false;
  same.add(nodes);
  return true;
}

/** Was anybody told commit, and anybody abort? */
export function isMixed(exploration: Exploration, here: readonly number[]): boolean {
  let mask = 0;
  for (let node = 0; node < 3; node++) mask |= exploration.toldMask(node, here[node]!);
  return mask === 3;
}

function path(exploration: Exploration, from: readonly number[], by: readonly Move[], to: number): string[] {
  const moves: string[] = [];
  for (let at = to; at >= 0; at = from[at]!) {
    const move = by[at]!;
    moves.push(typeof move === 'number' ? exploration.messages[move]! : move);
  }
  return moves.reverse();
}

/**
 * From here on nothing is lost any more and nobody crashes, but what was on its way is gone, and who is not `alive` stays away. Returns the state in which
 * everything has come to rest, after a few rounds of ticks.
 */
export function heal(
  exploration: Exploration,
  from: readonly number[],
  alive: readonly number[] = [0, 1, 2],
): number[] {
  const here = from.slice(0, 3);
  const mail: { readonly node: number; readonly move: Move }[] = [];
  const run = (node: number, move: Move): void => {
    const { to, sent } = exploration.move(node, here[node]!, move);
    here[node] = to;
    for (const other of alive) for (const id of exploration.arrivals(other, sent)) mail.push({ node: other, move: id });
    const moves = exploration.movesOf(node, to);
    if (moves.includes('vote yes')) run(node, 'vote yes');
    else if (moves.includes('sync')) run(node, 'sync');
  };
  for (let round = 0; round < 4; round++) {
    for (const node of alive) run(node, 'tick');
    for (let next = mail.shift(); next !== undefined; next = mail.shift()) run(next.node, next.move);
  }
  return here;
}
