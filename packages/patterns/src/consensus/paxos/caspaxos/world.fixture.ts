/** Small systems of registers, with real kernels: clients at proposers, acceptors, a collector of tombstones, a change of acceptors. One register. */
import { Instant } from '../../../base/index.ts';
import { compareBallots, NodeId } from '../ballot.ts';
import { type Envelope, type Explored, explore, follow, type Part, part, type System } from '../explorer.fixture.ts';
import { type Hosting, host } from '../host.fixture.ts';
import { collector, KEY, operator } from './administrators.fixture.ts';
import { majorityConfiguration, type RegisterConfiguration } from './configuration.ts';
import type { CollectionStep } from './garbage-collection.ts';
import { apply, type Ended, linearization, type Operation } from './history.fixture.ts';
import type { MembershipStep } from './membership-change.ts';
import { type Ack, type Message, showRegisterMessage } from './messages.fixture.ts';
import {
  RegisterAcceptor,
  type RegisterAcceptorEffect,
  type RegisterAcceptorMessage,
  type RegisterRecord,
} from './register-acceptor.ts';
import { newRegisterProposer, RegisterProposer, restartedRegisterProposer } from './register-proposer.ts';
import { RegisterRules } from './register-rules.ts';
import type {
  Change,
  RegisterProposerEffect,
  RegisterProposerImage,
  RegisterProposerInput,
  RegisterProposerRecord,
} from './register-types.ts';

const FIRST_ACCEPTOR = 11;
const COLLECTOR = 50;
const OPERATOR = 60;
const AT = Instant.of(0);
const SWEEP = 1_000;
export const STEADY: Hosting = { disk: 'at once', crashesMax: 0 };

export interface Client {
  /** The operations, begun one after the other; after a crash of the proposer those of the next list. */
  readonly lives: readonly (readonly Operation[])[];
  /** Up to which round it begins ballots. */
  readonly rounds: number;
  readonly disk?: Hosting;
  /** Operations of others that must have ended before it begins its first. */
  readonly waitsFor?: readonly string[];
}

export interface RegisterSystem {
  readonly acceptors: number;
  /** Of the first acceptors, in the beginning. All of them by default. */
  readonly members?: number;
  readonly configuration?: RegisterConfiguration;
  readonly clients: readonly Client[];
  /** What the register holds in the beginning, at the first `holders` acceptors: all members by default. */
  readonly initially?: string;
  readonly holders?: number;
  readonly oneRoundTrip?: boolean;
  readonly acceptorDisks?: readonly Hosting[];
  /** Collects the tombstone of this deletion. */
  readonly collects?: { readonly op: string; readonly sweeper?: number; readonly steps?: readonly CollectionStep[] };
  readonly membership?: { readonly steps: readonly MembershipStep[]; readonly waitsFor?: readonly string[] };
  readonly rules?: Partial<RegisterRules>;
  readonly recordFromDisk?: (record: RegisterProposerRecord, crashes: number) => RegisterProposerRecord;
  readonly statesMax?: number;
}

type Nothing = undefined;

export function registerAcceptorIds(count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => NodeId.of(FIRST_ACCEPTOR + at));
}

/** The operation `n` of the life `life` of proposer `p`: its name in acks. */
export function opName(proposer: number, life: number, n: number): string {
  return `${proposer}${'abc'[life]}${n + 1}`;
}

export function exploreRegisters(system: RegisterSystem): Explored {
  return explore(smallSystem(system));
}

export function followRegisters(system: RegisterSystem, steps: readonly string[]): ReturnType<typeof follow> {
  return follow(smallSystem(system), steps);
}

function smallSystem(system: RegisterSystem): System<Message, Nothing, string | undefined> {
  const ids = registerAcceptorIds(system.acceptors);
  const configuration = system.configuration ?? majorityConfiguration(1, ids.slice(0, system.members ?? ids.length));
  const rules = Object.assign(new RegisterRules(), system.rules);
  const parts = new Map<number, Part<Message, Nothing>>();
  for (const id of ids) parts.set(id, acceptorPart(system, id, rules));
  for (const at of system.clients.keys())
    parts.set(at + 1, proposerPart(system, NodeId.of(at + 1), configuration, rules));
  if (system.collects !== undefined) parts.set(COLLECTOR, part(collector(system, ids, system.collects)));
  if (system.membership !== undefined) parts.set(OPERATOR, part(operator(system, system.membership)));
  return {
    parts,
    show: showRegisterMessage,
    isEvidence: ({ kind }) => kind === 'ack',
    summarize: (messages) => wrongWith(system, messages),
    check: (wrong) => wrong,
    ...(system.statesMax !== undefined && { statesMax: system.statesMax }),
  };
}

