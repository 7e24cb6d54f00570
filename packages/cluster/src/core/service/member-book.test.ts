import { type Configuration, NodeId } from '@quorate/patterns/consensus/raft';
import { describe, expect, test } from 'vitest';
import type { RaftGroup } from '../../raft/types.ts';
import type { PeerTransport } from '../../transport/types.ts';
import type { MemberRecord } from '../requests.ts';
import { MemberBook } from './member-book.ts';

const record = (id: number, host = `h${id}`): MemberRecord => ({
  id,
  name: `n${id}`,
  peerAddress: `${host}:7410`,
  clientUrls: [],
});
const configurationOf = (...voters: number[]): Configuration => ({
  voters: voters.map(NodeId.of),
  outgoing: [],
  learners: [],
  learnersNext: [],
});

/** The book of node 1, and what it tells the transport and the file. */
class Desk {
  configuration = configurationOf();
  records: readonly MemberRecord[] = [];
  peers: number[] = [];
  saved: readonly MemberRecord[] = [];
  readonly book: MemberBook;

  constructor(told: readonly MemberRecord[]) {
    const desk = this;
    const group = {
      get status() {
        return { configuration: desk.configuration };
      },
    } as unknown as RaftGroup;
    const transport = {
      self: NodeId.of(1),
      setPeers: (peers: ReadonlyMap<NodeId, unknown>) => {
        desk.peers = [...peers.keys()];
      },
    } as unknown as PeerTransport & { self: NodeId };
    this.book = new MemberBook({ group, transport, records: () => this.records }, told, (members) => {
      this.saved = members;
    });
  }
}

describe('what a node was told of the members', () => {
  const told = [record(1), record(2), record(3)];

  test('holds for those in the configuration that have no record yet', () => {
    const desk = new Desk(told);
    desk.records = [record(3, 'moved')];
    desk.configuration = configurationOf(1, 2, 3);
    desk.book.configurationChanged();
    expect(desk.peers).toEqual([2, 3]);
    expect(desk.book.addressOf(NodeId.of(2))).toMatchObject({ host: 'h2' });
    expect(desk.book.addressOf(NodeId.of(3))).toMatchObject({ host: 'moved' });
    expect(desk.saved).toEqual([record(1), record(2), record(3, 'moved')]);
  });

  test('is forgotten of those that have no place any more', () => {
    const desk = new Desk(told);
    desk.configuration = configurationOf(1, 2);
    desk.book.configurationChanged();
    expect(desk.peers).toEqual([2]);
    expect(desk.saved).toEqual([record(1), record(2)]);
  });

  test('is kept while the log has not begun: a restart must not lose it', () => {
    const desk = new Desk(told);
    expect(desk.saved).toEqual(told);
    expect(desk.peers).toEqual([]);
    desk.records = [record(2, 'moved')];
    desk.book.refresh();
    expect(desk.saved).toEqual([record(2, 'moved'), record(1), record(3)]);
  });
});

test('a record whose address is none is a member that cannot be reached, and does no harm', () => {
  const desk = new Desk([record(1), record(2)]);
  desk.records = [record(2), { ...record(3), peerAddress: 'foo' }];
  desk.configuration = configurationOf(1, 2, 3);
  desk.book.configurationChanged();
  expect(desk.peers).toEqual([2]);
  expect(desk.book.addressOf(NodeId.of(3))).toBeUndefined();
  expect(desk.book.members.map(({ id }) => id)).toEqual([1, 2, 3]);
});
