/** Small groups of replicas, with real kernels, to be explored. */
import { Instant } from '../../../base/index.ts';
import { FlexibleQuorum, type QuorumSystem } from '../../../quorum/index.ts';
import { compareBallots, NodeId, showBallot } from '../ballot.ts';
import { type Envelope, type Explored, explore, type Part, part } from '../explorer.fixture.ts';
import { type Hosting, host } from '../host.fixture.ts';
import type { Entry, MultiPaxosMessage, SlotEntry } from './messages.ts';
import { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos.ts';
import { MultiPaxosRules } from './multi-paxos-rules.ts';
import type { MultiPaxosEffect, MultiPaxosImage, MultiPaxosInput, MultiPaxosRecord } from './multi-paxos-types.ts';

type Message = MultiPaxosMessage<string>;

/** What a replica has handed out, slot by slot from 1, and been told of its proposals. */
interface Seen {
  readonly handedOut: readonly string[];
  readonly done: readonly (readonly [value: string, slot: number])[];
}

export interface SmallGroup {
  /** Of each replica: up to which round it stands, and what it proposes while it leads. */
  readonly replicas: readonly {
    readonly rounds: number;
    readonly proposes: readonly string[];
    readonly disk?: Hosting;
  }[];
  readonly quorums?: QuorumSystem<NodeId>;
  /** Whether the leader says what is chosen without a new proposal. */
  readonly heartbeats?: boolean;
  readonly rules?: Partial<MultiPaxosRules>;
  readonly statesMax?: number;
}

const AT = Instant.of(0);
const FAR = Instant.of(Number.MAX_SAFE_INTEGER);
const STEADY: Hosting = { disk: 'at once', crashesMax: 0 };

interface Disk {
  readonly record: MultiPaxosRecord;
  readonly entries: readonly SlotEntry<string>[];
}

interface Memory extends Seen {
  readonly image: MultiPaxosImage<string>;
  readonly ticket: number;
  readonly proposed: number;
}

export function exploreGroup(group: SmallGroup): Explored {
  const members = group.replicas.map((_, at) => NodeId.of(at + 1));
  const majority = Math.floor(members.length / 2) + 1;
  const quorums = group.quorums ?? new FlexibleQuorum({ members, prepare: majority, accept: majority });
  const rules = Object.assign(new MultiPaxosRules(), group.rules);
  const parts = new Map<number, Part<Message, Seen>>();
  for (const self of members) parts.set(self, replicaPart(group, self, quorums, rules));
  return explore<Message, Seen, Chosen>({
    parts,
    show: showMultiPaxosMessage,
    isEvidence: ({ kind }) => kind === 'accept' || kind === 'accepted',
    summarize: (messages) => chosenBy(messages, quorums),
    check: wrongWith,
    ...(group.statesMax !== undefined && { statesMax: group.statesMax }),
  });
}

interface Chosen {
  /** By slot. */
  readonly values: ReadonlyMap<number, string>;
  readonly wrong: string | undefined;
}

/** What was ever chosen in each slot: what a phase-2 quorum has said to have accepted under one ballot. */
function chosenBy(messages: readonly Envelope<Message>[], quorums: QuorumSystem<NodeId>): Chosen {
  const proposed = new Map<string, string>();
  const votes = new Map<string, Set<number>>();
  for (const { from, message } of messages) {
    if (message.kind !== 'accept' && message.kind !== 'accepted') continue;
    const key = `${message.slot} ${showBallot(message.ballot)}`;
    if (message.kind === 'accepted') votes.set(key, (votes.get(key) ?? new Set()).add(from));
    else {
      const value = showEntry(message.entry);
      if ((proposed.get(key) ?? value) !== value)
        return {
          values: new Map(),
          wrong: `slot and ballot ${key} have two values, ${proposed.get(key)} and ${value}`,
        };
      proposed.set(key, value);
    }
  }
  const values = new Map<number, string>();
  for (const [key, by] of votes) {
    if (!quorums.isQuorum('write', (member) => by.has(member))) continue;
    const slot = Number(key.split(' ')[0]);
    const value = proposed.get(key)!;
    if ((values.get(slot) ?? value) !== value)
      return { values, wrong: `agreement: ${values.get(slot)} and ${value} are chosen in slot ${slot}` };
    values.set(slot, value);
  }
  return { values, wrong: undefined };
}

function wrongWith({ values, wrong }: Chosen, seen: readonly Seen[]): string | undefined {
  if (wrong !== undefined) return wrong;
  for (const { handedOut, done } of seen) {
    for (const [at, value] of handedOut.entries())
      if (values.get(at + 1) !== value)
        return `learning: ${value} was handed out as slot ${at + 1}, where ${values.get(at + 1)} is chosen`;
    for (const [value, slot] of done)
      if (values.get(slot) !== value)
        return `${value} was said to be done in slot ${slot}, where ${values.get(slot)} is chosen`;
  }
  return undefined;
}

function replicaPart(
  group: SmallGroup,
  self: NodeId,
  quorums: QuorumSystem<NodeId>,
  rules: MultiPaxosRules,
): Part<Message, Seen> {
  const { rounds, proposes, disk = STEADY } = group.replicas[self - 1]!;
  const options = { self, quorums, random: (): number => 0, loyaltyMs: 0 };
  type Effects = MultiPaxosEffect<string>[];

  const step = (memory: Memory, input: MultiPaxosInput<string>, out: Effects): Memory => {
    const kernel = new MultiPaxos<string>(options, { ...memory.image, ticket: memory.ticket }, rules);
    const effects: Effects = [];
    kernel.step(input, AT, effects);
    out.push(...effects);
    const handedOut = [...memory.handedOut];
    const done = [...memory.done];
    for (const effect of effects) {
      if (effect.kind === 'chosen') handedOut.push(...effect.entries.map(showEntry));
      if (effect.kind === 'done') done.push([proposes[effect.id]!, effect.slot]);
    }
    const { ticket, ...image } = alike(kernel.image);
    return { ...memory, image: { ...image, ticket: 0 }, ticket, handedOut, done };
  };

  return part(
    host<Memory, Disk, Message, MultiPaxosEffect<string>, Seen>(
      {
        disk: { record: NEW_REPLICA.record, entries: [] },
        start: ({ record, entries }) => ({
          image: alike(restartedReplica({ record, entries, applied: record.first - 1 })),
          ticket: 0,
          proposed: 0,
          handedOut: [],
          done: [],
        }),
        receive: (memory, from, message, out) => step(memory, { kind: 'message', from: NodeId.of(from), message }, out),
        moves: (memory) => {
          const { image, proposed } = memory;
          const moves: { name: string; run: (out: Effects) => Memory }[] = [];
          if (image.rounds.last < rounds && image.reign === undefined)
            moves.push({ name: 'stands', run: (out) => step(memory, { kind: 'campaign' }, out) });
          const value = proposes[proposed];
          if (value !== undefined && image.reign !== undefined)
            moves.push({
              name: `proposes ${value}`,
              run: (out) => step({ ...memory, proposed: proposed + 1 }, { kind: 'propose', id: proposed, value }, out),
            });
          if (group.heartbeats === true && image.reign !== undefined) {
            const due = { ...memory, image: { ...image, reign: { ...image.reign, heartbeatAt: AT } } };
            moves.push({ name: 'sends heartbeats', run: (out) => step(due, { kind: 'tick' }, out) });
          }
          return moves;
        },
        write: (before, { record, entries }) => {
          const slots = new Map(before.entries.map((each) => [each.slot, each]));
          for (const each of entries) slots.set(each.slot, each);
          return { record, entries: [...slots.values()].sort((a, b) => a.slot - b.slot) };
        },
        see: ({ handedOut, done }) => ({ handedOut, done }),
        spent: ({ image }, message, { record }) => {
          switch (message.kind) {
            case 'prepare':
            case 'accept':
            case 'heartbeat':
              if (group.rules?.mayAccept !== undefined) return false;
              return compareBallots(message.ballot, record.promised) < 0;
            case 'promise':
              return image.candidacy === undefined || compareBallots(image.candidacy.ballot, message.ballot) !== 0;
            case 'accepted': {
              if (image.reign === undefined || compareBallots(image.reign.ballot, message.ballot) !== 0) return true;
              const flight = image.reign.inFlight.find(({ slot }) => slot === message.slot);
              return flight === undefined ? message.slot < image.reign.next : flight.isChosen;
            }
            case 'learn':
              return false;
            case 'learned':
              return (
                message.from + message.entries.length - 1 <= image.record.chosen &&
                message.chosen <= image.record.chosen
              );
            default:
              return true;
          }
        },
        checkStep: ({ disk: before }, { disk: after }) =>
          compareBallots(after.record.promised, before.record.promised) < 0
            ? 'an acceptor took back a promise'
            : undefined,
      },
      disk,
    ),
  );
}

/** Time stands still here, and it makes no difference who answered first. */
function alike(image: MultiPaxosImage<string>): MultiPaxosImage<string> {
  const { candidacy, reign, catchUp } = image;
  return {
    ...image,
    entries: [...image.entries].sort((a, b) => a.slot - b.slot),
    heardAt: undefined,
    standsAt: FAR,
    failures: 0,
    delayMs: 0,
    candidacy: candidacy && { ...candidacy, promises: [...candidacy.promises].sort((a, b) => a.from - b.from) },
    reign: reign && {
      ...reign,
      inFlight: reign.inFlight.map((flight) => ({ ...flight, acceptedBy: [...flight.acceptedBy].sort(), sentAt: AT })),
      heartbeatAt: FAR,
      heardFrom: [...reign.heardFrom].sort(([a], [b]) => a - b),
    },
    catchUp: catchUp && { ...catchUp, dueAt: FAR },
  };
}

export function showEntry(entry: Entry<string>): string {
  return entry.kind === 'no-op' ? 'no-op' : entry.value;
}

export function showMultiPaxosMessage(message: Message): string {
  switch (message.kind) {
    case 'prepare':
      return `prepare ${showBallot(message.ballot)} from slot ${message.from}`;
    case 'promise': {
      const accepted = message.accepted.map(
        ({ slot, ballot, entry }) => ` ${slot}:${showEntry(entry)}@${showBallot(ballot)}`,
      );
      return `promise ${showBallot(message.ballot)} chosen ${message.chosen}${accepted.join('')}`;
    }
    case 'accept':
      return `accept ${showBallot(message.ballot)} ${message.slot}:${showEntry(message.entry)} chosen ${message.chosen}`;
    case 'accepted':
      return `accepted ${showBallot(message.ballot)} ${message.slot}`;
    case 'rejected':
      return `rejected ${showBallot(message.ballot)}, promised ${showBallot(message.promised)}`;
    case 'heartbeat':
      return `heartbeat ${showBallot(message.ballot)} chosen ${message.chosen}`;
    case 'following':
      return `following ${showBallot(message.ballot)}`;
    case 'learn':
      return `learn from ${message.from}`;
    case 'learned':
      return `learned from ${message.from}: ${message.entries.map(showEntry).join(' ')} chosen ${message.chosen}`;
    case 'forgotten':
      return `forgotten below ${message.first}`;
  }
}
