/** What etcd's clients rely on and implementers get wrong; each checked against etcd 3.4.23 as well. */
import { describe, expect, test } from 'vitest';
import { encodeBatch, encodeCommand } from '../codec/index.ts';
import { Bench, del, get, put, txn } from './machine.fixture.ts';

describe('leases', () => {
  const granted = (id: number, ttlSeconds = 60): Parameters<Bench['code']>[0] => ({
    kind: 'lease-grant',
    id,
    ttlSeconds,
  });

  test('a time to live is raised to the minimum, and refused above 9,000,000,000 s', () => {
    const bench = new Bench();
    expect(bench.do<'lease-grant'>(granted(1, 1)).ttlSeconds).toBe(2);
    expect(bench.do<'lease-grant'>(granted(2, -5)).ttlSeconds).toBe(2);
    expect(bench.do<'lease-grant'>(granted(3, 9_000_000_000)).ttlSeconds).toBe(9_000_000_000);
    expect(bench.code(granted(4, 9_000_000_001))).toBe('lease-ttl-too-large');
  });

  test('an id that exists is refused; for id 0 one is picked that does not exist', () => {
    const bench = new Bench();
    expect(bench.code(granted(5))).toBe('ok');
    expect(bench.code(granted(5))).toBe('lease-exists');
    const [first, second] = [bench.do<'lease-grant'>(granted(0)).id, bench.do<'lease-grant'>(granted(0)).id];
    expect(first).not.toBe(second);
    expect(bench.machine.lease(first)).toMatchObject({ ttlSeconds: 60 });
  });

  test('granting changes no revision', () => {
    const bench = new Bench();
    expect(bench.do<'lease-grant'>(granted(5)).revision).toBe(1);
  });

  test('revoking deletes all keys of the lease, in order, as one revision', () => {
    const bench = new Bench();
    bench.do(granted(5));
    for (const key of ['c', 'a', 'b']) bench.put(key, '', { lease: 5 });
    bench.put('d');
    const ear = bench.watch('\u0000', '\u0000');
    expect(bench.do<'lease-revoke'>({ kind: 'lease-revoke', id: 5 }).revision).toBe(6);
    bench.flush();
    expect(ear.events).toEqual(['delete a@6', 'delete b@6', 'delete c@6']);
    expect(bench.content()).toEqual(['d=@5']);
    expect(bench.code({ kind: 'lease-revoke', id: 5 })).toBe('lease-not-found');
  });

  test('revoking a lease without keys changes no revision', () => {
    const bench = new Bench();
    bench.do(granted(5));
    expect(bench.do<'lease-revoke'>({ kind: 'lease-revoke', id: 5 }).revision).toBe(1);
  });

  test('a key belongs to the lease of its last put, and to none once deleted', () => {
    const bench = new Bench();
    bench.do(granted(5));
    bench.do(granted(6));
    bench.put('a', '', { lease: 5 });
    bench.put('a', '', { lease: 6 });
    bench.put('b', '', { lease: 5 });
    bench.do(del('b'));
    bench.put('b');
    bench.do({ kind: 'lease-revoke', id: 5 });
    expect(bench.content()).toEqual(['a=@3', 'b=@6']);
    expect([...bench.machine.lease(6)!.keys].map((cell) => cell.key)).toEqual(['a']);
  });

  test('whoever times leases hears of them as they come and go', () => {
    const heard: string[] = [];
    const bench = new Bench({
      leases: {
        granted: (id, ttlSeconds) => heard.push(`+${id}:${ttlSeconds}`),
        revoked: (id) => heard.push(`-${id}`),
      },
    });
    bench.do(granted(5, 7));
    bench.code(granted(5, 8));
    bench.do({ kind: 'lease-revoke', id: 5 });
    expect(heard).toEqual(['+5:7', '-5']);
  });
});

