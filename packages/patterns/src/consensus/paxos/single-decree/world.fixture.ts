/** Small systems of proposers, acceptors and a learner, with every check that single-decree Paxos is to pass. */
import { Instant } from '../../../base/index.ts';
import { FlexibleQuorum, type QuorumSystem } from '../../../quorum/index.ts';
import { type Ballot, compareBallots, NodeId, showBallot } from '../ballot.ts';
import { type Envelope, type Explored, explore, type Part, part } from '../explorer.fixture.ts';
import { type Hosting, host } from '../host.fixture.ts';
import { PaxosRules } from '../rules.ts';
import { Acceptor, type AcceptorEffect, type AcceptorState, NEW_ACCEPTOR } from './acceptor.ts';
import { Learner } from './learner.ts';
import type { AcceptorAnswer, AcceptorRequest, SynodMessage } from './messages.ts';
import { Proposer, type ProposerEffect, type ProposerState, restartedProposer } from './proposer.ts';

type Message = SynodMessage<string>;

/** What a part knows to be chosen. */
interface Seen {
  readonly chosen: string | undefined;
}

export interface SmallSystem {
  readonly acceptors: number;
  /** How many rounds each proposer may begin; proposer `p` proposes the value `vp`. */
  readonly rounds: readonly number[];
  /** Majorities unless said otherwise. */
  readonly quorums?: QuorumSystem<NodeId>;
  /** Of the first acceptor, the second, …; those without one neither wait nor crash. */
  readonly acceptorDisks?: readonly Hosting[];
  readonly proposerDisks?: readonly Hosting[];
  readonly learner?: boolean;
  /** Whether acceptors say no. They may as well be silent: a refusal is a hint, and a proposer here may begin again at any time. */
  readonly refusals?: boolean;
  readonly rules?: Partial<PaxosRules>;
  /** Looks away from acceptors that take back a promise, to see what comes of it. */
  readonly onlyAgreement?: boolean;
  /** What an acceptor finds on its disk after a crash, when it is not what was there. */
  readonly recovered?: (disk: AcceptorState<string>) => AcceptorState<string>;
  /** What a proposer makes of its disk after a crash. */
  readonly roundsFromDisk?: (reserved: number) => number;
}

const FIRST_ACCEPTOR = 11;
const LEARNER = 99;
export const STEADY: Hosting = { disk: 'at once', crashesMax: 0 };
const AT = Instant.of(0);

export function acceptorIds(count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => NodeId.of(FIRST_ACCEPTOR + at));
}

export function exploreSmall(small: SmallSystem): Explored {
  const ids = acceptorIds(small.acceptors);
  const majority = Math.floor(ids.length / 2) + 1;
  const quorums = small.quorums ?? new FlexibleQuorum({ members: ids, prepare: majority, accept: majority });
  const rules = Object.assign(new PaxosRules(), small.rules);
  const learners = small.learner === true ? [NodeId.of(LEARNER)] : [];
  const parts = new Map<number, Part<Message, Seen>>();
  for (const id of ids) parts.set(id, acceptorPart(small, id, learners, rules));
  for (const at of small.rounds.keys()) parts.set(at + 1, proposerPart(small, NodeId.of(at + 1), quorums, rules));
  if (small.learner === true) parts.set(LEARNER, learnerPart(quorums, rules));
  const values = small.rounds.map((_, at) => `v${at + 1}`);
  return explore<Message, Seen, Chosen>({
    parts,
    show: showMessage,
    // The network is judged by the real quorums, also where a broken rule counts wrongly.
    summarize: (messages) => chosenBy(messages, quorums),
    check: (chosen, seen) => wrongWith(chosen, seen, values),
    isEvidence: ({ kind }) => kind === 'accepted',
  });
}

interface Chosen {
  readonly values: readonly string[];
  readonly wrong: string | undefined;
}

/** Every value that a phase-2 quorum has ever accepted under one ballot: what was said cannot be unsaid. */
function chosenBy(messages: readonly Envelope<Message>[], quorums: QuorumSystem<NodeId>): Chosen {
  const votes = new Map<string, { value: string; by: Set<number> }>();
  for (const { from, message } of messages) {
    if (message.kind !== 'accepted') continue;
    const key = showBallot(message.ballot);
    const vote = votes.get(key) ?? { value: message.value, by: new Set() };
    if (vote.value !== message.value)
      return { values: [], wrong: `ballot ${key} has two values, ${vote.value} and ${message.value}` };
    votes.set(key, { value: vote.value, by: vote.by.add(from) });
  }
  const chosen = [...votes.values()].filter(({ by }) => quorums.isQuorum('write', (member) => by.has(member)));
  return { values: [...new Set(chosen.map(({ value }) => value))], wrong: undefined };
}

function wrongWith({ values, wrong }: Chosen, seen: readonly Seen[], proposed: readonly string[]): string | undefined {
  if (wrong !== undefined) return wrong;
  if (values.length > 1) return `agreement: ${values.join(' and ')} are chosen`;
  for (const value of values) if (!proposed.includes(value)) return `validity: nobody proposed ${value}`;
  for (const { chosen } of seen)
    if (chosen !== undefined && !values.includes(chosen)) return `learning: ${chosen} is not chosen`;
  return undefined;
}

