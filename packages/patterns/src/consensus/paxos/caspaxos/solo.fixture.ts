/** One proposer or acceptor of registers, driven by hand. */
import { Instant } from '../../../base/index.ts';
import { type Ballot, NodeId, showBallot } from '../ballot.ts';
import { outOf } from '../steps.fixture.ts';
import { majorityConfiguration, type RegisterConfiguration } from './configuration.ts';
import type { Operation } from './history.fixture.ts';
import { apply } from './history.fixture.ts';
import { showRegisterMessage } from './messages.fixture.ts';
import {
  RegisterAcceptor,
  type RegisterAcceptorEffect,
  type RegisterAcceptorMessage,
  type RegisterAcceptorOptions,
  type RegisterAcceptorRestart,
  type RegisterWrite,
} from './register-acceptor.ts';
import { newRegisterProposer, RegisterProposer, restartedRegisterProposer } from './register-proposer.ts';
import type {
  Reach,
  RegisterProposerEffect,
  RegisterProposerInput,
  RegisterProposerOptions,
  RegisterProposerRecord,
} from './register-types.ts';
import { registerAcceptorIds } from './world.fixture.ts';

export const ACCEPTORS: readonly NodeId[] = registerAcceptorIds(3);

export function ballotOf(round: number, node = 1): Ballot {
  return { round, node: NodeId.of(node) };
}

export class SoloProposer {
  readonly proposer: RegisterProposer<string>;
  now = 0;
  /** By id: what the driver applies when it is asked. */
  readonly #operations = new Map<number, Operation>();
  #lastId = 0;

  constructor(
    options: Partial<RegisterProposerOptions> & {
      readonly record?: RegisterProposerRecord;
      readonly configuration?: RegisterConfiguration;
    } = {},
  ) {
    const { record, configuration = majorityConfiguration(1, ACCEPTORS), ...rest } = options;
    const image = restartedRegisterProposer(record ?? newRegisterProposer(configuration));
    this.proposer = new RegisterProposer<string>({ self: NodeId.of(1), random: () => 0.5, ...rest }, image);
  }

  change(key: string, operation: Operation): string[] {
    this.#lastId += 1;
    this.#operations.set(this.#lastId, operation);
    return this.step({ kind: 'change', id: this.#lastId, key });
  }

  read(key: string): string[] {
    this.#lastId += 1;
    return this.step({ kind: 'read', id: this.#lastId, key });
  }

  identity(key: string, reach: Reach): string[] {
    this.#lastId += 1;
    return this.step({ kind: 'identity', id: this.#lastId, key, reach });
  }

  hear(
    from: NodeId,
    message: Extract<RegisterProposerInput<string>, { readonly kind: 'message' }>['message'],
  ): string[] {
    return this.step({ kind: 'message', from, message });
  }

  promise(
    from: NodeId,
    key: string,
    round: number,
    accepted?: readonly [ballot: Ballot, value: string | undefined, marks?: readonly Ballot[]],
  ): string[] {
    const told =
      accepted === undefined
        ? undefined
        : { ballot: accepted[0], value: { value: accepted[1], marks: accepted[2] ?? [] } };
    return this.hear(from, { kind: 'promise', key, ballot: ballotOf(round), accepted: told });
  }

  accepted(from: NodeId, key: string, round: number): string[] {
    return this.hear(from, { kind: 'accepted', key, ballot: ballotOf(round) });
  }

  reject(from: NodeId, key: string, round: number, promised: Ballot): string[] {
    return this.hear(from, { kind: 'rejected', key, ballot: ballotOf(round), why: 'outbid', promised });
  }

  due(): string[] {
    this.now = this.proposer.deadline!;
    return this.step({ kind: 'tick' });
  }

  /** Steps, applies functions when asked, and shows what came of it. */
  step(input: RegisterProposerInput<string>): string[] {
    const out = outOf<RegisterProposerEffect<string>>((effects) =>
      this.proposer.step(input, Instant.of(this.now), effects),
    );
    return out.flatMap((effect) => {
      if (effect.kind !== 'apply') return [showEffect(effect)];
      const operation = this.#operations.get(effect.id);
      if (operation === undefined) return [`apply to ${effect.current}`];
      const { id, key, round } = effect;
      return this.step({ kind: 'applied', id, key, round, next: apply(operation, effect.current) });
    });
  }
}

export class SoloAcceptor {
  readonly acceptor: RegisterAcceptor<string>;

  constructor(options: RegisterAcceptorOptions = {}, restart?: RegisterAcceptorRestart<string>) {
    this.acceptor = new RegisterAcceptor<string>(options, restart);
  }

  hear(from: number, message: RegisterAcceptorMessage<string>): string[] {
    const input = { kind: 'message', from: NodeId.of(from), message } as const;
    const out = outOf<RegisterAcceptorEffect<string>>((effects) => this.acceptor.step(input, Instant.of(0), effects));
    return out.map(showEffect);
  }

  prepare(key: string, ballot: Ballot, age = 0): string[] {
    return this.hear(ballot.node, { kind: 'prepare', key, ballot, age });
  }

  accept(
    key: string,
    ballot: Ballot,
    value: string | undefined,
    how: { readonly next?: Ballot; readonly age?: number } = {},
  ): string[] {
    const { next, age = 0 } = how;
    return this.hear(ballot.node, { kind: 'accept', key, ballot, age, held: { value, marks: [] }, next });
  }
}

function showWrite(write: RegisterWrite<string>): string {
  return write.kind === 'erase' ? `erase ${write.keys.join(', ')}` : write.kind;
}

function showMessage(message: Parameters<typeof showRegisterMessage>[0]): string {
  const shown = showRegisterMessage(message);
  if (message.kind === 'erased') return `${shown}, kept ${message.kept.join(', ')}`;
  return message.kind === 'rejected' && message.promised.round > 0
    ? `${shown} by ${showBallot(message.promised)}`
    : shown;
}

function showEffect(
  effect: RegisterAcceptorEffect<string> | Exclude<RegisterProposerEffect<string>, { kind: 'apply' }>,
): string {
  switch (effect.kind) {
    case 'persist': {
      if ('write' in effect) return `persist #${effect.ticket} ${showWrite(effect.write)}`;
      return `persist #${effect.ticket} round ${effect.record.reservedRound} age ${effect.record.age} configuration ${effect.record.configuration.version}`;
    }
    case 'send':
      return `>${effect.to} ${showMessage(effect.message)}${effect.after === 0 ? '' : ` after #${effect.after}`}`;
    case 'changed':
      return `changed to ${effect.value} at ${showBallot(effect.ballot)}`;
    case 'value':
      return `value ${effect.value}`;
    case 'failed':
      return `failed: ${effect.reason}, ${effect.outcome}`;
  }
}
