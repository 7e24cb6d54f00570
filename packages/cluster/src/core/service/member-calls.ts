import { type ByteReader, ByteWriter } from '@quorate/patterns/base';
import { readMember, readMemberStatus, writeMember, writeMemberStatus } from '../codec/index.ts';
import type { CallOptions, MemberStatus } from '../core.ts';
import { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { MemberRecord } from '../requests.ts';
import type { LeaderCalls } from './leader-calls.ts';
import { type LeaderLine, LeaderQuestion } from './leader-line.ts';
import type { LeaderView } from './leader-view.ts';
import type { Membership } from './membership.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
/** A change of the configuration takes several rounds, and disks that are slow to catch up. */
const CHANGE_TIMEOUT_MS = 10_000;

/** Changes of the membership from any member: carried out by the leader, wherever it is. */
export class MemberCalls {
  readonly #calls: LeaderCalls;
  readonly #membership: Membership;
  readonly #view: LeaderView;
  readonly #self: number;

  constructor(line: LeaderLine, calls: LeaderCalls, membership: Membership, view: LeaderView, self: number) {
    this.#calls = calls;
    this.#membership = membership;
    this.#view = view;
    this.#self = self;
    this.#respond(line, LeaderQuestion.addMember, async (body) => {
      const { isLearner, ...member } = readMemberStatus(body);
      return encode(writeMemberStatus, await membership.add(member, isLearner));
    });
    this.#respond(line, LeaderQuestion.promoteMember, (body) => done(membership.promote(body.uint())));
    this.#respond(line, LeaderQuestion.removeMember, (body) => done(membership.remove(body.uint())));
    this.#respond(line, LeaderQuestion.updateMember, (body) => done(membership.update(readMember(body))));
    this.#respond(line, LeaderQuestion.moveLeader, (body) => done(membership.moveLeader(body.uint())));
  }

  add(member: Omit<MemberRecord, 'id'>, learner: boolean, options: CallOptions): Promise<MemberStatus> {
    const body = encode(writeMemberStatus, { ...member, id: 0, isLearner: learner });
    return this.#change('add a member', LeaderQuestion.addMember, body, readMemberStatus, options);
  }

  promote(id: number, options: CallOptions | undefined): Promise<void> {
    return this.#change('promote a member', LeaderQuestion.promoteMember, number(id), nothing, options);
  }

  /** A leader that is to go first hands over, and then the new one removes it. */
  async remove(id: number, options: CallOptions | undefined): Promise<void> {
    if (this.#view.leader === id) await this.#handOver(id, options);
    return this.#change('remove a member', LeaderQuestion.removeMember, number(id), nothing, options);
  }

  update(member: MemberRecord, options: CallOptions | undefined): Promise<void> {
    return this.#change('update a member', LeaderQuestion.updateMember, encode(writeMember, member), nothing, options);
  }

  moveLeader(to: number, options: CallOptions | undefined): Promise<void> {
    return this.#change('move the leader', LeaderQuestion.moveLeader, number(to), nothing, options);
  }

  /** 0 asks the leader to choose its successor itself. Not being able to is no reason not to remove it: it steps down then. */
  async #handOver(id: number, options: CallOptions | undefined): Promise<void> {
    try {
      const successor = id === this.#self ? this.#membership.successor() : undefined;
      if (id !== this.#self || successor !== undefined) await this.moveLeader(successor ?? 0, options);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    }
  }

  #change<T>(
    what: string,
    question: number,
    body: Uint8Array,
    decode: (answer: ByteReader) => T,
    options: CallOptions | undefined,
  ): Promise<T> {
    const timeoutMs = options?.timeoutMs ?? CHANGE_TIMEOUT_MS;
    return this.#calls.call({ what, question, body, decode, inDoubt: 'unknown' }, { ...options, timeoutMs });
  }

  #respond(line: LeaderLine, question: number, carryOut: (body: ByteReader) => Promise<Uint8Array>): void {
    line.respond(question, (body, reply) => {
      carryOut(body).then(reply, (error: unknown) => {
        reply(
          error instanceof CoreError ? error : coreError('unavailable', { detail: String(error), outcome: 'unknown' }),
        );
      });
    });
  }
}

function number(value: number): Uint8Array {
  return encode((writer, v: number) => writer.uint(v), value);
}

function encode<T>(write: (writer: ByteWriter, value: T) => void, value: T): Uint8Array {
  const writer = new ByteWriter(64);
  write(writer, value);
  return writer.take();
}

function nothing(): void {}

async function done(change: Promise<void>): Promise<Uint8Array> {
  await change;
  return NOTHING;
}
