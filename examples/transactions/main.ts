/** Things that happen together or not at all: two banks by two-phase commit, a journey by a saga, and a message that is neither lost nor sent for nothing. */
import { Instant } from '@quorate/patterns/base';
import {
  CommitCoordinator,
  type CommitCoordinatorEffect,
  CommitParticipant,
  type CommitParticipantEffect,
  IdempotencyKeys,
  Outbox,
  OutboxRelay,
  type OutboxRelayEffect,
  runSaga,
  SagaPlan,
  type SagaRecord,
  SagaRefusal,
} from '@quorate/patterns/transactions';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = Instant.of;

// Two-phase commit. Disks and network are loops here, and the second bank's commit is lost at first.
const coordinator = new CommitCoordinator({ votesMs: 1_000, retryMs: 200 });
const banks = new Map(
  ['north', 'south'].map((self) => [self, new CommitParticipant<number>({ self, activeMs: 5_000, inquiryMs: 300 })]),
);
let losses = 1;

function tell(input: Parameters<CommitCoordinator['step']>[0], now: number): void {
  const out: CommitCoordinatorEffect[] = [];
  coordinator.step(input, at(now), out);
  for (const effect of out) {
    if (effect.kind === 'outcome') say(`the transfer: ${effect.outcome}`);
    else if (effect.kind === 'record' && effect.forced) tell({ kind: 'recorded', ticket: effect.ticket }, now);
    else if (effect.kind === 'send') {
      if (effect.to === 'south' && effect.message.kind === 'commit' && losses-- > 0) continue;
      ask(effect.to, { kind: 'message', from: 'coordinator', message: effect.message }, now);
    }
  }
}

function ask(name: string, input: Parameters<CommitParticipant<number>['step']>[0], now: number): void {
  const out: CommitParticipantEffect<number>[] = [];
  banks.get(name)?.step(input, at(now), out);
  for (const effect of out) {
    if (effect.kind === 'prepare')
      ask(
        name,
        { kind: 'voted', transaction: effect.transaction, vote: 'yes', work: name === 'north' ? -10 : 10 },
        now,
      );
    else if (effect.kind === 'record' && effect.forced) ask(name, { kind: 'recorded', ticket: effect.ticket }, now);
    else if (effect.kind === 'commit') say(`${name}: ${effect.work} at ${now} ms`);
    else if (effect.kind === 'send' && effect.to === 'coordinator' && effect.message.kind !== 'answer')
      tell({ kind: 'message', from: name, message: effect.message }, now);
  }
}

tell({ kind: 'recover', records: [] }, 0);
for (const name of banks.keys()) {
  ask(name, { kind: 'recover', records: [] }, 0);
  ask(name, { kind: 'enlist', transaction: 't1', coordinator: 'coordinator' }, 0);
}
tell({ kind: 'commit', transaction: 't1', participants: [...banks.keys()], hasUpdates: false }, 0);
say(`south is ${banks.get('south')?.transactions.get('t1')?.phase}`);
tell({ kind: 'tick' }, 200);

// A saga whose last step is refused. Its log would be a table, or a topic.
const log: SagaRecord<string, string>[] = [];
const book = (name: string, fails = false) => ({
  kind: 'compensatable' as const,
  name,
  run: async () => {
    if (fails) throw new SagaRefusal(`no ${name} left`);
    return `${name} booked`;
  },
  compensate: async () => void say(`${name} cancelled`),
});
const plan = new SagaPlan<string, string>([book('flight'), book('hotel'), book('car', true)]);
const world = {
  log: {
    read: async () => log,
    append: async (_saga: string, position: number, record: SagaRecord<string, string>) =>
      position === log.length && log.push(record) > 0,
  },
  pause: async () => {},
};
const end = await runSaga(plan, world, { id: 'journey-1', input: 'Ann' });
say(`the journey: ${end.kind}${end.kind === 'compensated' ? `, because ${end.why}` : ''}; ${log.length} records`);

// An outbox. The relay dies after its first message was delivered and before it knew; the receiver tells.
const outbox = new Outbox<string>();
outbox.append('ann', 'ann paid');
outbox.append('ann', 'ann left');
const keys = new IdempotencyKeys<string>();

function relay(crashesAfterFirst: boolean): void {
  const kernel = new OutboxRelay<string>({ sendMs: 1_000 });
  const inputs: Parameters<typeof kernel.step>[0][] = [{ kind: 'start', acknowledgedTo: outbox.acknowledgedTo }];
  for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
    const out: OutboxRelayEffect<string>[] = [];
    kernel.step(input, at(0), out);
    for (const effect of out) {
      if (effect.kind === 'read') inputs.push({ kind: 'entries', entries: outbox.after(effect.after, effect.limit) });
      else if (effect.kind === 'acknowledge') outbox.acknowledge(effect.position);
      else if (effect.kind === 'send') {
        const { id, message, position } = effect.entry;
        const verdict = keys.receive(`orders/${id}`, message, at(0));
        say(`received "${message}": ${verdict.kind}`);
        if (verdict.kind === 'new') keys.record(`orders/${id}`, verdict.ticket, 'ok', at(0));
        if (crashesAfterFirst) return;
        inputs.push({ kind: 'delivered', position });
      }
    }
  }
}
relay(true);
relay(false);
say(`the outbox holds ${outbox.size}`);
