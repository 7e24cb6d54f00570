import { NodeId } from '@quorate/patterns/consensus/raft';
import { describe, expect, test } from 'vitest';
import { GroupError } from '../../raft/errors.ts';
import type { GroupStatus, RaftGroup } from '../../raft/types.ts';
import type { MemberRecord, WriteRequest } from '../requests.ts';
import { Membership } from './membership.ts';

const record = (id: number, name: string): MemberRecord => ({
  id,
  name,
  peerAddress: `${name}:7410`,
  clientUrls: [],
});
const { id: _, ...NEWCOMER } = record(0, 'd');

/** A leader with two followers, whose writes and changes are carried out at once. */
class Leader {
  records: MemberRecord[] = [record(1, 'a'), record(2, 'b'), record(3, 'c')];
  voters: readonly NodeId[] = [1, 2, 3].map(NodeId.of);
  learners: readonly NodeId[] = [];
  /** What the log still holds that this leader has not applied. */
  unapplied: () => void = () => {};
  deposed = false;
  lastIndex = 40;
  readonly membership: Membership;

  constructor() {
    this.membership = new Membership({
      group: this.#group(),
      self: NodeId.of(1),
      clusterId: 9,
      records: () => this.records,
      members: () => this.records,
      write: async (request) => this.#write(request),
      isReachable: () => true,
      barrier: async () => this.unapplied(),
    });
  }

  #group(): RaftGroup {
    const leader = this;
    return {
      get status(): GroupStatus {
        const configuration = { voters: leader.voters, outgoing: [], learners: leader.learners, learnersNext: [] };
        return { configuration, lastIndex: leader.lastIndex, progress: [] } as unknown as GroupStatus;
      },
      configure: async (voters: readonly NodeId[], learners: readonly NodeId[]) => {
        if (leader.deposed) throw new GroupError('leader-changed', 'leadership moved', 'unknown');
        Object.assign(leader, { voters, learners });
      },
    } as unknown as RaftGroup;
  }

  #write(request: WriteRequest): void {
    this.lastIndex += 1;
    if (request.kind === 'member-put') this.records = [...this.records, request.member];
    if (request.kind === 'member-remove') this.records = this.records.filter(({ id }) => id !== request.id);
  }
}

const named = ({ records }: Leader, name: string): number[] =>
  records.filter((each) => each.name === name).map(({ id }) => id);

describe('a leader that is asked to add a member', () => {
  test('first learns of all that was written before it led', async () => {
    const leader = new Leader();
    leader.unapplied = () => {
      leader.records = [...leader.records, record(4, 'd')];
      leader.learners = [NodeId.of(4)];
    };
    await expect(leader.membership.add(NEWCOMER, true)).rejects.toMatchObject({ code: 'member-exists' });
    expect(named(leader, 'd')).toEqual([4]);
  });

  test('leaves its record when it cannot know whether the place was given', async () => {
    const leader = new Leader();
    leader.deposed = true;
    await expect(leader.membership.add(NEWCOMER, true)).rejects.toMatchObject({ outcome: 'unknown' });
    expect(named(leader, 'd').length).toBe(1);
  });

  test('replaces a record without a place, under another id', async () => {
    const leader = new Leader();
    leader.deposed = true;
    await leader.membership.add(NEWCOMER, true).catch(() => {});
    const [old] = named(leader, 'd');
    leader.deposed = false;
    const { id } = await leader.membership.add(NEWCOMER, true);
    expect(id).not.toBe(old);
    expect(named(leader, 'd')).toEqual([id]);
    expect(leader.learners).toEqual([id]);
  });

  test('does not touch the record of one that has its place', async () => {
    const leader = new Leader();
    const { id: _id, ...taken } = record(0, 'b');
    await expect(leader.membership.add(taken, true)).rejects.toMatchObject({ code: 'member-exists' });
    expect(named(leader, 'b')).toEqual([2]);
  });

  test('tells members that have no name yet apart by their addresses', async () => {
    const leader = new Leader();
    const unnamed = (peerAddress: string) => ({ name: '', peerAddress, clientUrls: [] });
    const first = await leader.membership.add(unnamed('d:7410'), true);
    const second = await leader.membership.add(unnamed('e:7410'), true);
    await leader.membership.update({ ...unnamed('f:7410'), id: second.id });
    expect(leader.learners).toHaveLength(2);
    await expect(leader.membership.add(unnamed('d:7410'), true)).rejects.toMatchObject({ code: 'member-exists' });
    // Of one without a place, only the record at the same address is forgotten.
    leader.learners = [];
    await leader.membership.add(unnamed('g:7410'), true);
    expect(named(leader, '')).toContain(first.id);
  });

  test.each(['foo', '', 'd:99999', 'tcp://d:7410'])('refuses the address "%s" and writes nothing', async (address) => {
    const leader = new Leader();
    const nowhere = { ...NEWCOMER, peerAddress: address };
    const refused = { code: 'invalid-request', message: expect.stringContaining(`"${address}" is not an address`) };
    await expect(leader.membership.add(nowhere, true)).rejects.toMatchObject(refused);
    await expect(leader.membership.update({ ...nowhere, id: 2 })).rejects.toMatchObject(refused);
    expect(leader.records).toHaveLength(3);
    expect(leader.learners).toEqual([]);
  });
});