function operationOf(system: RegisterSystem, op: string): Operation {
  const [proposer, life, n] = op as unknown as [string, string, string];
  return system.clients[Number(proposer) - 1]!.lives['abc'.indexOf(life)]![Number(n) - 1]!;
}

/** Whether what the clients were told can be explained by some order of the operations. */
function wrongWith(system: RegisterSystem, messages: readonly Envelope<Message>[]): string | undefined {
  const acks = new Map<string, Ack>();
  for (const { message } of messages) if (message.kind === 'ack') acks.set(message.op, message);
  const history: Ended[] = system.clients.flatMap(({ lives }, at) =>
    lives.flatMap((operations, life) =>
      operations.map((operation, n): Ended => {
        const op = opName(at + 1, life, n);
        const ack = acks.get(op);
        if (ack === undefined || ack.result === 'unknown') return { op, operation, after: ack?.after ?? [] };
        const result = ack.result === 'not-applied' ? ack.result : { value: ack.result.value };
        return { op, operation, result, after: ack.after };
      }),
    ),
  );
  if (linearization(history, system.initially) !== undefined) return undefined;
  const told = [...acks.values()].map(showRegisterMessage).sort();
  return `not linearizable: ${told.join('; ')}`;
}

function acceptorPart(system: RegisterSystem, id: NodeId, rules: RegisterRules): Part<Message, Nothing> {
  interface Disk {
    readonly records: readonly (readonly [string, RegisterRecord<string>])[];
    readonly ages: readonly (readonly [NodeId, number])[];
  }
  type Memory = Disk & { readonly ticket: number };
  const erases = system.collects !== undefined;
  const holds = id - FIRST_ACCEPTOR < (system.holders ?? system.members ?? system.acceptors);
  return part(
    host<Memory, Disk, Message, RegisterAcceptorEffect<string>, Nothing>(
      {
        disk: {
          records: system.initially === undefined || !holds ? [] : [[KEY, initialRecord(system.initially)]],
          ages: [],
        },
        start: (disk) => ({ ...disk, ticket: 0 }),
        receive: ({ ticket, ...disk }, from, message, out) => {
          const acceptor = new RegisterAcceptor<string>({ ticket }, disk, rules);
          const request = message as RegisterAcceptorMessage<string>;
          acceptor.step({ kind: 'message', from: NodeId.of(from), message: request }, AT, out);
          return { ...imageOf(acceptor), ticket: acceptor.ticket };
        },
        write: (disk, { write }) => {
          const records = new Map(disk.records);
          const ages = new Map(disk.ages);
          if (write.kind === 'record') records.set(write.key, write.record);
          if (write.kind === 'erase') for (const key of write.keys) records.delete(key);
          if (write.kind === 'ages') for (const [proposer, age] of write.ages) ages.set(proposer, age);
          return { records: [...records], ages: [...ages] };
        },
        see: () => undefined,
        // A refusal is a hint: a proposer here may begin again at any time. But what is erased no longer refuses.
        spent: (_, message, disk) => {
          if (message.kind === 'prepare' || message.kind === 'accept') {
            const promised = new Map(disk.records).get(KEY)?.promised;
            const required = new Map(disk.ages).get(message.ballot.node) ?? 0;
            if (system.rules?.isOfAge === undefined && message.age < required) return true;
            return (
              !erases &&
              promised !== undefined &&
              compareBallots(message.ballot, promised) < 0 &&
              system.rules?.mayAccept === undefined
            );
          }
          return message.kind !== 'query' && message.kind !== 'require-ages' && message.kind !== 'erase';
        },
      },
      system.acceptorDisks?.[id - FIRST_ACCEPTOR] ?? STEADY,
    ),
  );
}

