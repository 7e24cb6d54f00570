import { describe, expect, test } from 'vitest';
import { encodeCommand, type SessionHeader } from '../codec/index.ts';
import { CoreError } from '../errors.ts';
import { SESSION_WINDOW_MAX, SESSIONS_MAX } from './index.ts';
import { Bench, get, put, txn, when } from './machine.fixture.ts';

const open = (bench: Bench): number => bench.do<'session'>({ kind: 'session-open' }).session;
const header = (session: number, sequence: number, acknowledgedBelow = 1): SessionHeader => ({
  session,
  sequence,
  acknowledgedBelow,
});

describe('a request with a session', () => {
  test('is carried out once, however often it is applied, and answered alike', () => {
    const bench = new Bench();
    const session = open(bench);
    const first = bench.do<'put'>(put('a', '1'), header(session, 1));
    bench.put('a', '2');
    expect(bench.do<'put'>(put('a', '1'), header(session, 1))).toEqual(first);
    expect(bench.content()).toEqual(['a=2@3']);
  });

  test('is answered alike also when the answer was long, or a refusal', () => {
    const bench = new Bench();
    const session = open(bench);
    bench.put('a', 'before');
    const request = txn([when('a', 'version', 'equal', 1)], [put('a', 'after', { prevKv: true }), get('a')]);
    const first = bench.do(request, header(session, 1));
    expect(bench.do(request, header(session, 1))).toEqual(first);
    expect(bench.code({ kind: 'lease-revoke', id: 5 }, header(session, 2))).toBe('lease-not-found');
    bench.do({ kind: 'lease-grant', id: 5, ttlSeconds: 60 });
    expect(bench.code({ kind: 'lease-revoke', id: 5 }, header(session, 2))).toBe('lease-not-found');
  });

  test('is remembered in a form that does not hold on to old versions of keys', () => {
    const bench = new Bench();
    const session = open(bench);
    bench.put('a', 'before');
    const reply = bench.applyEncoded(encodeCommand(put('a', 'after', { prevKv: true }), header(session, 1)))[0]!;
    expect(reply.kept()).toBe(reply);
  });

  test('within one entry is carried out once, too', () => {
    const bench = new Bench();
    const session = open(bench);
    const encoded = encodeCommand(put('a', '1'), header(session, 1));
    const replies = bench.applyEncoded(encoded, encoded, encoded);
    expect(replies.map((r) => [...r.bytes].join())).toEqual(new Array(3).fill([...replies[0]!.bytes].join()));
    expect(bench.kv('a')!.version).toBe(1);
  });

  test('of an unknown session is not carried out, and says that an earlier copy may have been', () => {
    const bench = new Bench();
    const answer = bench.try(put('a', '1'), header(77, 1)) as CoreError;
    expect([answer.code, answer.outcome, answer.retryable]).toEqual(['session-expired', 'unknown', false]);
    expect(bench.content()).toEqual([]);
  });

  test('that was acknowledged is not carried out when a late copy arrives', () => {
    const bench = new Bench();
    const session = open(bench);
    bench.do(put('a', '1'), header(session, 1));
    bench.do(put('a', '2'), header(session, 2, 2));
    expect(bench.code(put('a', '1'), header(session, 1))).toBe('invalid-request');
    expect(bench.kv('a')!.version).toBe(2);
  });

  test('too far ahead of what is acknowledged is not carried out, and can be repeated', () => {
    const bench = new Bench();
    const session = open(bench);
    const far = SESSION_WINDOW_MAX + 1;
    const answer = bench.try(put('a', '1'), header(session, far)) as CoreError;
    expect([answer.code, answer.outcome, answer.retryable]).toEqual(['too-many-requests', 'not-applied', true]);
    expect(bench.code(put('a', '1'), header(session, far, 2))).toBe('ok');
  });

  test('whose body cannot be read is refused, and so is its copy', () => {
    const bench = new Bench();
    const session = open(bench);
    const bad = encodeCommand(put('a', '1'), header(session, 1)).slice(0, -1);
    for (let i = 0; i < 2; i++) {
      const { value } = bench.applyEncoded(bad)[0]!;
      expect(value instanceof CoreError && value.code).toBe('invalid-request');
    }
  });
});

describe('sessions', () => {
  test('have ids that are never given out again', () => {
    const bench = new Bench();
    const ids = [open(bench), open(bench)];
    bench.do({ kind: 'session-close', session: ids[1]! });
    ids.push(open(bench));
    expect(new Set(ids).size).toBe(3);
    expect(bench.machine.sessionCount).toBe(2);
    expect(bench.code(put('a'), header(ids[1]!, 1))).toBe('session-expired');
  });

  test('are forgotten least recently used first when there are too many', () => {
    const bench = new Bench();
    const first = open(bench);
    const second = open(bench);
    for (let i = 2; i < SESSIONS_MAX; i++) open(bench);
    bench.do(put('a'), header(first, 1));
    open(bench);
    expect(bench.machine.sessionCount).toBe(SESSIONS_MAX);
    expect(bench.code(put('a'), header(first, 2))).toBe('ok');
    expect(bench.code(put('a'), header(second, 1))).toBe('session-expired');
  });

  test('go on where they were on a member that took over a snapshot', async () => {
    const bench = new Bench();
    const session = open(bench);
    const answer = bench.do<'put'>(put('a', '1', { prevKv: true }), header(session, 3, 2));
    const other = new Bench();
    await other.restore(await bench.snapshot());
    expect(other.do<'put'>(put('a', '1', { prevKv: true }), header(session, 3, 2))).toEqual(answer);
    expect(other.code(put('a'), header(session, 1))).toBe('invalid-request');
  });
});
