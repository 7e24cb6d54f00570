import { expect, test } from 'vitest';
import { DotContext, hybridTimestamp } from '../time/index.ts';
import { booleanCodec, bytesCodec, type Codec, decodeCrdt, enableWinsFlag, encodeCrdt, gCounter, gSet, listOf, lwwRegister, mvRegister, numberCodec, orMap, orSet, textCodec, twoPhaseSet } from './index.ts'; // biome-ignore format: one import

const title = lwwRegister(textCodec);
const at = (wallMs: number, node: string, logical = 0) => ({ at: hybridTimestamp(wallMs, logical), node });

test('last writer wins: by time, then counter, then node, then, for a stamp used twice, by the bytes of the value', () => {
  const wins = (a: ReturnType<typeof title.set>, b: typeof a): unknown => {
    expect(title.value(title.merge(a, b))).toBe(title.value(title.merge(b, a)));
    return title.value(title.merge(a, b));
  };
  expect(wins(title.set('old', at(1, 'z', 9)), title.set('new', at(2, 'a')))).toBe('new');
  expect(wins(title.set('old', at(1, 'z', 1)), title.set('new', at(1, 'a', 2)))).toBe('new');
  expect(wins(title.set('old', at(1, 'a')), title.set('new', at(1, 'b')))).toBe('new');
  expect(wins(title.set('aa', at(1, 'a')), title.set('ab', at(1, 'a')))).toBe('ab');
  expect(wins(title.set('z', at(1, 'a')), title.set('aa', at(1, 'a')))).toBe('aa'); // the longer one: its length comes first
  expect(wins(title.set('x', at(1, 'a')), title.empty)).toBe('x');
  expect(title.equals(title.set('x', at(1, 'a')), title.set('y', at(1, 'a')))).toBe(false);
  expect(title.value(title.empty)).toBeUndefined();
});

test('undefined cannot be written: it stands for never', () => {
  expect(() => lwwRegister(numberCodec).set(undefined as unknown as number, at(1, 'a'))).toThrow(/never written/);
});

test('a multi-value register keeps concurrent writes, even equal ones, and the next write replaces those it saw', () => {
  const register = mvRegister(textCodec);
  const a = register.set(register.empty, 'tea', 'a');
  const b = register.set(register.empty, 'tea', 'b');
  const both = register.merge(a, b);
  expect(register.value(both)).toEqual(['tea', 'tea']);
  const c = register.set(both, 'milk', 'a');
  expect(register.value(register.merge(both, c))).toEqual(['milk']);
  const unaware = register.set(a, 'rum', 'a');
  expect(register.value(register.merge(c, unaware))).toEqual(['milk']); // the same dot: only one write can be the actor's second
  expect(register.value(register.merge(c, register.set(b, 'rum', 'b')))).toEqual(['milk', 'rum']);
  expect(register.value(register.merge(both, register.clear(both)))).toEqual([]);
});

test('a flag: enabling wins over a disabling that did not know of it', () => {
  const on = enableWinsFlag.enable(enableWinsFlag.empty, 'a');
  const off = enableWinsFlag.disable(on);
  const again = enableWinsFlag.enable(on, 'b');
  expect(enableWinsFlag.value(enableWinsFlag.merge(on, off))).toBe(false);
  expect(enableWinsFlag.value(enableWinsFlag.merge(off, again))).toBe(true);
  const known = enableWinsFlag.merge(on, again);
  expect(enableWinsFlag.value(enableWinsFlag.merge(known, enableWinsFlag.disable(known)))).toBe(false);
  expect(enableWinsFlag.disable(enableWinsFlag.empty).context).toBe(DotContext.empty);
});

test('a flag and a register that are written again and again stay one dot and one number', () => {
  const register = mvRegister(textCodec);
  let [flag, value] = [enableWinsFlag.empty, register.empty];
  for (let n = 1; n <= 100; n++) {
    flag = enableWinsFlag.merge(flag, enableWinsFlag.enable(flag, 'a'));
    value = register.merge(value, register.set(value, `v${n}`, 'a'));
  }
  for (const { store, context } of [flag, value])
    expect([listOf<unknown>(store).length, context.toString()]).toEqual([1, '{a:1-100}']);
});

