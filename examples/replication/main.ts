/** One crash in three modes: the leader has acknowledged what it could and is gone. Who leads next, and what of that is lost? */
import { Instant } from '@quorate/patterns/base';
import {
  describeReplication,
  Failover,
  type FailoverEffect,
  type InSync,
  type LogEffect,
  type LogInput,
  LogReplica,
  type ReplicationMode,
} from '@quorate/patterns/replication';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const names = ['ann', 'ben', 'cat'];

/** Three replicas whose disks write at once, and a network that `blocked` can be cut out of. */
class Group {
  readonly replicas: Map<string, LogReplica>;
  readonly blocked = new Set<string>();
  acknowledged = 0;
  readonly #mail: { from: string; to: string; input: LogInput }[] = [];

  constructor(mode: ReplicationMode) {
    this.replicas = new Map(names.map((self) => [self, new LogReplica({ self, mode })]));
  }

  step(name: string, input: LogInput): void {
    const out: LogEffect[] = [];
    this.replicas.get(name)?.step(input, Instant.of(0), out);
    for (const effect of out) {
      if (effect.kind === 'persist') this.step(name, { kind: 'persisted', ticket: effect.ticket });
      if (effect.kind === 'send')
        this.#mail.push({ from: name, to: effect.to, input: { kind: 'message', from: name, message: effect.message } });
      if (effect.kind === 'acknowledged') this.acknowledged = Math.max(this.acknowledged, effect.position.index);
    }
  }

  deliver(): void {
    for (let letter = this.#mail.shift(); letter !== undefined; letter = this.#mail.shift())
      if (!this.blocked.has(letter.from) && !this.blocked.has(letter.to)) this.step(letter.to, letter.input);
  }

  lead(leader: string, generation: number, inSync: InSync): void {
    this.step(leader, { kind: 'lead', generation, replicas: names, inSync });
    for (const name of names) if (name !== leader) this.step(name, { kind: 'follow', generation, leader });
    this.deliver();
  }

  /** Fences those that are left, and lets one of them lead. */
  failOver(mode: ReplicationMode, inSync: InSync): FailoverEffect | undefined {
    const options = { generation: 2, mode, replicas: names, inSync: inSync.members, gatherMs: 100, retryMs: 200 };
    const failover = new Failover({ ...options, lossAfterMs: 1000 });
    const decided: FailoverEffect[] = [];
    failover.step({ kind: 'start' }, Instant.of(0), decided);
    for (const name of names) {
      const out: LogEffect[] = [];
      const fence: LogInput = { kind: 'message', from: 'core', message: { kind: 'fence', generation: 2 } };
      if (!this.blocked.has(name)) this.replicas.get(name)?.step(fence, Instant.of(0), out);
      for (const effect of out) {
        if (effect.kind === 'persist') this.step(name, { kind: 'persisted', ticket: effect.ticket });
        if (effect.kind === 'send')
          failover.step({ kind: 'message', from: name, message: effect.message }, Instant.of(1), decided);
      }
    }
    for (const ms of [100, 1000]) failover.step({ kind: 'tick' }, Instant.of(ms), decided);
    return decided.find(({ kind }) => kind === 'chosen');
  }
}

const modes: readonly ReplicationMode[] = [
  { kind: 'asynchronous' },
  { kind: 'semi-synchronous', followers: 1 },
  { kind: 'synchronous', copiesMin: 2 },
];
for (const mode of modes) {
  say(`${mode.kind}: ${describeReplication(mode, 3)[0]}`);
  const inSync: InSync = { version: 1, members: names };
  const group = new Group(mode);
  group.lead('ann', 1, inSync);
  // Two records reach everybody, one reaches ben only, one nobody; then ann is gone.
  for (const [id, away] of [[], [], ['cat'], ['ben', 'cat']].entries()) {
    for (const name of away) group.blocked.add(name);
    group.step('ann', { kind: 'append', id, count: 1 });
    group.deliver();
  }
  group.blocked.clear();
  group.blocked.add('ann');
  const chosen = group.failOver(mode, inSync);
  if (chosen?.kind !== 'chosen') continue;
  group.lead(chosen.leader, 2, inSync);
  const kept = group.replicas.get(chosen.leader)?.status.end ?? 0;
  say(`  acknowledged ${group.acknowledged} of 4; ${chosen.leader} leads next with ${kept}`);
  say(`  ${Math.max(0, group.acknowledged - kept)} acknowledged records lost (${chosen.why})`);
}
