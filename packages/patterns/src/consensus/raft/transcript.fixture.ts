/**
 * Plays a transcript: commands and what came of them, as people read them.
 *
 *     nodes voters=1,2,3 log1=1,1,2     who takes part; the terms of the entries in their logs; and any of
 *                                       pre-vote check-quorum quiesce one-by-one (one entry per request)
 *     campaign 1 · propose 1 [count] · read 2 · transfer 1 to=3 · unreachable 1 peer=2
 *     configure 1 voters=1,2,4 learners=5 · compact 1 [keep=2]
 *     deliver [1>2]                     what was under way when this began: one hop
 *     drop [1>2] · cut 1 2 · heal       cut works both ways, and on what is under way too
 *     settle                            deliver until nothing is under way; shows roles, commits and answers only
 *     wait 100                          time passes; timers fire
 *     slow 1 · sync 1 [count]           its disk waits to be told, and makes that many writes durable
 *     stop 1 · start 1 · damage 1 count · log
 */
import { Instant } from '../../base/index.ts';
import { configurationOf } from './cluster.fixture.ts';
import { FixtureNode, type NodeHost } from './node.fixture.ts';
import { showEffect, showMessage } from './show.fixture.ts';
import { entriesOf } from './solo.fixture.ts';
import { NodeId, type RaftEffect, type RaftInput, type RaftMessage, type RaftOptions } from './types.ts';

interface UnderWay {
  readonly from: number;
  readonly to: number;
  readonly what: string;
  readonly arrive: () => void;
}

const NOTABLE = new Set([
  'role',
  'commit',
  'configuration',
  'read-ready',
  'read-failed',
  'repaired',
  'restore',
  'refused',
]);

/** Returns the transcript with what really came of each command. */
export function play(text: string): string {
  const stage = new Stage();
  return text.replace(/^([a-z].*)\n----\n(?:.+\n)*/gm, (_block, command: string) => {
    const shown = stage.run(command);
    return `${command}\n----\n${(shown.length === 0 ? ['nothing'] : shown).join('\n')}\n`;
  });
}

class Stage implements NodeHost {
  readonly #nodes = new Map<number, FixtureNode>();
  readonly #slow = new Set<number>();
  readonly #cut = new Set<string>();
  #underWay: UnderWay[] = [];
  #shown: string[] = [];
  #notableOnly = false;
  #now = 0;
  #id = 0;

