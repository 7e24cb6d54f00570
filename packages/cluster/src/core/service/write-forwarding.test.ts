import { ByteReader, ByteWriter } from '@quorate/patterns/base';
import { expect, test } from 'vitest';
import type { RaftGroup } from '../../raft/types.ts';
import { FRAME_BYTES_MAX } from '../../wire/index.ts';
import { decodeResponse } from '../codec/index.ts';
import { CoreError } from '../errors.ts';
import type { CoreProposal } from '../machine/core-machine.ts';
import { Reply } from '../machine/reply.ts';
import type { LeaderLine, Responder } from './leader-line.ts';
import { WriteForwarding } from './write-forwarding.ts';

/** What the leader sends back for a batch of commands with these answers. */
function sentBack(replies: readonly Reply[]): Uint8Array[] {
  let responder: Responder | undefined;
  const line = {
    respond: (_question: number, answer: Responder) => {
      responder = answer;
    },
  };
  const propose = (_payload: Uint8Array, proposal: CoreProposal): void => {
    for (const [i, one] of replies.entries()) proposal.reply(i, one);
  };
  new WriteForwarding(line as unknown as LeaderLine, { propose } as unknown as RaftGroup);
  const batch = new ByteWriter();
  for (const _ of replies) batch.bytes(new Uint8Array([1]));
  let sent: CoreError | Uint8Array | undefined;
  responder!(new ByteReader(batch.take()), (answer) => {
    sent = answer;
  });
  const reader = new ByteReader(sent as Uint8Array);
  return replies.map(() => reader.bytes());
}

test('an answer that does not fit into a frame is replaced by an error that says so; the others arrive', () => {
  const small = Reply.of({ kind: 'put', revision: 7, prevKv: undefined });
  const large = Reply.encoded(new Uint8Array(FRAME_BYTES_MAX));
  const [first, second, third] = sentBack([small, large, small]);
  expect([decodeResponse(first!), decodeResponse(third!)]).toMatchObject([{ revision: 7 }, { revision: 7 }]);
  const error = decodeResponse(second!);
  expect(error).toBeInstanceOf(CoreError);
  expect(error).toMatchObject({ code: 'request-too-large', outcome: 'applied', retryable: false });
  expect((error as CoreError).message).toMatch(/it was carried out, but its answer has 16777216 bytes/);
});

test('so are those that do not fit together', () => {
  const half = Reply.encoded(new Uint8Array(FRAME_BYTES_MAX / 2));
  const sizes = sentBack([half, half, half]).map(({ length }) => length);
  expect(sizes[0]).toBe(FRAME_BYTES_MAX / 2);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FRAME_BYTES_MAX);
});
