/** Actors by hand: one message at a time, a deadlock that is refused, a question that is not answered, a child that keeps failing, a stale owner. */
import {
  ActorDirectory,
  type AskEffect,
  Asks,
  type DirectoryEffect,
  FenceTable,
  Supervisor,
  type SupervisorEffect,
  type TurnEffect,
  TurnScheduler,
} from '@quorate/patterns/actors';
import { Instant } from '@quorate/patterns/base';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = Instant.of;

// An account handles one message at a time, although its handler waits for a bank in between.
const turns = new TurnScheduler<string>({ name: 'example' });
const step = (input: Parameters<typeof turns.step>[0]): TurnEffect<string>[] => {
  const out: TurnEffect<string>[] = [];
  turns.step(input, at(0), out);
  return out;
};
for (const actor of ['account', 'bank']) step({ kind: 'spawn', actor });
const [transfer] = step({ kind: 'tell', actor: 'account', message: 'transfer 5' });
if (transfer?.kind !== 'turn') throw new Error('the account was idle');
say(`the account handles "${transfer.message}" and asks the bank`);
step({ kind: 'waits', turn: transfer.turn });
say(`meanwhile "balance" begins: ${step({ kind: 'tell', actor: 'account', message: 'balance' }).length > 0}`);

// The bank, asked by the account, asks the account: that would wait for ever.
const [booking] = step({ kind: 'tell', actor: 'bank', message: 'book 5', chain: transfer.chain });
if (booking?.kind !== 'turn') throw new Error('the bank was idle');
const [refused] = step({ kind: 'tell', actor: 'account', message: 'limit?', chain: booking.chain });
if (refused?.kind === 'rejected' && refused.rejection.why === 'deadlock')
  say(`the bank may not ask back: ${refused.rejection.circle.join(' waits for ')}`);

// A question whose answer comes too late.
const asks = new Asks<string, string, string>();
const answers: AskEffect<string, string, string>[] = [];
const callerDeadline = at(800);
asks.step({ kind: 'ask', to: 'bank', message: 'rate?', tag: 'rate', timeoutMs: 5_000, callerDeadline }, at(0), answers);
const [sent] = answers;
if (sent?.kind === 'send') say(`the bank gets ${sent.remainingMs} ms, because the caller has no more`);
asks.step({ kind: 'tick' }, at(800), answers);
asks.step({ kind: 'reply', id: 1, reply: '3 %' }, at(900), answers);
const last = answers.at(-1);
if (last?.kind === 'failed')
  say(`${last.failure.why}, outcome ${last.failure.outcome}; late answers: ${asks.counts.late}`);

// A connection that keeps failing takes the cache behind it along, and in the end the supervisor.
const supervisor = new Supervisor({
  strategy: 'rest-for-one',
  children: [{ id: 'settings' }, { id: 'connection' }, { id: 'cache' }],
  intensity: { restartsMax: 2, withinMs: 10_000 },
});
const trace: string[] = [];
const feed = (input: Parameters<typeof supervisor.step>[0]): void => {
  const out: SupervisorEffect[] = [];
  supervisor.step(input, at(0), out);
  for (const effect of out) {
    trace.push('child' in effect && effect.kind !== 'down' ? `${effect.kind} ${effect.child}` : effect.kind);
    if (effect.kind === 'start') feed({ ...effect, kind: 'started' });
    if (effect.kind === 'stop') feed({ ...effect, kind: 'exited', how: 'shutdown' });
  }
};
feed({ kind: 'start' });
for (let failure = 1; failure <= 3; failure++) {
  const connection = supervisor.children.find(({ id }) => id === 'connection');
  trace.length = 0;
  feed({ kind: 'exited', child: 'connection', generation: connection?.generation ?? 0, how: 'error' });
  say(`failure ${failure}: ${trace.join(', ')}`);
}

// A host falls silent. Its partition goes to another, and what it still writes is refused.
const directory = new ActorDirectory({ partitions: 1, leaseMs: 10_000 }, at(0));
const granted: DirectoryEffect[] = [];
directory.step({ kind: 'join', host: { id: 'host-1' } }, at(0), granted);
const before = directory.ownerOf(0);
directory.step({ kind: 'join', host: { id: 'host-2' } }, at(5_000), granted);
directory.step({ kind: 'tick' }, at(10_000), granted);
const after = directory.ownerOf(0);
if (before === undefined || after === undefined) throw new Error('somebody owns the partition');
say(`${before.host} owned it in generation ${before.generation}, ${after.host} owns it in ${after.generation}`);
const fences = new FenceTable<string>({ keysMax: 1 });
const reads = fences.admit('account', { generation: after.generation });
const staleWrite = fences.admit('account', { generation: before.generation });
say(`${after.host} reads: ${reads}; what ${before.host} still writes is accepted: ${staleWrite}`);
