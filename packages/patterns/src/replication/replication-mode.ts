/**
 * When a leader may acknowledge a record, and what that is worth when it fails. Joshi, "Patterns of Distributed Systems", 2023, "Leader and Followers" and
 * "High-Water Mark"; Kleppmann, "Designing Data-Intensive Applications", 2017, chapter 5.
 *
 *   asynchronous       one replica has it, as a rule the leader
 *   semi-synchronous   k + 1 of its n + 1 replicas have it, as a rule the leader and k followers (MySQL's semi-synchronous replication, MongoDB's w, Raft with k of 2k)
 *   synchronous        every replica of the in-sync set has it (Kafka's acks=all, PacificA), and the set never shrinks below `copiesMin`
 *
 * No mode turns into a weaker one when followers are slow. Waiting ends in an unknown outcome, never in an acknowledgement.
 */

export type ReplicationMode =
  | { readonly kind: 'asynchronous' }
  | { readonly kind: 'semi-synchronous'; readonly followers: number }
  | { readonly kind: 'synchronous'; readonly copiesMin: number };

export interface ReplicationFacts {
  readonly replicas: number;
  /** Copies, the leader's included, that an acknowledged record has at least. */
  readonly copies: number;
  /** Replicas that may be lost for good before an acknowledged record can be. */
  readonly lossesTolerated: number;
  /** Replicas that may be away while records are still acknowledged. Synchronous: after they have been taken out of the in-sync set. */
  readonly writesTolerate: number;
  /** How many must answer at a failover, of all replicas or of the in-sync set, so that one of them has every acknowledged record. */
  readonly answers: number;
  readonly answersFrom: 'replicas' | 'in-sync';
}

/** `RangeError` unless there are replicas and the mode's number fits them. O(1). */
export function replicationFacts(mode: ReplicationMode, replicas: number): ReplicationFacts {
  if (!Number.isInteger(replicas) || replicas < 1)
    throw new RangeError(`replicas must be a whole number from 1 on, got ${replicas}`);
  const copies = copiesOf(mode);
  if (!Number.isInteger(copies) || copies < 1 || copies > replicas)
    throw new RangeError(`the copies of a record must be a whole number from 1 to ${replicas} replicas, got ${copies}`);
  const synchronous = mode.kind === 'synchronous';
  return {
    replicas,
    copies,
    lossesTolerated: copies - 1,
    writesTolerate: replicas - copies,
    answers: synchronous ? 1 : replicas - copies + 1,
    answersFrom: synchronous ? 'in-sync' : 'replicas',
  };
}

function copiesOf(mode: ReplicationMode): number {
  switch (mode.kind) {
    case 'asynchronous':
      return 1;
    case 'semi-synchronous':
      return mode.followers + 1;
    case 'synchronous':
      return mode.copiesMin;
  }
}

/** What the mode promises and what it may lose, one sentence each, for people who choose. */
export function describeReplication(mode: ReplicationMode, replicas: number): string[] {
  const facts = replicationFacts(mode, replicas);
  const survives = `An acknowledged record is on ${count(facts.copies, 'copy', 'copies')} at least and survives the loss of any ${facts.lossesTolerated}.`;
  switch (mode.kind) {
    case 'asynchronous':
      return [
        'A record is acknowledged as soon as one replica, as a rule the leader, has it on disk.',
        `A failover loses every acknowledged record that the new leader had not fetched yet. Only when all ${replicas} replicas answer, the old leader among them, is nothing lost.`,
        'Readers of any replica may have seen records that are lost.',
        `Records are acknowledged while the leader is up, with ${count(facts.writesTolerate, 'follower', 'followers')} away.`,
      ];
    case 'semi-synchronous':
      return [
        `A record is acknowledged when ${facts.copies} of ${replicas} replicas have it on disk: as a rule the leader and ${count(mode.followers, 'follower', 'followers')}.`,
        survives,
        `A failover loses nothing that was acknowledged when ${facts.answers} of ${replicas} replicas answer; with fewer it waits, or may lose.`,
        `Records are acknowledged with ${count(facts.writesTolerate, 'replica', 'replicas')} away, as fast as the ${ordinal(mode.followers)} follower.`,
      ];
    case 'synchronous':
      return [
        'A record is acknowledged when every replica of the in-sync set has it on disk.',
        survives,
        'A failover loses nothing that was acknowledged when any one replica of the in-sync set answers; none outside the set may lead.',
        `Records are acknowledged as fast as the slowest replica in the set; one that fails is waited for until it is taken out, down to ${count(facts.copies, 'replica', 'replicas')}.`,
      ];
  }
}

/**
 * What as many replicas have reached as an acknowledgement takes, when `valueOf` says what each has: with ends of logs on disk, the index below which records are
 * acknowledged; with instants, since when no other leader can have come into office. `nothing` stands for a replica of which nothing is known.
 * O(replicas · log replicas).
 */
export function reachedByEnough(
  mode: ReplicationMode,
  replicas: readonly string[],
  inSync: readonly string[],
  valueOf: (replica: string) => number | undefined,
  nothing: number,
): number {
  const synchronous = mode.kind === 'synchronous';
  const values = (synchronous ? inSync : replicas).map((replica) => valueOf(replica) ?? nothing);
  const needed = synchronous ? Math.max(mode.copiesMin, inSync.length) : copiesOf(mode);
  return values.sort((a, b) => b - a)[needed - 1] ?? nothing;
}

function count(number: number, one: string, many: string): string {
  return number === 1 ? `1 ${one}` : `${number} ${many}`;
}

function ordinal(place: number): string {
  const words = ['', 'fastest', 'second fastest', 'third fastest'];
  return words[place] ?? `${place}th fastest`;
}