test('a set or flag that was sent holds what the one that was made does', () => {
  const set = gSet.add('x');
  const flag = enableWinsFlag.enable(enableWinsFlag.empty, 'a');
  const returning = orSet.add(orSet.empty, 'x', 'a');
  const sent = decodeCrdt(orSet, encodeCrdt(orSet, returning));
  expect([...sent.store.entries.entries()]).toEqual([...returning.store.entries.entries()]);
  expect([...decodeCrdt(gSet, encodeCrdt(gSet, set)).entries()]).toEqual([...set.entries()]);
  expect(decodeCrdt(enableWinsFlag, encodeCrdt(enableWinsFlag, flag)).store).toEqual(flag.store);
});

test('values of every kind are read as they were written', () => {
  const kept = <T>(codec: Codec<T>, value: T): T => {
    const register = lwwRegister(codec);
    return register.value(decodeCrdt(register, encodeCrdt(register, register.set(value, at(1, 'a')))))!;
  };
  expect([kept(numberCodec, -0.5), kept(booleanCodec, true), kept(booleanCodec, false)]).toEqual([-0.5, true, false]);
  expect(kept(bytesCodec, Uint8Array.of(7, 0, 255))).toEqual(Uint8Array.of(7, 0, 255));
});

test('bytes that were read do not change when the packet they came in is used again', () => {
  const register = lwwRegister(bytesCodec);
  const packet = encodeCrdt(register, register.set(Uint8Array.of(7), at(1, 'a')));
  const read = decodeCrdt(register, packet);
  packet.fill(0);
  expect(register.value(read)).toEqual(Uint8Array.of(7));
});

test('a growing set holds what anybody added', () => {
  const set = gSet.merge(gSet.add('x'), gSet.add('y'));
  expect([gSet.has(set, 'x'), gSet.has(set, 'z'), gSet.value(set).sort()]).toEqual([true, false, ['x', 'y']]);
  expect(gSet.merge(set, gSet.add('x'))).toBe(set);
  expect(gSet.merge(gSet.empty, set)).toBe(set);
});

test('two-phase set: what was removed never comes back, even if the removal comes first', () => {
  const removed = twoPhaseSet.remove('x');
  expect(twoPhaseSet.has(twoPhaseSet.merge(removed, twoPhaseSet.add('x')), 'x')).toBe(false);
  expect(twoPhaseSet.has(twoPhaseSet.merge(twoPhaseSet.add('x'), removed), 'x')).toBe(false);
  expect(twoPhaseSet.value(twoPhaseSet.merge(twoPhaseSet.add('x'), twoPhaseSet.add('y'))).sort()).toEqual(['x', 'y']);
});

test('OR-set: an addition wins over a removal that did not know of it, and an element may return', () => {
  const a = orSet.merge(orSet.empty, orSet.add(orSet.empty, 'x', 'a'));
  const removed = orSet.merge(a, orSet.remove(a, 'x'));
  const readded = orSet.merge(a, orSet.add(a, 'x', 'b'));
  expect(orSet.has(removed, 'x')).toBe(false);
  expect(orSet.has(orSet.merge(removed, readded), 'x')).toBe(true);
  const back = orSet.merge(removed, orSet.add(removed, 'x', 'a'));
  expect(orSet.value(orSet.merge(back, a))).toEqual(['x']);
});

test('OR-set: a removal that comes before the addition it saw takes effect when that comes', () => {
  const add = orSet.add(orSet.empty, 'x', 'a');
  const remove = orSet.remove(orSet.merge(orSet.empty, add), 'x');
  const late = orSet.merge(orSet.merge(orSet.empty, remove), add);
  expect(orSet.value(late)).toEqual([]);
});

test('OR-set: a delta that comes before its predecessors does not hide them', () => {
  const first = orSet.add(orSet.empty, 'x', 'a');
  const second = orSet.add(orSet.merge(orSet.empty, first), 'y', 'a');
  const reordered = orSet.merge(orSet.merge(orSet.empty, second), first);
  expect(orSet.value(reordered).sort()).toEqual(['x', 'y']);
  expect(reordered.context.toString()).toBe('{a:1-2}');
});

test('OR-set: a delta and the whole state of nothing but that delta are equal, other deltas are not', () => {
  const x = orSet.add(orSet.empty, 'x', 'a');
  const gone = orSet.remove(orSet.merge(orSet.empty, x), 'x');
  for (const delta of [x, gone]) {
    expect(orSet.equals(delta, orSet.merge(orSet.empty, delta))).toBe(true);
    expect(orSet.equals(orSet.merge(orSet.empty, delta), delta)).toBe(true);
  }
  const y = orSet.add(orSet.empty, 'y', 'a');
  for (const other of [gone, y, orSet.merge(orSet.empty, y)])
    expect([orSet.equals(x, other), orSet.equals(other, x)]).toEqual([false, false]);
});

