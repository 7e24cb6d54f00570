import type { Address, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { type Configuration, isVoter, membersOf, NodeId } from '@quorate/patterns/consensus/raft';
import { type Client, connect } from '../client/client.ts';
import { formatAddress } from '../client/endpoints.ts';
import { CoreError } from '../core/errors.ts';
import type { MemberRecord } from '../core/requests.ts';
import { idOf } from '../core/service/member-id.ts';
import { readDataDirectoryOwner } from '../storage/index.ts';
import { type CoreNodeConfig, NodeConfigError } from './config.ts';
import { type LeadersWord, leadersWord } from './leaders-word.ts';
import { readOrigin } from './origin.ts';

/** Who this node is, and what it starts from when its disk is empty. */
export interface NodeIdentity {
  readonly clusterId: number;
  readonly nodeId: NodeId;
  /** The members that this node knows without having asked anybody. */
  readonly known: readonly MemberRecord[];
  /** Raft's first configuration; nobody on a node that is to be added. */
  readonly initial: Configuration;
}

const NOBODY: Configuration = { voters: [], outgoing: [], learners: [], learnersNext: [] };
const JOIN_TIMEOUT_MS = 30_000;
/** Until there is a leader, and its log is committed. */
const ASK_AGAIN_MS = 100;

/** The id of the cluster that these founders make: the same on all of them, and another one for every token, and for every snapshot they begin with. */
export function clusterIdOf(founders: Readonly<Record<string, string>>, token: string, origin?: string): number {
  const members = Object.entries(founders).sort(([a], [b]) => (a < b ? -1 : 1));
  const restored = origin === undefined ? [] : ['restored', origin];
  return idOf('cluster', token, ...members.flat(), ...restored);
}

export function founderIdOf(clusterId: number, name: string): NodeId {
  return NodeId.of(idOf('founder', String(clusterId), name));
}

/** What this node is called, for the others. */
export function ownRecord(config: CoreNodeConfig, nodeId: NodeId, bound: Address): MemberRecord {
  const address = config.advertise ?? config.initialCluster?.[config.name];
  const chosen = config.listen.port === 0 ? { host: config.listen.host, port: bound.port } : config.listen;
  const peerAddress = address === undefined || config.listen.port === 0 ? formatAddress(chosen) : address;
  return { id: nodeId, name: config.name, peerAddress, clientUrls: config.clientUrls ?? [] };
}

export async function identify(env: Env, config: CoreNodeConfig): Promise<NodeIdentity> {
  if (config.join === undefined || config.join.length === 0) {
    return founder(config, await readOrigin(env.disk, config.dataDirectory));
  }
  const owner = await readDataDirectoryOwner(env, config.dataDirectory);
  if (owner === undefined) return join(env, config);
  return { clusterId: owner.clusterId, nodeId: NodeId.of(owner.nodeId), known: [], initial: NOBODY };
}

/** `origin`: what tells the snapshot that the cluster begins with, if any. */
export function founder(
  config: Pick<CoreNodeConfig, 'name' | 'initialCluster' | 'clusterToken'>,
  origin: string | undefined,
): NodeIdentity {
  const founders = config.initialCluster ?? {};
  const clusterId = clusterIdOf(founders, config.clusterToken ?? 'quorate', origin);
  const known = Object.entries(founders)
    .map(([name, peerAddress]) => ({ id: founderIdOf(clusterId, name), name, peerAddress, clientUrls: [] }))
    .sort((a, b) => a.id - b.id);
  const voters = known.map(({ id }) => id);
  return { clusterId, nodeId: founderIdOf(clusterId, config.name), known, initial: { ...NOBODY, voters } };
}

/** Asks a running cluster who this node is there, and to be added, as a learner, if nobody has done so before. */
async function join(env: Env, config: CoreNodeConfig): Promise<NodeIdentity> {
  const own = ownRecord(config, NodeId.of(0), config.listen);
  if (config.listen.port === 0) {
    throw new NodeConfigError('listen', 'port 0 cannot be used with join: the others could not find this node');
  }
  const giveUpAt = Instant.add(env.clock.monotonic(), JOIN_TIMEOUT_MS);
  while (env.clock.monotonic() < giveUpAt) {
    const identity = await askForPlace(env, config.join!, own);
    if (identity !== undefined) return identity;
    await pause(env, ASK_AGAIN_MS);
  }
  const message = `no leader has said within ${JOIN_TIMEOUT_MS} ms whether it expects the member ${own.name}`;
  throw new CoreError('no-leader', message, { retryable: true, outcome: 'not-applied' });
}

/** Undefined when there is a member of that name, and nobody leads who could say whether it is expected. */
async function askForPlace(
  env: Env,
  endpoints: readonly string[],
  own: MemberRecord,
): Promise<NodeIdentity | undefined> {
  await using client = await connect({ env, endpoints, timeoutMs: JOIN_TIMEOUT_MS, name: own.name });
  const member = placeOf(own, await client.cluster.members());
  let id: number | undefined;
  if (member !== undefined) {
    const word = await leadersWord(client);
    if (word === undefined) return undefined;
    id = await placeFor(client, word, member);
  }
  id ??= (await client.cluster.addMember(own, { learner: true })).id;
  const known = (await client.cluster.members()).map(({ isLearner: _, ...record }) => record);
  return { clusterId: client.clusterId, nodeId: NodeId.of(id), known, initial: NOBODY };
}

/** By name; one that was added through etcd's interface has none before it has started, and is where it was said to be. */
function placeOf<M extends MemberRecord>({ name, peerAddress }: MemberRecord, members: readonly M[]): M | undefined {
  const unnamed = members.find((member) => member.name === '' && member.peerAddress === peerAddress);
  return members.find((member) => member.name === name) ?? unnamed;
}

/**
 * A member that has taken part before and now comes with an empty disk has forgotten its votes: it must not come back under its old id. Whether a voter
 * has is not known when the present leader has heard nothing of it; so it is replaced. A learner that nobody has heard of is new: it cannot have
 * voted. And one that has a record but no place (its addition was cut short) is to be added again.
 */
async function placeFor(client: Client, word: LeadersWord, { id, name }: MemberRecord): Promise<number | undefined> {
  const { configuration, progress } = word;
  if (!membersOf(configuration).has(NodeId.of(id))) return undefined;
  if (progress.find((peer) => peer.id === id)?.matchIndex !== 0) {
    const message = `the member ${name} (${id}) has data already, but this directory has none: remove that member, then join again`;
    throw new CoreError('member-exists', message);
  }
  if (!isVoter(configuration, NodeId.of(id))) return id;
  await client.cluster.removeMember(id);
  return undefined;
}

function pause({ clock, timers }: Env, ms: number): Promise<void> {
  return new Promise((resolve) => timers.at(Instant.add(clock.monotonic(), ms), resolve));
}
