/**
 * Plays a transcript: a text with commands, each followed by what came of it. Comments and commands stay, the rest is written anew.
 *
 *     replicas 3 [prepare=3 accept=1] [learner] [window=4]   a group; nothing has happened yet
 *     stand 1            replica 1 stands for election
 *     propose 1 a b      replica 1 is given values
 *     deliver [1>2]      what is under way, or on one link, arrives; what it causes is under way then
 *     drop [1>2 [2]]     what is under way, or on one link, or the first two messages of it, is lost
 *     settle             delivers until nothing is under way, without showing messages
 *     crash 2            replica 2 loses what its disk does not have, and is down until
 *     restart 2
 *     wait 100           time passes
 *     compact 1 3        replica 1 has a snapshot up to slot 3
 *     install 2 3        replica 2 has taken it over
 *     logs               what each holds
 */
import { Instant } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { NodeId, showBallot } from '../ballot.ts';
import type { MultiPaxosMessage, SlotEntry } from './messages.ts';
import { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos.ts';
import type { MultiPaxosEffect, MultiPaxosInput, MultiPaxosOptions, MultiPaxosRecord } from './multi-paxos-types.ts';
import { showEntry, showMultiPaxosMessage } from './world.fixture.ts';

const DIVIDER = '----';

export function play(text: string): string {
  const blocks = text.trimEnd().split('\n\n');
  const stage = new Stage();
  return `${blocks.map((block) => playBlock(stage, block)).join('\n\n')}\n`;
}

function playBlock(stage: Stage, block: string): string {
  const lines = block.split('\n');
  const end = lines.indexOf(DIVIDER);
  const head = end < 0 ? lines : lines.slice(0, end);
  const commands = head.filter((line) => !line.startsWith('#'));
  if (commands.length === 0) return block;
  const shown = commands.flatMap((command) => stage.run(command));
  return [...head, DIVIDER, ...shown].join('\n');
}

interface Actor {
  readonly id: NodeId;
  kernel: MultiPaxos<string> | undefined;
  record: MultiPaxosRecord;
  readonly entries: Map<number, SlotEntry<string>>;
  applied: number;
}

interface UnderWay {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: MultiPaxosMessage<string>;
}

class Stage {
  #options: Omit<MultiPaxosOptions, 'self'> | undefined;
  readonly #actors = new Map<number, Actor>();
  #underWay: UnderWay[] = [];
  #now = 0;
  #proposals = 0;
  #shown: string[] = [];
  #isQuiet = false;

  run(line: string): string[] {
    this.#shown = [];
    const [command, ...words] = line.split(' ') as [string, ...string[]];
    this.#command(command, words);
    return this.#shown;
  }

  #command(command: string, words: readonly string[]): void {
    const [first = '', second = ''] = words;
    switch (command) {
      case 'replicas':
        return this.#replicas(Number(first), words.slice(1));
      case 'stand':
        return this.#step(this.#actor(first), { kind: 'campaign' });
      case 'propose':
        for (const value of words.slice(1)) {
          this.#proposals += 1;
          this.#step(this.#actor(first), { kind: 'propose', id: this.#proposals, value });
        }
        return;
      case 'deliver':
        return this.#hop(first);
      case 'drop':
        return this.#drop(first, second === '' ? Number.POSITIVE_INFINITY : Number(second));
      case 'settle':
        return this.#settle();
      case 'crash':
        this.#actor(first).kernel = undefined;
        return;
      case 'restart':
        return this.#start(this.#actor(first));
      case 'wait':
        return this.#wait(Number(first));
      case 'compact':
      case 'install':
        this.#actor(first).applied = Math.max(this.#actor(first).applied, Number(second));
        return this.#step(this.#actor(first), { kind: command, through: Number(second) });
      case 'logs':
        return this.#logs();
      default:
        throw new Error(`unknown command ${command}`);
    }
  }

  #replicas(count: number, settings: readonly string[]): void {
    const numbers = new Map(
      settings.map((setting) => setting.split('=')).map(([name, value]) => [name, Number(value)]),
    );
    const members = Array.from({ length: count }, (_, at) => NodeId.of(at + 1));
    const majority = Math.floor(count / 2) + 1;
    const learners = settings.includes('learner') ? [NodeId.of(count + 1)] : [];
    this.#options = {
      quorums: new FlexibleQuorum({
        members,
        prepare: numbers.get('prepare') ?? majority,
        accept: numbers.get('accept') ?? majority,
      }),
      learners,
      random: () => 0,
      electionTimeoutMs: 100,
      heartbeatIntervalMs: 20,
      resendMs: 50,
      windowMax: numbers.get('window') ?? 64,
    };
    for (const id of [...members, ...learners]) {
      const actor: Actor = { id, kernel: undefined, record: NEW_REPLICA.record, entries: new Map(), applied: 0 };
      this.#actors.set(id, actor);
      this.#start(actor);
    }
  }

  #actor(word: string): Actor {
    return this.#actors.get(Number(word))!;
  }

  #start(actor: Actor): void {
    const { id, record, applied } = actor;
    const entries = [...actor.entries.values()].filter(({ slot }) => slot >= record.first);
    actor.kernel = new MultiPaxos<string>(
      { ...this.#options!, self: id },
      restartedReplica({ record, entries, applied }),
    );
    this.#step(actor, { kind: 'tick' });
  }

  /** The disk answers at once: a transcript is about messages. */
  #step(actor: Actor, input: MultiPaxosInput<string>): void {
    const out: MultiPaxosEffect<string>[] = [];
    actor.kernel?.step(input, Instant.of(this.#now), out);
    for (const effect of out) {
      if (effect.kind === 'send') {
        this.#underWay.push({ from: actor.id, to: effect.to, message: effect.message });
        continue;
      }
      if (effect.kind === 'persist') {
        actor.record = effect.record;
        for (const entry of effect.entries) actor.entries.set(entry.slot, entry);
        continue;
      }
      if (effect.kind === 'chosen') actor.applied = effect.first + effect.entries.length - 1;
      this.#shown.push(`${actor.id} ${showEffect(effect)}`);
    }
  }

  #hop(link: string): void {
    const arriving = this.#underWay.filter((each) => link === '' || linkOf(each) === link);
    this.#underWay = this.#underWay.filter((each) => !arriving.includes(each));
    for (const { from, to, message } of arriving) {
      if (!this.#isQuiet) this.#shown.push(`  ${from}>${to} ${showMultiPaxosMessage(message)}`);
      this.#step(this.#actor(`${to}`), { kind: 'message', from, message });
    }
  }

  #drop(link: string, count: number): void {
    let left = count;
    this.#underWay = this.#underWay.filter((each) => {
      if (left === 0 || (link !== '' && linkOf(each) !== link)) return true;
      left -= 1;
      return false;
    });
  }

  #settle(): void {
    this.#isQuiet = true;
    while (this.#underWay.length > 0) this.#hop('');
    this.#isQuiet = false;
  }

  #wait(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#actors.values()]
        .filter(({ kernel }) => kernel?.deadline !== undefined && kernel.deadline <= end)
        .sort((a, b) => a.kernel!.deadline! - b.kernel!.deadline!)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.kernel!.deadline!);
      this.#step(due, { kind: 'tick' });
    }
    this.#now = end;
  }

  #logs(): void {
    for (const { id, kernel, record, entries } of this.#actors.values()) {
      const { promised, chosen, first } = kernel?.image.record ?? record;
      const held = [...(kernel?.image.entries ?? entries.values())].sort((a, b) => a.slot - b.slot);
      const slots = held.map(
        ({ slot, ballot, entry }) => `${slot}:${showEntry(entry)}${slot <= chosen ? '' : `@${showBallot(ballot)}`}`,
      );
      const from = first > 1 ? `from ${first}: ` : '';
      this.#shown.push(
        `${id} [${from}${slots.join(' ')}] chosen ${chosen}, promised ${showBallot(promised)}, ${kernel?.role ?? 'down'}`,
      );
    }
  }
}

function linkOf({ from, to }: UnderWay): string {
  return `${from}>${to}`;
}

function showEffect(effect: Exclude<MultiPaxosEffect<string>, { readonly kind: 'send' | 'persist' }>): string {
  switch (effect.kind) {
    case 'chosen':
      return `chosen ${effect.entries.map((entry, at) => `${effect.first + at}:${showEntry(entry)}`).join(' ')}`;
    case 'done':
      return `done: proposal ${effect.id} in slot ${effect.slot}`;
    case 'failed':
      return `failed: proposal ${effect.id}, ${effect.reason}, ${effect.outcome}${effect.leader === undefined ? '' : `; ${effect.leader} leads`}`;
    case 'snapshot-needed':
      return `needs a snapshot of ${effect.from}: slots below ${effect.first} are gone`;
    case 'role':
      return `${effect.role}${effect.leader === undefined || effect.role === 'leader' ? '' : ` under ${effect.leader}`}`;
  }
}
