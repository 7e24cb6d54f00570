/** The collector of tombstones and the operator who changes acceptors, as machines of small systems. */
import { Instant } from '../../../base/index.ts';
import { NodeId } from '../ballot.ts';
import type { Machine, Sent } from '../explorer.fixture.ts';
import { type CollectionState, collectionOf, GarbageCollection } from './garbage-collection.ts';
import { MembershipChange } from './membership-change.ts';
import type { Message } from './messages.fixture.ts';
import type { RegisterSystem } from './world.fixture.ts';

const AT = Instant.of(0);
/** The only register. */
export const KEY = 'k';
type Nothing = undefined;

export function collector(
  system: RegisterSystem,
  acceptors: readonly NodeId[],
  { op, steps, sweeper = 1 }: NonNullable<RegisterSystem['collects']>,
): Machine<CollectionState | undefined, Message, Nothing> {
  const proposers = [...system.clients.keys()].map((at) => NodeId.of(at + 1));
  const options = { proposers, acceptors, ...(steps !== undefined && { steps }) };
  return {
    initial: { local: undefined, sent: [] },
    key: (state) => JSON.stringify(state) ?? 'none',
    receive: (state, from, message) => {
      const out: Parameters<GarbageCollection['step']>[2] = [];
      if (state === undefined) {
        if (message.kind !== 'ack' || message.op !== op || typeof message.result === 'string')
          return { local: state, sent: [] };
        const first = new GarbageCollection(options, collectionOf([{ key: KEY, ballot: message.result.ballot! }]));
        first.step({ kind: 'start' }, AT, out);
        return { local: settled(first.state), sent: collectorSends(out, sweeper) };
      }
      const kernel = new GarbageCollection(options, state);
      if (message.kind === 'written') kernel.step({ kind: 'swept', key: KEY, ballot: message.ballot }, AT, out);
      else if (message.kind === 'outdated' || message.kind === 'ages-required' || message.kind === 'erased')
        kernel.step({ kind: 'message', from: NodeId.of(from), message }, AT, out);
      return { local: settled(kernel.state), sent: collectorSends(out, sweeper) };
    },
    moves: () => [],
    see: () => undefined,
    spent: (state, message) => {
      if (state === undefined) return message.kind === 'ack' && message.op !== op;
      if (message.kind === 'written') return state.step !== 'sweep';
      if (message.kind === 'outdated') return state.step !== 'sweep' && state.step !== 'outdate';
      if (message.kind === 'ages-required') return state.step === 'erase' || state.step === undefined;
      return message.kind !== 'erased' || state.step === undefined;
    },
  };
}

function settled(state: CollectionState): CollectionState {
  return {
    ...state,
    ages: [...state.ages].sort(([a], [b]) => a - b),
    answeredBy: [...state.answeredBy].sort(),
    deadline: undefined,
  };
}

function collectorSends(out: Parameters<GarbageCollection['step']>[2], sweeper: number): Sent<Message>[] {
  return out.flatMap((effect): Sent<Message>[] => {
    if (effect.kind === 'send') return [{ to: effect.to, message: effect.message }];
    return effect.kind === 'sweep' ? [{ to: sweeper, message: { kind: 'write everywhere' } }] : [];
  });
}

export function operator(
  system: RegisterSystem,
  { steps, waitsFor = [] }: NonNullable<RegisterSystem['membership']>,
): Machine<
  { readonly heard: readonly string[]; readonly state: MembershipChange['state'] | undefined },
  Message,
  Nothing
> {
  const proposers = [...system.clients.keys()].map((at) => NodeId.of(at + 1));
  type Local = { readonly heard: readonly string[]; readonly state: MembershipChange['state'] | undefined };
  const run = (
    local: Local,
    input: Parameters<MembershipChange['step']>[0],
  ): { local: Local; sent: Sent<Message>[] } => {
    const kernel = new MembershipChange({ proposers }, local.state ?? steps);
    const out: Parameters<MembershipChange['step']>[2] = [];
    kernel.step(input, AT, out);
    const state = { ...kernel.state, answeredBy: [...kernel.state.answeredBy].sort(), deadline: undefined };
    const sent = out.flatMap((effect): Sent<Message>[] => {
      if (effect.kind === 'send') return [{ to: effect.to, message: effect.message }];
      return effect.kind === 'rescan' ? [{ to: 1, message: { kind: 'rescan', left: state.left.length } }] : [];
    });
    return { local: { ...local, state }, sent };
  };
  return {
    initial: { local: { heard: [], state: undefined }, sent: [] },
    key: (local) => JSON.stringify(local),
    receive: (local, from, message) => {
      if (message.kind === 'ack' && waitsFor.includes(message.op) && local.state === undefined)
        return { local: { ...local, heard: [...new Set([...local.heard, message.op])].sort() }, sent: [] };
      if (local.state === undefined) return { local, sent: [] };
      if (message.kind === 'rescanned')
        return message.left === local.state.left.length ? run(local, { kind: 'rescanned' }) : { local, sent: [] };
      if (message.kind === 'configured') return run(local, { kind: 'message', from: NodeId.of(from), message });
      return { local, sent: [] };
    },
    moves: (local) =>
      local.state !== undefined || !waitsFor.every((op) => local.heard.includes(op))
        ? []
        : [{ name: 'begins to change the acceptors', moved: run(local, { kind: 'start' }) }],
    see: () => undefined,
    spent: ({ state }, message) => {
      if (message.kind === 'ack') return state !== undefined || !waitsFor.includes(message.op);
      return message.kind !== 'rescanned' && message.kind !== 'configured';
    },
  };
}
