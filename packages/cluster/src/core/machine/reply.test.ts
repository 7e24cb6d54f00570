import { describe, expect, test } from 'vitest';
import { decodeResponse } from '../codec/index.ts';
import { CoreError } from '../errors.ts';
import type { PutResponse, RangeResponse } from '../requests.ts';
import { plainResponse, Reply } from './index.ts';
import { Bench, bytes, get, put, show } from './machine.fixture.ts';
import { StoredVersion } from './stored-version.ts';

describe('a reply', () => {
  const answer = (): Reply => {
    const bench = new Bench();
    bench.put('a', 'old');
    const response = bench.machine.range(get('a'));
    if (response instanceof CoreError) throw response;
    return Reply.of({ kind: 'put', revision: 3, prevKv: response.kvs[0] });
  };

  test('says the same as fields, as bytes, and in the form in which it is kept', () => {
    const reply = answer();
    expect(show(decodeResponse(reply.bytes))).toEqual(show(reply.value));
    expect(show(reply.kept().value)).toEqual(show(reply.value));
    expect([...reply.kept().bytes]).toEqual([...reply.bytes]);
    expect(reply.kept().weight).toBe(Reply.encoded(reply.bytes).kept().weight);
  });

  test('in the form in which it is kept does not hold on to versions of keys', () => {
    const kept = answer().kept();
    expect((kept.value as PutResponse).prevKv).not.toBeInstanceOf(StoredVersion);
    expect(kept).not.toBe(answer());
    const small = Reply.of({ kind: 'put', revision: 3 });
    expect(small.kept()).toBe(small);
  });

  test('gives a caller in this process bytes of its own: changing them changes no state', () => {
    const bench = new Bench();
    bench.put('a', 'value');
    const range = plainResponse(bench.machine.range(get('a')) as RangeResponse);
    range.kvs[0]!.value.fill(0);
    range.kvs[0]!.key.fill(0);
    expect(bench.kv('a')!.value).toEqual(bytes('value'));
  });

  test('stays right when the versions in it are compacted away before it is encoded', () => {
    const bench = new Bench();
    bench.put('a', 'old');
    const reply = Reply.of({
      kind: 'put',
      revision: 3,
      prevKv: (bench.machine.range(get('a')) as RangeResponse).kvs[0],
    });
    bench.put('a', 'new');
    bench.do({ kind: 'compact', revision: 3 });
    for (let i = 0; i < 3000; i++) bench.do(put('b', 'x'.repeat(200)));
    bench.do({ kind: 'compact', revision: bench.machine.revision });
    bench.flush();
    expect(show((reply.value as PutResponse).prevKv)).toMatchObject({
      value: [...bytes('old')].join(),
      modRevision: 2,
    });
  });
});
