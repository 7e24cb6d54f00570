import { ByteReader, BytesError, ByteWriter } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { RaftGroup } from '../../raft/types.ts';
import { FRAME_BYTES_MAX } from '../../wire/index.ts';
import { CoreError } from '../errors.ts';
import { Reply } from '../machine/reply.ts';
import { coreError } from '../messages.ts';
import { type LeaderLine, LeaderQuestion, malformedAnswer } from './leader-line.ts';
import { WriteBatch } from './write-batch.ts';
import type { WriteSink } from './write-queue.ts';

/** After this long without an answer the outcome of forwarded writes is unknown. */
const FORWARD_TIMEOUT_MS = 5000;

/** What answers may take together: a frame's worth, less what is around each of them and the errors that replace some. */
const ANSWERS_BYTES_MAX = FRAME_BYTES_MAX - 1024 * 1024;

/**
 * Passes whole batches on to the leader as they are, and proposes those that other nodes pass on to this one. Commands and answers are moved as
 * bytes, each answer behind its length.
 */
export class WriteForwarding {
  readonly #line: LeaderLine;

  constructor(line: LeaderLine, group: RaftGroup) {
    this.#line = line;
    line.respond(LeaderQuestion.writes, (body, reply) => {
      const payload = body.rest();
      const count = countCommands(payload);
      const answers = new ForwardedAnswers(count, reply);
      const batch = new WriteBatch(() => {});
      for (let i = 0; i < count; i++) batch.add(answers, i);
      group.propose(payload, batch);
    });
  }

  forward(leader: NodeId, payload: Uint8Array, batch: WriteBatch): void {
    this.#line.askNode(leader, LeaderQuestion.writes, payload, FORWARD_TIMEOUT_MS, (error, answer) => {
      const replies = answer === undefined ? error! : readReplies(answer, batch.count);
      if (replies instanceof CoreError) batch.fail(replies, undefined);
      else for (let i = 0; i < replies.length; i++) batch.reply(i, replies[i]!);
    });
  }
}

/** A frame that is too long would end the connection, with everything else that is under way on it. */
function tooLarge(bytes: number): CoreError {
  const detail = `it was carried out, but its answer has ${bytes} bytes, too many to be passed on between nodes: ask the leader itself, or for less`;
  return coreError('request-too-large', { detail, outcome: 'applied' });
}

function readReplies(reader: ByteReader, count: number): readonly Reply[] | CoreError {
  const replies: Reply[] = [];
  try {
    for (let i = 0; i < count; i++) replies.push(Reply.encoded(reader.bytes()));
  } catch (error) {
    if (!(error instanceof BytesError)) throw error;
    return malformedAnswer(error.message);
  }
  return replies;
}

/** Throws `BytesError` when the payload is not a batch of at least one command: then nothing of it is proposed. */
function countCommands(payload: Uint8Array): number {
  const reader = new ByteReader(payload);
  let count = 0;
  do {
    reader.bytes();
    count += 1;
  } while (reader.remaining > 0);
  return count;
}

/** Gathers the answers of a forwarded batch, which come in order, to send them back as one. */
class ForwardedAnswers implements WriteSink {
  readonly #writer: ByteWriter = new ByteWriter();
  #bytes = 0;
  readonly #reply: (answer: CoreError | Uint8Array) => void;
  #left: number;

  constructor(count: number, reply: (answer: CoreError | Uint8Array) => void) {
    this.#left = count;
    this.#reply = reply;
  }

  written(_tag: number, reply: Reply): void {
    const { bytes } = reply;
    const fits = this.#bytes + bytes.length <= ANSWERS_BYTES_MAX;
    if (fits) this.#bytes += bytes.length;
    this.#writer.bytes(fits ? bytes : Reply.of(tooLarge(bytes.length)).bytes);
    this.#left -= 1;
    if (this.#left === 0) this.#reply(this.#writer.take());
  }

  /** A batch is refused as a whole. */
  refused(_tag: number, error: CoreError): void {
    if (this.#left === 0) return;
    this.#left = 0;
    this.#reply(error);
  }
}
