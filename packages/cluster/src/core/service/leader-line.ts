/**
 * What one member asks of the leader, over the channel between nodes: a byte that says what, and a body. The answer is a byte,
 *
 *     0, then the body of the answer      or      1, an error, and the leader's id as far as the answering node knows it (0: not)
 *
 * The leader asks itself without a detour.
 */
import { ByteReader, BytesError, ByteWriter } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { Channels } from '../../transport/channels.ts';
import type { PeerTransport } from '../../transport/types.ts';
import { readResponse, writeResponse } from '../codec/index.ts';
import { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import { fromTransportError } from './group-errors.ts';
import type { LeaderView } from './leader-view.ts';

/** By their number on the wire. A number is never reused. */
export const LeaderQuestion = {
  writes: 1,
  keepAlive: 2,
  leaseStatus: 3,
  addMember: 4,
  promoteMember: 5,
  removeMember: 6,
  updateMember: 7,
  moveLeader: 8,
} as const;

const OK = 0;
const FAILED = 1;

export type Answered = (error: CoreError | undefined, answer: ByteReader | undefined) => void;
/** Answers a question on the leader; `reply` is called once, at once or later. */
export type Responder = (body: ByteReader, reply: (answer: CoreError | Uint8Array) => void) => void;

export class LeaderLine {
  readonly #transport: PeerTransport;
  readonly #view: LeaderView;
  readonly #responders: Map<number, Responder> = new Map();

  constructor(transport: PeerTransport, view: LeaderView) {
    this.#transport = transport;
    this.#view = view;
    transport.answer(Channels.core, (_from, payload, reply) => this.#asked(payload, reply));
  }

  respond(question: number, responder: Responder): void {
    this.#responders.set(question, responder);
  }

  /** Asks the leader known now. `done` is called once, never inside this call when the leader is another node. */
  ask(question: number, body: Uint8Array, timeoutMs: number, done: Answered): void {
    const { leader, leads } = this.#view;
    if (leader === undefined) return done(coreError('no-leader'), undefined);
    if (leads) return this.#askHere(question, body, done);
    this.askNode(leader, question, body, timeoutMs, done);
  }

  /** Asks that node, which may find that it does not lead. */
  askNode(leader: NodeId, question: number, body: Uint8Array, timeoutMs: number, done: Answered): void {
    const payload = new Uint8Array(body.length + 1);
    payload[0] = question;
    payload.set(body, 1);
    this.#transport.request(leader, Channels.core, payload, timeoutMs, (error, reply) => {
      if (reply === undefined) done(fromTransportError(error ?? new Error('no answer')), undefined);
      else readAnswer(reply, done);
    });
  }

  #askHere(question: number, body: Uint8Array, done: Answered): void {
    this.#responders.get(question)!(new ByteReader(body), (answer) => {
      if (answer instanceof CoreError) done(answer, undefined);
      else done(undefined, new ByteReader(answer));
    });
  }

  #asked(payload: Uint8Array, reply: (payload: Uint8Array) => void): void {
    const respond = (answer: CoreError | Uint8Array): void => {
      const writer = new ByteWriter(answer instanceof CoreError ? 64 : answer.length + 1);
      if (answer instanceof CoreError) {
        writer.u8(FAILED);
        writeResponse(writer, answer);
        writer.uint(this.#view.leader ?? 0);
      } else {
        writer.u8(OK);
        writer.raw(answer);
      }
      reply(writer.take());
    };
    const responder = this.#responders.get(payload[0] ?? 0);
    if (responder === undefined)
      return respond(coreError('invalid-request', { detail: 'unknown question to a leader' }));
    if (!this.#view.leads) return respond(coreError(this.#view.leader === undefined ? 'no-leader' : 'not-leader'));
    try {
      responder(new ByteReader(payload, 1), respond);
    } catch (error) {
      if (!(error instanceof BytesError)) throw error;
      respond(coreError('invalid-request', { detail: error.message, cause: error }));
    }
  }
}

function readAnswer(reply: Uint8Array, done: Answered): void {
  const reader = new ByteReader(reply);
  let error: CoreError;
  try {
    if (reader.u8() === OK) return done(undefined, reader);
    const refusal = readResponse(reader);
    error = refusal instanceof CoreError ? refusal : malformedAnswer('an error was expected');
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause;
    error = malformedAnswer(cause.message);
  }
  done(error, undefined);
}

/** What the other node did with the question is anybody's guess. */
export function malformedAnswer(detail: string): CoreError {
  return coreError('unavailable', { detail: `the leader's answer cannot be read, ${detail}`, outcome: 'unknown' });
}