test('OR-set: nothing is left of a thousand elements that came and went, but a number per actor', () => {
  let set = orSet.empty;
  for (let n = 0; n < 1000; n++) {
    set = orSet.merge(set, orSet.add(set, `e${n}`, n % 2 ? 'a' : 'b'));
    set = orSet.merge(set, orSet.remove(set, `e${n}`));
  }
  expect(set.store.entries.size).toBe(0);
  expect(set.context.toString()).toBe('{a:1-500, b:1-500}');
});

test('OR-set: removing what is not there changes nothing, clearing removes what was seen', () => {
  const set = orSet.merge(orSet.empty, orSet.add(orSet.empty, 'x', 'a'));
  expect(orSet.merge(set, orSet.remove(set, 'y'))).toBe(set);
  const unseen = orSet.merge(set, orSet.add(set, 'y', 'b'));
  expect(orSet.value(orSet.merge(unseen, orSet.clear(set)))).toEqual(['y']);
  expect(orSet.value(orSet.clear(set))).toEqual([]);
});

test('registers that have seen the same writes are equal when they kept the same ones, not some', () => {
  const register = mvRegister(textCodec);
  const [a, b, c] = ['a', 'b', 'c'].map((actor) => register.set(register.empty, actor, actor));
  const all = [a!, b!, c!].reduce(register.merge);
  const without = (one: typeof a): typeof all => register.merge(all, register.clear(one!));
  const none = register.merge(all, register.clear(all));
  const states = [all, without(a), without(b), without(c), register.merge(without(a), without(b)), none];
  for (const x of states) {
    expect(x.context.equals(all.context)).toBe(true);
    for (const y of states) expect(register.equals(x, y)).toBe(x === y);
  }
});

test('OR-set: removals of different elements are not equal, though they have seen the same', () => {
  const set = orSet.add(orSet.empty, 'x', 'a');
  const other = orSet.add(orSet.empty, 'y', 'a');
  expect(orSet.equals(orSet.remove(set, 'x'), orSet.remove(other, 'y'))).toBe(false);
});

test('OR-set: what removes or clears is itself a part, whatever it removes, and is read as it was written', () => {
  const set = orSet.merge(orSet.add(orSet.empty, '', 'a'), orSet.add(orSet.empty, 'x', 'b'));
  const whole = orSet.merge(orSet.empty, set);
  for (const delta of [orSet.remove(whole, ''), orSet.remove(whole, 'y'), orSet.clear(whole)]) {
    expect(delta.store.part).toBe(true);
    const read = decodeCrdt(orSet, encodeCrdt(orSet, delta));
    expect([read.store.part, [...read.store.entries.entries()]]).toEqual([true, [...delta.store.entries.entries()]]);
    expect(orSet.equals(read, delta)).toBe(true);
  }
});

test('half of a surrogate pair is refused: bytes cannot hold it, and replicas would never agree on it', () => {
  const half = 'x\ud83d';
  for (const add of [() => gSet.add(half), () => twoPhaseSet.remove(half), () => orSet.add(orSet.empty, half, 'a')])
    expect(add).toThrow(/an element must be well-formed text/);
  expect(() => orMap(orSet).update(orMap(orSet).empty, half, (set) => set)).toThrow(/a key must be well-formed text/);
  expect(() => encodeCrdt(title, title.set(half, at(1, 'a')))).toThrow(/what a state holds must be well-formed text/);
  expect(() => encodeCrdt(gCounter, gCounter.increment(gCounter.empty, half))).toThrow(/well-formed/);
  const state = orSet.add(orSet.empty, '😀', 'a');
  expect(orSet.value(decodeCrdt(orSet, encodeCrdt(orSet, state)))).toEqual(['😀']);
});

test('a stamp with a part that is no number is refused: it would come before and after all others', () => {
  const stamp = { at: { kind: 'timestamp', wallMs: Number.NaN, logical: 0 }, node: 'a' } as const;
  expect(() => title.set('x', stamp)).toThrow(/wallMs must be an integer/);
});