  run(command: string): string[] {
    this.#shown = [];
    this.#notableOnly = false;
    const [verb = '', ...words] = command.split(' ');
    const named = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
    );
    this.#do(verb, words, named);
    return this.#shown;
  }

  #do(verb: string, words: readonly string[], named: ReadonlyMap<string, string>): void {
    const node = this.#nodes.get(Number(words[0]));
    switch (verb) {
      case 'nodes':
        return this.#cast(named, words);
      case 'deliver':
        return this.#hop(words[0]);
      case 'drop':
        this.#underWay = this.#underWay.filter((each) => words[0] !== undefined && linkOf(each) !== words[0]);
        return;
      case 'cut':
        this.#cut.add(`${words[0]}>${words[1]}`).add(`${words[1]}>${words[0]}`);
        this.#underWay = this.#underWay.filter((each) => !this.#cut.has(linkOf(each)));
        return;
      case 'heal':
        return this.#cut.clear();
      case 'settle':
        this.#notableOnly = true;
        while (this.#underWay.length > 0) this.#hop(undefined);
        return;
      case 'wait':
        return this.#wait(Number(words[0]));
      case 'log':
        return this.#logs();
      default:
        if (node === undefined) throw new Error(`no such node in: ${verb} ${words.join(' ')}`);
        return this.#doOn(node, verb, words, named);
    }
  }

  #doOn(node: FixtureNode, verb: string, words: readonly string[], named: ReadonlyMap<string, string>): void {
    this.#id += 1;
    const id = this.#id;
    const list = (name: string): NodeId[] => numbers(named.get(name)).map(NodeId.of);
    switch (verb) {
      case 'campaign':
        return this.#step(node, { kind: 'campaign' });
      case 'propose':
        return this.#step(node, { kind: 'propose', id, data: Array(Number(words[1] ?? 1)).fill(new Uint8Array(1)) });
      case 'read':
        return this.#step(node, { kind: 'read', id });
      case 'transfer':
        return this.#step(node, { kind: 'transfer', to: list('to')[0]! });
      case 'unreachable':
        return this.#step(node, { kind: 'unreachable', peer: list('peer')[0]! });
      case 'configure':
        return this.#step(node, { kind: 'configure', id, voters: list('voters'), learners: list('learners') });
      case 'compact':
        return node.compact(Number(named.get('keep') ?? 0), this.#instant);
      case 'slow':
        this.#slow.add(node.id);
        return;
      case 'sync':
        return node.sync(this.#instant, words[1] === undefined ? undefined : Number(words[1]));
      case 'stop':
        this.#underWay = this.#underWay.filter((each) => each.to !== node.id);
        return node.crash(0);
      case 'start':
        return node.start(this.#instant);
      case 'damage':
        return node.disk.damage(Number(words[1]), 0);
      default:
        throw new Error(`no such command: ${verb}`);
    }
  }

  saw(node: FixtureNode, effect: RaftEffect): void {
    if (!this.#notableOnly || NOTABLE.has(effect.kind)) this.#shown.push(`${node.id} ${showEffect(effect)}`);
  }

  sent(from: FixtureNode, to: NodeId, message: RaftMessage): void {
    const input: RaftInput = { kind: 'message', from: from.id, message };
    this.#send(from, to, showMessage(message), () => this.#step(this.#nodes.get(to), input));
  }

  writes(): void {}

  wrote(): void {}

  effect(node: FixtureNode, effect: RaftEffect): void {
    if (effect.kind !== 'send-snapshot') return;
    const { mark } = node.durable;
    const { to, term } = effect;
    this.#send(node, to, `snapshot ${mark.index}@${mark.term}`, () => {
      this.#step(this.#nodes.get(to), { kind: 'snapshot-received', from: node.id, term, mark });
      this.#step(node, { kind: 'snapshot-sent', to, index: mark.index, delivered: true });
    });
  }

  get #instant(): Instant {
    return Instant.of(this.#now);
  }

  #cast(named: ReadonlyMap<string, string>, words: readonly string[]): void {
    const voters = numbers(named.get('voters'));
    const learners = numbers(named.get('learners'));
    const spares = numbers(named.get('spares'));
    const initial = configurationOf(voters.map(NodeId.of), learners.map(NodeId.of));
    for (const id of [...voters, ...learners, ...spares]) {
      const options: RaftOptions = {
        id: NodeId.of(id),
        electionTimeoutMs: 100,
        heartbeatIntervalMs: 20,
        preVote: words.includes('pre-vote'),
        checkQuorum: words.includes('check-quorum'),
        ...(words.includes('quiesce') ? { quiesceAfterMs: 50 } : {}),
        ...(words.includes('one-by-one') ? { appendBytesMax: 1 } : {}),
        random: () => (id * 2 ** 32) / 10,
      };
      const node = new FixtureNode(options, spares.includes(id) ? configurationOf([]) : initial, this);
      const terms = numbers(named.get(`log${id}`) ?? named.get('log'));
      node.disk.durable.entries = entriesOf(terms);
      node.disk.durable.state = { term: Number(named.get('term') ?? terms.at(-1) ?? 0), vote: undefined };
      this.#nodes.set(id, node);
      node.start(this.#instant);
    }
    this.#logs();
  }

  #step(node: FixtureNode | undefined, input: RaftInput): void {
    if (node?.raft === undefined) return;
    node.step(input, this.#instant);
    while (!this.#slow.has(node.id) && !node.disk.idle) node.sync(this.#instant);
  }

  #send(from: FixtureNode, to: number, what: string, arrive: () => void): void {
    if (!this.#cut.has(`${from.id}>${to}`)) this.#underWay.push({ from: from.id, to, what, arrive });
  }

  #hop(link: string | undefined): void {
    const arriving = this.#underWay.filter((each) => link === undefined || linkOf(each) === link);
    this.#underWay = this.#underWay.filter((each) => !arriving.includes(each));
    for (const each of arriving) {
      if (!this.#notableOnly) this.#shown.push(`  ${linkOf(each)} ${each.what}`);
      each.arrive();
    }
  }

  #wait(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#nodes.values()]
        .filter((node) => node.raft?.deadline !== undefined && node.raft.deadline <= end)
        .sort((a, b) => a.raft!.deadline! - b.raft!.deadline!)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.raft!.deadline!);
      this.#step(due, { kind: 'tick' });
    }
    this.#now = end;
  }

  #logs(): void {
    for (const [id, node] of this.#nodes) {
      const { firstIndex, entries, state } = node.image;
      const from = firstIndex > 1 ? `from ${firstIndex}: ` : '';
      const shown = entries.map(({ kind, term }) => (kind === 'configuration' ? `c${term}` : `${term}`)).join(' ');
      const rest = node.running
        ? `commit ${node.status.commitIndex}, ${node.status.role} in term ${state.term}`
        : 'down';
      this.#shown.push(`${id} [${from}${shown}] ${rest}`);
    }
  }
}

function linkOf({ from, to }: UnderWay): string {
  return `${from}>${to}`;
}

function numbers(list: string | undefined): number[] {
  return list === undefined || list === '' ? [] : list.split(',').map(Number);
}