describe('the quota and its alarms', () => {
  const alarm = (action: 'activate' | 'deactivate', kind: 'no-space' | 'corrupt'): Parameters<Bench['code']>[0] => ({
    kind: 'alarm',
    action,
    alarm: kind,
    memberId: 3,
  });

  test('without space, what adds is refused and what removes goes on', () => {
    const bench = new Bench();
    bench.put('a');
    bench.put('b');
    bench.do({ kind: 'lease-grant', id: 5, ttlSeconds: 60 });
    bench.do(alarm('activate', 'no-space'));
    expect(bench.code(put('a'))).toBe('no-space');
    expect(bench.code(txn([], [], [put('a')]))).toBe('no-space');
    expect(bench.code(txn([], [txn([], [put('a')])]))).toBe('no-space');
    expect(bench.code({ kind: 'lease-grant', id: 6, ttlSeconds: 60 })).toBe('no-space');
    expect(bench.code(del('a'))).toBe('ok');
    expect(bench.code(txn([], [del('b'), get('a')]))).toBe('ok');
    expect(bench.code({ kind: 'lease-revoke', id: 5 })).toBe('ok');
    expect(bench.code({ kind: 'compact', revision: 3 })).toBe('ok');
    expect(bench.rangeCode(get('a'))).toBe('ok');
    bench.do(alarm('deactivate', 'no-space'));
    expect(bench.code(put('a'))).toBe('ok');
  });

  test('corruption stops everything but the alarm itself', () => {
    const bench = new Bench();
    bench.do(alarm('activate', 'corrupt'));
    const commands = [put('a'), del('a'), txn([], []), { kind: 'compact', revision: 1 } as const];
    for (const command of commands) expect(bench.code(command)).toBe('corrupt');
    expect(bench.rangeCode(get('a'))).toBe('corrupt');
    bench.do(alarm('deactivate', 'corrupt'));
    expect(bench.code(put('a'))).toBe('ok');
  });

  test('an alarm is raised once, and dropping what is not raised does nothing', () => {
    const bench = new Bench();
    bench.do(alarm('activate', 'no-space'));
    expect(bench.do<'alarm'>(alarm('activate', 'no-space')).alarms).toEqual([{ alarm: 'no-space', memberId: 3 }]);
    expect(bench.machine.alarms).toEqual([{ alarm: 'no-space', memberId: 3 }]);
    expect(bench.do<'alarm'>(alarm('deactivate', 'no-space')).alarms.length).toBe(1);
    expect(bench.do<'alarm'>(alarm('deactivate', 'no-space')).alarms.length).toBe(0);
  });
});

describe('members', () => {
  const member = (id: number, name: string) => ({ id, name, peerAddress: `h:${id}`, clientUrls: ['http://h'] });

  test('are put, replaced and removed', () => {
    const bench = new Bench();
    bench.do({ kind: 'member-put', member: member(1, 'one') });
    bench.do({ kind: 'member-put', member: member(2, 'two') });
    expect(bench.do<'member'>({ kind: 'member-put', member: member(1, 'uno') }).members).toEqual([
      member(1, 'uno'),
      member(2, 'two'),
    ]);
    bench.do({ kind: 'member-remove', id: 1 });
    expect(bench.machine.members).toEqual([member(2, 'two')]);
    expect(bench.code({ kind: 'member-remove', id: 1 })).toBe('member-not-found');
  });
});

describe('an entry', () => {
  test('is a batch: each command is carried out and answered in order, a bad one alone is refused', () => {
    const bench = new Bench();
    const replies = bench.applyEncoded(
      encodeCommand(put('a')),
      new Uint8Array([99, 1, 2]),
      encodeCommand(put('b', 'x', { ignoreValue: true })),
      encodeCommand(put('c')),
    );
    const verdicts = replies.map(({ value }) => (value instanceof Error ? value.code : value.kind));
    expect(verdicts).toEqual(['put', 'invalid-request', 'value-provided', 'put']);
    expect(bench.machine.revision).toBe(3);
  });

  test('that breaks off is carried out up to there', () => {
    const bench = new Bench();
    const whole = encodeBatch([encodeCommand(put('a')), encodeCommand(put('b', 'a long value'))]);
    const replies = bench.applyEntry(whole.subarray(0, whole.length - 3));
    expect(replies.map(({ value }) => (value instanceof Error ? value.code : value.kind))).toEqual([
      'put',
      'invalid-request',
    ]);
    expect(bench.content()).toEqual(['a=@2']);
    expect(bench.machine.appliedIndex).toBe(1);
  });
});
