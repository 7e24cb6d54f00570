/** Consistent hashing beside `hashring`, which places as libketama does: our `Ketama` must agree with it for every key; our ring has its own hash. */
import { deepStrictEqual } from 'node:assert';
import { HashRing, Ketama, OwnerCache } from '@quorate/patterns/partitioning';
import Peer from 'hashring';
import type { Row, Rows } from './row.ts';

const POINTS = 160;
/** With 50 or 100 libmemcached's single precision gives each server four points fewer; ours copies that, theirs does not. */
const NODES = 90;
const hosts = (count: number): string[] => Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
const nodesOf = (count: number): { id: string }[] => hosts(count).map((id) => ({ id }));
const keysOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `user:${(i * 7919) % 1_000_003}:profile`);

/** `default port`: ours leaves libketama's out of the names, and so does theirs when told. */
const peerOf = (count: number): Peer =>
  new Peer(
    hosts(count).map((host) => `${host}:11211`),
    'md5',
    { 'default port': 11211, 'max cache size': 5000 },
  );

/** They keep the last 5,000 answers; of these keys all are found there, or none is. */
const lookups = (what: string, distinct: number): Row => {
  const keys = keysOf(distinct);
  const ring = HashRing.of(nodesOf(NODES), { pointsPerWeight: POINTS });
  const ketama = Ketama.of(hosts(NODES).map((host) => ({ host })));
  const peer = peerOf(NODES);
  const sides = [
    { name: 'HashRing', ownerOf: (key: string) => ring.ownerOf(key) },
    { name: 'hashring', ownerOf: (key: string) => peer.get(key) },
  ];
  return {
    measures: 'time',
    what,
    ops: keys.length,
    sides: sides.map(({ name, ownerOf }) => ({
      name,
      run: () => {
        let length = 0;
        for (const key of keys) length += ownerOf(key).length;
        return length;
      },
    })),
    verify: () => {
      for (const key of keys) deepStrictEqual(peer.get(key), `${ketama.serverOf(key).host}:11211`);
      const loads = new Map<string, number>();
      for (const key of keys) loads.set(ring.ownerOf(key), (loads.get(ring.ownerOf(key)) ?? 0) + 1);
      deepStrictEqual(loads.size, NODES);
    },
  };
};

/** Ours places every key as `hashring` does. */
const ketamaLookups = (what: string, name: string, distinct: number, hostOf: (key: string) => string): Row => {
  const keys = keysOf(distinct);
  const peer = peerOf(NODES);
  return {
    measures: 'time',
    what: `lookup placed as libketama places it, ${what}`,
    ops: keys.length,
    sides: [
      {
        name,
        run: () => {
          let length = 0;
          for (const key of keys) length += hostOf(key).length;
          return length;
        },
      },
      {
        name: 'hashring',
        run: () => {
          let length = 0;
          for (const key of keys) length += peer.get(key).length - ':11211'.length;
          return length;
        },
      },
    ],
    verify: () => {
      for (const key of keys) deepStrictEqual(peer.get(key), `${hostOf(key)}:11211`);
    },
  };
};

const freshLookups = (): Row => {
  const ketama = Ketama.of(hosts(NODES).map((host) => ({ host })));
  return ketamaLookups('20,000 keys', 'Ketama', 20_000, (key) => ketama.serverOf(key).host);
};

/** Both keep the last 5,000 answers. */
const keptLookups = (): Row => {
  const ketama = Ketama.of(hosts(NODES).map((host) => ({ host })));
  const cache = new OwnerCache((key) => ketama.serverOf(key), { keysMax: 5_000 });
  const what = 'the last 5,000 answers kept, 1,000 keys again and again';
  return ketamaLookups(what, 'OwnerCache of a Ketama', 1_000, (key) => cache.ownerOf(key).host);
};

const builds = (count: number): Row => ({
  measures: 'time',
  what: `build a ring of ${count} nodes, ${POINTS} points each`,
  ops: 1,
  sides: [
    { name: 'HashRing', run: () => HashRing.of(nodesOf(count), { pointsPerWeight: POINTS }).pointCount },
    { name: 'hashring', run: () => (peerOf(count) as unknown as { size: number }).size },
  ],
});

const grows = (): Row => {
  const ring = HashRing.of(nodesOf(NODES), { pointsPerWeight: POINTS });
  const peer = peerOf(NODES);
  const points = (): number => (peer as unknown as { size: number }).size;
  return {
    measures: 'time',
    what: `a node comes and goes, ring of ${NODES}`,
    ops: 2,
    sides: [
      {
        name: 'HashRing',
        run: () => {
          const grown = ring.with({ id: '10.9.9.9' });
          return [grown.pointCount, grown.without('10.9.9.9').pointCount];
        },
      },
      {
        name: 'hashring',
        run: () => {
          peer.add('10.9.9.9:11211');
          const grown = points();
          peer.remove('10.9.9.9:11211');
          return [grown, points()];
        },
      },
    ],
  };
};

const replicas = (): Row => {
  const keys = keysOf(5_000);
  const ring = HashRing.of(nodesOf(NODES), { pointsPerWeight: POINTS });
  const peer = peerOf(NODES);
  return {
    measures: 'time',
    what: 'three distinct nodes for a key',
    ops: keys.length,
    sides: [
      { name: 'HashRing', run: () => keys.reduce((sum, key) => sum + new Set(ring.preferenceList(key, 3)).size, 0) },
      { name: 'hashring', run: () => keys.reduce((sum, key) => sum + new Set(peer.range(key, 3)).size, 0) },
    ],
  };
};

const COPIES = 10;
const several = (make: () => unknown) => (): unknown[] => Array.from({ length: COPIES }, make);

const memory = (): Row => ({
  measures: 'memory',
  what: `memory of a ring of ${NODES} nodes, ${POINTS} points each`,
  sides: [
    { name: 'HashRing', copies: COPIES, hold: several(() => HashRing.of(nodesOf(NODES), { pointsPerWeight: POINTS })) },
    { name: 'hashring', copies: COPIES, hold: several(() => peerOf(NODES)) },
  ],
});

export const rows: Rows = [
  () => lookups('lookup, 1,000 keys again and again', 1_000),
  () => lookups('lookup, 20,000 keys again and again', 20_000),
  freshLookups,
  keptLookups,
  replicas,
  () => builds(10),
  () => builds(NODES),
  grows,
  memory,
];
