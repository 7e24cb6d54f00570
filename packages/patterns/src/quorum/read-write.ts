/**
 * N copies, W of them acknowledge a write, R of them answer a read: what these three numbers guarantee, tolerate and cost, as facts and in words. For
 * plain leaderless reads and writes (Dynamo, Cassandra, Riak); the words assume that no quorum is sloppy. DeCandia et al., "Dynamo", SOSP 2007,
 * section 4.5; Gifford, SOSP 1979.
 */
import { expectDistinct, type QuorumKind, type QuorumSystem } from './quorum-system.ts';

export interface ReadWriteFacts {
  readonly copies: number;
  readonly read: number;
  readonly write: number;
  /** R + W > N: each read asks some copy that has the latest acknowledged write. Not yet linearizable: see `words`. */
  readonly readsSeeWrites: boolean;
  /** 2 W > N: of two concurrent writes some copy hears of both, so that none can be acknowledged unseen by the other. */
  readonly writesSeeWrites: boolean;
  /** Copies that may be down while reads, and writes, still succeed. */
  readonly readsTolerate: number;
  readonly writesTolerate: number;
  /** Copies that may be lost for good before an acknowledged write can be. */
  readonly lossesTolerated: number;
}

export class ReadWriteQuorum<Member> implements QuorumSystem<Member> {
  readonly members: readonly Member[];
  readonly facts: ReadWriteFacts;

  /** `RangeError` unless members are distinct and R and W whole numbers from 1 to N. Quorums that do not intersect are allowed: `facts` and `words` say what that means. */
  constructor(members: readonly Member[], read: number, write: number) {
    expectDistinct(members);
    this.members = [...members];
    this.facts = readWriteFacts(members.length, read, write);
  }

  /** O(members). */
  isQuorum(kind: QuorumKind, has: (member: Member) => boolean): boolean {
    let count = 0;
    for (const member of this.members) if (has(member)) count += 1;
    return count >= (kind === 'read' ? this.facts.read : this.facts.write);
  }
}

/** `RangeError` unless `copies` is a whole number from 1 on and the others are from 1 to it. O(1). */
export function readWriteFacts(copies: number, read: number, write: number): ReadWriteFacts {
  if (!Number.isInteger(copies) || copies < 1)
    throw new RangeError(`copies must be a whole number from 1 on, got ${copies}`);
  for (const [name, size] of Object.entries({ read, write }))
    if (!Number.isInteger(size) || size < 1 || size > copies)
      throw new RangeError(`${name} must be a whole number from 1 to the number of copies (${copies}), got ${size}`);
  return {
    copies,
    read,
    write,
    readsSeeWrites: read + write > copies,
    writesSeeWrites: 2 * write > copies,
    readsTolerate: copies - read,
    writesTolerate: copies - write,
    lossesTolerated: write - 1,
  };
}

/** What it guarantees, tolerates and costs, one sentence each, for people who choose the numbers. */
export function describeReadWrite(facts: ReadWriteFacts): string[] {
  const { copies, read, write } = facts;
  return [
    facts.readsSeeWrites
      ? `A read sees the latest acknowledged write: R + W = ${read + write} is more than N = ${copies}. It may also see one that was never acknowledged, and a later read may not see that again unless reads write back what they found.`
      : `A read can miss acknowledged writes: R + W = ${read + write} is not more than N = ${copies}. Expect stale answers until all copies have caught up.`,
    facts.writesSeeWrites
      ? 'Two concurrent writes always meet at some copy, which can tell that they conflict.'
      : `Two concurrent writes can both be acknowledged without meeting: 2 W = ${2 * write} is not more than N = ${copies}. Keep siblings or use types that merge.`,
    `Reads go on with ${some(facts.readsTolerate)} down, writes with ${some(facts.writesTolerate)} down.`,
    facts.lossesTolerated === 0
      ? 'An acknowledged write can be lost with a single copy: only one is known to have it.'
      : `An acknowledged write survives the loss of any ${some(facts.lossesTolerated)}.`,
    `A read waits for the ${ordinal(read)} fastest of ${copies} copies, a write for the ${ordinal(write)} fastest; each value is stored ${copies} times.`,
  ];
}

function some(copies: number): string {
  if (copies === 0) return 'no copy';
  return copies === 1 ? '1 copy' : `${copies} copies`;
}

function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${suffix}`;
}