function acceptorPart(
  small: SmallSystem,
  id: NodeId,
  learners: readonly NodeId[],
  rules: PaxosRules,
): Part<Message, Seen> {
  type Memory = AcceptorState<string> & { readonly ticket: number };
  const recovered = small.recovered ?? ((disk) => disk);
  return part(
    host<Memory, AcceptorState<string>, Message, AcceptorEffect<string>, Seen>(
      {
        disk: NEW_ACCEPTOR,
        start: (disk) => ({ ...recovered(disk), ticket: 0 }),
        receive: ({ ticket, ...state }, from, message, out) => {
          const acceptor = new Acceptor<string>({ learners, ticket }, state, rules);
          const request = message as AcceptorRequest<string>;
          acceptor.step({ kind: 'message', from: NodeId.of(from), message: request }, AT, out);
          return { ...acceptor.state, ticket: acceptor.ticket };
        },
        write: (_, { state }) => state,
        see: () => ({ chosen: undefined }),
        spent: (_, message, disk) => {
          if (message.kind !== 'prepare' && message.kind !== 'accept') return true;
          if (small.recovered !== undefined || small.refusals === true) return false;
          const { promised } = disk;
          return !(message.kind === 'prepare' ? rules.mayPromise : rules.mayAccept)(promised, message.ballot);
        },
        checkStep: ({ disk: before }, { disk: after }) => {
          if (small.onlyAgreement === true) return undefined;
          if (compareBallots(after.promised, before.promised) < 0) return 'an acceptor took back a promise';
          return after.accepted !== undefined && compareBallots(after.accepted.ballot, after.promised) > 0
            ? 'an acceptor accepted what it has not promised'
            : undefined;
        },
      },
      small.acceptorDisks?.[id - FIRST_ACCEPTOR] ?? STEADY,
    ),
  );
}

function proposerPart(
  small: SmallSystem,
  self: NodeId,
  quorums: QuorumSystem<NodeId>,
  rules: PaxosRules,
): Part<Message, Seen> {
  const roundsMax = small.rounds[self - 1]!;
  const options = { self, quorums, random: (): number => 0 };
  const roundsFromDisk = small.roundsFromDisk ?? ((reserved) => reserved);
  const value = `v${self}`;
  const step = (memory: ProposerState<string>, run: (proposer: Proposer<string>) => void): ProposerState<string> => {
    const proposer = new Proposer<string>(options, memory, rules);
    run(proposer);
    return alike(proposer.state);
  };
  return part(
    host<ProposerState<string>, number, Message, ProposerEffect<string>, Seen>(
      {
        disk: 0,
        start: (reserved) => restartedProposer(roundsFromDisk(reserved)),
        receive: (memory, from, message, out) =>
          step(memory, (proposer) => {
            const answer = message as AcceptorAnswer<string>;
            proposer.step({ kind: 'message', from: NodeId.of(from), message: answer }, AT, out);
          }),
        moves: (memory) => {
          if (memory.rounds.last >= roundsMax || memory.phase.kind === 'chosen') return [];
          if (memory.own === undefined)
            return [
              {
                name: `proposes ${value}`,
                run: (out) => step(memory, (p) => p.step({ kind: 'propose', value }, AT, out)),
              },
            ];
          // Its patience may end at any time, whatever it has been told.
          const impatient: ProposerState<string> = { ...memory, phase: { kind: 'backing-off' }, deadline: AT };
          return [{ name: 'begins again', run: (out) => step(impatient, (p) => p.step({ kind: 'tick' }, AT, out)) }];
        },
        write: (_, { reservedRound }) => reservedRound,
        see: ({ phase }) => ({ chosen: phase.kind === 'chosen' ? phase.value : undefined }),
        spent: ({ phase, rounds }, message) => {
          if (message.kind === 'prepare' || message.kind === 'accept') return true;
          if (message.ballot.round < rounds.last || phase.kind === 'chosen') return true;
          return message.kind === 'promise' && phase.kind === 'accepting';
        },
      },
      small.proposerDisks?.[self - 1] ?? STEADY,
    ),
  );
}

/** Time stands still here, what the clock would bring about is a move; and it makes no difference who answered first. */
function alike(state: ProposerState<string>): ProposerState<string> {
  let { phase } = state;
  if (phase.kind === 'preparing') phase = { ...phase, promises: [...phase.promises].sort((a, b) => a.from - b.from) };
  if (phase.kind === 'accepting') phase = { ...phase, acceptedBy: [...phase.acceptedBy].sort() };
  return { ...state, phase, deadline: undefined };
}

function learnerPart(quorums: QuorumSystem<NodeId>, rules: PaxosRules): Part<Message, Seen> {
  interface Memory {
    readonly votes: readonly (readonly [NodeId, { readonly ballot: Ballot; readonly value: string }])[];
    readonly chosen: string | undefined;
  }
  return part<Memory, Message, Seen>({
    initial: { local: { votes: [], chosen: undefined }, sent: [] },
    key: (memory) => JSON.stringify(memory),
    receive: (memory, from, message) => {
      if (memory.chosen !== undefined) return { local: memory, sent: [] };
      const learner = new Learner<string>(quorums, new Map(memory.votes), rules);
      learner.step({ kind: 'message', from: NodeId.of(from), message: message as AcceptorAnswer<string> }, AT, []);
      const votes = [...learner.votes].sort(([a], [b]) => a - b);
      const chosen = learner.chosen?.value;
      return { local: { votes: chosen === undefined ? votes : [], chosen }, sent: [] };
    },
    moves: () => [],
    see: ({ chosen }) => ({ chosen }),
  });
}

export function showMessage(message: Message): string {
  const ballot = showBallot(message.ballot);
  switch (message.kind) {
    case 'prepare':
      return `prepare ${ballot}`;
    case 'promise':
      return `promise ${ballot}${message.accepted === undefined ? '' : ` (${message.accepted.value} at ${showBallot(message.accepted.ballot)})`}`;
    case 'accept':
    case 'accepted':
      return `${message.kind} ${ballot} ${message.value}`;
    case 'rejected':
      return `rejected ${ballot}, promised ${showBallot(message.promised)}`;
  }
}
