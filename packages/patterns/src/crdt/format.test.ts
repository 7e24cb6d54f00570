/** What a release has written the next one reads: a change that breaks one of these takes a new version, and a reader of both. Versions 1 and 2 were in no release. */
import { expect, test } from 'vitest';
import { hybridTimestamp } from '../time/index.ts';
import { boundedCounter, type Crdt, decodeCrdt, embedded, enableWinsFlag, encodeCrdt, gCounter, gSet, lwwRegister, mvRegister, orMap, orSet, pnCounter, text, textCodec, twoPhaseSet } from './index.ts'; // biome-ignore format: one import

const latest = lwwRegister(textCodec);
const siblings = mvRegister(textCodec);
const carts = orMap(orSet);
const tally = embedded(gCounter);

/** The state after these changes, as bytes, read back and written again. */
function written<S>(crdt: Crdt<S>, ...changes: ((state: S) => S)[]): string {
  const state = changes.reduce((before, change) => crdt.merge(before, change(before)), crdt.empty);
  const bytes = encodeCrdt(crdt, state);
  expect(crdt.equals(decodeCrdt(crdt, bytes), state)).toBe(true);
  return Buffer.from(bytes).toString('hex');
}

const FORMS: readonly (readonly [name: string, bytes: string, write: () => string])[] = [
  ['g-counter', '0301 01 0161 05', () => written(gCounter, (s) => gCounter.increment(s, 'a', 5))],
  [
    'pn-counter',
    '0302 01 0161 05  01 0162 07',
    () =>
      written(
        pnCounter,
        (s) => pnCounter.increment(s, 'a', 5),
        (s) => pnCounter.decrement(s, 'b', 7),
      ),
  ],
  [
    'bounded-counter',
    '0303 01 0161 05  01 0161 02  01 0161 01 0162 01',
    () =>
      written(
        boundedCounter,
        (s) => boundedCounter.increment(s, 'a', 5),
        (s) => boundedCounter.decrement(s, 'a', 2)!,
        (s) => boundedCounter.transfer(s, 'a', 'b', 1)!,
      ),
  ],
  [
    'lww-register',
    '0304 03 d804 00 0161 0178',
    () => written(latest, () => latest.set('x', { at: hybridTimestamp(300, 2), node: 'a' })),
  ],
  [
    'g-set',
    '0305 02 0178 0179',
    () =>
      written(
        gSet,
        () => gSet.add('x'),
        () => gSet.add('y'),
      ),
  ],
  [
    'two-phase-set',
    '0306 01 0178  01 0179',
    () =>
      written(
        twoPhaseSet,
        () => twoPhaseSet.add('x'),
        () => twoPhaseSet.remove('y'),
      ),
  ],
  [
    'enable-wins-flag',
    '0307 01 00 0161 01 0000  02 01',
    () => written(enableWinsFlag, (s) => enableWinsFlag.enable(s, 'a')),
  ],
  ['mv-register', '0308 01 00 0161 01 0000  02 01 0178', () => written(siblings, (s) => siblings.set(s, 'x', 'a'))],
  [
    'mv-register with siblings',
    '0308 02 00 0161 01 0000 01 0162 01 0000  01 02 00 01 0178 01 01 0179',
    () => {
      const both = [siblings.set(siblings.empty, 'x', 'a'), siblings.set(siblings.empty, 'y', 'b')];
      return written(siblings, () => siblings.merge(both[0]!, both[1]!));
    },
  ],
  [
    'a removal from an or-set',
    '0309 01 00 0161 01 0000  03 0178 00',
    () => {
      const before = orSet.add(orSet.empty, 'x', 'a');
      return Buffer.from(encodeCrdt(orSet, orSet.remove(before, 'x'))).toString('hex');
    },
  ],
  [
    'or-set',
    '0309 02 00 0161 01 0000 01 0162 01 0000  02 0179 03 01',
    () =>
      written(
        orSet,
        (s) => orSet.add(s, 'x', 'a'),
        (s) => orSet.add(s, 'y', 'b'),
        (s) => orSet.remove(s, 'x'),
      ),
  ],
  [
    'or-map',
    '030a 01 00 0161 01 0000  02 016b  02 0178 02 01',
    () => written(carts, (s) => carts.update(s, 'k', (cart) => orSet.add(cart, 'x', 'a'))),
  ],
  [
    'embedded g-counter',
    '030b 01 00 0161 01 0000  02 01 01 0161 05',
    () => written(tally, (s) => tally.update(s, 'a', (count) => gCounter.increment(count, 'a', 5))),
  ],
  [
    'text of which some was collected',
    '030c 03  01 00 0161 01 0000  00 01  01 00 01 0179',
    () =>
      written(
        text,
        (s) => text.insert(s, 0, 'x', 'a'),
        (s) => text.delete(s, 0, 1),
        (s) => text.collect(s, s),
        (s) => text.insert(s, 0, 'y', 'a'),
      ),
  ],
  [
    'text',
    '030c 04  00 0161 01  00 03 0001 01 026263  01 0162 01  00 02 00 01 02 01 017a',
    () =>
      written(
        text,
        (s) => text.insert(s, 0, 'abc', 'a'),
        (s) => text.insert(s, 1, 'z', 'b'),
        (s) => text.delete(s, 0, 1),
      ),
  ],
];

test.each(FORMS)('the bytes of %s', (_name, bytes, write) => {
  expect(write()).toBe(bytes.replaceAll(' ', ''));
});