/** Below every ballot of a proposer. */
function initialRecord(value: string): RegisterRecord<string> {
  const ballot = { round: 0, node: NodeId.of(9) };
  return { promised: ballot, accepted: { ballot, value: { value, marks: [] } } };
}

function imageOf(acceptor: RegisterAcceptor<string>): {
  readonly records: [string, RegisterRecord<string>][];
  readonly ages: [NodeId, number][];
} {
  return { records: [...acceptor.records], ages: [...acceptor.ages].sort(([a], [b]) => a - b) };
}

interface ClientMemory {
  readonly image: RegisterProposerImage<string>;
  readonly ticket: number;
  readonly life: number;
  /** How many operations of this life it has begun. */
  readonly begun: number;
  /** The one under way, and what had ended before. */
  readonly current: { readonly op: string; readonly after: readonly string[] } | undefined;
  /** Operations that it has heard the end of. */
  readonly heard: readonly string[];
  /** What it has begun for the collector and the operator. */
  readonly tasks: readonly number[];
}

function proposerPart(
  system: RegisterSystem,
  self: NodeId,
  configuration: RegisterConfiguration,
  rules: RegisterRules,
): Part<Message, Nothing> {
  const client = system.clients[self - 1]!;
  const options = {
    self,
    random: (): number => 0,
    oneRoundTrip: system.oneRoundTrip ?? false,
    roundsPerWrite: client.disk === undefined ? 1_000 : 1,
  };
  const recordFromDisk = system.recordFromDisk ?? ((record) => record);
  const others = [...system.clients.keys()].map((at) => at + 1).filter((at) => at !== self);
  const listeners = [...others, COLLECTOR, OPERATOR];
  type Effects = RegisterProposerEffect<string>[];

  const step = (memory: ClientMemory, inputs: readonly RegisterProposerInput<string>[], out: Effects): ClientMemory => {
    const kernel = new RegisterProposer<string>(options, memory.image, rules);
    const queue = [...inputs];
    let after = memory;
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      const effects: Effects = [];
      kernel.step(input, AT, effects);
      for (const effect of effects) {
        if (effect.kind === 'apply') {
          const next = apply(operationOf(system, memory.current!.op), effect.current);
          queue.push({ kind: 'applied', id: effect.id, key: effect.key, round: effect.round, next });
        } else if (effect.kind === 'persist' || effect.kind === 'send') out.push(effect);
        else after = ended(after, effect, out, kernel.image.ticket);
      }
    }
    const image = alike(kernel.image);
    return { ...after, image: { ...image, ticket: 0 }, ticket: image.ticket };
  };

  const ended = (
    memory: ClientMemory,
    effect: Exclude<RegisterProposerEffect<string>, { readonly kind: 'persist' | 'send' | 'apply' }>,
    out: Effects,
    ticket: number,
  ): ClientMemory => {
    const say = (to: number, message: Message): number =>
      out.push({ kind: 'send', to: NodeId.of(to), message: message as never, after: ticket });
    if (effect.id >= SWEEP) {
      const ballot = effect.kind === 'changed' && effect.value === undefined ? effect.ballot : undefined;
      if (effect.id === SWEEP) say(COLLECTOR, { kind: 'written', ballot });
      else say(OPERATOR, { kind: 'rescanned', left: effect.id - SWEEP });
      return memory;
    }
    const { op, after } = memory.current!;
    const result: Ack['result'] =
      effect.kind === 'failed'
        ? effect.outcome
        : {
            value: effect.value,
            ...(effect.kind === 'changed' && effect.value === undefined && { ballot: effect.ballot }),
          };
    for (const to of listeners) say(to, { kind: 'ack', op, result, after });
    return { ...memory, current: undefined, heard: [...memory.heard, op].sort() };
  };

  return part(
    host<ClientMemory, RegisterProposerRecord, Message, RegisterProposerEffect<string>, Nothing>(
      {
        disk: newRegisterProposer(configuration),
        start: (record, life) => ({
          image: alike(restartedRegisterProposer(recordFromDisk(record, life)) as RegisterProposerImage<string>),
          ticket: 0,
          life,
          begun: 0,
          current: undefined,
          heard: [],
          tasks: [],
        }),
        receive: (memory, from, message, out) => {
          const withTicket = { ...memory, image: { ...memory.image, ticket: memory.ticket } };
          if (message.kind === 'ack') {
            const heard = [...new Set([...memory.heard, message.op])].sort();
            return { ...memory, heard };
          }
          if (message.kind === 'write everywhere' || message.kind === 'rescan') {
            const id = message.kind === 'rescan' ? SWEEP + message.left : SWEEP;
            if (memory.tasks.includes(id)) return memory;
            const reach = message.kind === 'rescan' ? 'quorum' : 'everywhere';
            const begun = { ...withTicket, tasks: [...memory.tasks, id] };
            return step(begun, [{ kind: 'identity', id, key: KEY, reach }], out);
          }
          return step(withTicket, [{ kind: 'message', from: NodeId.of(from), message: message as never }], out);
        },
        moves: (memory) => {
          const withTicket = { ...memory, image: { ...memory.image, ticket: memory.ticket } };
          const moves: { name: string; run: (out: Effects) => ClientMemory }[] = [];
          const operation = client.lives[memory.life]?.[memory.begun];
          const mayBegin = memory.begun > 0 || (client.waitsFor ?? []).every((op) => memory.heard.includes(op));
          if (operation !== undefined && memory.current === undefined && mayBegin) {
            const op = opName(self, memory.life, memory.begun);
            const begun = { ...withTicket, begun: memory.begun + 1, current: { op, after: memory.heard } };
            const kind = operation.kind === 'read' ? 'read' : 'change';
            const id = 100 * memory.life + memory.begun;
            moves.push({
              name: `begins ${op}: ${operation.kind}`,
              run: (out) => step(begun, [{ kind, id, key: KEY }], out),
            });
          }
          // Its patience may end at any time, whatever it has been told.
          if (memory.image.rounds.last < client.rounds && memory.image.changes.length > 0) {
            const changes = memory.image.changes.map(
              (change): Change<string> => ({ ...change, phase: { kind: 'backing-off' }, dueAt: AT }),
            );
            const impatient = { ...withTicket, image: { ...withTicket.image, changes } };
            moves.push({ name: 'begins again', run: (out) => step(impatient, [{ kind: 'tick' }], out) });
          }
          return moves;
        },
        write: (_, { record }) => record,
        see: () => undefined,
        spent: (memory, message) => isSpent(memory, message, client.lives[memory.life]?.length ?? 0),
      },
      client.disk ?? STEADY,
    ),
  );
}

function isSpent({ image, begun, tasks }: ClientMemory, message: Message, operations: number): boolean {
  const [change] = image.changes;
  switch (message.kind) {
    case 'promise':
      return change?.phase.kind !== 'preparing' || compareBallots(change.phase.ballot, message.ballot) !== 0;
    case 'accepted':
      return change?.phase.kind !== 'accepting' || compareBallots(change.phase.ballot, message.ballot) !== 0;
    case 'queried':
      return !image.queries.some(({ id }) => id === message.id);
    case 'ack':
      return begun >= operations;
    case 'write everywhere':
      return tasks.includes(SWEEP);
    case 'rescan':
      return tasks.includes(SWEEP + message.left);
    case 'configure':
      return message.configuration.version < image.record.configuration.version;
    case 'outdate':
      return false;
    default:
      return true;
  }
}

/** Time stands still here, and it makes no difference who answered first. */
function alike(image: RegisterProposerImage<string>): RegisterProposerImage<string> {
  const far = Instant.of(Number.MAX_SAFE_INTEGER);
  const changes = image.changes.map((change): Change<string> => {
    let { phase } = change;
    if (phase.kind === 'preparing') phase = { ...phase, promises: [...phase.promises].sort((a, b) => a.from - b.from) };
    if (phase.kind === 'accepting') phase = { ...phase, acceptedBy: [...phase.acceptedBy].sort() };
    return { ...change, phase, failures: 0, delayMs: 0, dueAt: far, giveUpAt: far };
  });
  const queries = image.queries.map((query) => ({
    ...query,
    answers: [...query.answers].sort((a, b) => a.from - b.from),
    dueAt: far,
    giveUpAt: far,
  }));
  return { ...image, changes, queries };
}
